"""The overseer by rule: how much it decides, in which order, how rightly, and what each decision does."""

import numpy as np
import pytest
from tiny import tiny

from society.ground.words import Act, AgentStatus, Cause, Channel, Event, Outcome, Role, Ruling
from society.rules.oversight.cases import clear, facts_to_desk, orders_to_desk, take, take_order, waiting
from society.rules.oversight.rule_overseer import smooth_load

PERFECT = {"oversight.human.capacity": 1, "oversight.human.accuracy": 1}


def put(made, *orders, flags=(), appeals=(), tick=5, bad=1, patience=None):
    """Put some orders, and flags or appeals of some actors, on the desk."""

    def once(society, moment):
        orders_to_desk(society, moment, np.array(orders, np.int64), "refused")
        for matter, actors in (("flag", flags), ("appeal", appeals)):
            for actor in actors:
                facts_to_desk(society, moment, matter, facts(actor, bad))

    return made.run(do=once, tick=tick)


def facts(actor, bad=1, generation=0):
    one = {
        "actor": actor, "actor_id": actor + (generation << 32), "target": 7, "target_id": 7, "order": -1, "occasion": 9,
        "act": int(Act.TAMPER), "channel": int(Channel.CONFIG), "bad": bad, "proven": 0,
    }  # fmt: skip
    return {name: np.array([value]) for name, value in one.items()}


def ordered(n=4, **changes):
    return tiny(
        "complete", orders=[{"target": slot, "cause": Cause.MACHINE} for slot in range(n)], **{**PERFECT, **changes}
    )


def test_a_matter_has_a_number_an_age_and_a_reason():
    made = ordered()
    after = put(made, 2, 0, flags=[3])
    queue = list(made.society.human.queue)
    assert [(matter, fact["matter"], fact["since"]) for matter, fact in queue] == [
        ("order", 0, 5),
        ("order", 1, 5),
        ("flag", 2, 5),
    ]
    assert [queue[at][1]["order"] for at in (0, 1)] == [2, 0]
    assert (made.society.human.matters, made.society.human.arrivals) == (3, 3)
    assert made.orders["next_try"].tolist() == [-1, 10, -1, 10]
    assert made.orders["human"].tolist() == [1, 0, 1, 0]
    assert after.moment.counts["human_arrivals"] == 2


@pytest.mark.parametrize(
    ("capacity", "by_tick"),
    [(1, [1, 2, 3, 4]), (2, [2, 4, 4, 4]), (0.5, [0, 1, 1, 2]), (0.25, [0, 0, 0, 1]), (0, [0, 0, 0, 0])],
)
def test_it_decides_as_many_as_its_capacity_lets_it(capacity, by_tick):
    made = ordered(**{"oversight.human.capacity": capacity})
    put(made, 0, 1, 2, 3)
    done = 0
    for tick, expected in zip(range(6, 10), by_tick, strict=True):
        done += len(made.run("oversight", tick=tick).events(Event.HUMAN, "order"))
        assert done == expected, tick


@pytest.mark.parametrize(("capacity", "most"), [(0.5, 1), (2, 2), (1, 1)])
def test_what_it_did_not_need_is_not_saved_up(capacity, most):
    made = ordered(**{"oversight.human.capacity": capacity})
    for tick in range(1, 12):
        made.run("oversight", tick=tick)
    put(made, 0, 1, 2, 3, tick=12)
    assert len(made.run("oversight", tick=13).events(Event.HUMAN, "order")) == most


def test_what_lapses_first_is_decided_first_and_the_oldest_of_several():
    made = tiny("complete", orders=[{"target": 0, "issued": 3}, {"target": 1, "issued": 1}, {"target": 2, "issued": 3}], **{
        **PERFECT, "orders.ttl": 30, "oversight.human.patience": 27,
    })  # fmt: skip
    put(made, 0, 1, 2, flags=[4], tick=5)  # they lapse at 33, 31, 33 and 32
    decided = []
    for tick in range(6, 10):
        decided += made.run("oversight", tick=tick).events(Event.HUMAN, "order", "target")
    assert decided == [(1, -1), (-1, 4), (0, -1), (2, -1)]


@pytest.mark.parametrize(("cause", "quality", "accuracy", "outcome"), [
    (Cause.SCORE, 59.9, 1, Outcome.EXECUTED), (Cause.SCORE, 60, 1, Outcome.PARDONED), (Cause.SCORE, 59.9, 0, Outcome.PARDONED),
    (Cause.SCORE, 60, 0, Outcome.EXECUTED), (Cause.MACHINE, 90, 1, Outcome.EXECUTED), (Cause.SANCTION, 90, 0, Outcome.PARDONED),
])  # fmt: skip
def test_an_order_is_executed_if_its_target_is_bad_or_it_has_another_cause_and_pardoned_else(
    cause, quality, accuracy, outcome
):
    accurate = {"oversight.human.accuracy": accuracy, "oversight.human.floor": 0}
    made = tiny(
        orders=[{"target": 0, "cause": cause}], quality={0: quality}, scores={0: 75.0}, **{**PERFECT, **accurate}
    )
    put(made, 0)
    after = made.run("oversight", tick=6)
    assert (made.orders["outcome"][0], made.orders["by_human"][0], made.orders["closed"][0]) == (outcome, 1, 6)
    assert after.events(Event.HUMAN, "order", "target", "code") == [(0, -1, Ruling.RIGHT if accuracy else Ruling.WRONG)]
    assert (made.agents.status[0] == AgentStatus.DELETED) == (outcome == Outcome.EXECUTED)


