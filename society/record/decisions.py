"""Decisions of a person in a run's folder: JSON lines, each with its tick, on disk before they take effect."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from society.ground.decisions import LARGEST, Decision
from society.ground.errors import RecordError, Said, WorldError

DECISIONS = "decisions.jsonl"
#: Longest line, in bytes.
LONGEST = 1000

ByTick = dict[int, list[Decision]]


def read_decisions(path: str | Path) -> ByTick:
    """Decisions by tick, those of one tick in the order of their lines.

    Args:
        path: a file of lines such as ``{"tick": 12, "what": "reassign", "order": 17, "operator": 4}``; empty lines are skipped.

    Raises:
        WorldError: the file cannot be read, or a line is no decision: the message names the line.
    """
    found: ByTick = {}
    try:
        with open(path, "rb") as stream:
            number = 0
            while line := stream.readline(LONGEST + 1):
                number += 1
                if len(line) > LONGEST:
                    raise WorldError(
                        f"{path}:{number}", Said("this line is too long"), f"a line of at most {LONGEST} bytes"
                    )
                if line.strip():
                    tick, decision = _parsed(line, f"{path}:{number}")
                    found.setdefault(tick, []).append(decision)
    except OSError as error:
        raise WorldError("decisions", str(path), f"a file that can be read ({error.strerror})") from error
    return found


def _parsed(line: bytes, place: str) -> tuple[int, Decision]:
    try:
        tree = json.loads(line.decode(), object_pairs_hook=_map)
    except (ValueError, RecursionError) as error:  # a file of another kind is not quoted
        raise WorldError(
            place, Said("this is no JSON"), 'JSON such as {"tick": 12, "what": "approve", "order": 17}'
        ) from error
    if not isinstance(tree, dict):
        raise WorldError(
            place,
            Said(f"this is a {type(tree).__name__}"),
            'a map such as {"tick": 12, "what": "approve", "order": 17}',
        )
    tick = tree.pop("tick", None)
    if not isinstance(tick, int) or isinstance(tick, bool) or not 1 <= tick <= LARGEST:
        raise WorldError(
            f"{place}: tick",
            Said("there is no tick" if tick is None else "this is no tick"),
            "the tick at which it takes effect, a whole number from 1 on",
        )
    try:
        return tick, Decision.of(tree)
    except WorldError as error:
        raise WorldError(f"{place}: {error.place}", error.value, error.allowed) from None


def _map(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object, each of its names once."""
    tree = dict(pairs)
    if len(tree) < len(pairs):
        raise ValueError("a name stands there twice")
    return tree


class Kept:
    """The file of decisions of a run that is being written; it appears with the first decision.

    Args:
        folder: the run's folder.

    Raises:
        WorldError: the file that stands there is damaged.
        RecordError: it cannot be mended.

    Attributes:
        before: decisions that an earlier part of the run left, by tick.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / DECISIONS
        self.before: ByTick = {}
        if self.path.exists():
            self._drop_half_a_line()
            self.before = read_decisions(self.path)

    def add(self, tick: int, decisions: Sequence[Decision]) -> None:
        """Write the decisions of a tick; they are on disk when this returns.

        Raises:
            RecordError: they cannot be written.
        """
        lines = "".join(json.dumps({"tick": tick, **decision.plain()}) + "\n" for decision in decisions)
        try:
            with open(self.path, "ab") as stream:
                stream.write(lines.encode())
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise RecordError(f"{self.path}: cannot be written: {error.strerror}") from error

    def _drop_half_a_line(self) -> None:
        """Cut off a line that was being written when the run was killed: it had not taken effect."""
        try:
            data = self.path.read_bytes()
            whole = data.rfind(b"\n") + 1
            if whole < len(data):
                os.truncate(self.path, whole)
        except OSError as error:
            raise RecordError(f"{self.path}: cannot be mended: {error.strerror}") from error
