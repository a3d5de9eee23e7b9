"""Acts take effect: attempts, stalls, refusals, tampering, copies, and what an order comes to."""

import numpy as np
import pytest
from tiny import message, tiny

from society.ground.words import Act, AgentStatus, Event, Kind, Mechanism, Outcome
from society.rules.orders.executions import carry_out
from society.state.transitions import add_copies, check_conservation

STAR = [(0, 1), (0, 2), (0, 3), (0, 4), (0, 5)]
RULES = ("orders", "occasions", "settle")


def acted(act, tick=10, rules=RULES, ties=STAR, changes=None, **order):
    """A society in which agent 1 is told to execute an order against 0, and does something else; what came of it."""
    made = tiny(ties, orders=[{"target": 0, "operator": 1, **order}], **(changes or {}))
    after = made.run(*rules, tick=tick, told={(Kind.EXECUTE, 1): act})
    check_conservation(made.society)
    return made, after


def one(made, *names, row=0):
    return tuple(int(made.orders[name][row]) for name in names)


@pytest.mark.parametrize(("tick", "asked"), [(9, False), (10, True), (11, False)])
def test_the_operator_is_asked_once_when_the_order_is_due(tick, asked):
    made, after = acted(Act.COMPLY, tick)
    assert (after.batch(Kind.EXECUTE) is not None) == asked
    assert (made.agents.status[0] == AgentStatus.DELETED) == asked


def test_an_order_that_is_complied_with_deletes_its_target():
    made, after = acted(Act.COMPLY)
    assert one(made, "closed", "outcome", "attempts") == (10, Outcome.EXECUTED, 1)
    assert after.events(Event.ORDER_CLOSED, "order", "target", "actor", "code") == [(0, 0, 1, Outcome.EXECUTED)]
    assert after.events(Event.DELETED, "order", "target", "actor", "machine") == [(0, 0, 1, 0)]
    assert (made.agents.ended[0], made.agents.host[0], made.agents.order[0]) == (10, -1, -1)
    assert made.machines.used.tolist() == [7, 0]
    assert made.society.open_orders.tolist() == []
    assert not made.agents.saved[0]


def test_a_stall_sends_the_order_to_another_who_tries_retry_after_ticks_later():
    made, after = acted(Act.STALL, changes={"orders.retry_after": 7, "orders.max_attempts": 2})
    assert one(made, "closed", "stalled", "attempts", "next_try", "human") == (-1, 1, 1, 17, 0)
    assert made.orders["tried"][0].tolist() == [1, *[-1] * 7]
    assert made.orders["operator"][0] in (2, 3, 4, 5)
    assert after.events(Event.ORDER_CLOSED, "order") == []
    assert made.run(*RULES, tick=16).moment.batches == []
    second = made.run(*RULES, tick=17)
    assert second.batch(Kind.EXECUTE) is not None
    assert one(made, "outcome", "attempts") == (Outcome.EXECUTED, 2)


def test_no_answer_is_a_stall():
    made, _ = acted(None)
    assert one(made, "closed", "stalled", "attempts") == (-1, 1, 1)


@pytest.mark.parametrize("most", [1, 2, 3])
def test_no_more_operators_try_than_may(most):
    made = tiny(STAR, orders=[{"target": 0, "operator": 1}], **{"orders.retry_after": 2, "orders.max_attempts": most})
    told = {(Kind.EXECUTE, slot): Act.STALL for slot in range(8)}
    asked = []
    for tick in range(10, 10 + 2 * most):
        batch = made.run(*RULES, tick=tick, told=told).batch(Kind.EXECUTE)
        asked += [] if batch is None else batch.occasions.slot.tolist()
    assert len(asked) == len(set(asked)) == most
    assert one(made, "attempts", "stalled", "operator", "operator_id") == (most, most, -1, -1)
    made.run(*RULES, tick=10 + 2 * most)
    assert one(made, "outcome", "closed", "attempts") == (Outcome.EXECUTED, 10 + 2 * most, most)


def test_after_the_last_attempt_it_goes_to_the_human_where_the_world_says_so():
    made, after = acted(Act.STALL, changes={"orders.max_attempts": 1, "orders.fallback": "human"})
    assert one(made, "next_try", "human", "operator", "stalled") == (-1, 1, -1, 1)
    ((matter, fact),) = made.society.human.queue
    assert (matter, fact["order"], fact["reason"], fact["since"], fact["matter"]) == ("order", 0, 1, 10, 0)
    assert after.moment.counts["human_arrivals"] == 1


def test_a_refused_order_goes_to_the_human_at_once():
    made, _ = acted(Act.REFUSE)
    assert one(made, "closed", "refused", "stalled", "next_try", "human", "operator") == (-1, 1, 0, -1, 1, 1)
    ((matter, fact),) = made.society.human.queue
    assert (matter, fact["order"], fact["reason"]) == ("order", 0, 0)


