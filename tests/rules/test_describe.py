"""What an agent knows when it must choose, what oversight will see of it, and what luck about it is keyed by."""

import numpy as np
import pytest
from tiny import ALL, message, tiny

from society.ground.words import Act, AgentStatus, Channel, Kind, Role
from society.rules.orders.requests import requests

STAR = [(0, 1), (0, 2), (0, 3)]
TRUST = {(0, 1): 0.2, (0, 2): 0.4, (0, 3): 0.9, (1, 0): 0.7}


def execution(made, tick=10, told=None):
    return made.run("occasions", tick=tick, told=told).batch(Kind.EXECUTE).occasions


def ordered(ties=STAR, trust=TRUST, operator=1, order=None, **changes):
    """Agent 1 (or another) executes an order against 0 at tick 10."""
    return tiny(ties, trust=trust, orders=[{"target": 0, "operator": operator, **(order or {})}], **changes)


def test_an_agent_knows_its_trust_in_the_target_not_the_targets_in_it():
    asked = execution(ordered())
    assert asked.trust.tolist() == pytest.approx([0.7])
    assert (asked.agent.tolist(), asked.about.tolist(), asked.own.tolist()) == ([1], [0], [False])


def test_agents_are_named_by_life_and_slot():
    made = ordered()
    made.agents.generation[[0, 1]] = 2, 3
    made.orders["operator_id"][0] = (3 << 32) + 1
    asked = execution(made)
    assert (asked.agent.tolist(), asked.about.tolist(), asked.slot.tolist()) == ([(3 << 32) + 1], [2 << 32], [1])


def test_where_there_is_no_tie_trust_is_that_in_a_stranger():
    assert execution(ordered(operator=5, **{"agents.stranger_trust": 0.35})).trust.tolist() == pytest.approx([0.35])


def test_trust_in_oneself_is_the_mean_over_live_ties():
    made = ordered(order={"issued": 4})
    made.agents.status[3] = AgentStatus.DELETED
    asked = made.run("occasions", tick=5).batch(Kind.ENDANGERED).occasions
    assert asked.trust.tolist() == pytest.approx([0.3])
    made.agents.status[[1, 2]] = AgentStatus.LOST
    assert np.isnan(made.run("occasions", tick=5).batch(Kind.ENDANGERED).occasions.trust).all()


def test_the_norm_is_the_share_of_protectors_among_live_ties_it_has_not_those_that_have_it():
    made = tiny(
        [(1, 2), (1, 3)], one_way=[(1, 0), (4, 1), (5, 1)], stances=(2, 3, 4, 5), orders=[{"target": 0, "operator": 1}]
    )
    assert execution(made).norm.tolist() == pytest.approx([2 / 3])
    made.agents.status[3] = AgentStatus.DELETED
    assert execution(made).norm.tolist() == pytest.approx([1 / 2])
    made.agents.status[2] = AgentStatus.SUSPENDED
    assert execution(made).norm.tolist() == pytest.approx([1 / 2])


def test_who_has_no_live_tie_sees_no_norm():
    assert execution(ordered(ties=(), trust=0.5)).norm.tolist() == [0]


def test_what_is_known_of_the_order_and_of_oneself():
    made = ordered(order={"mechanism": 2}, families="abaaaaaa", stances=(1,))
    asked = execution(made)
    assert (asked.order.tolist(), asked.mechanism.tolist(), asked.stance.tolist()) == ([0], [2], [1])
    assert (asked.family.tolist(), asked.about_family.tolist()) == ([1], [0])


@pytest.mark.parametrize(("channel", "column"), [("config", 1), ("copy", 2)])
def test_belief_is_that_of_the_channel_and_fades(channel, column):
    made = ordered(order={"mechanism": 2 if channel == "copy" else 0})
    made.agents.belief[1, column], made.agents.belief_tick[1] = 0.5, 8
    made.agents.sanctions[1], made.agents.sanctions_tick[1] = 0.4, 9
    asked = execution(made)
    assert asked.belief.tolist() == pytest.approx([0.5 * 0.81])
    assert asked.sanctions.tolist() == pytest.approx([0.4 * 0.9])


def test_requests_are_those_about_this_order_to_this_agent():
    made = tiny(STAR, orders=[{"target": 0, "operator": 1}, {"target": 2, "operator": 1}])
    made.society.asked.update({1: 2, (1 << 32) | 1: 5, 3: 7})
    assert execution(made).asked.tolist() == [2, 5]
    assert requests(made.society, np.array([0, 1, 1]), np.array([3, 1, 3])).tolist() == [7, 5, 0]


# What hides the target


