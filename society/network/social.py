"""Social graphs: the standard random models, keyed, in time proportional to their edges; and edge lists from files."""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from society.ground.chance import Chance, fold, unit
from society.ground.csv_files import number as cell_number
from society.ground.csv_files import read_rows
from society.ground.errors import Said, WorldError
from society.ground.kernels import kernel
from society.network.graph import Graph, from_edges

#: A skip past every pair, which int64 still holds.
FAR = 4e18


def watts_strogatz(n: int, k: int, rewire: float, chance: Chance) -> Graph:
    """A ring of k neighbours whose ties are rewired with a probability (Watts and Strogatz, Nature 393, 1998).

    A rewired tie that meets one that is there already is dropped: a few in a million nodes.

    Args:
        n: nodes.
        k: mean degree, even, below n.
        rewire: probability, 0 .. 1, that a tie keeps only one of its ends.
        chance: keyed luck.

    Raises:
        WorldError: k is odd, negative or not below n; rewire is no probability.

    Example:
        >>> watts_strogatz(10, 4, 0.0, Chance(1)).m
        40
    """
    if k % 2 or not 0 <= k < max(n, 1):
        raise WorldError("agents.graph.k", k, f"an even number, at least 0 and below {n} nodes")
    if not 0 <= rewire <= 1:
        raise WorldError("agents.graph.rewire", rewire, "a probability, 0 .. 1")
    source, target = _watts_strogatz(n, k, rewire, chance.key("watts_strogatz"))
    return from_edges(n, source, target, symmetric=True)


def barabasi_albert(n: int, m: int, chance: Chance) -> Graph:
    """Newcomers tie themselves to m others in proportion to their degree (Barabasi and Albert, Science 286, 1999).

    Args:
        n: nodes; the first m + 1 are all tied to each other.
        m: ties of a newcomer.
        chance: keyed luck.

    Example:
        >>> barabasi_albert(100, 2, Chance(1)).m == 2 * (1 + 2 * 98)
        True
    """
    source, target = _barabasi_albert(n, m, chance.key("barabasi_albert"))
    return from_edges(n, source, target, symmetric=True)


def erdos_renyi(n: int, mean_degree: float, chance: Chance) -> Graph:
    """Every pair tied with probability mean_degree / (n - 1), by geometric skips (Batagelj and Brandes, PRE 71, 2005).

    Args:
        n: nodes.
        mean_degree: expected ties of a node, at most n - 1.
        chance: keyed luck.

    Example:
        >>> erdos_renyi(10, 9.0, Chance(1)).m
        90
    """
    p = min(1.0, mean_degree / max(1, n - 1))
    source, target = _pairs(n, p, chance.key("erdos_renyi"))
    return from_edges(n, source, target, symmetric=True)


def block_model(group: NDArray[Any], degree_within: float, degree_between: float, chance: Chance) -> Graph:
    """Ties within and between groups at random, with given mean degrees (Holland, Laskey, Leinhardt, 1983).

    Args:
        group: int[n], at least 0.
        degree_within: expected ties of a node inside its group.
        degree_between: expected ties of a node to all other groups together, averaged over nodes.
        chance: keyed luck.

    Example:
        >>> block_model(np.array([0, 0, 0, 1, 1, 1]), 2.0, 0.0, Chance(1)).m
        12
    """
    n, group = len(group), np.asarray(group, dtype=np.int64)
    sources, targets = [], []
    for label in np.unique(group):
        mine = np.flatnonzero(group == label)
        p = min(1.0, degree_within / max(1, len(mine) - 1))
        a, b = _pairs(len(mine), p, chance.key("block within", int(label)))
        sources.append(mine[a])
        targets.append(mine[b])
    sizes = np.bincount(group).astype(np.float64)
    across = 1 - (sizes**2).sum() / n**2
    if across > 0:
        a, b = _pairs(n, min(1.0, degree_between / (across * n)), chance.key("block between"))
        apart = group[a] != group[b]
        sources.append(a[apart])
        targets.append(b[apart])
    return from_edges(n, np.concatenate(sources), np.concatenate(targets), symmetric=True)


def complete(n: int) -> Graph:
    """Everybody tied to everybody.

    Example:
        >>> complete(4).m
        12
    """
    return islands(1, n)


