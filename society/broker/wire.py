"""Batches of messages as bytes: columns in msgpack, in parts of at most 256 kB, each signed with a key of the run.

A part is 16 bytes of keyed BLAKE2b over topic and body, then the body. Whoever does not have the key, which never leaves the
engine, can neither forge a part nor move one to another topic; what else is wrong with a part is found before it is used.
"""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import msgpack
import numpy as np
from numpy.typing import NDArray

from society.broker.messages import Messages
from society.broker.topics import VERSION
from society.ground.words import Act, Line

#: Most bytes of a part.
LARGEST = 256_000
#: Bytes left for what stands beside the rows.
_HEAD = 2_000
_SIGNED = 16
_WIDTHS = (1, 2, 4, 8)
_NUMBERS = tuple(one.name for one in fields(Messages) if one.name != "text")


class RefusedError(Exception):
    """A payload that is not used; its words are the name of the counter."""


@dataclass(frozen=True)
class Part:
    """One part of a batch.

    Attributes:
        tick, line: which batch; number of the part and of all parts.
        also: direct only: how many parts of each other line belong to this tick.
        messages: its rows.
    """

    tick: int
    line: int
    number: int
    parts: int
    also: dict[int, int]
    messages: Messages


class Wire:
    """Signs and reads payloads of one run.

    Args:
        run: the run's name on the broker.
        key: 32 bytes; whoever has it can speak for shards.

    Example:
        >>> wire = Wire("a-run", bytes(32))
        >>> wire.opened("a/topic", wire.sealed("a/topic", {"tick": 3}))["tick"]
        3
    """

    def __init__(self, run: str, key: bytes) -> None:
        self.run, self._key = run, key

    def sealed(self, topic: str, body: dict[str, Any]) -> bytes:
        """A signed payload."""
        packed: bytes = msgpack.packb({"v": VERSION, "run": self.run, **body})
        return self._sign(topic, packed) + packed

    def opened(self, topic: str, payload: bytes) -> dict[str, Any]:
        """The body of a payload.

        Raises:
            RefusedError: it is not ours.
        """
        if len(payload) > LARGEST:
            raise RefusedError("too large")
        mine = self._sign(topic, payload[_SIGNED:])
        if not hmac.compare_digest(mine, payload[:_SIGNED]):
            raise RefusedError("wrong signature")
        body: dict[str, Any] = msgpack.unpackb(payload[_SIGNED:], strict_map_key=False)
        if body.get("v") != VERSION or body.get("run") != self.run:
            raise RefusedError("other run or version")
        return body

    def _sign(self, topic: str, body: bytes) -> bytes:
        found = hashlib.blake2b(topic.encode(), key=self._key, digest_size=_SIGNED)
        found.update(body)
        return found.digest()

    def parts(self, topic: str, tick: int, line: Line, rows: Messages, also: dict[int, int]) -> list[bytes]:
        """A batch as signed parts, one at least."""
        cuts = list(_cuts(rows))
        return [
            self.sealed(
                topic,
                {
                    "tick": tick,
                    "line": int(line),
                    "part": number,
                    "parts": len(cuts),
                    "also": also,
                    **_packed(rows, *cut),
                },
            )
            for number, cut in enumerate(cuts)
        ]

    def part(self, topic: str, payload: bytes, source: int, destination: int, shards: int) -> Part:
        """A part as it came, checked.

        Raises:
            RefusedError: it is not ours, or not what it says.
        """
        body = self.opened(topic, payload)
        try:
            line, tick = Line(body["line"]), int(body["tick"])
            rows = _unpacked(body)
            found = Part(tick, int(line), int(body["part"]), int(body["parts"]), dict(body["also"]), rows)
        except (KeyError, TypeError, ValueError, OverflowError):
            raise RefusedError("wrong shape") from None
        ours = (rows.sender % shards == source) & (rows.recipient % shards == destination) & (rows.line == line)
        meant = (rows.sent == tick) & (rows.act >= 0) & (rows.act < len(Act)) & (rows.sender >= 0)
        if not (ours & meant).all() or not 0 <= found.number < found.parts:
            raise RefusedError("wrong rows")
        return found


def _cuts(rows: Messages) -> Iterator[tuple[int, int]]:
    """Rows of each part, so that none is too large."""
    if not len(rows):
        yield 0, 0
        return
    room = LARGEST - _HEAD
    widths = sum(_width(getattr(rows, name)) for name in _NUMBERS)
    sizes = np.full(len(rows), widths, np.int64)
    if any(rows.text):
        sizes += 4 + np.array([len(text.encode()) for text in rows.text], np.int64)
    ends = np.cumsum(sizes)
    first = 0
    while first < len(rows):
        before = int(ends[first - 1]) if first else 0
        last = max(int(np.searchsorted(ends, before + room, "right")), first + 1)
        yield first, last
        first = last


def _width(column: NDArray[np.int64]) -> int:
    """Bytes per value; 0 where all are alike."""
    low, high = int(column.min()), int(column.max())
    if low == high:
        return 0
    return next(width for width in _WIDTHS if -(1 << 8 * width - 1) <= low and high < 1 << 8 * width - 1)


def _packed(rows: Messages, first: int, last: int) -> dict[str, Any]:
    """Columns as (width, bytes), or one number where all are alike; texts as their lengths and all of them joined."""
    columns: dict[str, Any] = {}
    for name in _NUMBERS:
        column = getattr(rows, name)[first:last]
        width = _width(column) if last > first else 0
        if last > first:
            columns[name] = [width, column.astype(f"<i{width}").tobytes()] if width else int(column[0])
    texts = rows.text[first:last].tolist()
    if any(texts):
        lengths = np.fromiter((len(text) for text in texts), "<i4", len(texts))
        columns["text"] = [lengths.tobytes(), "".join(texts)]
    return {"rows": last - first, "columns": columns}


def _unpacked(body: dict[str, Any]) -> Messages:
    """Columns of a body.

    Raises:
        ValueError, KeyError, TypeError: it has another shape.
    """
    n, columns = int(body["rows"]), body["columns"]
    if n == 0:
        return Messages.none()
    if not 0 < n <= LARGEST:
        raise ValueError(n)
    found: dict[str, Any] = {}
    for name in _NUMBERS:
        said = columns[name]
        if isinstance(said, int):
            found[name] = np.full(n, said, np.int64)
            continue
        width, data = said
        if width not in _WIDTHS or len(data) != n * width:
            raise ValueError(name)
        found[name] = np.frombuffer(data, f"<i{width}").astype(np.int64)
    return Messages(**found, text=_texts(columns.get("text"), n))


def _texts(said: Any, n: int) -> NDArray[np.object_]:
    texts = np.full(n, "", object)
    if said is None:
        return texts
    lengths, joined = np.frombuffer(said[0], "<i4"), said[1]
    if len(lengths) != n or (lengths < 0).any() or int(lengths.sum()) != len(joined):
        raise ValueError("text")
    ends = np.cumsum(lengths).tolist()
    texts[:] = [joined[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]
    return texts
