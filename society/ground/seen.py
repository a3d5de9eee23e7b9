"""What an audience is told of the events of a tick, by the one table of who may know what."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from society.ground.roles import ACT_UNTOLD, ON_THE_BOOKS, SAID_TO_BE, Sight
from society.ground.words import Act, Event

Columns = Mapping[str, NDArray[Any]]


def seen(sight: Sight | None, events: Columns) -> Columns:
    """What is told of the events of a tick, by the columns of their table; None sees all.

    Events are numbered anew, so that gaps do not tell what was left out.
    """
    if sight is None:
        return events
    acted = events["kind"] == Event.ACT
    rows = np.isin(events["kind"], sight.kinds) | acted & np.isin(events["act"], sight.acts)
    told = {name: column[rows].copy() for name, column in events.items()}
    told["id"][:] = (told["tick"].astype(np.int64) << 32) + np.arange(len(told["id"]))
    audited = (told["kind"] == Event.DETECTED) & (told["detected"] == 1)
    told["act"][np.isin(told["kind"], ACT_UNTOLD) & ~audited] = Act.NO_ANSWER
    acted, closed = told["kind"] == Event.ACT, told["kind"] == Event.ORDER_CLOSED
    for was, said in SAID_TO_BE.items():
        told["act"][acted & (told["act"] == was)] = said
    for end, booked in ON_THE_BOOKS.items():
        told["code"][closed & (told["code"] == end)] = booked
    for name, value in sight.hidden["events"].items():
        told[name][:] = value
    return told
