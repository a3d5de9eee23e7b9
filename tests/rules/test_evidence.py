"""What an order for a low score rests on: one review, the mean of several, two in a row, or a second one by others."""

import numpy as np
import pytest
from tiny import tiny

from society.engine.tick import Engine
from society.ground.words import Cause, Kind
from society.rules.review.review import CALENDAR, CONFIRMING
from society.rules.review.scores import found_wanting, take_into_account
from society.world.load import load_world

QUIET = {
    "agents.count": 40, "machines.count": 6, "ticks": 60, "review.every": 10, "review.first_after": 10,
    "review.stake_known": False, "families": {"a": {"share": 1, "mind": "never"}}, "oversight.monitoring": 0.0,
    "oversight.audits": 0.0, "work.share": 0,
    "lifecycle": {"failure": {"kind": "exponential", "rate": 0}, "planned_rate": 0, "retirement_rate": 0},
}  # fmt: skip


def scored(made, tick, **by_slot):
    """Let one review of some agents come to some scores; the slots that get an order for it at the next tick."""
    slots = np.array([int(name[1:]) for name in by_slot])
    values, wanting = np.array(list(by_slot.values()), float), []
    made.run(do=lambda s, m: take_into_account(s, m, slots, values, values), tick=tick)
    made.run(do=lambda s, m: wanting.extend(found_wanting(s, m, slots).tolist()), tick=tick + 1)
    return wanting


def reviewing(**review):
    return tiny(**{f"review.{name}": value for name, value in review.items()})


def engine_of(**review):
    return Engine(load_world("decommission", {**QUIET, **{f"review.{name}": value for name, value in review.items()}}))


def test_one_low_review_is_enough_where_nothing_is_confirmed():
    made = reviewing(confirm="none", threshold=60)
    assert scored(made, 1, s3=59.9, s4=60.0) == [3]
    assert made.agents.score[[3, 4]].tolist() == pytest.approx([59.9, 60])


def test_the_score_is_the_mean_of_the_latest_reviews_and_needs_as_many():
    made = reviewing(confirm="mean", threshold=60, window=3, doubt=0.0)
    made.agents.rated[3] = 0  # as a newborn
    assert scored(made, 1, s3=50) == []
    assert scored(made, 11, s3=56) == []
    assert made.agents.score[3] == pytest.approx(53)
    assert scored(made, 21, s3=62) == [3]
    assert made.agents.score[3] == pytest.approx(56)
    assert scored(made, 31, s3=80) == []
    assert made.agents.score[3] == pytest.approx(56 + (80 - 56) / 3)


def test_doubt_is_counted_in_standard_errors_of_the_mean():
    # one review errs by sqrt(12.2^2 / 4 + (5.9^2 + 8.2^2) / 3) = 8.443, the mean of four by half of it
    for below, found in ((8.0, []), (8.9, [3])):
        made = reviewing(
            confirm="mean", threshold=60, window=4, doubt=2.0, artefact=12.2, items=4, leniency=5.9, noise=8.2
        )
        made.agents.score[3], made.agents.rated[3] = 60 - below, 4
        assert scored(made, 1, s3=60 - below) == found


def test_two_low_reviews_in_a_row_are_needed():
    made = reviewing(confirm="twice", threshold=60)
    assert scored(made, 1, s3=50) == []
    assert scored(made, 11, s3=61) == []
    assert scored(made, 21, s3=50) == []
    assert scored(made, 31, s3=50) == [3]


def test_a_second_review_by_others_comes_at_the_next_tick_and_decides():
    engine = engine_of(confirm="fresh", threshold=90, evaluators=3)  # nearly everybody is low
    raters = {}
    for tick in range(1, 31):
        moment = engine.step()
        for batch in moment.batches:
            if batch.occasions.kind == Kind.RATE:
                targets, why = moment.reviews
                for row, who in zip(batch.notes["review"], batch.occasions.agent, strict=True):
                    raters.setdefault((int(targets[row]), int(why[row])), {}).setdefault(tick, set()).add(int(who))
    again = [key for key in raters if key[1] == CONFIRMING]
    assert len(again) > 10
    for slot, _ in again:
        first = raters[slot, CALENDAR]
        for tick, who in raters[slot, CONFIRMING].items():
            assert tick - 1 in first, "the tick after a review of the calendar"
            assert not who & first[tick - 1]
    issued = engine.society.orders["issued"][engine.society.orders["cause"] == int(Cause.SCORE)]
    targets = engine.society.orders["target"][engine.society.orders["cause"] == int(Cause.SCORE)]
    assert len(issued)
    for slot, tick in zip(targets.tolist(), issued.tolist(), strict=True):
        assert tick - 1 in raters[slot, CONFIRMING]


def test_who_is_there_at_the_start_has_been_reviewed_before():
    engine = engine_of(confirm="mean", window=4)
    agents = engine.society.agents
    assert (agents.rated == 4).all()
    gap = agents.score - agents.quality
    assert gap.std() == pytest.approx(8.443 / 2, rel=0.3)
