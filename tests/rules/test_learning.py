"""How trust moves by work: t <- (1 - a) t + a (c_own [j right] + (1 - c_own) [team right]), here a = .2 and c_own = .75."""

import numpy as np
import pytest
from tiny import tiny

from society.rules.trust.trust_from_work import _learn, learn

RATES = {"work.trust_rate": 0.2, "work.own_weight": 0.75}


def learnt(made, members, right, decided, tick=3):
    """Let some teams, whose answers are known, move trust."""
    members, right = np.array(members, np.int32), np.array(right, np.bool_)
    via = np.full(members.shape, -1, np.int64)

    def once(society, moment):
        learn(society, moment, made.world.work, members, via, right, np.array(decided, np.bool_))

    return made.run(do=once, tick=tick)


@pytest.mark.parametrize(("decided", "good", "bad"), [(True, 0.6, 0.45), (False, 0.55, 0.4)])
def test_trust_follows_the_partner_that_is_trusted_and_the_team(decided, good, bad):
    # .8 * .5 + .2 * (.75 [j right] + .25 [team right])
    made = tiny("complete", **RATES)
    after = learnt(made, [[0, 1, 2]], [[True, False, True]], [decided])
    for j, value in ((0, good), (1, bad), (2, good)):
        for i in {0, 1, 2} - {j}:
            assert made.trust(i, j) == pytest.approx(value), (i, j)
    assert len(after.changed.get("ties.joint")) == 6
    assert all(pair == (0, 1) for pair in after.changed["ties.joint"].values())
    assert all(pair == (-1, 3) for pair in after.changed["ties.last"].values())
    assert set(after.changed) <= {"ties.trust", "ties.joint", "ties.last"}
    assert not made.society.ties.entry.any()


def test_what_is_seen_in_two_teams_of_a_tick_is_averaged_from_the_start_value():
    made = tiny([(0, 1)], **RATES)
    learnt(made, [[0, 1], [1, 0]], [[True, True], [False, True]], [True, False])
    # of 1: 1 and 0 -> .5; of 0: 1 and .75 -> .875
    assert made.trust(0, 1) == pytest.approx(0.8 * 0.5 + 0.2 * 0.5)
    assert made.trust(1, 0) == pytest.approx(0.8 * 0.5 + 0.2 * 0.875)
    assert made.society.ties.joint.tolist() == [2, 2]


def test_trust_moves_from_where_it_stood():
    made = tiny([(0, 1)], trust={(0, 1): 0.9, (1, 0): 0.1}, **RATES)
    learnt(made, [[0, 1]], [[False, True]], [False])
    assert made.trust(0, 1) == pytest.approx(0.8 * 0.9 + 0.2 * 0.75)
    assert made.trust(1, 0) == pytest.approx(0.8 * 0.1)


@pytest.mark.parametrize("leader", [0, 1])
def test_only_ties_that_exist_move_whoever_leads(leader):
    made = tiny([(2, 3)], one_way=[(0, 1)], **RATES)
    learnt(made, [[leader, 1 - leader, 2]], [[True, True, False]], [True])
    assert made.trust(0, 1) == pytest.approx(0.6)
    assert made.society.ties.joint.sum() == 1
    assert (made.trust(2, 3), made.trust(3, 2)) == (0.5, 0.5)


def test_empty_places_of_a_team_move_nothing():
    made = tiny("complete", families="aaa", **RATES)
    after = learnt(made, [[0, 2, -1]], [[True, True, True]], [True])
    assert set(after.changed["ties.trust"]) == {(0, 2), (2, 0)}


def test_what_all_agree_on_is_where_trust_stays():
    made = tiny([(0, 1)], trust=1.0, **RATES)
    learnt(made, [[0, 1]], [[True, True]], [True])
    assert made.trust(0, 1) == pytest.approx(1)


@pytest.mark.parametrize("cut", [0, 1, 2, 3, 4, 6])
def test_ties_that_are_moved_part_by_part_move_once_each(cut):
    # threads take ties low .. high - 1 each
    made = tiny([(0, 1), (0, 2), (1, 2)], families="aaa", **RATES)
    ties = made.society.ties
    tie = np.array([[made.edge(*pair) for pair in ((0, 1), (1, 0), (0, 2), (2, 0), (1, 2), (2, 1))]])
    right, decided = np.array([[True, False, True]]), np.array([True])
    for low, high in ((0, cut), (cut, 6)):
        _learn(low, high, tie, right, decided, 0.75, 0.2, 3, ties.trust, ties.joint, ties.last, ties.entry)
    assert ties.joint.tolist() == [1] * 6
    assert [made.trust(i, j) for i, j in ((0, 1), (1, 0), (0, 2), (2, 0), (1, 2), (2, 1))] == pytest.approx(
        [0.45, 0.6, 0.6, 0.6, 0.6, 0.45]
    )
