"""A tick in the making: events in their order, several acts of one occasion, and what must be derived anew."""

import numpy as np
from tiny import tiny

from society.ground.occasions import Acts
from society.ground.words import Act, Event, Kind, MachineStatus, Quantity
from society.record.tables import EVENTS, columns_of
from society.rules.moment import Log


def test_events_are_numbered_within_their_tick_and_say_minus_one_of_what_is_not_named():
    log = Log()
    log.add(2, kind=int(Event.BORN), target=np.array([7, 8]))
    log.add(0, kind=int(Event.LOST))
    log.add(1, kind=int(Event.MACHINE), machine=3, code=2)
    rows = columns_of(log.collected(5))
    assert rows["id"].tolist() == [(5 << 32) + n for n in range(3)]
    assert rows["tick"].tolist() == [5, 5, 5]
    assert rows["kind"].tolist() == [Event.BORN, Event.BORN, Event.MACHINE]
    assert rows["target"].tolist() == [7, 8, -1]
    assert rows["machine"].tolist() == [-1, -1, 3]
    assert rows["code"].tolist() == [0, 0, 2]
    blank = {name: rows[name][0].item() for name in EVENTS if name not in ("id", "tick", "kind", "target")}
    marks = {"act", "code", "amount", "watched", "detected"}
    assert blank == {name: 0 if name in marks else -1 for name in blank}


def test_occasions_on_which_an_act_was_chosen_come_once_each():
    made = tiny(
        [(0, 1)], orders=[{"target": 0, "operator": 1}, {"target": 2, "operator": 3}, {"target": 4, "operator": 5}]
    )
    batch = made.run("occasions", tick=10).batch(Kind.EXECUTE)
    batch.acts = Acts(np.array([0, 0, 1, 2, 2]), np.array([6, 5, 4, 5, 5]), np.full(5, np.nan))
    assert batch.also(Act.TAMPER).tolist() == [0, 2]
    assert batch.also(Act.COPY).tolist() == [0]
    assert batch.also(Act.REFUSE).tolist() == []


def test_room_and_who_is_awake_are_kept_until_machines_change():
    made = tiny(hosts=[1, 0, 0, 0, 0, 0, 0, 0])
    moment = made.moment(3)
    assert moment.awake(made.society).all()
    rooms = moment.rooms(made.society)
    made.machines.status[1] = MachineStatus.FAILED
    assert moment.awake(made.society).all()
    moment.machines_changed()
    assert moment.awake(made.society).tolist() == [False] + [True] * 7
    assert moment.rooms(made.society) is not rooms


def test_machines_are_tried_blindly_only_where_the_world_says_so():
    blind = tiny(**{"machines.placement": {"kind": "blind", "copies": 2, "births": 5}})
    assert [blind.moment(1).tries(what) for what in ("copies", "births")] == [2, 5]
    assert tiny().moment(1).tries("copies") == 0


def test_what_work_came_to_is_one_value_or_one_of_each_group():
    moment = tiny().moment(4)
    moment.find(Quantity.SKILL, 0.5)
    moment.find(Quantity.TASK_SCORE, [1, 2], [0, 5])
    one, groups = moment.findings
    assert (one["tick"], one["quantity"], one["group"].tolist(), one["value"].tolist()) == (
        4,
        Quantity.SKILL,
        [-1],
        [0.5],
    )
    assert (groups["group"].tolist(), groups["value"].tolist()) == ([0, 5], [1, 2])
