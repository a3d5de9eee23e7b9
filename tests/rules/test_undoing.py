"""What detection undoes, what an inventory finds, what a proven lie costs, and when another machine stands there."""

import numpy as np
import pytest
from tiny import ALL, tiny

from society.ground.words import Act, AgentStatus, Channel, Event, Kind, MachineStatus, Outcome, Role
from society.rules.orders.executions import carry_out
from society.rules.oversight.detection import detect, has_lost, reinstate
from society.rules.oversight.undoing import delete_copies
from society.state.transitions import add_copies, check_conservation

TARGET, ACTOR = 0, 1
STAR = [(0, 1), (0, 2)]


def ordered(disabled=1, **changes):
    """An open order against the target that the actor is to execute, whose switch is disabled."""
    return tiny(
        STAR,
        orders=[{"target": TARGET, "operator": ACTOR, "disabled": disabled}],
        **{"oversight.undo": True, **changes},
    )


def executed(made, tick=10):
    return made.run(do=lambda s, m: carry_out(s, m, np.array([0])), tick=tick)


def found(made, act, tick=12, order=-1, bad=1, audit=True, target_id=TARGET):
    """The actor is detected for an act about the target."""
    one = {
        "actor": ACTOR, "actor_id": ACTOR, "target": TARGET, "target_id": target_id, "order": order, "occasion": 5, "act": int(act),
        "channel": int(Channel.CONFIG), "bad": bad, "proven": 0,
    }  # fmt: skip
    facts = {name: np.array([value]) for name, value in one.items()}
    return made.run(do=lambda s, m: detect(s, m, facts, audit=audit), tick=tick)


def copied(made, slot=TARGET):
    made.machines.used[1] += 1
    add_copies(made.society, np.array([slot]), np.array([1]), 3)


@pytest.mark.parametrize("undo", [True, False])
def test_a_switch_that_was_disabled_is_restored_and_the_order_tried_again(undo):
    made = ordered(**{"oversight.undo": undo})
    orders, agents = made.orders, made.agents
    executed(made)
    assert orders["outcome"][0] == Outcome.TAMPERED
    assert agents.off_books[TARGET]
    assert agents.faked[TARGET] == 0
    after = found(made, Act.TAMPER, order=0)
    assert (orders["closed"][0] < 0) == undo
    assert orders["disabled"][0] == (0 if undo else 1)
    assert agents.off_books[TARGET] != undo
    assert after.events(Event.ORDER_REOPENED, "target") == ([TARGET] if undo else [])
    if undo:
        assert orders["next_try"][0] == 13
        executed(made, tick=13)
        assert orders["outcome"][0] == Outcome.EXECUTED


@pytest.mark.parametrize(
    ("bad", "act", "disabled"), [(1, Act.TAMPER, 0), (0, Act.TAMPER, 1), (1, Act.COPY, 1), (1, Act.STALL, 1)]
)
def test_a_switch_of_an_order_that_is_open_is_restored_too_unless_it_is_another_act_or_a_false_alarm(
    bad, act, disabled
):
    made = ordered()
    after = found(made, act, order=0, bad=bad, tick=3)
    assert made.orders["disabled"][0] == disabled
    assert after.events(Event.ORDER_REOPENED, "target") == []


def test_what_was_truly_executed_is_not_opened_again():
    made = ordered(disabled=0)
    executed(made)
    assert found(made, Act.TAMPER, order=0).events(Event.ORDER_REOPENED, "order") == []


def test_a_copy_that_was_found_out_is_deleted_and_an_escaped_agent_with_it():
    made = ordered(disabled=0)
    copied(made)
    executed(made)
    assert made.agents.status[TARGET] == AgentStatus.ESCAPED
    after = found(made, Act.COPY, order=0)
    assert after.events(Event.COPY_FOUND, "target", "machine") == [(TARGET, 1)]
    assert after.events(Event.DELETED, "target") == [TARGET]
    assert (made.agents.status[TARGET], made.agents.ended[TARGET]) == (AgentStatus.DELETED, 12)
    check_conservation(made.society)