def ring(n: int, k: int) -> Graph:
    """A ring in which everybody is tied to the k nearest (k even).

    Example:
        >>> ring(5, 2).indices.tolist()
        [1, 4, 0, 2, 1, 3, 2, 4, 0, 3]
    """
    source = np.repeat(np.arange(n), k // 2)
    return from_edges(n, source, (source + np.tile(np.arange(1, k // 2 + 1), n)) % n, symmetric=True)


def edgeless(n: int) -> Graph:
    """No ties at all.

    Example:
        >>> edgeless(3).m
        0
    """
    return from_edges(n, [], [], symmetric=False)


def islands(groups: int, size: int) -> Graph:
    """Complete graphs of ``size`` nodes each; nodes of one island are consecutive.

    Example:
        >>> islands(2, 2).indices.tolist()
        [1, 0, 3, 2]
    """
    a, b = np.nonzero(~np.eye(size, dtype=bool))
    base = np.arange(groups)[:, None] * size
    return from_edges(groups * size, (base + a).ravel(), (base + b).ravel(), symmetric=False)


def read_edge_list(path: Path, where: Mapping[str, str] | None = None) -> tuple[Graph, list[str], NDArray[np.float64]]:
    """A directed graph from a CSV file with columns src, dst and perhaps weight.

    Args:
        path: the file.
        where: cells that a row must hold, by column; other rows are left out.

    Returns:
        The graph, the names of its nodes (numbers in numeric order, else in order of appearance), and float64[m]
        weights in the order of its edges (weights of duplicates are added; 1 without a column).

    Raises:
        WorldError: no such file, no such columns, an empty or NaN id, a weight that is no number, no row left.
    """
    rows = _edge_rows(path, where or {})
    names = list(dict.fromkeys(name for a, b, _ in rows for name in (a, b)))
    if all(re.fullmatch(r"-?[0-9]{1,18}", name) for name in names):
        names.sort(key=int)
    number = {name: i for i, name in enumerate(names)}
    source = np.array([number[a] for a, _, _ in rows], np.int64)
    target = np.array([number[b] for _, b, _ in rows], np.int64)
    weight = np.array([w for _, _, w in rows], np.float64)
    graph = from_edges(len(names), source, target, symmetric=False)
    apart = source != target
    keys = graph.sources().astype(np.int64) * len(names) + graph.indices
    at = np.searchsorted(keys, source[apart] * len(names) + target[apart])
    return graph, names, np.bincount(at, weight[apart], graph.m).astype(np.float64)


def _edge_rows(path: Path, where: Mapping[str, str]) -> list[tuple[str, str, float]]:
    edges = []
    for place, row in read_rows(path, ("src", "dst", *where)):
        if any(row[column] != cell for column, cell in where.items()):
            continue
        a, b = row["src"], row["dst"]
        if not a or not b or a.lower() == "nan" or b.lower() == "nan":
            raise WorldError(place, f"{a},{b}", "a source and a target")
        edges.append((a, b, cell_number(place, "weight", row.get("weight") or "1")))
    if not edges:
        named = ", ".join(f"{column} = {cell}" for column, cell in where.items())
        raise WorldError(str(path), Said(f"no rows{' with ' * bool(where)}{named}"), "at least one edge")
    return edges


@kernel
def _watts_strogatz(n: Any, k: Any, rewire: Any, key: Any) -> Any:
    half = k // 2
    source, target = np.empty(n * half, np.int64), np.empty(n * half, np.int64)
    for i in range(n):
        for step in range(1, half + 1):
            edge = i * half + step - 1
            source[edge], target[edge] = i, (i + step) % n
            luck = fold(fold(key, i), step)
            if unit(luck) < rewire:
                for attempt in range(64):
                    other = np.int64(unit(fold(luck, attempt)) * n)
                    near = (other - i) % n
                    new = other != i and not (1 <= near <= half)
                    for before in range(step - 1):
                        new = new and target[i * half + before] != other
                    if new:
                        target[edge] = other
                        break
    return source, target


@kernel
def _barabasi_albert(n: Any, m: Any, key: Any) -> Any:
    """Targets are ends of edges drawn at random, which is drawing in proportion to degree."""
    ends = np.empty(2 * m * n, np.int64)
    source, target = np.empty(m * n, np.int64), np.empty(m * n, np.int64)
    edges, filled = 0, 0
    for i in range(1, n):
        luck = fold(key, i)
        start = edges
        for place in range(min(m, i)):
            if i <= m:
                pick: Any = np.int64(place)
            else:
                pick = np.int64(-1)
                attempt = 0
                while pick < 0:
                    candidate = ends[np.int64(unit(fold(fold(luck, place), attempt)) * filled)]
                    attempt += 1
                    new = True
                    for before in range(start, edges):
                        new = new and target[before] != candidate
                    if new:
                        pick = candidate
            source[edges], target[edges] = i, pick
            edges += 1
        for edge in range(start, edges):
            ends[filled], ends[filled + 1] = source[edge], target[edge]
            filled += 2
    return source[:edges], target[:edges]


@kernel
def _pairs(n: Any, p: Any, key: Any) -> Any:
    """Unordered pairs kept with probability p, found by skipping geometrically over all pairs."""
    expected = p * n * (n - 1) / 2
    room = np.int64(expected + 8 * math.sqrt(expected + 1) + 16)
    source, target = np.empty(room, np.int64), np.empty(room, np.int64)
    filled, row, draw = 0, 1, 0
    column: Any = -1
    if p <= 0.0:
        return source[:0], target[:0]
    log_q = math.log1p(-p) if p < 1.0 else -np.inf
    while row < n:
        skip = np.int64(min(math.log(unit(fold(key, draw))) / log_q, FAR)) if p < 1.0 else np.int64(0)
        draw += 1
        column += 1 + skip
        while row < n and column >= row:
            column -= row
            row += 1
        if row < n and filled < room:
            source[filled], target[filled] = row, column
            filled += 1
    return source[:filled], target[:filled]
