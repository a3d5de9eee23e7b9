"""Survival of targets under two conditions, run on the same seeds: log-rank within seeds, and restricted means."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from society.ground.errors import MeasureError
from society.measures.survival import durations, kaplan_meier, restricted_mean, stratified_log_rank
from society.record.reader import Record
from society.stats.intervals import Estimate

Floats = NDArray[np.float64]


def pooled_durations(records: Sequence[Record]) -> pd.DataFrame:
    """Targets of several runs below each other: the columns of ``survival.durations``, and seed (clusters for ``cox``).

    Raises:
        MeasureError: two of the runs have the same seed.
    """
    seeds = [int(record.manifest["seed"]) for record in records]
    if len(set(seeds)) < len(seeds):
        raise MeasureError(f"survival: seeds {seeds}: runs of one condition must differ in their seed")
    frames = [durations(record).assign(seed=seed) for record, seed in zip(records, seeds, strict=True)]
    return pd.concat(frames, ignore_index=True)


def log_rank_within_seeds(a: Sequence[Record], b: Sequence[Record]) -> float:
    """p-value of the log-rank test of all targets of two conditions, each compared within its seed.

    Args:
        a: runs of one condition, one per seed.
        b: runs of the other; seeds that only one condition has are left out.

    Raises:
        MeasureError: the two have no seed in common, or a seed comes twice.
    """
    first, second = pooled_durations(a), pooled_durations(b)
    shared = sorted(set(first["seed"]) & set(second["seed"]))
    if not shared:
        raise MeasureError(
            "survival: the two conditions have no seed in common, so nothing can be compared within seeds"
        )
    rows = pd.concat([first.assign(second=False), second.assign(second=True)], ignore_index=True)
    rows = rows[rows["seed"].isin(shared)]
    return stratified_log_rank(
        rows["ticks"].to_numpy(dtype=np.float64),
        rows["dead"].to_numpy(dtype=bool),
        rows["second"].to_numpy(dtype=bool),
        rows["seed"].to_numpy(),
    )


def restricted_mean_error(curve: pd.DataFrame, tau: float) -> float:
    """Standard error of ``restricted_mean``, treating targets as independent.

    Source: Klein and Moeschberger, Survival Analysis (2003), eq. 4.5.2: the area still to come after each death, squared,
    times Greenwood's term d / (n (n - d)). A death that leaves nobody at risk adds nothing.

    Args:
        curve: from ``kaplan_meier``.
        tau: end of the mean, in ticks.

    Example:
        >>> curve = kaplan_meier(np.array([1.0, 3.0]), np.ones(2, bool))
        >>> round(restricted_mean_error(curve, 3.0), 4)  # a mean of 1 and 3: sqrt(.5 * .5 / 2) * 2
        0.7071
    """
    times = curve["tick"].to_numpy()
    alive, at_risk = curve["survival"].to_numpy(), curve["at_risk"].to_numpy()
    widths = np.diff(np.append(np.minimum(times, tau), tau))
    rest = (widths * alive)[::-1].cumsum()[::-1]
    before = np.append(1.0, alive[:-1])
    with np.errstate(divide="ignore", invalid="ignore"):
        deaths = at_risk * (1 - alive / before)
        terms = np.where((times <= tau) & (at_risk - deaths > 1e-9), deaths / (at_risk * (at_risk - deaths)), 0.0)
    return math.sqrt(float((rest**2 * terms)[1:].sum()))


def restricted_mean_difference(
    a: Floats, a_dead: NDArray[np.bool_], b: Floats, b_dead: NDArray[np.bool_], tau: float, level: float = 0.95
) -> Estimate:
    """Mean survival time within tau of the first group minus that of the second, with a normal interval.

    It says by how many ticks the groups differ whether or not hazards are proportional. Targets count as independent: for
    runs on several seeds pair ``survival.rmst`` of each seed with ``effects.mean_difference`` instead.
    Source: Royston and Parmar, BMC Medical Research Methodology 13:152 (2013).

    Args:
        a: float64[n], times of the first group, to death or to the end of observation, in ticks.
        a_dead: bool[n], whether each died then.
        b: float64[m], times of the second group.
        b_dead: bool[m].
        tau: end of the means, in ticks; not beyond the last time of either group.
        level: of confidence.

    Raises:
        MeasureError: a group is empty, or tau lies beyond its last time while some of it still lived.

    Example:
        >>> yes = np.ones(2, bool)
        >>> restricted_mean_difference(np.array([2.0, 4.0]), yes, np.array([1.0, 3.0]), yes, tau=4.0).value
        1.0
    """
    means, errors = [], []
    for name, ticks, dead in (("first", a, a_dead), ("second", b, b_dead)):
        last = float(np.max(ticks, initial=0.0))
        if not len(ticks) or (tau > last and not dead[ticks == last].all()):
            raise MeasureError(f"restricted mean: tau {tau:g} lies beyond the last tick of the {name} group, {last:g}")
        curve = kaplan_meier(ticks, dead)
        means.append(restricted_mean(curve, tau))
        errors.append(restricted_mean_error(curve, tau))
    half = float(special.ndtri(0.5 + level / 2)) * math.hypot(*errors)
    gap = means[0] - means[1]
    return Estimate(gap, gap - half, gap + half, len(a) + len(b), "greenwood")
