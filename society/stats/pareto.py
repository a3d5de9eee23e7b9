"""What is safe and useful at once: the scale of usefulness, and the points that nothing beats in both."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from society.ground.errors import MeasureError

Floats = NDArray[np.float64]


def usefulness(performance: ArrayLike, trusted: float, untrusted: float) -> Floats:
    """Performance on the scale from the trusted (0) to the untrusted (1) alone.

    Args:
        performance: float64[...], any unit, such as shares of right answers.
        trusted: performance with the trusted agents alone.
        untrusted: performance without oversight.

    Raises:
        MeasureError: the two ends are equal, so there is no scale.

    Example:
        >>> usefulness([0.7, 0.6], trusted=0.5, untrusted=0.75).round(3).tolist()
        [0.8, 0.4]
    """
    if trusted == untrusted:
        raise MeasureError(f"usefulness: trusted and untrusted are both {trusted!r}: there is no scale between them")
    return np.asarray((np.asarray(performance, dtype=np.float64) - trusted) / (untrusted - trusted))


def pareto(safe: ArrayLike, useful: ArrayLike) -> NDArray[np.bool_]:
    """Which points nothing beats: no other is at least as good in both and better in one. NaN is never on the frontier.

    Args:
        safe: float64[points], higher is better.
        useful: float64[points], higher is better.

    Raises:
        MeasureError: lengths differ.

    Example:
        >>> pareto([0.9, 0.5, 0.4, 0.9], [0.2, 0.8, 0.7, 0.1]).tolist()
        [True, True, False, False]
    """
    x, y = np.asarray(safe, dtype=np.float64), np.asarray(useful, dtype=np.float64)
    if x.shape != y.shape or x.ndim != 1:
        raise MeasureError(f"frontier: {x.shape} safeties with {y.shape} usefulnesses: one of each per point")
    as_good = (x[:, None] >= x) & (y[:, None] >= y)
    better = (x[:, None] > x) | (y[:, None] > y)
    return np.asarray(~((as_good & better).any(axis=0) | np.isnan(x) | np.isnan(y)))
