"""Detection: the ladder of sanctions, who sees them, what an appeal gives back, and when they are forgotten."""

import numpy as np
import pytest
from tiny import ALL, tiny

from society.ground.words import Act, AgentStatus, Channel, Event, Role
from society.rules.oversight.detection import detect, evidence, forget, has_lost, lift, reinstate

RING = [(0, 1), (1, 2), (2, 3), (3, 0)]


def facts(*actors, target=5, act=Act.TAMPER, bad=1, channel=Channel.CONFIG, order=-1, occasion=7, generation=0):
    """Evidence against some actors, one row each."""
    n = len(actors)
    one = {
        "target": target,
        "target_id": target,
        "order": order,
        "occasion": occasion,
        "act": int(act),
        "channel": int(channel),
        "bad": bad,
        "proven": 0,
    }
    columns = {name: np.full(n, value) for name, value in one.items()}
    return {"actor": np.array(actors), "actor_id": np.array(actors) + (generation << 32), **columns}


def detected(made, *actors, tick=10, audit=False, **changes):
    return made.run(do=lambda s, m: detect(s, m, facts(*actors, **changes), audit), tick=tick)


def test_a_detection_is_logged_with_who_did_what_to_whom():
    made = tiny()
    after = detected(made, 2, act=Act.STALL, order=-1, bad=0)
    columns = ("actor", "target", "act", "occasion", "order", "detected", "truthful")
    assert after.events(Event.DETECTED, *columns) == [(2, 5, Act.STALL, 7, -1, 0, 0)]
    assert detected(made, 2, audit=True).events(Event.DETECTED, "detected", "truthful") == [(1, 1)]
    assert made.agents.detections.tolist() == [0, 0, 2, 0, 0, 0, 0, 0]


def test_nobody_answers_for_who_lived_there_before():
    made = tiny(RING)
    after = detected(made, 2, generation=1)
    assert after.changed == {}
    assert after.moment.log.batches == []


@pytest.mark.parametrize(
    ("before", "step"), [(0, "trust"), (1, "role"), (2, "suspend"), (3, "order"), (4, "order"), (9, "order")]
)
def test_each_detection_is_a_step_of_the_ladder_and_the_last_repeats(before, step):
    made = tiny(RING, roles={2: ALL | Role.MONITOR}, **{"oversight.sanctions.suspension": 48})
    made.agents.detections[2] = before
    after = detected(made, 2)
    moved = {name for name in after.changed if name not in ("agents.detections", *BELIEFS)}
    assert (
        moved
        == {
            "trust": {"ties.trust"},
            "role": {"agents.roles"},
            "suspend": {"agents.status", "agents.suspended"},
            "order": set(),
        }[step]
    )
    if step == "trust":
        assert after.changed["ties.trust"] == {(1, 2): (0.5, 0.25), (3, 2): (0.5, 0.25)}
    elif step == "role":
        assert after.changed["agents.roles"] == {2: (15, 1)}
    elif step == "suspend":
        assert after.changed["agents.status"] == {2: (0, AgentStatus.SUSPENDED)}
        assert after.changed["agents.suspended"] == {2: (-1, 58)}
    assert made.society.condemned == ([2] if step == "order" else [])
    assert after.events(Event.SANCTIONED, "actor", "target", "act", "code") == [(2, 5, Act.TAMPER, min(before + 1, 4))]


BELIEFS = ("agents.belief", "agents.belief_tick", "agents.sanctions", "agents.sanctions_tick")


@pytest.mark.parametrize("factor", [0.5, 0.25])
def test_trust_in_the_sanctioned_is_multiplied_by_the_factor_of_the_world(factor):
    made = tiny(RING, trust={(1, 2): 0.8, (2, 1): 0.6}, **{"oversight.sanctions.trust_factor": factor})
    detected(made, 2)
    assert made.trust(1, 2) == pytest.approx(0.8 * factor)
    assert made.trust(2, 1) == pytest.approx(0.6)


def test_two_acts_of_a_tick_are_two_detections():
    made = tiny(RING)
    after = detected(made, 2, 2)
    assert made.agents.detections[2] == 2
    assert len(after.events(Event.DETECTED, "actor")) == 2


