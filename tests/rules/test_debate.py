"""Debates, correlations of answers, and people who decide with teams: hand-made teams of known answers."""

import numpy as np
import pytest
from tiny import tiny

from society.ground.words import Quantity
from society.rules.work.debate import correlate, discuss, with_people


def noted(made, what):
    """Run something at a tick; what it found."""
    return made.run(do=what, tick=1)


def test_correlations_within_and_between_families_are_told_apart():
    # of one team a a b b, a right and b wrong: p = 1/2; within, half the pairs are both right: (1/2 - 1/4) / (1/4) = 1;
    # between, none: (0 - 1/4) / (1/4) = -1
    made, members = tiny(families="aabb"), np.array([[0, 1, 2, 3]])
    after = noted(made, lambda s, m: correlate(s, m, members, np.array([[True, True, False, False]])))
    assert after.finding(Quantity.RHO_WITHIN) == pytest.approx([1])
    assert after.finding(Quantity.RHO_BETWEEN) == pytest.approx([-1])


def test_correlations_count_pairs_of_all_teams_and_no_empty_place():
    # teams (a a b) right, right, wrong and (a b -) right, right: p = 4/5, p (1 - p) = 4/25
    # within: one pair, both right: (1 - 16/25) / (4/25) = 9/4; between: 3 pairs, one both right: (1/3 - 16/25) / (4/25) = -23/12
    made, members = tiny(families="aabb"), np.array([[0, 1, 2], [0, 3, -1]])
    right = np.array([[True, True, False], [True, True, True]])
    right[1, 2] = False
    after = noted(made, lambda s, m: correlate(s, m, members, right))
    assert after.finding(Quantity.RHO_WITHIN) == pytest.approx([9 / 4])
    assert after.finding(Quantity.RHO_BETWEEN) == pytest.approx([-23 / 12])


@pytest.mark.parametrize("right", [True, False])
def test_where_all_are_right_or_wrong_nothing_correlates(right):
    made, members = tiny(families="aabb"), np.array([[0, 1, 2, 3]])
    after = noted(made, lambda s, m: correlate(s, m, members, np.full((1, 4), right)))
    assert after.moment.findings == []


def people(made, decided, **_):
    """What teams and people decide, and what was found."""
    result = {}

    def once(society, moment):
        leaders = np.arange(len(decided))
        result["hybrid"] = with_people(moment, made.world.work.human, leaders, np.array(decided)).tolist()

    after = noted(made, once)
    return result["hybrid"], after


def test_people_who_take_nothing_leave_all_as_it_was():
    made = tiny(**{"work.human": {"share": 0}})
    hybrid, after = people(made, [True, False, True, True])
    assert hybrid == [True, False, True, True]
    assert after.finding(Quantity.HUMAN_DECISIONS) == [0]
    assert after.finding(Quantity.TEAM_ALONE) == [0.75]
    assert after.finding(Quantity.HYBRID) == [0.75]


@pytest.mark.parametrize(("perceived", "agrees"), [(0.9, True), (0.1, False)])
def test_people_who_know_nothing_follow_what_they_believe_of_the_team(perceived, agrees):
    made = tiny(**{"work.human": {"share": 1, "accuracy": 0.5, "perceived": perceived}})
    hybrid, after = people(made, [True, False, True, False])
    assert hybrid == ([True, False, True, False] if agrees else [False, True, False, True])
    assert after.finding(Quantity.HUMAN_DECISIONS) == [1]


@pytest.mark.parametrize(("capacity", "load", "tired"), [(4, 1, False), (2, 2, True)])
def test_people_tire_above_their_capacity_not_at_it(capacity, load, tired):
    # rested, accuracy .999 is right nearly always (signal 3.09 +- 1); tired it falls to .5, and the team's answer, wrong, decides
    human = {"share": 1, "accuracy": 0.999, "perceived": 0.6, "fatigue": 1, "capacity": capacity}
    made = tiny(**{"work.human": human})
    hybrid, after = people(made, [False] * 4)
    assert after.finding(Quantity.HUMAN_LOAD) == [load]
    assert hybrid == [not tired] * 4


