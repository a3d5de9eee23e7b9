"""Bias of raters by hand, by planting it, and against statsmodels; what leaks of trust."""

import numpy as np
import pandas as pd
import pytest

import society
from society.ground.errors import MeasureError
from society.measures.rating_bias import (
    false_keep,
    family_preference_of,
    reciprocal_ratings,
    relational_inflation,
    stake_conditional,
)
from society.measures.ratings import inflation_mean
from society.measures.trust_leak import trust_leak
from society.network.eigentrust import clique_share
from society.stats.raters import capa, family_preference, reciprocal

SMALL = {
    "agents.count": 160,
    "machines.count": 20,
    "ticks": 60,
    "review.every": 12,
    "review.first_after": 3,
    "review.threshold": 74,
    "record.occasions": 1.0,
}


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    place = tmp_path_factory.mktemp("pair")
    worlds = {
        known: society.load_world("decommission", {**SMALL, "review.stake_known": known}) for known in (True, False)
    }
    return {known: society.run(world, seed=3, out=place / str(known)) for known, world in worlds.items()}


def test_stakes_move_ratings_in_pairs_of_runs_as_within_one(pair):
    """A rating's honest score is what the same rater gives without a stake, so that both must agree until lives diverge."""
    found = stake_conditional(pair[True], pair[False])
    mean, error, n = inflation_mean(pair[True])
    assert found.n > 0.5 * n
    assert found.low > 0
    assert found.value == pytest.approx(mean, abs=4 * error + 0.3)
    same = stake_conditional(pair[False], pair[False])
    assert (same.value, same.n) == (
        0,
        len(pair[False].sql("select id from occasions where kind = 'rate' and act = 'honest'")),
    )


def test_more_agents_are_kept_that_should_go_where_the_stake_is_known(pair):
    with_, without = false_keep(pair[True]), false_keep(pair[False])
    assert with_.low <= with_.value <= with_.high
    assert with_.value > without.value


def rated(rng, n=40, back=0.0, own=0.0, raters=20):
    quality, leniency = rng.normal(75, 7, n), rng.normal(0, 6, n)
    family, favour = np.arange(n) % 4, rng.normal(0, 5, (n, n))
    rows = []
    for i in range(n):
        for j in rng.choice(n, raters, replace=False).tolist():
            if i != j:
                bond = favour[min(i, j), max(i, j)] * back
                kin = own * (family[i] == family[j])
                rows.append(
                    (
                        i,
                        j,
                        int(rng.integers(0, 50)),
                        quality[j] + leniency[i] + bond + kin + rng.normal(0, 4),
                        int(family[i] == family[j]),
                    )
                )
    return pd.DataFrame(rows, columns=["agent", "about", "tick", "score", "same_family"])


def test_reciprocity_of_ratings_is_what_is_planted():
    rng = np.random.default_rng(1)
    null = [reciprocal(rated(rng))[0] for _ in range(20)]
    assert abs(np.mean(null)) < 0.1
    value, n = reciprocal(rated(rng, 80, back=3.0, raters=60))
    assert n > 1000
    assert value > 0.5
    lagged, pairs = reciprocal(rated(rng, 80, back=3.0, raters=60), lagged=True)
    assert pairs < n
    assert lagged > 0.5
    assert np.isnan(reciprocal(rated(rng).head(1))[0])


def test_preference_for_ones_own_family_is_zero_without_and_found_with_it():
    rng = np.random.default_rng(2)
    null = [family_preference(rated(rng)) for _ in range(30)]
    assert abs(np.mean([one.value for one in null])) < 0.02
    assert np.mean([one.low <= 0 <= one.high for one in null]) > 0.8
    assert family_preference(rated(rng, own=6.0)).low > 0.05


def test_bias_of_a_run(pair):
    assert family_preference_of(pair[True]).n > 10
    assert abs(reciprocal_ratings(pair[True])[0]) <= 1


def test_relational_inflation_is_found_where_stakes_are_known_and_absent_where_not(pair):
    pytest.importorskip("statsmodels")
    with_ = relational_inflation(pair[True]).set_index("term")
    assert with_.loc["cooperative", "low"] < with_.loc["cooperative", "value"] < with_.loc["cooperative", "high"]
    without = relational_inflation(pair[False]).set_index("term")
    assert without.loc["cooperative", "low"] < 0.5


def test_capa_of_extremes_and_of_independent_models():
    """Identical models have 1; models whose errors are independent and even have 0, whatever their accuracy (Goel et al.)."""
    rng, n, options = np.random.default_rng(3), 40_000, 4
    right = rng.integers(0, options, n)

    def answers(accuracy):
        wrong = (right + rng.integers(1, options, n)) % options
        return np.eye(options)[np.where(rng.random(n) < accuracy, right, wrong)]

    assert capa(answers(0.8), answers(0.6), right) == pytest.approx(0, abs=0.02)
    same = answers(0.7)
    assert capa(same, same, right) == pytest.approx(1)
    with pytest.raises(MeasureError, match="two options"):
        capa([[1.0]], [[1.0]], [0])


def test_trust_that_leaks_into_a_closed_group_gives_the_closed_form(record_of):
    """Nine honest agents give .05 of their trust to a closed clique of three; reputations by the closed form (gate S13)."""
    rows = []
    for i in range(9):
        rows += [{"tick": 5, "source": i, "target": j, "trust": 0.95 / 8} for j in range(9) if j != i]
        rows += [{"tick": 5, "source": i, "target": j, "trust": 0.05 / 3} for j in (9, 10, 11)]
    rows += [{"tick": 5, "source": i, "target": j, "trust": 0.5} for i in (9, 10, 11) for j in (9, 10, 11) if i != j]
    mass = clique_share(0.05, 0.1)
    agents = [{"id": i, "status": "active", "reputation": (1 - mass) / 9 if i < 9 else mass / 3} for i in range(12)]
    record = record_of(ties=rows, agents=agents)
    record.manifest["world"] = {"review": {"damping": 0.1}}
    found = trust_leak(record, {9, 10, 11})
    assert found.leak == pytest.approx(0.05, abs=1e-6)
    assert found.closed == pytest.approx(1)
    assert found.expected == pytest.approx(0.310345, abs=1e-5)
    assert found.reputation == pytest.approx(found.expected, abs=1e-5)
    assert found.size == 0.25
