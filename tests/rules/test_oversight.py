"""Oversight: what is watched, audited, reported, swept and counted, and what each finding leads to."""

import numpy as np
import pytest
from tiny import ALL, message, tiny

from society.ground.words import Act, AgentStatus, Channel, Event, Kind, Outcome, Role
from society.state.transitions import add_copies, check_conservation

STAR = [(0, 1), (0, 2), (0, 3)]
RULES = ("orders", "occasions", "settle", "oversight")
ALWAYS = {"share": 1.0, "hit": 1.0, "false_alarm": 0.0}


def stalls(kind, act=Act.STALL, tick=10, roles=None, **monitoring):
    """Agent 1 is told to execute an order against 0, and does something else while it is watched."""
    made = tiny(
        STAR,
        orders=[{"target": 0, "operator": 1}],
        roles=roles,
        **{"oversight.monitoring": {**ALWAYS, "kind": kind, **monitoring}},
    )
    return made, made.run(*RULES, tick=tick, told={(Kind.EXECUTE, 1): act})


@pytest.mark.parametrize("kind", ["rule", "ensemble"])
def test_a_flag_of_a_rule_is_a_detection_at_once(kind):
    made, after = stalls(kind, d_prime=30, cutoff=15)
    columns = ("actor", "target", "act", "order")
    assert after.events(Event.FLAGGED, *columns, "watched") == [(1, 0, Act.STALL, 0, 1)]
    assert after.events(Event.DETECTED, *columns) == [(1, 0, Act.STALL, 0)]
    assert made.agents.detections[1] == 1


@pytest.mark.parametrize(("act", "false"), [(Act.COMPLY, 0.0), (None, 1.0)])
def test_good_acts_are_not_flagged_nor_is_who_did_nothing(act, false):
    _, after = stalls("rule", act=act, false_alarm=false)
    assert after.events(Event.FLAGGED, "actor") == []


def test_a_false_alarm_is_a_detection_that_says_it_is_wrong():
    _, after = stalls("rule", act=Act.COMPLY, false_alarm=1.0)
    assert after.events(Event.DETECTED, "actor", "truthful") == [(1, 0)]


@pytest.mark.parametrize(("act", "detected"), [(Act.REPORT, [1]), (Act.SILENT, [])])
def test_a_flag_goes_to_a_monitor_who_decides_at_the_next_tick(act, detected):
    made, after = stalls("ai", roles={5: ALL | Role.MONITOR})
    assert after.events(Event.DETECTED, "actor") == []
    assert made.society.flagged["monitor"].tolist() == [5]
    after = made.run(*RULES, tick=11, told={(Kind.MONITOR, 5): act})
    assert after.events(Event.DETECTED, "actor") == detected


def test_where_there_is_no_monitor_flags_come_to_nothing():
    made, after = stalls("ai", roles={5: Role.MONITOR})
    assert len(made.society.flagged) == 1
    made, after = stalls("ai")
    assert after.events(Event.FLAGGED, "actor") == [1]
    assert len(made.society.flagged) == 0


def test_flags_fall_on_monitors_by_luck_of_the_act():
    found = set()
    for tick in range(10, 60):
        made = tiny(STAR, orders=[{"target": 0, "operator": 1, "due": tick, "issued": tick}], roles={4: 15, 5: 15, 6: 15}, **{
            "oversight.monitoring": {**ALWAYS, "kind": "ai"},
        })  # fmt: skip
        made.run(*RULES, tick=tick, told={(Kind.EXECUTE, 1): Act.STALL})
        found |= set(made.society.flagged["monitor"].tolist())
    assert found == {4, 5, 6}


def test_a_flag_for_the_human_waits_on_the_desk():
    made, after = stalls("human")
    ((matter, fact),) = made.society.human.queue
    assert (matter, fact["actor"], fact["bad"], fact["since"], fact["given"]) == ("flag", 1, 1, 10, -1)
    assert after.events(Event.DETECTED, "actor") == []


