"""Intervals of shares of independent trials: Wilson's, and Newcombe's of their differences."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from society.ground.errors import MeasureError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """One number with its interval.

    Attributes:
        value: the point estimate, in the unit of what was estimated.
        low: lower bound, NaN where there is none.
        high: upper bound, NaN where there is none.
        n: how many independent things it rests on (seeds, or trials of a 2x2 table).
        method: how the bounds were found: ``skewed t``, ``jackknife``, ``newcombe`` and so on.
    """

    value: float
    low: float
    high: float
    n: int
    method: str


@dataclass(frozen=True)
class Statistic:
    """One number with the p value of a test that it is nothing.

    Attributes:
        value: the statistic, in its own unit; NaN where there is none.
        p: two-sided unless its function says otherwise; NaN where there is none.
        n: how many things it rests on.
        method: the test.
    """

    value: float
    p: float
    n: int
    method: str


def wilson(successes: ArrayLike, n: ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
    """Wilson's score interval of shares (Wilson, JASA 1927): two float64 arrays, NaN where n is 0.

    Raises:
        MeasureError: successes are not from 0 to n, as in a record whose numbers were made up.

    Example:
        >>> low, high = wilson(0, 10)
        >>> round(float(low), 3), round(float(high), 3)
        (0.0, 0.278)
    """
    k, size = np.asarray(successes, dtype=np.float64), np.asarray(n, dtype=np.float64)
    if ((k < 0) | (k > size)).any():
        raise MeasureError("shares: there are fewer trials than successes, or fewer successes than none")
    z = float(special.ndtri(0.5 + level / 2))
    safe = np.where(size > 0, size, np.nan)
    p = k / safe
    middle = (p + z**2 / (2 * safe)) / (1 + z**2 / safe)
    half = z / (1 + z**2 / safe) * np.sqrt(p * (1 - p) / safe + z**2 / (4 * safe**2))
    low = np.where(k == 0, 0.0, np.maximum(middle - half, 0.0)) + 0 * safe
    high = np.where(k == size, 1.0, np.minimum(middle + half, 1.0)) + 0 * safe
    return low, high


def newcombe(k1: float, n1: float, k2: float, n2: float, level: float = 0.95) -> Estimate:
    """Difference of two independent shares, k1 / n1 - k2 / n2, with Newcombe's hybrid score interval.

    Source: Newcombe, Statistics in Medicine 17:873 (1998), method 10: the distances of Wilson's bounds from the two
    shares, added in quadrature.

    Args:
        k1: successes of the first group.
        n1: its trials; with 0 trials in a group everything is NaN.
        k2: successes of the second group.
        n2: its trials.
        level: of confidence.

    Example:
        >>> found = newcombe(56, 70, 48, 80)
        >>> round(found.value, 4), round(found.low, 4), round(found.high, 4)
        (0.2, 0.0524, 0.3339)
    """
    (low1, high1), (low2, high2) = ((float(side) for side in wilson(k, n, level)) for k, n in ((k1, n1), (k2, n2)))
    p1, p2 = (k / n if n else math.nan for k, n in ((k1, n1), (k2, n2)))
    gap = p1 - p2
    below, above = math.hypot(p1 - low1, high2 - p2), math.hypot(high1 - p1, p2 - low2)
    return Estimate(gap, gap - below, gap + above, int(n1 + n2), "newcombe")
