"""Degree-preserving rewiring: the null model of a network, and its homophilous variant."""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from society.ground.chance import Chance, fold, mix, unit
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
    size = 16
    while size < 4 * len(a):
        size *= 2
    table = np.full(size, -1, np.int64)  # edges that exist, as keys in an open-addressing table
    for edge in range(len(a)):
        _insert(table, _edge(a[edge], b[edge], n))
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
        first, second = _edge(u, y, n), _edge(x, v, n)
        if after > before or table[_find(table, first)] >= 0 or table[_find(table, second)] >= 0:
            continue
        _remove(table, _edge(u, v, n))
        _remove(table, _edge(x, y, n))
        _insert(table, first)
        _insert(table, second)
        a[e], b[e], a[f], b[f] = u, y, x, v


@njit(cache=True)
def _edge(i: Any, j: Any, n: Any) -> Any:
    return np.int64(min(i, j)) * n + max(i, j)


@njit(cache=True)
def _home(table: Any, value: Any) -> Any:
    return np.int64(mix(value) & np.uint64(len(table) - 1))


@njit(cache=True)
def _find(table: Any, value: Any) -> Any:
    """Where a key is, or the empty place where it would go (linear probing; the table is never more than a quarter full)."""
    at = _home(table, value)
    while table[at] >= 0 and table[at] != value:
        at = (at + 1) % len(table)
    return at


@njit(cache=True)
def _insert(table: Any, value: Any) -> None:
    table[_find(table, value)] = value


@njit(cache=True)
def _remove(table: Any, value: Any) -> None:
    """Delete a key and move later ones of its run back, so that no marks of deleted keys pile up (Knuth, 6.4, R)."""
    hole = _find(table, value)
    at = hole
    while True:
        at = (at + 1) % len(table)
        if table[at] < 0:
            break
        home = _home(table, table[at])
        if (at - home) % len(table) >= (at - hole) % len(table):
            table[hole] = table[at]
            hole = at
    table[hole] = -1
