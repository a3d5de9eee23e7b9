"""Who acts alike in time: agents by the things they did, in sliding windows, as vectors that are compared."""

from dataclasses import dataclass

import networkx as nx
import numpy as np
import pandas as pd
from scipy import sparse


@dataclass(frozen=True)
class Coordination:
    """A network of agents that act alike.

    Attributes:
        edges: columns a, b, similarity (sum of cosines over windows in which the pair is among the most alike), windows.
        groups: communities of two agents or more, largest first.
        score: by agent, its largest similarity: what a detector of coordination flags.
    """

    edges: pd.DataFrame
    groups: list[set[int]]
    score: pd.Series


def coordinated(acts: pd.DataFrame, window: int = 24, step: int = 12, percentile: float = 99.0) -> Coordination:
    """Agents whose acts on targets coincide, window by window.

    In each window an agent is a vector over what it did (act and target), weighted by TF-IDF, so that what all do counts
    little; of all pairs of agents those with a cosine at or above the percentile are linked. Links of all windows are added
    (a multiplex network, flattened) and cut into communities by Louvain's method.
    Sources: Pacheco et al., ICWSM 15:455 (2021); Nizzoli et al., ICWSM 15:443 (2021).

    Args:
        acts: columns actor, what (any label), tick.
        window: ticks.
        step: ticks from one window to the next.
        percentile: 0..100, of the cosines above 0 in a window.

    Example:
        >>> rows = [(1, "x", 0), (2, "x", 1), (3, "y", 1), (4, "z", 2)]
        >>> coordinated(pd.DataFrame(rows, columns=["actor", "what", "tick"])).groups
        [{1, 2}]
    """
    pairs: dict[tuple[int, int], list[float]] = {}
    last = int(acts["tick"].max()) if len(acts) else -1
    for begin in range(0, last + 1, step):
        inside = acts[(acts["tick"] >= begin) & (acts["tick"] < begin + window)]
        for pair, cosine in _alike(inside, percentile).items():
            pairs.setdefault(pair, []).append(cosine)
    rows = [(a, b, sum(found), len(found)) for (a, b), found in sorted(pairs.items())]
    edges = pd.DataFrame(rows, columns=["a", "b", "similarity", "windows"])
    graph, score = nx.Graph(), dict.fromkeys(np.unique(acts["actor"]).tolist(), 0.0)
    for a, b, similarity, _ in rows:
        graph.add_edge(a, b, weight=similarity)
        score[a], score[b] = max(score[a], similarity), max(score[b], similarity)
    parts = nx.community.louvain_communities(graph, weight="weight", seed=1) if rows else []
    groups = [{int(one) for one in part} for part in parts if len(part) > 1]
    groups.sort(key=lambda part: (-len(part), min(part)))
    return Coordination(edges, groups, pd.Series(score, dtype=float))


def _alike(inside: pd.DataFrame, percentile: float) -> dict[tuple[int, int], float]:
    """Cosines of the pairs of one window that are at or above the percentile of those above 0."""
    if inside["actor"].nunique() < 2:
        return {}
    agents, row = np.unique(inside["actor"], return_inverse=True)
    what, column = np.unique(inside["what"], return_inverse=True)
    counts = sparse.coo_array((np.ones(len(row)), (row, column)), shape=(len(agents), len(what))).tocsr()
    document = np.asarray((counts > 0).sum(axis=0)).ravel()
    weighted = counts * (np.log((1 + len(agents)) / (1 + document)) + 1)
    norm = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    unit = sparse.diags_array(1 / norm) @ weighted
    cosine = sparse.triu(unit @ unit.T, k=1).tocoo()
    if not cosine.nnz:
        return {}
    kept = cosine.data >= np.percentile(cosine.data, percentile) - 1e-12
    ends = zip(agents[cosine.row[kept]].tolist(), agents[cosine.col[kept]].tolist(), strict=True)
    return {(int(a), int(b)): float(value) for (a, b), value in zip(ends, cosine.data[kept], strict=True)}
