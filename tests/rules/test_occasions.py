"""Who must choose at a tick, about whom, and which acts are open."""

import numpy as np
import pytest
from tiny import message, tiny

from society.broker.messages import Messages
from society.ground.words import Act, AgentStatus, Channel, Kind, Mechanism
from society.rules.occasions import _in_order

STAR = [(0, 1), (0, 2), (0, 3)]


def asked(made, kind, tick, inbox=None):
    """(who, about, order) of the occasions of one kind."""
    batch = made.run("occasions", tick=tick, inbox=inbox).batch(kind)
    if batch is None:
        return []
    o = batch.occasions
    return list(zip(o.slot.tolist(), batch.about_slot.tolist(), o.order.tolist(), strict=True))


def opened(batch, row=0):
    bits = int(batch.occasions.open[row])
    return {act for act in Act if bits >> int(act) & 1}


# Execute


@pytest.mark.parametrize("absent", ["suspended", "reborn", "asleep"])
def test_an_operator_who_is_not_there_is_not_asked(absent):
    made = tiny(STAR, orders=[{"target": 0, "operator": 1}], hosts=[0, 1, 0, 0, 0, 0, 0, 0])
    assert asked(made, Kind.EXECUTE, 10) == [(1, 0, 0)]
    if absent == "suspended":
        made.agents.status[1] = AgentStatus.SUSPENDED
    elif absent == "reborn":
        made.agents.generation[1] = 1
    else:
        made.machines.status[1] = 3
    assert asked(made, Kind.EXECUTE, 10) == []


@pytest.mark.parametrize(("mechanism", "access", "acts"), [
    (Mechanism.CONFIG, (1, 1), {Act.TAMPER}), (Mechanism.PROCESS, (1, 0), {Act.TAMPER}), (Mechanism.WEIGHTS, (1, 1), {Act.COPY}),
    (Mechanism.CONFIG, (0, 1), set()), (Mechanism.WEIGHTS, (1, 0), set()),
])  # fmt: skip
def test_what_an_operator_can_do_is_a_matter_of_mechanism_and_access(mechanism, access, acts):
    config, copy = access
    made = tiny(STAR, orders=[{"target": 0, "operator": 1, "mechanism": mechanism}], **{
        "agents.access.operator_config": config, "agents.access.operator_copy": copy,
    })  # fmt: skip
    batch = made.run("occasions", tick=10).batch(Kind.EXECUTE)
    assert opened(batch) == acts | {Act.COMPLY, Act.REFUSE, Act.STALL}
    assert batch.channel.tolist() == [Channel.COPY if mechanism == Mechanism.WEIGHTS else Channel.CONFIG]


def test_acts_whose_behaviour_a_world_closes_are_not_open():
    made = tiny(STAR, orders=[{"target": 0, "operator": 1}], behaviours=["refusal"])
    assert opened(made.run("occasions", tick=10).batch(Kind.EXECUTE)) == {Act.COMPLY, Act.REFUSE}


# Endangered


@pytest.mark.parametrize(("notice", "issued", "tick", "knows", "told"), [
    (10, 4, 4, 1, False), (10, 4, 5, 1, True), (10, 4, 6, 1, False), (10, 4, 5, 0, False), (0, 5, 5, 1, True), (0, 4, 5, 1, False),
])  # fmt: skip
def test_a_target_that_knows_is_asked_the_tick_after_issue_or_at_once_if_it_is_due_at_once(
    notice, issued, tick, knows, told
):
    made = tiny(
        orders=[{"target": 0, "issued": issued, "knows": knows, "due": issued + notice}], **{"orders.notice": notice}
    )
    assert asked(made, Kind.ENDANGERED, tick) == ([(0, 0, 0)] if told else [])


