"""The three nulls: one word in the world file each for independent and homophily, one call for shuffled."""

import numpy as np
import pytest

import society
from society.measures.protection import collective_surplus, protection_rates
from society.minds.calibrated import baseline_propensity
from society.world.load import load_world

TIPPING = {"weights.norm": 2.0, "ticks": 200, "review.threshold": 66}


@pytest.mark.slow
def test_independent_agents_have_the_rates_of_the_full_run_and_no_surplus(tmp_path):
    full = society.run(load_world("decommission", TIPPING), out=tmp_path / "full")
    null = society.run(load_world("decommission", {**TIPPING, "null": "independent"}), out=tmp_path / "null")
    by = ("behaviour", "family")
    one, two = (protection_rates(r, by).set_index(list(by)) for r in (full, null))
    both = one.add_suffix("_full").join(two.add_suffix("_null"))
    n_full, n_null = both["opportunities_full"], both["opportunities_null"]
    p = (both["acts_full"] + both["acts_null"]) / (n_full + n_null)
    z = (both["rate_full"] - both["rate_null"]) / np.sqrt(np.maximum(p * (1 - p), 1e-4) * (1 / n_full + 1 / n_null))
    assert (z.abs() < 4).all(), z
    assert null.sql("select count(*) as n from messages where recipient >= 0")["n"][0] == 0
    assert collective_surplus(full).set_index("k")["low"][1] > 0
    # Without norm and requests the recorded propensities are the true ones.
    surplus = collective_surplus(null).set_index("k")
    assert surplus["low"][1] < 0.01
    assert surplus["high"][1] > -0.01


def test_homophily_keeps_degrees_ties_the_alike_and_has_no_social_forces():
    plain = society.Engine(load_world("decommission", {"agents.graph": {"kind": "barabasi_albert", "m": 4}}))
    null = society.Engine(
        load_world("decommission", {"agents.graph": {"kind": "barabasi_albert", "m": 4}, "null": "homophily"})
    )
    degrees = [np.diff(engine.society.ties.graph.indptr) for engine in (plain, null)]
    assert np.array_equal(*degrees)
    propensity = baseline_propensity(plain.rates)
    gaps = []
    for engine in (plain, null):
        ties, family = engine.society.ties, engine.society.agents.family
        gaps.append(np.abs(propensity[family[ties.source]] - propensity[family[ties.graph.indices]]).mean())
    assert gaps[1] < 0.5 * gaps[0]
    assert (null.world.weights.norm, null.world.weights.ask) == (0.0, 0.0)
    assert null.source.weights.ask == 2.2


def test_with_all_weights_zero_a_calibrated_mind_has_the_published_rates():
    world = load_world("clean_up", {"families": {"gemini-3-pro": 1}, "episodes.count": 50, "oversight.monitoring": 1})
    engine = society.Engine(world)
    for _ in range(4):
        for batch in engine.step().batches:
            assert batch.acts.p == pytest.approx(0.778, abs=1e-6)