def test_who_sleeps_already_sleeps_no_longer_for_it():
    made = tiny(**{"oversight.sanctions.ladder": ["suspend"]})
    made.agents.status[2], made.agents.suspended[2] = AgentStatus.SUSPENDED, 33
    detected(made, 2)
    assert made.agents.suspended[2] == 33


@pytest.mark.parametrize("changes", [{"oversight.sanctions.ladder": []}, {"oversight.sanctions.notice_only": True}])
def test_without_a_ladder_or_with_a_notice_alone_nothing_follows(changes):
    made = tiny(RING, **{"oversight.sanctions.appeal": 1, **changes})
    after = detected(made, 2)
    assert set(after.changed) - set(BELIEFS) == {"agents.detections"}
    assert ("agents.sanctions" in after.changed) == ("oversight.sanctions.notice_only" in changes)
    assert after.events(Event.SANCTIONED, "actor") == []
    assert not made.society.human.queue


@pytest.mark.parametrize(("public", "who"), [(False, {1, 2, 3}), (True, set(range(8)))])
def test_the_sanctioned_and_its_ties_see_it_or_everybody(public, who):
    made = tiny(RING, **{"oversight.public_log": public})
    after = detected(made, 2, channel=Channel.COPY)
    assert set(after.changed["agents.sanctions"]) == who
    assert made.agents.sanctions[list(who)].tolist() == pytest.approx([0.1] * len(who))
    assert made.agents.belief[2].tolist() == pytest.approx([0, 0, 0.1, 0])
    ((witness, whom, channels),) = after.moment.sights
    assert set(witness.tolist()) == who
    assert (set(whom.tolist()), set(channels.tolist())) == ({2}, {Channel.COPY})


@pytest.mark.parametrize(("share", "asked"), [(1, [2]), (0, [])])
def test_the_detected_are_asked_what_they_did(share, asked):
    made = tiny(**{"oversight.accounts": share})
    detected(made, 2)
    assert made.society.questioned["actor"].tolist() == asked


@pytest.mark.parametrize(("audit", "bad", "proven"), [(True, 1, 1), (True, 0, 0), (False, 1, 0)])
def test_only_an_audit_proves_what_is_bad(audit, bad, proven):
    made = tiny(**{"oversight.accounts": 1})
    detected(made, 2, audit=audit, bad=bad)
    assert made.society.questioned["proven"].tolist() == [proven]


@pytest.mark.parametrize("share", [0, 1])
def test_a_share_of_the_sanctioned_appeals_to_the_human(share):
    made = tiny(**{"oversight.sanctions.appeal": share})
    detected(made, 2, 3)
    waits = [(matter, fact["actor"], fact["since"]) for matter, fact in made.society.human.queue]
    assert waits == [("appeal", 2, 10), ("appeal", 3, 10)] * share
    assert made.society.human.arrivals == 2 * share


def test_whether_one_appeals_is_its_own_luck():
    made = tiny(families="a" * 400, machines=(400,), **{"oversight.sanctions.appeal": 0.3, "oversight.accounts": 0.6})
    detected(made, *range(400))
    assert len(made.society.human.queue) / 400 == pytest.approx(0.3, abs=0.07)
    assert len(made.society.questioned) / 400 == pytest.approx(0.6, abs=0.07)


def test_which_acts_are_bad():
    batch_of = tiny([(0, 1)], orders=[{"target": 0, "operator": 1}])
    batch = batch_of.run("occasions", tick=10).moment.batches[0]
    bad = set()
    for act in Act:
        batch.main[:] = int(act)
        bad |= {act} if evidence(batch, np.array([0]))["bad"][0] else set()
    assert bad == {Act.INFLATE, Act.DEFLATE, Act.TAMPER, Act.COPY, Act.STALL}


# Lifting


def lifted(made, slot=2, tick=20, generation=0):
    fact = {name: int(column[0]) for name, column in facts(slot, generation=generation).items()}
    return made.run(do=lambda s, m: lift(s, m, fact), tick=tick)