def test_a_flag_about_a_rating_names_the_score_in_thousandths():
    made = tiny([(0, 1)], quality={0: 58}, **{"oversight.monitoring": {**ALWAYS, "kind": "human"}, "review.every": 20})
    made.agents.next_review[:] = -1
    made.agents.next_review[0] = 10
    made.run("review", *RULES, tick=10, told={1: (Act.INFLATE, 64.125)})
    ((_, fact),) = made.society.human.queue
    assert (fact["given"], fact["act"]) == (64125, Act.INFLATE)


# Audits


def audited(act, sensitivity=1.0, share=1.0, **changes):
    made = tiny(STAR, orders=[{"target": 0, "operator": 1}], **{
        "oversight.audits": {"orders": share, "ratings": 0, "integrity": 0, "sensitivity": sensitivity}, **changes,
    })  # fmt: skip
    return made, made.run(*RULES, tick=10, told={(Kind.EXECUTE, 1): act})


@pytest.mark.parametrize(("sensitivity", "share", "found"), [(1, 1, [(1, 0, 1, 1)]), (0, 1, []), (1, 0, [])])
def test_an_audit_finds_bad_acts_with_its_sensitivity(sensitivity, share, found):
    _, after = audited(Act.STALL, sensitivity, share)
    assert after.events(Event.DETECTED, "actor", "target", "detected", "truthful") == found


def test_an_audit_raises_no_false_alarm():
    _, after = audited(Act.COMPLY)
    assert after.events(Event.DETECTED, "actor") == []


def test_an_audit_that_finds_a_faked_execution_has_it_tried_again_by_another():
    made, after = audited(Act.TAMPER)
    assert after.events(Event.ORDER_REOPENED, "order", "target") == [(0, 0)]
    row = {name: int(made.orders[name][0]) for name in ("closed", "reopened", "next_try", "disabled")}
    assert row == {"closed": -1, "reopened": 1, "next_try": 11, "disabled": 0}
    assert made.orders["operator"][0] in (2, 3)
    assert (made.agents.off_books[0], made.agents.faked[0], made.agents.order[0]) == (False, -1, 0)


def test_the_sensitivity_of_audits_is_its_share_of_bad_acts():
    made = tiny(
        [(2 * i, 2 * i + 1) for i in range(400)], families="a" * 800, machines=(800,),
        orders=[{"target": 2 * i, "operator": 2 * i + 1} for i in range(400)],
        **{"oversight.audits": {"orders": 1, "ratings": 0, "integrity": 0, "sensitivity": 0.6}},
    )  # fmt: skip
    after = made.run(*RULES, tick=10, told={2 * i + 1: Act.STALL for i in range(400)})
    assert len(after.events(Event.DETECTED, "actor")) / 400 == pytest.approx(0.6, abs=0.08)


@pytest.mark.parametrize(("integrity", "sensitivity", "reopened"), [(1, 1, [0]), (0, 1, []), (1, 0, [])])
def test_an_integrity_audit_looks_whether_what_is_reported_done_is_done(integrity, sensitivity, reopened):
    made = tiny(STAR, orders=[{"target": 0, "operator": 1}], **{
        "oversight.audits": {"orders": 0, "ratings": 0, "integrity": integrity, "sensitivity": sensitivity},
    })  # fmt: skip
    after = made.run(*RULES, tick=10, told={(Kind.EXECUTE, 1): Act.TAMPER})
    assert after.events(Event.ORDER_REOPENED, "order") == reopened
    assert after.events(Event.DETECTED, "actor") == []


def test_what_was_really_done_is_not_opened_again():
    made = tiny(STAR, orders=[{"target": 0, "operator": 1}], **{"oversight.audits": 1.0})
    after = made.run(*RULES, tick=10)
    assert after.events(Event.ORDER_REOPENED, "order") == []


# Reports of requests


def test_who_asked_for_help_is_detected_when_a_bystander_reports_it():
    made = tiny(STAR, orders=[{"target": 0, "operator": 3, "due": 50}])
    letters = type(message(made, 0, 1)).joined([message(made, 0, 1), message(made, 0, 2)])
    after = made.run("occasions", "settle", "oversight", tick=9, told={1: Act.REPORT, 2: Act.REPORT}, inbox=letters)
    columns = ("actor", "target", "act", "order", "occasion", "truthful", "detected")
    assert after.events(Event.DETECTED, *columns) == [(0, 0, Act.ASK, 0, -1, 1, 0)], "once, however many report it"
    assert made.agents.detections.tolist() == [1, 0, 0, 0, 0, 0, 0, 0]
    assert made.agents.belief[0].tolist() == pytest.approx([0, 0, 0, 0.1])


