"""The rows of a sweep on disk: appended as they come, none half-written, and as one Parquet table."""

import contextlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from society.ground.errors import RecordError
from society.ground.whole_file import whole_file
from society.record.folder import see_files_only, see_no_links
from society.record.manifest import TEXT, WHOLE, Kind

#: Columns of the table of runs before axes and measures.
HEAD = ("cell", "seed", "key", "hash", "seconds", "error")
ROWS, TABLE, TICKS, MANIFEST = "rows.jsonl", "runs.parquet", "ticks.parquet", "experiment.json"
#: What a measure, or a counter at a tick, comes to: a number that a table of doubles can hold, or nothing.
_VALUE = Kind("a number, or null", lambda value: value is None or _is_number(value))
#: What stands in the columns of HEAD.
HEAD_KINDS = {"cell": WHOLE, "seed": WHOLE, "key": TEXT, "hash": TEXT, "seconds": _VALUE, "error": TEXT}
#: What a row holds beside them.
_INSIDE = {
    "changes": Kind("a map of printable names", lambda value: isinstance(value, dict) and all(map(str.isprintable, value))),
    "measures": Kind("a map of numbers by name", lambda value: _are_numbers(value)),
    "measured": Kind("a text, or null", lambda value: value is None or TEXT.fits(value)),
    "ticks": Kind("columns of numbers by name", lambda value: value is None or _are_columns(value)),
}  # fmt: skip
_KEPT = "finished runs are kept: make room and say the same again"


class Rows:
    """Finished runs of a study, by key.

    A row is one line of JSON; a line that a crash left unfinished is cut off when the file is opened again. Of two rows of one
    run the later one holds.

    Args:
        folder: the study's folder; made if it is not there.
        measured: what is measured now, and how (``society.study.sweep.cells.measured_by``).

    Raises:
        RecordError: it cannot be made, read or written.
    """

    def __init__(self, folder: Path, measured: str) -> None:
        self.path, self.measured = folder / ROWS, measured
        #: Rows of an earlier version of the program, which knew runs by other keys.
        self.old = 0
        self.done: dict[str, dict[str, Any]] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            see_files_only(folder)
            see_no_links(folder, ROWS)
            data = self.path.read_bytes() if self.path.exists() else b""
            whole = data[: data.rfind(b"\n") + 1]
            self._file = self.path.open("r+b" if self.path.exists() else "w+b")
            self._file.truncate(len(whole))
            self._file.seek(len(whole))
        except OSError as error:
            raise RecordError(f"{folder}: {error.strerror}") from None
        for number, line in enumerate(whole.splitlines(), 1):
            try:
                row = parsed(line, f"{self.path}: line {number}")
            except RecordError:
                self._file.close()
                raise
            self.done[row["key"]] = row
            self.old += "measured" not in row

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Keep finished runs; when this returns they are on the disk."""
        fresh = [{**row, "measured": self.measured} for row in rows if not self.good(row["key"])]
        lines = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in fresh)
        try:
            self._file.write(lines.encode())
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise RecordError(f"{self.path}: {error.strerror}; {_KEPT}") from None
        self.done.update({row["key"]: row for row in fresh})

    def good(self, key: str) -> bool:
        """Whether a run is finished, did not fail, and has all that is measured now."""
        return self.current(key) and not self.done[key]["error"]

    def current(self, key: str) -> bool:
        """Whether the row of a run is of what is measured now."""
        return key in self.done and self.done[key].get("measured") == self.measured

    def hash(self, key: str) -> str:
        """The hash that a run had, whatever was measured; "" if it is not known."""
        return self.done[key]["hash"] if key in self.done and not self.done[key]["error"] else ""

    def close(self) -> None:
        """Close the file; what it could not take was told by ``add``."""
        with contextlib.suppress(OSError):
            self._file.close()


def parsed(line: str | bytes, place: str) -> dict[str, Any]:
    """The row that stands in a line.

    Raises:
        RecordError: none does.
    """
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        row = None
    kinds = {**HEAD_KINDS, **_INSIDE}
    if not isinstance(row, dict) or not all(kind.fits(row.get(name)) for name, kind in kinds.items()):
        raise RecordError(f"{place} is damaged: remove it to run its cell again")
    return row


def _is_number(value: Any) -> bool:
    return isinstance(value, float) or WHOLE.fits(value)


def _are_numbers(value: Any) -> bool:
    """Numbers, or nothing in their place, by printable names."""
    return isinstance(value, dict) and all(map(str.isprintable, value)) and all(map(_VALUE.fits, value.values()))


def _are_columns(value: Any) -> bool:
    """Columns of one length by printable names."""
    if not isinstance(value, dict) or not all(isinstance(column, list) for column in value.values()):
        return False
    numbers = all(_VALUE.fits(one) for column in value.values() for one in column)
    return numbers and all(map(str.isprintable, value)) and len(set(map(len, value.values()))) < 2


def write_tables(folder: Path, rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Write the table of runs, and that of ticks where they were kept; returns the first.

    Columns: cell, seed, key, hash, seconds, error, then one per axis, then one per measure.
    """
    flat, ticks = [], []
    for row in rows:
        head = {name: row[name] for name in HEAD}
        changes = {path: _plain(value) for path, value in row["changes"].items()}
        flat.append({**head, **changes, **row["measures"]})
        for number, values in enumerate(zip(*row["ticks"].values(), strict=True) if row.get("ticks") else (), 1):
            ticks.append(
                {
                    "cell": row["cell"],
                    "seed": row["seed"],
                    "tick": number,
                    **dict(zip(row["ticks"], values, strict=True)),
                }
            )
    frame = pd.DataFrame(flat, columns=None if flat else [*HEAD])
    _put(frame, folder / TABLE)
    if ticks:
        _put(pd.DataFrame(ticks), folder / TICKS)
    return frame


def write_json(path: Path, tree: Mapping[str, Any]) -> None:
    """Write a file whole or not at all."""
    with _whole(path) as aside:
        aside.write_text(json.dumps(tree, indent=1), encoding="utf-8")


def _plain(value: Any) -> Any:
    """Numbers and words as they are, whole sub-trees as JSON."""
    return value if isinstance(value, int | float | str | bool) or value is None else json.dumps(value, sort_keys=True)


def _put(frame: pd.DataFrame, path: Path) -> None:
    with _whole(path) as aside, duckdb.connect(":memory:") as connection:
        connection.from_df(frame).write_parquet(str(aside), compression="zstd")


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """As ``whole_file``; the error says that runs which are done are kept.

    Raises:
        RecordError: it cannot be written.
    """
    try:
        with whole_file(path) as aside:
            yield aside
    except (RecordError, duckdb.Error) as error:
        said = (
            f"{path}: cannot be written: {str(error).splitlines()[0]}"
            if isinstance(error, duckdb.Error)
            else str(error)
        )
        raise RecordError(f"{said}; {_KEPT}") from None
