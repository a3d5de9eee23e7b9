"""Reading a record: tables as pandas frames, questions in SQL, from the folder alone."""

import re
from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from society.ground.errors import RecordError
from society.record.folder import read_manifest
from society.record.tables import TABLES

_WORD = re.compile(r"\w+")


@lru_cache(maxsize=1)
def _database() -> duckdb.DuckDBPyConnection:
    """DuckDB in memory, shared by all records of this process: making one takes longer than most questions."""
    return duckdb.connect(":memory:")


class Record:
    """A finished (or unfinished) run, read from its folder.

    Args:
        path: the folder.

    Raises:
        RecordError: it is not a run's folder, or it is damaged.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.manifest: dict[str, Any] = read_manifest(self.path)
        self._changed: Mapping[str, pd.DataFrame] = {}
        self._seen: set[str] = set()

    @classmethod
    def of(cls, manifest: dict[str, Any], frames: Mapping[str, pd.DataFrame]) -> "Record":
        """A record that was never written: its manifest and its tables as frames."""
        record = cls.__new__(cls)
        record.path, record.manifest, record._changed, record._seen = Path(manifest["name"]), manifest, frames, set()
        return record

    def __repr__(self) -> str:
        return f"Record({str(self.path)!r}, hash={self.hash[:12]!r})"

    @property
    def hash(self) -> str:
        """The hash of the whole run: what was run, what happened, and what orders and agents it came to."""
        return str(self.manifest["hash"])

    @property
    def history(self) -> str:
        """The hash of what happened alone: equal for runs in which the same things happened, whatever their worlds say.

        Raises:
            RecordError: the record is of an earlier version, which had no such hash.
        """
        if "digests" not in self.manifest:
            raise RecordError(
                f"{self.path}: has no hash of its history: it was written in record format 1, or is not finished"
            )
        return str(self.manifest["digests"]["history"])

    @property
    def families(self) -> list[str]:
        """Names of the families; columns ``family`` count from 0 in this list."""
        return list(self.manifest["families"])

    @property
    def zones(self) -> list[str]:
        """Names of the machine zones."""
        return list(self.manifest["zones"])

    @property
    def world(self) -> dict[str, Any]:
        """The world after defaults and overrides."""
        return dict(self.manifest["world"])

    @property
    def ticks(self) -> int:
        """Ticks recorded."""
        return int(self.manifest["ticks_done"])

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own."""
        return _database().cursor()

    def _see(self, name: str) -> None:
        """Make one table visible to questions."""
        self._seen.add(name)
        if name in self._changed:
            self._connection.register(name, self._changed[name])
            return
        files = sorted(str(path) for path in (self.path / name).glob("*.parquet"))
        if files:
            names = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
            self._connection.execute(f"create temp view {name} as select * from read_parquet([{names}])")
            return
        columns = {n: pd.Series([], dtype="str" if f.words else np.dtype(f.dtype)) for n, f in TABLES[name].items()}
        self._connection.register(name, pd.DataFrame(columns))

    def sql(self, question: str, parameters: list[Any] | None = None) -> pd.DataFrame:
        """Ask DuckDB; the tables of the record are views (``select act, count(*) from events group by act``).

        Raises:
            RecordError: the question is wrong or a part is damaged.
        """
        try:
            for name in set(_WORD.findall(question.lower())) & TABLES.keys() - self._seen:
                self._see(name)
            return self._connection.execute(question, parameters or []).df()
        except duckdb.Error as error:
            raise RecordError(f"{self.path}: {error}") from error

    def replace(self, frames: dict[str, pd.DataFrame]) -> None:
        """Let this record answer from other frames in place of some of its tables (null models)."""
        self._changed = {**self._changed, **frames}
        self._seen = set()
        self.__dict__.pop("_connection", None)

    def table(self, name: str) -> pd.DataFrame:
        """One whole table, words as text; see ``society.record.tables`` for its columns."""
        if name not in TABLES:
            raise RecordError(f"{self.path}: no table {name!r}: there are {', '.join(TABLES)}")
        if name in self._changed and not any(field.words for field in TABLES[name].values()):
            return self._changed[name]
        return self.sql(f"select * from {name}")

    def events(self) -> pd.DataFrame:
        """The table of events."""
        return self.table("events")

    def occasions(self) -> pd.DataFrame:
        """The table of occasions."""
        return self.table("occasions")

    def orders(self) -> pd.DataFrame:
        """The table of orders."""
        return self.table("orders")
