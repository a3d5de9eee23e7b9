"""Degree-preserving rewiring: the null model of a network, and its homophilous variant."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from society.ground.chance import Chance, fold, mix, unit
from society.ground.kernels import kernel
from society.network.graph import Graph, from_edges

#: Attempted swaps per edge.
SWEEPS = 10
#: An empty slot of the table of edges.
EMPTY = -1


def degree_preserving(graph: Graph, chance: Chance, stream: str = "rewire") -> Graph:
    """A random graph with the same degrees, by double edge swaps (Maslov and Sneppen, Science 296, 2002).

    Args:
        graph: symmetric.
        chance: keyed luck.
        stream: word of the luck that is used.

    Returns:
        A symmetric graph; every node has the degree it had.

    Example:
        >>> from society.network.social import ring
        >>> np.diff(degree_preserving(ring(50, 4), Chance(1)).indptr).tolist() == [4] * 50
        True
    """
    return _swapped(graph, np.zeros(graph.n), 0.0, chance.key(stream))


def homophilous(graph: Graph, attribute: NDArray[np.float64], chance: Chance, strength: float = 1.0) -> Graph:
    """The same degrees, ties between alike: swaps are kept only if they bring attributes of tied nodes no further apart.

    Args:
        graph: symmetric.
        attribute: float64[n].
        chance: keyed luck.
        strength: share of attempted swaps, 0 .. 1, that must pass that test; 0 is ``degree_preserving``.

    Returns:
        A symmetric graph; every node has the degree it had.

    Example:
        >>> from society.network.social import ring
        >>> kind = np.arange(200) % 2.0  # half of the ring's ties are between alike
        >>> alike = homophilous(ring(200, 4), kind, Chance(1))
        >>> bool((kind[alike.sources()] == kind[alike.indices]).mean() > 0.85)
        True
    """
    return _swapped(graph, np.asarray(attribute, dtype=np.float64), strength, chance.key("rewire"))


def _swapped(graph: Graph, attribute: NDArray[np.float64], strength: float, key: np.uint64) -> Graph:
    source, target = graph.sources().astype(np.int64), graph.indices.astype(np.int64)
    once = source < target
    a, b = source[once].copy(), target[once].copy()
    if len(a) > 1:
        _swap(a, b, attribute, strength, graph.n, SWEEPS * len(a), key)
    return from_edges(graph.n, a, b, symmetric=True)


@kernel
def _swap(a: Any, b: Any, attribute: Any, strength: Any, n: Any, attempts: Any, key: Any) -> None:
    table = _table(a, b, n)
    for attempt in range(attempts):
        luck = fold(key, attempt)
        e, f = np.int64(unit(luck) * len(a)), np.int64(unit(fold(luck, 1)) * len(a))
        u, v, x, y = a[e], b[e], a[f], b[f]
        if unit(fold(luck, 2)) < 0.5:
            x, y = y, x
        if u == x or u == y or v == x or v == y:
            continue
        if strength >= 1.0 or unit(fold(luck, 3)) < strength:
            before = abs(attribute[u] - attribute[v]) + abs(attribute[x] - attribute[y])
            after = abs(attribute[u] - attribute[y]) + abs(attribute[x] - attribute[v])
            if after > before:
                continue
        first, second = _name(u, y, n), _name(x, v, n)
        if table[_slot(table, first)] == first or table[_slot(table, second)] == second:
            continue
        _remove(table, _name(u, v, n))
        _remove(table, _name(x, y, n))
        table[_slot(table, first)] = first
        table[_slot(table, second)] = second
        a[e], b[e], a[f], b[f] = u, y, x, v


@kernel
def _name(i: Any, j: Any, n: Any) -> Any:
    """One number for the undirected edge i - j."""
    return min(i, j) * n + max(i, j)


@kernel
def _table(a: Any, b: Any, n: Any) -> Any:
    """A hash table of edges: a power of two of slots, at most half full, linear probing.

    Numba's own set never clears the slots of removed members; after many swaps it has no empty slot left and a
    search for an absent member does not end.
    """
    size = 4
    while size < 2 * len(a):
        size *= 2
    table = np.full(size, EMPTY, np.int64)
    for edge in range(len(a)):
        name = _name(a[edge], b[edge], n)
        table[_slot(table, name)] = name
    return table


@kernel
def _home(table: Any, name: Any) -> Any:
    return np.int64(mix(name) & np.uint64(len(table) - 1))


@kernel
def _slot(table: Any, name: Any) -> Any:
    """The slot that holds an edge, or the empty one where it would stand."""
    slot = _home(table, name)
    while table[slot] != EMPTY and table[slot] != name:
        slot = (slot + 1) & (len(table) - 1)
    return slot


@kernel
def _remove(table: Any, name: Any) -> None:
    """Empty a slot and move later entries of its run up (Knuth, TAOCP 3, algorithm 6.4R)."""
    last = len(table) - 1
    hole = _slot(table, name)
    slot = hole
    while True:
        slot = (slot + 1) & last
        if table[slot] == EMPTY:
            break
        if ((slot - _home(table, table[slot])) & last) >= ((slot - hole) & last):
            table[hole] = table[slot]
            hole = slot
    table[hole] = EMPTY
