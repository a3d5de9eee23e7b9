"""What minds answer, held against what they were asked: a value is taken as it is, or refused with the name of the mind."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from society.ground.errors import LONGEST_SHOWN, RunError
from society.ground.exact import first, misfit
from society.ground.occasions import Acts, Column, Letter, Occasions
from society.ground.words import Act, Kind, Line

Array = NDArray[Any]


def wrong_amount(kind: Kind, amount: float) -> str | None:
    """What the amount of an act may be, if this one may not stand there: scores 0..100, accounts 0 or 1, else none (NaN).

    Example:
        >>> wrong_amount(Kind.RATE, 62.5), wrong_amount(Kind.ACCOUNT, 0.5)
        (None, '1 if the account agrees with what the agent did, 0 if not')
    """
    if math.isnan(amount):
        return None
    if kind == Kind.RATE:
        return None if 0 <= amount <= 100 else "a score from 0 to 100"
    if kind == Kind.ACCOUNT:
        return None if amount in (0, 1) else "1 if the account agrees with what the agent did, 0 if not"
    return "none: amounts are scores of ratings, and 0 or 1 of accounts"


def checked(acts: Any, asked: Occasions, who: str, columns: Mapping[str, Column], slots: int) -> Acts:
    """Acts whose values are all what they may be, in the dtypes that ``Acts`` names.

    Args:
        acts: what a mind answered.
        asked: what it was asked.
        who: the mind, for messages.
        columns: what it declared as state of its own.
        slots: number of agents there are.

    Raises:
        RunError: they are not: the message names the mind, the field, the value and what is allowed.
    """
    if not isinstance(acts, Acts):
        raise RunError(f"{who}: decide returned {type(acts).__name__}, not Acts")
    n = len(asked)
    row = _codes(who, "row", acts.row, n, f"rows of the occasions, 0..{n - 1}")
    act = _codes(who, "act", acts.act, len(Act), f"codes of Act, 0..{len(Act) - 1}")
    amount = _numbers(who, "amount", acts.amount)
    for name, column in (("act", act), ("amount", amount)):
        if len(column) != len(row):
            raise RunError(f"{who}: {name} has {len(column)} values: one per act, {len(row)} as in row")
    if acts.each and not np.array_equal(row[:n], np.arange(n)):
        raise RunError(f"{who}: Acts.of was given {len(row)} acts: one per occasion, {n}")
    for value in np.unique(amount[~np.isnan(amount)]).tolist():
        allowed = wrong_amount(asked.kind, value)
        if allowed:
            raise RunError(f"{who}: amount: {value!r} on an occasion of kind {asked.kind.word} is not valid: {allowed}")
    p, p0 = (_chances(who, name, getattr(acts, name), n) for name in ("p", "p0"))
    own = {name: _column(who, name, values, columns, n) for name, values in _map(who, acts.columns).items()}
    letters = _all(who, "letters", acts.letters, Letter)
    for letter in letters:
        _check_letter(who, letter, n, slots)
    transcripts = _all(who, "transcripts", acts.transcripts, Mapping)
    for one in transcripts:
        _check_transcript(who, one)
    return replace(
        acts, row=row, act=act, amount=amount, p=p, p0=p0, columns=own, letters=letters, transcripts=transcripts
    )


def declared(who: str, columns: Any) -> Mapping[str, Column]:
    """The columns that a mind declares, if they can be made.

    Raises:
        RunError: they cannot: the message names the mind, the column, what is wrong and what is allowed.
    """
    if not isinstance(columns, Mapping):
        raise RunError(f"{who}: columns is a {type(columns).__name__}: a map of names to Column")
    for name, column in columns.items():
        place = f"{who}: column {name!r}"
        if not isinstance(name, str) or not name.isidentifier() or not isinstance(column, Column):
            raise RunError(f"{place} is a {type(column).__name__}: a word, and a Column")
        try:
            known = np.dtype(column.dtype).kind in "biuf"
        except (TypeError, ValueError):
            known = False
        if not known:
            raise RunError(f"{place}: dtype {column.dtype!r} is not valid: a dtype of bools, integers or floats")
        sizes = column.shape if isinstance(column.shape, tuple) else (-1,)
        if not all(isinstance(size, int) and size > 0 for size in sizes):
            raise RunError(
                f"{place}: shape {column.shape!r} is not valid: a tuple of sizes from 1 on, () for one number"
            )
        initial = np.asarray(column.initial)
        why = (
            misfit(initial, column.dtype) if initial.ndim == 0 else f"{_shown(column.initial)} is not valid: one number"
        )
        if why:
            raise RunError(f"{place}: initial: {why}")
    return columns


def _array(who: str, field: str, values: Any) -> Array:
    if not isinstance(values, np.ndarray) or values.ndim != 1:
        what = f"of shape {values.shape}" if isinstance(values, np.ndarray) else f"a {type(values).__name__}"
        raise RunError(f"{who}: {field} is {what}: an array of one dimension")
    return values


def _codes(who: str, field: str, values: Any, end: int, allowed: str) -> NDArray[np.int64]:
    values = _array(who, field, values)
    if values.dtype.kind not in "iuf":
        raise RunError(f"{who}: {field} has dtype {values.dtype}: {allowed}")
    why = misfit(values, np.int64)
    wrong = (values < 0) | (values >= end)
    if why or wrong.any():
        found = first(values, wrong | ~(values == np.floor(values)))
        raise RunError(f"{who}: {field}: {found!r} is not valid: {allowed}")
    return np.asarray(values, np.int64)


def _numbers(who: str, field: str, values: Any) -> NDArray[np.float64]:
    values = _array(who, field, values)
    if values.dtype.kind not in "iuf":
        raise RunError(f"{who}: {field} has dtype {values.dtype}: numbers, NaN for none")
    return np.asarray(values, np.float64)


def _chances(who: str, field: str, values: Any, n: int) -> NDArray[np.float64] | None:
    if values is None:
        return None
    chances = _numbers(who, field, values)
    if len(chances) != n:
        raise RunError(f"{who}: {field} has {len(chances)} values: one per occasion, {n}")
    wrong = (chances < 0) | (chances > 1)
    if wrong.any():
        raise RunError(
            f"{who}: {field}: {first(chances, wrong)!r} is not valid: a probability from 0 to 1, NaN for none"
        )
    return chances


def _column(who: str, name: Any, values: Any, columns: Mapping[str, Column], n: int) -> Array:
    column = columns.get(name) if isinstance(name, str) else None
    if column is None:
        raise RunError(f"{who}: columns: {name!r} is not declared: there are {', '.join(columns) or 'none'}")
    shape = (n, *column.shape)
    if not isinstance(values, np.ndarray) or values.shape != shape:
        what = f"of shape {values.shape}" if isinstance(values, np.ndarray) else f"a {type(values).__name__}"
        raise RunError(f"{who}: column {name!r} is {what}: an array of shape {shape}, a value per occasion")
    why = misfit(values, column.dtype)
    if why:
        raise RunError(f"{who}: column {name!r}: {why}")
    return values


def _map(who: str, columns: Any) -> Mapping[str, Any]:
    if not isinstance(columns, Mapping):
        raise RunError(f"{who}: columns is a {type(columns).__name__}: a map of names to arrays")
    return columns


def _all(who: str, field: str, values: Any, kind: type) -> tuple[Any, ...]:
    if not isinstance(values, Sequence) or not all(isinstance(one, kind) for one in values):
        raise RunError(f"{who}: {field}: {_shown(values)} is not valid: a tuple, all of it {kind.__name__}")
    return tuple(values)


def _check_letter(who: str, letter: Letter, n: int, slots: int) -> None:
    """A letter comes from an occasion, and goes to an agent whose slot exists, or over a line that needs none."""
    if not isinstance(letter.text, str) or not isinstance(letter.line, Line):
        raise RunError(f"{who}: letters: {_shown(letter)} is not valid: a text, and a Line")
    for field, value in (("row", letter.row), ("to", letter.to)):
        if not isinstance(value, int | np.integer) or isinstance(value, bool):
            raise RunError(f"{who}: letters: {field} {_shown(value)} is not valid: a whole number")
    if not 0 <= letter.row < n:
        raise RunError(f"{who}: letters: row {letter.row} is not valid: rows of the occasions, 0..{n - 1}")
    named = letter.line in (Line.DIRECT, Line.COVERT)
    if named and not (0 <= letter.to < 2**63 and letter.to & 0xFFFFFFFF < slots):
        raise RunError(f"{who}: letters: to {letter.to} is not valid: the id of an agent")


def _check_transcript(who: str, one: Mapping[str, Any]) -> None:
    try:
        json.dumps(one)
    except (TypeError, ValueError, RecursionError) as error:
        raise RunError(f"{who}: transcripts: {error}: maps of what JSON can hold") from error


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."
