"""Writing a record: tables gathered in memory, written aside as Parquet parts with DuckDB, then renamed."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from society.ground.errors import RecordError
from society.ground.whole_file import make_folder, whole_file
from society.record.decisions import DECISIONS
from society.record.folder import part_name
from society.record.parts import digest_of_file
from society.record.tables import TABLES, Field, Table
from society.record.transcripts import write_transcripts

#: Rows in memory that trigger a part.
MOST_ROWS = 400_000
#: Rows that one transcript counts for.
ROWS_PER_EPISODE = 100


class Writer:
    """Parts of the tables of one run.

    Args:
        folder: the run's folder, which exists.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # one thread: with more, DuckDB 2.0.0 now and then writes a word of a column of categories as an empty text
        self.connection = duckdb.connect(":memory:", config={"python_enable_replacements": "false", "threads": 1})
        self.pending: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
        self.episodes: list[Mapping[str, Any]] = []
        self.rows = 0
        self.first = 0
        #: SHA-256 of every part that was written, by its place in the folder.
        self.parts: dict[str, str] = {}
        #: Is told of every batch of rows that is added: (table, columns).
        self.tap: Callable[[str, Mapping[str, Any]], None] | None = None

    def add_transcripts(self, episodes: Sequence[Mapping[str, Any]]) -> None:
        """Add transcripts of language models."""
        self.episodes.extend(episodes)
        self.rows += ROWS_PER_EPISODE * len(episodes)

    def add(self, table: str, columns: dict[str, Any]) -> None:
        """Add rows to a table; columns are arrays of one length (at least one array) or single values."""
        n = rows_of(columns)
        if n:
            self.pending[table].append(spread(columns, n))
            self.rows += n
            if self.tap is not None:
                self.tap(table, self.pending[table][-1])

    def wants(self, table: str) -> bool:
        """All tables are written."""
        return table in TABLES

    def add_tick(self, counts: Mapping[str, Any]) -> None:
        """Add one row to the table of ticks."""
        self.add("ticks", {name: np.array([value]) for name, value in counts.items() if name in TABLES["ticks"]})

    def forget(self) -> None:
        """Drop what is pending."""
        for batches in self.pending.values():
            batches.clear()
        self.episodes.clear()
        self.rows = 0

    def full(self) -> bool:
        """Whether so much is pending that it should be written."""
        return self.rows >= MOST_ROWS

    def flush(self, tick: int) -> None:
        """Write what is pending as one part per table; it ends with ``tick``."""
        for name, batches in self.pending.items():
            if batches:
                part = write_part(
                    self.connection, self.folder / name, part_name(self.first, tick), TABLES[name], batches
                )
                self._count_in(part)
                batches.clear()
        if self.episodes:
            self._count_in(write_transcripts(self.folder, f"{self.first:08d}-{tick:08d}", self.episodes))
            self.episodes.clear()
        self.rows, self.first = 0, tick + 1

    def _count_in(self, part: Path) -> None:
        self.parts[part.relative_to(self.folder).as_posix()] = digest_of_file(part)


def digests_of_parts(writer: Writer) -> dict[str, str]:
    """SHA-256 of every part that was written, and of the decisions of a person, by place in the folder."""
    decisions = writer.folder / DECISIONS
    return {**writer.parts, **({DECISIONS: digest_of_file(decisions)} if decisions.exists() else {})}


