"""The event hash: one chain over what happened, tick by tick, so that equal hashes mean equal histories.

h_t = SHA-256(h_{t-1} | rows of tick t), rows in the order of the tick's steps, columns as fixed little-endian numbers.
Threads, brokers, paths and sampling of tables do not enter.
"""

import hashlib
import struct
from operator import itemgetter
from typing import Any

import numpy as np

from society.record.tables import EVENTS, TICKS

START = "0" * 64
_EVENTS = [(name, np.dtype(field.dtype).newbyteorder("<")) for name, field in EVENTS.items()]
_COUNTS = [name for name, field in TICKS.items() if field.dtype.startswith("i")]
_COUNTED, _NUMBERS = itemgetter(*_COUNTS), struct.Struct(f"<{len(_COUNTS)}q")


def chained(before: str, events: dict[str, Any], counts: dict[str, Any]) -> str:
    """The hash after one more tick.

    Args:
        before: hash of the ticks so far, hex.
        events: columns of the tick's events.
        counts: the tick's row of the table of ticks; only its integers enter.
    """
    digest = hashlib.sha256(bytes.fromhex(before))
    for name, dtype in _EVENTS:
        digest.update(np.ascontiguousarray(events[name], dtype=dtype).data)
    digest.update(_NUMBERS.pack(*map(int, _COUNTED(counts))))
    return digest.hexdigest()
