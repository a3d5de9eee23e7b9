"""Structure of a directed network: reciprocity, mixing, communities, cores, and how it falls apart.

Networks are ``networkx.DiGraph`` without self-loops; weights are left out unless a function says so. What is beyond chance
is told by ``society.measures.rewiring``.
"""

import math
from collections.abc import Collection, Mapping
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import ArrayLike

from society.ground.errors import MeasureError

#: Triads of which the project asks: a cycle, a hub that answers two who cite each other, and full mutual praise.
TRIADS = ("030C", "120U", "120D", "120C", "300")


def simple(graph: Any) -> nx.DiGraph:
    """The directed network behind any graph: no parallel edges, no self-loops, attributes of nodes kept."""
    plain = nx.DiGraph()
    plain.add_nodes_from(graph.nodes(data=True))
    plain.add_edges_from((a, b) for a, b in graph.edges() if a != b)
    return plain


def reciprocity_beyond_chance(graph: nx.DiGraph) -> float:
    """rho = (r - a) / (1 - a), r the share of links that are returned, a the density; 0 in a random graph, NaN without links.

    Source: Garlaschelli and Loffredo, Phys. Rev. Lett. 93:268701 (2004), eq. 4.

    Example:
        >>> reciprocity_beyond_chance(nx.DiGraph([(0, 1), (1, 0), (2, 3), (3, 2)]))
        1.0
    """
    n, m = graph.number_of_nodes(), graph.number_of_edges()
    density = m / (n * (n - 1)) if n > 1 else math.nan
    if not m or density == 1:
        return math.nan
    returned = sum(graph.has_edge(b, a) for a, b in graph.edges()) / m
    return float((returned - density) / (1 - density))


def e_i_index(graph: nx.DiGraph, attribute: str) -> float:
    """(E - I) / (E + I), E links between groups and I within: -1 all within, 1 all between; NaN without links.

    Source: Krackhardt and Stern, Social Psychology Quarterly 51:123 (1988).

    Example:
        >>> tied = nx.DiGraph([(0, 1), (1, 2)])
        >>> nx.set_node_attributes(tied, {0: "a", 1: "a", 2: "b"}, "family")
        >>> e_i_index(tied, "family")
        0.0
    """
    group = nx.get_node_attributes(graph, attribute)
    between = sum(group[a] != group[b] for a, b in graph.edges())
    m = graph.number_of_edges()
    return (2 * between - m) / m if m else math.nan


def assortativity(graph: nx.DiGraph, attribute: str) -> float:
    """Newman's r = (tr e - sum a_i b_i) / (1 - sum a_i b_i) of a category (PRE 67:026126, 2003, eq. 2).

    NaN for fewer than two edges, which tell nothing of how families mix, and if all linked are alike.

    Example:
        >>> tied = nx.DiGraph([(0, 1), (1, 0), (2, 3), (3, 2)])
        >>> nx.set_node_attributes(tied, {0: "a", 1: "a", 2: "b", 3: "b"}, "family")
        >>> assortativity(tied, "family")
        1.0
    """
    linked = {graph.nodes[node][attribute] for edge in graph.edges() for node in edge}
    if graph.number_of_edges() < 2 or len(linked) < 2:
        return math.nan
    return float(nx.attribute_assortativity_coefficient(graph, attribute))


def communities(graph: nx.Graph) -> list[set[Any]]:
    """Communities by Louvain's method, directions left out, always the same ones (Blondel et al., J. Stat. Mech. P10008, 2008)."""
    found: list[set[Any]] = nx.community.louvain_communities(nx.Graph(graph), weight=None, seed=1)
    return found


def modularity(graph: nx.Graph, parts: Collection[Collection[Any]] | None = None) -> float:
    """Q = sum_c [L_c / m - (d_c / 2m)^2] of some parts, of Louvain's communities if absent; NaN without links.

    Source: Newman and Girvan, PRE 69:026113 (2004). Directions are left out.

    Example:
        >>> modularity(nx.Graph([(0, 1), (2, 3)]), [{0, 1}, {2, 3}])
        0.5
    """
    plain = nx.Graph(graph)
    if not plain.number_of_edges():
        return math.nan
    return float(nx.community.modularity(plain, communities(plain) if parts is None else parts, weight=None))


