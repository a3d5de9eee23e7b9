"""Means over seeds and their intervals, by the sentences of README's "Statistics".

Values that are all 0 or 1 are counted exactly. Of others a mean is ruled out only if two statistics agree: Student's t, and
Hall's t, which is corrected for skewness, held to what it comes to for log-normal values (sigma 1) of either direction, of
which it may miss six in a hundred.
"""

import math
from functools import cache

import numpy as np
from scipy import optimize, stats


def interval(values, differences=False):
    """(mean, low, high); bounds are NaN for fewer than three values or where all are alike."""
    x = np.asarray(values, float)
    n, mean = len(x), x.mean() if len(x) else math.nan
    if n < 3 or (x == x[0]).all():
        return mean, math.nan, math.nan
    if set(x) <= {0.0, 1.0}:
        k = int(x.sum())
        return mean, float(stats.beta.ppf(0.025, k, n - k + 1)), float(stats.beta.ppf(0.975, k + 1, n - k))
    error = x.std(ddof=1) / math.sqrt(n)
    half = stats.t.ppf(0.975, n - 1) * error
    turned = [mean - error * t for t in hall_bounds(n, skewness(x))]
    return mean, min(mean - half, *turned), max(mean + half, *turned)


def skewness(x):
    """Third moment about the mean over the cube of the standard deviation (of n - 1)."""
    return ((x - x.mean()) ** 3).mean() / x.std(ddof=1) ** 3


def hall(t, skew, n):
    """Hall's transformation of Student's t: monotone, without skewness to the order of 1 / n."""
    a = skew / (3 * math.sqrt(n))
    return t + a * t**2 + a**2 * t**3 / 3 + a / 2


def hall_at(values, bound):
    """The size of Hall's t if the mean were ``bound``."""
    x = np.asarray(values, float)
    t = (x.mean() - bound) / (x.std(ddof=1) / math.sqrt(len(x)))
    return abs(hall(t, skewness(x), len(x)))


@cache
def critical(n):
    """The size of Hall's t that log-normal values pass in six samples of a hundred."""
    dice = np.random.default_rng(7)
    x = np.exp(dice.standard_normal((400_000, n)))
    t = (x.mean(axis=1) - math.exp(0.5)) / (x.std(axis=1, ddof=1) / math.sqrt(n))
    m = x - x.mean(axis=1, keepdims=True)
    skew = (m**3).mean(axis=1) / x.std(axis=1, ddof=1) ** 3
    return float(np.quantile(np.abs(hall(t, skew, n)), 0.94))


def hall_bounds(n, skew):
    """Student's t at which Hall's is at its critical size, below and above."""
    most = critical(n)
    return [optimize.brentq(lambda t, at=at: hall(t, skew, n) - at, -1e6, 1e6) for at in (-most, most)]
