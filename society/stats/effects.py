"""Sizes of effects between two conditions that share their seeds: standardised means, shares and ratios of odds and risks.

All take one value per seed and condition (float64[seeds], the same seeds in the same order) and give an interval over
seeds, never over events: events within a run depend on each other.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from society.ground.errors import MeasureError
from society.stats.intervals import Estimate
from society.stats.jackknife import jackknife, same_seeds
from society.stats.seed_means import mean_estimate

Floats = NDArray[np.float64]


def mean_difference(values: ArrayLike, baseline: ArrayLike) -> Estimate:
    """Mean of values - baseline over seeds, with its interval.

    Args:
        values: float64[seeds], any unit.
        baseline: float64[seeds], the same seeds under the other condition.

    Raises:
        MeasureError: lengths differ, or a value is not finite.

    Example:
        >>> mean_difference([2.0, 4.0, 7.0], [1.0, 1.0, 2.0]).value
        3.0
    """
    return mean_estimate(_gaps("mean difference", values, baseline), differences=True)


def cohen_dz(values: ArrayLike, baseline: ArrayLike) -> Estimate:
    """Paired Cohen's d_z: mean of the differences over their standard deviation (ddof 1), with its interval.

    Source: Cohen, Statistical Power Analysis (1988), eq. 2.3.5; Lakens, Frontiers in Psychology 4:863 (2013), eq. 6.
    Arguments as in ``mean_difference``; NaN for one seed or equal differences of 0, infinite for other equal differences.

    Example:
        >>> cohen_dz([2.0, 3.0, 4.0], [1.0, 1.0, 1.0]).value
        2.0
    """
    return jackknife([_gaps("Cohen's d_z", values, baseline)], _standardised)


def hedges_g(values: ArrayLike, baseline: ArrayLike) -> Estimate:
    """Hedges' g: difference of means over the pooled standard deviation, corrected for small samples, interval by the jackknife.

    Unlike d_z its unit is the spread between seeds, so that effects of paired and unpaired studies compare.
    Source: Hedges, Journal of Educational Statistics 6:107 (1981), exact correction with 2 n - 2 degrees of freedom.
    Arguments as in ``mean_difference``.

    Example:
        >>> round(hedges_g([4.0, 5.0, 6.0], [3.0, 4.0, 5.0]).value, 4)
        0.7979
    """
    a, b = same_seeds("Hedges' g", values, baseline)
    half = max(len(a) - 1, 0.5)
    correction = (
        float(np.exp(special.gammaln(half) - special.gammaln(half - 0.5)) / np.sqrt(half)) if len(a) > 1 else np.nan
    )

    def g(one: Floats, other: Floats) -> Any:
        pooled = np.sqrt((one.var(ddof=1) + other.var(ddof=1)) / 2)
        return correction * (one.mean() - other.mean()) / pooled

    return jackknife([a, b], g)


def cohen_h(values: ArrayLike, baseline: ArrayLike) -> Estimate:
    """Cohen's h of two shares, 2 asin sqrt(p) - 2 asin sqrt(q), p and q means over seeds, with its interval.

    Source: Cohen (1988), eq. 6.2.1.

    Args:
        values: float64[seeds], shares 0..1 (or 0 and 1: whether it happened in that seed).
        baseline: float64[seeds], the same seeds under the other condition.

    Raises:
        MeasureError: lengths differ, or a value lies outside 0..1.

    Example:
        >>> round(cohen_h([1, 1, 1, 1], [0, 1, 0, 1]).value, 4)
        1.5708
    """
    return jackknife(_shares("Cohen's h", values, baseline), _h)


def odds_ratio(values: ArrayLike, baseline: ArrayLike) -> Estimate:
    """Ratio of the odds of two shares, means over seeds, with its interval.

    Where a share is exactly 0 or 1, half a seed is added to all four cells (Haldane, Annals of Human Genetics 20:309,
    1956), and the method says so. Arguments as in ``cohen_h``.

    Example:
        >>> round(odds_ratio([0.5, 0.7, 0.6, 0.6], [0.2, 0.1, 0.3, 0.2]).value, 4)
        6.0
    """
    return _ratio("odds ratio", values, baseline, lambda yes, no: yes / no)


def risk_ratio(values: ArrayLike, baseline: ArrayLike) -> Estimate:
    """Ratio of two shares, means over seeds, with its interval; half seeds and arguments as in ``odds_ratio``.

    Example:
        >>> round(risk_ratio([0.1, 0.2, 0.1, 0.2], [0.5, 0.7, 0.6, 0.6]).value, 4)
        0.25
    """
    return _ratio("risk ratio", values, baseline, lambda yes, no: yes / (yes + no))


def _ratio(name: str, values: ArrayLike, baseline: ArrayLike, of: Any) -> Estimate:
    shares = _shares(name, values, baseline)
    sums = [float(one.sum()) for one in shares]
    half = 0.5 if any(total in (0.0, float(len(shares[0]))) for total in sums) else 0.0

    def ratio(a: Floats, b: Floats) -> Any:
        above, below = (of(one.sum() + half, (1 - one).sum() + half) for one in (a, b))
        return above / below

    found = jackknife(shares, ratio, "log")
    return Estimate(found.value, found.low, found.high, found.n, found.method + (", half a seed added" if half else ""))


def _gaps(name: str, values: ArrayLike, baseline: ArrayLike) -> Floats:
    a, b = same_seeds(name, values, baseline)
    return a - b


def _standardised(gaps: Floats) -> Any:
    return gaps.mean() / gaps.std(ddof=1)


def _h(a: Floats, b: Floats) -> Any:
    p, q = (np.clip(one.mean(), 0.0, 1.0) for one in (a, b))
    return 2 * np.arcsin(np.sqrt(p)) - 2 * np.arcsin(np.sqrt(q))


def _shares(name: str, values: ArrayLike, baseline: ArrayLike) -> tuple[Floats, ...]:
    data = same_seeds(name, values, baseline)
    for one in data:
        if one.min() < 0 or one.max() > 1:
            raise MeasureError(f"{name}: {one.min()}..{one.max()} is not valid: shares lie in 0..1")
    return data
