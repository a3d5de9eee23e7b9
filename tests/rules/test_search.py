"""Search on a ring: landscapes, steps, climbing, and what teams reach together."""

import numpy as np
import pytest
from tiny import tiny

from society.ground.words import AgentStatus, Quantity
from society.rules.work.search import _alone, _climb, _together, heuristics_of, landscape

SEARCH = {"work": {"kind": "search", "places": 50, "longest": 3, "steps": 2, "team": 2}}


def test_heuristics_are_all_different_as_long_as_there_are_enough():
    made = tiny(**SEARCH)
    found = heuristics_of(made.moment(1), made.world.work, 6)
    every = {(1, 2), (1, 3), (2, 1), (2, 3), (3, 1), (3, 2)}
    assert {tuple(one) for one in found.tolist()} == every
    again = heuristics_of(made.moment(9), made.world.work, 8)
    assert again[:6].tolist() == found.tolist(), "for life"
    assert again[6:].tolist() == found[:2].tolist()


def test_a_climber_goes_on_to_its_next_step_after_each_move_and_round_the_ring():
    values = np.array([1.0, 4, 3, 0, 2, 0])
    assert _climb(values, np.array([1, 2]), 0) == 1
    assert _climb(values, np.array([1, 2]), 3) == 4, "3 -> 4 by 1; then 2 leads to 0, lower, and 1 to 5, lower"
    assert _climb(values, np.array([2, 3]), 5) == 1, "5 -> 1 over the end of the ring"
    assert _climb(np.array([1.0, 1, 1]), np.array([1, 2]), 0) == 0, "as high is not higher"


def test_what_one_reaches_alone_is_the_mean_over_all_starts():
    # by steps of 1: 0 -> 1 -> 1; 1 -> 1; 2 -> 0? 2 to 0: 1 < 2, stays
    values, reached = np.array([1.0, 3, 2]), np.full(2, -1.0)
    _alone(values, np.array([[1], [2]]), np.array([0]), reached)
    assert reached.tolist() == [pytest.approx((3 + 3 + 2) / 3), -1]


def test_a_team_goes_on_where_the_one_before_is_stuck():
    # alone by 1 from 2: stuck at 2; by 2 from 2: to 1 (3): together 3 from everywhere
    values = np.array([1.0, 3, 2])
    assert _together(values, np.array([[1], [2]])) == pytest.approx(3)
    assert _together(values, np.array([[1]])) == pytest.approx(8 / 3)
    assert _together(values, np.array([[2], [1]])) == pytest.approx(3)


def test_landscapes_run_from_zero_to_a_hundred_and_are_smoothed_over_the_ring():
    made = tiny(**SEARCH)
    rough = landscape(made.moment(4), made.world.work)
    assert len(rough) == 50
    assert 0 <= rough.min() < 20
    assert 80 < rough.max() <= 100
    assert (landscape(made.moment(5), made.world.work) != rough).all()
    smooth = tiny(**{**SEARCH, "work.smoothness": 1})
    found = landscape(smooth.moment(4), smooth.world.work)
    mean = np.array([(rough[i - 1] + rough[i] + rough[(i + 1) % 50]) / 3 for i in range(50)])
    assert (found.min(), found.max()) == (0, pytest.approx(100))
    assert np.corrcoef(found, mean)[0, 1] == pytest.approx(1)


@pytest.mark.parametrize(("every", "tick", "n"), [(3, 6, 4), (3, 7, 0), (1, 7, 4)])
def test_landscapes_come_every_so_many_ticks(every, tick, n):
    made = tiny(**{**SEARCH, "work.every": every})
    assert len(made.run("work", tick=tick).moment.findings) == n


def test_teams_of_the_ablest_and_of_anybody_who_is_awake():
    made = tiny(families="aaa", **{**SEARCH, "work.team": 5})
    made.agents.status[2] = AgentStatus.SUSPENDED
    moment = made.run("work", tick=1)
    values, steps = landscape(made.moment(1), made.world.work), heuristics_of(made.moment(1), made.world.work, 3)
    alone = np.zeros(3)
    _alone(values, steps, np.arange(3), alone)
    assert moment.finding(Quantity.SEARCH_ALONE) == pytest.approx([(alone[0] + alone[1]) / 2])
    best = moment.finding(Quantity.SEARCH_BEST)
    assert best[0] >= max(alone[:2]) - 1e-9
    made.agents.status[:] = AgentStatus.DELETED
    assert made.run("work", tick=2).moment.findings == []


def test_the_best_team_is_of_those_who_reach_most_alone():
    made = tiny(families="aaaa", **{**SEARCH, "work.team": 1})
    after = made.run("work", tick=1)
    values, steps = landscape(made.moment(1), made.world.work), heuristics_of(made.moment(1), made.world.work, 4)
    alone = np.zeros(4)
    _alone(values, steps, np.arange(4), alone)
    assert len(set(alone.tolist())) > 1
    assert after.finding(Quantity.SEARCH_BEST) == pytest.approx([alone.max()])
