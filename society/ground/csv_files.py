"""CSV files from strangers: read whole, checked by column and by value, explained by file and line."""

import csv
import math
from collections.abc import Sequence
from pathlib import Path

from society.ground.errors import Said, WorldError

#: Larger files are not read: a table of a study is far smaller.
MOST_BYTES = 2**30

Row = dict[str, str]


def read_rows(path: Path, columns: Sequence[str]) -> list[tuple[str, Row]]:
    """Rows of a CSV file with a header; empty lines and lines that begin with ``#`` are left out.

    Args:
        path: the file, UTF-8.
        columns: names the header must hold.

    Returns:
        (place, row): where the row stands, for messages, and its cells without blanks around them.

    Raises:
        WorldError: no such file, not CSV, too large, or a column is missing or stands there twice.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise WorldError(
                str(path),
                Said(f"this file has {path.stat().st_size:,} bytes"),
                f"a CSV file of at most {MOST_BYTES:,} bytes",
            )
        text = path.read_text(encoding="utf-8-sig")
        lines = [(n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip() and not line.startswith("#")]
        reader = csv.DictReader((line for _, line in lines), strict=True)
        header = list(reader.fieldnames or [])
        missing = [column for column in columns if column not in header]
        if missing:  # a file of another kind is not quoted
            allowed = f"a header with {', '.join(columns)}; {', '.join(missing)} missing"
            raise WorldError(str(path), Said("this is not the header that is needed"), allowed)
        twice = [column for column in columns if header.count(column) > 1]
        if twice:
            raise WorldError(str(path), Said(f"column {twice[0]} stands there twice"), "each column once")
        rows = []
        for row in reader:
            cells = {name: (cell or "").strip() for name, cell in row.items() if isinstance(name, str)}
            rows.append((f"{path}: line {lines[reader.line_num - 1][0]}", cells))
    except UnicodeDecodeError as error:
        raise WorldError(
            str(path), Said(f"this is no text in UTF-8, from byte {error.start} on"), "a CSV file in UTF-8"
        ) from error
    except OSError as error:
        raise WorldError(str(path), Said(f"it cannot be read ({error.strerror})"), "") from error
    except csv.Error as error:
        raise WorldError(str(path), Said(str(error)), "a CSV file in UTF-8 that can be read") from error
    return rows


def once(rows: Sequence[tuple[str, Row]], *columns: str) -> None:
    """Refuse rows that agree in all of some columns.

    Raises:
        WorldError: two rows do; both places are named.

    Example:
        >>> once([("f.csv: line 2", {"a": "1"}), ("f.csv: line 3", {"a": "2"})], "a")
    """
    seen: dict[tuple[str, ...], str] = {}
    for place, row in rows:
        key = tuple(row[column] for column in columns)
        if key in seen:
            named = ", ".join(f"{column} {cell}" for column, cell in zip(columns, key, strict=True))
            raise WorldError(
                place, Said(f"{named} stands there a second time"), f"one row for it; it stands at {seen[key]} already"
            )
        seen[key] = place


def number(place: str, column: str, cell: str, low: float = -math.inf, high: float = math.inf) -> float:
    """A cell as a finite number between two bounds.

    Raises:
        WorldError: it is none.

    Example:
        >>> number("file.csv: line 2", "weight", "1.5", low=0)
        1.5
    """
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and low <= value <= high):
        bounds = "" if low == -math.inf and high == math.inf else f" from {low:g} to {high:g}"
        raise WorldError(f"{place}: {column}", cell, f"a number{bounds}")
    return value


def whole(place: str, column: str, cell: str, low: int = -(2**62), high: int = 2**62) -> int:
    """A cell as a whole number between two bounds.

    Raises:
        WorldError: it is none.

    Example:
        >>> whole("file.csv: line 2", "node", "17", low=0)
        17
    """
    digits = cell.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18 and low <= int(cell) <= high):
        raise WorldError(f"{place}: {column}", cell, f"a whole number from {low} to {high}")
    return int(cell)