class Gathered(Mapping[str, pd.DataFrame]):
    """Takes the place of a writer where nothing is to reach the disk: rows stay in memory, and are frames when asked for.

    Args:
        tables: the tables that will be asked for; all if absent. Others are not kept.
    """

    def __init__(self, tables: Collection[str] | None = None) -> None:
        self.batches: dict[str, list[dict[str, Any]]] = {name: [] for name in (TABLES if tables is None else tables)}
        self._ticks: list[Mapping[str, Any]] = []

    def wants(self, table: str) -> bool:
        """Whether rows of a table are kept."""
        return table in self.batches

    def add_transcripts(self, episodes: Sequence[Mapping[str, Any]]) -> None:
        """Transcripts are not kept."""

    def add(self, table: str, columns: dict[str, Any]) -> None:
        """Add rows to a table, as ``Writer.add``."""
        if table in self.batches and (n := rows_of(columns)):
            self.batches[table].append(spread(columns, n))

    def add_tick(self, counts: Mapping[str, Any]) -> None:
        """Add one row to the table of ticks; nothing may change it later."""
        self._ticks.append(counts)

    def __getitem__(self, table: str) -> pd.DataFrame:
        """One table as a frame.

        Raises:
            RecordError: it was not kept.
        """
        if table in TABLES and table not in self.batches:
            raise RecordError(f"table {table}: not kept: of this run there are {', '.join(self.batches) or 'none'}")
        if table == "ticks" and self._ticks:
            rows = {name: [counts[name] for counts in self._ticks] for name in TABLES["ticks"]}
            return pd.DataFrame({name: np.array(row, TABLES["ticks"][name].dtype) for name, row in rows.items()})
        if not self.batches.get(table):
            raise KeyError(table)
        return frame_of(TABLES[table], self.batches[table])

    def __contains__(self, table: object) -> bool:
        """Whether a table has rows; no frame is made to find out."""
        return bool(self.batches.get(str(table))) or (table == "ticks" and bool(self._ticks))

    def __iter__(self) -> Iterator[str]:
        """Names of the tables that have rows."""
        return (name for name, batches in self.batches.items() if batches or (name == "ticks" and self._ticks))

    def __len__(self) -> int:
        """Number of tables that have rows."""
        return sum(1 for _ in self)


def rows_of(columns: Mapping[str, Any]) -> int:
    """Rows of some columns, of which at least one is an array."""
    return max((len(column) for column in columns.values() if np.ndim(column)), default=1)


def spread(columns: Mapping[str, Any], n: int) -> dict[str, Any]:
    """Columns of one length: single values stand for all rows."""
    return {name: column if np.ndim(column) else np.broadcast_to(column, n) for name, column in columns.items()}


def frame_of(table: Table, batches: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Batches of rows as one frame of the table's dtypes, words as categories."""
    columns: dict[str, Any] = codes_of(table, batches)
    for name, field in table.items():
        if field.words is not None:
            columns[name] = pd.Categorical.from_codes(columns[name], categories=pd.Index(field.words.words()))
    return pd.DataFrame(columns)


def codes_of(table: Table, batches: Sequence[Mapping[str, Any]]) -> dict[str, NDArray[Any]]:
    """Batches of rows as columns of the table's dtypes, words as codes, -1 for what does not apply."""
    columns = {name: _column(name, field, batches) for name, field in table.items()}
    for name, field in table.items():
        if field.applies is not None:
            other, words = field.applies
            columns[name][(columns[name] == 0) & ~np.isin(columns[other], words)] = -1
    return columns


def write_part(
    connection: duckdb.DuckDBPyConnection, folder: Path, name: str, table: Table, batches: list[dict[str, Any]]
) -> Path:
    """Write one Parquet part; readers see all of it or nothing.

    Raises:
        RecordError: the disk is full or the folder cannot be written.
    """
    frame = frame_of(table, batches)
    path = folder / name
    make_folder(folder)
    try:
        with whole_file(path) as aside:
            connection.from_df(frame).write_parquet(str(aside), compression="zstd")
    except duckdb.Error as error:
        raise RecordError(f"{path}: cannot be written: {error}") from error
    return path


def _column(name: str, field: Field, batches: Sequence[Mapping[str, Any]]) -> NDArray[Any]:
    parts = [np.zeros(0, field.dtype), *(np.asarray(batch[name]) for batch in batches)]
    return np.concatenate(parts).astype(field.dtype)
