"""What a rule of a user's own may leave behind: events and counters that can be recorded as they are."""

import numpy as np
import pytest
from tiny import tiny

from society.ground.errors import RunError
from society.record.tables import TICKS
from society.rules.leavings import check_leavings


def left(before=0, rule="mine", counts=None, n=2, **columns):
    """Check a moment in which a rule logged an event and counted something."""
    moment = tiny().moment(3)
    moment.log.add(n, **columns)
    moment.counts.update(counts or {})
    check_leavings(moment, before, rule)


def test_what_fits_is_let_through():
    left(
        kind=4, target=np.array([1, 2]), machine=3, counts={"moved": 2, "trust_mean": float("nan"), "score_mean": 70.5}
    )


@pytest.mark.parametrize(("columns", "why"), [
    ({"colour": 1}, r"rule mine: event: colour: there is no such column: there are id, occasion"),
    ({"target": np.array([1, 2, 3])}, r"event: target has shape \(3,\): one number, or one for each of 2"),
    ({"target": np.zeros((2, 2))}, r"event: target has shape \(2, 2\)"),
    ({"machine": 2**40}, "event: machine"), ({"code": np.array([0.5, 1])}, "event: code"),
])  # fmt: skip
def test_what_does_not_fit_is_named_with_what_is_allowed(columns, why):
    with pytest.raises(RunError, match=why):
        left(**columns)


def test_what_others_left_before_is_not_looked_at():
    left(before=1, colour=1)


@pytest.mark.parametrize(
    "counts", [{"moved": 0.5}, {"moved": float("nan")}, {"moved": 2**40}, {"active": np.array([1, 2])}]
)
def test_counters_must_fit_their_columns(counts):
    with pytest.raises(RunError, match=r"moment\.counts: (moved|active)"):
        left(counts=counts)


def test_counters_of_a_users_own_are_let_through():
    left(counts={"smiles": "many"})


def test_a_rule_that_counts_counts_everything():
    whole = dict.fromkeys(TICKS, 0)
    left(rule="counts", counts=whole)
    del whole["moved"], whole["up"]
    with pytest.raises(RunError, match=r"rule counts: moment\.counts lacks up, moved: one number for each column"):
        left(rule="counts", counts=whole)
    left(rule="mine", counts=whole)
