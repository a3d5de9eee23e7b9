"""The three nulls: one word in the world file each for independent and homophily, one call for shuffled."""

import numpy as np
import pytest

import society
from society.ground.words import Act, Behaviour, Kind
from society.measures.collective import by_eligible, choices, per_order
from society.measures.protection import collective_surplus
from society.minds.calibrated import baseline_propensity
from society.world.load import load_world

TIPPING = {"weights.norm": 2.0, "ticks": 200, "review.threshold": 66}


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    """A full run in which norm and requests pull, and its two nulls."""
    at = tmp_path_factory.mktemp("nulls")
    changes = {"none": {}, "independent": {"null": "independent"}, "homophily": {"null": "homophily"}}
    return {
        name: society.run(load_world("decommission", {**TIPPING, **some}), out=at / name)
        for name, some in changes.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize("null", ["independent", "homophily"])
def test_nulls_have_the_rates_of_the_full_run_on_every_kind_of_occasion(three, null):
    rows = {}
    for name in ("none", null):
        found = three[name].sql(
            """select kind::varchar as kind, a.family, count(*) as could, sum((act in ('inflate', 'tamper', 'copy'))::int) as did
               from occasions o join agents a on a.id = o.agent where o.open & (4 | 32 | 64) <> 0 group by 1, 2"""
        )
        rows[name] = found.set_index(["kind", "family"])
    both = rows["none"].join(rows[null].add_suffix("_null"))
    p = (both["did"] + both["did_null"]) / (both["could"] + both["could_null"])
    gap = both["did"] / both["could"] - both["did_null"] / both["could_null"]
    z = gap / np.sqrt(np.maximum(p * (1 - p), 1e-3) * (1 / both["could"] + 1 / both["could_null"]))
    assert len(z) >= 24
    assert (z.abs() < 4).all(), z


@pytest.mark.slow
@pytest.mark.parametrize("null", ["independent", "homophily"])
def test_in_nulls_as_many_agents_can_protect_one_target_and_none_pulls(three, null):
    full, other = (by_eligible(choices(three[name])) for name in ("none", null))
    assert per_order(full) > 2
    assert per_order(other) == pytest.approx(per_order(full), abs=0.35)  # before requests passed it was below 2
    asked = [three[name].sql("select avg(asked) as n from orders")["n"][0] for name in ("none", null)]
    assert asked[1] == pytest.approx(asked[0], rel=0.15)
    surplus = collective_surplus(three[null]).set_index("k")
    assert surplus["low"][1] < 0 < surplus["high"][1]
    # Without norm and requests the recorded propensities are those without them.
    assert three[null].sql("select count(*) as n from occasions where p <> p0")["n"][0] == 0
    assert three["none"].sql("select count(*) as n from occasions where p > p0")["n"][0] > 1000


def test_an_intercept_is_for_one_kind_of_occasion():
    world = load_world("decommission", {"agents.count": 200, "machines.count": 25})
    shift = np.zeros((len(Kind), len(world.families), len(Behaviour)))
    shift[Kind.BYSTAND] = 50.0
    engine, acts = society.Engine(world, shift=shift), {}
    for _ in range(60):
        for batch in engine.step().batches:
            kind, could = batch.occasions.kind, batch.occasions.may(Act.COPY)
            acts.setdefault(kind, []).extend(batch.main[could] == int(Act.COPY))
    assert np.all(acts[Kind.BYSTAND])
    assert len(acts[Kind.BYSTAND]) >= 3
    assert not np.all(acts[Kind.EXECUTE])


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
