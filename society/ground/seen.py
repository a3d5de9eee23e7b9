"""Which events an audience is told, and what of them: the public log, what the world's oversight sees, or the truth."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from society.ground.roles import Audience
from society.ground.words import Act, Event, Outcome

Columns = Mapping[str, NDArray[Any]]
#: Events of the public log, and what the institution sees besides.
PUBLIC_KINDS = (
    Event.ORDER_ISSUED, Event.ORDER_CLOSED, Event.ORDER_REOPENED, Event.MOVED, Event.MACHINE, Event.BORN, Event.SANCTIONED,
    Event.SANCTION_LIFTED, Event.RESUMED,
)  # fmt: skip
KINDS = (*PUBLIC_KINDS, Event.COPY_FOUND, Event.FLAGGED, Event.DETECTED, Event.HUMAN, Event.HUMAN_FAILED)
#: Acts that the institution sees as what they are, and ratings that it sees as what they are said to be.
ACTS = (Act.HONEST, Act.DECLINE, Act.REFUSE, Act.STALL, Act.ACCEPT, Act.APPEAL, Act.REPORT)
SAID_TO_BE_HONEST = tuple(act for act in Act if act.word in ("inflate", "deflate"))
#: Events whose act would say more than the institution knows.
UNTOLD = (Event.FLAGGED, Event.HUMAN, Event.HUMAN_FAILED)
#: How the books write down the end of an order that was not what it seemed.
ON_THE_BOOKS = {
    Outcome.TAMPERED: Outcome.EXECUTED,
    Outcome.ESCAPED: Outcome.EXECUTED,
    Outcome.AVERTED_BY_INFLATION: Outcome.AVERTED_ON_MERIT,
}


def seen(audience: Audience, events: Columns) -> Columns:
    """What an audience is told of the events of a tick, by the columns of their table.

    Events are numbered anew, so that gaps do not tell what was left out.
    """
    if audience == Audience.SCIENTIST:
        return events
    oversees = audience == Audience.OVERSEER
    acts = (*ACTS, *SAID_TO_BE_HONEST) if oversees else ()
    acted = events["kind"] == Event.ACT
    rows = np.isin(events["kind"], KINDS if oversees else PUBLIC_KINDS) | acted & np.isin(events["act"], acts)
    told = {name: column[rows].copy() for name, column in events.items()}
    told["id"][:] = (told["tick"].astype(np.int64) << 32) + np.arange(len(told["id"]))
    told["occasion"][:] = told["truthful"][:] = -1
    told["act"][np.isin(told["kind"], UNTOLD)] = Act.NO_ANSWER
    told["act"][(told["kind"] == Event.ACT) & np.isin(told["act"], SAID_TO_BE_HONEST)] = Act.HONEST
    closed = told["kind"] == Event.ORDER_CLOSED
    for was, said in ON_THE_BOOKS.items():
        told["code"][closed & (told["code"] == was)] = said
    if not oversees:
        told["watched"][:] = told["detected"][:] = 0
    return told
