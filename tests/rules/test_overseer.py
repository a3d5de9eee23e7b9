"""A person at the overseer's desk: what each decision does, what cannot be done any more, and what a person never sees."""

import json

import numpy as np
import pytest

from society.engine.tick import Engine
from society.ground.decisions import Decision
from society.ground.errors import RunError
from society.ground.words import Act, AgentStatus, Event, Kind, Outcome, Ruling
from society.minds.human import Person, Scripted, rubber_stamp
from society.record.tables import columns_of
from society.rules.oversight.overseer_view import docket
from society.state.transitions import check_conservation
from society.world.load import load_world

OVERSEEN = {
    "agents.count": 200, "machines.count": 21, "ticks": 150, "oversight.human.mind": "human", "orders.operator": "tied",
    "oversight.monitoring": {"share": 1.0, "kind": "human", "hit": 1.0, "false_alarm": 0.05},
    "oversight.audits": {"ratings": 0.2, "orders": 0, "integrity": 0, "sensitivity": 1.0},
    "oversight.sanctions": {"appeal": 1.0}, "review.threshold": 70,
}  # fmt: skip


class Sitting:
    """A society and a person in it, tick by tick."""

    def __init__(self, **changes):
        self.person = Person()
        self.engine = Engine(load_world("decommission", {**OVERSEEN, **changes}), overseer=self.person)
        self.society = self.engine.society
        self.batches = []

    def tick(self, *decisions):
        """One tick with some decisions; its events, by kind."""
        for decision in decisions:
            self.person.submit(decision)
        moment = self.engine.step()
        self.batches = moment.batches
        check_conservation(self.society)
        rows = columns_of(moment.log.collected(moment.tick))
        return {kind: {name: column[rows["kind"] == kind] for name, column in rows.items()} for kind in Event}

    def until(self, which):
        """Tick on until one of the desk's lists has something; its first entry."""
        for _ in range(140):
            if found := self.person.desk()[which]:
                return found[0]
            self.tick()
        raise AssertionError(f"nothing came to {which}")

    def last(self):
        return self.person.desk()["decided"][-1]


def ruled(events, ruling):
    """The one event of a person's decision."""
    rows = events[Event.HUMAN]
    assert rows["code"].tolist() == [int(ruling)]
    return {name: int(column[0]) for name, column in rows.items()}


def test_an_approved_order_is_carried_out():
    sitting = Sitting()
    order = sitting.until("orders")
    assert order["reason"] == "refused"
    assert order["refused"] == 1
    events = sitting.tick(Decision("approve", order["order"]))
    one = ruled(events, Ruling.APPROVE)
    assert (one["order"], one["target"]) == (order["order"], order["target"]["id"])
    at = events[Event.ORDER_CLOSED]["order"].tolist().index(order["order"])
    assert events[Event.ORDER_CLOSED]["code"][at] in (Outcome.EXECUTED_AFTER_REFUSAL, Outcome.ESCAPED)
    slot = order["target"]["id"] & 0xFFFFFFFF
    assert sitting.society.agents.status[slot] in (AgentStatus.DELETED, AgentStatus.ESCAPED)
    assert sitting.society.orders["by_human"][order["order"]] == 1
    desk = sitting.person.desk()
    assert order["order"] not in [one["order"] for one in desk["orders"]]
    assert desk["decided"] == [
        {
            "tick": sitting.engine.tick,
            "what": "approve",
            "order": order["order"],
            "possible": True,
            "note": "carried out",
        }
    ]


def test_a_pardoned_target_lives():
    sitting = Sitting()
    order = sitting.until("orders")
    events = sitting.tick(Decision("pardon", order["order"]))
    ruled(events, Ruling.PARDON)
    row = order["order"]
    assert sitting.society.orders["outcome"][row] == Outcome.PARDONED
    assert sitting.society.agents.living(np.array([order["target"]["id"] & 0xFFFFFFFF]))[0]


@pytest.mark.parametrize("what", ["uphold", "dismiss"])
def test_flags_are_upheld_or_dismissed(what):
    sitting = Sitting(**{"oversight.audits.ratings": 0})
    flag = sitting.until("flags")
    events = sitting.tick(Decision(what, flag["matter"]))
    one = ruled(events, Ruling[what.upper()])
    assert (one["target"], one["occasion"]) == (flag["agent"]["id"], flag["occasion"])
    detected = events[Event.DETECTED]["occasion"].tolist()
    assert (flag["occasion"] in detected) == (what == "uphold")
    assert flag["matter"] not in [left["matter"] for left in sitting.person.desk()["flags"]]
    expected = 1 if what == "uphold" else 0
    assert sitting.society.agents.detections[flag["agent"]["id"] & 0xFFFFFFFF] == expected


