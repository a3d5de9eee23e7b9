"""Parts of a record as they lie on disk: which are there, and the rows of one, as the codes and numbers they were written from."""

import hashlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from society.ground.errors import RecordError
from society.record.decisions import DECISIONS
from society.record.tables import SQL_TYPES, TABLES, Field
from society.record.transcripts import FOLDER

Columns = dict[str, NDArray[Any]]


def parts_of(folder: Path) -> Iterator[Path]:
    """All parts of a record, by table and first tick; then transcripts, and what a person decided."""
    for name in TABLES:
        yield from sorted((folder / name).glob("*.parquet"))
    yield from sorted((folder / FOLDER).glob("*.jsonl.zst"))
    if (folder / DECISIONS).exists():
        yield folder / DECISIONS


def digest_of_file(path: Path) -> str:
    """SHA-256 of a file, hex.

    Raises:
        RecordError: it cannot be read.
    """
    try:
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise RecordError(f"{path}: cannot be read: {error.strerror}") from error


def rows_of_part(
    connection: duckdb.DuckDBPyConnection, path: Path, name: str, without: Collection[str] = ()
) -> Columns:
    """All columns of a part of one table, in the order of its rows: numbers of the table's types, codes for words, texts.

    Args:
        connection: of DuckDB.
        path: the part.
        name: the table.
        without: columns that a part of an earlier format does not have.

    Raises:
        RecordError: the part is damaged, or its columns are not those of the table.
    """
    table = {column: field for column, field in TABLES[name].items() if column not in without}
    try:
        found = [
            one[0]
            for one in connection.execute(
                "select * from read_parquet(?, hive_partitioning = false) limit 0", [str(path)]
            ).description
        ]
        if missing := [column for column in table if column not in found]:
            raise RecordError(f"{path}: cannot be read: columns {', '.join(missing)} are missing")
        if more := len(set(found) - set(table)):
            raise RecordError(f"{path}: cannot be read: it has {more} columns that no part of this table has")
        words = [field.words.words() for field in table.values() if field.words is not None]
        asked = ", ".join(_asked(column, field) for column, field in table.items())
        rows = connection.execute(
            f"select {asked} from read_parquet(?, hive_partitioning = false)", [*words, str(path)]
        ).fetchnumpy()
    except duckdb.Error as error:
        raise RecordError(f"{path}: cannot be read: {str(error).splitlines()[0]}") from error
    return {column: _filled(path, column, rows[column], field) for column, field in table.items()}


def _filled(path: Path, column: str, values: Any, field: Field) -> NDArray[Any]:
    """A column as it was written: NaN lies on disk as nothing; nothing else may be missing."""
    if not np.ma.is_masked(values):
        return np.ma.getdata(values).astype(field.dtype)
    if not field.dtype.startswith("f"):
        raise RecordError(f"{path}: cannot be read: column {column} lacks values, or has words that it never has")
    return np.ma.filled(values, np.nan).astype(field.dtype)


def _asked(column: str, field: Field) -> str:
    """A column of our own tables as its codes or numbers; of one that does not always apply nothing is code 0, as in memory."""
    if field.words is None:
        return f'"{column}"::{SQL_TYPES[field.dtype]} as "{column}"'
    code = f'(list_position(?::varchar[], "{column}"::varchar) - 1)::integer'
    return (
        f'case when "{column}" is null then 0 else {code} end as "{column}"'
        if field.applies
        else f'{code} as "{column}"'
    )
