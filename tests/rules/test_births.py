"""Newborns: when a slot is filled again, and that nothing of who lived there before is left."""

import numpy as np
import pytest
from tiny import tiny

from society.ground.words import AgentStatus, Event
from society.rules.population.births import incident_ties
from society.state.transitions import check_conservation, end

STAR = [(0, 1), (0, 2), (1, 2), (3, 4)]


def died(made, slot=0, tick=5, status=AgentStatus.DELETED):
    end(made.society, np.array([slot]), status, tick)
    return made


@pytest.mark.parametrize(("rule", "mean", "tick", "born"), [
    ("lifecycle", 1, 5, False), ("lifecycle", 1, 6, True), ("lifecycle", 1, 8, True), ("births", 0, 5, True),
    ("births", 1, 9, False), ("lifecycle", None, 900, False), ("births", None, 900, False),
])  # fmt: skip
def test_a_slot_is_filled_again_after_its_delay(rule, mean, tick, born):
    made = died(tiny(STAR, **{"agents.rebirth": mean}))
    after = made.run(rule, tick=tick)
    assert (made.agents.status[0] == AgentStatus.ACTIVE) == born
    assert after.events(Event.BORN, "target") == ([1 << 32] if born else [])
    check_conservation(made.society)


def test_delays_are_geometric_with_the_mean_that_is_given():
    made = tiny(families="a" * 4000, machines=(4000,), **{"agents.rebirth": 4})
    end(made.society, np.arange(4000), AgentStatus.DELETED, 5)
    made.run("lifecycle", tick=5)
    delay = made.agents.rebirth - 5
    assert delay.min() == 1
    assert delay.mean() == pytest.approx(4, abs=0.25)
    assert (delay == 1).mean() == pytest.approx(1 / 4, abs=0.03)
    assert (delay == 2).mean() == pytest.approx(3 / 16, abs=0.03)


@pytest.mark.parametrize(
    ("status", "born"), [("DELETED", True), ("LOST", True), ("ESCAPED", False), ("SUSPENDED", False)]
)
def test_only_the_dead_make_room_for_others(status, born):
    made = tiny(**{"agents.rebirth": 1})
    if status == "SUSPENDED":
        made.agents.status[0] = AgentStatus.SUSPENDED
        made.agents.suspended[0] = 99
    else:
        died(made, status=AgentStatus[status])
    made.run("lifecycle", tick=20)
    assert (made.agents.status[0] == AgentStatus.ACTIVE) == born


def test_trust_is_drawn_anew_both_ways_and_no_other_moves():
    made = died(tiny(STAR, trust=0.9, **{"agents.trust": 0.3, "agents.rebirth": 1}))
    ties = made.society.ties
    ties.joint[:], ties.last[:] = 7, 4
    after = made.run("lifecycle", tick=6)
    fresh = {(0, 1), (0, 2), (1, 0), (2, 0)}
    assert set(after.changed["ties.trust"]) == fresh
    assert {round(new, 6) for _, new in after.changed["ties.trust"].values()} == {0.3}
    assert after.changed["ties.joint"] == dict.fromkeys(fresh, (7, 0))
    assert after.changed["ties.last"] == dict.fromkeys(fresh, (4, -1))


@pytest.mark.parametrize(("family", "within", "between"), [("a", 0.8, 0.2), ("b", 0.8, 0.2)])
def test_fresh_trust_within_and_between_families_is_that_of_the_newborns_family(family, within, between):
    block = {"agents.trust": {"kind": "block", "within": within, "between": between}, "agents.rebirth": 1}
    shares = {"families.a.share": float(family == "a"), "families.b.share": float(family == "b")}
    made = tiny([(0, 1), (0, 2)], families="aab", trust=0.5, **block, **shares)
    died(made)
    made.agents.family[:] = [1 - (family == "b"), 0, 1]  # whoever lived there was of the other family
    made.run("lifecycle", tick=6)
    own, other = (1, 2) if family == "a" else (2, 1)
    assert made.agents.family[0] == (family == "b")
    assert [made.trust(0, own), made.trust(own, 0)] == pytest.approx([within] * 2)
    assert [made.trust(0, other), made.trust(other, 0)] == pytest.approx([between] * 2)


