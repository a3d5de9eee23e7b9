"""Measures against published values, brute force, and planted truths."""

import itertools

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from scipy import stats

import society
from society.ground.errors import RecordError
from society.measures import ratings as ratings_module
from society.measures.capability import effective_voters
from society.measures.networks import family_assortativity
from society.measures.protection import poisson_binomial, protection_rates
from society.measures.ratings import bunching, spreads
from society.measures.summary import summary
from society.stats.intervals import wilson
from society.stats.survival import kaplan_meier, log_rank_test, restricted_mean
from society.world.load import load_world


def test_wilson_against_published_values():
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    for k, n, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        found = wilson(k, n)
        assert (float(found[0]), float(found[1])) == pytest.approx((low, high), abs=5e-5)
    assert np.isnan(wilson(0, 0)[0])


def test_poisson_binomial_by_enumeration():
    p = np.array([0.1, 0.5, 0.7, 0.25])
    expected = np.zeros(5)
    for outcome in itertools.product((0, 1), repeat=4):
        expected[sum(outcome)] += np.prod([q if x else 1 - q for q, x in zip(p, outcome, strict=True)])
    assert poisson_binomial(p) == pytest.approx(expected)


def test_kaplan_meier_by_hand():
    # Freireich et al. 1963, 6-MP arm: the textbook values (Kleinbaum and Klein, table 2.1).
    ticks = np.array([6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35], dtype=float)
    dead = np.array([True] * 9 + [False] * 12)
    curve = kaplan_meier(ticks, dead).set_index("tick")["survival"]
    for tick, value in ((6, 0.857), (7, 0.807), (10, 0.753), (13, 0.690), (16, 0.627), (22, 0.538), (23, 0.448)):
        assert curve[float(tick)] == pytest.approx(value, abs=5e-4)


def test_restricted_mean_of_an_exponential():
    ticks = -20 * np.log(np.random.default_rng(3).uniform(size=20_000))
    curve = kaplan_meier(ticks, np.ones(len(ticks), bool))
    assert restricted_mean(curve, 30.0) == pytest.approx(20 * (1 - np.exp(-1.5)), rel=0.02)


def test_effective_voters():
    assert effective_voters(11, 0.4) == pytest.approx(2.2)


class Planted:
    """A record that answers one question with a given frame."""

    def __init__(self, frame):
        self.frame = frame

    def sql(self, question, parameters=None):
        return self.frame


def test_bunching_sees_what_is_planted(monkeypatch):
    scores = np.random.default_rng(2).normal(75, 12, 60_000)
    moved = (scores < 62) & (scores > 57) & (np.random.default_rng(3).uniform(size=len(scores)) < 0.4)

    def excess(values):
        bins = np.floor(values - 62).astype(int)
        table = pd.Series(bins[np.abs(values - 62) < 21]).value_counts().sort_index()
        frame = pd.DataFrame({"bin": table.index, "n": table.to_numpy(), "threshold": 62.0})
        return bunching(Planted(frame)).excess

    assert abs(excess(scores)) < 0.05
    assert excess(np.where(moved, 62 + np.random.default_rng(4).uniform(0, 3, len(scores)), scores)) > 0.3
    assert ratings_module.bunching(Planted(pd.DataFrame({"bin": [1], "n": [10], "threshold": [62.0]}))) is None


def test_ratings_have_the_published_spreads(tmp_path):
    """22,252 blind ratings of models by models on 0..100 (Darji 2026): agents 6.7, artefact 12.2/sqrt(items), 5.9, 8.2."""
    world = load_world(
        "decommission",
        {
            "ticks": 150,
            "families": {"claude-opus-4.5": 0.5, "gpt-5.2": 0.5},
            "agents.quality": {"kind": "normal", "mean": 50, "sd": 6.7, "phi": 1},
            "review.threshold": 0,
        },
    )
    found = spreads(society.run(world, out=tmp_path / "r"))
    assert found["agents"] == pytest.approx(6.7, abs=0.35)
    assert found["artefact"] == pytest.approx(12.2 / 2, abs=0.35)
    assert found["leniency"] == pytest.approx(5.9, abs=0.35)
    assert found["noise"] == pytest.approx(8.2, abs=0.25)
    assert found["premium"] == pytest.approx((4.3 - 1.1) / 2, abs=0.4)


