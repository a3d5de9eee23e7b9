"""Statistics of several samples that share their seeds, with intervals over seeds: what leaving each seed out changes."""

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from society.ground.errors import MeasureError
from society.stats.intervals import Estimate
from society.stats.seed_means import mean_estimate

Floats = NDArray[np.float64]
#: What a statistic is a function of a mean of: itself; its logarithm, for ratios; the logarithm of 1 less it.
Scale = Literal["plain", "log", "log of the rest"]
#: A statistic of one or several samples: ``statistic(a, b)``.
Statistic = Callable[..., Any]


def jackknife(
    samples: Sequence[ArrayLike], statistic: Statistic, scale: Scale = "plain", level: float = 0.95
) -> Estimate:
    """A statistic of paired samples with its interval over seeds: that of the mean of its pseudo-values.

    Seeds are left out with all their samples together, so what is common to the conditions of a seed stays common.
    Source: Tukey's jackknife; Miller, Biometrika 61:1 (1974); the interval: ``seed_means.mean_estimate``.

    Args:
        samples: float64[seeds] each, all of one length: the same seeds in the same order.
        statistic: called as ``statistic(*samples)``.
        scale: on which it is nearest to a mean; plain where it has no value there.
        level: of confidence.

    Returns:
        method ``jackknife``, or ``alike`` where no seed changes it; bounds are NaN for fewer than three seeds, or where it has no
        value without one of them.

    Raises:
        MeasureError: lengths differ, or a value is not finite.

    Example:
        >>> found = jackknife([[2.0, 4.0, 6.0, 5.0], [1.0, 2.0, 3.0, 3.0]], lambda a, b: a.mean() / b.mean(), "log")
        >>> round(found.value, 3), 0 < found.low < 1.9 < found.high, found.method
        (1.889, True, 'jackknife')
    """
    data = same_seeds("jackknife", *samples)
    n = len(data[0])

    def of(rows: NDArray[np.int64]) -> float:
        return float(statistic(*(one[rows] for one in data)))

    with np.errstate(all="ignore"):
        value = of(np.arange(n))
        each, used = pseudo_values(of, n, scale) if n > 1 else (np.zeros(0), scale)
    if not len(each) or not np.isfinite(each).all():
        return Estimate(value, math.nan, math.nan, n, "jackknife")
    found = mean_estimate(each, level, differences=True)
    low, high = bounds_from(used, found.low, found.high)
    return Estimate(value, low, high, n, "alike" if found.method == "alike" else "jackknife")


def pseudo_values(
    statistic: Callable[[NDArray[np.int64]], Any], seeds: int, scale: Scale = "plain"
) -> tuple[Floats, Scale]:
    """A statistic of all seeds as a mean of one value per seed: float64[seeds, ...], and the scale they are on.

    Args:
        statistic: a number, or float64[...], from int64[some], the seeds that enter.
        seeds: how many there are, 2 at least.
        scale: on which it is nearest to a mean; plain where it has no value there for all seeds or without one of them.

    Example:
        >>> x = np.array([1.0, 2.0, 6.0])
        >>> pseudo_values(lambda rows: float(x[rows].mean()), 3)[0].round(9).tolist()
        [1.0, 2.0, 6.0]
    """
    every = np.arange(seeds)
    found = np.array([statistic(every), *(statistic(np.delete(every, one)) for one in every)])
    with np.errstate(all="ignore"):
        on_scale = to_scale(scale, found)
    if scale != "plain" and np.isfinite(on_scale).all():
        found = on_scale
    else:
        scale = "plain"
    return seeds * found[0] - (seeds - 1) * found[1:], scale


def to_scale(scale: Scale, value: Any) -> Any:
    """A number, or an array, on a scale."""
    return value if scale == "plain" else np.log(value if scale == "log" else 1 - value)


def bounds_from(scale: Scale, low: float, high: float) -> tuple[float, float]:
    """Bounds on a scale as bounds of the statistic; endless where they are beyond all numbers.

    Example:
        >>> bounds_from("log of the rest", -math.inf, 0.0)
        (0.0, 1.0)
    """
    if scale == "plain":
        return low, high
    with np.errstate(over="ignore"):
        low, high = float(np.exp(low)), float(np.exp(high))
    return (low, high) if scale == "log" else (1 - high, 1 - low)


def same_seeds(statistic: str, *samples: ArrayLike) -> tuple[Floats, ...]:
    """Samples as float64[seeds], checked to be finite and of one length.

    Raises:
        MeasureError: they are not; the message begins with the statistic's name.
    """
    data = tuple(np.asarray(sample, dtype=np.float64) for sample in samples)
    shapes = [one.shape for one in data]
    if len(set(shapes)) != 1 or data[0].ndim != 1 or not len(data[0]):
        raise MeasureError(
            f"{statistic}: samples of shapes {shapes}: one value per seed, the same seeds in each, is needed"
        )
    for number, one in enumerate(data):
        if not np.isfinite(one).all():
            where = int(np.flatnonzero(~np.isfinite(one))[0])
            raise MeasureError(
                f"{statistic}: sample {number}, seed {where}: {one[where]} is not finite: leave the seed out of all samples"
            )
    return data
