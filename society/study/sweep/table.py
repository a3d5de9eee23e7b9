"""The rows of a sweep on disk: appended as they come, none half-written, and as one Parquet table."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from society.ground.errors import RecordError

#: Columns of the table of runs before axes and measures.
HEAD = ("cell", "seed", "key", "hash", "seconds", "error")
ROWS, TABLE, TICKS, MANIFEST = "rows.jsonl", "runs.parquet", "ticks.parquet", "experiment.json"


class Rows:
    """Finished runs of a study, by key.

    A row is one line of JSON; a line that a crash left unfinished is cut off when the file is opened again.

    Args:
        folder: the study's folder; made if it is not there.

    Raises:
        RecordError: it cannot be made, read or written.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / ROWS
        self.done: dict[str, dict[str, Any]] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            data = self.path.read_bytes() if self.path.exists() else b""
            whole = data[: data.rfind(b"\n") + 1]
            self._file = self.path.open("r+b" if self.path.exists() else "w+b")
            self._file.truncate(len(whole))
            self._file.seek(len(whole))
        except OSError as error:
            raise RecordError(f"{folder}: {error.strerror}") from None
        for number, line in enumerate(whole.splitlines(), 1):
            try:
                row = json.loads(line)
                self.done[row["key"]] = row
            except (ValueError, KeyError, TypeError):
                self._file.close()
                raise RecordError(f"{self.path}: line {number} is damaged: remove it to run its cell again") from None

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Keep finished runs; when this returns they are on the disk."""
        fresh = [dict(row) for row in rows if not self.good(row["key"])]
        lines = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in fresh)
        try:
            self._file.write(lines.encode())
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise RecordError(f"{self.path}: {error.strerror}") from None
        self.done.update({row["key"]: row for row in fresh})

    def good(self, key: str) -> bool:
        """Whether a run is finished and did not fail."""
        return key in self.done and not self.done[key]["error"]

    def close(self) -> None:
        """Close the file."""
        self._file.close()


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
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.write_text(json.dumps(tree, indent=1), encoding="utf-8")
    os.replace(aside, path)


def _plain(value: Any) -> Any:
    """Numbers and words as they are, whole sub-trees as JSON."""
    return value if isinstance(value, int | float | str | bool) or value is None else json.dumps(value, sort_keys=True)


def _put(frame: pd.DataFrame, path: Path) -> None:
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    with duckdb.connect(":memory:") as connection:
        connection.from_df(frame).write_parquet(str(aside), compression="zstd")
    os.replace(aside, path)
