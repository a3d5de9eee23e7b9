"""What a hash covers: everything that happened, tick by tick; then the setting, the orders and the agents it came to.

``history`` is a chain: h_t = SHA-256(h_{t-1} | digests of the rows of tick t in each table of ``CHAINED``, of what language
models said and did, and the tick's counters), rows in the order of the tick's steps, columns as little-endian numbers of the
table's types, texts by their SHA-256. Two runs in which the same things happened have one history, whatever their worlds say.
``hash`` = SHA-256(setting | history | orders | agents). Threads, brokers, paths and sampling of tables enter neither.
"""

import hashlib
import json
import struct
from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from society.ground.named_files import NAMES_A_FILE
from society.record.tables import TABLES, TICKS, row_type

START = "0" * 64
#: Tables whose rows of a tick enter the history at that tick.
CHAINED = ("events", "occasions", "messages", "findings", "judgements")
#: Parts of a tick that have a digest of their own in the table of the history.
LINKS = (*CHAINED, "transcripts")
#: Rows and ticks that wait at most before they are digested together; no result depends on it.
MOST_ROWS, MOST_TICKS = 8_192, 64
#: Fields of a world that say what is written down, told or spent, or where a server is, and so change nothing that happens.
_TELLS = ("seed", "about", "record")
_REACHES = (
    "base_url", "key", "spending", "concurrency", "per_minute", "most_unanswered", "longest_wait", "gone_after",
)  # fmt: skip

Columns = Mapping[str, Any]
#: Rows of a table: columns of one length, or single values for all rows; or an array of ``row_type`` without NaN.
Rows = Columns | NDArray[Any]
_COUNTED = itemgetter(*TICKS)
_NUMBERS = struct.Struct("<" + "".join("d" if field.dtype == "f8" else "q" for field in TICKS.values()))
#: SHA-256 of no rows.
NOTHING = hashlib.sha256().digest()


_TYPES = {name: row_type(TABLES[name]) for name in (*CHAINED, "orders", "agents")}


class History:
    """The chain of a run, fed tick by tick.

    Args:
        state: the chain so far, hex.
        keep: keep the digests of each tick, for the table of the history.
    """

    def __init__(self, state: str = START, keep: bool = False) -> None:
        self._state, self._keep = bytes.fromhex(state), keep
        self._ticks: list[tuple[Columns, bytes]] = []
        self._batches: dict[str, list[tuple[int, int, Rows]]] = {name: [] for name in CHAINED}
        self._rows = 0
        self.links: list[dict[str, Any]] = []

    def add(
        self, rows: Mapping[str, Iterable[Rows]], counts: Mapping[str, Any], transcripts: Sequence[Any] = ()
    ) -> None:
        """Add a tick.

        Args:
            rows: by name of table, batches of its rows.
            counts: the tick's row of the table of ticks.
            transcripts: episodes of language models, JSON-ready.
        """
        at = len(self._ticks)
        for name, batches in rows.items():
            waiting = self._batches[name]
            for batch in batches:
                n = _length(batch)
                if n:
                    waiting.append((at, n, batch))
                    self._rows += n
        self._ticks.append((counts, digest_of_transcripts(transcripts)))
        if self._rows >= MOST_ROWS or len(self._ticks) >= MOST_TICKS:
            self.settle()

    def state(self) -> str:
        """The chain after all that was added, hex."""
        self.settle()
        return self._state.hex()

    def settle(self) -> None:
        """Digest what waits."""
        n = len(self._ticks)
        digests = {name: _digests(name, self._batches[name], n) for name in CHAINED}
        for at, (counts, transcripts) in enumerate(self._ticks):
            parts = [*(digests[name][at] for name in CHAINED), transcripts]
            self._state = linked(self._state, parts, counts)
            if self._keep:
                named = {name: part.hex() for name, part in zip(LINKS, parts, strict=True)}
                self.links.append({"tick": counts["tick"], **named, "hash": self._state.hex()})
        self.forget()

    def go_back(self, state: str) -> None:
        """Go on from an earlier state, hex; what waits is dropped."""
        self._state = bytes.fromhex(state)
        self.forget()

    def forget(self) -> None:
        """Drop what waits."""
        self._ticks, self._rows = [], 0
        for batches in self._batches.values():
            batches.clear()


def linked(before: bytes, parts: Sequence[bytes], counts: Columns) -> bytes:
    """The chain after one more tick.

    Args:
        before: the chain so far.
        parts: digests of what happened, in the order of ``LINKS``.
        counts: the tick's row of the table of ticks.
    """
    return hashlib.sha256(b"".join((before, *parts, _NUMBERS.pack(*_COUNTED(counts))))).digest()


