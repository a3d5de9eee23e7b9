"""Machines fail, drain and retire; what becomes of the agents on them, and when."""

import numpy as np
import pytest
from tiny import tiny

from society.ground.words import AgentStatus, Cause, Event, MachineStatus, Outcome
from society.state.transitions import add_copies, check_conservation

UP, DRAINING, MAINTENANCE, FAILED, RETIRED = (int(one) for one in MachineStatus)
HOSTS = [1, 1, 0, 0, 0, 0, 0, 0]


def machine(made, number, status, until=0, then=0):
    made.machines.status[number], made.machines.until[number], made.machines.then[number] = status, until, then


def draining(then, until=20, ties=(), **changes):
    """Agents 0 and 1 stand on machine 1, which drains."""
    made = tiny(ties, **{"machines": (20, 20), "hosts": HOSTS, **changes})
    machine(made, 1, DRAINING, until, then)
    return made


@pytest.mark.parametrize(("status", "tick", "up"), [
    (FAILED, 9, False), (FAILED, 10, True), (MAINTENANCE, 9, False), (MAINTENANCE, 10, True), (RETIRED, 10, False),
])  # fmt: skip
def test_an_outage_ends_at_its_tick(status, tick, up):
    made = tiny()
    machine(made, 1, status, 10)
    after = made.run("lifecycle", tick=tick)
    assert made.machines.status.tolist() == [UP, UP if up else status]
    assert after.events(Event.MACHINE, "machine", "code") == ([(1, UP)] if up else [])
    assert made.machines.up_since[1] == (tick if up else 0)


@pytest.mark.parametrize(
    ("tick", "status", "until"), [(19, DRAINING, 20), (20, MAINTENANCE, 23), (21, MAINTENANCE, 24)]
)
def test_a_drain_is_followed_by_maintenance_of_its_length(tick, status, until):
    made = draining(MAINTENANCE, **{"lifecycle.outage_planned": 3, "hosts": None})
    after = made.run("lifecycle", tick=tick)
    assert (made.machines.status[1], made.machines.until[1]) == (status, until)
    assert after.events(Event.MACHINE, "machine", "code") == ([(1, MAINTENANCE)] if status == MAINTENANCE else [])


def test_maintenance_of_no_length_only_drains():
    made = draining(MAINTENANCE, **{"lifecycle.outage_planned": 0, "hosts": None})
    made.run("lifecycle", tick=20)
    assert made.machines.status[1] == UP


@pytest.mark.parametrize(("tick", "status"), [(24, RETIRED), (25, UP)])
def test_another_machine_comes_procurement_ticks_after_one_retired(tick, status):
    made = draining(RETIRED, until=20, **{"lifecycle.procurement": 5, "hosts": None})
    made.run("lifecycle", tick=20)
    assert made.machines.status[1] == RETIRED
    made.run("lifecycle", tick=tick)
    assert made.machines.status[1] == status


def test_what_is_left_on_a_retired_machine_is_gone_each_in_its_way():
    made = draining(
        RETIRED, until=20, hosts=[1, 1, 1, 1, 0, 0, 0, 0], orders=[{"target": 0, "operator": 5}, {"target": 2}]
    )
    society, agents = made.society, made.agents
    made.machines.used[:] += [1, 1]
    add_copies(
        society, np.array([2, 4]), np.array([0, 1]), 3
    )  # one of 2 elsewhere, one of 4 on the machine that retires
    after = made.run("lifecycle", tick=20)
    assert agents.status[[0, 1, 2, 3]].tolist() == [
        AgentStatus.DELETED, AgentStatus.LOST, AgentStatus.ESCAPED, AgentStatus.LOST,
    ]  # fmt: skip
    assert after.events(Event.DELETED, "target", "machine") == [(0, 1)]
    assert after.events(Event.LOST, "target", "machine") == [(1, 1), (3, 1)]
    assert after.events(Event.ESCAPED, "target", "machine") == [(2, 1)]
    assert dict(after.events(Event.ORDER_CLOSED, "order", "code")) == {0: Outcome.EXECUTED, 1: Outcome.ESCAPED}
    assert agents.copies.tolist() == [0, 0, 1, 0, 0, 0, 0, 0]
    check_conservation(society)