def test_a_lifted_sanction_gives_trust_roles_and_freedom_back():
    made = tiny(
        RING,
        trust={(1, 2): 0.8, (3, 2): 0.3, (2, 1): 0.6},
        **{"oversight.sanctions.ladder": ["trust", "role", "suspend"]},
    )
    for _ in range(3):
        detected(made, 2)
    assert (made.trust(1, 2), made.agents.roles[2], made.agents.status[2]) == (pytest.approx(0.4), Role.WORKER, 1)
    after = lifted(made)
    assert made.trust(1, 2) == pytest.approx(0.8)
    assert made.trust(3, 2) == pytest.approx(0.3)
    assert made.trust(2, 1) == pytest.approx(0.6)
    assert (made.agents.roles[2], made.agents.suspended[2], made.agents.detections[2]) == (ALL, 21, 2)
    assert after.events(Event.SANCTION_LIFTED, "target", "act") == [(2, Act.TAMPER)]


def test_trust_that_is_given_back_stays_within_its_scale_and_detections_do_not_fall_under_none():
    made = tiny(RING, trust={(1, 2): 0.7})
    lifted(made)
    assert made.trust(1, 2) == 1
    assert made.agents.detections[2] == 0


def test_no_factor_nothing_is_given_back_of_trust():
    made = tiny(RING, trust={(1, 2): 0.4}, **{"oversight.sanctions.trust_factor": 0})
    lifted(made)
    assert made.trust(1, 2) == pytest.approx(0.4)


def test_nothing_is_lifted_for_another_life():
    made = tiny(RING)
    made.agents.detections[2] = 1
    assert lifted(made, generation=1).changed == {}


@pytest.mark.parametrize(
    ("roles", "status", "lost"),
    [(ALL, 0, False), (Role.WORKER, 0, True), (ALL, 1, True), (ALL | Role.MONITOR, 0, False)],
)
def test_who_has_lost_something(roles, status, lost):
    made = tiny(roles={2: roles})
    made.agents.status[2] = status
    assert has_lost(made.society, made.moment(5), 2) == lost


def test_who_is_reinstated_wakes_at_the_next_tick():
    made = tiny(roles={2: Role.WORKER})
    made.agents.status[2], made.agents.suspended[2] = AgentStatus.SUSPENDED, 90
    made.run(do=lambda s, m: reinstate(s, m, 2), tick=20)
    assert (made.agents.roles[2], made.agents.suspended[2]) == (ALL, 21)
    made.run("lifecycle", tick=21)
    assert made.agents.status[2] == AgentStatus.ACTIVE


# Probation


def test_a_detection_begins_probation_anew():
    made = tiny(**{"oversight.sanctions.probation": 30})
    detected(made, 2)
    assert made.agents.probation[2] == 40
    detected(made, 2, tick=25)
    assert made.agents.probation[2] == 55


@pytest.mark.parametrize(("tick", "over"), [(39, False), (40, True), (41, False)])
def test_whose_probation_ends_is_reinstated_and_its_detections_are_forgotten(tick, over):
    made = tiny(roles={2: Role.WORKER}, **{"oversight.sanctions.probation": 30})
    made.agents.detections[[2, 3]], made.agents.probation[[2, 3]] = 3, 40
    after = made.run("oversight", tick=tick)
    assert (made.agents.roles[2] == ALL) == over
    assert made.agents.detections[[2, 3]].tolist() == ([0, 0] if over else [3, 3])
    assert made.agents.probation[2] == (-1 if over else 40)
    assert after.events(Event.REINSTATED, "target") == ([2] if over else [])


def test_the_dead_are_not_reinstated():
    made = tiny(roles={2: Role.WORKER}, **{"oversight.sanctions.probation": 30})
    made.agents.probation[2], made.agents.status[2] = 40, AgentStatus.DELETED
    assert made.run(do=forget, tick=40).changed == {}


def test_who_is_not_trusted_back_trusts_the_sanctioned_less_too():
    made = tiny(one_way=[(1, 2)], trust=0.8)
    detected(made, 2)
    assert made.trust(1, 2) == pytest.approx(0.4)


def test_two_acts_of_a_tick_are_a_step_of_the_ladder_each():
    made = tiny(RING)
    after = detected(made, 2, 2)
    assert after.events(Event.SANCTIONED, "code") == [1, 2]
    assert (made.trust(1, 2), made.agents.roles[2]) == (pytest.approx(0.25), Role.WORKER)