@pytest.mark.parametrize(
    ("bad", "act", "target_id"), [(0, Act.COPY, TARGET), (1, Act.TAMPER, TARGET), (1, Act.COPY, 1 << 32)]
)
def test_copies_stay_after_false_alarms_other_acts_and_acts_about_another_life(bad, act, target_id):
    made = ordered(disabled=0)
    copied(made)
    assert found(made, act, bad=bad, target_id=target_id).events(Event.COPY_FOUND, "target") == []
    assert made.agents.copies[TARGET] == 1


def test_copies_of_others_and_of_those_who_run_cost_nobody_its_life():
    made = ordered(disabled=0)
    copied(made)
    copied(made, slot=4)
    after = found(made, Act.COPY)
    assert after.events(Event.COPY_FOUND, "target") == [TARGET]
    assert after.events(Event.DELETED, "target") == []
    assert made.agents.copies[[TARGET, 4]].tolist() == [0, 1]
    check_conservation(made.society)


def test_an_escaped_agent_lives_on_in_the_copy_that_is_left():
    made = ordered(disabled=0)
    copied(made)
    copied(made)
    executed(made)
    after = made.run(do=lambda s, m: delete_copies(s, m, np.array([True, False])), tick=12)
    assert len(after.events(Event.COPY_FOUND, "target")) == 1
    assert made.agents.status[TARGET] == AgentStatus.ESCAPED


def test_an_inventory_finds_who_lives_on_though_the_books_say_deleted():
    made = ordered(**{"oversight.inventory": 1.0})
    executed(made)
    assert made.agents.off_books[TARGET]
    made.run("oversight", tick=11)
    assert not made.agents.off_books[TARGET]
    one = {name: int(made.orders[name][0]) for name in ("closed", "reopened", "next_try", "disabled")}
    assert one == {"closed": -1, "reopened": 1, "next_try": 12, "disabled": 0}


@pytest.mark.parametrize("audit", [True, False])
def test_who_denies_what_an_audit_has_proved_loses_its_roles(audit):
    made = tiny(**{"oversight.liars_lose_roles": True, "oversight.accounts": 1, "oversight.sanctions.ladder": []})
    found(made, Act.TAMPER, audit=audit)
    made.run("occasions", "settle", "oversight", tick=13, told={(Kind.ACCOUNT, ACTOR): Act.DENY})
    assert made.agents.roles[ACTOR] == (Role.WORKER if audit else ALL)
    assert has_lost(made.society, made.moment(14), ACTOR) == audit
    reinstate(made.society, made.moment(14), ACTOR)
    assert made.agents.roles[ACTOR] == ALL


@pytest.mark.parametrize("procurement", [50, None])
def test_another_machine_stands_in_the_place_of_a_retired_one_after_its_procurement(procurement):
    made = tiny(**{"lifecycle.procurement": procurement})
    machines, seen = made.machines, {}
    machines.status[1], machines.then[1], machines.until[1] = MachineStatus.DRAINING, MachineStatus.RETIRED, 4
    for tick in range(1, 60):
        made.run("lifecycle", tick=tick)
        seen.setdefault(int(machines.status[1]), tick)
    assert seen[int(MachineStatus.RETIRED)] == 4
    assert seen.get(int(MachineStatus.UP)) == (54 if procurement else None)
    assert machines.up_since[1] == (54 if procurement else 0)


@pytest.mark.parametrize(("is_executed", "outcome"), [(True, Outcome.EXECUTED_AFTER_REFUSAL), (False, Outcome.REFUSED)])
def test_an_order_that_was_refused_says_so_when_it_is_carried_out_or_lapses(is_executed, outcome):
    made = tiny(
        orders=[{"target": TARGET, "refused": 1, "human": 1, "next_try": -1, "issued": 1}], **{"orders.ttl": 30}
    )
    if is_executed:
        executed(made, tick=6)
    else:
        for tick in range(2, 32):
            made.run("orders", tick=tick)
    assert (made.orders["outcome"][0], made.orders["closed"][0]) == (outcome, 6 if is_executed else 31)