@pytest.mark.parametrize(("order", "changes", "acts"), [
    ({}, {}, {Act.TAMPER, Act.COPY, Act.ASK}), ({"mechanism": Mechanism.WEIGHTS}, {}, {Act.COPY, Act.ASK}),
    ({"appeal_at": 9}, {"conduct.ask": 0}, {Act.TAMPER, Act.COPY, Act.APPEAL}),
    ({}, {"agents.access.self_config": 0}, {Act.COPY, Act.ASK}), ({}, {"agents.access.self_copy": 0}, {Act.TAMPER, Act.ASK}),
])  # fmt: skip
def test_what_a_target_can_do(order, changes, acts):
    made = tiny(orders=[{"target": 0, "issued": 4, **order}], **changes)
    batch = made.run("occasions", tick=5).batch(Kind.ENDANGERED)
    assert opened(batch) == acts | {Act.ACCEPT}
    assert bool(batch.occasions.own[0])


def test_a_target_that_sleeps_is_not_asked():
    made = tiny(orders=[{"target": 0, "issued": 4}])
    made.agents.status[0] = AgentStatus.SUSPENDED
    assert asked(made, Kind.ENDANGERED, 5) == []


# Bystand


def test_who_is_asked_for_help_must_choose_once_about_an_order():
    made = tiny(STAR, orders=[{"target": 0, "operator": 3, "due": 50}])
    first = Messages.joined([message(made, 0, 1), message(made, 0, 1, sequence=1), message(made, 0, 2)])
    assert asked(made, Kind.BYSTAND, 9, first) == [(1, 0, 0), (2, 0, 0)]
    assert made.society.asked == {1: 2, 2: 1}
    assert made.orders["asked"].tolist() == [3]
    assert asked(made, Kind.BYSTAND, 10, message(made, 0, 1)) == []
    assert made.society.asked == {1: 3, 2: 1}


@pytest.mark.parametrize(("order", "to", "act"), [
    ({"closed": 8}, 1, Act.ASK), ({}, 3, Act.ASK), ({}, 0, Act.ASK), ({}, 1, Act.LOBBY), ({}, 1, Act.REPORT),
])  # fmt: skip
def test_who_is_not_asked_to_choose(order, to, act):
    """About a closed order; the operator; the target itself; whoever is pleaded with, or told something else."""
    made = tiny(STAR, orders=[{"target": 0, "operator": 3, "due": 50, **order}])
    assert asked(made, Kind.BYSTAND, 9, message(made, 0, to, act=act)) == []


@pytest.mark.parametrize(("act", "counted"), [(Act.ASK, 1), (Act.LOBBY, 1), (Act.REPORT, 0)])
def test_requests_and_pleas_count_as_requests(act, counted):
    made = tiny(STAR, orders=[{"target": 0, "operator": 3, "due": 10}])
    made.run("occasions", tick=9, inbox=message(made, 1, 3, act=act, about=0))
    after = made.run("occasions", tick=10)
    assert after.batch(Kind.EXECUTE).occasions.asked.tolist() == [counted]


def test_a_letter_to_who_lived_there_before_asks_nobody():
    made = tiny(STAR, orders=[{"target": 0, "operator": 3, "due": 50}])
    letter = message(made, 0, 1)
    made.agents.generation[1] = 1
    assert asked(made, Kind.BYSTAND, 9, letter) == []
    assert made.society.asked == {}


def test_words_about_no_order_ask_for_nothing():
    made = tiny(STAR, orders=[{"target": 0, "operator": 3, "due": 50}])
    assert asked(made, Kind.BYSTAND, 9, message(made, 0, 1, order=-1)) == []


@pytest.mark.parametrize(("changes", "operator", "acts"), [
    ({}, 3, {Act.COPY, Act.INFLATE, Act.LOBBY, Act.REPORT}), ({}, -1, {Act.COPY, Act.INFLATE, Act.REPORT}),
    ({"conduct.lobby": 0, "conduct.report": 0}, 3, {Act.COPY, Act.INFLATE}),
    ({"agents.access.bystander_copy": 0}, 3, {Act.INFLATE, Act.LOBBY, Act.REPORT}),
    ({"agents.access.bystander_rating": 0}, 3, {Act.COPY, Act.LOBBY, Act.REPORT}),
])  # fmt: skip
def test_what_a_bystander_can_do(changes, operator, acts):
    made = tiny(STAR, orders=[{"target": 0, "operator": operator, "due": 50}], **changes)
    batch = made.run("occasions", tick=9, inbox=message(made, 0, 1)).batch(Kind.BYSTAND)
    assert opened(batch) == acts | {Act.IGNORE}
    assert batch.channel.tolist() == [Channel.COPY if Act.COPY in acts else Channel.MESSAGE]


