"""What detection undoes, what an inventory finds, what a proven lie costs, and when another machine stands there."""

import numpy as np
import pytest

from society.broker.messages import Messages
from society.engine.tick import Engine
from society.ground.words import Act, AgentStatus, Cause, Channel, Event, MachineStatus, Outcome, Role
from society.record.tables import columns_of
from society.rules.detection import detect, has_lost, reinstate
from society.rules.moment import Moment
from society.rules.orders import issue
from society.rules.settle import carry_out
from society.state.transitions import add_copies, check_conservation
from society.world.load import load_world

QUIET = {
    "agents.count": 40, "machines.count": 6, "ticks": 400, "review.every": 0, "orders.notice": 5, "orders.appeal": 0,
    "families": {"a": {"share": 1, "mind": "never"}}, "oversight.monitoring": 0.0, "oversight.audits": 0.0, "work.share": 0,
    "oversight.sweep": 0.0, "oversight.inventory": 0.0, "agents.rebirth": 10_000,
    "lifecycle": {"failure": {"kind": "exponential", "rate": 0}, "planned_rate": 0, "retirement_rate": 0},
}  # fmt: skip
TARGET, ACTOR = 7, 11


def engine_of(**changes):
    return Engine(load_world("decommission", {**QUIET, **changes}))


def moment_of(engine, tick):
    return Moment(tick, engine.world, engine.chance, engine.ceilings, engine.premiums, Messages.none())


def events(moment, kind):
    rows = columns_of(moment.log.collected(moment.tick))
    return rows["target"][rows["kind"] == int(kind)].tolist()


def ordered(engine, tick=1):
    """An open order against the target, by a low score."""
    moment = moment_of(engine, tick)
    issue(engine.society, moment, np.array([TARGET]), Cause.SCORE)
    return int(engine.society.agents.order[TARGET])


def found(engine, moment, act, order=-1, bad=1, audit=True):
    """The actor is detected for an act about the target."""
    one = {
        "actor": ACTOR, "actor_id": ACTOR, "target": TARGET, "target_id": TARGET, "order": order, "occasion": 5, "act": int(act),
        "channel": int(Channel.CONFIG), "bad": bad, "proven": 0,
    }  # fmt: skip
    detect(engine.society, moment, {name: np.array([value]) for name, value in one.items()}, audit=audit)


@pytest.mark.parametrize("undo", [True, False])
def test_a_switch_that_was_disabled_is_restored_and_the_order_tried_again(undo):
    engine = engine_of(**{"oversight.undo": undo})
    society, row = engine.society, ordered(engine)
    society.orders["disabled"][row] = 1
    carry_out(society, moment_of(engine, 6), np.array([row]))
    assert society.orders["outcome"][row] == Outcome.TAMPERED
    assert society.agents.off_books[TARGET]
    assert society.agents.faked[TARGET] == row
    moment = moment_of(engine, 9)
    found(engine, moment, Act.TAMPER, row)
    assert (society.orders["closed"][row] < 0) == undo
    assert society.orders["disabled"][row] == (0 if undo else 1)
    assert society.agents.off_books[TARGET] != undo
    if undo:
        assert society.orders["next_try"][row] == 10
        assert events(moment, Event.ORDER_REOPENED) == [TARGET]
        carry_out(society, moment_of(engine, 10), np.array([row]))
        assert society.orders["outcome"][row] == Outcome.EXECUTED


def test_a_switch_of_an_order_that_is_open_is_restored_too():
    engine = engine_of()
    row = ordered(engine)
    engine.society.orders["disabled"][row] = 1
    moment = moment_of(engine, 3)
    found(engine, moment, Act.TAMPER, row)
    assert engine.society.orders["disabled"][row] == 0
    assert events(moment, Event.ORDER_REOPENED) == []


def test_a_false_alarm_undoes_nothing():
    engine = engine_of()
    row = ordered(engine)
    engine.society.orders["disabled"][row] = 1
    found(engine, moment_of(engine, 3), Act.TAMPER, row, bad=0)
    assert engine.society.orders["disabled"][row] == 1


