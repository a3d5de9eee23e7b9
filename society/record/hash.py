"""The event hash: one chain over what happened, tick by tick, so that equal hashes mean equal histories.

h_t = SHA-256(h_{t-1} | rows of tick t), rows in the order of the tick's steps, columns as fixed little-endian numbers.
Threads, brokers, paths and sampling of tables do not enter.
"""

import hashlib
from typing import Any

import numpy as np

from society.record.tables import EVENTS, TICKS

START = "0" * 64


def chained(before: str, events: dict[str, Any], counts: dict[str, Any]) -> str:
    """The hash after one more tick.

    Args:
        before: hash of the ticks so far, hex.
        events: columns of the tick's events.
        counts: the tick's row of the table of ticks; only its integers enter.
    """
    digest = hashlib.sha256(bytes.fromhex(before))
    for name, field in EVENTS.items():
        digest.update(np.ascontiguousarray(events[name], dtype=np.dtype(field.dtype).newbyteorder("<")).tobytes())
    for name, field in TICKS.items():
        if field.dtype.startswith("i"):
            digest.update(int(counts[name]).to_bytes(8, "little", signed=True))
    return digest.hexdigest()
