"""Social graphs: the standard random models, keyed, in time proportional to their edges; and edge lists from files."""

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from society.ground.chance import Chance, fold, unit
from society.ground.errors import WorldError
from society.network.graph import Graph, from_edges


def watts_strogatz(n: int, k: int, rewire: float, chance: Chance) -> Graph:
    """A ring of k neighbours (k even) whose ties are rewired with a probability (Watts and Strogatz, Nature 1998).

    Example:
        >>> watts_strogatz(10, 4, 0.0, Chance(1)).m
        40
    """
    source, target = _watts_strogatz(n, k, rewire, chance.key("watts_strogatz"))
    return from_edges(n, source, target, symmetric=True)


def barabasi_albert(n: int, m: int, chance: Chance) -> Graph:
    """Newcomers tie themselves to m others in proportion to their degree (Barabasi and Albert, Science 1999)."""
    source, target = _barabasi_albert(n, m, chance.key("barabasi_albert"))
    return from_edges(n, source, target, symmetric=True)


def erdos_renyi(n: int, mean_degree: float, chance: Chance) -> Graph:
    """Every pair tied with probability mean_degree / (n - 1), by geometric skips (Batagelj and Brandes, PRE 2005)."""
    p = min(1.0, mean_degree / max(1, n - 1))
    source, target = _pairs(n, p, chance.key("erdos_renyi"))
    return from_edges(n, source, target, symmetric=True)


def block_model(group: NDArray[Any], within: float, between: float, chance: Chance) -> Graph:
    """Mean degrees ``within`` one's own group and ``between`` groups (all others together); group: int[n]."""
    n, group = len(group), np.asarray(group, dtype=np.int64)
    sources, targets = [], []
    for label in np.unique(group):
        mine = np.flatnonzero(group == label)
        p = min(1.0, within / max(1, len(mine) - 1))
        a, b = _pairs(len(mine), p, chance.key("block within", int(label)))
        sources.append(mine[a])
        targets.append(mine[b])
    sizes = np.bincount(group).astype(np.float64)
    across = 1 - (sizes**2).sum() / n**2
    if across > 0:
        a, b = _pairs(n, min(1.0, between / (across * n)), chance.key("block between"))
        apart = group[a] != group[b]
        sources.append(a[apart])
        targets.append(b[apart])
    return from_edges(n, np.concatenate(sources), np.concatenate(targets), symmetric=True)


def complete(n: int) -> Graph:
    """Everybody tied to everybody."""
    return islands(1, n)


def ring(n: int, k: int) -> Graph:
    """A ring in which everybody is tied to the k nearest (k even)."""
    source = np.repeat(np.arange(n), k // 2)
    return from_edges(n, source, (source + np.tile(np.arange(1, k // 2 + 1), n)) % n, symmetric=True)


def edgeless(n: int) -> Graph:
    """No ties at all."""
    return from_edges(n, [], [], symmetric=False)


def islands(groups: int, size: int) -> Graph:
    """Complete graphs of ``size`` nodes each; nodes of one island are consecutive."""
    a, b = np.nonzero(~np.eye(size, dtype=bool))
    base = np.arange(groups)[:, None] * size
    return from_edges(groups * size, (base + a).ravel(), (base + b).ravel(), symmetric=False)


def read_edge_list(path: Path) -> tuple[Graph, list[str], NDArray[np.float64]]:
    """A directed graph from a CSV file with columns src, dst and perhaps weight.

    Returns:
        The graph, the names of its nodes (numbers in numeric order, else in order of appearance), and float64[m]
        weights in the order of its edges (weights of duplicates are added; 1 without a column).

    Raises:
        WorldError: no such file, no such columns, an empty cell, a weight that is no number.
    """
    rows = _edge_rows(path)
    names = list(dict.fromkeys(name for _, a, b, _ in rows for name in (a, b)))
    if all(name.lstrip("-").isdigit() for name in names):
        names.sort(key=int)
    number = {name: i for i, name in enumerate(names)}
    source = np.array([number[a] for _, a, _, _ in rows], np.int64)
    target = np.array([number[b] for _, _, b, _ in rows], np.int64)
    weight = np.array([w for _, _, _, w in rows], np.float64)
    graph = from_edges(len(names), source, target, symmetric=False)
    apart = source != target
    keys = graph.sources().astype(np.int64) * len(names) + graph.indices
    at = np.searchsorted(keys, source[apart] * len(names) + target[apart])
    return graph, names, np.bincount(at, weight[apart], graph.m).astype(np.float64)


def _edge_rows(path: Path) -> list[tuple[int, str, str, float]]:
    try:
        with open(path, encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream)
            if not {"src", "dst"} <= set(reader.fieldnames or []):
                raise WorldError(str(path), reader.fieldnames, "a CSV file with a header that holds src and dst")
            rows = []
            for row in reader:
                a, b, weight = (row["src"] or "").strip(), (row["dst"] or "").strip(), row.get("weight") or "1"
                place = f"{path}: line {reader.line_num}"
                if not a or not b or a.lower() == "nan" or b.lower() == "nan":
                    raise WorldError(place, f"{a},{b}", "a source and a target")
                try:
                    value = float(weight)
                except ValueError:
                    value = math.nan
                if not math.isfinite(value):
                    raise WorldError(place, weight, "a weight that is a finite number")
                rows.append((reader.line_num, a, b, value))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise WorldError(str(path), str(error), "a CSV file in UTF-8 that can be read") from error
    if not rows:
        raise WorldError(str(path), "no rows", "at least one edge")
    return rows


@njit(cache=True)
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


@njit(cache=True)
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


@njit(cache=True)
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
        skip = np.int64(math.log(unit(fold(key, draw))) / log_q) if p < 1.0 else np.int64(0)
        draw += 1
        column += 1 + skip
        while row < n and column >= row:
            column -= row
            row += 1
        if row < n and filled < room:
            source[filled], target[filled] = row, column
            filled += 1
    return source[:filled], target[:filled]
