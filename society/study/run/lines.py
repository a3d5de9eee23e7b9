"""Events and messages of a tick as the JSON lines that readers of a broker get."""

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from society.broker.messages import Messages, zone_of
from society.broker.topics import BOARD, MESSAGES
from society.ground.words import Act, Event, Line, MachineStatus, Outcome, Ruling
from society.state.columns import Society
from society.study.run.json_lines import NONE, Fragments, Integers, Piece, write_lines

#: Largest payload of lines, in bytes.
LARGEST = 120_000
_MARKS = ("false", "true")


class Lines:
    """Writes the lines of one society.

    Args:
        society: whose names are written.
        run: the run's name on the broker.
    """

    def __init__(self, society: Society, run: str) -> None:
        self.run, topology = run, society.machines.topology
        self._zones, self._families = list(topology.zones), list(society.families)
        self._fragments = add = Fragments()
        self._first = add.add(['{"v":1,"id":', '{"v":1,"tick":', ',"tick":', ',"order":', "-", '"', "}"])
        self._words = {
            "kind": add.fields("kind", Event.words()), "act": add.fields("act", Act.words()),
            "outcome": add.fields("outcome", Outcome.words()),
            "status": add.fields("status", MachineStatus.words()), "line": add.fields("line", Line.words()),
            "ruling": add.fields("ruling", Ruling.words()),
        }  # fmt: skip
        for key in ("watched", "detected", "truthful"):
            self._words[key] = add.add([f',"{key}":{mark}' for mark in _MARKS])
        for key in ("actor", "target", "sender", "to", "about"):
            self._words[key] = add.add([f',"{key}":{json.dumps(family)[:-1]}-' for family in self._families])
        self._amount = add.add([',"amount":', ',"amount":-'])
        self._more = self._fragments.and_also([])
        self._words["machine"] = self._more.fields("machine", list(topology.names))
        self._parts = self._more.add([f".{part:03d}".rstrip("0").rstrip(".") for part in range(1000)])

    def events(self, events: dict[str, NDArray[Any]], families: NDArray[Any]) -> list[bytes]:
        """A tick's events, by the columns of their table, as payloads of lines; ``families``: of slots, at that tick."""
        if not len(events["id"]):
            return []
        whole = {name: column.astype(np.int64) for name, column in events.items()}
        kind, amount = whole["kind"], whole["amount"]
        acted = kind == Event.ACT
        size = np.abs(amount)
        pieces = [
            (self._all(0, len(kind)), whole["id"]),
            (self._all(2, len(kind)), whole["tick"]),
            self._word("kind", kind, kind >= 0),
            *self._name("actor", whole["actor"], families),
            *self._name("target", whole["target"], families),
            self._word("machine", whole["machine"], whole["machine"] >= 0),
            self._number(3, whole["order"], whole["order"] >= 0),
            self._word("act", whole["act"], acted | (whole["act"] > 0)),
            self._word("outcome", whole["code"], kind == Event.ORDER_CLOSED),
            self._word("status", whole["code"], kind == Event.MACHINE),
            self._word("ruling", whole["code"], (kind == Event.HUMAN) | (kind == Event.HUMAN_FAILED)),
            (np.where(amount == 0, -1, self._amount + (amount < 0)), np.where(amount == 0, NONE, size // 1000)),
            (np.where(size % 1000 > 0, self._parts + size % 1000, -1), None),
            self._word("watched", whole["watched"], whole["watched"] > 0),
            self._word("detected", whole["detected"], whole["detected"] > 0),
            self._word("truthful", whole["truthful"], whole["truthful"] >= 0),
            (self._all(6, len(kind)), None),
        ]
        return cut(write_lines(self._more, pieces))

    def messages(self, tick: int, inbox: Messages, families: NDArray[Any]) -> list[tuple[str, bytes]]:
        """Messages delivered at a tick, as payloads of lines by topic."""
        zone = np.where(inbox.line == Line.BOARD, zone_of(inbox.recipient), -1)
        found, keys = [], inbox.line << 32 | zone + 1
        for key in np.unique(keys).tolist():
            line, place, rows = key >> 32, (key & 0xFFFFFFFF) - 1, inbox.rows(keys == key)
            topic = (
                BOARD.topic(run=self.run, zone=self._zones[place])
                if line == Line.BOARD
                else MESSAGES.topic(run=self.run, line=Line(line).word)
            )
            found += [(topic, payload) for payload in cut(self._said(tick, rows, families))]
        return found

    def _said(self, tick: int, rows: Messages, families: NDArray[Any]) -> bytes:
        """Lines of messages; their texts are fragments for as long as it takes."""
        n = len(rows)
        texts: dict[str, int] = {}
        which = np.array([texts.setdefault(text, len(texts)) for text in rows.text.tolist()], np.int64)
        fragments = self._fragments.and_also([f',"text":{json.dumps(text)}' for text in texts])
        first = len(self._fragments.texts)
        pieces = [
            (self._all(1, n), np.full(n, tick)),
            *self._name("sender", rows.sender_id, families),
            *self._name("to", rows.recipient_id, families),
            self._word("line", rows.line, rows.line >= 0),
            self._word("act", rows.act, rows.act >= 0),
            *self._name("about", rows.about_id, families),
            self._number(3, rows.order, rows.order >= 0),
            (first + which, None),
            (self._all(6, n), None),
        ]
        return write_lines(fragments, pieces)

    def _all(self, which: int, n: int) -> Integers:
        return np.full(n, self._first + which)

    def _word(self, key: str, codes: Integers, there: NDArray[np.bool_]) -> Piece:
        return np.where(there, self._words[key] + codes, -1), None

    def _number(self, which: int, numbers: Integers, there: NDArray[np.bool_]) -> Piece:
        return np.where(there, self._first + which, -1), np.where(there, numbers, NONE)

    def _name(self, key: str, ids: Integers, families: NDArray[Any]) -> list[Piece]:
        """A name: family, slot, lives before it."""
        slot, life, there = np.maximum(ids, 0) & 0xFFFFFFFF, np.maximum(ids, 0) >> 32, ids >= 0
        return [
            (np.where(there, self._words[key] + families[slot], -1), np.where(there, slot, NONE)),
            self._number(4, life, life > 0),
            (np.where(there, self._first + 5, -1), None),
        ]


def cut(data: bytes, largest: int = LARGEST) -> list[bytes]:
    """Lines as payloads that are not too large, each ending with a whole line.

    Example:
        >>> cut(b"one\\ntwo\\nthree", 8)
        [b'one\\ntwo', b'three']
    """
    found = []
    while len(data) > largest and (end := data.rfind(b"\n", 0, largest)) > 0:
        found.append(data[:end])
        data = data[end + 1 :]
    return [*found, data] if data else found