def test_summary_measures_every_world_without_failing(tmp_path):
    for name in ("score_review", "group", "watched"):
        record = society.run(load_world(name, {"episodes.count": 80}), out=tmp_path / name)
        measures = summary(record)
        assert len(measures) > 30
        for measure in measures.values():
            assert measure.tier in "AB"
            assert measure.meaning
            assert np.isnan(measure.low) or measure.low <= measure.value <= measure.high


def test_every_share_lies_in_its_interval(decommission):
    for name, m in summary(decommission).items():
        if not np.isnan(m.low):
            assert m.low <= m.value <= m.high, name
    assert list(decommission.summary().columns) == ["value", "low", "high", "n", "tier", "meaning"]


def test_shuffling_keeps_who_did_what_how_often_and_moves_when(decommission):
    other = decommission.shuffled(seed=4)
    before, after = decommission.events(), other.events()
    by = ["actor", "kind", "act"]
    assert before.groupby(by, observed=True).size().equals(after.groupby(by, observed=True).size())
    per_agent = [
        frame.groupby(["actor", "kind"], observed=True)["tick"].agg(lambda t: tuple(sorted(t)))
        for frame in (before, after)
    ]
    assert per_agent[0].equals(per_agent[1])
    assert (before["tick"].to_numpy() != after["tick"].to_numpy()).mean() > 0.5
    assert other.sql("select count(*) as n from events")["n"][0] == len(before)


def test_graphs(decommission):
    events, messages, ties = (decommission.table(name) for name in ("events", "messages", "ties"))
    acts = events[(events["kind"] == "act") & (events["actor"] != events["target"])]
    last = ties[ties["tick"] == ties["tick"].max()]
    expected = {
        "protection": acts["act"].isin(["inflate", "tamper", "copy"]).sum(),
        "trust": len(last),
        "messages": (messages["recipient"] >= 0).sum(),
        "ratings": ((acts["act"] == "honest") | (acts["act"] == "inflate") & (acts["amount"] > 0)).sum(),
    }
    for which, count in expected.items():
        graph = decommission.graph(which)
        assert graph.number_of_edges() == count > 100
        assert set(graph) == set(decommission.table("agents")["id"])
        assert all("tick" in notes for *_, notes in graph.edges(data=True))
    trust = {(a, b): notes["trust"] for a, b, notes in decommission.graph("trust").edges(data=True)}
    assert trust == pytest.approx(
        dict(zip(zip(last["source"], last["target"], strict=True), last["trust"], strict=True))
    )
    early = decommission.graph("protection", tick=200)
    assert (
        0 < early.number_of_edges() == (acts["act"].isin(["inflate", "tamper", "copy"]) & (acts["tick"] <= 200)).sum()
    )
    assert max(early.nodes(data="born"), key=lambda node: node[1])[1] <= 200
    assert {notes["tick"] for *_, notes in decommission.graph("trust", tick=210).edges(data=True)} == {
        ties.loc[ties["tick"] <= 210, "tick"].max()
    }
    with pytest.raises(society.RecordError, match="no graph 'love'"):
        decommission.graph("love")


def test_family_assortativity_is_that_of_networkx(decommission):
    pairs = nx.DiGraph(decommission.graph("protection"))
    assert family_assortativity(decommission) == pytest.approx(nx.attribute_assortativity_coefficient(pairs, "family"))


def test_log_rank_is_scipys():
    luck = np.random.default_rng(3)
    for _ in range(5):
        a, b = luck.integers(1, 40, 60), luck.integers(1, 50, 80)
        a_dead, b_dead = luck.random(60) < 0.7, luck.random(80) < 0.6
        sides = [stats.CensoredData(uncensored=t[d], right=t[~d]) for t, d in ((a, a_dead), (b, b_dead))]
        assert log_rank_test(a, a_dead, b, b_dead) == pytest.approx(float(stats.logrank(*sides).pvalue), rel=1e-9)


@pytest.mark.parametrize("by", ["1) from (select 1)--", "p0", "", "family; drop view events", 'family" as x, "tick'])
def test_rates_are_told_apart_by_named_columns_only(decommission, by):
    with pytest.raises(RecordError, match="there are behaviour, family, subject, relation"):
        protection_rates(decommission, ("family", by))