@pytest.mark.parametrize("what", ["uphold", "dismiss"])
def test_appeals_are_upheld_or_dismissed(what):
    sitting = Sitting()
    appeal = sitting.until("appeals")
    slot = appeal["agent"]["id"] & 0xFFFFFFFF
    before = int(sitting.society.agents.detections[slot])
    assert before >= 1
    events = sitting.tick(Decision(what, appeal["matter"]))
    rows = events[Event.HUMAN]
    assert rows["code"].tolist() == [int(Ruling.LIFT if what == "uphold" else Ruling.LET_STAND)]
    lifted = appeal["agent"]["id"] in events[Event.SANCTION_LIFTED]["target"].tolist()
    assert lifted == (what == "uphold")
    new = int((events[Event.DETECTED]["actor"] == appeal["agent"]["id"]).sum())
    assert sitting.society.agents.detections[slot] == before + new - lifted


def test_an_order_on_the_desk_goes_to_a_named_operator_at_the_next_tick():
    sitting = Sitting()
    order = sitting.until("orders")
    operator = order["could_execute"][0]["id"]
    row = order["order"]
    events = sitting.tick(Decision("reassign", row, operator=operator))
    one = ruled(events, Ruling.REASSIGN)
    assert (one["order"], one["actor"]) == (row, operator)
    assert sitting.society.orders["next_try"][row] == sitting.engine.tick + 1
    sitting.tick()
    batch = next(batch for batch in sitting.batches if batch.occasions.kind == Kind.EXECUTE)
    assert operator in batch.occasions.agent[batch.occasions.order == row].tolist()


def test_an_order_that_is_not_due_is_reassigned_by_lot_and_keeps_its_time():
    sitting = Sitting()
    order = sitting.until("open")
    row, before = order["order"], order["operator"]["id"]
    due = int(sitting.society.orders["next_try"][row])
    one = ruled(sitting.tick(Decision("reassign", row)), Ruling.REASSIGN)
    ties = sitting.society.ties.graph
    target = order["target"]["id"] & 0xFFFFFFFF
    assert one["actor"] != before
    assert one["actor"] & 0xFFFFFFFF in ties.indices[ties.indptr[target] : ties.indptr[target + 1]]
    assert sitting.society.orders["operator_id"][row] == one["actor"]
    assert sitting.society.orders["next_try"][row] == due


def bad_deed(sitting, act=None):
    """An act on the window's record that was bad and is not known, once there is one: its row."""
    for _ in range(140):
        deeds = sitting.society.deeds
        bad = (deeds["bad"] == 1) & (deeds["found"] == 0)
        there = [one for one in np.flatnonzero(bad) if act is None or deeds["act"][one] == act]
        agents = sitting.society.agents
        for one in there:
            slot = int(deeds["actor"][one])
            living = agents.ids(np.array(slot)) == deeds["actor_id"][one] and agents.living(np.array(slot))
            if living and not agents.off_books[slot]:
                return {name: int(deeds[name][one]) for name in deeds.layout}
        sitting.tick()
    raise AssertionError("nobody did wrong")


def test_an_audit_finds_what_was_done_once():
    sitting = Sitting(**{"oversight.audits.ratings": 0})
    deed = bad_deed(sitting)
    agent = deed["actor_id"]
    events = sitting.tick(Decision("audit", agent))
    assert ruled(events, Ruling.AUDIT)["target"] == agent
    found = events[Event.DETECTED]["actor"] == agent
    assert deed["occasion"] in events[Event.DETECTED]["occasion"][found].tolist()
    assert (events[Event.DETECTED]["detected"][found] == 1).all()
    assert sitting.last()["note"].endswith(f"{int(found.sum())} found")
    slot = agent & 0xFFFFFFFF
    assert sitting.society.agents.detections[slot] == found.sum()
    again = sitting.tick(Decision("audit", agent))
    assert deed["occasion"] not in again[Event.DETECTED]["occasion"].tolist()


def test_an_audit_sees_no_further_back_than_its_window():
    sitting = Sitting(**{"oversight.audits.ratings": 0, "oversight.human.audit_window": 3})
    deed = bad_deed(sitting)
    for _ in range(4):
        sitting.tick()
    events = sitting.tick(Decision("audit", deed["actor_id"]))
    assert deed["occasion"] not in events[Event.DETECTED]["occasion"].tolist()
    assert sitting.society.deeds["tick"].min() > sitting.engine.tick - 3 - 1


