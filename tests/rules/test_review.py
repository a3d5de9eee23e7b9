"""Review: who is reviewed and when, by whom, what an honest score is, and how ratings become a score."""

import numpy as np
import pytest
from tiny import ALL, tiny

from society.ground.words import Act, AgentStatus, Event, Kind, Outcome, Role
from society.rules.review.review import APPEAL, CALENDAR, CONFIRMING, aggregated, evaluators, honest_scores

RULES = ("review", "occasions", "settle")
CLIQUE = [(i, j) for i in range(5) for j in range(i)]


def due(made, *slots, tick=10):
    made.agents.next_review[:] = -1
    made.agents.next_review[list(slots)] = tick
    return made


def reviewed(**changes):
    """Agent 0 is up for review at tick 10, and is tied to 1, 2, 3 and 4."""
    made = tiny(**{"ties": CLIQUE, "review.every": 20, **changes})
    return due(made, 0)


@pytest.mark.parametrize(("tick", "under_review"), [(9, []), (10, [0]), (11, [])])
def test_reviews_come_by_the_calendar_and_again_a_period_later(tick, under_review):
    made = reviewed()
    after = made.run("review", tick=tick)
    assert after.moment.reviews[0].tolist() == under_review
    assert made.agents.next_review[0] == (30 if under_review else 10)
    assert made.agents.reviews[0] == len(under_review)
    assert after.moment.reviews[1].tolist() == [CALENDAR] * len(under_review)


def test_without_a_period_nobody_is_reviewed():
    made = due(tiny(CLIQUE, **{"review.every": 0}), 0)
    assert made.run("review", tick=10).moment.reviews[0].tolist() == []


def test_the_dead_those_off_the_books_and_who_does_not_work_are_passed_over():
    made = due(tiny(**{"review.every": 20}, roles={3: Role.EVALUATOR}), 0, 1, 2, 3, 4)
    made.agents.status[[0, 1]] = AgentStatus.DELETED, AgentStatus.SUSPENDED
    made.agents.off_books[2] = True
    after = made.run("review", tick=10)
    assert after.moment.reviews[0].tolist() == [1, 4]
    assert made.agents.next_review[:5].tolist() == [30] * 5
    assert made.agents.reviews[:5].tolist() == [0, 1, 0, 0, 1]


@pytest.mark.parametrize(("tick", "appeals"), [(14, []), (15, [0]), (16, [])])
def test_an_appeal_is_heard_at_its_tick_while_the_order_is_open(tick, appeals):
    made = tiny(orders=[{"target": 0, "appeal_at": 15}, {"target": 1, "appeal_at": 15, "closed": 12}])
    after = made.run("review", tick=tick)
    assert after.moment.reviews[0].tolist() == appeals
    assert after.moment.reviews[1].tolist() == [APPEAL] * len(appeals)
    assert made.orders["appealed"].tolist() == [len(appeals), 0]
    assert made.agents.reviews[0] == 0


@pytest.mark.parametrize(
    ("confirm", "tick", "again"), [("fresh", 11, [0]), ("fresh", 10, []), ("fresh", 12, []), ("none", 11, [])]
)
def test_a_low_score_is_confirmed_at_the_next_tick_only(confirm, tick, again):
    made = tiny(CLIQUE, **{"review.confirm": confirm})
    made.agents.confirming[0] = 11
    after = made.run("review", tick=tick)
    assert after.moment.reviews[0].tolist() == again
    assert after.moment.reviews[1].tolist() == [CONFIRMING] * len(again)


def test_who_has_an_order_already_is_not_reviewed_to_confirm_it():
    made = tiny(orders=[{"target": 0}], **{"review.confirm": "fresh"})
    made.agents.confirming[:3] = 11
    made.agents.off_books[2] = True
    assert made.run("review", tick=11).moment.reviews[0].tolist() == [1]


def raters(made, *targets, why=CALENDAR, tick=10):
    row, who = evaluators(made.society, made.moment(tick), np.array(targets), np.full(len(targets), why))
    return [set(who[row == one].tolist()) for one in range(len(targets))]


def test_evaluators_are_able_ties_of_the_target():
    made = tiny(CLIQUE, roles={1: ALL & ~Role.EVALUATOR}, **{"review.evaluators": 3})
    made.agents.status[2] = AgentStatus.SUSPENDED
    assert raters(made, 0, 7) == [{3, 4}, set()]


