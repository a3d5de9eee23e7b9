"""What an audience is told of the events of a tick, as ``roles`` has it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from society.ground.roles import ACT_UNTOLD, ON_THE_BOOKS, SAID_TO_BE, Audience, sight
from society.ground.words import Act, Event

Columns = Mapping[str, NDArray[Any]]


def seen(audience: Audience, public_log: bool, events: Columns) -> Columns:
    """What an audience is told of the events of a tick, by the columns of their table.

    Events are numbered anew, so that gaps do not tell what was left out.

    Args:
        audience: who is told.
        public_log: the world's ``oversight.public_log``.
        events: the columns, words as codes.
    """
    may = sight(audience, public_log)
    if may is None:
        return events
    acted = events["kind"] == Event.ACT
    rows = np.isin(events["kind"], may.kinds) | acted & np.isin(events["act"], may.acts)
    told = {name: column[rows].copy() for name, column in events.items()}
    told["id"][:] = (told["tick"].astype(np.int64) << 32) + np.arange(len(told["id"]))
    for name, nothing in may.hidden["events"].items():
        told[name][:] = nothing
    audited = (told["kind"] == Event.DETECTED) & (told["detected"] == 1)
    told["act"][np.isin(told["kind"], ACT_UNTOLD) & ~audited] = Act.NO_ANSWER
    closed = told["kind"] == Event.ORDER_CLOSED
    for was, said in SAID_TO_BE.items():
        told["act"][(told["kind"] == Event.ACT) & (told["act"] == was)] = said
    for end, written in ON_THE_BOOKS.items():
        told["code"][closed & (told["code"] == end)] = written
    return told
