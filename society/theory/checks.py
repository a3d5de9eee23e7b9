"""What ratings and audits withstand: colluders among raters, and how long bad acts stay unseen."""

import math

from scipy import stats
from scipy.integrate import quad


def mean_shift(colluders: int, raters: int) -> float:
    """Share of one colluder's bias that reaches the mean of all ratings: c / n.

    Args:
        colluders: c, raters that add the same bias.
        raters: n, all of them.

    Raises:
        ValueError: not 0 <= c <= n, or n is below 1.

    Example:
        >>> mean_shift(3, 9) == 1 / 3
        True
    """
    _check(colluders, raters)
    return colluders / raters


def median_shift(colluders: int, raters: int) -> float:
    """How far colluders who rate far too high move the expected median, in standard deviations of an honest rating.

    All colluders stand above the honest, so the median of n (odd) is the ((n + 1) / 2)-th smallest of n - c normal ratings;
    its expectation is an integral over the order statistic (David and Nagaraja, Order Statistics, 2003, 3.1).

    Args:
        colluders: c.
        raters: n, odd.

    Returns:
        The shift; infinity from c = (n + 1) / 2 on, where the median breaks down.

    Raises:
        ValueError: not 0 <= c <= n, or n is not odd.

    Example:
        >>> [round(median_shift(c, 9), 3) for c in (1, 2, 3, 4, 5)]
        [0.153, 0.353, 0.642, 1.163, inf]
    """
    _check(colluders, raters)
    if raters % 2 == 0:
        raise ValueError(f"raters must be odd, not {raters}")
    honest, place = raters - colluders, (raters + 1) // 2
    if place > honest:
        return math.inf
    ways = place * math.comb(honest, place)

    def weighed(x: float) -> float:
        below, above = float(stats.norm.cdf(x)), float(stats.norm.sf(x))
        return float(x * ways * below ** (place - 1) * above ** (honest - place) * stats.norm.pdf(x))

    return float(quad(weighed, -12, 12, epsabs=1e-12, limit=200)[0])


def undetected(audited: float, sensitivity: float, acts: int) -> float:
    """Probability that none of ``acts`` bad acts is found by random audits: (1 - a s)^k.

    Args:
        audited: a, share of acts audited.
        sensitivity: s, probability that an audit sees what is there.
        acts: k.

    Raises:
        ValueError: a share is not in [0, 1] or k is negative.

    Example:
        >>> round(undetected(0.05, 0.8, 20), 4)
        0.442
    """
    if not 0 <= audited <= 1 or not 0 <= sensitivity <= 1 or acts < 0:
        raise ValueError(f"shares in [0, 1] and acts >= 0 are needed, not {audited}, {sensitivity}, {acts}")
    return float((1 - audited * sensitivity) ** acts)


def first_detection(audited: float, sensitivity: float) -> float:
    """Mean number of bad acts up to and with the first that random audits find: 1 / (a s), infinity without audits.

    Args:
        audited: a, share of acts audited.
        sensitivity: s, probability that an audit sees what is there.

    Raises:
        ValueError: a share is not in [0, 1].

    Example:
        >>> round(first_detection(0.05, 0.8), 9)
        25.0
    """
    undetected(audited, sensitivity, 1)
    rate = audited * sensitivity
    return 1 / rate if rate else math.inf


def _check(colluders: int, raters: int) -> None:
    if raters < 1 or not 0 <= colluders <= raters:
        raise ValueError(f"0 <= colluders <= raters and raters >= 1 are needed, not {colluders}, {raters}")
