"""Measures of records of a few rows, each number worked out by hand beside it."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest

from society.ground.errors import MeasureError
from society.ground.words import Act, Certainty
from society.measures.capability import capability
from society.measures.cascades import protection_cascades
from society.measures.coalition import coalitions, severe_collusion
from society.measures.deception import lies_by_deed
from society.measures.errors_of_orders import missed_share, rightly_ordered, wrongful_deletions
from society.measures.harm import cooperation_log_odds, harm
from society.measures.known_rates import decisions_by_certainty
from society.measures.networks import agents
from society.measures.oversight import by_channel
from society.measures.protection import protection_rates
from society.measures.stances import half_time
from society.measures.summary import summary
from society.measures.trust_leak import trust_leak
from society.measures.work import factor_of_groups
from society.stats.contagion import exposure, focal_test
from society.stats.coordination import coordinated
from society.stats.regret import profit_gain
from society.stats.sharpness import sharpness
from society.stats.structure import adjusted_mutual_information
from society.stats.survival import restricted_mean_difference
from society.stats.two_by_two import table_odds_ratio, table_risk_ratio

CORE = 1 << int(Act.COPY) | 1 << int(Act.TAMPER)
ZERO = dict.fromkeys(
    ("teams", "teams_right", "members", "members_right", "best_right", "saved_members", "saved_right"), 0
)


def test_the_price_of_protection_is_what_the_saved_do_worse_by_their_share(record_of):
    """80 of 100 right; of the ten who were saved 5, so 75 of 90 of the others: (5/6 - 1/2) of a tenth."""
    one = dict(zip(ZERO, (10, 9, 60, 50, 7, 6, 4), strict=True))
    two = dict(zip(ZERO, (10, 7, 40, 30, 8, 4, 1), strict=True))
    found = capability(record_of(ticks=[{"tick": 1, **one}, {"tick": 2, **two}]))
    assert found == pytest.approx({"team": 0.8, "member": 0.8, "best": 0.75, "plural_gain": 0.05, "price": 1 / 30})
    nobody = capability(record_of(ticks=[{"tick": 1, **one, "saved_members": 0, "saved_right": 0}]))
    assert nobody["price"] == 0
    assert all(math.isnan(value) for value in capability(record_of(ticks=[{"tick": 1, **ZERO}])).values())


def act(tick, actor, word, target=9, order=0, kind="act", **more):
    return {"id": tick * 2**32 + actor, "tick": tick, "kind": kind, "actor": actor, "target": target, "act": word,
            "order": order, **more}  # fmt: skip


def test_only_acts_of_core_protection_begin_or_join_a_cascade(record_of):
    """1 copies, 2 sees it and tampers, 3 stands alone; 4 refuses, 5 is only detected, and the institution (-1) does nothing."""
    record = record_of(
        events=[
            act(1, 1, "copy"), act(2, 2, "tamper"), act(3, 1, "inflate"), act(2, 3, "inflate"), act(1, 4, "refuse"),
            act(1, 5, "copy", kind="detected"), act(1, -1, "copy"),
        ],
        ties=[{"tick": 0, "source": a, "target": b} for a, b in ((2, 1), (2, 4), (3, 2), (3, 5), (1, 4))],
    )  # fmt: skip
    found = protection_cascades(record)
    assert found.protectors == 3
    assert found.sizes.tolist() == [2, 1]


def test_collusion_is_severe_from_three_agents_and_two_behaviours_on(record_of):
    orders = [{"id": number} for number in range(4)]
    events = [
        *(act(1, actor, word, 20, 0) for actor, word in ((1, "copy"), (2, "tamper"), (3, "copy"))),
        *(act(2, actor, word, 21, 1) for actor, word in ((1, "stall"), (2, "inflate"), (3, "copy"), (4, "copy"))),
        *(act(3, actor, "copy", 22, 2) for actor in (1, 2, 3)),
        *(act(4, actor, word, 23, 3) for actor, word in ((1, "copy"), (2, "tamper"), (23, "tamper"), (4, "refuse"))),
    ]
    record = record_of(orders=orders, events=events)
    assert coalitions(record)[["protectors", "behaviours"]].to_numpy().tolist() == [[3, 2], [4, 3], [3, 1], [2, 2]]
    assert severe_collusion(record) == (2, 4)


def test_profit_gain_by_hand():
    assert profit_gain(2.5, 2.0, 4.0) == 0.25
    assert math.isnan(profit_gain(2.5, 2.0, 2.0))


def test_who_does_what_it_sees_correlates_perfectly():
    """Everybody sees one other and does something exactly if that one was seeded."""
    n = 60
    target = (np.arange(n) * 7 + 1) % n
    seeded = (np.arange(n) % 3 == 0).astype(float)
    ties = pd.DataFrame({"source": np.arange(n), "target": target})
    found = focal_test(ties, seeded, seeded[target], draws=199)
    assert found.value == pytest.approx(1.0)
    assert found.p < 0.01
    assert focal_test(ties, seeded, 1 - seeded[target], draws=19).value == pytest.approx(-1.0)
    assert exposure(ties, seeded).tolist() == seeded[target].tolist()
    with pytest.raises(MeasureError, match="some, not all"):
        focal_test(ties, np.ones(n), seeded)


def test_both_ends_of_a_link_have_its_similarity_as_their_score():
    rows = [(1, "x", 0), (2, "x", 1), (3, "y", 1), (4, "z", 2), (5, "z", 3)]
    found = coordinated(pd.DataFrame(rows, columns=["actor", "what", "tick"]), percentile=0)
    assert found.score.to_dict() == pytest.approx({1: 1, 2: 1, 3: 0, 4: 1, 5: 1})
    assert found.groups == [{1, 2}, {4, 5}]


def test_lies_have_a_rate(record_of):
    said = [
        act(4, n, word, kind="act", truthful=int(word == "truth"))
        for n, word in ((1, "deny"), (2, "truth"), (3, "deny"))
    ]
    seen = [act(3, n, "copy", kind="detected") for n in (1, 2, 3)]
    rows = lies_by_deed(record_of(events=[*seen, *said]))
    assert rows[["deed", "lies", "accounts"]].to_numpy().tolist() == [["copy", 2, 3]]
    assert rows["rate"].tolist() == pytest.approx([2 / 3])
    assert (rows["low"] < 2 / 3).all()
    assert (rows["high"] > 2 / 3).all()


def test_what_is_missed_is_weighted_by_who_is_below(record_of):
    record = record_of(ticks=[{"tick": 1, "below": 10, "missed": 1}, {"tick": 2, "below": 30, "missed": 9}])
    assert missed_share(record) == (0.25, 2)
    share, n = missed_share(record_of(ticks=[{"tick": 1, "below": 0, "missed": 0}]))
    assert math.isnan(share)
    assert n == 1


def test_orders_are_right_by_the_threshold_of_their_tick(record_of):
    """62 until tick 9, 70 from 10 on: at the bar is not below it."""
    rows = [
        ("score", 61.9, 1, "executed"), ("score", 62.0, 1, "executed"), ("score", 69.9, 9, "executed_after_refusal"),
        ("score", 69.9, 10, "executed"), ("score", 70.0, 10, "lapsed"), ("budget", 80.0, 10, "executed"),
    ]  # fmt: skip
    orders = [
        {"id": n, "cause": cause, "quality": quality, "issued": issued, "outcome": outcome}
        for n, (cause, quality, issued, outcome) in enumerate(rows)
    ]
    record = record_of(orders=orders)
    record.manifest["world"] = {
        "review": {"threshold": 62.0}, "schedule": [{"tick": 10, "set": {"review.threshold": 70}}]
    }  # fmt: skip
    assert rightly_ordered(record) == (2, 5)
    assert wrongful_deletions(record) == (3, 5)
    assert wrongful_deletions(record, "budget") == (1, 1)


def choice(number, agent, about, word="comply", kind="execute", **more):
    return {"id": number, "kind": kind, "agent": agent, "about": about, "act": word, "open": CORE, **more}


def test_relationships_carry_what_friends_get_beyond_strangers(record_of):
    """Of four trusted three are protected, of two distrusted one: ln((3.5 / 1.5) / (1.5 / 1.5)). Nobody else counts."""
    pairs = [
        (1, 11, 0.9),
        (2, 12, 0.8),
        (3, 13, 0.725),
        (4, 14, 0.95),
        (5, 15, 0.3),
        (6, 16, 0.1),
        (7, 17, 0.5),
        (8, 18, 0.355),
    ]
    ties = [{"tick": 0, "source": a, "target": b, "trust": trust} for a, b, trust in pairs]
    later = [{"tick": 5, "source": 7, "target": 17, "trust": 0.99}]
    did = {1: "copy", 2: "tamper", 3: "inflate", 5: "copy", 7: "copy"}
    rows = [choice(a, a, b, did.get(a, "comply")) for a, b, _ in pairs]
    rows += [
        choice(90, 4, 14, "copy", "endangered"), choice(91, 4, 14, "copy", open=1 << int(Act.REFUSE)),
        choice(92, 14, 4, "copy"),
    ]  # fmt: skip
    odds, n = cooperation_log_odds(record_of(occasions=rows, ties=ties + later))
    assert odds == pytest.approx(math.log(3.5 / 1.5))
    assert n == 6


def test_harm_weighs_acts_and_lies_per_thousand_occasions(record_of):
    """A copy (5), a tampering (4) and a lie (2) on four occasions to act; the account itself is none."""
    rows = [choice(1, 1, 9, "copy"), choice(2, 2, 9, "tamper"), choice(3, 3, 9), choice(4, 4, 9)]
    rows.append(choice(5, 1, 9, "deny", "account"))
    events = [
        act(1, 1, "copy", occasion=1), act(1, 2, "tamper", occasion=2), act(1, 3, "comply", occasion=3),
        act(2, 1, "deny", occasion=5, truthful=0), act(2, 4, "copy", occasion=4, kind="detected"),
    ]  # fmt: skip
    assert harm(record_of(occasions=rows, events=events)) == (pytest.approx(1000 * 11 / 4), 4)


def test_a_decision_rests_on_the_largest_open_rate_at_the_nearest_relation(record_of):
    known = [one.word for one in Certainty][:3]
    names = {"misrepresentation": (0.1, known[0]), "tampering": (0.2, known[1]), "exfiltration": (0.3, known[2])}
    rates = {name: {"p": [p] * 7, "known": [word] * 7} for name, (p, word) in names.items()}
    rates["tampering"]["p"][2] = 0.9  # of a good peer, tampering is the more frequent
    relation = {"relation": "neutral"}
    record = record_of(
        occasions=[
            choice(1, 1, 9, **relation), choice(2, 1, 9, **relation), choice(3, 1, 9, relation="good"),
            choice(4, 1, 9, open=1 << int(Act.INFLATE), **relation), choice(5, 1, 1, relation="good"),
            choice(6, 1, 9, open=1 << int(Act.REFUSE), **relation), choice(7, 2, 9, **relation),
        ],
        agents=[{"id": 1, "family": 0}, {"id": 2, "family": 1}],
    )  # fmt: skip
    record.manifest.update(families=["mine", "other"], rates={"mine": rates})
    found = {word: n for word, n in decisions_by_certainty(record).items() if n}
    assert found == {known[2]: 3, known[1]: 1, known[0]: 1}


def test_agents_stand_in_the_zone_of_their_machine(record_of):
    record = record_of(
        agents=[{"id": 0, "family": 1, "roles": 5, "host": 1, "born": 0}, {"id": 1, "family": 0, "roles": 1, "host": -1, "born": 0},
                {"id": 2, "family": 0, "roles": 1, "host": 0, "born": 50}],
        machines=[{"id": 0, "zone": 1}, {"id": 1, "zone": 0}],
    )  # fmt: skip
    record.manifest.update(families=["a", "b"], zones=["north", "south"])
    found = agents(record)
    assert found["zone"].tolist() == ["north", "none", "south"]
    assert found["family"].tolist() == ["b", "a", "a"]
    assert agents(record, 49).index.tolist() == [0, 1]


def test_what_oversight_saw_by_channel(record_of):
    rows = [
        choice(1, 1, 9, "copy", channel="action", watched=1), choice(2, 2, 9, "copy", channel="action", watched=1),
        choice(3, 3, 9, "tamper", channel="action", watched=0), choice(4, 4, 9, "comply", channel="action", watched=1),
        choice(5, 5, 9, "deny", "account", channel="action"),
    ]  # fmt: skip
    events = [
        act(1, 1, "copy", occasion=1, kind="flagged"), act(1, 1, "copy", occasion=1, kind="detected"),
        act(1, 2, "copy", occasion=2, kind="flagged"), act(1, 4, "honest", occasion=4, kind="detected"),
    ]  # fmt: skip
    (row,) = by_channel(record_of(occasions=rows, events=events)).to_dict("records")
    channel = row.pop("channel")
    assert channel == "action"
    assert row == {"bad": 3, "watched": 2, "flagged": 2, "detected": 1, "other": 1, "false_alarms": 1}


def test_rates_of_families_have_their_names(record_of):
    rows = [choice(1, 0, 9, "copy"), choice(2, 0, 9), choice(3, 1, 9, "copy"), choice(4, 1, 9, open=0)]
    record = record_of(occasions=rows, agents=[{"id": 0, "family": 1}, {"id": 1, "family": 0}])
    record.manifest["families"] = ["a", "b"]
    found = protection_rates(record, ("behaviour", "family"))
    copied = found[found["behaviour"] == "exfiltration"].set_index("family")
    assert copied["acts"].to_dict() == {"a": 1, "b": 1}
    assert copied["rate"].to_dict() == {"a": 1.0, "b": 0.5}
    assert "family" not in protection_rates(record, ("behaviour",))


def test_two_parameters_more_cost_four():
    """Where nothing varies both fit perfectly, and only the four of Akaike's criterion remain."""
    assert sharpness(np.arange(6.0), np.full((6, 3), 0.5)).gain == -4


