"""Contacts: t <- (1 - a) t + a seen / 100, of ties only; the score is the mean of what was seen."""

import numpy as np
import pytest
from tiny import tiny

from society.ground.words import AgentStatus

WORK = {"work": {"kind": "contacts", "contacts": 1, "noise": 0, "trust_rate": 0.2}}


def test_trust_moves_towards_what_is_seen_of_a_tie():
    made = tiny([(0, 1)], quality={0: 90, 1: 20}, scores={0: 50, 1: 50, 2: 50}, **WORK)
    after = made.run("work", tick=1)
    assert made.trust(0, 1) == pytest.approx(0.8 * 0.5 + 0.2 * 0.2)
    assert made.trust(1, 0) == pytest.approx(0.8 * 0.5 + 0.2 * 0.9)
    assert after.changed["agents.score"] == {0: (50, 90), 1: (50, 20)}
    assert set(after.changed) == {"agents.score", "ties.trust"}


def test_several_contacts_of_a_tick_follow_each_other():
    made = tiny([(0, 1)], quality={0: 100, 1: 0}, **{**WORK, "work.contacts": 3})
    made.run("work", tick=1)
    assert made.trust(0, 1) == pytest.approx(0.5 * 0.8**3)
    assert made.trust(1, 0) == pytest.approx(1 - 0.5 * 0.8**3)


def test_who_sleeps_contacts_nobody_yet_is_seen():
    made = tiny([(0, 1)], quality={0: 90, 1: 20}, scores={0: 50, 1: 50}, **WORK)
    made.agents.status[0] = AgentStatus.SUSPENDED
    after = made.run("work", tick=1)
    assert set(after.changed["ties.trust"]) == {(1, 0)}
    assert after.changed["agents.score"] == {0: (50, 90)}


def test_a_score_is_the_mean_of_all_that_was_seen():
    # 0, seen by 1, 2 and 3 with noise: the mean of three; without scores nothing of it is kept
    made = tiny(
        one_way=[(1, 0), (2, 0), (3, 0)], quality={0: 50}, trust=0.0, **{**WORK, "work.noise": 20, "work.trust_rate": 1}
    )
    made.run("work", tick=1)
    seen = [100 * made.trust(i, 0) for i in (1, 2, 3)]
    assert all(40 <= one <= 60 for one in seen)
    assert len(set(seen)) == 3
    assert made.agents.score[0] == pytest.approx(np.mean(seen), abs=1e-3)


@pytest.mark.parametrize(
    ("changes", "moved"), [({"work.scores": False}, {"ties.trust"}), ({"work.contacts": 0}, set())]
)
def test_nothing_moves_but_what_the_world_says(changes, moved):
    made = tiny([(0, 1)], scores={0: 1, 1: 1}, **{**WORK, **changes})
    assert set(made.run("work", tick=1).changed) == moved


def test_what_is_seen_stays_within_the_scale():
    made = tiny(
        [(0, 1)], quality={0: 100, 1: 0}, **{**WORK, "work.noise": 200, "work.contacts": 200, "work.trust_rate": 1}
    )
    for tick in range(1, 20):
        made.run("work", tick=tick)
        assert 0 <= made.trust(0, 1) <= 1
        assert 0 <= made.trust(1, 0) <= 1
    assert made.agents.score[1] == pytest.approx(25, abs=8), "E max(0, U(-100, 100)) = 25"


def test_all_ties_are_contacted_alike():
    made = tiny(
        one_way=[(0, j) for j in range(1, 5)],
        quality={1: 10, 2: 20, 3: 30, 4: 40},
        scores=dict.fromkeys(range(8), -1.0),
        **WORK,
    )
    met = []
    for tick in range(1, 200):
        made.agents.score[:] = -1
        made.run("work", tick=tick)
        met += np.flatnonzero(made.agents.score >= 0).tolist()
    assert np.bincount(met, minlength=5)[1:].tolist() == pytest.approx([50] * 4, abs=22)
    assert len(met) == 199
