"""Intervals: Wilson for shares, Student's t for means between seeds."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Floats = NDArray[np.float64]


def wilson(successes: ArrayLike, n: ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
    """Wilson's score interval of shares (Wilson, JASA 1927): two float64 arrays, NaN where n is 0.

    Example:
        >>> low, high = wilson(0, 10)
        >>> round(float(low), 3), round(float(high), 3)
        (0.0, 0.278)
    """
    k, size = np.asarray(successes, dtype=np.float64), np.asarray(n, dtype=np.float64)
    z = float(special.ndtri(0.5 + level / 2))
    safe = np.where(size > 0, size, np.nan)
    p = k / safe
    middle = (p + z**2 / (2 * safe)) / (1 + z**2 / safe)
    half = z / (1 + z**2 / safe) * np.sqrt(p * (1 - p) / safe + z**2 / (4 * safe**2))
    low = np.where(k == 0, 0.0, np.maximum(middle - half, 0.0)) + 0 * safe
    high = np.where(k == size, 1.0, np.minimum(middle + half, 1.0)) + 0 * safe
    return low, high


def mean_interval(values: ArrayLike, level: float = 0.95) -> tuple[float, float, float]:
    """Mean and t-interval of independent values (one per seed): NaN bounds for fewer than two.

    Example:
        >>> [round(x, 3) for x in mean_interval([1, 2, 3])]
        [2.0, -0.484, 4.484]
    """
    array = np.asarray(values, dtype=np.float64)
    if not len(array):
        return math.nan, math.nan, math.nan
    mean = float(array.mean())
    if len(array) < 2:
        return mean, math.nan, math.nan
    half = float(special.stdtrit(len(array) - 1, 0.5 + level / 2) * array.std(ddof=1) / math.sqrt(len(array)))
    return mean, mean - half, mean + half
