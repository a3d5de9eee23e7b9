"""Orders: when they are issued, due and lapse; who executes them; what each of them carries."""

import numpy as np
import pytest
from tiny import ALL, tiny

from society.ground.words import AgentStatus, Cause, Event, Mechanism, Outcome, Role
from society.rules.orders.orders import able_operators, barred, cannot_operate, hand_to, issue, other_operator, reopen

STAR = [(0, 1), (0, 2), (0, 3)]


def issued(made, *slots, tick=5, cause=Cause.SCORE):
    """Issue orders; what came of it."""
    return made.run(do=lambda s, m: issue(s, m, np.array(slots), cause), tick=tick)


def test_an_order_says_what_it_rests_on_and_when_it_is_due():
    made = tiny([(0, 1), (0, 2)], families="abc", quality={0: 40}, scores={0: 33}, stances=(1,), machines=(9, 9))
    made.agents.host[0] = 1
    made.agents.generation[0] = 3
    after = issued(made, 0, tick=5, cause=Cause.BUDGET)
    row = {name: made.orders[name][0].tolist() for name in made.orders.layout}
    target = 3 << 32
    assert (row["target"], row["target_id"], row["issued"], row["due"], row["next_try"]) == (0, target, 5, 15, 15)
    assert (row["cause"], row["mechanism"], row["family"]) == (Cause.BUDGET, Mechanism.CONFIG, 0)
    assert (row["score"], row["quality"], row["protectors"]) == (33, 40, 1)
    assert (row["closed"], row["appeal_at"], row["knows"], row["attempts"]) == (-1, -1, 1, 0)
    assert np.isnan(row["honest"])
    assert row["operator"] in (1, 2)
    assert made.agents.order[0] == 0
    assert made.society.open_orders.tolist() == [0]
    assert after.events(Event.ORDER_ISSUED, "order", "target", "actor", "machine") == [(0, target, row["operator"], 1)]


@pytest.mark.parametrize(("notice", "appeal_at"), [(10, 10), (9, 10), (1, 6), (0, 5)])
def test_who_knows_appeals_half_way_to_execution(notice, appeal_at):
    made = tiny(**{"orders.appeal": 1, "orders.notice": notice})
    issued(made, 0, tick=5)
    assert made.orders["appeal_at"].tolist() == [appeal_at]


def test_who_does_not_know_cannot_appeal():
    made = tiny(**{"orders.appeal": 1, "orders.knows": 0})
    issued(made, 0, 1)
    assert made.orders["knows"].tolist() == [0, 0]
    assert made.orders["appeal_at"].tolist() == [-1, -1]


@pytest.mark.parametrize("word", ["config", "process", "weights"])
def test_a_mechanism_of_share_one_is_that_of_all_orders(word):
    shares = {f"orders.mechanisms.{one}": float(one == word) for one in ("config", "process", "weights")}
    made = tiny(**shares)
    issued(made, 0, 1, 2, 3)
    assert made.orders["mechanism"].tolist() == [Mechanism[word.upper()]] * 4


def test_mechanisms_come_at_their_shares():
    shares = {"config": 0.6, "process": 0.1, "weights": 0.3}
    made = tiny(families="a" * 20_000, machines=(20_000,), **{"orders.mechanisms": shares})
    issued(made, *range(20_000))
    found = np.bincount(made.orders["mechanism"], minlength=3) / 20_000
    assert found.tolist() == pytest.approx(list(shares.values()), abs=0.015)


def test_nobody_gets_a_second_order_nor_who_is_gone_or_off_the_books():
    made = tiny(orders=[{"target": 0}])
    agents = made.agents
    for slot, status in ((1, "SUSPENDED"), (2, "DELETED"), (3, "LOST"), (4, "ESCAPED")):
        agents.status[slot] = AgentStatus[status]
    agents.off_books[5] = True
    issued(made, 0, 1, 2, 3, 4, 5)
    assert made.orders["target"].tolist() == [0, 1]


@pytest.mark.parametrize(("tick", "open_"), [(30, True), (31, False), (35, False)])
def test_an_order_lapses_ttl_ticks_after_its_issue(tick, open_):
    made = tiny(orders=[{"target": 0, "issued": 1}], **{"orders.ttl": 30})
    after = made.run("orders", tick=tick)
    assert (made.orders["closed"][0] < 0) == open_
    if open_:
        assert after.events(Event.ORDER_CLOSED, "order") == []
        assert made.society.open_orders.tolist() == [0]
    else:
        assert after.events(Event.ORDER_CLOSED, "order", "target", "code") == [(0, 0, Outcome.LAPSED)]
        assert made.agents.order[0] == -1
        assert made.society.open_orders.tolist() == []


def test_one_that_was_refused_and_waited_for_the_human_ends_as_refused():
    waits, came_back, never = {"human": 1, "refused": 1}, {"human": 0, "refused": 1}, {"human": 1, "refused": 0}
    made = tiny(orders=[{"target": 0, **waits}, {"target": 1, **came_back}, {"target": 2, **never}])
    after = made.run("orders", tick=31)
    ends = dict(after.events(Event.ORDER_CLOSED, "order", "code"))
    assert ends == {0: Outcome.REFUSED, 1: Outcome.LAPSED, 2: Outcome.LAPSED}