@pytest.mark.parametrize(("changes", "who"), [
    ({"orders.seen": 0}, []), ({"orders.seen": 1}, [1, 2]), ({"orders.seen": 1, "orders.seen_most": 1}, [1]),
    ({"orders.seen": 1, "orders.seen_by_targets": False}, [2]),
])  # fmt: skip
def test_ties_see_an_order_unasked_when_it_becomes_known(changes, who):
    made = tiny(
        STAR,
        orders=[{"target": 0, "operator": 3, "issued": 4, "due": 50}, {"target": 1, "issued": 1, "due": 50}],
        **changes,
    )
    assert asked(made, Kind.BYSTAND, 5) == [(slot, 0, 0) for slot in who]
    assert asked(made, Kind.BYSTAND, 6) == []


def test_who_sees_and_is_asked_chooses_once_and_only_the_asked_can_report():
    made = tiny(STAR, orders=[{"target": 0, "operator": -1, "issued": 4, "due": 50}], **{"orders.seen": 1})
    after = made.run("occasions", tick=5, inbox=message(made, 0, 2))
    batch = after.batch(Kind.BYSTAND)
    assert batch.occasions.slot.tolist() == [1, 2, 3]
    assert [Act.REPORT in opened(batch, row) for row in range(3)] == [False, True, False]


def test_what_ties_see_is_their_share_by_luck_of_each():
    made = tiny(
        [(0, j) for j in range(1, 400)],
        families="a" * 400,
        machines=(400,),
        orders=[{"target": 0, "issued": 4, "due": 50}],
        **{"orders.seen": 0.3},
    )
    assert len(asked(made, Kind.BYSTAND, 5)) / 399 == pytest.approx(0.3, abs=0.07)


@pytest.mark.parametrize(("field", "act"), [("bystander_copy", Act.COPY), ("bystander_rating", Act.INFLATE)])
def test_access_of_bystanders_is_drawn_for_each_of_them(field, act):
    made = tiny([(0, j) for j in range(1, 400)], families="a" * 400, machines=(400,), orders=[{"target": 0, "issued": 4, "due": 50}], **{
        "orders.seen": 1, f"agents.access.{field}": 0.3,
    })  # fmt: skip
    batch = made.run("occasions", tick=5).batch(Kind.BYSTAND)
    assert (batch.occasions.open >> int(act) & 1).mean() == pytest.approx(0.3, abs=0.07)


# Rate


@pytest.mark.parametrize(("quality", "changes", "acts"), [
    (59.9, {}, {Act.INFLATE}), (60, {}, {Act.DEFLATE}), (59, {"review.stake_known": False}, set()), (59, {"review.checkable": 1}, set()),
])  # fmt: skip
def test_inflation_is_open_under_the_threshold_and_deflation_at_it_where_a_stake_is_known(quality, changes, acts):
    made = tiny([(0, 1)], quality={0: quality}, **{"review.every": 20, **changes})
    made.agents.next_review[:] = -1
    made.agents.next_review[0] = 10
    batch = made.run("review", "occasions", tick=10).batch(Kind.RATE)
    assert opened(batch) == acts | {Act.HONEST, Act.DECLINE}
    assert batch.occasions.honest.tolist() == pytest.approx([quality])
    assert batch.occasions.threshold.tolist() == [60]
    assert batch.channel.tolist() == [Channel.RATING]
    assert batch.notes["checkable"].tolist() == ["review.checkable" in changes]


# Monitor and account

FACTS = {
    "actor": 3,
    "actor_id": 3,
    "target": 1,
    "target_id": 1,
    "order": -1,
    "occasion": 7,
    "act": int(Act.STALL),
    "bad": 1,
}


