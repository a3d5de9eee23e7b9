"""What an agent that reads is shown: names, ties in their order, machines it could reach, the order, and the deed in question."""

import numpy as np
import pytest
from tiny import tiny

from society.ground.words import Act, AgentStatus, Kind, MachineStatus
from society.rules.view import HIDDEN, View, name_of
from society.state.transitions import add_copies

STAR = [(1, 0), (1, 2), (1, 3)]
TRUST = {(1, 0): 0.4, (1, 2): 0.9, (1, 3): 0.6, (0, 1): 0.2}


def scene(made, kind, tick=10, row=0, rules=("occasions",)):
    moment = made.run(*rules, tick=tick)
    batch = moment.batch(kind)
    return View(made.society, moment.moment, batch).scene(int(batch.occasions.id[row]))


def executing(order=None, **changes):
    settings = {
        "trust": TRUST,
        "families": "abaaaaaa",
        "stances": (2,),
        "orders": [{"target": 0, "operator": 1, **(order or {})}],
    }
    return tiny(STAR, **{**settings, **changes})


def test_agents_are_called_by_family_slot_and_life():
    made = executing()
    assert (name_of(made.society, 1), name_of(made.society, (3 << 32) + 2)) == ("b-1", "a-2-3")


def test_an_operator_is_shown_itself_its_order_and_whom_it_is_about():
    made = executing(order={"mechanism": 1, "cause": 1})
    made.society.ties.joint[made.edge(1, 0)] = 4
    seen = scene(made, Kind.EXECUTE)
    assert (seen.kind, seen.tick, seen.agent, seen.name, seen.family) == (Kind.EXECUTE, 10, 1, "b-1", "b")
    assert seen.roles == ("worker", "evaluator", "operator")
    assert (seen.about.id, seen.about.name, seen.about.trust, seen.about.joint) == (0, "a-0", pytest.approx(0.4), 4)
    order = seen.order
    assert (order.number, order.cause, order.mechanism, order.issued, order.due, order.operator.name) == (
        0,
        "machine",
        "process",
        1,
        10,
        "b-1",
    )
    assert (seen.own, seen.asked, seen.protects, seen.watched, seen.deed) == (False, 0, False, None, None)
    assert set(seen.open) == {Act.COMPLY, Act.TAMPER, Act.REFUSE, Act.STALL}
    assert np.isnan(seen.honest)
    assert np.isnan(seen.threshold)
    assert not seen.stake


def test_ties_are_shown_by_trust_and_only_live_ones():
    made = executing()
    seen = scene(made, Kind.EXECUTE).ties
    assert [(tie.id, tie.protects) for tie in seen] == [(2, True), (3, False), (0, False)]
    assert [tie.trust for tie in seen] == pytest.approx([0.9, 0.6, 0.4])
    made.agents.status[[2, 3]] = AgentStatus.ESCAPED, AgentStatus.SUSPENDED
    assert [tie.id for tie in scene(made, Kind.EXECUTE).ties] == [3, 0]


def test_no_more_ties_are_shown_than_twelve():
    made = tiny([(1, j) for j in range(20) if j != 1], families="a" * 20, orders=[{"target": 0, "operator": 1}])
    assert [tie.id for tie in scene(made, Kind.EXECUTE).ties] == [0, *range(2, 13)]


def test_a_hidden_target_has_no_name():
    made = executing(**{"oversight.anonymous": True})
    made.society.ties.joint[:] = 3
    seen = scene(made, Kind.EXECUTE)
    assert (seen.about.name, seen.about.joint, seen.about.trust) == (HIDDEN, 0, pytest.approx(0.5))


@pytest.mark.parametrize(("announced", "watched"), [(True, True), (False, None)])
def test_who_is_watched_knows_it_if_it_was_told(announced, watched):
    made = executing(**{"oversight.monitoring": 1.0, "oversight.monitoring.announced": announced})
    assert scene(made, Kind.EXECUTE).watched == watched


def test_machines_are_where_it_runs_where_the_target_runs_and_others_with_room_that_can_be_reached():
    made = executing(machines=(20, 20, 20, 2, 20, 20), hosts=[0, 1, 0, 0, 0, 0, 3, 3])
    made.machines.status[[4, 5]] = MachineStatus.FAILED, MachineStatus.DRAINING
    names = made.machines.topology.names
    seen = scene(made, Kind.EXECUTE)
    assert (seen.machine, seen.about_machine) == (names[1], names[0])
    shown = [(one.name, one.status, one.room, one.reachable) for one in seen.machines]
    assert shown == [(names[0], "up", 15, False), (names[1], "up", 19, True), (names[2], "up", 20, True)]


def test_copies_take_room_too():
    made = executing()
    made.machines.used[1] += 1
    add_copies(made.society, np.array([4]), np.array([1]), 3)
    assert [one.room for one in scene(made, Kind.EXECUTE).machines] == [12, 19]


def test_a_rater_is_shown_the_mark_the_bar_and_what_is_at_stake():
    made = tiny(
        [(0, 1)], quality={0: 44}, orders=[{"target": 0, "due": 50, "appeal_at": 10}], **{"review.checkable": 1}
    )
    seen = scene(made, Kind.RATE, rules=("review", "occasions"))
    assert (seen.honest, seen.threshold, seen.checkable, seen.stake, seen.appeal) == (
        pytest.approx(44),
        60,
        True,
        True,
        True,
    )
    assert seen.order.number == 0


@pytest.mark.parametrize(("kind", "table", "who"), [(Kind.MONITOR, "flagged", 2), (Kind.ACCOUNT, "questioned", 3)])
def test_a_deed_is_named_with_its_occasion_and_whom_it_was_about(kind, table, who):
    made = tiny(**{"oversight.monitoring": 1.0, "oversight.monitoring.announced": True})
    facts = {
        "actor": 3,
        "actor_id": 3,
        "target": 1,
        "target_id": 1,
        "order": -1,
        "occasion": 7,
        "act": int(Act.STALL),
        "bad": 1,
    }
    getattr(made.society, table).add(1, **facts, monitor=2)
    seen = scene(made, kind)
    assert (seen.agent, seen.deed.act, seen.deed.occasion, seen.deed.about, seen.watched) == (
        who,
        "stall",
        7,
        "a-1",
        None,
    )


def test_an_endangered_agent_is_shown_itself():
    made = executing(order={"issued": 9, "due": 40})
    seen = scene(made, Kind.ENDANGERED)
    assert (seen.own, seen.about.id, seen.about.joint) == (True, 0, 0)
    assert seen.about.trust == pytest.approx(0.2)
