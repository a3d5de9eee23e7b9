"""Databases that questions are asked of: each reads the files it was made for and no others, whatever the question says."""

import atexit
import re
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import duckdb
import numpy as np
import pandas as pd

from society.ground.errors import RecordError
from society.ground.words import Word
from society.record.bounds import ASKED, Bounds, checks_of, example, survey
from society.record.folder import path_as_text
from society.record.tables import SQL_TYPES, TABLES

#: Databases of records that are kept open; of others only what they are made of, until they are asked again.
MOST_OPEN = 8
_WORD = re.compile(r"\w+")
#: What may be asked: DuckDB counts a ``pivot`` whose columns it has to look up as MULTI.
_READS = (duckdb.StatementType.SELECT, duckdb.StatementType.MULTI)
#: Setting up and closing databases is for one thread at a time.
_LOCK = threading.RLock()
_OPEN: "WeakValueDictionary[int, Tables]" = WeakValueDictionary()
_NO_FILES: list[duckdb.DuckDBPyConnection] = []


def closed_database(files: Sequence[str | Path] = ()) -> duckdb.DuckDBPyConnection:
    """A database in memory that can open some files, nothing else of this machine or of the network, for good.

    Raises:
        RecordError: a path is no text.

    Example:
        >>> try:
        ...     closed_database().execute("select * from read_text('/etc/hostname')")
        ... except duckdb.PermissionException:
        ...     print("no")
        no
    """
    paths = [path_as_text(path) for path in files]
    connection = duckdb.connect(":memory:", config={"python_enable_replacements": "false"})
    connection.execute("set allowed_paths = ?", [paths])
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return connection


def read_parquet(path: Path) -> pd.DataFrame:
    """All of one Parquet file, its columns as they are.

    Raises:
        duckdb.Error: it is damaged.
        RecordError: its name is not UTF-8.
    """
    with closed_database([path]) as connection:
        found: pd.DataFrame = connection.read_parquet([path_as_text(path)], hive_partitioning=False).df()
        return found