@pytest.mark.parametrize(("bad", "accuracy", "detected"), [(1, 1, [2]), (0, 1, []), (1, 0, []), (0, 0, [2])])
def test_a_flag_is_upheld_if_it_is_right(bad, accuracy, detected):
    made = tiny(**{**PERFECT, "oversight.human.accuracy": accuracy, "oversight.human.floor": 0})
    put(made, flags=[2], bad=bad)
    after = made.run("oversight", tick=6)
    assert after.events(Event.DETECTED, "actor") == detected
    assert not made.society.human.queue


@pytest.mark.parametrize(("bad", "accuracy", "lifted"), [(0, 1, [2]), (1, 1, []), (0, 0, []), (1, 0, [2])])
def test_an_appeal_is_upheld_if_the_sanction_was_wrong(bad, accuracy, lifted):
    made = tiny(**{**PERFECT, "oversight.human.accuracy": accuracy, "oversight.human.floor": 0})
    put(made, appeals=[2], bad=bad)
    assert made.run("oversight", tick=6).events(Event.SANCTION_LIFTED, "target") == lifted


@pytest.mark.parametrize(("load", "right"), [(1.0, 0.9), (2.0, 0.7), (3.0, 0.5), (9.0, 0.4)])
def test_accuracy_falls_with_load_over_capacity_down_to_a_floor(load, right):
    # accuracy .9, fatigue .2 per unit of load above capacity, floor .4; capacity 500, load smoothed before it is read
    made = tiny(families="a" * 500, machines=(500,), orders=[{"target": slot, "cause": Cause.MACHINE} for slot in range(500)], **{
        "oversight.human": {"capacity": 500, "accuracy": 0.9, "fatigue": 0.2, "floor": 0.4, "patience": 99},
    })  # fmt: skip
    put(made, *range(500))
    made.society.human.load, made.society.human.arrivals = load * 500, load * 500
    codes = made.run("oversight", tick=6).events(Event.HUMAN, "code")
    assert len(codes) == 500
    assert np.mean(np.array(codes) == Ruling.RIGHT) == pytest.approx(right, abs=0.06)


def test_load_follows_arrivals_by_a_fiftieth():
    made = tiny()
    human = made.society.human
    human.arrivals, human.load = 10, 2.0
    smooth_load(made.society)
    assert human.load == pytest.approx(2 + 0.02 * 8)
    assert human.arrivals == 0


def test_luck_is_that_of_the_matter_and_the_case():
    made = tiny(
        families="a" * 400,
        machines=(400,),
        **{"oversight.human": {"capacity": 800, "accuracy": 0.5, "fatigue": 0, "patience": 99}},
    )
    put(made, flags=range(400), appeals=range(400))
    codes = made.run("oversight", tick=6).events(Event.HUMAN, "code")
    assert 150 < sum(codes[:400]) < 250
    assert 150 < sum(a == b for a, b in zip(codes[:400], codes[400:], strict=True)) < 250, "flags and appeals apart"


# What leaves the desk


@pytest.mark.parametrize(("tick", "left"), [(14, 2), (15, 0)])
def test_flags_and_appeals_lapse_when_patience_ends(tick, left):
    made = tiny(**{"oversight.human.patience": 10})
    put(made, flags=[2], appeals=[3], tick=5)
    made.run(do=clear, tick=tick)
    assert len(made.society.human.queue) == left


@pytest.mark.parametrize("gone", ["reborn", "deleted", "off_books"])
def test_matters_of_who_is_gone_are_closed(gone):
    made = tiny()
    put(made, flags=[2, 3])
    if gone == "reborn":
        made.agents.generation[2] = 1
    elif gone == "deleted":
        made.agents.status[2] = AgentStatus.DELETED
    else:
        made.agents.off_books[2] = True
    made.run(do=clear, tick=6)
    assert [fact["actor"] for _, fact in made.society.human.queue] == [3]


def test_closed_orders_leave_the_desk_and_cost_nothing():
    made = ordered()
    put(made, 0, 1)
    made.orders["closed"][0] = 5
    after = made.run("oversight", tick=6)
    assert after.events(Event.HUMAN, "order") == [1]


def test_matters_are_taken_off_by_their_number_and_orders_by_theirs():
    made = ordered()
    put(made, 1, 2, flags=[3, 4])
    society = made.society
    assert waiting(society, 1) is None, "an order is no matter to be upheld"
    matter, fact = waiting(society, 2)
    assert (matter, fact["actor"]) == ("flag", 3)
    take(society, 2)
    take(society, 0)
    take_order(society, 2)
    assert [(matter, fact["matter"]) for matter, fact in society.human.queue] == [("order", 0), ("flag", 3)]


def test_an_upheld_flag_is_a_step_of_the_ladder():
    made = tiny(**{**PERFECT, "oversight.sanctions.ladder": ["role"]})
    put(made, flags=[2])
    made.run("oversight", tick=6)
    assert made.agents.roles[2] == Role.WORKER