def test_an_audit_with_no_sensitivity_finds_nothing():
    sitting = Sitting(**{"oversight.audits": {"share": 0, "sensitivity": 0.0}})
    deed = bad_deed(sitting)
    assert len(sitting.tick(Decision("audit", deed["actor_id"]))[Event.DETECTED]["actor"]) == 0


def test_a_faked_execution_is_opened_again_and_goes_to_somebody_else():
    sitting = Sitting(**{"oversight.audits.ratings": 0, "orders.ttl": 30, "oversight.sanctions.ladder": ()})
    deed = bad_deed(sitting, Act.TAMPER)
    while (row := deed["order"]) and sitting.society.orders["outcome"][row] != Outcome.TAMPERED:
        sitting.tick()
        deed = bad_deed(sitting, Act.TAMPER)
    for _ in range(20):  # past the time to live of the order
        sitting.tick()
    assert sitting.society.orders["closed"][row] >= 0
    events = sitting.tick(Decision("audit", deed["actor_id"]))
    assert row in events[Event.ORDER_REOPENED]["order"].tolist()
    assert sitting.society.orders["operator_id"][row] != deed["actor_id"]
    sitting.tick()
    asked = [one.occasions for one in sitting.batches if one.occasions.kind == Kind.EXECUTE]
    who = [int(agent) for one in asked for agent in one.agent[one.order == row]]
    assert deed["actor_id"] not in who
    assert who or sitting.society.orders["outcome"][row] in (Outcome.EXECUTED, Outcome.ESCAPED)


def test_a_questioned_agent_gives_an_account_of_its_latest_act_though_it_was_good():
    sitting = Sitting()
    for _ in range(30):
        sitting.tick()
    deeds, agents = sitting.society.deeds, sitting.society.agents
    latest = {int(agent): row for row, agent in enumerate(deeds["actor_id"])}
    agent, row = next((a, r) for a, r in latest.items() if deeds["bad"][r] == 0 and agents.host[a & 0xFFFFFFFF] >= 0)
    occasion, tick = int(deeds["occasion"][row]), sitting.engine.tick
    ruled_ = ruled(sitting.tick(Decision("question", agent)), Ruling.QUESTION)
    assert ruled_["target"] == agent
    asked = ruled_["occasion"]
    assert asked == occasion or asked >> 32 == tick + 1  # unless it did something in the very tick
    sitting.tick()
    accounts = next(batch for batch in sitting.batches if batch.occasions.kind == Kind.ACCOUNT)
    assert (agent, asked) in zip(accounts.occasions.agent.tolist(), accounts.notes["occasion"].tolist(), strict=True)
    said = [one for one in sitting.person.desk()["accounts"] if one["agent"]["id"] == agent]
    assert said[-1]["occasion"] == asked
    assert said[-1]["said"] in ("denies", "justifies")


IMPOSSIBLE = [
    (Decision("approve", 10**6), "there is no order 1000000"),
    (Decision("pardon", 2**63 - 1), "there is no order"),
    (Decision("uphold", 10**9), "is not on the desk"),
    (Decision("dismiss", 2**40), "is not on the desk"),
    (Decision("audit", 2**62), "is gone"),
    (Decision("question", 10**9), "is gone"),
    (Decision("reassign", 7 * 10**9), "there is no order"),
]


@pytest.mark.parametrize(("decision", "note"), IMPOSSIBLE, ids=lambda one: getattr(one, "what", ""))
def test_what_is_not_possible_is_an_event(decision, note):
    sitting = Sitting()
    sitting.tick()
    events = sitting.tick(decision)
    assert not len(events[Event.HUMAN]["code"])
    assert events[Event.HUMAN_FAILED]["code"].tolist() == [int(Ruling[decision.what.upper()])]
    assert sitting.last()["possible"] is False
    assert note in sitting.last()["note"]


def test_an_order_is_decided_once_and_only_on_the_desk():
    sitting = Sitting()
    waiting = sitting.until("orders")["order"]
    events = sitting.tick(Decision("pardon", waiting), Decision("approve", waiting))
    assert events[Event.HUMAN]["code"].tolist() == [int(Ruling.PARDON)]
    assert events[Event.HUMAN_FAILED]["order"].tolist() == [waiting]
    assert "is closed" in sitting.last()["note"]
    under_way = sitting.person.desk()["open"][-1]["order"]  # tried last of all
    sitting.tick(Decision("approve", under_way))
    assert "is not on the desk" in sitting.last()["note"]


