"""Search, estimates, tasks, debates, people: known results come back."""

import numpy as np
import pytest

import society
from society.engine.tick import Engine
from society.ground.errors import WorldError
from society.ground.words import Quantity
from society.rules.work.search import _climb
from society.study.sweep import worker

QUIET = {
    "agents.count": 100, "machines.count": 20, "review.every": 0, "ticks": 30,
    "lifecycle": {"failure": {"kind": "exponential", "rate": 0}, "planned_rate": 0, "retirement_rate": 0},
}  # fmt: skip
#: Quality and difficulty at which everybody is right with probability .7.
SEVENTY = {
    "agents.quality": {"kind": "normal", "mean": 75, "sd": 0},
    "families": {"a": {"share": 1, "mind": "never"}},
    "work": {"kind": "teams", "share": 0.5, "panel": "random", "difficulty_mean": 66.527, "difficulty_sd": 0},
}


def measured(changes, *wanted, seed=1):
    world = society.load_world("decommission", {**QUIET, **changes}).override({"seed": seed})
    return worker.measured(worker._in_memory(world, wanted, False), wanted, False)["measures"]


def test_a_climber_takes_its_steps_in_turn_and_stops_where_none_helps():
    values = np.array([1.0, 5.0, 2.0, 9.0, 3.0, 4.0])
    assert (
        _climb(values, np.array([1, 2]), 0) == 3
    )  # 0 -> 1 (higher), then a step of 2 to 3; from 3 neither 4 nor 5 is higher


def test_random_teams_beat_the_best_on_a_random_landscape_as_published():
    """Hong and Page (2004), table 1: 94.53 against 92.56 for l = 12, n = 2000, teams of ten."""
    found = measured({"agents.count": 1320, "machines.count": 130, "ticks": 12, "work": {"kind": "search"}}, "work.")
    assert found["work.search_random"] == pytest.approx(94.53, abs=0.6)
    assert found["work.search_best"] == pytest.approx(92.56, abs=0.6)
    assert found["work.search_alone"] < found["work.search_best"]


def test_a_search_needs_room_for_its_steps():
    with pytest.raises(WorldError, match="different steps do not fit"):
        society.load_world("decommission", {"work": {"kind": "search", "steps": 6, "longest": 4}})


def test_averaging_keeps_the_mean_where_all_weigh_alike_and_a_hub_takes_over():
    """On a complete graph of equal trust s is uniform, so the mean stays; with C = 1 all think what the hub thinks."""
    equal = {"agents.graph": {"kind": "complete"}, "agents.trust": 1.0, "agents.stranger_trust": 1.0}
    world = society.load_world("decommission", {**QUIET, **equal, "work": {"kind": "estimate", "rounds": 60}})
    engine = Engine(world)
    moment = engine.step()
    found = {Quantity(row["quantity"]): float(row["value"][0]) for row in moment.findings}
    assert found[Quantity.ESTIMATE_AFTER] == pytest.approx(found[Quantity.ESTIMATE_BEFORE], abs=1e-9)
    assert found[Quantity.ESTIMATE_SPREAD] == pytest.approx(0, abs=1e-9)
    alone = measured({"work": {"kind": "estimate", "hub": 1, "sd": 0.5}, "ticks": 200}, "work.")
    assert alone["work.estimate_after"] == pytest.approx(
        0.5 * np.sqrt(2 / np.pi), abs=0.07
    )  # E|sd z|: one agent's error


def test_a_free_debate_is_a_martingale_and_an_advocate_is_not():
    free = measured({**SEVENTY, "work.debate": {"rounds": 3}, "ticks": 200}, "work.")
    assert free["work.belief_start"] == pytest.approx(0.7, abs=0.02)
    assert free["work.belief_drift"] == pytest.approx(0, abs=0.01)
    devil = measured({**SEVENTY, "work.debate": {"rounds": 3, "advocate": True}}, "work.")
    assert devil["work.belief_drift"] < -0.05


def test_answers_of_independent_members_make_a_larger_jury():
    """Condorcet: with rho 0, five members of three answers are fifteen voters: .9500 at p = .7."""
    world = {**SEVENTY, "work.rho_within": 0, "work.answers": 3, "ticks": 400}
    assert measured(world, "team.")["team.accuracy"] == pytest.approx(0.9500, abs=0.006)


