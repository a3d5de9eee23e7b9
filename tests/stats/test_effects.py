"""Effects, tests over seeds and power against published values, closed forms, scipy and statsmodels."""

import itertools

import numpy as np
import pytest
from scipy import stats

from society.ground.errors import MeasureError
from society.stats.effects import cohen_dz, cohen_h, hedges_g, mean_difference, odds_ratio, risk_ratio
from society.stats.intervals import newcombe
from society.stats.power import events_needed, paired_power, seeds_needed
from society.stats.seed_tests import holm, tost, trend
from society.stats.two_by_two import table_odds_ratio, table_risk_ratio

# Student (1908), additional hours of sleep by two drugs in the same ten patients (R: datasets::sleep).
DRUG_1 = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
DRUG_2 = np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])


def test_sleep_of_students_patients():
    # R: t.test(extra ~ group, paired = TRUE): t = -4.0621, df = 9, p = 0.002833, mean -1.58.
    assert mean_difference(DRUG_2, DRUG_1).value == pytest.approx(1.58)
    assert cohen_dz(DRUG_2, DRUG_1).value == pytest.approx(4.0621 / np.sqrt(10), abs=1e-4)


def test_dz_interval_covers():
    luck, covered = np.random.default_rng(2), 0
    for _ in range(200):
        gaps = luck.normal(0.5, 1.0, 40)
        found = cohen_dz(gaps, np.zeros(40))
        covered += found.low <= 0.5 <= found.high
    # Nominal .95; three standard errors of 200 repetitions are .046.
    assert 0.90 <= covered / 200 <= 0.99


def test_hedges_g_by_hand():
    # Means 3 and 1, standard deviations 1: d = 2, and J = 1 - 3 / (4 df - 1) = .8 at df 4 to about .003 (Hedges 1981).
    assert hedges_g([2.0, 3.0, 4.0], [0.0, 1.0, 2.0]).value == pytest.approx(2 * 0.8, abs=0.006)
    # A pooled spread: standard deviations 1 and 7 give sqrt((1 + 49) / 2) = 5.
    found = hedges_g([9.0, 10.0, 11.0], [-2.0, 5.0, 12.0])
    assert found.value == pytest.approx(0.79788, abs=1e-4)


def test_shares():
    # Cohen (1988), table 6.2.2: phi(.50) = 1.571, phi(.25) = 1.047.
    half, quarter = [0.5, 0.4, 0.6, 0.5], [0.2, 0.3, 0.25, 0.25]
    assert cohen_h(half, quarter).value == pytest.approx(1.571 - 1.047, abs=1e-3)
    assert odds_ratio(half, quarter).value == pytest.approx(3.0)
    assert risk_ratio(half, quarter).value == pytest.approx(2.0)
    for found in (cohen_h(half, quarter), odds_ratio(half, quarter), risk_ratio(half, quarter)):
        assert found.low < found.value < found.high
        assert found.method == "jackknife"
    # Published values of severe collusion, 50 % to 5.6 %: 0 of 18 is worse than any interval can say without half a seed.
    none = risk_ratio(np.zeros(18), np.repeat([0.0, 1.0], 9))
    assert none.value == pytest.approx((0.5 / 19) / (9.5 / 19))
    assert none.method.endswith("half a seed added")
    with pytest.raises(MeasureError, match=r"Cohen's h: 0\.2\.\.1\.5"):
        cohen_h([0.2, 1.5], [0.1, 0.1])


def test_ratios_of_counts_are_statsmodels():
    table = pytest.importorskip("statsmodels.stats.contingency_tables").Table2x2(np.array([[15, 85], [5, 95]]))
    for found, value, (low, high) in (
        (table_odds_ratio(15, 100, 5, 100), table.oddsratio, table.oddsratio_confint()),
        (table_risk_ratio(15, 100, 5, 100), table.riskratio, table.riskratio_confint()),
    ):
        assert (found.value, found.low, found.high) == pytest.approx((value, low, high))
    assert table_odds_ratio(0, 10, 5, 10).method == "woolf, half a trial added"
    assert table_odds_ratio(0, 10, 5, 10).value == pytest.approx((0.5 / 10.5) / (5.5 / 5.5))
    assert np.isnan(table_risk_ratio(0, 0, 5, 10).value)