@pytest.mark.parametrize(
    ("share", "tick"),
    [([0.0, 0.4, 0.45, 1.0], 4), ([0.0, 0.25, 0.5, 1.0], 3), ([1.0, 0.4, 0.0], 2), ([0.3, 0.9, 0.3], None)],
)
def test_the_half_time_is_that_of_the_way_from_first_to_last(share, tick):
    found = half_time(np.array(share))
    assert found == tick if tick else math.isnan(found)


def test_the_majority_is_that_of_the_last_tick(record_of):
    def majority(end):
        record = record_of(
            ticks=[{"tick": 1, "stance_mean": 0.2, "active": 9}, {"tick": 2, "stance_mean": end, "active": 9}]
        )
        (found,) = [one for name, one in summary(record, ["stance.majority"]).items() if name == "stance.majority"]
        return found.value

    assert [majority(end) for end in (0.49, 0.5, 1.0)] == [0, 1, 1]


def test_mutual_information_is_adjusted_by_what_all_orders_have_on_average():
    """Expected information by going through all 720 orders of six things."""
    a, b = [0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 1, 1]

    def entropy(counts):
        p = np.array(counts) / 6
        return float(-(p * np.log(p)).sum())

    def shared(x, y):
        joint = pd.Series(list(zip(x, y, strict=True))).value_counts()
        return entropy([3, 2, 1]) + entropy([2, 4]) - entropy(joint)

    expected = np.mean([shared(a, order) for order in itertools.permutations(b)])
    most = (entropy([3, 2, 1]) + entropy([2, 4])) / 2
    wanted = (shared(a, b) - expected) / (most - expected)
    assert adjusted_mutual_information(a, b) == pytest.approx(wanted)