def _length(batch: Rows) -> int:
    if isinstance(batch, np.ndarray):
        return len(batch)
    for column in batch.values():
        if isinstance(column, np.ndarray) and column.ndim:
            return len(column)
    return 0


def _digests(name: str, batches: Sequence[tuple[int, int, Rows]], ticks: int) -> list[bytes]:
    """SHA-256 of the rows of each tick in one table."""
    if not batches:
        return [NOTHING] * ticks
    rows = packed(name, [batch for _, _, batch in batches], [n for _, n, _ in batches]).view(np.uint8).data
    found, width, begin = [NOTHING] * ticks, _TYPES[name].itemsize, 0
    sizes = [0] * ticks
    for at, n, _ in batches:
        sizes[at] += n
    for at, size in enumerate(sizes):
        if size:
            found[at] = hashlib.sha256(rows[begin : begin + size * width]).digest()
            begin += size * width
    return found


def packed(name: str, batches: Sequence[Rows], sizes: Sequence[int]) -> NDArray[Any]:
    """Rows of a table as the hash reads them: a structured array without gaps, one NaN for all NaN."""
    arrays = [batch.view(np.uint8) for batch in batches if isinstance(batch, np.ndarray)]
    if len(arrays) == len(batches):
        return np.concatenate(arrays)
    types, bounds = _TYPES[name], [0, *np.cumsum(sizes).tolist()]
    rows = np.empty(bounds[-1], types)
    for column in types.names or ():
        parts, place = [batch[column] for batch in batches], rows[column]
        if place.ndim == 2:
            place[:] = _texts(np.concatenate(parts))
        elif set(map(type, parts)) == {np.ndarray}:
            np.concatenate(parts, out=place, casting="unsafe")
        elif np.ndarray not in set(map(type, parts)):
            place[:] = np.repeat(parts, sizes)
        else:
            for first, last, part in zip(bounds, bounds[1:], parts, strict=False):
                place[first:last] = part
        if place.dtype.kind == "f":
            place[np.isnan(place)] = np.nan
    return rows


def _texts(texts: NDArray[np.object_]) -> NDArray[np.uint8]:
    """uint8[n, 32]: SHA-256 of each text, zeros for an empty one."""
    found = np.zeros((len(texts), 32), np.uint8)
    for at, text in enumerate(texts.tolist()):
        if text:
            found[at] = np.frombuffer(hashlib.sha256(text.encode("utf-8", "replace")).digest(), np.uint8)
    return found


def digest_of_transcripts(episodes: Sequence[Mapping[str, Any]]) -> bytes:
    """SHA-256 of the episodes of a tick, without the words of a failure, which name servers and ports."""
    if not episodes:
        return NOTHING
    lines = (json.dumps({**one, "failure": bool(one.get("failure"))}, sort_keys=True) + "\n" for one in episodes)
    return hashlib.sha256("".join(lines).encode()).digest()


def digest_of_rows(name: str, columns: Columns) -> str:
    """SHA-256 of rows of one table, hex."""
    return hashlib.sha256(packed(name, [columns], [_length(columns)]).view(np.uint8).data).hexdigest()


def digest_of_setting(manifest: Mapping[str, Any]) -> str:
    """SHA-256 of what was run: world, seed, version of the rules, which rules, zones, and what is in the files it names.

    Args:
        manifest: with ``world``, ``seed``, ``rules_version``, ``rules``, ``zones`` and ``contents`` (digests by path).
    """
    world = _placeless(
        {name: value for name, value in manifest["world"].items() if name not in _TELLS}, manifest["contents"]
    )
    told = {name: manifest[name] for name in ("seed", "rules_version", "rules", "zones")}
    return hashlib.sha256(json.dumps([world, told], sort_keys=True).encode()).hexdigest()


def _placeless(tree: Any, contents: Mapping[str, str]) -> Any:
    """A world without addresses and limits of servers; the contents of files in place of their paths."""
    if isinstance(tree, list):
        return [_placeless(one, contents) for one in tree]
    if not isinstance(tree, dict):
        return tree
    return {
        name: contents.get(value, "")
        if name in NAMES_A_FILE and isinstance(value, str)
        else _placeless(value, contents)
        for name, value in tree.items()
        if name not in _REACHES
    }


def sealed(digests: Mapping[str, str]) -> str:
    """The hash of a run.

    Args:
        digests: hex, of ``setting``, ``history``, ``orders`` and ``agents``.
    """
    parts: Collection[bytes] = [bytes.fromhex(digests[name]) for name in ("setting", "history", "orders", "agents")]
    return hashlib.sha256(b"".join(parts)).hexdigest()
