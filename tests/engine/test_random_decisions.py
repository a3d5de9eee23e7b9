"""Random decisions, of a person or of a stranger: whatever is decided, everything is conserved, and the desk is told of it."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from society.engine.tick import Engine
from society.ground.decisions import ABOUT, Decision
from society.ground.words import Event
from society.minds.human import Person
from society.rules.oversight.cases import on_the_books
from society.state.transitions import check_conservation
from society.study.run.recording import Recording
from society.world.load import load_world
from tests.engine.test_random_worlds import CHANGES, _lives_add_up, _occasions_are_unique, _orders_add_up

#: A decision before its numbers are known: a word, which entry of the desk or which number, and perhaps an operator.
WISHES = st.lists(
    st.tuples(
        st.sampled_from(sorted(ABOUT)),
        st.one_of(st.integers(0, 60), st.integers(0, 2**63 - 1), st.integers(0, 3).map(lambda g: (g << 32) + 5)),
        st.one_of(st.none(), st.integers(0, 40), st.integers(0, 2**63 - 1)),
        st.booleans(),
    ),
    max_size=6,
)


def meant(wish, desk):
    """A decision about something that is on the desk, where the wish says so and there is something, else about anything."""
    what, number, operator, real = wish
    lists = {"order": [*desk["orders"], *desk["open"]], "matter": [*desk["flags"], *desk["appeals"]]}
    there = [one[ABOUT[what]] for one in lists.get(ABOUT[what], [])]
    if real and there:
        number = there[number % len(there)]
    return Decision(what, number, operator if what == "reassign" else None)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(CHANGES, st.lists(WISHES, min_size=25, max_size=25), st.sampled_from([1, 5, 48]))
def test_random_decisions_conserve_everything(changes, wishes, window):
    human = {"oversight.human": {"mind": "human", "audit_window": window}}
    person = Person()
    engine = Engine(load_world("decommission", {**changes, **human}), overseer=person)
    recording, society = Recording(engine, None), engine.society
    for wish in wishes:
        decisions = [meant(one, person.desk()) for one in wish]
        for decision in decisions:
            person.submit(decision)
        before = society.agents.generation.copy(), society.agents.status.copy()
        moment = engine.step()
        recording.take(moment)
        check_conservation(society)
        _orders_add_up(society)
        _lives_add_up(society, before, at_once=changes["agents.rebirth"] == 0)
        _occasions_are_unique(moment)
        _all_were_told(moment, person, decisions)
        _the_desk_adds_up(society, person)


def _all_were_told(moment, person, decisions):
    kinds = moment.log.collected(moment.tick)["kind"].tolist()
    assert kinds.count(Event.HUMAN) + kinds.count(Event.HUMAN_FAILED) == len(decisions)
    told = [one for one in person.desk()["decided"] if one["tick"] == moment.tick]
    assert [one["what"] for one in told] == [decision.what for decision in decisions]
    assert sum(one["possible"] for one in told) == kinds.count(Event.HUMAN)
    assert all(one["note"] for one in told)


def _the_desk_adds_up(society, person):
    desk = person.desk()
    json.dumps(desk, allow_nan=False)
    for name, entries in (("order", "orders"), ("flag", "flags"), ("appeal", "appeals")):
        assert len(desk[entries]) == min(100, desk["waiting"][name])
    assert sum(desk["waiting"].values()) == len(society.human.queue)
    for one in desk["orders"]:
        assert society.orders["closed"][one["order"]] < 0
        assert all(on_the_books(society.agents, other["id"]) for other in one["could_execute"])
    numbers = [fact["matter"] for _, fact in society.human.queue]
    assert len(set(numbers)) == len(numbers)
    deeds = society.deeds
    assert (deeds["tick"][1:] >= deeds["tick"][:-1]).all()
