"""Means over few seeds: bounds by hand and by scipy, and how often they are wrong where the truth is known."""

import math

import numpy as np
import pytest
from scipy import stats

from society.bench.verdicts import DATA, worst
from society.stats.jackknife import bounds_from, jackknife, pseudo_values
from society.stats.seed_means import inner_interval, mean_estimate, p_above, p_below, p_other

# Student (1908), additional hours of sleep by two drugs in the same ten patients (R: datasets::sleep), the difference.
SLEEP = np.array([1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4])


def test_students_patients():
    # R: t.test(extra ~ group, paired = TRUE): p = 0.002833, interval 0.70 .. 2.46; skewed to the right.
    found = mean_estimate(SLEEP)
    assert found.value == pytest.approx(1.58)
    assert found.low <= 0.7001143
    assert found.high > 2.4598858
    assert found.high - found.value > found.value - found.low
    assert 0.002833 <= p_other(SLEEP) < 0.01
    assert 0.002833 / 2 <= p_above(SLEEP, 0.0) < 0.006
    assert p_below(SLEEP, 0.0) > 0.99


@pytest.mark.parametrize("values", [SLEEP, np.array([3.0, 1.0, 2.0, 7.0]), np.arange(30.0) ** 2])
def test_bounds_are_where_the_tests_turn(values):
    """An interval holds what is not rejected, and mirrored values have mirrored bounds."""
    found, (low, high) = mean_estimate(values), inner_interval(values)
    assert p_other(values, found.low) == pytest.approx(0.05, rel=0.1)
    assert p_above(values, low) == pytest.approx(0.05, rel=0.1)
    assert p_below(values, high) == pytest.approx(0.05, rel=0.1)
    assert found.low < low < found.value < high < found.high
    turned = mean_estimate(-values)
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low))
    moved = mean_estimate(5 + 2 * values)
    assert (moved.low, moved.high) == pytest.approx((5 + 2 * found.low, 5 + 2 * found.high))


def test_many_symmetric_values_have_students_interval():
    values = np.random.default_rng(3).normal(size=2000)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    found = mean_estimate(values)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=2e-3)


def test_yes_and_no_are_counted_as_scipy_counts():
    for k, n in ((0, 10), (3, 12), (12, 12)):
        values = np.repeat([1.0, 0.0], [k, n - k])
        exact = stats.binomtest(k, n).proportion_ci(0.95, "exact")
        found = mean_estimate(values)
        assert (found.low, found.high, found.method) == (pytest.approx(exact.low), pytest.approx(exact.high), "exact")
        assert p_above(values, 0.4) == pytest.approx(stats.binomtest(k, n, 0.4, "greater").pvalue)
        assert p_below(values, 0.4) == pytest.approx(stats.binomtest(k, n, 0.4, "less").pvalue)


def test_differences_of_yes_and_no():
    """Twelve of twelve that only one condition has: both shares missed with half of .025."""
    found = mean_estimate(np.ones(12), differences=True)
    edge = 0.0125 ** (1 / 12)
    assert (found.low, found.high) == pytest.approx((edge - (1 - edge), 1.0))
    assert p_above(np.ones(12), 0.0, differences=True) == pytest.approx(2 * 0.5**12)
    assert p_other(np.zeros(9), differences=True) == 1.0


def test_few_and_equal_values():
    assert math.isnan(mean_estimate([1.0, 2.0]).low)
    assert math.isnan(p_above([1.0, 2.0], 0.0))
    assert mean_estimate([1.0, 2.0]).method == "none"
    alike = mean_estimate([2.5] * 6)
    assert (alike.low, alike.high, alike.method) == (2.5, 2.5, "alike")
    assert (p_above([2.5] * 6, 0.0), p_above([2.5] * 6, 2.5), p_below([2.5] * 6, 0.0)) == (1 / 64, 1.0, 1.0)
    assert math.isnan(mean_estimate([]).value)


def test_a_jackknife_of_a_mean_is_the_mean():
    values = [1.0, 4.0, 2.5, 3.0, 9.0]
    direct, found = mean_estimate(values), jackknife([values], np.mean)
    assert (found.value, found.low, found.high) == pytest.approx((direct.value, direct.low, direct.high))
    # A variance with divisor n is biased by -variance / n; the mean of its pseudo-values is the unbiased one.
    pseudo, _ = pseudo_values(lambda rows: float(np.var(np.array(values)[rows])), 5)
    assert pseudo.mean() == pytest.approx(np.var(values, ddof=1))


def test_scales():
    assert bounds_from("log", 0.0, math.log(2)) == pytest.approx((1.0, 2.0))
    assert bounds_from("log of the rest", math.log(0.2), math.log(0.5)) == pytest.approx((0.5, 0.8))
    one, other = np.array([2.0, 3.0, 5.0, 4.0]), np.array([1.0, 3.0, 2.0, 2.0])
    there = jackknife([one, other], lambda a, b: a.mean() / b.mean(), "log")
    back = jackknife([other, one], lambda a, b: a.mean() / b.mean(), "log")
    assert (1 / back.high, 1 / back.low) == pytest.approx((there.low, there.high))
    assert jackknife([one - 9, other], lambda a, b: a.mean() / b.mean(), "log").low < 0  # no logarithm: plain


@pytest.mark.parametrize("n", [3, 12])
def test_errors_are_as_often_as_they_may_be(n):
    """.06 at most, and three standard errors of what is drawn here; Student's t comes to .2 at 8 (see below)."""
    times = 300
    for what, rate, name in worst(n, times):
        drawn = times // 4 if "Holm" in what else times
        assert rate <= 0.06 + 3 * math.sqrt(0.06 * 0.94 / drawn), (what, name)


def test_students_t_is_wrong_too_often_on_skewed_values():
    of, truth = DATA["log-normal"]
    values = of(np.random.default_rng(1).uniform(size=(2000, 8)))
    wrong = np.mean(stats.ttest_1samp(values, truth, axis=1, alternative="less").pvalue < 0.05)
    assert wrong > 0.15


def test_no_interval_leaves_what_is_possible():
    """Three shares near 0: their mean is no negative one, whatever the spread; nor is a difference of shares beyond -1 and 1."""
    few = [0.02, 0.0, 0.1]
    assert mean_estimate(few).low < 0
    found = mean_estimate(few, possible=(0.0, 1.0))
    assert (found.low, found.high) == (0.0, mean_estimate(few).high)
    assert mean_estimate([0.9, 0.5, 1.0], possible=(0.0, 1.0)).high == 1.0
    assert mean_estimate([-0.9, 0.3, -1.0], differences=True, possible=(0.0, 1.0)).low == -1.0
    counts = mean_estimate([0.0, 1.0, 9.0], possible=(0.0, math.inf))
    assert counts.low == 0
    assert counts.high == mean_estimate([0.0, 1.0, 9.0]).high
    assert math.isnan(mean_estimate([0.5], possible=(0.0, 1.0)).low)