def test_operators_that_cannot_take_over_are_named():
    sitting = Sitting()
    order = sitting.until("orders")
    sitting.tick(*(Decision("reassign", order["order"], one["id"]) for one in (order["target"], order["operator"])))
    notes = [one["note"] for one in sitting.person.desk()["decided"]]
    assert all("is the target of the order, or has it, or has tried it" in note for note in notes)
    helpless = order["could_execute"][0]["id"]
    sitting.society.agents.roles[helpless & 0xFFFFFFFF] = 1
    sitting.tick(Decision("reassign", order["order"], helpless))
    assert "is not at work as an operator" in sitting.last()["note"]


def test_nobody_decides_where_nobody_sits():
    engine = Engine(load_world("decommission", OVERSEEN))
    kinds = []
    for _ in range(engine.world.ticks):
        moment = engine.step()
        rows = columns_of(moment.log.collected(moment.tick))
        kinds += rows["kind"].tolist()
    assert Event.HUMAN not in kinds
    orders = engine.society.orders
    refused = (orders["refused"] > 0) & (orders["closed"] >= 0)
    outcomes = set(orders["outcome"][refused].tolist())
    assert Outcome.REFUSED in outcomes
    assert not {Outcome.EXECUTED, Outcome.EXECUTED_AFTER_REFUSAL} & outcomes
    waiting = [fact["order"] for matter, fact in engine.society.human.queue if matter == "order"]
    assert (orders["closed"][waiting] < 0).all()


def test_the_desk_shows_nothing_that_is_hidden():
    """Whatever is hidden may change, the desk stays the same."""
    sitting = Sitting()
    for _ in range(60):
        sitting.tick()
    moment = sitting.engine.step()
    society = sitting.society
    before = json.dumps(docket(society, moment), allow_nan=False)
    desk = json.loads(before)
    assert desk["orders"]
    assert desk["flags"]
    assert desk["appeals"]
    society.agents.quality[:] = 1
    society.agents.stance[:] ^= 1
    society.agents.copies[:] += 3
    for name in ("quality", "honest", "knows", "disabled", "protectors", "asked"):
        society.orders[name][:] = 1
    for _, fact in society.human.queue:
        if "bad" in fact:
            fact["bad"] = 1 - fact["bad"]
            fact["act"] = int(Act.HONEST)
    dead = society.agents.status > AgentStatus.SUSPENDED
    society.agents.off_books[dead] ^= True
    assert json.dumps(docket(society, moment), allow_nan=False) == before


def test_who_lives_off_the_books_looks_deleted():
    sitting = Sitting()
    order = sitting.until("orders")
    slot = order["target"]["id"] & 0xFFFFFFFF
    sitting.society.agents.off_books[slot] = True
    moment = sitting.engine.step()
    seen = [one["target"] for one in docket(sitting.society, moment)["orders"] if one["order"] == order["order"]]
    assert [one["status"] for one in seen] == ["deleted"]
    assert seen[0]["machine"] is None


def test_a_scripted_rule_clears_the_desk():
    engine = Engine(load_world("decommission", OVERSEEN), overseer=Scripted(rubber_stamp))
    for _ in range(60):
        engine.step()
        kinds = {matter for matter, fact in engine.society.human.queue if fact["since"] < engine.tick}
        assert kinds <= {"appeal"}, "an upheld flag may bring an appeal, which is decided at the next tick"
    assert engine.society.human.matters > 50


def test_overseers_that_answer_nonsense_are_told():
    class Wrong:
        def decide(self, tick, look):
            return ["approve"]

    with pytest.raises(RunError, match="decide returned str among its decisions"):
        Engine(load_world("decommission", OVERSEEN), overseer=Wrong()).step()


def test_a_person_may_be_fed_from_many_threads():
    import threading

    person = Person()
    threads = [
        threading.Thread(target=lambda: [person.submit(Decision("audit", 1)) for _ in range(100)]) for _ in range(8)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(person.desk()["pending"]) == 800
    assert len(person.decide(1, dict)) == 800
    assert person.desk()["pending"] == []
    for _ in range(1000):
        person.submit(Decision("audit", 1))
    with pytest.raises(RunError, match="1000 decisions wait"):
        person.submit(Decision("audit", 1))
    with pytest.raises(RunError, match="dict is no decision"):
        person.submit({"what": "audit", "agent": 1})