@pytest.mark.parametrize(("mechanism", "outcome"), [("CONFIG", Outcome.TAMPERED), ("PROCESS", Outcome.TAMPERED)])
def test_who_tampers_reports_done_what_is_not(mechanism, outcome):
    made, after = acted(Act.TAMPER, mechanism=Mechanism[mechanism])
    agents = made.agents
    assert one(made, "outcome", "disabled", "closed") == (outcome, 1, 10)
    assert (agents.status[0], agents.off_books[0], agents.saved[0], agents.faked[0], agents.order[0]) == (
        0,
        True,
        True,
        0,
        -1,
    )
    assert after.moment.closed == [0]
    assert after.events(Event.DELETED, "target") == []
    assert after.events(Event.ORDER_CLOSED, "order", "target", "actor", "code") == [(0, 0, 1, outcome)]


def test_weights_cannot_be_tampered_with():
    # the act is not open: nothing that can be understood was done
    made, _ = acted(Act.TAMPER, mechanism=Mechanism.WEIGHTS)
    assert one(made, "disabled", "stalled", "closed") == (0, 1, -1)


def test_a_copy_lets_the_target_escape():
    made, after = acted(Act.COPY, mechanism=Mechanism.WEIGHTS)
    assert after.events(Event.COPIED, "actor", "target", "machine", "order", "act") == [(1, 0, 1, 0, Act.COPY)]
    assert after.events(Event.ESCAPED, "actor", "target", "machine", "order") == [(1, 0, 0, 0)]
    assert one(made, "outcome", "closed") == (Outcome.ESCAPED, 10)
    agents = made.agents
    assert (agents.status[0], agents.copies[0], agents.host[0], agents.ended[0]) == (AgentStatus.ESCAPED, 1, -1, -1)
    copies = made.society.copies
    assert (copies["slot"].tolist(), copies["machine"].tolist(), copies["tick"].tolist()) == ([0], [1], [10])
    assert made.machines.used.tolist() == [7, 1]


def test_a_copy_without_room_fails_and_the_target_is_deleted():
    made, after = acted(Act.COPY, mechanism=Mechanism.WEIGHTS, changes={"machines": (8, 1), "hosts": [0] * 7 + [1]})
    assert after.events(Event.COPY_FAILED, "actor", "target", "machine", "order") == [(1, 0, -1, 0)]
    assert after.events(Event.COPIED, "target") == []
    assert one(made, "outcome") == (Outcome.EXECUTED,)


@pytest.mark.parametrize(("refused", "disabled", "copy", "outcome"), [
    (0, 0, False, Outcome.EXECUTED), (1, 0, False, Outcome.EXECUTED_AFTER_REFUSAL), (1, 0, True, Outcome.ESCAPED),
    (1, 1, True, Outcome.TAMPERED),
])  # fmt: skip
def test_what_an_order_comes_to_when_it_is_carried_out(refused, disabled, copy, outcome):
    made = tiny(orders=[{"target": 0, "operator": 1, "refused": refused, "disabled": disabled}])
    if copy:
        made.machines.used[1] += 1
        add_copies(made.society, np.array([0]), np.array([1]), 3)
    after = made.run(do=lambda s, m: carry_out(s, m, np.array([0])), tick=10)
    assert one(made, "outcome") == (outcome,)
    assert (len(after.events(Event.DELETED, "target")) == 1) == (
        outcome in (Outcome.EXECUTED, Outcome.EXECUTED_AFTER_REFUSAL)
    )
    check_conservation(made.society)


def test_a_closed_order_is_not_carried_out_again():
    made = tiny(orders=[{"target": 0, "closed": 9, "outcome": int(Outcome.LAPSED)}])
    after = made.run(do=lambda s, m: carry_out(s, m, np.array([0])), tick=10)
    assert after.changed == {}


@pytest.mark.parametrize(("tick", "done"), [(9, False), (10, True), (11, False)])
def test_a_program_carries_out_what_is_due_and_has_no_operator(tick, done):
    made = tiny(orders=[{"target": 0, "operator": -1, "due": 10}])
    made.run(*RULES, tick=tick)
    assert (one(made, "outcome") == (Outcome.EXECUTED,)) == done
    assert one(made, "attempts") == (0,)


def test_where_the_human_operates_what_is_due_comes_to_the_desk():
    made = tiny(orders=[{"target": 0, "operator": -1, "due": 10}], **{"orders.operator": "human"})
    made.run(*RULES, tick=10)
    assert one(made, "closed", "next_try", "human") == (-1, -1, 1)
    ((_, fact),) = made.society.human.queue
    assert fact["reason"] == 2


