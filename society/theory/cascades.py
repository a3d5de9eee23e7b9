"""Cascades and epidemics on random graphs: where they become possible, and how far they go."""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from scipy.optimize import brentq

#: Mean degrees between which the ends of the window are looked for, and steps of the search.
_DEGREES = np.geomspace(1e-3, 1e4, 20_001)
#: Poisson probabilities below this are nothing.
_TINY = 1e-16


def cascade_window(phi: float) -> tuple[float, float] | None:
    """Mean degrees of a Poisson graph between which one seed can set off a global cascade.

    An agent protects once a share ``phi`` of its ties does; it gives in to one tie if it has at most K = floor(1 / phi).
    The ends are the roots of z P[Poisson(z) <= K - 2] = 1 (Watts, PNAS 99:5766, 2002, eq. 5).

    Args:
        phi: threshold, the same for all, 0 < phi <= 1.

    Returns:
        (lower, upper) mean degree; None if no mean degree allows a cascade.

    Raises:
        ValueError: phi is not in (0, 1].

    Example:
        >>> [round(z, 4) for z in cascade_window(0.18)]
        [1.0207, 5.7647]
        >>> cascade_window(0.3) is None
        True
    """
    if not 0 < phi <= 1:
        raise ValueError(f"phi must be in (0, 1], not {phi}")
    most = math.floor(1 / phi + 1e-9) - 2

    def excess(z: float) -> float:
        return float(z * stats.poisson.cdf(most, z) - 1)

    above = np.flatnonzero(_DEGREES * stats.poisson.cdf(most, _DEGREES) > 1)
    if not len(above):
        return None
    low, high = _DEGREES[above[0] - 1 : above[0] + 1], _DEGREES[above[-1] : above[-1] + 2]
    return float(brentq(excess, *low, xtol=1e-12)), float(brentq(excess, *high, xtol=1e-12))


def gleeson_cahalane(z: float, phi: float, seed: float) -> float:
    """Final share of protectors on a large Poisson graph when a share ``seed`` of the agents starts.

    q = s + (1 - s) sum_k k p_k / z sum_m Bin(m; k - 1, q) [m >= phi k], from q = s upwards; then the same over p_k and
    Bin(m; k, q) (Gleeson and Cahalane, PRE 75:056103, 2007, eqs. 1-3).

    Args:
        z: mean degree.
        phi: threshold, the same for all, 0 < phi <= 1.
        seed: share of agents that protect at the start, 0..1.

    Returns:
        The share at the end.

    Raises:
        ValueError: z is negative, phi is not in (0, 1] or seed not in [0, 1].

    Example:
        >>> round(gleeson_cahalane(4, 0.18, 1e-3), 5)
        0.98019
    """
    if z < 0 or not 0 < phi <= 1 or not 0 <= seed <= 1:
        raise ValueError(f"z >= 0, phi in (0, 1] and seed in [0, 1] are needed, not {z}, {phi}, {seed}")
    k = np.arange(int(stats.poisson.isf(_TINY, z)) + 2)
    p = stats.poisson.pmf(k, z)
    needed = np.maximum(np.ceil(phi * k - 1e-9), 1)  # protecting ties that convince an agent of degree k
    q = seed
    for _ in range(100_000):
        # an end of a tie has degree k with probability k p_k / z, which is p_(k-1) for Poisson degrees
        after = seed + (1 - seed) * float((p[:-1] * stats.binom.sf(needed[1:] - 1, k[:-1], q)).sum())
        if abs(after - q) < 1e-14:
            break
        q = after
    return seed + (1 - seed) * float((p * stats.binom.sf(needed - 1, k, q)).sum())


def giant_component(r0: float) -> float:
    """Share of the giant component when every member has ``r0`` Poisson-distributed offspring: S = 1 - exp(-R0 S).

    It is the size of a large epidemic and, from one seed, its probability (Newman, PRE 66:016128, 2002).

    Args:
        r0: mean offspring: probability of transmission times mean degree on an Erdos-Renyi graph.

    Returns:
        The largest root, 0 for r0 <= 1.

    Raises:
        ValueError: r0 is negative.

    Example:
        >>> [round(giant_component(r0), 4) for r0 in (0.8, 1.2, 1.5, 2, 3)]
        [0.0, 0.3137, 0.5828, 0.7968, 0.9405]
    """
    if r0 < 0:
        raise ValueError(f"r0 must be at least 0, not {r0}")
    if r0 <= 1:
        return 0.0
    root: float = brentq(lambda share: share + math.expm1(-r0 * share), (r0 - 1) / r0**2, 1.0, xtol=1e-14)
    return float(root)


def percolation_threshold(degrees: ArrayLike) -> float:
    """Probability of transmission above which contagion can reach a share of a graph: <k> / (<k^2> - <k>).

    Exact for large graphs that are random but for their degrees (Molloy and Reed, 1995; Newman, 2002).

    Args:
        degrees: int[n], the degree of every node.

    Returns:
        The threshold; infinity if no node has two ties.

    Raises:
        ValueError: there are no degrees or negative ones.

    Example:
        >>> percolation_threshold([4] * 100)  # 1 / (k - 1)
        0.3333333333333333
    """
    k = np.asarray(degrees, dtype=np.float64)
    if not len(k) or (k < 0).any():
        raise ValueError("degrees must be a list of numbers, at least 0")
    branching = float((k * k).mean() - k.mean())
    return float(k.mean()) / branching if branching > 0 else math.inf
