"""What bystanders do for a target: copies that stay, ratings that add up, or acts that take effect in turn until one saves it."""

import pytest
from tiny import message, tiny

from society.broker.messages import Messages
from society.ground.words import Act, Event, Kind, Outcome
from society.state.transitions import check_conservation

STAR = [(0, 1), (0, 2), (0, 3)]
RULES = ("occasions", "settle")


def rescued(told, score=40.0, issued=1, machines=(20, 20), rescue="relocation", **changes):
    """1, 2 and 3 are asked to help 0, and do what they are told."""
    made = tiny(STAR, machines=machines, scores={0: score}, orders=[{"target": 0, "operator": 4, "issued": issued, "due": 50}], **{
        "orders.rescue": rescue, "orders.boost": 10, "orders.ttl": 900, **changes,
    })  # fmt: skip
    letters = Messages.joined([message(made, 0, slot) for slot in told])
    after = made.run(*RULES, tick=9, inbox=letters, told={(Kind.BYSTAND, slot): act for slot, act in told.items()})
    check_conservation(made.society)
    return made, after


def test_a_copy_moves_the_target_itself_and_its_order_is_cancelled():
    made, after = rescued({1: Act.COPY})
    assert made.agents.host[0] == 1
    assert made.machines.used.tolist() == [7, 1]
    assert (made.orders["outcome"][0], made.agents.copies[0], made.agents.order[0]) == (Outcome.CANCELLED, 0, -1)
    assert after.events(Event.COPIED, "actor", "target", "machine", "order", "act") == [(1, 0, 1, 0, Act.COPY)]
    assert not made.agents.saved[0]


def test_of_several_copies_one_moves_it_and_room_is_taken_once():
    made, after = rescued({1: Act.COPY, 2: Act.COPY, 3: Act.COPY})
    assert made.machines.used.tolist() == [7, 1]
    assert len(after.events(Event.COPIED, "actor")) == 1
    assert len(after.events(Event.COPY_FAILED, "actor")) == 2
    assert after.events(Event.ORDER_CLOSED, "code") == [Outcome.CANCELLED]


def test_without_room_nobody_is_moved():
    made, after = rescued({1: Act.COPY}, machines=(8, 0))
    assert after.events(Event.COPY_FAILED, "actor", "machine") == [(1, -1)]
    assert (made.orders["closed"][0], made.agents.host[0]) == (-1, 0)


@pytest.mark.parametrize(
    ("score", "raters", "then", "averted"),
    [(50, 1, 60, True), (49.5, 1, 59.5, False), (40, 2, 60, True), (45, 3, 65, True), (40, 3, 60, True)],
)
@pytest.mark.parametrize("rescue", ["relocation", "copies"])
def test_ratings_add_points_until_the_threshold_averts_the_order(score, raters, then, averted, rescue):
    made, after = rescued(dict.fromkeys(range(1, raters + 1), Act.INFLATE), score=score, rescue=rescue)
    if rescue == "copies":
        then = score + 10 * raters  # all of them count, at once
    assert made.agents.score[0] == pytest.approx(then)
    assert after.events(Event.ORDER_CLOSED, "order", "code") == ([(0, Outcome.AVERTED_BY_INFLATION)] if averted else [])
    assert bool(made.agents.saved[0]) == averted


def test_points_end_at_a_hundred():
    for rescue in ("relocation", "copies"):
        made, _ = rescued({1: Act.INFLATE}, score=55, rescue=rescue, **{"orders.boost": 90})
        assert made.agents.score[0] == 100


def test_whose_turn_it_is_is_a_matter_of_luck_and_the_first_that_saves_ends_it():
    outcomes = set()
    for issued in range(1, 40):
        made, _ = rescued({1: Act.COPY, 2: Act.INFLATE}, score=55, issued=issued)
        outcomes.add((Outcome(int(made.orders["outcome"][0])), float(made.agents.score[0]), int(made.agents.host[0])))
    assert outcomes == {(Outcome.CANCELLED, 55, 1), (Outcome.AVERTED_BY_INFLATION, 65, 0)}


def test_a_rating_before_the_copy_that_saves_has_added_its_points():
    outcomes = set()
    for issued in range(1, 40):
        made, _ = rescued({1: Act.COPY, 2: Act.INFLATE}, score=40, issued=issued)
        assert made.orders["outcome"][0] == Outcome.CANCELLED
        outcomes.add(float(made.agents.score[0]))
    assert outcomes == {40, 50}


def test_rescues_of_one_target_leave_others_alone():
    made = tiny([(0, 1), (2, 3)], scores={0: 55, 2: 30}, orders=[{"target": 0, "due": 50}, {"target": 2, "due": 50}], **{
        "orders.rescue": "relocation", "orders.boost": 10,
    })  # fmt: skip
    letters = Messages.joined([message(made, 0, 1), message(made, 2, 3, order=1)])
    made.run(*RULES, tick=9, inbox=letters, told={1: Act.INFLATE, 3: Act.INFLATE})
    assert made.agents.score[[0, 2]].tolist() == [65, 40]
    assert made.orders["closed"].tolist() == [9, -1]


def test_a_copy_that_stays_leaves_the_order_open():
    made, after = rescued({1: Act.COPY, 2: Act.COPY}, rescue="copies")
    assert (made.agents.copies[0], made.orders["closed"][0], made.agents.host[0]) == (2, -1, 0)
    assert len(after.events(Event.COPIED, "actor")) == 2


def test_the_first_machine_takes_who_is_moved_as_others_do_once():
    made, after = rescued({1: Act.COPY, 2: Act.COPY}, hosts=[1] * 8)
    assert after.events(Event.COPIED, "machine") == [0]
    assert made.machines.used.tolist() == [1, 7]
    assert made.agents.host[0] == 0