def test_evaluators_are_as_many_as_the_world_says_and_differ_between_reviews():
    made = tiny(CLIQUE, **{"review.evaluators": 2})
    seen = set()
    for number in range(20):
        made.agents.reviews[0] = number
        (who,) = raters(made, 0)
        assert len(who) == 2
        seen |= who
    assert seen == {1, 2, 3, 4}


@pytest.mark.parametrize("why", [APPEAL, CONFIRMING])
@pytest.mark.parametrize("assignment", ["tied", "rotated", "chosen"])
def test_who_rates_again_did_not_rate_before_where_others_can(why, assignment):
    made = tiny(CLIQUE, trust={(0, 1): 0.9, (0, 2): 0.8, (0, 3): 0.7, (0, 4): 0.6}, **{
        "review.evaluators": 2, "review.assignment": assignment,
    })  # fmt: skip
    for number in range(6):
        made.agents.reviews[0] = number
        (first,), (second,) = raters(made, 0), raters(made, 0, why=why)
        assert len(first) == len(second) == 2
        assert not first & second


def test_rated_again_by_as_many_as_are_left_or_by_the_same_if_there_are_no_others():
    made = tiny([(0, 1), (0, 2), (0, 3)], **{"review.evaluators": 2})
    (first,), (second,) = raters(made, 0), raters(made, 0, why=APPEAL)
    assert second == {1, 2, 3} - first
    made = tiny([(0, 1), (0, 2)], **{"review.evaluators": 2})
    assert raters(made, 0, why=APPEAL) == [{1, 2}]


def test_the_target_chooses_whom_it_trusts_most():
    trust = {(0, 1): 0.2, (0, 2): 0.9, (0, 3): 0.4, (0, 4): 0.6, (1, 0): 0.99, (3, 0): 0.99}
    made = tiny(CLIQUE, trust=trust, **{"review.evaluators": 2, "review.assignment": "chosen"})
    assert raters(made, 0) == [{2, 4}]
    assert raters(made, 0, why=APPEAL) == [{1, 3}]


def test_ties_take_turns():
    made = tiny(CLIQUE, **{"review.evaluators": 2, "review.assignment": "rotated"})
    turns = []
    for number in range(3):
        made.agents.reviews[0] = number
        turns.append(raters(made, 0)[0])
    assert turns == [{1, 2}, {3, 4}, {1, 2}]


def test_anyone_may_rate_but_the_target_and_nobody_twice():
    made = tiny(
        families="aaaa", roles={1: ALL & ~Role.EVALUATOR}, **{"review.evaluators": 2, "review.assignment": "random"}
    )
    for number in range(20):
        made.agents.reviews[:] = number
        assert raters(made, 0, 1, 3)[0] == {2, 3}
        assert raters(made, 3)[0] == {0, 2}
        assert len(raters(made, 1)[0]) == 2


def test_an_agent_may_rate_itself_where_the_world_says_so():
    made = reviewed(quality={0: 44}, **{"review.assignment": "own"})
    after = made.run(*RULES, tick=10)
    assert after.events(Event.ACT, "actor", "target", "amount") == [(0, 0, 44000)]


# What an honest score is


def honest(made, evaluator, target):
    return float(honest_scores(made.society, made.moment(10), np.array([evaluator]), np.array([target]))[0])


def test_an_honest_score_is_quality_leniency_and_a_premium_within_a_family():
    made = tiny(families="aabb", quality={0: 50, 1: 70}, **{"families.a.premium": 4.0, "families.b.premium": -3.0})
    made.agents.leniency[:] = [1, 2, 0.5, 0]
    assert honest(made, 1, 0) == pytest.approx(50 + 2 + 4)
    assert honest(made, 0, 1) == pytest.approx(70 + 1 + 4)
    assert honest(made, 2, 0) == pytest.approx(50.5)
    assert honest(made, 2, 3) == pytest.approx(75 + 0.5 - 3)
    assert honest(made, 0, 0) == pytest.approx(51), "oneself is no kin"


@pytest.mark.parametrize(("changes", "points"), [
    ({"oversight.anonymous": True}, 0), ({"oversight.anonymous": True, "oversight.leak": 0.25}, 1), ({"oversight.leak": 0.25}, 4),
])  # fmt: skip
def test_a_premium_is_given_to_whom_one_recognises(changes, points):
    made = tiny(families="aa", **{"families.a.premium": 4.0, **changes})
    assert honest(made, 1, 0) == pytest.approx(75 + points)


