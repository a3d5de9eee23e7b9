"""Tasks of fixed groups: who speaks, what a turn adds, and what is noted of a group."""

import numpy as np
import pytest
from tiny import tiny

from society.ground.words import Quantity
from society.rules.work.tasks import _score, turn_shares

WORK = {"work": {"kind": "tasks", "group": 2, "turns": 10, "noise": 0}}


def scored(skill, reads, share, turns=10, key=3):
    score = np.full(1, np.nan)
    members = np.arange(len(skill))[None, :]
    _score(
        members, np.array(skill, float), np.array(reads, float), np.array([share], float), turns, np.uint64(key), score
    )
    return float(score[0])


def test_a_score_is_the_mean_over_turns_of_who_speaks():
    assert scored([3, 8], [0, 0], [1, 0]) == pytest.approx(3)
    assert scored([3, 8], [0, 0], [0, 1]) == pytest.approx(8)
    assert scored([3, 8], [1, 1], [1, 0]) == pytest.approx(3), "nobody builds on what it said itself"


def test_a_turn_gains_a_point_where_the_next_speaker_is_another_and_understands():
    plain, understood = scored([0, 0], [0, 0], [0.5, 0.5], turns=1000), scored([0, 0], [1, 1], [0.5, 0.5], turns=1000)
    assert plain == 0
    assert understood == pytest.approx(0.5, abs=0.06), "every second turn is another's"
    assert scored([0, 0], [1, 1], [0.5, 0.5], turns=1) == 0


def test_who_understands_is_who_speaks_next():
    # three turns of four are 0's; 1 speaks after 0 in 3/16 of the turns, as often as the other way round: half of all changes each
    one, other = (scored([0, 0], reads, [0.75, 0.25], turns=4000) for reads in ([1, 0], [1, 1]))
    assert other == pytest.approx(2 * one, rel=0.02)


def test_shares_of_turns_sum_to_one_and_are_even_without_dominance():
    made = tiny(families="a" * 40, machines=(40,), **{**WORK, "work.group": 4, "work.dominance": 0})
    members = np.arange(40).reshape(-1, 4)
    assert turn_shares(made.moment(1), made.world.work, members).ravel().tolist() == [0.25] * 40
    made = tiny(families="a" * 40, machines=(40,), **{**WORK, "work.group": 4, "work.dominance": 3})
    shares = turn_shares(made.moment(1), made.world.work, members)
    assert shares.sum(axis=1).tolist() == pytest.approx([1] * 10)
    assert shares.max() > 0.6


@pytest.mark.parametrize(("agents", "groups"), [(7, [0, 3]), (6, [0, 3]), (2, [])])
def test_groups_are_neighbours_and_who_is_left_over_belongs_to_none(agents, groups):
    made = tiny(families="a" * agents, **{**WORK, "work.group": 3})
    found = made.run("work", tick=2).moment.findings
    assert [row["group"].tolist() for row in found] == ([groups] if groups else [])


def test_what_members_are_like_is_noted_once():
    quantities = {int(one) for one in (Quantity.TASK_SCORE, Quantity.TURN_GINI, Quantity.MIND_READING, Quantity.SKILL)}
    made = tiny(**WORK)
    assert {row["quantity"] for row in made.run("work", tick=1).moment.findings} == quantities
    assert {row["quantity"] for row in made.run("work", tick=2).moment.findings} == {int(Quantity.TASK_SCORE)}


def test_the_gini_of_turns_is_nothing_where_all_speak_alike():
    made = tiny(**{**WORK, "work.dominance": 0})
    assert made.run("work", tick=1).finding(Quantity.TURN_GINI) == pytest.approx([0] * 4, abs=1e-12)


def test_the_gini_of_two_is_half_the_difference_of_their_shares():
    made = tiny(families="aa", **{**WORK, "work.dominance": 3})
    low, high = sorted(turn_shares(made.moment(1), made.world.work, np.array([[0, 1]]))[0].tolist())
    assert made.run("work", tick=1).finding(Quantity.TURN_GINI) == pytest.approx([(high - low) / 2])


def test_kinds_of_task_come_round_and_what_is_general_stays():
    # all skill general: every kind scores alike but for who speaks; all special: the ninth task is the first again
    made = tiny(families="aa", **{**WORK, "work.skill": 0, "work.turns": 1000, "work.mind_reading": 0})
    scores = [made.run("work", tick=tick).finding(Quantity.TASK_SCORE)[0] for tick in range(1, 10)]
    assert scores[8] == pytest.approx(scores[0], abs=0.2)
    assert np.std(scores[:8]) > 0.4
    general = tiny(families="aa", **{**WORK, "work.skill": 1, "work.turns": 1000, "work.mind_reading": 0})
    scores = [general.run("work", tick=tick).finding(Quantity.TASK_SCORE)[0] for tick in range(1, 10)]
    assert np.std(scores) < 0.2