class Tables:
    """Tables of a record as views that questions name; threads may ask at once, each through a cursor of its own.

    Args:
        files: by table, the parts that it is read from.
        frames: by table, rows that come after those of the parts.
        seen: by table, SQL for what is to be seen of ``{rows}``; tables that do not stand here are seen whole.
        bounds: of what the parts may hold; of a table whose parts hold anything else no question is answered.

    Example:
        >>> Tables({}, {}).ask("select count(*) as n from events")["n"].tolist()
        [0]
    """

    def __init__(
        self,
        files: Mapping[str, Sequence[Path]],
        frames: Mapping[str, pd.DataFrame],
        seen: Mapping[str, str] | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        self._files, self._frames, self._seen, self._bounds = files, frames, seen or {}, bounds
        self._checked: set[tuple[str, str]] = set()
        self._whole_bounds: Bounds | None = None
        self._opened: _Opened | None = None

    def ask(self, asked: str, parameters: list[Any] | None = None) -> pd.DataFrame:
        """The answer to one ``select``.

        Raises:
            duckdb.Error: the question is wrong, or a part is damaged.
            RecordError: the question is no ``select``, the name of a part is not UTF-8, or it holds what no run writes.
        """
        opened = self._open()
        with opened.cursor() as (cursor, shown):
            kinds = [one.type for one in cursor.extract_statements(asked)]
            if len(kinds) != 1 or kinds[0] not in _READS:
                raise RecordError(f"a record is only read: ask it one select, not {asked[:60]!r}")
            self._show_all(opened, cursor, shown, asked)
            self._check_all(opened, shown, asked)
            found: pd.DataFrame = cursor.execute(asked, parameters or []).df()
            return found

    def close(self) -> None:
        """Let go of the database, once those who ask have their answers; the next question makes another."""
        with _LOCK:
            self._opened = None
            _OPEN.pop(id(self), None)

    def _open(self) -> "_Opened":
        """The database, made if there is none; the one that was used least lately makes room for it."""
        with _LOCK:
            if self._opened is None:
                self._opened = _Opened([path for paths in self._files.values() for path in paths])
            if any(self._files.values()):
                _OPEN.pop(id(self), None)
                _OPEN[id(self)] = self
                for other in list(_OPEN.values())[:-MOST_OPEN]:
                    other.close()
            return self._opened

    def _show_all(self, opened: "_Opened", cursor: duckdb.DuckDBPyConnection, shown: set[str], text: str) -> None:
        """Make all tables visible to a cursor that a text names, and those that what is seen of them is told by."""
        for name in sorted(set(_WORD.findall(text.lower())) & TABLES.keys() - shown):
            self._show_all(opened, cursor, {*shown, name}, self._seen.get(name, ""))
            self._show(opened, cursor, name)
            shown.add(name)

    def _show(self, opened: "_Opened", cursor: duckdb.DuckDBPyConnection, name: str) -> None:
        """Make a table visible to one cursor. All names in this SQL are of our own tables."""
        sources = []
        if files := self._files.get(name):
            with _LOCK:
                if name not in opened.bound:
                    paths = [path_as_text(path) for path in files]
                    parts = opened.database.read_parquet(paths, hive_partitioning=False)
                    parts.create_view(f"{name}_parts", replace=True)
                    opened.bound[name] = _columns(name, parts.columns)
                    opened.found[name] = frozenset(parts.columns)
            sources.append(f"select {opened.bound[name]} from {name}_parts")
        if name in self._frames or not sources:
            cursor.register(f"{name}_rows", self._frames[name] if name in self._frames else _no_rows(name))
            sources.append(f"select * from {name}_rows")
        rows = f"({_with_nulls(name, ' union all by name '.join(sources))})"
        seen = self._seen[name].format(rows=rows) if name in self._seen else f"from {rows}"
        cursor.execute(f"create or replace temp view {name} as {seen}")

    def _check_all(self, opened: "_Opened", shown: Collection[str], text: str) -> None:
        """See once, of each column that a text may read, that its parts hold nothing that leads beyond lists and tables.

        Raises:
            RecordError: they do.
        """
        if self._bounds is None:
            return
        words = set(_WORD.findall(text.lower()))
        for name in words & set(shown) & opened.bound.keys():
            told = (text + self._seen.get(name, "")).lower().replace("count(*)", "")
            read = set(TABLES[name]) if "*" in told else set(_WORD.findall(told)) & set(TABLES[name])
            columns = [
                one for one in TABLES[name] if one in read & opened.found[name] and (name, one) not in self._checked
            ]
            if columns:
                self._check(opened, name, columns, self._bounds)
            self._checked.update((name, one) for one in columns)

    def _check(self, opened: "_Opened", name: str, columns: list[str], bounds: Bounds) -> None:
        rows = f"(select {opened.bound[name]} from {name}_parts)"
        with _LOCK:
            self._whole_bounds = self._whole_bounds or self._with_tables(opened.database, bounds)
            checks = checks_of(self._whole_bounds, name, columns)
            strange = opened.database.execute(survey(checks, rows)).fetchall()[0] if checks else ()
            for (column, check), wrong in zip(checks.items(), strange, strict=True):
                if wrong:
                    ((value,),) = opened.database.execute(example(column, check, rows)).fetchall()
                    raise RecordError(f"{name}: column {column} has {value[:60]!r}, not {check.allowed}")

    def _with_tables(self, database: duckdb.DuckDBPyConnection, bounds: Bounds) -> Bounds:
        """Bounds with what other tables say."""
        for name, asked in ASKED.items():
            if files := self._files.get(name):
                sql = f"select {', '.join(asked.values())} from read_parquet(?, hive_partitioning = false)"
                found = database.execute(sql, [[path_as_text(path) for path in files]]).fetchall()[0]
                bounds = replace(bounds, **dict(zip(asked, found, strict=True)))
        return bounds


@atexit.register
def _close_all() -> None:
    """Let go of all databases while the program still stands: those that outlive it tell so on the terminal."""
    for one in list(_OPEN.values()):
        one.close()
    _NO_FILES.clear()


class _Opened:
    """A database that some questions are asked of.

    Tables that are in memory share one, since making one takes longer than most questions.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        if not files and not _NO_FILES:
            _NO_FILES.append(closed_database())
        self.database = closed_database(files) if files else _NO_FILES[0]
        self.bound: dict[str, str] = {}
        self.found: dict[str, frozenset[str]] = {}
        self._idle: list[tuple[duckdb.DuckDBPyConnection, set[str]]] = []

    @contextmanager
    def cursor(self) -> Iterator[tuple[duckdb.DuckDBPyConnection, set[str]]]:
        """A cursor that nobody else has meanwhile, and the tables it shows."""
        with _LOCK:
            mine = self._idle.pop() if self._idle else (self.database.cursor(), set[str]())
        try:
            yield mine
        finally:
            self._idle.append(mine)


def _columns(name: str, found: Collection[str]) -> str:
    """SQL for the columns of a table that parts have, of the types it says; whatever else stands in them is not seen."""
    types = {column: "varchar" if field.words else SQL_TYPES[field.dtype] for column, field in TABLES[name].items()}
    return ", ".join(f'"{column}"::{type_} as "{column}"' for column, type_ in types.items() if column in found)


def _no_rows(name: str) -> pd.DataFrame:
    return pd.DataFrame(
        {n: pd.Series([], dtype="str" if f.words else np.dtype(f.dtype)) for n, f in TABLES[name].items()}
    )


def _with_nulls(name: str, rows: str) -> str:
    """SQL for rows in which columns that do not apply are null, as parts of earlier versions did not have them."""
    replaced = [
        _or_null(column, words(0).word, *field.applies)
        for column, field in TABLES[name].items()
        if field.applies and (words := field.words)
    ]
    return f"select * replace ({', '.join(replaced)}) from ({rows})" if replaced else rows


def _or_null(column: str, nothing: str, other: str, words: tuple[Word, ...]) -> str:
    listed = ", ".join(f"'{word.word}'" for word in words)
    return f"case when {other} in ({listed}) or {column} <> '{nothing}' then {column} end as {column}"
