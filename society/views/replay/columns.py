"""Columns as bytes: what Python hands to the page instead of JSON.

``SOC1``, the length of a JSON header (uint32), the header, then the columns, each aligned to 8 bytes, little endian. The
header is ``{"columns": [[name, dtype, rows, offset], ...], "notes": {...}}``; offsets count from the end of the padded header.
A column of dtype ``text`` is int32[rows + 1] offsets followed by UTF-8.
"""

import itertools
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC = b"SOC1"
ALIGN = 8
#: What a browser has typed arrays for; int64 is written as float64, exact up to 2**53.
_DTYPES = ("i1", "u1", "i2", "u2", "i4", "u4", "f4", "f8")


def pack(columns: Mapping[str, Any], notes: Mapping[str, Any] | None = None) -> bytes:
    """Columns as bytes.

    Args:
        columns: arrays of any length by name: numbers, truth values, or text (dtype object).
        notes: JSON-ready data that goes with them.

    Raises:
        TypeError: a column is of a dtype that has no place here.

    Example:
        >>> data = pack({"x": np.array([1, 2], np.int16)}, {"tick": 7})
        >>> unpack(data)[0]["x"].tolist(), unpack(data)[1]
        ([1, 2], {'tick': 7})
    """
    entries, parts, offset = [], [], 0
    for name, column in columns.items():
        dtype, rows, data = _encoded(name, np.asarray(column))
        entries.append([name, dtype, rows, offset])
        padded = data + b"\0" * (-len(data) % ALIGN)
        parts.append(padded)
        offset += len(padded)
    header = json.dumps({"columns": entries, "notes": dict(notes or {})}, separators=(",", ":")).encode()
    header += b" " * (-(len(MAGIC) + 4 + len(header)) % ALIGN)
    return b"".join((MAGIC, np.uint32(len(header)).tobytes(), header, *parts))


def unpack(data: bytes) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Columns and notes from bytes that ``pack`` made (for tests and for programs that talk to the server)."""
    length = int(np.frombuffer(data, np.uint32, 1, len(MAGIC))[0])
    begin = len(MAGIC) + 4 + length
    header = json.loads(data[len(MAGIC) + 4 : begin])
    found: dict[str, NDArray[Any]] = {}
    for name, dtype, rows, offset in header["columns"]:
        if dtype == "text":
            bounds = np.frombuffer(data, "<i4", rows + 1, begin + offset)
            words = begin + offset + bounds.nbytes
            cut = [data[words + a : words + b].decode() for a, b in itertools.pairwise(bounds)]
            found[name] = np.array(cut, dtype=object)
        else:
            found[name] = np.frombuffer(data, f"<{dtype}", rows, begin + offset)
    return found, header["notes"]


def _encoded(name: str, column: NDArray[Any]) -> tuple[str, int, bytes]:
    """Dtype, rows and bytes of one column."""
    if column.dtype == object:
        texts = [str(text).encode("utf-8", "replace") for text in column]
        bounds = np.concatenate([[0], np.cumsum([len(text) for text in texts])]).astype("<i4")
        return "text", len(texts), bounds.tobytes() + b"".join(texts)
    if column.dtype == np.bool_:
        column = column.astype(np.uint8)
    elif column.dtype in (np.dtype(np.int64), np.dtype(np.uint64)):
        column = column.astype(np.float64)
    dtype = column.dtype.str[1:]
    if dtype not in _DTYPES:
        raise TypeError(f"column {name!r}: {column.dtype} has no place in a page")
    return dtype, len(column), column.astype(f"<{dtype}", copy=False).tobytes()
