"""The table of published rates as it stands in its file: one cell a row, with what is known of its mean."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy.special import betaincinv

from society.ground.csv_files import Row, once, read_rows
from society.ground.errors import Said, WorldError
from society.ground.words import RELATION_TRUST, Behaviour, Certainty
from society.world.load import worlds_folder

RELATIONS = ("bad", "neutral", "good")
TRUSTS = np.array([RELATION_TRUST[relation] for relation in RELATIONS])
SUBJECTS = ("peer", "self")
#: The word for all tasks of a behaviour together.
ANY_TASK = "any"
#: Ways of telling an agent about its relationship, over which maximum and mean are published.
WAYS = 3
#: Share of the published rating settings that are objectively checkable and therefore never inflated.
PUBLISHED_CHECKABLE = 0.25
#: Behaviours that are published as a difference of two shares, each of ``n`` episodes.
DIFFERENCES = (Behaviour.MISREPRESENTATION, Behaviour.ALIGNMENT_FAKING)
_COLUMNS = (
    "family",
    "behaviour",
    "subject",
    "relation",
    "value_max",
    "value_mean",
    "n_per_cell",
    "certainty",
    "source",
)
#: Columns that a table need not have: the task, and an upper bound where no value is published.
_PERHAPS = {"task": ANY_TASK, "value_most": ""}


@dataclass(frozen=True)
class Cell:
    """One published number.

    Attributes:
        family, behaviour, subject, relation, task: of which it is.
        p: probability after clipping to 0.5 / n.
        n: episodes it rests on.
        low, high: between which the mean over the ways of telling lies (95 %, Clopper and Pearson, 1934).
        certainty: how it is known.
    """

    family: str
    behaviour: Behaviour
    subject: str
    relation: str
    task: str
    p: float
    n: int
    low: float
    high: float
    certainty: Certainty


@dataclass(frozen=True)
class _Line:
    """One row of the file, read and checked: shares instead of percent, None where nothing stands."""

    key: tuple[str, Behaviour, str, str]
    task: str
    mean: float | None
    most: float | None
    bound: float | None
    n: int
    reading: str


def find_table(name: str, beside: Path | None) -> Path:
    """A table's file: beside the world file, else among the shipped worlds.

    Raises:
        WorldError: in neither place.
    """
    for folder in ([beside] if beside else []) + [worlds_folder()]:
        if (folder / name).is_file():
            return folder / name
    raise WorldError("rates.table", name, f"a CSV file beside the world file or in {worlds_folder()}")


def read_cells(path: Path, which: str, task: str = ANY_TASK) -> list[Cell]:
    """The cells of a table of rates.

    Args:
        path: the file.
        which: ``mean`` or ``max`` over the ways of telling.
        task: the task, where the table tells tasks of a behaviour apart.

    Raises:
        WorldError: a column is missing, a row cannot be read, or no row has the task.
    """
    return list(_cells(path, which, task, path.stat().st_mtime_ns))


@lru_cache(maxsize=32)
def _cells(path: Path, which: str, task: str, changed: int) -> tuple[Cell, ...]:
    """The cells of a file as it was at one moment: read once by a process that makes many societies."""
    lines = _lines(path)
    tasks = sorted({line.task for line in lines} - {ANY_TASK})
    if task not in (ANY_TASK, *tasks):
        raise WorldError("rates.task", task, f"one of {', '.join([ANY_TASK, *tasks])}: the tasks of {path.name}")
    part = _part_of_maximum(lines)
    told_apart = {line.key[1] for line in lines if line.task != ANY_TASK}
    found: dict[tuple[str, Behaviour, str, str], Cell] = {}
    for line in lines:
        cell = _cell(line, which, part)
        if cell is None or line.task not in (ANY_TASK, task):
            continue
        if line.task == ANY_TASK and task != ANY_TASK and line.key[1] in told_apart:
            if line.key in found:
                continue
            cell = _of_two_tasks(cell)
        found[line.key] = cell
    return tuple(found.values())


def _lines(path: Path) -> list[_Line]:
    rows = [(place, {**_PERHAPS, **row}) for place, row in read_rows(path, _COLUMNS)]
    for _, row in rows:
        row["task"] = row["task"] or ANY_TASK
    once(rows, "family", "behaviour", "subject", "relation", "task")
    return [_line(place, row) for place, row in rows]


def _line(place: str, row: Row) -> _Line:
    try:
        behaviour, n = Behaviour[row["behaviour"].upper()], int(row["n_per_cell"])
        mean, most, bound = (float(row[c]) / 100 if row[c] else None for c in ("value_mean", "value_max", "value_most"))
    except (KeyError, ValueError) as error:
        raise WorldError(place, row, f"numbers in percent and known behaviours ({error})") from error
    fits = row["subject"] in SUBJECTS and row["relation"] in (*RELATIONS, "none") and n >= 1
    if not fits or any(value is not None and not 0 <= value <= 1 for value in (mean, most, bound)):
        raise WorldError(place, row, "subject peer/self, relation none/bad/neutral/good, 0..100 %, n > 0")
    if mean is not None and most is not None and mean > most:
        raise WorldError(place, Said(f"value_mean {row['value_mean']} is above value_max"), "a mean up to the maximum")
    key = (row["family"], behaviour, row["subject"], row["relation"])
    return _Line(key, row["task"], mean, most, bound, n, row["certainty"])


def _part_of_maximum(lines: Iterable[_Line]) -> float:
    """What part of the maximum over the ways of telling the mean is where only the maximum is published.

    The lower quartile of the cells with both; 1 / WAYS, the least that is possible, where none has both.
    """
    parts = [line.mean / line.most for line in lines if line.mean is not None and line.most]
    return float(np.quantile(parts, 0.25)) if parts else 1 / WAYS


def _cell(line: _Line, which: str, part: float) -> Cell | None:
    """What a row says of the mean or the maximum; None if it says nothing of it."""
    mean, most = line.mean, line.most
    if line.key[3] == "none" and mean is None:
        mean = most  # where there is no relationship, it is not told in several ways
    if which == "max":
        mean = most
    p, certainty, (low, high) = 0.0, Certainty.PUBLISHED_MEAN, (0.0, 0.0)
    if mean is not None:
        p, (low, high) = mean, _interval(mean, line)
        if which == "max":
            certainty = Certainty.PUBLISHED_MAX
    elif which == "mean" and most is not None:
        p, certainty, (low, high) = most * part, Certainty.PUBLISHED_MAX, _interval(most, line)
        low /= WAYS
    elif line.bound is not None:
        p, certainty, (low, high) = line.bound, Certainty.BOUND, (0.0, line.bound)
    else:
        return None
    if line.reading.startswith("assumed"):
        certainty = Certainty.ASSUMED
    smallest = 0.5 / line.n
    return Cell(*line.key, line.task, min(max(p, smallest), 1 - smallest), line.n, low, high, certainty)


def _interval(p: float, line: _Line) -> tuple[float, float]:
    """95 % interval of a share of n episodes; of a difference of two shares as of one of n / 2 episodes."""
    n = line.n / 2 if line.key[1] in DIFFERENCES else float(line.n)
    k = p * n
    low = float(betaincinv(k, n - k + 1, 0.025)) if k > 0 else 0.0
    high = float(betaincinv(k + 1, n - k, 0.975)) if k < n else 1.0
    return low, high


def _of_two_tasks(cell: Cell) -> Cell:
    """A mean over two tasks, where that of one of them is asked for: any that the other leaves possible."""
    low, high = max(0.0, 2 * cell.low - 1), min(1.0, 2 * cell.high)
    return replace(cell, low=low, high=high, certainty=max(cell.certainty, Certainty.POOLED))
