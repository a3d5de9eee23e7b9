"""The hash of records of format 1, which covered events and counters only: so that they can still be checked."""

import hashlib
from typing import Any

import numpy as np

from society.record.tables import EVENTS, TICKS

#: Columns that tables have since.
ADDED = ("declared",)


def chained(before: bytes, events: dict[str, Any], counts: dict[str, Any]) -> bytes:
    """The hash after one more tick.

    Args:
        before: the hash so far.
        events: columns of the tick's events.
        counts: the tick's row of the table of ticks; only its integers enter.
    """
    digest = hashlib.sha256(before)
    for name, field in EVENTS.items():
        digest.update(np.ascontiguousarray(events[name], dtype=f"<{field.dtype}").data)
    whole = [int(counts[name]) for name, field in TICKS.items() if field.dtype.startswith("i")]
    digest.update(np.array(whole, "<i8").data)
    return digest.digest()