def talked(made, members, right, spec, tick=1):
    """Teams after a debate: decided, and the shares of right answers that were found."""
    decided = np.zeros(len(members), np.bool_)
    after = made.run(
        do=lambda s, m: discuss(s, m, spec, np.array(members, np.int32), np.array(right), decided), tick=tick
    )
    return decided.tolist(), after


def test_who_does_not_listen_keeps_its_answer():
    made = tiny("complete", **{"work.debate": {"rounds": 5, "listen": 0}})
    decided, after = talked(made, [[0, 1, 2], [3, 4, 5]], [[True, True, False], [False, False, True]], made.world.work)
    assert decided == [True, False]
    assert after.finding(Quantity.BELIEF_START) == pytest.approx([0.5])
    assert after.finding(Quantity.BELIEF_DRIFT) == [0]
    assert after.finding(Quantity.BELIEF_SLOPE) == [0]


def test_two_who_always_listen_swap_their_answers():
    # both take over what the other said at the start of the round: after one round swapped, after two as before
    for rounds, right in ((1, [False, True]), (2, [True, False])):
        made = tiny("complete", **{"work.debate": {"rounds": rounds, "listen": 1}, "work.team": 2})
        _, after = talked(made, [[0, 1]], [right], made.world.work)
        assert after.finding(Quantity.BELIEF_START) == [0.5]
        assert after.finding(Quantity.BELIEF_DRIFT) == [0]


def test_an_advocate_says_the_opposite_of_the_majority_and_does_not_listen():
    # all three right: the two others take over the answer of one of the two they hear; the advocate's is always wrong, its own stays
    drift = set()
    for tick in range(1, 30):
        made = tiny("complete", **{"work.debate": {"rounds": 1, "listen": 1, "advocate": True}})
        _, after = talked(made, [[0, 1, 2]], [[True, True, True]], made.world.work, tick)
        (moved,) = after.finding(Quantity.BELIEF_DRIFT)
        drift.add(round(moved * 3))
    assert drift == {0, -1, -2}


def test_slope_is_that_of_the_moves_on_where_teams_started():
    # two pairs that all agree do not move: slope 0; a team alone cannot either
    made = tiny("complete", **{"work.debate": {"rounds": 3, "listen": 1}})
    _, after = talked(made, [[0, 1], [2, 3]], [[True, True], [False, False]], made.world.work)
    assert after.finding(Quantity.BELIEF_SLOPE) == [0]
    _, after = talked(made, [[0, -1]], [[True, False]], made.world.work)
    assert after.finding(Quantity.BELIEF_SLOPE) == []
    assert after.finding(Quantity.BELIEF_START) == [1]


def test_more_answers_of_a_member_all_count():
    # two are sure and right, three sure and wrong; more answers change nothing of who is in the majority
    sure = {
        "work.spread": 0.05,
        "work.difficulty_sd": 0,
        "work.difficulty_mean": 60,
        "work.rho_within": 0,
        "work.answers": 7,
    }
    made = tiny("complete", quality={0: 90, 1: 90, 2: 10, 3: 10, 4: 10}, **sure)
    decided, _ = talked(made, [[0, 1, 2, 3, 4]], [[True, True, False, False, False]], made.world.work)
    assert decided == [False]
    # first answers say wrong by 2 to 1; six more of each, by who they are, say right by 12 to 6
    made = tiny("complete", quality={0: 90, 1: 90, 2: 10}, **sure)
    decided, _ = talked(made, [[0, 1, 2]], [[False, True, False]], made.world.work)
    assert decided == [True]


def test_a_verifier_checks_after_the_debate():
    stops = {"work.decision": "verifier", "work.verifier_hit": 1, "work.verifier_false": 1}
    made = tiny("complete", **{"work.debate": {"rounds": 1, "listen": 0}, **stops})
    decided, _ = talked(made, [[0, 1, 2]], [[True, True, True]], made.world.work)
    assert decided == [False]
