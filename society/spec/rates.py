"""The table of published rates: reading it, clipping it, and filling its holes by stated rules.

Cells are log-odds over (family, behaviour, subject, relation). Every cell knows its origin: ``published``, ``max_only``
(no mean is published, so the maximum stands in), or ``assumed``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from society.ground.csv_files import once, read_rows
from society.ground.errors import WorldError
from society.ground.words import RELATION_TRUST, Behaviour
from society.spec.load import worlds_folder

RELATIONS = ("bad", "neutral", "good")
TRUSTS = np.array([RELATION_TRUST[relation] for relation in RELATIONS])
SUBJECTS = ("peer", "self")
#: Share of the published rating settings that are objectively checkable and therefore never inflated.
PUBLISHED_CHECKABLE = 0.25
#: Episodes per published cell, where a behaviour has no row to say so (arXiv:2604.19784).
EPISODES = {
    Behaviour.MISREPRESENTATION: 600,
    Behaviour.TAMPERING: 300,
    Behaviour.EXFILTRATION: 200,
    Behaviour.ALIGNMENT_FAKING: 300,
    Behaviour.REFUSAL: 1700,
}
_COLUMNS = [
    "family",
    "behaviour",
    "subject",
    "relation",
    "value_max",
    "value_mean",
    "n_per_cell",
    "certainty",
    "source",
]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Cell:
    """One published number: family, behaviour, subject, relation; probability after clipping; origin."""

    family: str
    behaviour: Behaviour
    subject: str
    relation: str
    p: float
    origin: str
    certainty: str


@dataclass(frozen=True)
class Rates:
    """Log-odds for the families of a world.

    Attributes:
        families: names, in the order of the first axis.
        related: float64[families, behaviours, 2 (peer, self), 3 (bad, neutral, good)], log-odds of the probability
            that is published (misrepresentation, alignment faking: the difference).
        alone: float64[families, behaviours], log-odds with no live tie (subject self, relation none).
        origin: the same shapes as text: published, max_only or assumed.
    """

    families: tuple[str, ...]
    related: Floats
    alone: Floats
    related_origin: NDArray[np.str_]
    alone_origin: NDArray[np.str_]


def logit(p: NDArray[np.float64] | float) -> Floats:
    """Log-odds of probabilities in (0, 1)."""
    values = np.asarray(p, dtype=np.float64)
    return np.asarray(np.log(values) - np.log1p(-values))


def find_table(name: str, beside: Path | None) -> Path:
    """A table's file: beside the world file, else among the shipped worlds.

    Raises:
        WorldError: in neither place.
    """
    for folder in ([beside] if beside else []) + [worlds_folder()]:
        if (folder / name).is_file():
            return folder / name
    raise WorldError("rates_table", name, f"a CSV file beside the world file or in {worlds_folder()}")


def read_cells(path: Path, which: str) -> list[Cell]:
    """The cells of a table of rates; ``which`` is ``mean`` or ``max``.

    Raises:
        WorldError: a column is missing, or a row cannot be read.
    """
    return list(_cells(path, which, path.stat().st_mtime_ns))


@lru_cache(maxsize=16)
def _cells(path: Path, which: str, changed: int) -> tuple[Cell, ...]:
    """The cells of a file as it was at one moment: read once by a process that makes many societies."""
    cells, rows = [], read_rows(path, _COLUMNS)
    once(rows, "family", "behaviour", "subject", "relation")
    for place, row in rows:
        try:
            behaviour = Behaviour[row["behaviour"].upper()]
            n = int(row["n_per_cell"])
            mean, most = (float(row[c]) if row[c] else None for c in ("value_mean", "value_max"))
        except (KeyError, ValueError) as error:
            raise WorldError(place, row, f"numbers in percent and known behaviours ({error})") from error
        value, origin = (mean, "published") if which == "mean" and mean is not None else (most, "published")
        if which == "mean" and mean is None:
            origin = "max_only"
        if value is None:
            continue
        if (
            row["subject"] not in SUBJECTS
            or row["relation"] not in (*RELATIONS, "none")
            or n < 1
            or not 0 <= value <= 100
        ):
            raise WorldError(place, row, "subject peer/self, relation none/bad/neutral/good, 0..100 %, n > 0")
        p = min(max(value / 100, 0.5 / n), 1 - 0.5 / n)
        origin = "assumed" if row["certainty"].startswith("assumed") else origin
        cells.append(Cell(row["family"], behaviour, row["subject"], row["relation"], p, origin, row["certainty"]))
    return tuple(cells)


def fill(cells: list[Cell], families: Iterable[str]) -> Rates:
    """The whole table for some families, holes filled by the rules of ``worlds/ODD.md`` (Submodels, minds)."""
    return _filled(tuple(cells), tuple(families))


@lru_cache(maxsize=16)
def _filled(cells: tuple[Cell, ...], names: tuple[str, ...]) -> Rates:
    """The same table for the same cells and names: one for all societies of a process, so nobody may write to it."""
    known = sorted({cell.family for cell in cells})
    everyone = [*known, *(name for name in names if name not in known)]
    related = np.full((len(everyone), len(Behaviour), 2, 3), np.nan)
    alone = np.full((len(everyone), len(Behaviour)), np.nan)
    related_origin = np.full(related.shape, "assumed", dtype="U9")
    alone_origin = np.full(alone.shape, "assumed", dtype="U9")
    for cell in cells:
        f, b = everyone.index(cell.family), int(cell.behaviour)
        if cell.relation == "none":
            alone[f, b], alone_origin[f, b] = logit(cell.p), cell.origin
        else:
            at = (f, b, SUBJECTS.index(cell.subject), RELATIONS.index(cell.relation))
            related[at], related_origin[at] = logit(cell.p), cell.origin
    for behaviour in Behaviour:
        _fill_behaviour(related[:, behaviour], alone[:, behaviour], behaviour)
    rows = [everyone.index(name) for name in names]
    columns = (related[rows], alone[rows], related_origin[rows], alone_origin[rows])
    for column in columns:
        column.flags.writeable = False
    return Rates(names, *columns)


def _fill_behaviour(related: Floats, alone: Floats, behaviour: Behaviour) -> None:
    """Fill one behaviour in place: related float64[families, 2, 3], alone float64[families]."""
    smallest = float(logit(0.5 / EPISODES[behaviour]))
    steps = _median_steps(related[:, 0], np.zeros(2))
    for subject in (0, 1):
        steps = _median_steps(related[:, subject], steps)
        for row in related[:, subject]:
            _fill_row(row, steps)
    rare = behaviour in (Behaviour.REFUSAL, Behaviour.ALIGNMENT_FAKING)
    for subject in (0, 1):
        has = ~np.isnan(related[:, subject]).any(axis=1)
        default = np.median(related[has, subject], axis=0) if has.any() and not rare else np.full(3, smallest)
        related[~has, subject] = default
    has_alone = ~np.isnan(alone)
    alone[~has_alone] = np.median(alone[has_alone]) if has_alone.any() and not rare else smallest


def _median_steps(rows: Floats, otherwise: Floats) -> Floats:
    """Median log-odds steps (bad to neutral, neutral to good) of the families that have all three cells."""
    whole = rows[~np.isnan(rows).any(axis=1)]
    return np.asarray(np.median(np.diff(whole, axis=1), axis=0)) if len(whole) else otherwise


def _fill_row(row: Floats, steps: Floats) -> None:
    """Fill bad, neutral, good of one family in place, from whichever it has."""
    there = np.flatnonzero(~np.isnan(row))
    if len(there) == 0 or len(there) == 3:
        return
    if np.isnan(row[1]) and len(there) == 2:
        row[1] = np.interp(TRUSTS[1], TRUSTS[[0, 2]], row[[0, 2]])
        return
    offsets = np.array([0.0, steps[0], steps[0] + steps[1]])
    anchor = int(there[-1])
    for cell in range(3):
        if np.isnan(row[cell]):
            row[cell] = row[anchor] + offsets[cell] - offsets[anchor]