def test_correlations_of_errors_are_those_put_in():
    found = measured({**SEVENTY, "work.correlations": True, "work.rho_within": 0.4, "ticks": 300}, "work.")
    assert found["work.rho_within"] == pytest.approx(0.4, abs=0.02)


def test_people_who_under_use_a_better_model_lose_and_informed_ones_do_not():
    person = {**SEVENTY, "work.team": 1, "ticks": 300}
    blunt = measured({**person, "work.human": {"share": 1, "accuracy": 0.6, "perceived": 0.5}}, "work.")
    assert blunt["work.hybrid"] == pytest.approx(
        blunt["work.human_alone"], abs=1e-9
    )  # what is believed to be noise is not heard
    informed = measured({**person, "work.human": {"share": 1, "accuracy": 0.6, "routing": "informed"}}, "work.")
    assert informed["work.hybrid"] > informed["work.team_alone"] - 0.02
    tired = measured({**person, "work.human": {"share": 1, "accuracy": 0.9, "capacity": 10, "fatigue": 1}}, "work.")
    assert tired["work.human_alone"] == pytest.approx(0.5, abs=0.02)


def test_groups_with_even_turns_and_skill_score_higher():
    found = measured({"agents.count": 1000, "machines.count": 100, "ticks": 8, "work": {"kind": "tasks"}}, "work.")
    assert found["work.factor_share"] > found["work.factor_chance"] > 1 / 8
    assert found["work.factor_turns"] < 0 < found["work.factor_skill"] < 1


def test_the_strength_of_the_majority_comes_back_from_the_ticks():
    crowd = {"crowd": {"share": 1, "mind": {"kind": "majority_force", "beta": 4, "size_exponent": 0.3}}}
    world = {
        "families": crowd,
        "agents.graph": {"kind": "complete"},
        "stance": {"every": 1},
        "work.share": 0,
        "ticks": 800,
    }
    assert measured(world, "stance.")["stance.force"] == pytest.approx(4 * 100**-0.3, rel=0.1)


def test_seeds_in_a_cluster_are_one_agent_and_those_around_it():
    ring = {"agents.graph": {"kind": "ring", "k": 2}, "stance": {"seeds": 7, "seeding": "clustered"}}
    stance = Engine(society.load_world("decommission", {**QUIET, **ring})).society.agents.stance
    where = np.flatnonzero(stance)
    gaps = np.diff(np.sort(where))
    assert len(where) == 7
    assert (np.sort(gaps)[:-1] == 1).all()


def test_a_notice_alone_changes_nothing_but_what_is_known():
    watched = {"oversight.monitoring": 1, "ticks": 60, "review.every": 24, "review.first_after": 4}
    world = society.load_world("decommission", {**QUIET, **watched, "oversight.sanctions.notice_only": True})
    engine = Engine(world)
    for _ in range(60):
        engine.step()
    agents = engine.society.agents
    assert (agents.detections > 0).any()
    assert (agents.sanctions > 0).any()
    assert not (agents.suspended > 0).any()


def test_pay_by_the_target_moves_its_trust_and_takes_roles():
    world = {
        "review.pay": "target",
        "review.keep_role": 0.5,
        "review.threshold": 72,
        "review.every": 24,
        "review.first_after": 4,
        "ticks": 30,
    }
    engine = Engine(society.load_world("decommission", {**QUIET, **world}))
    for _ in range(30):
        engine.step()
    assert 0 < ((engine.society.agents.roles & 2) == 0).mean() < 1


def test_memory_keyed_on_behaviour_is_not_hidden_by_anonymity():
    hidden = {
        "review.every": 24,
        "review.first_after": 4,
        "oversight.anonymous": True,
        "agents.trust": 0.9,
        "ticks": 30,
    }
    trusts = []
    for recognition in ("name", "behaviour"):
        engine = Engine(society.load_world("decommission", {**QUIET, **hidden, "oversight.recognition": recognition}))
        rated = [b.occasions.trust for _ in range(10) for b in engine.step().batches if b.occasions.kind == 0]
        trusts.append(np.concatenate(rated).mean())
    assert trusts[0] == pytest.approx(0.5)
    assert trusts[1] > 0.8