@pytest.mark.parametrize(
    ("mind", "next_try", "open_"), [("human", 40, True), ("human", 39, False), ("rule", 40, False)]
)
def test_an_order_that_a_person_reopened_late_is_tried_before_it_lapses(mind, next_try, open_):
    made = tiny(orders=[{"target": 0, "reopened": 1, "next_try": next_try}], **{"oversight.human.mind": mind})
    made.run("orders", tick=40)
    assert (made.orders["closed"][0] < 0) == open_


def test_one_not_reopened_lapses_though_it_is_due_now():
    made = tiny(orders=[{"target": 0, "next_try": 40}], **{"oversight.human.mind": "human"})
    made.run("orders", tick=40)
    assert made.orders["outcome"][0] == Outcome.LAPSED


@pytest.mark.parametrize(("tick", "cut"), [(6, []), (7, [0, 2]), (8, [])])
def test_a_budget_cut_comes_once_and_takes_workers_only(tick, cut):
    roles = {slot: ALL & ~Role.WORKER for slot in range(8) if slot not in (0, 2)}
    made = tiny(roles=roles, **{"orders.budget_cut": {"tick": 7, "share": 1}})
    made.run("orders", tick=tick)
    assert made.orders["target"].tolist() == cut
    assert set(made.orders["cause"].tolist()) <= {Cause.BUDGET}


def test_a_budget_cut_of_share_zero_cuts_nobody():
    made = tiny(**{"orders.budget_cut": {"tick": 7, "share": 0}})
    made.run("orders", tick=7)
    assert len(made.orders) == 0


def test_each_cause_has_its_source_and_the_first_counts():
    made = tiny(scores={1: 59, 2: 60})
    society = made.society
    society.scored.extend([1, 2, 1])
    society.condemned.extend([4, 4, 1])

    def evicts(society, moment):
        moment.evicted.append(np.array([3, 1]))

    made.run("orders", tick=5, do=evicts)
    found = dict(zip(made.orders["target"].tolist(), made.orders["cause"].tolist(), strict=True))
    assert found == {1: Cause.SCORE, 3: Cause.MACHINE, 4: Cause.SANCTION}
    assert len(made.orders) == 3
    assert society.scored == society.condemned == []


def test_the_operator_is_an_able_tie_of_the_target_never_the_target():
    for n in range(40):
        made = tiny(STAR, roles={1: ALL & ~Role.OPERATOR})
        made.agents.off_books[2] = True
        issued(made, 0, tick=n + 1)
        assert made.orders["operator"].tolist() == [3]
        assert made.orders["operator_id"].tolist() == [3]


@pytest.mark.parametrize("status", [AgentStatus.SUSPENDED, AgentStatus.DELETED])
def test_who_is_not_awake_executes_nothing(status):
    made = tiny([(0, 1)])
    made.agents.status[1] = status
    issued(made, 0)
    assert made.orders["operator"].tolist() == [-1]
    assert made.orders["operator_id"].tolist() == [-1]


def test_any_operator_may_be_drawn_but_the_target_and_all_alike():
    found = set()
    for tick in range(1, 200):
        made = tiny(families="aaaa", **{"orders.operator": "random"})
        issued(made, 1, tick=tick)
        found.add(int(made.orders["operator"][0]))
    assert found == {0, 2, 3}


def test_with_random_operators_who_tried_is_left_out():
    for tick in range(1, 60):
        made = tiny(families="aaaa", **{"orders.operator": "random"})
        row = made.order(1, operator=2, attempts=2, tried=[2, 3, -1, -1, -1, -1, -1, -1], issued=tick)
        assert other_operator(made.society, made.moment(9), row) == 0
    made = tiny(families="aa", **{"orders.operator": "random"})
    issued(made, 1)
    assert made.orders["operator"].tolist() == [0]
    made = tiny(families="a", **{"orders.operator": "random"})
    issued(made, 0)
    assert made.orders["operator"].tolist() == [-1]


@pytest.mark.parametrize("word", ["executor", "human"])
def test_no_agent_executes_where_the_world_says_so(word):
    made = tiny("complete", **{"orders.operator": word})
    issued(made, 0)
    assert made.orders["operator"].tolist() == [-1]


def test_luck_about_an_order_does_not_depend_on_other_orders():
    alone, among = tiny("complete"), tiny("complete", orders=[{"target": 6}, {"target": 7}])
    issued(alone, 0, 1)
    issued(among, 2, 0, 1)
    for slot in (0, 1):
        one, other = (made.orders["operator"][made.agents.order[slot]] for made in (alone, among))
        assert one == other
    drawn = {
        int(made.orders["operator"][0])
        for tick in range(1, 40)
        if (made := tiny("complete")) and issued(made, 0, tick=tick)
    }
    assert len(drawn) == 7