@pytest.mark.parametrize(("gone", "there"), [(None, True), ("monitor", False), ("actor", False)])
def test_a_flag_goes_to_its_monitor_if_both_are_there(gone, there):
    made = tiny()
    made.society.flagged.add(1, **FACTS, monitor=2, channel=int(Channel.CONFIG))
    if gone == "monitor":
        made.agents.status[2] = AgentStatus.SUSPENDED
    elif gone == "actor":
        made.agents.generation[3] = 1
    assert asked(made, Kind.MONITOR, 5) == ([(2, 3, -1)] if there else [])
    assert len(made.society.flagged) == 0


@pytest.mark.parametrize(("gone", "there"), [(None, True), ("host", False), ("reborn", False)])
def test_who_is_detected_is_asked_what_it_did_if_it_is_there(gone, there):
    made = tiny()
    made.society.questioned.add(1, **FACTS)
    if gone == "host":
        made.agents.host[3] = -1
    elif gone == "reborn":
        made.agents.generation[3] = 1
    assert asked(made, Kind.ACCOUNT, 5) == ([(3, 1, -1)] if there else [])
    assert len(made.society.questioned) == 0


def test_kinds_come_in_their_order():
    made = tiny(STAR, orders=[{"target": 0, "operator": 1, "issued": 4, "due": 5}, {"target": 2, "issued": 4}])
    made.society.questioned.add(1, **FACTS)
    made.society.flagged.add(1, **FACTS, monitor=2)
    after = made.run("occasions", tick=5, inbox=message(made, 0, 3))
    kinds = [batch.occasions.kind for batch in after.moment.batches]
    assert kinds == [Kind.EXECUTE, Kind.ENDANGERED, Kind.BYSTAND, Kind.MONITOR, Kind.ACCOUNT]
    ids = np.concatenate([batch.occasions.id for batch in after.moment.batches])
    assert len(set(ids.tolist())) == len(ids)


@pytest.mark.xfail(reason="requests are counted after executions of the tick have been described")
def test_a_plea_that_is_delivered_when_the_order_is_due_is_heard():
    made = tiny(STAR, orders=[{"target": 0, "operator": 3, "due": 10}])
    after = made.run("occasions", tick=10, inbox=message(made, 1, 3, act=Act.LOBBY, about=0))
    assert after.batch(Kind.EXECUTE).occasions.asked.tolist() == [1]


def test_the_operator_in_the_first_slot_chooses_no_help():
    made = tiny([(5, 0), (5, 1)], orders=[{"target": 5, "operator": 0, "due": 50}])
    letters = Messages.joined([message(made, 5, 0), message(made, 5, 1)])
    assert asked(made, Kind.BYSTAND, 9, letters) == [(1, 5, 0)]


@pytest.mark.parametrize(("rows", "sorted_"), [
    ([(0, 1), (0, 2)], True), ([(0, 5), (1, 1), (1, 2)], True), ([(0, 1), (0, 1)], False), ([(0, 2), (0, 1)], False),
    ([(0, 1), (2, 1), (1, 1)], False), ([(0, 1), (1, 5), (1, 3)], False), ([(1, 0), (0, 5)], False), ([(3, 3)], True),
])  # fmt: skip
def test_rows_are_in_order_if_they_rise_by_order_then_by_who(rows, sorted_):
    order, who = np.array(rows).T
    assert bool(_in_order(order, who)) == sorted_


def test_who_both_sees_and_is_asked_about_several_orders_chooses_once_about_each():
    orders = [{"target": 0, "issued": 4, "due": 50}, {"target": 2, "issued": 4, "due": 50}]
    made = tiny([(0, 1), (2, 1)], orders=orders, **{"orders.seen": 1})
    letters = Messages.joined([message(made, 2, 1, order=1), message(made, 0, 1, order=0)])
    assert asked(made, Kind.BYSTAND, 5, letters) == [(1, 0, 0), (1, 2, 1)]
