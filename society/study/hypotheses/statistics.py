"""Estimates over seeds: intervals by bootstrap, p by sign flips, several claims by Holm's method."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from society.ground.chance import Chance

Floats = NDArray[np.float64]
#: Resamples of seeds, sign flips.
RESAMPLES, FLIPS = 2000, 20_000


@dataclass(frozen=True)
class Estimate:
    """A number with its uncertainty over seeds.

    Attributes:
        value: of all seeds.
        low, high: 95 % BCa interval; inner_low, inner_high: 90 %, for equivalence.
        samples: values of the resamples, sorted.
        each: float64[seeds], None where only means have a value.
    """

    value: float
    low: float
    high: float
    inner_low: float
    inner_high: float
    samples: Floats
    each: Floats | None = None

    @property
    def d_z(self) -> float:
        """Paired effect size: mean over standard deviation of the seeds' values (Cohen, 1988); NaN without such."""
        if self.each is None or len(self.each) < 2 or self.each.std(ddof=1) == 0:
            return math.nan
        return float(self.each.mean() / self.each.std(ddof=1))


def estimated(statistic: Callable[[NDArray[np.int64]], float], seeds: int, each: Floats | None = None) -> Estimate:
    """A statistic with bias-corrected and accelerated intervals (Efron, JASA 82:171, 1987), seeds resampled.

    Args:
        statistic: a number from int64[seeds], the seeds that enter, with repetition.
        seeds: how many there are.
        each: float64[seeds], where the statistic is their mean.

    Example:
        >>> x = np.array([1.0, 2.0, 3.0, 4.0])
        >>> found = estimated(lambda rows: float(x[rows].mean()), 4, x)
        >>> found.value, found.low < 2.5 < found.high
        (2.5, True)
    """
    luck, every = Chance(1), np.arange(seeds)
    value = statistic(every)
    draws = np.array([statistic(luck.integers(seeds, "resample", number, every)) for number in range(RESAMPLES)])
    draws = np.sort(draws[~np.isnan(draws)])
    if math.isnan(value) or len(draws) < RESAMPLES // 2:
        return Estimate(value, math.nan, math.nan, math.nan, math.nan, draws, each)
    without = np.array([statistic(np.delete(every, one)) for one in every])
    gap = np.nanmean(without) - without
    cube, square = np.nansum(gap**3), np.nansum(gap**2)
    speed = cube / (6 * square**1.5) if square > 0 else 0.0
    below = ((draws < value).mean() + (draws <= value).mean()) / 2
    bias = float(special.ndtri(min(max(below, 1e-3), 1 - 1e-3)))

    def bound(level: float) -> float:
        z = bias + special.ndtri(level)
        return float(np.quantile(draws, special.ndtr(bias + z / (1 - speed * z))))

    return Estimate(value, bound(0.025), bound(0.975), bound(0.05), bound(0.95), draws, each)


def p_above(estimate: Estimate, bound: float) -> float:
    """One-sided p of "not above": sign flips of the seeds' values less the bound, or the share of resamples below it.

    Flips: all of them up to 14 seeds, 20,000 drawn beyond (Fisher, 1935; Pitman, 1937).

    Example:
        >>> each = np.array([1.0, 2.0, 1.5])
        >>> p_above(Estimate(1.5, 1, 2, 1, 2, np.array([]), each), 0.0)
        0.125
    """
    if estimate.each is None:
        if not len(estimate.samples):
            return 1.0
        return float((1 + (estimate.samples <= bound).sum()) / (1 + len(estimate.samples)))
    gaps, n = estimate.each - bound, len(estimate.each)
    if n <= 14:
        signs = 1 - 2 * (np.arange(2**n)[:, None] >> np.arange(n) & 1)
    else:
        signs = 1 - 2 * Chance(2).integers(2, "flip", np.arange(FLIPS)[:, None], np.arange(n))
        signs[0] = 1
    return float((signs @ gaps >= gaps.sum() - 1e-12 * np.abs(gaps).sum()).mean())


def p_below(estimate: Estimate, bound: float) -> float:
    """One-sided p of "not below"."""
    each = None if estimate.each is None else -estimate.each
    mirrored = Estimate(-estimate.value, 0, 0, 0, 0, -estimate.samples, each)
    return p_above(mirrored, -bound)


def holm(p: Sequence[float]) -> list[float]:
    """p values adjusted for their number (Holm, Scandinavian Journal of Statistics 6:65, 1979).

    Example:
        >>> [round(one, 12) for one in holm([0.01, 0.04, 0.03])]
        [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p)), key=lambda one: p[one])
    adjusted, highest = [0.0] * len(p), 0.0
    for rank, one in enumerate(order):
        highest = max(highest, min(1.0, (len(p) - rank) * p[one]))
        adjusted[one] = highest
    return adjusted
