"""Groups that decide by majority: how often they are right, with independent and with shared errors."""

import math

from scipy import stats


def condorcet(n: int, p: float) -> float:
    """Probability that a majority of ``n`` independent voters is right (Condorcet, 1785): P[Bin(n, p) > n / 2].

    Args:
        n: voters; a tie is decided by a coin.
        p: probability that one of them is right.

    Returns:
        The probability.

    Raises:
        ValueError: n is below 1 or p not in [0, 1].

    Example:
        >>> round(condorcet(11, 0.6), 4)
        0.7535
    """
    _check(n, p, 0.0)
    tie = float(stats.binom.pmf(n / 2, n, p)) if n % 2 == 0 else 0.0
    return float(stats.binom.sf(n // 2, n, p)) + tie / 2


def condorcet_correlated(n: int, p: float, rho: float) -> float:
    """The same when errors of any two voters correlate: each is right with a common theta ~ Beta(p k, (1 - p) k).

    k = 1 / rho - 1, so that rho is the correlation of two votes: the beta-binomial (Ladha, AJPS 36:617, 1992).

    Args:
        n: voters; a tie is decided by a coin.
        p: probability that one of them is right.
        rho: correlation of two votes, 0..1.

    Returns:
        The probability.

    Raises:
        ValueError: n is below 1, p or rho not in [0, 1].

    Example:
        >>> round(condorcet_correlated(11, 0.7, 0.4), 4)
        0.7374
    """
    _check(n, p, rho)
    if rho == 0 or p in (0, 1):
        return condorcet(n, p)
    if rho == 1:
        return p
    k = 1 / rho - 1
    votes = stats.betabinom(n, p * k, (1 - p) * k)
    tie = float(votes.pmf(n // 2)) if n % 2 == 0 else 0.0
    return float(votes.sf(n // 2)) + tie / 2


def condorcet_limit(p: float, rho: float) -> float:
    """What ``condorcet_correlated`` comes to with ever more voters: P[theta > 1 / 2].

    Args:
        p: probability that one voter is right.
        rho: correlation of two votes, 0..1.

    Returns:
        The probability; below 1 wherever rho is above 0 and p below 1.

    Raises:
        ValueError: p or rho not in [0, 1].

    Example:
        >>> round(condorcet_limit(0.7, 0.4), 4)
        0.7455
    """
    _check(1, p, rho)
    if rho == 0 or p in (0, 1):
        return 0.5 if p == 0.5 else math.floor(p + 0.5) * 1.0
    if rho == 1:
        return p
    k = 1 / rho - 1
    return float(stats.beta.sf(0.5, p * k, (1 - p) * k))


def _check(n: int, p: float, rho: float) -> None:
    if n < 1 or not 0 <= p <= 1 or not 0 <= rho <= 1:
        raise ValueError(f"n >= 1, p and rho in [0, 1] are needed, not {n}, {p}, {rho}")
