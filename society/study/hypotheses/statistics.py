"""Estimates of a claim over seeds: its value, intervals of 95 and 90 %, and the p values of its predictions."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from society.stats import seed_means
from society.stats.jackknife import Scale, bounds_from, pseudo_values, to_scale

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A number with its uncertainty over seeds.

    Attributes:
        value: of all seeds.
        low, high: 95 % interval; inner_low, inner_high: 90 %, for equivalence. NaN for fewer than 3 seeds.
        each: float64[seeds], values of the seeds on the scale, whose mean it is; pseudo-values of the jackknife where only means
            over seeds have a value.
        scale: of what it is a mean.
        differences: whether each value is a difference of two measures.
    """

    value: float
    low: float
    high: float
    inner_low: float
    inner_high: float
    each: Floats
    scale: Scale = "plain"
    differences: bool = False

    @property
    def d_z(self) -> float:
        """Paired effect size on the scale: mean over standard deviation of the seeds' values (Cohen, 1988); NaN where they
        are all alike."""
        if len(self.each) < 2 or not self.each.std(ddof=1) > 0:
            return math.nan
        return float(self.each.mean() / self.each.std(ddof=1))


def estimated(value: float, each: Floats, scale: Scale = "plain", differences: bool = False) -> Estimate:
    """A value with its intervals.

    Args:
        value: of all seeds.
        each: float64[seeds], as in ``Estimate``; no interval where one of them is not finite.
        scale: of what it is a mean.
        differences: as in ``Estimate``.

    Example:
        >>> found = estimated(2.5, np.array([1.0, 2.0, 3.0, 4.0]))
        >>> found.low < found.inner_low < 2.5 < found.inner_high < found.high
        True
    """
    if math.isnan(value) or not len(each) or not np.isfinite(each).all():
        return Estimate(value, math.nan, math.nan, math.nan, math.nan, np.zeros(0), scale, differences)
    outer = seed_means.mean_estimate(each, differences=differences)
    low, high = bounds_from(scale, outer.low, outer.high)
    inner_low, inner_high = bounds_from(scale, *seed_means.inner_interval(each, differences=differences))
    return Estimate(value, low, high, inner_low, inner_high, each, scale, differences)


def over_seeds(statistic: Callable[[NDArray[np.int64]], float], seeds: int, scale: Scale = "plain") -> Estimate:
    """A statistic of means over seeds with its intervals, by the jackknife.

    Args:
        statistic: a number from int64[some], the seeds that enter.
        seeds: how many there are.
        scale: on which it is nearest to a mean; plain where it has no value on that scale.

    Example:
        >>> a, b = np.array([2.0, 4.0, 6.0, 5.0]), np.array([1.0, 2.0, 3.0, 3.0])
        >>> found = over_seeds(lambda rows: float(a[rows].mean() / b[rows].mean()), 4, "log")
        >>> round(found.value, 3), 0 < found.low < 1.9 < found.high
        (1.889, True)
    """
    each, used = pseudo_values(statistic, seeds, scale)
    return estimated(statistic(np.arange(seeds)), each, used)


def p_above(estimate: Estimate, bound: float) -> float:
    """One-sided p of "not above"; 1 where nothing can be said.

    Example:
        >>> p_above(estimated(1.5, np.array([1.0, 2.0, 1.5, 1.6, 1.2, 1.9])), 0.0) < 0.05
        True
    """
    return _p(estimate, bound, estimate.scale != "log of the rest")


def p_below(estimate: Estimate, bound: float) -> float:
    """One-sided p of "not below"; 1 where nothing can be said."""
    return _p(estimate, bound, estimate.scale == "log of the rest")


def _p(estimate: Estimate, bound: float, above: bool) -> float:
    if not len(estimate.each):
        return 1.0
    with np.errstate(all="ignore"):
        on_scale = float(to_scale(estimate.scale, bound))
    beyond = -math.inf if math.isnan(on_scale) else on_scale
    p = (seed_means.p_above if above else seed_means.p_below)(estimate.each, beyond, estimate.differences)
    return 1.0 if math.isnan(p) else p
