"""Columns that take values as they are or not at all: what a rule of a user's own writes into while it runs.

NumPy itself cuts a fraction off, wraps what is too large and repeats a single value where a column of whole numbers is written to.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from society.ground.errors import RunError
from society.ground.exact import misfit
from society.state.columns import TABLES, Society

#: Functions of NumPy that write into their first argument.
WRITING = (np.copyto, np.put, np.place, np.putmask)
#: What is computed with, by kind of column, before values are written.
WIDE = {"b": np.int64, "i": np.int64, "u": np.int64, "f": np.float64}


class Guarded(np.ndarray[Any, Any]):
    """A view of a column that refuses what it cannot hold; parts of it do too, results of computing with it are plain arrays."""

    place = ""

    def __array_finalize__(self, of: Any) -> None:
        """Parts are named as the whole is."""
        self.place = getattr(of, "place", "")

    def __setitem__(self, key: Any, value: Any) -> None:
        """Write values that fit.

        Raises:
            RunError: they do not: the message names the rule, the column, the value and what is allowed.
        """
        plain, values = self.view(np.ndarray), np.asarray(value)
        why = misfit(values, self.dtype)
        if why:
            raise RunError(f"{self.place}: {why}")
        shape = np.shape(plain[key])
        if values.ndim and values.shape != shape[len(shape) - values.ndim :]:
            raise RunError(
                f"{self.place}: values of shape {values.shape} for {shape}: as many as are written to, or one number"
            )
        plain[key] = values

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        """Compute with plain arrays; what is computed in place is written as values are."""
        compute, options = getattr(ufunc, method), {name: _plain(one) for name, one in options.items()}
        if method == "at":
            _changed(inputs[0], lambda whole: compute(whole, *map(_plain, inputs[1:]), **options))
            return None
        if out is None or not any(isinstance(place, Guarded) for place in out):
            return compute(*map(_plain, inputs), out=out, **options)
        if len(out) > 1:
            raise RunError(f"{self.place}: {ufunc.__name__} writes into several arrays: into one at a time")
        if "where" in options:
            _changed(out[0], lambda whole: compute(*map(_wide, inputs), out=whole, casting="unsafe", **options))
        else:
            out[0][...] = compute(*map(_wide, inputs), **options)
        return out[0]

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """The functions that write into their first argument write as values are; others get plain arrays."""
        if function in WRITING and args and isinstance(args[0], Guarded):
            rest = {name: _plain(one) for name, one in kwargs.items()}
            _changed(args[0], lambda whole: function(whole, *map(_plain, args[1:]), **rest))
            return None
        return super().__array_function__(function, types, args, kwargs)

    def fill(self, value: Any) -> None:
        """Write one value everywhere."""
        self[...] = value


def _plain(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, Guarded) else value


def _wide(value: Any) -> Any:
    """Whole numbers so wide that nothing wraps on the way."""
    plain = _plain(value)
    return plain.astype(np.int64) if isinstance(value, Guarded) and plain.dtype.kind in "iu" else plain


def _changed(place: Guarded, change: Callable[[NDArray[Any]], None]) -> None:
    """Let a wide copy be changed, then write it."""
    whole = _plain(place).astype(WIDE[place.dtype.kind])
    change(whole)
    place[...] = whole


@contextmanager
def guarded(society: Society, who: str) -> Iterator[None]:
    """While a rule of a user's own runs, columns of a society are guarded ones.

    Args:
        society: the society.
        who: the rule, for messages.
    """
    columns = {name: (*_holder(society, name), column) for name, column in society.columns().items()}
    tables = {name: getattr(society, name) for name in TABLES}
    own = dict(society.own)
    views = {name: _guard(column, f"{who}: {name}") for name, (_, _, column) in columns.items()}
    for name, (part, field, _) in columns.items():
        setattr(part, field, views[name])
    for name, rows in tables.items():
        rows.swap({field: _guard(array, f"{who}: {name}.{field}") for field, array in rows.arrays.items()})
    society.own.update({key: _guard(column, f"{who}: own column {key[1]!r}") for key, column in own.items()})
    try:
        yield
    finally:
        for name, (part, field, column) in columns.items():
            now = getattr(part, field)  # what was put in its place is copied: two columns never share their values
            setattr(
                part, field, column if now is views[name] else np.array(now) if isinstance(now, np.ndarray) else now
            )
        for rows in tables.values():
            rows.swap({field: _plain(array) for field, array in rows.arrays.items()})
        society.own.update({key: _plain(column) for key, column in society.own.items()})


def _holder(society: Society, dotted: str) -> tuple[Any, str]:
    """The part of a society that holds a column, and the name of the column there."""
    part, _, name = dotted.partition(".")
    return getattr(society, part), name


def _guard(column: NDArray[Any], place: str) -> Guarded:
    view = column.view(Guarded)
    view.place = place
    return view
