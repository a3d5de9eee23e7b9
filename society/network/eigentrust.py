"""EigenTrust: global reputation from local trust (Kamvar, Schlosser, Garcia-Molina, WWW 2003)."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from society.network.graph import Graph


def eigentrust(
    graph: Graph,
    trust: NDArray[np.float64],
    pretrusted: NDArray[np.bool_],
    damping: float = 0.1,
    start: NDArray[np.float64] | None = None,
    tolerance: float = 1e-12,
    most: int = 1000,
) -> NDArray[np.float64]:
    """Reputation: the fixed point of t <- (1 - a) C't + a p, C_ij = t_ij / sum_j t_ij, an empty row = p.

    Args:
        graph: directed ties.
        trust: float64[m], at least 0.
        pretrusted: bool[n]; p is uniform on it.
        damping: a.
        start: float64[n], where the iteration starts; p if absent.
        tolerance: largest change at which it stops.
        most: most iterations.

    Returns:
        float64[n], sums to 1.

    Example:
        >>> from society.network.social import complete
        >>> eigentrust(complete(4), np.ones(12), np.ones(4, bool)).tolist()
        [0.25, 0.25, 0.25, 0.25]
    """
    p = pretrusted / pretrusted.sum() if pretrusted.any() else np.full(graph.n, 1 / graph.n)
    source = graph.sources()
    total = np.bincount(source, trust, graph.n)
    weight = np.divide(trust, total[source], out=np.zeros(len(trust)), where=total[source] > 0)
    flow = csr_array((weight, (graph.indices, source)), shape=(graph.n, graph.n))
    idle = total <= 0
    t = p.copy() if start is None else start / start.sum()
    for _ in range(most):
        after = (1 - damping) * (flow @ t + t[idle].sum() * p) + damping * p
        if np.abs(after - t).max() < tolerance:
            return np.asarray(after)
        t = after
    return np.asarray(t)


def clique_share(leak: float, damping: float) -> float:
    """Reputation of a closed clique into which others send a share ``leak`` of their trust: (1-a) e / (a + (1-a) e).

    In the fixed point of ``eigentrust`` the clique keeps (1-a) x of its x and receives (1-a) e (1 - x), while all of a
    goes to the pre-trusted outside; its size does not matter.

    Args:
        leak: e, share of every other agent's trust that goes into the clique.
        damping: a.

    Returns:
        Share of all reputation; 1 for a = 0 (a sink), 0 without a leak.

    Raises:
        ValueError: a share is not in [0, 1].

    Example:
        >>> round(clique_share(0.05, 0.1), 4)
        0.3103
    """
    if not 0 <= leak <= 1 or not 0 <= damping <= 1:
        raise ValueError(f"leak and damping must be in [0, 1], not {leak}, {damping}")
    into = (1 - damping) * leak
    return into / (damping + into) if into else 0.0