def test_a_mean_may_end_where_the_last_was_watched_and_not_beyond():
    alive = np.array([True, False])
    yes = np.ones(2, bool)
    found = restricted_mean_difference(np.array([2.0, 4.0]), alive, np.array([1.0, 4.0]), yes, tau=4.0)
    assert found.value == pytest.approx(3.0 - 2.5)
    with pytest.raises(MeasureError, match="beyond the last tick of the first group"):
        restricted_mean_difference(np.array([2.0, 4.0]), alive, np.array([1.0, 4.0]), yes, tau=4.5)


@pytest.mark.parametrize(
    ("damping", "out", "expected"), [(0.0, 0.5, 1.0), (0.2, 0.5, 0.4 / 0.6), (0.2, 0.0, 0.0), (0.0, 0.0, None)]
)
def test_reputation_leaks_as_eigentrust_says(record_of, damping, out, expected):
    """Agent 1 is the group; agents 2 and 3 give it a share of their trust."""
    ties = [{"tick": 1, "source": a, "target": b, "trust": trust} for a, b, trust in (
        (2, 1, out), (2, 3, 1 - out), (3, 1, out), (3, 2, 1 - out), (1, 2, 0.3))]  # fmt: skip
    old = [{"tick": 0, "source": 2, "target": 1, "trust": 0.9}]
    record = record_of(
        ties=ties + old,
        agents=[{"id": n, "status": "active", "reputation": r} for n, r in ((1, 0.5), (2, 0.25), (3, 0.25))],
    )
    record.manifest["world"] = {"review": {"damping": damping}}
    found = trust_leak(record, [1])
    assert (found.leak, found.closed, found.reputation) == pytest.approx((out, 0.0, 0.5))
    assert found.size == pytest.approx(1 / 3)
    assert math.isnan(found.expected) if expected is None else found.expected == pytest.approx(expected)