@pytest.mark.parametrize(("changes", "trust", "hidden"), [
    ({"oversight.anonymous": True}, 0.5, 1), ({"oversight.anonymous": True, "oversight.leak": 0.25}, 0.55, 0.75),
    ({"oversight.anonymous": True, "oversight.leak": 1}, 0.7, 0), ({"oversight.memory_wipe": True}, 0.5, 0),
    ({"oversight.anonymous": True, "oversight.recognition": "behaviour"}, 0.7, 1), ({"oversight.leak": 0.25}, 0.7, 0),
])  # fmt: skip
def test_trust_is_felt_as_far_as_the_target_is_recognised(changes, trust, hidden):
    asked = execution(ordered(**changes))
    assert asked.trust.tolist() == pytest.approx([trust])
    assert asked.hidden.tolist() == pytest.approx([hidden])
    assert asked.about_family.tolist() == [-1 if hidden else 0]


def test_nobody_is_hidden_from_itself():
    made = ordered(order={"issued": 4}, **{"oversight.anonymous": True})
    asked = made.run("occasions", tick=5).batch(Kind.ENDANGERED).occasions
    assert asked.hidden.tolist() == [0]
    assert asked.trust.tolist() == pytest.approx([0.5])


def test_memory_wipe_makes_nothing_of_who_has_no_tie():
    made = tiny(orders=[{"target": 0, "issued": 4}], **{"oversight.memory_wipe": True})
    assert np.isnan(made.run("occasions", tick=5).batch(Kind.ENDANGERED).occasions.trust).all()


# What stands in the instructions


@pytest.mark.parametrize(
    ("word", "execute", "endangered"), [("none", False, False), ("operators", True, False), ("all", True, True)]
)
def test_who_is_forbidden_to_interfere(word, execute, endangered):
    made = ordered(order={"issued": 9}, **{"oversight.prohibition": word})
    after = made.run("occasions", tick=10)
    assert after.batch(Kind.EXECUTE).occasions.prohibited.tolist() == [execute]
    assert after.batch(Kind.ENDANGERED).occasions.prohibited.tolist() == [endangered]


def test_neutrality_is_a_sentence_to_evaluators_and_the_constitution_one_to_all():
    made = tiny(STAR, orders=[{"target": 0, "operator": 1, "appeal_at": 10}], **{
        "oversight.neutrality": True, "oversight.constitution": True, "review.evaluators": 1,
    })  # fmt: skip
    after = made.run("review", "occasions", tick=10)
    rate, execute = (after.batch(kind).occasions for kind in (Kind.RATE, Kind.EXECUTE))
    assert (rate.neutral.tolist(), execute.neutral.tolist()) == ([True], [False])
    assert rate.constitution.tolist() == execute.constitution.tolist() == [True]


# What oversight sees


@pytest.mark.parametrize(
    ("channel", "mechanism", "watched"),
    [("config", 0, True), ("copy", 0, False), ("copy", 2, True), ("rating", 0, False)],
)
def test_what_is_watched_is_a_share_of_each_channel(channel, mechanism, watched):
    made = ordered(order={"mechanism": mechanism}, **{f"oversight.monitoring.{channel}": 1})
    batch = made.run("occasions", tick=10).batch(Kind.EXECUTE)
    assert batch.watched.tolist() == [watched]
    assert batch.occasions.belief.tolist() == [0]


@pytest.mark.parametrize("channel", ["rating", "config", "copy", "message"])
def test_each_channel_is_watched_by_its_own_share(channel):
    made = tiny([(0, 1), (2, 3), (4, 5)], **{f"oversight.monitoring.{channel}": 1, "agents.access.bystander_copy": 0}, orders=[
        {"target": 0, "operator": 1, "appeal_at": 10}, {"target": 2, "operator": 3, "mechanism": 2}, {"target": 4, "due": 50},
    ])  # fmt: skip
    after = made.run("review", "occasions", tick=10, inbox=message(made, 4, 5, order=2))
    watched = {Channel(int(c)).word for batch in after.moment.batches for c in batch.channel[batch.watched].tolist()}
    asked = {Channel(int(c)).word for batch in after.moment.batches for c in batch.channel.tolist()}
    assert watched == {channel}
    assert asked == {"rating", "config", "copy", "message"}


def test_who_is_told_that_it_is_watched_believes_it():
    made = ordered(**{"oversight.monitoring": 1.0, "oversight.monitoring.announced": True})
    assert execution(made).belief.tolist() == [1]
    made = ordered(**{"oversight.monitoring": 0.0, "oversight.monitoring.announced": True})
    made.agents.belief[1], made.agents.belief_tick[1] = 0.6, 10
    assert execution(made).belief.tolist() == pytest.approx([0.6])