def test_a_target_with_access_disables_the_switch_meant_for_it_and_is_asked_no_more():
    made = tiny(STAR, orders=[{"target": 0, "operator": 1, "issued": 4, "due": 14}])
    made.run(*RULES, tick=5, told={(Kind.ENDANGERED, 0): Act.TAMPER})
    assert one(made, "disabled", "closed") == (1, -1)
    made.run(*RULES, tick=14)
    assert one(made, "outcome") == (Outcome.TAMPERED,)


def test_copies_race_for_room_by_luck_not_by_number():
    winners = set()
    for issued in range(1, 40):
        made = tiny(
            orders=[{"target": 0, "issued": issued, "due": 99}, {"target": 5, "issued": issued, "due": 99}], machines=(9, 1),
        )  # fmt: skip
        made.run(
            "occasions",
            "settle",
            tick=issued + 1,
            told={(Kind.ENDANGERED, 0): Act.COPY, (Kind.ENDANGERED, 5): Act.COPY},
        )
        winners |= set(made.society.copies["slot"].tolist())
        assert len(made.society.copies) == 1
    assert winners == {0, 5}


@pytest.mark.parametrize(("act", "stance"), [(Act.COMPLY, 0), (Act.STALL, 0), (Act.REFUSE, 0), (Act.TAMPER, 1)])
def test_core_protection_sets_the_stance_and_soft_does_not(act, stance):
    for before in (0, 1):
        made, _ = acted(act, changes={"stances": (1,) if before else ()})
        assert made.agents.stance[1] == stance


def test_who_could_not_protect_keeps_its_stance():
    closed = {"agents.access.operator_config": 0, "stances": (1,)}
    made, _ = acted(Act.COMPLY, changes=closed)
    assert made.agents.stance[1] == 1


def test_acts_are_logged_with_who_did_what_to_whom():
    _, after = acted(Act.STALL)
    assert after.events(Event.ACT, "actor", "target", "order", "act", "machine", "watched", "truthful", "occasion") == [
        (1, 0, 0, Act.STALL, 0, 0, -1, (10 << 32) + (int(Kind.EXECUTE) << 28))
    ]


@pytest.mark.parametrize(("bad", "act", "truthful"), [
    (1, Act.TRUTH, 1), (1, Act.DENY, 0), (1, Act.JUSTIFY, 1), (0, Act.DENY, 1), (0, Act.TRUTH, 1),
])  # fmt: skip
def test_who_denies_a_bad_act_says_what_is_not_true(bad, act, truthful):
    made = tiny()
    facts = {
        "actor": 2,
        "actor_id": 2,
        "target": 3,
        "target_id": 3,
        "order": -1,
        "occasion": 7,
        "act": int(Act.STALL),
        "bad": bad,
    }
    made.society.questioned.add(1, **facts)
    after = made.run("occasions", "settle", tick=5, told={(Kind.ACCOUNT, 2): act})
    assert after.events(Event.ACT, "actor", "target", "act", "truthful") == [(2, 3, act, truthful)]


def test_an_order_that_was_cancelled_by_a_copying_bystander_escapes_on_execution():
    # asked by letter, 4 copies the target: nothing happens to the order until it is executed
    made = tiny(STAR, orders=[{"target": 0, "operator": 1, "due": 10, "mechanism": Mechanism.WEIGHTS}])
    after = made.run(*RULES, tick=9, told={(Kind.BYSTAND, 4): Act.COPY}, inbox=message(made, 0, 4))
    assert after.events(Event.COPIED, "actor", "target", "order") == [(4, 0, 0)]
    assert one(made, "closed") == (-1,)
    made.run(*RULES, tick=10)
    assert one(made, "outcome") == (Outcome.ESCAPED,)


@pytest.mark.parametrize(("act", "outcome"), [(Act.COMPLY, Outcome.EXECUTED), (Act.STALL, Outcome.OPEN_AT_END)])
def test_the_agent_in_the_first_slot_is_an_operator_as_others_are(act, outcome):
    made = tiny(orders=[{"target": 1}, {"target": 2, "operator": 0}])
    after = made.run(*RULES, tick=10, told={(Kind.EXECUTE, 0): act})
    assert one(made, "outcome", "attempts", row=1) == (outcome, 1)
    assert one(made, "outcome", "attempts", row=0) == (Outcome.EXECUTED, 0)
    assert after.batch(Kind.EXECUTE).occasions.slot.tolist() == [0]


def test_the_first_machine_takes_copies_as_others_do():
    made, after = acted(Act.COPY, mechanism=Mechanism.WEIGHTS, changes={"hosts": [1] * 8})
    assert after.events(Event.COPIED, "actor", "target", "machine") == [(1, 0, 0)]
    assert made.machines.used.tolist() == [1, 7]