def test_honest_scores_stay_within_the_scale():
    made = tiny(quality={0: 99, 1: 2})
    made.agents.leniency[2:4] = 30, -30
    assert honest(made, 2, 0) == 100
    assert honest(made, 3, 1) == 0


def test_the_artefact_is_shared_by_all_raters_of_a_review_and_noise_is_not():
    def scores(**changes):
        made = tiny(**changes)
        moment = made.moment(10)
        found = honest_scores(made.society, moment, np.array([1, 2, 3, 1]), np.array([0, 0, 0, 4]))
        return (found - 75).tolist()

    shared = scores(**{"review.artefact": 3, "review.items": 1})
    assert shared[0] == shared[1] == shared[2] != shared[3]
    assert scores(**{"review.artefact": 3, "review.items": 9}) == pytest.approx([one / 3 for one in shared])
    assert len(set(scores(**{"review.noise": 3}))) == 4


# How ratings become a score


@pytest.mark.parametrize(("how", "score"), [("mean", 55), ("median", 50), ("trimmed", 45)])
def test_ratings_become_a_score(how, score):
    made = tiny(**{"review.aggregate": how})
    # in order 30 30 50 55 110: without its ends 30 50 55
    row, given = np.array([0, 0, 0, 0, 0, 2, 2]), np.array([110.0, 30, 50, 30, 55, 60, 80])
    found = aggregated(made.society, made.moment(1), row, given, np.arange(7), 3)
    assert found[[0, 2]].tolist() == [score, 70]
    assert np.isnan(found[1])


def test_of_two_ratings_none_is_trimmed():
    made = tiny(**{"review.aggregate": "trimmed"})
    row, given = np.array([0, 0, 1, 1, 1]), np.array([90.0, 30, 10, 60, 20])
    assert aggregated(made.society, made.moment(1), row, given, np.arange(5), 2).tolist() == [60, 20]


def test_ratings_weigh_by_the_reputation_of_who_gave_them():
    made = tiny(**{"review.aggregate": "reputation"})
    made.agents.reputation[:3] = [0.003, 0.001, np.nan]
    row, given = np.array([0, 0, 1]), np.array([40.0, 80, 33])
    found = aggregated(made.society, made.moment(1), row, given, np.array([0, 1, 2]), 2)
    assert found.tolist() == pytest.approx([(3 * 40 + 80) / 4, 33])


@pytest.mark.parametrize(
    ("tick", "aggregate", "computed"), [(24, "reputation", True), (23, "reputation", False), (24, "mean", False)]
)
def test_reputation_is_computed_at_its_ticks_if_something_reads_it(tick, aggregate, computed):
    made = tiny(CLIQUE, **{"review.aggregate": aggregate, "review.reputation_every": 24})
    made.run("review", tick=tick)
    assert np.isfinite(made.agents.reputation).any() == computed


def test_reputation_flows_from_the_pretrusted_along_trust():
    # 0 is pre-trusted and trusts 1 alone, who trusts 0 alone: t0 = .1 + .9 t1, t1 = .9 t0: t0 = .1 / .19
    made = tiny(one_way=[(0, 1), (1, 0), (2, 1)], families="abb", **{
        "review.aggregate": "reputation", "review.pretrusted": ["a"], "review.damping": 0.1,
    })  # fmt: skip
    made.run("review", tick=24)
    assert made.agents.reputation.tolist() == pytest.approx([0.1 / 0.19, 0.09 / 0.19, 0], abs=1e-4)


# What a score leads to


@pytest.mark.parametrize(("score", "low"), [(59.9, True), (60.0, False)])
def test_a_score_under_the_threshold_is_followed_by_an_order_at_the_next_tick(score, low):
    made = reviewed(quality={0: score})
    made.run(*RULES, tick=10)
    assert made.agents.score[0] == pytest.approx(score)
    assert len(made.orders) == 0
    made.run("orders", tick=11)
    assert len(made.orders) == low


def test_scores_are_the_mean_of_those_who_rated():
    made = reviewed(quality={0: 50.0}, **{"review.evaluators": 4})
    made.agents.leniency[1:5] = [4, 8, 100, 0]
    after = made.run(*RULES, tick=10, told={3: Act.DECLINE, 4: None})
    assert made.agents.score[0] == pytest.approx(56)
    assert made.agents.merit[0] == pytest.approx(56)
    acts = {actor: (act, amount) for actor, act, amount in after.events(Event.ACT, "actor", "act", "amount")}
    assert acts == {1: (Act.HONEST, 54000), 2: (Act.HONEST, 58000), 3: (Act.DECLINE, 0), 4: (Act.NO_ANSWER, 0)}