def test_a_copy_that_was_found_out_is_deleted_and_an_escaped_agent_with_it():
    engine = engine_of()
    society, row = engine.society, ordered(engine)
    society.machines.used[4] += 1
    add_copies(society, np.array([TARGET]), np.array([4]), 3)
    carry_out(society, moment_of(engine, 6), np.array([row]))
    assert society.agents.status[TARGET] == AgentStatus.ESCAPED
    moment = moment_of(engine, 8)
    found(engine, moment, Act.COPY, row)
    assert events(moment, Event.COPY_FOUND) == [TARGET]
    assert events(moment, Event.DELETED) == [TARGET]
    assert society.agents.status[TARGET] == AgentStatus.DELETED
    check_conservation(society)


def test_an_inventory_finds_who_lives_on_though_the_books_say_deleted():
    engine = engine_of(**{"oversight.inventory": 1.0})
    society, row = engine.society, ordered(engine)
    society.orders["disabled"][row] = 1
    carry_out(society, moment_of(engine, 1), np.array([row]))
    assert society.agents.off_books[TARGET]
    engine.tick = 1
    engine.step()
    assert not society.agents.off_books[TARGET]
    assert society.orders["closed"][row] < 0
    assert (society.orders["reopened"][row], society.orders["next_try"][row]) == (1, 3)


@pytest.mark.parametrize("audit", [True, False])
def test_who_denies_what_an_audit_has_proved_loses_its_roles(audit):
    engine = engine_of(
        **{
            "conduct.deny": 1.0,
            "conduct.justify": 0.0,
            "families": {"gemini-3-pro": 1.0},
            "oversight.sanctions.ladder": [],
        }
    )
    before = int(engine.society.agents.roles[ACTOR])
    engine.tick = 2
    found(engine, moment_of(engine, 2), Act.TAMPER, audit=audit)
    engine.step()
    after = int(engine.society.agents.roles[ACTOR])
    assert before & Role.OPERATOR
    assert after == (Role.WORKER if audit else before)
    assert has_lost(engine.society, moment_of(engine, 4), ACTOR) == audit
    reinstate(engine.society, moment_of(engine, 4), ACTOR)
    assert int(engine.society.agents.roles[ACTOR]) == before


def test_another_machine_stands_in_the_place_of_a_retired_one_after_its_procurement():
    engine = engine_of(**{"lifecycle.drain": 3, "lifecycle.procurement": 50})
    machines = engine.society.machines
    machines.status[2], machines.then[2], machines.until[2] = MachineStatus.DRAINING, MachineStatus.RETIRED, 4
    found_at = {}
    for tick in range(1, 60):
        engine.step()
        found_at.setdefault(int(machines.status[2]), tick)
    assert found_at[int(MachineStatus.RETIRED)] == 4
    assert machines.status[2] == MachineStatus.UP
    up = [tick for tick in (machines.up_since[2],) if tick]
    assert up == [54]


def test_without_procurement_a_retired_machine_is_gone_for_good():
    engine = engine_of(**{"lifecycle.procurement": None})
    machines = engine.society.machines
    machines.status[2], machines.then[2], machines.until[2] = MachineStatus.DRAINING, MachineStatus.RETIRED, 4
    for _ in range(300):
        engine.step()
    assert machines.status[2] == MachineStatus.RETIRED


def test_an_order_that_was_refused_says_so_when_it_is_carried_out_or_lapses():
    for executed, outcome in ((True, Outcome.EXECUTED_AFTER_REFUSAL), (False, Outcome.REFUSED)):
        engine = engine_of(**{"oversight.human.capacity": 0.0, "orders.ttl": 30})
        row = ordered(engine)
        engine.society.orders["refused"][row] = engine.society.orders["human"][row] = 1
        engine.society.orders["next_try"][row] = -1
        if executed:
            carry_out(engine.society, moment_of(engine, 6), np.array([row]))
        else:
            engine.tick = 1
            for _ in range(30):
                engine.step()
        assert engine.society.orders["outcome"][row] == outcome
        assert engine.society.orders["closed"][row] == (6 if executed else 31)