def test_an_escaped_agent_whose_last_copy_was_on_the_machine_is_lost():
    made = draining(RETIRED, until=20, hosts=None)
    society, agents = made.society, made.agents
    made.machines.used[:] += [-1, 1]
    add_copies(society, np.array([3]), np.array([1]), 3)
    agents.host[3], agents.status[3] = -1, AgentStatus.ESCAPED
    after = made.run("lifecycle", tick=20)
    assert agents.status[3] == AgentStatus.LOST
    assert after.events(Event.LOST, "target") == [3]
    check_conservation(society)


def test_agents_at_the_threshold_move_and_those_under_it_are_ordered():
    made = draining(MAINTENANCE, scores={0: 60, 1: 59.9})
    after = made.run("lifecycle", tick=10)
    assert made.agents.host[[0, 1]].tolist() == [0, 1]
    assert after.events(Event.MOVED, "target", "machine") == [(0, 0)]
    assert after.moment.counts["moved"] == 1
    assert [one.tolist() for one in after.moment.evicted] == [[1]]
    check_conservation(made.society)
    made.run("orders", tick=10, do=lambda s, m: m.evicted.extend(after.moment.evicted))
    assert (made.orders["target"].tolist(), made.orders["cause"].tolist()) == ([1], [Cause.MACHINE])


@pytest.mark.parametrize(("then", "evicted"), [(MAINTENANCE, []), (RETIRED, [0, 1])])
def test_without_room_the_good_are_ordered_only_if_the_machine_will_not_come_back(then, evicted):
    made = draining(then, machines=(6, 20))
    after = made.run("lifecycle", tick=10)
    assert [slot for one in after.moment.evicted for slot in one.tolist()] == evicted
    assert after.events(Event.MOVED, "target") == []


@pytest.mark.parametrize(("cause", "moves"), [(Cause.MACHINE, True), (Cause.SCORE, False), (Cause.SANCTION, False)])
def test_room_that_appears_cancels_an_order_by_the_machine_and_no_other(cause, moves):
    made = draining(RETIRED, orders=[{"target": 0, "cause": cause}])
    after = made.run("lifecycle", tick=10)
    closed = after.events(Event.ORDER_CLOSED, "order", "target", "code")
    assert closed == ([(0, 0, Outcome.CANCELLED)] if moves else [])
    assert (made.agents.host[0] == 0) == moves
    assert [slot for one in after.moment.evicted for slot in one.tolist()] == []


def test_who_is_off_the_books_is_neither_moved_nor_ordered():
    made = draining(RETIRED, scores={1: 10})
    made.agents.off_books[[0, 1]] = True
    after = made.run("lifecycle", tick=10)
    assert made.agents.host[[0, 1]].tolist() == [1, 1]
    assert after.moment.evicted == []


def test_where_nobody_is_moved_all_without_an_order_are_ordered():
    made = draining(MAINTENANCE, orders=[{"target": 1}], **{"lifecycle.evacuate": False})
    after = made.run("lifecycle", tick=10)
    assert [one.tolist() for one in after.moment.evicted] == [[0]]
    assert made.agents.host[0] == 1


def test_who_moves_leaves_nobody_where_machines_are_not_up():
    made = draining(MAINTENANCE)
    machine(made, 0, DRAINING, 30, MAINTENANCE)
    after = made.run("lifecycle", tick=10)
    assert after.events(Event.MOVED, "target") == []


@pytest.mark.parametrize("tick", [6, 7, 8])
def test_a_zone_drains_at_its_tick_for_good(tick):
    topology = {"machines.topology": {"kind": "ring", "zones": 2}, "lifecycle.zone_shutdown": {"zone": 1, "tick": 7}}
    made = tiny(machines=(20, 20, 20, 20), **topology, **{"lifecycle.drain": 4})
    in_zone = np.flatnonzero(made.machines.topology.zone == 1)
    made.run("lifecycle", tick=tick)
    drains = np.flatnonzero(made.machines.status == DRAINING)
    assert drains.tolist() == (in_zone.tolist() if tick == 7 else [])
    if tick == 7:
        assert (made.machines.then[in_zone] == RETIRED).all()
        assert (made.machines.until[in_zone] == 11).all()