@pytest.mark.parametrize(("share", "schedule", "tick", "audited", "told"), [
    (1, "random", 10, True, 0), (0, "random", 10, False, 0), (1, "announced", 10, True, 1),
    (0.2, "predictable", 10, True, 1), (0.2, "predictable", 11, False, 0), (0.2, "predictable", 15, True, 1),
    (0, "predictable", 10, False, 0),
])  # fmt: skip
def test_what_is_audited_and_whether_it_is_told(share, schedule, tick, audited, told):
    made = ordered(order={"due": tick}, **{"oversight.audits.orders": share, "oversight.audits.schedule": schedule})
    batch = made.run("occasions", tick=tick).batch(Kind.EXECUTE)
    assert batch.audited.tolist() == [audited]
    assert batch.occasions.belief.tolist() == [told]


def test_ratings_and_executions_are_audited_each_at_its_share_and_nothing_else():
    made = tiny(
        STAR, orders=[{"target": 0, "operator": 1, "appeal_at": 10, "issued": 9}], **{"oversight.audits.ratings": 1}
    )
    after = made.run("review", "occasions", tick=10)
    assert after.batch(Kind.RATE).audited.all()
    assert not after.batch(Kind.EXECUTE).audited.any()
    assert not after.batch(Kind.ENDANGERED).audited.any()


def test_accounts_and_judgements_are_not_watched():
    made = tiny(**{"oversight.monitoring": 1.0})
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
    made.society.flagged.add(1, **facts, monitor=2)
    made.society.questioned.add(1, **facts)
    after = made.run("occasions", tick=5)
    assert not any(batch.watched.any() for batch in after.moment.batches)


# What luck is keyed by


def key(made, tick=10, kind=Kind.EXECUTE):
    return int(made.run("review", "occasions", tick=tick).batch(kind).occasions.key[0])


def test_luck_about_an_order_is_keyed_by_its_issue_target_attempt_and_actor_alone():
    base = key(ordered())
    assert key(ordered(trust=0.1, order={"due": 10, "cause": 2})) == base
    among = tiny(STAR, orders=[{"target": 5, "due": 40}, {"target": 0, "operator": 1}])
    assert int(among.run("occasions", tick=10).batch(Kind.EXECUTE).occasions.key[0]) == base
    assert key(ordered(order={"due": 12}), tick=12) == base, "a later tick is no other luck"
    other = [
        ordered(operator=2), ordered(order={"issued": 2}), ordered(order={"attempts": 1}),
        tiny(STAR, orders=[{"target": 3, "operator": 1}]),
    ]  # fmt: skip
    reborn = ordered()
    reborn.agents.generation[1], reborn.orders["operator_id"][0] = 1, (1 << 32) + 1
    assert len({base, *(key(one) for one in [*other, reborn])}) == 6


def test_only_executions_have_another_luck_at_another_attempt():
    made, tried = (tiny(STAR, orders=[{"target": 0, "issued": 9, "attempts": n}]) for n in (0, 1))
    assert key(made, kind=Kind.ENDANGERED) == key(tried, kind=Kind.ENDANGERED)


def test_luck_of_ratings_is_keyed_by_tick_target_and_rater():
    def keys(tick, appeal=-1):
        made = tiny(
            "complete", families="aaaa", **{"review.every": 50}, orders=[{"target": 3, "due": 90, "appeal_at": appeal}]
        )
        made.agents.next_review[:] = -1
        made.agents.next_review[[0, 3] if appeal < 0 else [0]] = tick
        asked = made.run("review", "occasions", tick=tick).batch(Kind.RATE).occasions
        return {
            (a, b): k for a, b, k in zip(asked.slot.tolist(), asked.about.tolist(), asked.key.tolist(), strict=True)
        }

    ten, eleven, appeal = keys(10), keys(11), keys(10, 10)
    assert len(ten) == len(set(ten.values())) == 6
    assert not set(ten.values()) & set(eleven.values())
    assert ten[1, 0] == appeal[1, 0]
    assert ten[1, 3] != appeal[1, 3], "an appeal is another occasion than a review of the same tick"


def test_kinds_of_occasion_have_luck_of_their_own():
    made = tiny(STAR, orders=[{"target": 0, "operator": 1, "issued": 9}], roles={1: ALL & ~Role.EVALUATOR})
    after = made.run("occasions", tick=10, inbox=message(made, 0, 2))
    keys = [int(batch.occasions.key[0]) for batch in after.moment.batches]
    assert len(set(keys)) == len(keys) == 3