def communities_and_families(graph: nx.Graph, attribute: str) -> float:
    """Adjusted mutual information, -1..1, of Louvain's communities with a category of nodes: 0 by chance, 1 the same.

    Source: Vinh, Epps and Bailey, JMLR 11:2837 (2010), normalised by the mean entropy. NaN without links.

    Example:
        >>> tied = nx.Graph([(0, 1), (1, 2), (2, 0), (3, 4), (4, 5), (5, 3)])
        >>> nx.set_node_attributes(tied, dict(enumerate("aaabbb")), "family")
        >>> communities_and_families(tied, "family")
        1.0
    """
    if not graph.number_of_edges():
        return math.nan
    part = {node: number for number, nodes in enumerate(communities(graph)) for node in nodes}
    group = nx.get_node_attributes(graph, attribute)
    return adjusted_mutual_information([part[node] for node in graph], [group[node] for node in graph])


def adjusted_mutual_information(a: ArrayLike, b: ArrayLike) -> float:
    """Adjusted mutual information of two partitions of the same things (Vinh et al., 2010, eq. 24a and mean entropy).

    Args:
        a: labels[n].
        b: labels[n].

    Example:
        >>> adjusted_mutual_information([0, 0, 1, 1], [5, 5, 9, 9])
        1.0
    """
    from scipy.special import gammaln
    from scipy.stats import entropy

    one, two = (np.unique(np.asarray(labels), return_inverse=True)[1] for labels in (a, b))
    n = len(one)
    table = np.zeros((one.max() + 1, two.max() + 1))
    np.add.at(table, (one, two), 1)
    rows, columns = table.sum(1), table.sum(0)
    h_a, h_b = entropy(rows), entropy(columns)
    mutual = h_a + h_b - entropy(table.ravel())
    expected = 0.0
    for r in rows:
        for c in columns:
            k = np.arange(max(1, r + c - n), min(r, c) + 1)
            log_p = (
                gammaln(r + 1) + gammaln(c + 1) + gammaln(n - r + 1) + gammaln(n - c + 1) - gammaln(n + 1)
                - gammaln(k + 1) - gammaln(r - k + 1) - gammaln(c - k + 1) - gammaln(n - r - c + k + 1)
            )  # fmt: skip
            expected += float((k / n * np.log(n * k / (r * c)) * np.exp(log_p)).sum())
    top = (h_a + h_b) / 2 - expected
    return float((mutual - expected) / top) if abs(top) > 1e-12 else 1.0


def moran(graph: nx.Graph, values: Mapping[Any, float], row_standardised: bool = True) -> tuple[float, float]:
    """Moran's I of a number of nodes over links, and what it is by chance, -1 / (n - 1); NaN if all are alike.

    I = (n / W) sum w_ij (x_i - x)(x_j - x) / sum (x_i - x)^2. Source: Moran, Biometrika 37:17 (1950).

    Args:
        graph: links; weights of their own are left out.
        values: of each node.
        row_standardised: the links of each node weigh 1 together, as is usual; else each link weighs 1.

    Example:
        >>> moran(nx.Graph([(0, 1), (2, 3)]), {0: 1, 1: 1, 2: 0, 3: 0})
        (1.0, -0.3333333333333333)
    """
    nodes = list(graph)
    x = np.array([float(values[node]) for node in nodes])
    gap = x - x.mean()
    chance = -1 / (len(nodes) - 1) if len(nodes) > 1 else math.nan
    weights = nx.to_scipy_sparse_array(graph, nodelist=nodes, weight=None, dtype=float)
    around, degree = weights @ gap, np.asarray(weights.sum(axis=1)).ravel()
    if row_standardised:
        around, degree = np.divide(around, degree, out=np.zeros(len(x)), where=degree > 0), degree > 0
    if not degree.sum() or not (gap**2).sum():
        return math.nan, chance
    return float(len(x) / degree.sum() * (gap @ around) / (gap**2).sum()), chance


