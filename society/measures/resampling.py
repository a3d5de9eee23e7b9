"""Bootstrap intervals over seeds: bias-corrected and accelerated, and said so where only percentiles are possible."""

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from society.ground.errors import MeasureError
from society.measures.intervals import Estimate

Floats = NDArray[np.float64]
#: A statistic of one or several samples along an axis: ``statistic(a, b, axis=-1)``.
Statistic = Callable[..., Any]


def bootstrap(
    samples: Sequence[ArrayLike], statistic: Statistic, seed: int = 0, draws: int = 9999, level: float = 0.95
) -> Estimate:
    """A statistic of paired samples with its bootstrap interval over seeds, BCa where it exists.

    Seeds are drawn with all their samples together, so what is common to the conditions of a seed stays common.
    Source: Efron, JASA 82:171 (1987); Efron and Tibshirani, An Introduction to the Bootstrap (1993), ch. 14.

    Args:
        samples: float64[seeds] each, all of one length: the same seeds in the same order.
        statistic: called as ``statistic(*samples, axis=-1)``, also on float64[draws, seeds].
        seed: of the resampling.
        draws: resamples.
        level: of confidence.

    Returns:
        method ``bca``; ``percentile`` where the acceleration or the bias cannot be found (all seeds alike, or a statistic
        beyond every resample); bounds are NaN for fewer than two seeds, or where these are not finite either.

    Raises:
        MeasureError: lengths differ, or a value is not finite.

    Example:
        >>> found = bootstrap([[1.0, 2.0, 4.0, 8.0]], np.mean)
        >>> found.value, found.method, found.low < 3 < found.high
        (3.75, 'bca', True)
    """
    data = same_seeds("bootstrap", *samples)
    n = len(data[0])
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # Resamples of one seed alone divide by zero; what comes of it is judged below.
        warnings.simplefilter("ignore")
        value = float(statistic(*data, axis=-1))
        for method in ("BCa", "percentile") if n >= 2 and math.isfinite(value) else ():
            found = stats.bootstrap(
                data, statistic, n_resamples=draws, confidence_level=level, method=method, paired=True, rng=seed
            ).confidence_interval
            if math.isfinite(found.low) and math.isfinite(found.high):
                return Estimate(value, float(found.low), float(found.high), n, method.lower())
    return Estimate(value, math.nan, math.nan, n, "percentile")


def bootstrap_mean(values: ArrayLike, seed: int = 0, draws: int = 9999, level: float = 0.95) -> Estimate:
    """Mean over seeds with its BCa interval; arguments as in ``bootstrap``.

    Example:
        >>> bootstrap_mean([3.0, 3.0, 3.0])
        Estimate(value=3.0, low=3.0, high=3.0, n=3, method='percentile')
    """
    return bootstrap([values], np.mean, seed, draws, level)


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
