"""Reading a record: tables as pandas frames, questions in SQL, from the folder alone."""

import copy
import json
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import duckdb
import pandas as pd

from society.ground.errors import RecordError
from society.record.bounds import Bounds
from society.record.database import Tables
from society.record.folder import read_manifest, single_run
from society.record.tables import TABLES


def in_a_sentence(error: duckdb.Error) -> str:
    """What DuckDB says of a question, in a line; of a value that does not fit only the column, never what stands there."""
    if not isinstance(error, duckdb.ConversionException | duckdb.OutOfRangeException):
        return str(error).split("\n", 1)[0]
    column = re.search(r"source column (\w+)", str(error))
    return (
        f"a value{f' of column {column[1]}' if column else ''} does not fit its type: the question is wrong, or a part is "
        "damaged, which society verify names"
    )


class Record:
    """A finished (or unfinished) run, read from its folder.

    Args:
        path: the folder.

    Raises:
        RecordError: it is not a run's folder (a set of runs is none), or it is damaged.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.manifest: dict[str, Any] = read_manifest(single_run(self.path))
        self._changed: Mapping[str, pd.DataFrame] = {}
        self._on_disk, self._seen = True, dict[str, str]()

    @classmethod
    def of(cls, manifest: dict[str, Any], frames: Mapping[str, pd.DataFrame]) -> "Record":
        """A record that was never written: its manifest and its tables as frames."""
        record = cls.__new__(cls)
        record.path, record.manifest, record._changed = Path(manifest["name"]), manifest, frames
        record._on_disk, record._seen = False, {}
        return record

    def through(self, seen: Mapping[str, str]) -> Self:
        """The same record as somebody sees it who may not know all: by table, SQL for what is seen of ``{rows}``."""
        other = copy.copy(self)
        other.__dict__.pop("_tables", None)
        other._seen = dict(seen)
        return other

    def now(self) -> "Record":
        """The record as it stands; one that does not grow is always the same."""
        return self

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
    def origin(self) -> str:
        """Of a run of a study: which study, which cell, what that changes; "" of other runs."""
        study = self.manifest.get("study")
        if study is None:
            return ""
        changes = (f"{path} {json.dumps(value)}" for path, value in study["changes"].items())
        return f"{study['name']}, cell {study['cell']}" + (f": {', '.join(changes)}" if study["changes"] else "")

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
    def _tables(self) -> Tables:
        return Tables(self._files(), self._changed, self._seen, self._bounds)

    @property
    def _bounds(self) -> Bounds | None:
        """How many there are of what parts name by number; rows that were never on disk need no check."""
        return Bounds.of(self.manifest) if self._on_disk else None

    def _files(self) -> dict[str, list[Path]]:
        """By table, its parts on disk, but for tables that other frames stand for."""
        names = TABLES.keys() - self._changed.keys() if self._on_disk else ()
        return {name: sorted((self.path / name).glob("*.parquet")) for name in names}

    def sql(self, question: str, parameters: list[Any] | None = None) -> pd.DataFrame:
        """Ask DuckDB; the tables of the record are views (``select act, count(*) from events group by act``).

        A question is one ``select``; it can read the record and nothing else of the machine. Threads may ask at once.

        Raises:
            RecordError: the question is wrong or a part is damaged.
        """
        try:
            return self._tables.ask(question, parameters)
        except RecordError as error:
            raise RecordError(f"{self.path}: {error}") from error
        except duckdb.Error as error:
            raise RecordError(f"{self.path}: {in_a_sentence(error)}") from error

    def replace(self, frames: dict[str, pd.DataFrame]) -> None:
        """Let this record answer from other frames in place of some of its tables (null models)."""
        self._changed = {**self._changed, **frames}
        self.__dict__.pop("_tables", None)

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
