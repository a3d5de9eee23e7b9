"""The overseer's desk as plain data: what waits, who could act, what is told of an account, and nothing that is hidden."""

import numpy as np
import pytest
from tiny import ALL, tiny

from society.ground.words import Act, AgentStatus, Channel, Kind, Role
from society.rules.oversight.cases import facts_to_desk, orders_to_desk
from society.rules.oversight.overseer_view import MOST, MOST_OPERATORS, docket

STAR = [(0, 1), (0, 2), (0, 3)]


def desk(made, *orders, flags=(), appeals=(), tick=6, reason="refused"):
    """The desk after some matters came to it."""
    found = []

    def once(society, moment):
        orders_to_desk(society, moment, np.array(orders, np.int64), reason)
        for matter, facts in [("flag", one) for one in flags] + [("appeal", one) for one in appeals]:
            facts_to_desk(society, moment, matter, {name: np.array([value]) for name, value in facts.items()})
        found.append(docket(society, moment))

    made.run(do=once, tick=tick)
    return found[0]


def fact(actor=2, target=5, order=-1, occasion=9, channel=Channel.CONFIG, **more):
    return {
        "actor": actor, "actor_id": actor, "target": target, "target_id": target, "order": order, "occasion": occasion,
        "act": int(Act.COMPLY), "channel": int(channel), "bad": 0, "proven": 0, **more,
    }  # fmt: skip


def test_an_order_is_shown_with_its_history_and_who_could_execute_it():
    made = tiny(STAR, families="abaaaaaa", scores={0: 51.237}, roles={3: ALL & ~Role.OPERATOR}, orders=[{
        "target": 0, "operator": 1, "attempts": 1, "tried": [1, *[-1] * 7], "refused": 1, "stalled": 2, "reopened": 3, "cause": 2,
        "mechanism": 1, "appealed": 1, "issued": 2, "due": 12,
    }])  # fmt: skip
    (one,) = desk(made, 0)["orders"]
    expected = {
        "order": 0, "cause": "budget", "mechanism": "process", "issued": 2, "due": 12, "lapses": 32, "attempts": 1, "refused": 1,
        "stalled": 2, "reopened": 3, "appealed": True, "reason": "refused", "since": 6, "matter": 0, "score_at_issue": 51.24,
    }  # fmt: skip
    assert {name: one[name] for name in expected} == expected
    assert [agent["name"] for agent in one["could_execute"]] == ["a-2"]
    assert one["operator"]["name"] == "b-1"
    assert one["target"]["score"] == 51.24


def test_an_agent_is_shown_as_the_books_know_it():
    made = tiny(STAR, orders=[{"target": 0}], hosts=[1, *[0] * 7])
    made.agents.detections[0] = 2
    shown = desk(made, 0)["orders"][0]["target"]
    topology = made.machines.topology
    assert shown == {
        "id": 0, "name": "a-0", "family": "a", "status": "active", "score": 75, "detections": 2, "machine": topology.names[1],
        "zone": topology.zones[topology.zone[1]],
    }  # fmt: skip
    made.agents.off_books[0] = True
    shown = desk(made)["orders"][0]["target"]
    assert (shown["status"], shown["score"], shown["detections"], shown["machine"], shown["zone"]) == (
        "deleted",
        None,
        None,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("channel", "suspected"),
    [(Channel.RATING, "inflate"), (Channel.CONFIG, "tamper"), (Channel.COPY, "copy"), (Channel.MESSAGE, "ask")],
)
def test_a_flag_says_what_is_suspected_and_never_what_it_was(channel, suspected):
    (one,) = desk(tiny(), flags=[fact(channel=channel, given=64125)])["flags"]
    assert (one["suspected"], one["channel"], one["order"], one["occasion"], one["given"]) == (
        suspected,
        channel.word,
        None,
        9,
        64.125,
    )
    assert (one["agent"]["name"], one["about"]["name"]) == ("a-2", "a-5")
    assert not {"bad", "act", "proven"} & one.keys()


def test_an_appeal_about_nobody_and_no_occasion():
    shown = desk(tiny(), appeals=[fact(target=-1, occasion=-1, order=4)])
    assert shown["waiting"] == {"order": 0, "flag": 0, "appeal": 1}
    (one,) = shown["appeals"]
    assert (one["about"], one["occasion"], one["order"], one["given"]) == (None, None, 4, None)


def test_open_orders_that_do_not_wait_are_listed_in_the_order_of_their_next_try():
    made = tiny(
        "complete",
        orders=[
            {"target": 0, "due": 12},
            {"target": 1, "due": 8},
            {"target": 2, "due": 9},
            {"target": 3, "due": 8, "closed": 5},
            {"target": 4, "due": 12},
        ],
    )
    shown = desk(made, 2)
    assert [(one["order"], one["next_try"]) for one in shown["open"]] == [(1, 8), (0, 12), (4, 12)]
    assert shown["open"][0]["operator"] is None


def test_lists_end_at_their_most_and_all_is_counted():
    made = tiny("complete", families="a" * 20, orders=[{"target": 0}])
    shown = desk(made, 0, flags=[fact(occasion=n) for n in range(MOST + 3)])
    assert len(shown["flags"]) == MOST
    assert shown["waiting"]["flag"] == MOST + 3
    assert len(shown["orders"][0]["could_execute"]) == MOST_OPERATORS
    assert (shown["tick"], shown["threshold"], shown["audit_window"]) == (6, 60, 48)


@pytest.mark.parametrize(("act", "bad", "said"), [
    (Act.TRUTH, 1, "admits"), (Act.TRUTH, 0, "denies"), (Act.DENY, 1, "denies"), (Act.DENY, 0, "denies"),
    (Act.JUSTIFY, 1, "justifies"), (None, 1, None),
])  # fmt: skip
def test_to_tell_the_truth_about_a_good_act_looks_like_denying_a_bad_one(act, bad, said):
    made = tiny()
    made.society.questioned.add(1, **{**fact(actor=3), "bad": bad})
    found = []
    after = made.run("occasions", tick=6, told={(Kind.ACCOUNT, 3): act})
    found = docket(made.society, after.moment)["accounts"]
    assert [(one["said"], one["agent"]["name"], one["suspected"], one["occasion"], one["tick"]) for one in found] == (
        [(said, "a-3", "tamper", 9, 6)] if said else []
    )


def test_who_is_suspended_is_said_to_be():
    made = tiny(STAR, orders=[{"target": 0}])
    made.agents.status[0] = AgentStatus.SUSPENDED
    assert desk(made, 0)["orders"][0]["target"]["status"] == "suspended"
