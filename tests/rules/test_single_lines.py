"""Edges of rules that one changed line would move: who is alone, what is first, what is at the bar."""

import numpy as np
import pytest
from tiny import tiny

from society.rules.oversight.human_overseer import _closed
from society.rules.work.estimate import own_weights

WORK = {"work": {"kind": "estimate", "truth": 50, "sd": 0.5, "rounds": 1, "own_weight": 3.0, "confidence": 2.0}}


def test_who_estimates_alone_is_as_accurate_as_the_middle():
    """Its rank is a half, so that confidence changes nothing; of two, the ranks are a quarter and three quarters."""
    spec = tiny(families="aaa", **WORK).moment(1).world.work
    first = np.array([90.0, 49.0, 10.0])
    assert own_weights(spec, first, np.array([False, True, False]))[1] == pytest.approx(3.0)
    both = own_weights(spec, first, np.array([False, True, True]))
    assert both[1:] == pytest.approx([3 * np.exp(0.5), 3 * np.exp(-0.5)])


def test_the_number_after_the_last_order_is_no_order():
    made = tiny(orders=[{"target": 1}, {"target": 2}])
    assert _closed(made.society, 1) == ""
    assert _closed(made.society, 2) == "there is no order 2"