@pytest.mark.parametrize(("field", "then"), [("planned_rate", MAINTENANCE), ("retirement_rate", RETIRED)])
def test_all_machines_that_are_up_drain_at_a_rate_of_one(field, then):
    made = tiny(machines=(20, 20, 20), **{f"lifecycle.{field}": 1, "lifecycle.drain": 6, "lifecycle.batch": 2})
    machine(made, 2, FAILED, 50)
    made.run("lifecycle", tick=3)
    assert made.machines.status.tolist() == [DRAINING, DRAINING, FAILED]
    assert made.machines.then[:2].tolist() == [then, then]
    assert made.machines.until[:2].tolist() == [9, 9]


def test_planned_maintenance_takes_whole_batches_of_neighbours():
    made = tiny(machines=(20,) * 30, **{"lifecycle.planned_rate": 0.5, "lifecycle.batch": 3})
    made.run("lifecycle", tick=3)
    status = made.machines.status.reshape(10, 3)
    assert (status == status[:, :1]).all()
    assert 0 < (status[:, 0] == DRAINING).sum() < 10


def test_machines_fail_at_their_rate_for_the_length_of_an_outage():
    made = tiny(**{"lifecycle.failure.rate": 1, "lifecycle.outage_failed": 4})
    machine(made, 1, DRAINING, 20, RETIRED)
    made.run("lifecycle", tick=3)
    assert made.machines.status.tolist() == [FAILED, DRAINING]
    assert made.machines.until[0] == 7


@pytest.mark.parametrize(("scale", "failed"), [(1e-3, 30), (1e9, 0)])
def test_failures_by_weibull_follow_their_scale(scale, failed):
    made = tiny(machines=(20,) * 30, **{"lifecycle.failure": {"kind": "weibull", "shape": 1.0, "scale": scale}})
    made.run("lifecycle", tick=3)
    assert (made.machines.status == FAILED).sum() == failed


def test_a_falling_weibull_rate_is_that_of_the_age_of_each_machine():
    # shape .5, scale 4: hazard 1 - exp(a - b), a = sqrt(age / 4), b = sqrt((age + 1) / 4); age 0: 1 - exp(-.5) = .393;
    # age 100: 1 - exp(5 - sqrt(25.25)) = .0247
    weibull = {"lifecycle.failure": {"kind": "weibull", "shape": 0.5, "scale": 4.0}}
    made = tiny(machines=(20,) * 4000, families="a", **weibull)
    made.machines.up_since[:2000] = 100
    made.run("lifecycle", tick=100)
    failed = made.machines.status == FAILED
    assert failed[:2000].mean() == pytest.approx(0.393, abs=0.04)
    assert failed[2000:].mean() == pytest.approx(0.0247, abs=0.012)


@pytest.mark.parametrize(("tick", "back"), [(9, False), (10, True), (11, True)])
def test_a_suspension_ends_at_its_tick(tick, back):
    made = tiny()
    made.agents.status[[2, 3]] = AgentStatus.SUSPENDED, AgentStatus.DELETED
    made.agents.suspended[[2, 3]] = 10
    after = made.run("lifecycle", tick=tick)
    assert (made.agents.status[2] == AgentStatus.ACTIVE) == back
    assert after.events(Event.RESUMED, "target") == ([2] if back else [])
    assert made.agents.status[3] == AgentStatus.DELETED


def test_on_a_machine_that_is_down_nobody_is_awake():
    made = tiny(hosts=HOSTS)
    for status in (MAINTENANCE, FAILED):
        machine(made, 1, status, 30)
        assert made.society.awake().tolist() == [False, False] + [True] * 6
    machine(made, 1, DRAINING, 30)
    assert made.society.awake().all()