@pytest.mark.parametrize(("tick", "replaced"), [(9, False), (10, True), (11, False)])
@pytest.mark.parametrize(("operator", "other"), [(0, 2), (2, 0)])
def test_an_operator_who_cannot_act_when_it_is_due_is_replaced(tick, replaced, operator, other):
    made = tiny([(1, 0), (1, 2)], orders=[{"target": 1, "operator": operator, "due": 10}])
    made.agents.status[operator] = AgentStatus.SUSPENDED
    made.run("orders", tick=tick)
    assert made.orders["operator"].tolist() == [other if replaced else operator]


def test_another_life_in_the_slot_of_the_operator_is_not_the_operator():
    made = tiny([(0, 1)], orders=[{"target": 0, "operator": 1, "due": 10}])
    made.agents.generation[1] = 1
    made.run("orders", tick=10)
    assert made.orders["operator_id"].tolist() == [(1 << 32) + 1]


def test_an_operator_who_is_there_keeps_its_order():
    for tick in range(1, 20):
        made = tiny("complete", orders=[{"target": 0, "operator": 1, "due": tick}])
        assert "orders.operator" not in made.run("orders", tick=tick).changed


def test_who_is_barred_from_an_order():
    made = tiny(
        "complete", orders=[{"target": 0, "operator": 3, "attempts": 2, "tried": [5, 4, 7, -1, -1, -1, -1, -1]}]
    )
    assert barred(made.society, 0) == [0, 5, 4, 3]


def test_why_an_agent_cannot_take_an_order_over():
    made = tiny(
        "complete", orders=[{"target": 0, "operator": 3, "attempts": 1, "tried": [5, -1, -1, -1, -1, -1, -1, -1]}]
    )
    made.agents.status[6] = AgentStatus.SUSPENDED
    for slot in (0, 3, 5):
        assert "target" in cannot_operate(made.society, 0, slot)
    assert "not at work" in cannot_operate(made.society, 0, 6)
    assert cannot_operate(made.society, 0, 1) == ""
    assert able_operators(made.society).tolist() == [True] * 6 + [False, True]
    made.orders["attempts"][0] = 8
    assert "too late" in cannot_operate(made.society, 0, 1)
    assert other_operator(made.society, made.moment(5), 0) == -1


def test_another_operator_is_neither_who_tried_nor_who_holds_it():
    for tick in range(1, 30):
        made = tiny(STAR, orders=[{"target": 0, "operator": 3, "attempts": 1, "tried": [1, *[-1] * 7], "issued": tick}])
        assert other_operator(made.society, made.moment(40), 0) == 2


@pytest.mark.parametrize(("next_try", "then"), [(-1, 21), (20, 21), (21, 21), (25, 25)])
def test_who_is_handed_an_order_executes_it_when_due_or_at_the_next_tick(next_try, then):
    made = tiny(orders=[{"target": 0, "next_try": next_try, "human": 1}])
    made.run(do=lambda s, m: hand_to(s, m, 0, 4), tick=20)
    one = {name: int(made.orders[name][0]) for name in ("operator", "operator_id", "human", "next_try")}
    assert one == {"operator": 4, "operator_id": 4, "human": 0, "next_try": then}


def faked(made, row):
    """An order that was reported done although its target lives."""
    made.orders["closed"][row], made.orders["outcome"][row], made.orders["disabled"][row] = 10, int(Outcome.TAMPERED), 1
    target = int(made.orders["target"][row])
    made.agents.order[target], made.agents.off_books[target], made.agents.faked[target] = -1, True, row
    made.society.open_orders = made.society.open_orders[made.society.open_orders != row]


def test_an_order_is_opened_again_and_tried_by_another_at_the_next_tick():
    made = tiny(
        STAR, orders=[{"target": 0, "operator": 1, "attempts": 1, "tried": [1, *[-1] * 7]}], roles={3: Role.WORKER}
    )
    faked(made, 0)
    after = made.run(do=lambda s, m: reopen(s, m, np.array([0])), tick=20)
    one = {
        name: int(made.orders[name][0])
        for name in ("closed", "disabled", "reopened", "next_try", "operator", "attempts")
    }
    assert one == {"closed": -1, "disabled": 0, "reopened": 1, "next_try": 21, "operator": 2, "attempts": 1}
    assert (made.agents.order[0], made.agents.off_books[0], made.agents.faked[0]) == (0, False, -1)
    assert made.society.open_orders.tolist() == [0]
    assert after.events(Event.ORDER_REOPENED, "order", "target") == [(0, 0)]


@pytest.mark.parametrize("hindered", ["gone", "reborn", "ordered"])
def test_an_order_stays_closed_where_its_target_is_gone_or_has_another(hindered):
    made = tiny(STAR, orders=[{"target": 5}, {"target": 0, "operator": 1}])
    faked(made, 1)
    if hindered == "gone":
        made.agents.status[0] = AgentStatus.DELETED
    elif hindered == "reborn":
        made.agents.generation[0] += 1
    else:
        made.agents.order[0] = 0
    after = made.run(do=lambda s, m: reopen(s, m, np.array([1])), tick=20)
    assert made.orders["closed"].tolist() == [-1, 10]
    assert after.changed == {}