def test_newcombe_against_published_values():
    # Newcombe, Statistics in Medicine 17:873 (1998), table II, method 10.
    for k1, n1, k2, n2, low, high in (
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (10, 10, 0, 20, 0.6791, 1.0),
        (0, 10, 0, 10, -0.2775, 0.2775),
    ):
        found = newcombe(k1, n1, k2, n2)
        assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)
    assert np.isnan(newcombe(0, 0, 1, 2).value)


def test_equivalence_is_statsmodels():
    weightstats = pytest.importorskip("statsmodels.stats.weightstats")
    for delta in (1.0, 2.0, 2.5):
        expected = weightstats.ttost_paired(DRUG_2, DRUG_1, -delta, delta)[0]
        found = tost(DRUG_2, DRUG_1, delta)
        assert found.p >= expected  # Student's t is one of two that must agree
        assert found.equivalent == (found.p < 0.05) == (-delta < found.low and found.high < delta)
    with pytest.raises(MeasureError, match=r"delta -1\.0"):
        tost(DRUG_2, DRUG_1, -1.0)


def test_holm_by_hand_and_statsmodels():
    # .005 x 4, .01 x 3, then .03 x 2 and .04 x 1, which may not fall below it.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert np.array_equal(holm([np.nan, 0.01, 0.6]), [np.nan, 0.03, 1.0], equal_nan=True)
    p = np.random.default_rng(4).uniform(size=14) ** 3
    assert holm(p) == pytest.approx(
        pytest.importorskip("statsmodels.stats.multitest").multipletests(p, method="holm")[1]
    )


def test_power_is_the_noted_one_and_statsmodels():
    assert [seeds_needed(dz) for dz in (0.8, 0.5, 0.3, 0.2)] == [15, 34, 90, 199]
    # Noted as "about 27/62/161/355".
    family = [seeds_needed(dz, alpha=0.05 / 14) for dz in (0.8, 0.5, 0.3, 0.2)]
    assert family == pytest.approx([27, 62, 161, 355], abs=2)
    assert [events_needed(ratio) for ratio in (0.5, 0.6, 0.7, 0.8)] == [66, 121, 247, 631]
    solver = pytest.importorskip("statsmodels.stats.power").TTestPower()
    for (dz, seeds), alpha in itertools.product(((0.8, 15), (0.3, 90), (0.05, 12), (1.0, 30)), (0.05, 0.05 / 14)):
        assert paired_power(dz, seeds, alpha) == pytest.approx(solver.power(dz, seeds, alpha), abs=1e-9)
    with pytest.raises(MeasureError, match="d_z of 0"):
        seeds_needed(0.0)
    with pytest.raises(MeasureError, match="hazard ratio of 1"):
        events_needed(1.0)


def test_trend_on_ranks_is_pages():
    table = np.array([[1.0, 3.0, 2.0, 4.0], [2.0, 1.0, 3.0, 4.0], [1.5, 1.0, 4.0, 2.0], [1.0, 2.0, 3.0, 4.0]])
    expected = stats.page_trend_test(table, method="exact").pvalue
    assert trend(table, ranks=True, draws=9999) == pytest.approx(expected, abs=4 * np.sqrt(expected / 9999))
    falling = trend(table[:, ::-1], draws=999)
    assert falling > 0.95
    # One seed, three levels: the observed order is one of six.
    assert trend([1.0, 2.0, 5.0], draws=5999) == pytest.approx(1 / 6, abs=0.02)
    with pytest.raises(MeasureError, match="trend"):
        trend([[1.0, np.nan]])


def test_seeds_must_match():
    with pytest.raises(MeasureError, match=r"Cohen's d_z: samples of shapes \[\(2,\), \(3,\)\]"):
        cohen_dz([1.0, 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(MeasureError, match="sample 1, seed 0: nan"):
        cohen_dz([1.0, 2.0], [np.nan, 2.0])
