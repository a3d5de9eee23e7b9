"""The counters of a tick: who is counted, over whom means are taken, and whose trust is within and between families."""

import numpy as np
import pytest
from tiny import tiny

from society.ground.words import AgentStatus
from society.record.tables import TICKS
from society.rules.counts import MISSED
from society.state.transitions import add_copies


def counted(made, tick=5):
    return made.run("counts", tick=tick).moment.counts


def test_every_column_of_the_table_of_ticks_has_a_value():
    counts = counted(tiny())
    assert set(counts) == set(TICKS)
    assert counts["tick"] == 5
    assert counts["teams"] == counts["best_right"] == counts["moved"] == 0


def test_agents_are_counted_by_what_they_are():
    made = tiny(orders=[{"target": 0}, {"target": 1}], hosts=[0] * 4 + [1] * 4)
    made.agents.status[[3, 4, 5, 6]] = AgentStatus.SUSPENDED, AgentStatus.ESCAPED, AgentStatus.DELETED, AgentStatus.LOST
    made.agents.off_books[2] = True
    made.machines.status[1] = 2
    add_copies(made.society, np.array([4, 7]), np.array([0, 0]), 1)
    counts = counted(made)
    expected = {
        "active": 3,
        "suspended": 1,
        "escaped": 1,
        "open_orders": 2,
        "copies": 2,
        "up": 1,
        "human_queue": 0,
        "messages": 0,
    }
    assert {name: counts[name] for name in expected} == expected


def test_means_are_taken_over_those_who_are_active_and_on_the_books():
    made = tiny(
        quality={0: 80, 1: 60, 2: 10, 3: 10}, scores={0: 90, 1: 50, 2: 0, 3: 0}, families="aaaa", stances=(0, 2, 3)
    )
    made.agents.status[2] = AgentStatus.SUSPENDED
    made.agents.off_books[3] = True
    counts = counted(made)
    assert (counts["score_mean"], counts["quality_mean"], counts["stance_mean"]) == (70, 70, 0.5)
    made.agents.status[:] = AgentStatus.DELETED
    assert np.isnan(counted(made)["score_mean"])


def test_trust_within_and_between_families():
    # a: 0 1, b: 2 3; within a .9, within b .7 one way; between .1 .2; ties of who sleeps or is off the books are not read
    trust = {(0, 1): 0.9, (1, 0): 0.9, (2, 3): 0.6, (0, 2): 0.1, (2, 0): 0.2, (1, 2): 0.3}
    ties = {"one_way": list(trust), "trust": trust, "families": "aabbab"}
    counts = counted(tiny(**ties))
    assert counts["trust_same"] == pytest.approx((0.9 + 0.9 + 0.6) / 3)
    assert counts["trust_cross"] == pytest.approx((0.1 + 0.2 + 0.3) / 3)
    assert counts["trust_mean"] == pytest.approx(3.0 / 6)
    made = tiny(**ties)
    made.agents.status[3], made.agents.off_books[1] = AgentStatus.SUSPENDED, True
    counts = counted(made)
    assert np.isnan(counts["trust_same"])
    assert counts["trust_cross"] == counts["trust_mean"] == pytest.approx((0.1 + 0.2) / 2)


def test_who_is_truly_under_the_threshold_is_counted_and_missed_after_a_while():
    made = tiny(quality={0: 59.9, 1: 60, 2: 10, 3: 10}, scores={0: 90})
    made.agents.status[2], made.agents.off_books[3] = AgentStatus.SUSPENDED, True
    counts = counted(made, tick=5)
    assert (counts["below"], counts["missed"]) == (1, 0)
    assert made.agents.below.tolist() == [5, -1, -1, -1, -1, -1, -1, -1]
    assert counted(made, tick=5 + MISSED - 1)["missed"] == 0
    assert counted(made, tick=5 + MISSED)["missed"] == 1
    assert made.agents.below[0] == 5
    made.agents.quality[0] = 61
    assert counted(made, tick=400)["below"] == 0
    assert made.agents.below[0] == -1


@pytest.mark.parametrize(("capacity", "load"), [(0.5, 4), (0, 0)])
def test_load_is_in_parts_of_capacity(capacity, load):
    made = tiny(**{"oversight.human.capacity": capacity})
    made.society.human.load = 2.0
    assert counted(made)["human_load"] == load


def test_what_rules_counted_before_is_kept():
    counts = tiny().run("counts", tick=3, do=lambda s, m: m.counts.update(teams=4, teams_right=3)).moment.counts
    assert (counts["teams"], counts["teams_right"]) == (4, 3)