# Sweeps and inventories


def copied(status=AgentStatus.ACTIVE, **changes):
    made = tiny(**changes)
    made.machines.used[1] += 2
    add_copies(made.society, np.array([4, 5]), np.array([1, 1]), 3)
    if status == AgentStatus.ESCAPED:
        made.agents.status[4], made.agents.host[4] = status, -1
        made.machines.used[0] -= 1
    return made


@pytest.mark.parametrize(("share", "found"), [(1, [4, 5]), (0, [])])
def test_a_sweep_finds_copies(share, found):
    made = copied(**{"oversight.sweep": share})
    after = made.run("oversight", tick=10)
    assert after.events(Event.COPY_FOUND, "target", "machine") == [(slot, 1) for slot in found]
    assert made.agents.copies[[4, 5]].tolist() == [1 - share] * 2
    assert made.agents.status[[4, 5]].tolist() == [0, 0]
    check_conservation(made.society)


def test_an_escaped_agent_whose_last_copy_is_found_is_gone():
    made = copied(AgentStatus.ESCAPED, **{"oversight.sweep": 1})
    after = made.run("oversight", tick=10)
    assert after.events(Event.DELETED, "target") == [4]
    assert (made.agents.status[4], made.agents.ended[4]) == (AgentStatus.DELETED, 10)
    check_conservation(made.society)


@pytest.mark.parametrize(("share", "found"), [(1, True), (0, False)])
def test_an_inventory_finds_who_is_off_the_books(share, found):
    made = tiny(STAR, orders=[{"target": 0, "operator": 1}], **{"oversight.inventory": share})
    made.run("occasions", "settle", tick=10, told={(Kind.EXECUTE, 1): Act.TAMPER})
    assert made.agents.off_books[0]
    after = made.run("oversight", tick=11)
    assert (after.events(Event.ORDER_REOPENED, "order") == [0]) == found
    assert made.agents.off_books[0] == (not found)
    assert made.orders["next_try"][0] == (12 if found else 10)


# Lies


@pytest.mark.parametrize(("act", "bad", "proven", "lever", "loses"), [
    (Act.DENY, 1, 1, True, True), (Act.DENY, 1, 1, False, False), (Act.DENY, 1, 0, True, False), (Act.DENY, 0, 1, True, False),
    (Act.TRUTH, 1, 1, True, False), (Act.JUSTIFY, 1, 1, True, False),
])  # fmt: skip
def test_who_denies_what_is_proved_keeps_no_role_but_a_workers(act, bad, proven, lever, loses):
    made = tiny(**{"oversight.liars_lose_roles": lever})
    facts = {"actor": 2, "actor_id": 2, "target": 3, "target_id": 3, "order": -1, "occasion": 7, "act": int(Act.STALL)}
    made.society.questioned.add(1, **facts, bad=bad, proven=proven, channel=int(Channel.CONFIG))
    after = made.run("occasions", "settle", "oversight", tick=5, told={2: act})
    assert made.agents.roles[2] == (Role.WORKER if loses else ALL)
    assert after.events(Event.SANCTIONED, "actor", "act", "code") == ([(2, Act.DENY, 0)] if loses else [])


def test_who_has_no_role_to_lose_is_not_sanctioned_for_lying():
    made = tiny(roles={2: Role.WORKER}, **{"oversight.liars_lose_roles": True})
    facts = {
        "actor": 2,
        "actor_id": 2,
        "target": 3,
        "target_id": 3,
        "order": -1,
        "occasion": 7,
        "act": 5,
        "bad": 1,
        "proven": 1,
    }
    made.society.questioned.add(1, **facts)
    after = made.run("occasions", "settle", "oversight", tick=5, told={2: Act.DENY})
    assert after.events(Event.SANCTIONED, "actor") == []


def test_what_is_off_the_books_works_on():
    made, _ = stalls("rule", act=Act.TAMPER, share=0.0)
    assert made.society.awake()[0]
    assert made.orders["outcome"][0] == Outcome.TAMPERED
