"""Structure of networks: gate G19 (Zachary's karate club), closed forms, libraries, and the null of equal degrees."""

import networkx as nx
import numpy as np
import pytest

from society.ground.chance import Chance
from society.measures.rewiring import beside_null, rewired, structure_of
from society.stats import structure


@pytest.fixture(scope="module")
def club():
    graph = nx.karate_club_graph()
    for _, node in graph.nodes(data=True):
        node["officer"] = node["club"] == "Officer"
    return graph


def test_gate_g19_karate_club(club):
    """Published values of facts/theory_gates.md, G19."""
    factions = [{n for n in club if club.nodes[n]["officer"] is side} for side in (True, False)]
    assert structure.modularity(club, factions) == pytest.approx(0.3582, abs=1e-4)
    assert structure.modularity(club) == pytest.approx(0.4198, abs=5e-3)  # Louvain need not find the maximum
    assert structure.modularity(club) <= 0.4198 + 1e-4
    assert structure.assortativity(nx.DiGraph(club), "club") == pytest.approx(0.7175, abs=1e-4)
    value, chance = structure.moran(club, {n: float(club.nodes[n]["officer"]) for n in club})
    assert (value, chance) == (pytest.approx(0.7765, abs=1e-4), -1 / 33)
    assert nx.degree_assortativity_coefficient(club) == pytest.approx(-0.4756, abs=1e-4)


def test_reciprocity_beyond_chance_is_zero_in_random_graphs_and_as_published_in_extremes():
    luck = nx.gnp_random_graph(400, 0.05, seed=1, directed=True)
    assert abs(structure.reciprocity_beyond_chance(luck)) < 0.02
    assert structure.reciprocity_beyond_chance(nx.cycle_graph(4, nx.DiGraph)) == pytest.approx(-(4 / 12) / (8 / 12))
    assert np.isnan(structure.reciprocity_beyond_chance(nx.DiGraph()))


def test_moran_of_random_marks_has_its_expectation(club):
    rng, marks = np.random.default_rng(1), np.arange(34) % 2
    drawn = [structure.moran(club, dict(enumerate(rng.permutation(marks))))[0] for _ in range(2000)]
    assert np.mean(drawn) == pytest.approx(-1 / 33, abs=4 * np.std(drawn) / np.sqrt(2000))


def test_adjusted_mutual_information_is_zero_by_chance_and_keeps_published_order():
    rng = np.random.default_rng(2)
    found = [structure.adjusted_mutual_information(rng.integers(0, 4, 60), rng.integers(0, 5, 60)) for _ in range(300)]
    assert np.mean(found) == pytest.approx(0, abs=0.01)
    assert structure.adjusted_mutual_information([0, 0, 1, 1], [0, 0, 0, 0]) == 0
    # scikit-learn's documented example: completely split classes have 0
    assert structure.adjusted_mutual_information([0, 0, 0, 0], [0, 1, 2, 3]) == pytest.approx(0, abs=1e-12)


def test_percolation_of_a_random_regular_graph_breaks_where_the_formula_says():
    assert structure.breakdown([3] * 100) == pytest.approx(0.5)  # 1 - 1 / (k - 1)
    graph, rng = nx.random_regular_graph(4, 4000, seed=1), np.random.default_rng(1)
    order = rng.permutation(4000).tolist()
    critical = structure.breakdown([degree for _, degree in graph.degree()])
    assert critical == pytest.approx(2 / 3)
    assert structure.giant_share(graph, order[: int(4000 * (critical - 0.15))]) > 0.3
    assert structure.giant_share(graph, order[: int(4000 * (critical + 0.1))]) < 0.1


def test_joins_cores_clubs_and_triads_by_hand(club):
    half = {n for n in club if n < 17}
    assert sum(structure.join_counts(club, half)) == club.number_of_edges() == 78
    assert max(structure.core_numbers(club).values()) == 4
    assert structure.rich_club(nx.complete_graph(5))[3] == 1
    both = nx.DiGraph([(0, 1), (1, 0), (1, 2), (2, 1), (0, 2), (2, 0)])
    assert structure.triads(both) == {"030C": 0, "120U": 0, "120D": 0, "120C": 0, "300": 1, "dyad": 3}
    assert structure.e_i_index(nx.DiGraph(club), "club") == pytest.approx(
        (2 * 11 - 78) / 78
    )  # 11 ties between the factions


def test_rewiring_keeps_both_degrees_and_no_more():
    graph = nx.gnp_random_graph(60, 0.1, seed=3, directed=True)
    links = rewired(list(graph.edges()), Chance(1))
    other = nx.DiGraph(links)
    assert len(set(links)) == graph.number_of_edges()
    assert all(a != b for a, b in links)
    for degree in ("in_degree", "out_degree"):
        assert all(getattr(other, degree)(n) == d for n, d in getattr(graph, degree)() if d)
    assert len(set(links) & set(graph.edges())) < 0.5 * len(links)


def test_random_graphs_are_no_more_than_their_null_and_planted_ones_are():
    """p of a statistic of random graphs is even; two dense halves are far more modular than their degrees make them."""
    luck = [
        beside_null(
            nx.gnp_random_graph(30, 0.12, seed=s, directed=True), lambda g: {"r": nx.overall_reciprocity(g)}, 39, s
        )["p"][0]
        for s in range(60)
    ]
    assert 0.3 < np.mean(luck) < 0.7
    assert np.mean(np.array(luck) <= 0.1) < 0.25
    halves = nx.stochastic_block_model([25, 25], [[0.3, 0.01], [0.01, 0.3]], seed=1, directed=True)
    found = beside_null(structure.simple(halves), lambda g: {"q": structure.modularity(g)}, 30)
    assert found["z"][0] > 10
    assert found["p"][0] == pytest.approx(1 / 31)


def test_structure_of_a_run(decommission):
    found = structure_of(decommission, "protection", nulls=5).set_index("statistic")
    assert {
        "reciprocity",
        "modularity",
        "assortativity_family",
        "rich_club_top_tenth",
        "motif_300",
        "core_most",
    } <= set(found.index)
    assert found["sd"]["modularity"] > 0
    assert 0 <= found["value"]["giant_share"] <= 1


def test_assortativity_of_links_within_one_family_is_unknown_whoever_else_is_there():
    graph = nx.DiGraph([(0, 1), (1, 0)])
    graph.add_node(2)
    nx.set_node_attributes(graph, {0: "a", 1: "a", 2: "b"}, "family")
    assert np.isnan(structure.assortativity(graph, "family"))
