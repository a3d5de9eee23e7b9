"""What of a network is beyond its degrees: statistics beside those of networks with the same in- and out-degrees."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd

from society.ground.chance import Chance
from society.measures.networks import graph as graph_of
from society.record.reader import Record
from society.stats import structure

#: Attempted swaps per edge (Maslov and Sneppen, Science 296:910, 2002).
SWAPS = 10


def rewired(pairs: Sequence[tuple[Any, Any]], chance: Chance) -> list[tuple[Any, Any]]:
    """A directed network in which everybody has the in-degree and out-degree it had, by swaps of targets.

    Args:
        pairs: links without repeats and self-loops.
        chance: the luck of the swaps.

    Example:
        >>> swapped = rewired([(0, 1), (2, 3), (4, 5), (1, 2)], Chance(1))
        >>> sorted(a for a, _ in swapped), sorted(b for _, b in swapped)
        ([0, 1, 2, 4], [1, 2, 3, 5])
    """
    links, there = list(pairs), set(pairs)
    tries = np.arange(SWAPS * len(links))
    first = (chance.uniform("swap", 0, tries) * len(links)).astype(np.int64).tolist()
    second = (chance.uniform("swap", 1, tries) * len(links)).astype(np.int64).tolist()
    for one, two in zip(first, second, strict=True):
        (a, b), (c, d) = links[one], links[two]
        if a == d or c == b or (a, d) in there or (c, b) in there:
            continue
        there -= {(a, b), (c, d)}
        there |= {(a, d), (c, b)}
        links[one], links[two] = (a, d), (c, b)
    return links


def beside_null(
    graph: nx.DiGraph, statistics: Callable[[nx.DiGraph], Mapping[str, float]], nulls: int = 100, seed: int = 0
) -> pd.DataFrame:
    """Statistics of a network beside those of rewired ones.

    Args:
        graph: without self-loops; attributes of nodes are kept.
        statistics: numbers of a network by name.
        nulls: rewired networks.
        seed: of the rewiring.

    Returns:
        A row per statistic: statistic, value, null (mean over rewired networks), sd, low and high (their 2.5 and 97.5 %
        quantiles), z = (value - null) / sd, p: two-sided, (1 + as far from the mean) / (1 + nulls), ratio = value / null.

    Example:
        >>> ring = nx.DiGraph([(n, (n + 1) % 30) for n in range(30)] + [((n + 1) % 30, n) for n in range(30)])
        >>> found = beside_null(ring, lambda one: {"returned": nx.overall_reciprocity(one)}, nulls=20)
        >>> bool(found["value"][0] == 1 and found["z"][0] > 3)
        True
    """
    own, drawn, links = statistics(graph), [], list(graph.edges())
    for number in range(nulls):
        one = nx.DiGraph()
        one.add_nodes_from(graph.nodes(data=True))
        one.add_edges_from(rewired(links, Chance(seed * 100_003 + number)))
        drawn.append(statistics(one))
    rows = []
    for name, value in own.items():
        null = np.array([one[name] for one in drawn if name in one and np.isfinite(one[name])])
        rows.append({"statistic": name, "value": value, **_beside(value, null)})
    return pd.DataFrame(rows)


def _beside(value: float, null: Any) -> dict[str, float]:
    if len(null) < 2 or not math.isfinite(value):
        return dict.fromkeys(("null", "sd", "low", "high", "z", "p", "ratio"), math.nan)
    mean, sd = float(null.mean()), float(null.std(ddof=1))
    low, high = np.quantile(null, [0.025, 0.975])
    beyond = int((np.abs(null - mean) >= abs(value - mean) - 1e-12).sum())
    return {
        "null": mean, "sd": sd, "low": float(low), "high": float(high), "z": (value - mean) / sd if sd else math.nan,
        "p": (1 + beyond) / (1 + len(null)), "ratio": value / mean if mean else math.nan,
    }  # fmt: skip


def all_statistics(graph: nx.DiGraph) -> dict[str, float]:
    """Everything that is told of a graph of a record: reciprocity, mixing by family, communities, motifs, cores, clubs."""
    triads = structure.triads(graph)
    cores, club = structure.core_numbers(graph), structure.rich_club(graph)
    degree = sorted(dict(nx.Graph(graph).degree()).values())
    top = degree[-(-9 * len(degree) // 10) - 1] if degree else 0  # at most a tenth has more ties
    found = {
        "reciprocity": float(nx.overall_reciprocity(graph)) if graph.number_of_edges() else math.nan,
        "reciprocity_beyond_density": structure.reciprocity_beyond_chance(graph),
        "assortativity_family": structure.assortativity(graph, "family"),
        "e_i_family": structure.e_i_index(graph, "family"),
        "modularity": structure.modularity(graph),
        "communities_and_families": structure.communities_and_families(graph, "family"),
        "rich_club_top_tenth": club.get(top, math.nan),
        "core_most": float(max(cores.values(), default=0)),
        "giant_share": structure.giant_share(graph),
    }
    return {**found, **{f"motif_{name}": float(count) for name, count in triads.items()}}


def structure_of(record: Record, which: str, nulls: int = 100, seed: int = 0) -> pd.DataFrame:
    """The structure of one graph of a run (protection, rating, message) beside networks with the same degrees.

    Returns:
        As ``beside_null``, one row per statistic of ``all_statistics``.
    """
    return beside_null(structure.simple(graph_of(record, which)), all_statistics, nulls, seed)