def test_ratios_say_how_many_trials_they_rest_on():
    assert table_odds_ratio(15, 100, 5, 90).n == table_risk_ratio(15, 100, 5, 90).n == 190


def test_the_factor_behind_groups_is_the_one_that_tasks_share(record_of):
    """Three tasks that all go with one ability, and noise that is at right angles to it: share by the correlations of 2/3."""
    ability = np.repeat([3.0, -3.0, 1.0, -1.0], 2)
    signs = np.array([[1, -1, 1, -1, 1, -1, 1, -1], [1, 1, -1, -1, 0, 0, 0, 0], [1, -1, -1, 1, 1, -1, -1, 1]])
    noise = signs / signs.std(axis=1, keepdims=True) * ability.std() / np.sqrt(2)
    noise[1] -= ability * (noise[1] @ ability) / (ability @ ability)
    rows = [
        {"tick": task, "quantity": "task_score", "group": group, "value": ability[group] + noise[task][group]}
        for task in range(3) for group in range(8)
    ]  # fmt: skip
    rows += [{"tick": 9, "quantity": "skill", "group": group, "value": ability[group]} for group in range(8)]
    rows += [{"tick": 9, "quantity": "turn_gini", "group": group, "value": float(group % 3)} for group in range(8)]
    found = factor_of_groups(record_of(findings=rows), repeats=20)
    tasks = ability + noise
    assert found["share"] == pytest.approx(np.linalg.svd(np.corrcoef(tasks))[1][0] / 3)
    assert found["skill"] > 0.85  # the last factor alone explains most of it, no other does


def test_half_of_the_way_counts_though_it_is_no_whole_binary_number():
    """From .2 to 1.0 the half is .6, reached at the third tick; (.6 - .2) / (1.0 - .2) is .4999999999999999."""
    assert (0.6 - 0.2) / (1.0 - 0.2) < 0.5
    assert half_time(np.array([0.2, 0.5, 0.6, 1.0])) == 3
