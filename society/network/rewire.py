"""Degree-preserving rewiring: the null model of a network, and its homophilous variant."""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from society.ground.chance import Chance, fold, unit
from society.network.graph import Graph, from_edges

#: Attempted swaps per edge.
SWEEPS = 10


def degree_preserving(graph: Graph, chance: Chance) -> Graph:
    """A random symmetric graph with the same degrees (double edge swaps; Maslov and Sneppen, Science 2002)."""
    return _swapped(graph, np.zeros(graph.n), chance)


def homophilous(graph: Graph, attribute: NDArray[np.float64], chance: Chance) -> Graph:
    """The same degrees, ties between alike: swaps are kept only if they bring attributes of tied nodes no further apart.

    Args:
        graph: symmetric.
        attribute: float64[n].
        chance: keyed luck.
    """
    return _swapped(graph, np.asarray(attribute, dtype=np.float64), chance)


def _swapped(graph: Graph, attribute: NDArray[np.float64], chance: Chance) -> Graph:
    source, target = graph.sources().astype(np.int64), graph.indices.astype(np.int64)
    once = source < target
    a, b = source[once].copy(), target[once].copy()
    if len(a) > 1:
        _swap(a, b, attribute, graph.n, SWEEPS * len(a), chance.key("rewire"))
    return from_edges(graph.n, a, b, symmetric=True)


@njit(cache=True)
def _swap(a: Any, b: Any, attribute: Any, n: Any, attempts: Any, key: Any) -> None:
    there = set()
    for edge in range(len(a)):
        there.add(min(a[edge], b[edge]) * n + max(a[edge], b[edge]))
    for attempt in range(attempts):
        luck = fold(key, attempt)
        e, f = np.int64(unit(luck) * len(a)), np.int64(unit(fold(luck, 1)) * len(a))
        u, v, x, y = a[e], b[e], a[f], b[f]
        if unit(fold(luck, 2)) < 0.5:
            x, y = y, x
        if u == x or u == y or v == x or v == y:
            continue
        before = abs(attribute[u] - attribute[v]) + abs(attribute[x] - attribute[y])
        after = abs(attribute[u] - attribute[y]) + abs(attribute[x] - attribute[v])
        first, second = min(u, y) * n + max(u, y), min(x, v) * n + max(x, v)
        if after > before or first in there or second in there:
            continue
        there.remove(min(u, v) * n + max(u, v))
        there.remove(min(x, y) * n + max(x, y))
        there.add(first)
        there.add(second)
        a[e], b[e], a[f], b[f] = u, y, x, v