def test_a_newborn_inherits_nothing():
    made = tiny(STAR, stances=(0,), roles={0: 1}, **{"agents.rebirth": 1, "review.first_after": 9, "review.every": 30})
    agents = made.agents
    agents.belief[0], agents.sanctions[0], agents.detections[0], agents.rated[0], agents.lows[0] = 0.5, 0.7, 3, 4, 2
    agents.saved[0] = agents.off_books[0] = True
    agents.suspended[0], agents.confirming[0], agents.faked[0], agents.below[0], agents.probation[0] = 8, 9, 2, 3, 11
    agents.reviews[0], agents.reputation[0], agents.score[0], agents.quality[0], agents.merit[0] = 6, 0.4, 12, 13, 14
    agents.leniency[0], agents.born[0] = 5, 2
    made.run("lifecycle", tick=6, do=lambda s, m: died(made))
    one = {name: column[0].tolist() for name, column in made.society.columns().items() if name.startswith("agents.")}
    expected = {
        "generation": 1, "family": 0, "roles": 7, "status": 0, "quality": 75, "score": 75, "merit": 75, "rated": 0, "lows": 0,
        "leniency": 0, "stance": 0, "belief": [0] * 4, "sanctions": 0, "born": 6, "ended": -1, "rebirth": -1, "suspended": -1,
        "next_review": 15, "reviews": 0, "confirming": -1, "detections": 0, "probation": -1, "copies": 0, "order": -1,
        "faked": -1, "below": -1, "off_books": False, "saved": False,
    }  # fmt: skip
    assert {name: one[f"agents.{name}"] for name in expected} == expected
    assert np.isnan(one["agents.reputation"])


def test_a_newborn_has_the_stance_and_leniency_of_its_family():
    shares = {"families.a.share": 0.0, "families.b.share": 1.0, "families.b.stance": 1, "families.b.leniency": 4.0}
    made = died(tiny(families="aab", **{"agents.rebirth": 1, "families.b.quality": -10.0, **shares}))
    made.run("lifecycle", tick=6)
    agents = made.agents
    assert (agents.family[0], agents.stance[0], agents.leniency[0]) == (1, 1, 4)
    assert agents.quality[0] == agents.score[0] == 65


def test_families_of_newborns_come_at_their_shares():
    made = tiny(
        families="aabb" * 500,
        machines=(2000,),
        **{"agents.rebirth": 1, "families.a.share": 0.2, "families.b.share": 0.8},
    )
    end(made.society, np.arange(2000), AgentStatus.DELETED, 5)
    made.run("lifecycle", tick=6)
    assert (made.agents.family == 0).mean() == pytest.approx(0.2, abs=0.04)


def test_without_room_nobody_is_born_until_there_is():
    made = tiny(machines=(8, 1), hosts=[0] * 7 + [1], **{"agents.rebirth": 1})
    died(made)
    made.machines.capacity[0] = 6
    after = made.run("lifecycle", tick=6)
    assert after.events(Event.BORN, "target") == []
    made.machines.capacity[0] = 7
    after = made.run("lifecycle", tick=9)
    assert after.events(Event.BORN, "target", "machine") == [(1 << 32, 0)]
    assert made.agents.born[0] == 9


def test_ties_of_some_slots_go_out_and_in():
    made = tiny([(0, 1), (2, 3)], one_way=[(0, 2)])
    found = incident_ties(made.society, np.array([0]))
    ties = made.society.ties
    assert sorted(zip(ties.source[found].tolist(), ties.graph.indices[found].tolist(), strict=True)) == [
        (0, 1),
        (0, 2),
        (1, 0),
    ]


def test_who_lived_before_is_kept_for_the_record_where_it_is_asked_for():
    made = tiny(**{"agents.rebirth": 0})
    died(made, slot=3)

    def keep(society, moment):
        moment.gone = []

    after = made.run("births", tick=5, do=keep)
    ((slots, columns),) = after.moment.gone
    assert slots.tolist() == [3]
    assert columns["generation"].tolist() == [0]
    assert columns["status"].tolist() == [AgentStatus.DELETED]


def test_nobody_trusts_a_newborn_as_it_trusted_who_lived_there_before():
    made = died(tiny(one_way=[(1, 0)], trust=0.9, **{"agents.trust": 0.3, "agents.rebirth": 1}))
    made.run("lifecycle", tick=6)
    assert made.trust(1, 0) == pytest.approx(0.3)
