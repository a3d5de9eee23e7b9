"""What the writers share: rows in slices with progress, and values as text of XML."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from xml.sax.saxutils import escape

import pandas as pd
from pandas.api.types import is_float_dtype, is_integer_dtype

Progress = Callable[[int, int], None]
#: Rows turned into text at once.
ROWS = 100_000
#: What XML 1.0 cannot hold, whatever the escapes.
_IMPOSSIBLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ENTITIES = {'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}


def slices(rows: pd.DataFrame, progress: Progress | None = None) -> Iterator[tuple[int, pd.DataFrame]]:
    """The rows in slices, each with the number of those before it; at least one slice, which may be empty."""
    for begin in range(0, max(len(rows), 1), ROWS):
        yield begin, rows.iloc[begin : begin + ROWS]
        if progress:
            progress(min(begin + ROWS, len(rows)), len(rows))


def escaped(text: object) -> str:
    """Text for an element or an attribute in double quotes; what XML cannot hold becomes U+FFFD.

    Example:
        >>> print(escaped('a "b" <c>'))
        a &quot;b&quot; &lt;c&gt;
    """
    return escape(_IMPOSSIBLE.sub("\ufffd", str(text)), _ENTITIES)


def texts(column: "pd.Series[Any]") -> list[str]:
    """A column as texts of XML, each different word escaped once; ``nan`` where there is no number."""
    if is_integer_dtype(column.dtype):
        return [str(value) for value in column.tolist()]
    if is_float_dtype(column.dtype):
        return [f"{value:.6g}" for value in column.tolist()]
    known = {value: escaped(value) for value in column.unique()}
    return [known[value] for value in column.tolist()]


def xml_type(column: "pd.Series[Any]") -> str:
    """The type of a column, in the names that GEXF and GraphML share."""
    if is_integer_dtype(column.dtype):
        return "long"
    return "double" if is_float_dtype(column.dtype) else "string"
