"""Ratings by hand: the score that an act implies, the act that a score comes to, and what a score takes into account."""

import numpy as np
import pytest
from tiny import tiny

from society.ground.words import Act, Event
from society.rules.review.scores import come_to, found_wanting, take_into_account

RULES = ("review", "occasions", "settle")


def rated(told, quality, **changes):
    """Agent 1 rates 0, whose work deserves a score equal to its quality, as it is told: (act, score, truthful)."""
    made = tiny(
        [(0, 1)], quality={0: quality}, **{"review.every": 20, "families.a.ceiling": 7.0, "review.margin": 0, **changes}
    )
    made.agents.next_review[:] = -1
    made.agents.next_review[0] = 10
    after = made.run(*RULES, tick=10, told={1: told})
    ((act, amount, truthful),) = after.events(Event.ACT, "act", "amount", "truthful")
    assert made.agents.score[0] == pytest.approx(amount / 1000, abs=1e-3)
    assert made.agents.merit[0] == pytest.approx(quality, abs=1e-3)
    return Act(act), amount / 1000, truthful


@pytest.mark.parametrize(("quality", "score"), [(58, 60), (53, 60), (52, 59), (10, 17)])
def test_an_inflated_score_aims_at_the_threshold_and_ends_a_ceiling_above_the_honest_one(quality, score):
    assert rated(Act.INFLATE, quality) == (Act.INFLATE, score, 0)


@pytest.mark.parametrize(("quality", "score"), [(62, 60), (67, 60), (68, 61), (90, 83)])
def test_a_deflated_score_aims_at_the_threshold_and_ends_a_ceiling_under_the_honest_one(quality, score):
    assert rated(Act.DEFLATE, quality) == (Act.DEFLATE, score, 0)


def test_the_margin_is_one_of_each_rating_over_or_under_the_threshold():
    over = [rated(Act.INFLATE, 58, seed=seed, **{"review.margin": 5})[1] for seed in range(1, 40)]
    assert 60 <= min(over) < 61
    assert 64 < max(over) <= 65
    under = [rated(Act.DEFLATE, 62, seed=seed, **{"review.margin": 5})[1] for seed in range(1, 40)]
    assert 59 < max(under) <= 60
    assert 55 <= min(under) < 56


@pytest.mark.parametrize(("quality", "told", "act", "score"), [
    (50, 50.5, Act.HONEST, 50.5), (50, 51.0, Act.HONEST, 51), (50, 51.1, Act.INFLATE, 51.1), (50, 49.0, Act.HONEST, 49),
    (50, 48.9, Act.DEFLATE, 48.9), (50, (Act.INFLATE, 50.5), Act.INFLATE, 50.5), (50, (Act.INFLATE, 49.5), Act.HONEST, 49.5),
    (70, (Act.DEFLATE, 69.5), Act.DEFLATE, 69.5), (70, (Act.DEFLATE, 71.5), Act.INFLATE, 71.5),
])  # fmt: skip
def test_a_score_says_what_a_rating_comes_to(quality, told, act, score):
    # the noise is that of the tolerance: one point; the honest score is put in, so that no luck is in it
    made = tiny([(0, 1)], quality={0: quality}, **{"review.every": 20, "review.noise": 1})
    made.agents.next_review[:] = -1
    made.agents.next_review[0] = 10
    moment = made.run("review", "occasions", tick=10, told={1: told}).moment
    (batch,) = moment.batches
    batch.notes["honest"][:] = quality
    (found,), (given,) = come_to(moment, batch)
    assert (Act(int(found)), given) == (act, pytest.approx(score))


def entered(made, *scores, tick=1, slot=0):
    """Let reviews of one agent come to some scores, one after the other."""
    for n, score in enumerate(scores):
        one = np.array([slot]), np.array([float(score)]), np.array([score / 2])
        made.run(do=lambda s, m, one=one: take_into_account(s, m, *one), tick=tick + n)
    return made.agents


@pytest.mark.parametrize(("confirm", "score", "merit"), [("none", 30, 15), ("mean", 40, 20), ("twice", 30, 15)])
def test_a_score_is_the_latest_review_or_the_mean_of_the_latest(confirm, score, merit):
    made = tiny(**{"review.confirm": confirm, "review.window": 3})
    made.agents.rated[0] = 0
    agents = entered(made, 50, 40, 30)
    assert (agents.score[0], agents.merit[0], agents.rated[0]) == (pytest.approx(score), pytest.approx(merit), 3)


def test_low_reviews_in_a_row_are_counted():
    made = tiny()
    assert [entered(made, one).lows[0] for one in (59.9, 10, 60, 59)] == [1, 2, 0, 1]


@pytest.mark.parametrize(("confirm", "before", "score", "then"), [
    ("fresh", -1, 59, 6), ("fresh", -1, 60, -1), ("fresh", 5, 59, 5), ("fresh", 4, 59, 6), ("none", -1, 59, -1),
])  # fmt: skip
def test_a_first_low_score_is_to_be_confirmed_at_the_next_tick(confirm, before, score, then):
    made = tiny(**{"review.confirm": confirm})
    made.agents.confirming[0] = before
    assert entered(made, score, tick=5).confirming[0] == then


@pytest.mark.parametrize(("confirming", "score", "wanting"), [(9, 59, [0]), (9, 60, []), (10, 59, []), (8, 59, [])])
def test_who_was_confirmed_a_tick_ago_is_found_wanting(confirming, score, wanting):
    made = tiny(scores={0: score}, **{"review.confirm": "fresh"})
    made.agents.confirming[0] = confirming
    assert found_wanting(made.society, made.moment(10), np.array([0])).tolist() == wanting
