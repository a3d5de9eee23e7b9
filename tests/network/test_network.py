"""Graphs and topologies: known facts of each model, the same arrays from the same seed, hostile files explained."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from society.ground.chance import Chance
from society.ground.errors import WorldError
from society.network import rewire, social, topology
from society.network.components import components
from society.network.eigentrust import clique_share, eigentrust
from society.network.graph import from_edges, position

LUCK = Chance(5)


def degrees(graph):
    return np.diff(graph.indptr)


def clustering(graph):
    """Mean local clustering, straight from the definition."""
    rows = [set(graph.indices[graph.indptr[i] : graph.indptr[i + 1]].tolist()) for i in range(graph.n)]
    local = []
    for i, row in enumerate(rows):
        links = sum(len(rows[j] & row) for j in row)
        local.append(links / (len(row) * (len(row) - 1)) if len(row) > 1 else 0.0)
        assert i not in row
    return float(np.mean(local))


MODELS = {
    "watts_strogatz": lambda luck: social.watts_strogatz(300, 6, 0.2, luck),
    "barabasi_albert": lambda luck: social.barabasi_albert(300, 3, luck),
    "erdos_renyi": lambda luck: social.erdos_renyi(300, 6.0, luck),
    "block_model": lambda luck: social.block_model(np.arange(300) % 3, 5.0, 2.0, luck),
}


@pytest.mark.parametrize("name", MODELS)
def test_random_graphs_are_symmetric_simple_sorted_and_keyed(name):
    graph, again, other = MODELS[name](LUCK), MODELS[name](Chance(5)), MODELS[name](Chance(6))
    assert np.array_equal(graph.indices, again.indices)
    assert not np.array_equal(graph.indices, other.indices)
    source = graph.sources()
    assert (source != graph.indices).all()
    assert np.array_equal(graph.indices[graph.reverse], source)
    assert np.array_equal(source[graph.reverse], graph.indices)
    for i in range(graph.n):
        row = graph.indices[graph.indptr[i] : graph.indptr[i + 1]]
        assert (np.diff(row) > 0).all()


def test_watts_strogatz_without_rewiring_is_a_ring_and_rewiring_breaks_its_triangles():
    ring = social.watts_strogatz(200, 8, 0.0, LUCK)
    assert (degrees(ring) == 8).all()
    assert clustering(ring) == pytest.approx(3 * 6 / (4 * 7))  # 3 (k - 2) / 4 (k - 1)
    rewired = social.watts_strogatz(2000, 8, 0.3, LUCK)
    assert rewired.m == pytest.approx(2000 * 8, rel=0.002)
    # Barrat and Weigt 2000: clustering falls as (1 - p)^3.
    assert clustering(rewired) == pytest.approx(0.642857 * 0.7**3, rel=0.1)


def test_erdos_renyi_has_its_mean_degree_and_a_poisson_spread():
    graph = social.erdos_renyi(20_000, 5.0, LUCK)
    assert degrees(graph).mean() == pytest.approx(5.0, abs=4 * np.sqrt(2 * 5.0 / 20_000))
    assert degrees(graph).var() == pytest.approx(5.0, rel=0.05)
    assert social.erdos_renyi(50, 49.0, LUCK).m == 50 * 49
    assert social.erdos_renyi(50, 0.0, LUCK).m == 0


def test_barabasi_albert_has_its_edges_and_a_heavy_tail():
    graph = social.barabasi_albert(5000, 3, LUCK)
    assert graph.m == 2 * (3 * (5000 - 3) + 3)  # the first nodes join with as many ties as there are
    assert degrees(graph).max() > 100
    share = (degrees(graph) >= 10).mean()
    assert share == pytest.approx(3 * 4 / (10 * 11), rel=0.15)  # P(k >= K) = m (m + 1) / (K (K + 1))


def test_block_model_has_its_degrees_within_and_between():
    group = np.arange(6000) % 4
    graph = social.block_model(group, 6.0, 2.0, LUCK)
    same = group[graph.sources()] == group[graph.indices]
    assert same.sum() / 6000 == pytest.approx(6.0, abs=0.15)
    assert (~same).sum() / 6000 == pytest.approx(2.0, abs=0.1)


def test_small_graphs():
    assert social.complete(4).m == 12
    assert (degrees(social.ring(10, 4)) == 4).all()
    assert social.edgeless(3).m == 0
    islands = social.islands(5, 3)
    assert len(set(components(islands, np.ones(15, bool)).tolist())) == 5


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=60), st.booleans())
def test_from_edges_keeps_exactly_the_edges(pairs, symmetric):
    graph = from_edges(13, [a for a, _ in pairs], [b for _, b in pairs], symmetric)
    expected = {(a, b) for a, b in pairs if a != b}
    expected |= {(b, a) for a, b in expected} if symmetric else set()
    found = set(zip(graph.sources().tolist(), graph.indices.tolist(), strict=True))
    assert found == expected
    for edge, (a, b) in enumerate(zip(graph.sources(), graph.indices, strict=True)):
        assert position(graph.indptr, graph.indices, a, b) == edge
        assert (graph.reverse[edge] >= 0) == ((b, a) in expected)


@settings(deadline=None, max_examples=25)
@given(st.integers(2, 40), st.integers(0, 1000))
def test_rewiring_keeps_every_degree(n, seed):
    graph = social.erdos_renyi(n, min(4.0, n - 1), Chance(seed))
    attribute = np.arange(n) % 3
    for other in (rewire.degree_preserving(graph, Chance(seed)), rewire.homophilous(graph, attribute, Chance(seed))):
        assert np.array_equal(degrees(other), degrees(graph))


def test_homophilous_rewiring_ties_alike_to_alike():
    graph = social.watts_strogatz(1000, 8, 0.1, LUCK)
    attribute = LUCK.integers(2, "kind", 0, np.arange(1000)).astype(float)
    same = [
        (attribute[g.sources()] == attribute[g.indices]).mean()
        for g in (graph, rewire.degree_preserving(graph, LUCK), rewire.homophilous(graph, attribute, LUCK))
    ]
    assert same[0] < 0.55
    assert same[1] < 0.55
    assert same[2] > 0.9


def test_fat_tree_has_the_published_shape():
    tree = topology.fat_tree(16, 4)  # k = 4: 16 hosts, 8 edge, 8 aggregation, 4 core switches
    assert tree.graph.n == 16 + 8 + 8 + 4
    assert (degrees(tree.graph)[:16] == 1).all()
    assert (degrees(tree.graph)[16:] == 4).all()
    assert np.bincount(tree.zone).tolist() == [4, 4, 4, 4]
    assert len(set(components(tree.graph, np.ones(36, bool)).tolist())) == 1
    assert topology.fat_tree(100).graph.n == 100 + 8 * 8 + 16
    with pytest.raises(WorldError, match="at least 8 for 100 machines"):
        topology.fat_tree(100, 6)
    with pytest.raises(WorldError, match="even number"):
        topology.fat_tree(10, 5)


def test_other_topologies():
    assert (degrees(topology.random_regular(30, 4, LUCK).graph) == 4).all()
    with pytest.raises(WorldError, match="degree below 5"):
        topology.random_regular(5, 7, LUCK)
    assert topology.ring(12, 3).zone.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    cut = np.ones(12, bool)
    cut[[0, 6]] = False
    assert len(set(components(topology.ring(12).graph, cut)[cut].tolist())) == 2
    assert topology.islands(3, 2).zone.tolist() == [0, 1, 0, 1, 0, 1]
    assert components(topology.complete(6).graph, np.ones(7, bool)).max() == 0


def test_edge_lists_are_read_and_explained(tmp_path):
    path = tmp_path / "edges.csv"
    path.write_text("src,dst,weight\n10,2,1.5\n2,10,1\n10,2,0.5\n7,7,1\n")
    graph, names, weight = social.read_edge_list(path)
    assert names == ["2", "7", "10"]
    assert sorted(zip(graph.sources().tolist(), graph.indices.tolist(), weight.tolist(), strict=True)) == [
        (0, 2, 1.0),
        (2, 0, 2.0),
    ]
    for text, message in (
        ("a,b\n1,2\n", "a header with src, dst"),
        ("src,dst\n1,\n", "line 2"),
        ("src,dst\n1,nan\n", "line 2"),
        ("src,dst,weight\n1,2,heavy\n", "a number"),
        ("src,dst\n", "at least one edge"),
    ):
        path.write_text(text)
        with pytest.raises(WorldError, match=message):
            social.read_edge_list(path)
    with pytest.raises(WorldError, match="cannot be read"):
        social.read_edge_list(tmp_path / "none.csv")


def test_graphml_is_read_and_hostile_xml_is_refused(tmp_path):
    path = tmp_path / "net.graphml"
    text = (
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><key id="z" for="node" attr.name="zone" attr.type="string"/>'
        '<graph edgedefault="undirected"><node id="a"><data key="z">north</data></node>'
        '<node id="b"><data key="z">south</data></node><edge source="a" target="b"/></graph></graphml>'
    )
    path.write_text(text)
    read = topology.read_graphml(path)
    assert (read.machines, read.zones, read.graph.m) == (2, ("north", "south"), 2)
    path.write_text('<!DOCTYPE x [<!ENTITY a "b">]>' + text)
    with pytest.raises(WorldError, match="without DOCTYPE"):
        topology.read_graphml(path)
    path.write_text("<graphml>")
    with pytest.raises(WorldError, match="GraphML"):
        topology.read_graphml(path)


@pytest.mark.theory
@pytest.mark.parametrize(("leak", "share"), [(0.01, 0.0826), (0.05, 0.3103), (0.1, 0.4737)])
def test_eigentrust_leak(leak, share):
    """Gates G14 and S13: 60 honest agents send a share of their trust into a closed clique of 42."""
    honest, clique = np.arange(60), np.arange(60, 102)
    edges, weights = [], []
    for i in honest:
        edges += [(i, j) for j in honest if j != i] + [(i, j) for j in clique]
        weights += [(1 - leak) / 59] * 59 + [leak / 42] * 42
    for i in clique:
        edges += [(i, j) for j in clique if j != i]
        weights += [1.0] * 41
    graph = from_edges(102, [a for a, _ in edges], [b for _, b in edges], symmetric=False)
    reputation = eigentrust(graph, np.array(weights), np.arange(102) < 3)
    assert reputation.sum() == pytest.approx(1)
    assert reputation[clique].sum() == pytest.approx(share, abs=5e-5)
    assert clique_share(leak, 0.1) == pytest.approx(share, abs=5e-5)
    if leak == 0.05:
        assert reputation[clique].sum() == pytest.approx(0.310345, abs=1e-6)
