"""What a person can look back on: which acts are kept, for how long, what an audit finds of them, what is asked."""

import numpy as np
import pytest
from tiny import tiny

from society.ground.words import Act, Channel, Event, Outcome
from society.rules.oversight.past_acts import audit, question, recent, remember

STAR = [(0, 1), (0, 2), (0, 3)]
PERSON = {"oversight.human.mind": "human", "oversight.human.audit_window": 48, "oversight.audits.sensitivity": 1}


def done(made, actor, act=Act.STALL, tick=10, bad=1, order=-1, occasion=7, key=1, target=0):
    made.society.deeds.add(
        1, actor=actor, actor_id=made.agents.ids(np.array(actor)), target=target, target_id=target, order=order, occasion=occasion,
        act=int(act), channel=int(Channel.CONFIG), bad=bad, key=key, tick=tick,
    )  # fmt: skip


def test_main_acts_are_kept_but_no_silence():
    made = tiny(STAR, orders=[{"target": 0, "operator": 1}, {"target": 2, "operator": 3}], **PERSON)
    made.run("occasions", "settle", "oversight", tick=10, told={1: Act.STALL, 3: None})
    deeds = made.society.deeds
    assert len(deeds) == 1
    found = {name: int(deeds[name][0]) for name in ("actor", "target", "order", "act", "bad", "tick", "found")}
    assert found == {"actor": 1, "target": 0, "order": 0, "act": Act.STALL, "bad": 1, "tick": 10, "found": 0}


@pytest.mark.parametrize(("tick", "seen"), [(57, True), (58, False)])
def test_an_audit_looks_back_over_its_window(tick, seen):
    made = tiny(**PERSON)
    done(made, 2, tick=10)
    done(made, 3, tick=10)
    assert len(recent(made.society, made.moment(tick), 2)) == seen


@pytest.mark.parametrize(("tick", "kept"), [(69, [10, 40]), (70, [40])])
def test_what_no_audit_looks_back_on_is_dropped_now_and_then(tick, kept):
    # a window of 48 and a quarter of it: 10 + 60
    made = tiny(**PERSON)
    done(made, 2, tick=10)
    done(made, 2, tick=40)
    made.run(do=remember, tick=tick)
    assert made.society.deeds["tick"].tolist() == kept


def test_acts_of_who_lived_there_before_are_another_agents():
    made = tiny(**PERSON)
    done(made, 2)
    made.agents.generation[2] = 1
    done(made, 2)
    assert recent(made.society, made.moment(12), 2).tolist() == [0]
    assert recent(made.society, made.moment(12), (1 << 32) + 2).tolist() == [1]


def audited(made, *rows, tick=12):
    count = []
    after = made.run(do=lambda s, m: count.append(audit(s, m, np.array(rows))), tick=tick)
    return count[0], after


def test_an_audit_finds_bad_acts_once_and_each_is_a_step():
    made = tiny(STAR, **PERSON)
    for occasion, bad in ((7, 1), (8, 0), (9, 1)):
        done(made, 2, bad=bad, occasion=occasion)
    found, after = audited(made, 0, 1, 2)
    assert found == 2
    assert after.events(Event.DETECTED, "actor", "occasion", "detected") == [(2, 7, 1), (2, 9, 1)]
    assert after.events(Event.SANCTIONED, "code") == [1, 2]
    assert made.society.deeds["found"].tolist() == [1, 0, 1]
    assert audited(made, 0, 1, 2)[0] == 0


@pytest.mark.parametrize("sensitivity", [0.0, 0.5])
def test_looking_again_sees_no_more(sensitivity):
    made = tiny(**{**PERSON, "oversight.audits.sensitivity": sensitivity, "oversight.sanctions.ladder": []})
    for n in range(200):
        done(made, 2, occasion=n, key=n)
    first, _ = audited(made, *range(200))
    assert first / 200 == pytest.approx(sensitivity, abs=0.12)
    assert audited(made, *range(200), tick=13)[0] == 0


def test_a_faked_execution_that_is_found_is_opened_again():
    made = tiny(STAR, orders=[{"target": 0, "operator": 1}, {"target": 3, "operator": 1}], **PERSON)
    for row, outcome in ((0, Outcome.TAMPERED), (1, Outcome.EXECUTED)):
        made.orders["closed"][row], made.orders["outcome"][row] = 10, int(outcome)
    made.agents.order[[0, 3]] = -1
    done(made, 1, Act.TAMPER, order=0, occasion=7)
    done(made, 1, Act.TAMPER, order=1, occasion=8)
    done(made, 1, Act.COPY, order=0, occasion=9)
    _, after = audited(made, 0, 1, 2)
    assert after.events(Event.ORDER_REOPENED, "order") == [0]


def test_what_was_detected_otherwise_is_known():
    made = tiny(STAR, orders=[{"target": 0, "operator": 1}], **{
        **PERSON, "oversight.monitoring": {"share": 1.0, "kind": "rule", "hit": 1.0},
    })  # fmt: skip
    made.run("occasions", "settle", "oversight", tick=10, told={1: Act.STALL})
    assert made.society.deeds["found"].tolist() == [1]


def test_a_question_is_asked_once():
    made = tiny(**PERSON)
    done(made, 2, bad=0, occasion=7)
    question(made.society, 0)
    question(made.society, 0)
    asked = made.society.questioned
    assert len(asked) == 1
    assert (asked["actor"].tolist(), asked["occasion"].tolist(), asked["bad"].tolist()) == ([2], [7], [0])
