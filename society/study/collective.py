"""How much of protection is collective: three questions, answered on the same seeds with intervals between them.

Is there more of it together than each agent's own propensity at that moment explains? How much is gone where norm and requests weigh
nothing? And how much is more than in nulls with as many eligible agents and the same rates?
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from society.ground.errors import SocietyError, WorldError
from society.measures.collective import (
    MOST,
    at_least,
    beside,
    by_eligible,
    choices,
    per_order,
    rate,
    shuffled_by_eligible,
)
from society.measures.protection import collective_surplus
from society.measures.shuffled_cascades import cascades_beyond
from society.stats.intervals import Estimate
from society.stats.jackknife import jackknife, pseudo_values
from society.stats.power import seeds_needed
from society.stats.seed_means import FEWEST, estimate_for_table
from society.study.run.models import Models
from society.study.run.nulls import from_outside
from society.study.run.results import Result
from society.study.sweep.driver import Progress, Swept, sweep
from society.study.sweep.kept import place_of
from society.world.experiment import Experiment, Listed, Stop
from society.world.load import load_world
from society.world.population import EdgeList
from society.world.world import World

#: Kinds of minds that norm and requests pull by the world's weights, or by fitted ones.
PULLED = ("calibrated", "fitted")
#: Effects smaller than this, in standard deviations between seeds, are not waited for: 78,000 seeds and more.
LEAST = 0.01
COLUMNS = ("part", "against", "measure", "full", "other", "value", "low", "high", "seeds", "method", "needed")
Floats = NDArray[np.float64]
Row = dict[str, Any]


@dataclass(frozen=True)
class Seed:
    """What one run is compared by.

    Attributes:
        protected: share of its orders that somebody protected.
        table: orders by eligible agents, as of ``by_eligible``.
        each: share of eligible agents that protected.
    """

    protected: float
    table: Floats
    each: float


def conditions(world: World) -> tuple[str, ...]:
    """What a world is run as, besides itself: words of its field ``null``.

    Raises:
        WorldError: it is a null itself, or no weight moves any of its minds.

    Example:
        >>> conditions(load_world("decommission"))
        ('no_pull', 'independent', 'homophily')
    """
    if world.null != "none":
        raise WorldError("null", world.null, "none: the nulls are run beside it")
    kinds = {family.mind.kind for family in world.families.values()}
    if not kinds & set(PULLED):
        raise WorldError(
            "families", ", ".join(sorted(kinds)), "a calibrated or fitted mind: no weight pulls the others"
        )
    if from_outside(world):  # intercepts are fitted by running it again and again
        return ("no_pull",)
    tied = world.episodes is not None or isinstance(world.agents.graph, EdgeList)
    return ("no_pull", "independent") if tied else ("no_pull", "independent", "homophily")


def unmoved(world: World) -> list[str]:
    """Families that keep whatever pull they have in every condition, as no weight moves their minds.

    Example:
        >>> unmoved(load_world("decommission"))
        []
    """
    return [name for name, family in world.families.items() if family.mind.kind not in PULLED]


def collective_table(
    world: str = "decommission", seeds: int = 8, changes: Mapping[str, Any] | None = None, out: Path | None = None,
    workers: int | None = None, progress: Progress | None = None,
) -> pd.DataFrame:  # fmt: skip
    """The three parts of collective protection, and cascades, between seeds.

    Args:
        world: name or file of the world.
        seeds: of each condition, the same in all.
        changes: of the world, by dotted path.
        out: folder of the study; one named after the world if absent. Records are kept in it.
        workers: processes.
        progress: called with (runs done, runs in all).

    Returns:
        A row per number. ``part``: *surplus* (beyond propensities), *pull* (share due to it), *null* (beyond a null), *match* (whether
        the null is as it should be), *cascade*. ``against``: what it is held against. ``measure``: ``order.protected``,
        ``P(X >= k)`` over orders with two eligible agents, ``eligible`` agents per order, ``rate`` of them, share ``covered``, ``R_e``.
        ``full``, ``other``: means over seeds; ``value``: their difference, of *pull* (full - other) / full. ``low``, ``high``: 95 %
        between seeds, NaN where there is none; ``method``: how. ``needed``: seeds at which four studies of five would leave 0
        out, were effect and spread as found (by Student's t, so that it is a few more); NaN if there is none, or over 78,000.

    Raises:
        WorldError: the world is none, is a null, or has no minds that weights pull.
        SocietyError: no seed was run in all conditions.

    Example:
        found = collective_table("decommission", seeds=20).set_index(["part", "against", "measure"])
        found.loc[("pull", "no_pull", "P(X >= 2)"), ["value", "low", "high"]]
    """
    changes = dict(changes or {})
    nulls = conditions(load_world(world, changes))
    cells: tuple[dict[str, Any], ...] = ({}, *({"null": name} for name in nulls))
    study = sweep(
        Experiment(
            name="collective", base=world, set=changes, design=Listed(cells=cells), seeds=seeds, measures=("order.protected",),
            keep_records=True, stop=Stop(failed=len(cells) * seeds),
        ),
        out, workers, progress=progress, models=Models(offline=True),
    )  # fmt: skip
    rows = whole_seeds(study, len(cells))
    full, others = (rows[rows["cell"] == 0], {name: rows[rows["cell"] == 1 + at] for at, name in enumerate(nulls)})
    return pd.DataFrame(_parts(study.folder, full, others), columns=list(COLUMNS))


def whole_seeds(study: Swept, cells: int) -> pd.DataFrame:
    """The rows of the seeds that were run in all cells, by cell and seed.

    Raises:
        SocietyError: there are none.
    """
    done = study.table[study.table["error"] == ""] if len(study.table) else study.table
    whole = done.groupby("seed")["cell"].nunique() if len(done) else pd.Series(dtype=int)
    kept = set(whole.index[whole == cells])
    if not kept:
        why = study.stopped or next((error for error in study.table.get("error", ()) if error), "")
        raise SocietyError(f"no seed was run in all {cells} conditions{': ' if why else ''}{why}")
    return done[done["seed"].isin(kept)].sort_values(["cell", "seed"])


def _parts(folder: Path, full: pd.DataFrame, others: Mapping[str, pd.DataFrame]) -> Iterator[Row]:
    """All rows; records are read one after the other, and let go of."""
    mine, surplus, cascade, shuffled = [], [], [], []
    for row in full.itertuples():
        record = Result(place_of(folder, str(row.key)))
        chosen = choices(record)
        mine.append(_seed(row, full, chosen))
        shuffled.append(Seed(math.nan, shuffled_by_eligible(chosen), mine[-1].each))
        surplus.append(collective_surplus(record, MOST)[["observed", "independent"]].to_numpy(np.float64))
        cascade.append(cascades_beyond(record).loc["secondary", ["observed", "shuffled"]].to_numpy(np.float64))
    for k, (observed, alone) in enumerate(np.moveaxis(np.array(surplus), 0, -1), 1):
        yield _difference("surplus", "own propensity", _at(k), observed, alone)
    theirs = {
        name: [_seed(row, some, _chosen(folder, row)) for row in some.itertuples()] for name, some in others.items()
    }
    yield from _pull(mine, theirs.pop("no_pull"))
    for name, these in {"shuffled": shuffled, **theirs}.items():
        yield from _beyond(name, mine, these)
    yield _difference("cascade", "other chances", "R_e", *np.array(cascade).T)


def _chosen(folder: Path, row: Any) -> pd.DataFrame:
    return choices(Result(place_of(folder, str(row.key))))


def _seed(row: Any, table: pd.DataFrame, chosen: pd.DataFrame) -> Seed:
    protected = table["order.protected"].astype(np.float64) if "order.protected" in table else None
    return Seed(math.nan if protected is None else float(protected[row.Index]), by_eligible(chosen, MOST), rate(chosen))


def _at(k: int) -> str:
    return f"P(X >= {k})"


def _pull(full: list[Seed], off: list[Seed]) -> Iterator[Row]:
    """Shares of what is there that are gone without pull."""
    yield _share("order.protected", *(np.array([one.protected for one in some]) for some in (full, off)))
    on, without = (np.array([at_least(one.table) for one in some]) for some in (full, off))
    for k in range(1, MOST + 1):
        yield _share(_at(k), on[:, k - 1], without[:, k - 1])


def _beyond(name: str, full: list[Seed], null: list[Seed]) -> Iterator[Row]:
    """What goes beyond a null at the same numbers of eligible agents, and whether those and the rates match."""
    found = [beside(one.table, two.table) for one, two in zip(full, null, strict=True)]
    here, there = np.array([one.full for one in found]), np.array([one.other for one in found])
    for k in range(1, MOST + 1):
        yield _difference("null", name, _at(k), here[:, k - 1], there[:, k - 1])
    numbers: list[tuple[str, Callable[[Seed], float]]] = [
        ("eligible", lambda one: per_order(one.table)),
        ("rate", lambda one: one.each),
    ]
    for word, of in numbers:
        yield _difference("match", name, word, *(np.array([of(one) for one in some]) for some in (full, null)))
    covered = np.array([one.covered for one in found])
    yield _difference("match", name, "covered", np.ones(len(covered)), covered)


def _difference(part: str, against: str, measure: str, full: Floats, other: Floats) -> Row:
    """Means over the seeds that have both, and their difference."""
    there = np.isfinite(full) & np.isfinite(other)
    gaps = full[there] - other[there]
    return _row(part, against, measure, full[there], other[there], estimate_for_table(gaps), _needed(gaps))


def _share(measure: str, full: Floats, off: Floats) -> Row:
    """(full - off) / full of the means, by the logarithm of what is left where something is."""
    there = np.isfinite(full) & np.isfinite(off)
    full, off = full[there], off[there]

    def gone(one: Any, two: Any) -> float:
        return float(1 - two.mean() / one.mean()) if one.any() else math.nan

    found, needed = Estimate(math.nan, math.nan, math.nan, len(full), "none"), math.nan
    if len(full) and full.any() and (full == off).all():
        found = Estimate(0.0, math.nan, math.nan, len(full), "alike")
    elif len(full):
        found = jackknife([full, off], gone, "log of the rest")
    if found.high > 1:  # no more than all of it can be due to pull
        found = replace(found, high=1.0)
    if found.method == "alike":  # as in all tables
        found = replace(found, low=math.nan, high=math.nan)
    if len(full) > 1:
        with np.errstate(all="ignore"):
            needed = _needed(pseudo_values(lambda at: gone(full[at], off[at]), len(full), "log of the rest")[0])
    return _row("pull", "no_pull", measure, full, off, found, needed)


def _needed(values: Floats) -> float:
    """Seeds at which a mean as it was found would be told from 0 in four studies of five; NaN if that cannot be said."""
    if len(values) < 2 or not np.isfinite(values).all() or not np.ptp(values):
        return math.nan
    size = float(values.mean() / values.std(ddof=1))
    return float(max(FEWEST, seeds_needed(size))) if abs(size) >= LEAST else math.nan


def _row(part: str, against: str, measure: str, full: Floats, other: Floats, found: Estimate, needed: float) -> Row:
    one, two = (float(some.mean()) if len(some) else math.nan for some in (full, other))
    told = (part, against, measure, one, two, found.value, found.low, found.high, found.n, found.method, needed)
    return dict(zip(COLUMNS, told, strict=True))