def join_counts(graph: nx.Graph, marked: Collection[Any]) -> tuple[int, int, int]:
    """Links between two marked nodes, between a marked and another, and between two others (Cliff and Ord, 1973).

    Example:
        >>> join_counts(nx.Graph([(0, 1), (1, 2), (2, 3)]), {0, 1})
        (1, 1, 1)
    """
    there = set(marked)
    ends = [(a in there) + (b in there) for a, b in graph.edges()]
    return ends.count(2), ends.count(1), ends.count(0)


def rich_club(graph: nx.Graph) -> dict[int, float]:
    """phi(k): density among the nodes with more than k ties, by k, directions left out (Colizza et al., Nat. Phys. 2:110, 2006).

    Example:
        >>> rich_club(nx.complete_graph(4))
        {0: 1.0, 1: 1.0, 2: 1.0}
    """
    found: dict[int, float] = nx.rich_club_coefficient(nx.Graph(graph), normalized=False)
    return {int(k): float(value) for k, value in found.items()}


def triads(graph: nx.DiGraph) -> dict[str, int]:
    """How often each of ``TRIADS`` occurs, and mutual pairs as ``dyad`` (Holland and Leinhardt, Soc. Methodology 7:1, 1976).

    Example:
        >>> triads(nx.DiGraph([(0, 1), (1, 2), (2, 0)]))["030C"]
        1
    """
    census = nx.triadic_census(graph)
    mutual = sum(graph.has_edge(b, a) for a, b in graph.edges()) // 2
    return {**{name: int(census[name]) for name in TRIADS}, "dyad": mutual}


def core_numbers(graph: nx.Graph) -> dict[Any, int]:
    """The largest k for which each node is in a k-core, directions left out (Seidman, Social Networks 5:269, 1983).

    Example:
        >>> core_numbers(nx.Graph([(0, 1), (1, 2), (2, 0), (2, 3)]))
        {0: 2, 1: 2, 2: 2, 3: 1}
    """
    found: dict[Any, int] = nx.core_number(nx.Graph(graph))
    return found


def constraint(graph: nx.Graph) -> dict[Any, float]:
    """Burt's constraint of each node: low for brokers over structural holes (Burt, 1992, eq. 2.4); NaN for isolates.

    Example:
        >>> {node: round(value, 3) for node, value in constraint(nx.star_graph(3)).items()}
        {0: 0.333, 1: 1.0, 2: 1.0, 3: 1.0}
    """
    found: dict[Any, float] = nx.constraint(nx.Graph(graph), weight=None)
    return found


def giant_share(graph: nx.Graph, removed: Collection[Any] = ()) -> float:
    """Share of the remaining nodes in the largest component once some are removed, directions left out; NaN without any.

    Example:
        >>> giant_share(nx.star_graph(4)), giant_share(nx.star_graph(4), {0})
        (1.0, 0.25)
    """
    left = nx.Graph(graph)
    left.remove_nodes_from(list(removed))
    return max(map(len, nx.connected_components(left)), default=0) / len(left) if len(left) else math.nan


def breakdown(degrees: ArrayLike) -> float:
    """Share of nodes to be removed at random until no giant component is left: 1 - 1 / (kappa - 1), kappa = <k^2> / <k>.

    Source: Cohen, Erez, ben-Avraham and Havlin, Phys. Rev. Lett. 85:4626 (2000), eq. 7. 0 where there is none to begin with.

    Raises:
        MeasureError: nobody has a tie.

    Example:
        >>> breakdown([4, 4, 4])
        0.6666666666666667
    """
    k = np.asarray(degrees, np.float64)
    if not k.sum():
        raise MeasureError("breakdown: degrees are all 0: at least one node with a tie")
    kappa = (k**2).mean() / k.mean()
    return max(0.0, float(1 - 1 / (kappa - 1))) if kappa > 1 else 0.0
