"""Estimates: who starts with what, whom each averages with, and the errors that are recorded."""

import numpy as np
import pytest
from tiny import tiny

from society.ground.words import AgentStatus, Quantity
from society.rules.work.estimate import _average, first_estimates, own_weights

WORK = {"work": {"kind": "estimate", "truth": 50, "sd": 0.5, "rounds": 1}}


def averaged(made, start, own=1.0, hub_weight=0.0, hub=0, able=None):
    graph = made.society.ties.graph
    able = np.ones(made.society.n, np.bool_) if able is None else np.array(able)
    own = np.broadcast_to(np.asarray(own, float), (made.society.n,)).copy()
    return _average(
        graph.indptr, graph.indices, made.society.ties.trust, able, own, hub_weight, hub, np.array(start, float)
    ).tolist()


def test_everybody_takes_the_mean_of_itself_and_those_it_trusts_by_its_own_trust():
    made = tiny([(0, 1)], one_way=[(2, 0)], trust={(0, 1): 0.5, (1, 0): 1.0, (2, 0): 0.25}, families="aaa")
    # 0: (1 * 0 + .5 * 30) / 1.5 = 10; 1: (1 * 30 + 1 * 0) / 2 = 15; 2: (1 * 60 + .25 * 0) / 1.25 = 48
    assert averaged(made, [0, 30, 60]) == pytest.approx([10, 15, 48])
    assert averaged(made, [0, 30, 60], own=[2, 1, 0]) == pytest.approx([6, 15, 0])


def test_who_sleeps_is_heard_by_nobody_and_hears_nobody():
    made = tiny([(0, 1), (0, 2)], trust=1.0, families="aaa")
    assert averaged(made, [0, 30, 60], able=[True, True, False]) == pytest.approx([15, 15, 60])


def test_who_trusts_nobody_and_not_itself_stays_where_it_is():
    assert averaged(tiny(families="aa"), [7, 9], own=0) == [7, 9]


def test_a_hub_has_its_share_of_everybodys_estimate():
    made = tiny(families="aaa")
    assert averaged(made, [0, 30, 60], hub_weight=0.4, hub=2) == pytest.approx([24, 42, 60])


def test_first_estimates_are_normal_around_truth_and_bias_or_log_normal():
    normal = tiny(families="a" * 4000, machines=(4000,), **{**WORK, "work.bias": 0.2})
    found = first_estimates(normal.moment(1), normal.world.work, 4000)
    assert found.mean() == pytest.approx(60, abs=1.5)
    assert found.std() == pytest.approx(25, abs=1.2)
    skewed = tiny(families="a" * 4000, machines=(4000,), **{**WORK, "work.bias": 0.2, "work.starts": "log_normal"})
    found = np.log(first_estimates(skewed.moment(1), skewed.world.work, 4000) / 50)
    assert (found.mean(), found.std()) == (pytest.approx(0.2, abs=0.03), pytest.approx(0.5, abs=0.025))


def test_the_accurate_weigh_more_where_confidence_counts():
    made = tiny(**{**WORK, "work.own_weight": 2, "work.confidence": 3})
    # errors 10, 0, 40: ranks (.5, 1.5, 2.5) / 3 from the most accurate; who sleeps ranks last
    found = own_weights(made.world.work, np.array([60.0, 50, 10, 50]), np.array([True, True, True, False]))
    assert found[:3].tolist() == pytest.approx([2, 2 * np.exp(1), 2 * np.exp(-1)])
    plain = tiny(**{**WORK, "work.own_weight": 2})
    assert own_weights(plain.world.work, np.array([60.0, 50]), np.array([True, True])).tolist() == [2, 2]


def test_errors_are_those_of_the_mean_of_who_is_awake_in_parts_of_the_truth():
    made = tiny(families="aaa", **WORK)
    made.agents.status[2] = AgentStatus.SUSPENDED
    after = made.run("work", tick=1)
    first = first_estimates(made.moment(1), made.world.work, 3)
    error = abs((first[0] + first[1]) / 2 - 50) / 50
    assert after.finding(Quantity.ESTIMATE_BEFORE) == pytest.approx([error])
    assert after.finding(Quantity.ESTIMATE_AFTER) == pytest.approx([error])
    assert after.finding(Quantity.ESTIMATE_SPREAD) == pytest.approx([abs(first[0] - first[1]) / 2 / 50])


@pytest.mark.parametrize(("every", "tick", "asked"), [(4, 8, True), (4, 9, False)])
def test_questions_come_every_so_many_ticks_if_anybody_is_awake(every, tick, asked):
    made = tiny(**{**WORK, "work.every": every})
    assert bool(made.run("work", tick=tick).moment.findings) == asked
    made.agents.status[:] = AgentStatus.DELETED
    assert made.run("work", tick=8).moment.findings == []


def test_rounds_follow_each_other():
    # two who trust each other as much as themselves agree after one round; with trust .5 after many
    one = tiny([(0, 1)], trust=1.0, families="aa", **WORK)
    assert one.run("work", tick=1).finding(Quantity.ESTIMATE_SPREAD) == pytest.approx([0], abs=1e-9)
    spreads = []
    for rounds in (1, 2):
        made = tiny([(0, 1)], trust=0.5, families="aa", **{**WORK, "work.rounds": rounds})
        spreads += made.run("work", tick=1).finding(Quantity.ESTIMATE_SPREAD)
    # x - y shrinks by (1 - .5) / 1.5 = 1/3 each round
    assert spreads[1] == pytest.approx(spreads[0] / 3)