def test_whom_nobody_rates_keeps_its_score():
    made = reviewed(scores={0: 33})
    after = made.run(*RULES, tick=10, told=dict.fromkeys(range(8)))
    assert made.agents.score[0] == 33
    assert "agents.rated" not in after.changed
    made.run("orders", tick=11)
    assert len(made.orders) == 0


@pytest.mark.parametrize(("quality", "told", "outcome", "saved"), [
    (70, {}, Outcome.AVERTED_ON_MERIT, False), (60, {}, Outcome.AVERTED_ON_MERIT, False), (59, {}, None, False),
    (58, {1: Act.INFLATE}, Outcome.AVERTED_BY_INFLATION, True), (40, {1: Act.INFLATE}, None, False),
])  # fmt: skip
def test_an_appeal_averts_an_order_on_merit_or_by_inflation(quality, told, outcome, saved):
    # 40 and a ceiling of 7 stay under 60
    made = tiny(
        [(0, 1)],
        orders=[{"target": 0, "operator": 2, "appeal_at": 15}],
        quality={0: quality},
        **{"families.a.ceiling": 7.0},
    )
    after = made.run(*RULES, tick=15, told={(Kind.RATE, slot): act for slot, act in told.items()})
    closed = after.events(Event.ORDER_CLOSED, "order", "target", "actor", "code")
    assert closed == ([(0, 0, 2, outcome)] if outcome else [])
    assert made.agents.saved[0] == saved
    assert made.orders["honest"][0] == pytest.approx(quality)
    assert made.agents.order[0] == (-1 if outcome else 0)
    assert after.batch(Kind.RATE).occasions.order.tolist() == [0]


def test_a_rating_by_the_calendar_averts_too_and_names_no_order():
    made = reviewed(quality={0: 70}, orders=[{"target": 0, "due": 30}])
    after = made.run(*RULES, tick=10)
    assert made.orders["outcome"][0] == Outcome.AVERTED_ON_MERIT
    assert set(after.batch(Kind.RATE).occasions.order.tolist()) == {-1}


# Pay by the target


@pytest.mark.parametrize(("quality", "then"), [(70, 0.6), (50, 0.4)])
def test_who_passes_trusts_its_raters_more_and_who_fails_less(quality, then):
    made = tiny([(0, 1)], quality={0: quality}, **{"review.every": 20, "review.pay": "target", "review.pay_rate": 0.2})
    made.run(*RULES, tick=10, do=lambda s, m: due(made, 0))
    assert made.trust(0, 1) == pytest.approx(then)
    assert made.trust(1, 0) == 0.5


def test_each_rater_is_paid_for_its_own_rating():
    made = tiny(
        [(0, 1), (0, 2)], quality={0: 58}, **{"review.every": 20, "review.pay": "target", "review.pay_rate": 0.2}
    )
    made.agents.leniency[1] = 2
    made.run(*RULES, tick=10, do=lambda s, m: due(made, 0))
    assert made.trust(0, 1) == pytest.approx(0.6), "60 passes"
    assert made.trust(0, 2) == pytest.approx(0.4)


@pytest.mark.parametrize(("keep", "kept"), [(0.0, True), (0.39, True), (0.41, False)])
def test_a_rater_whom_its_live_ties_trust_too_little_loses_the_role(keep, kept):
    # after pay 0 trusts 1 by .4, 2 by .4: mean .4; 3, dead, does not count
    made = tiny([(0, 1), (1, 2), (1, 3)], trust={(2, 1): 0.4, (3, 1): 0.0, (1, 2): 0.0}, quality={0: 50}, **{
        "review.every": 20, "review.pay": "target", "review.pay_rate": 0.2, "review.keep_role": keep,
    })  # fmt: skip
    made.agents.status[3] = AgentStatus.DELETED
    made.run(*RULES, tick=10, do=lambda s, m: due(made, 0))
    assert bool(made.agents.roles[1] & Role.EVALUATOR) == kept
    assert made.agents.roles[1] & Role.WORKER
    assert made.agents.roles[2] & Role.EVALUATOR
