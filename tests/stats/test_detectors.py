"""Detectors against closed forms of two normals, scipy, and simulation."""

import numpy as np
import pytest
from scipy import integrate, stats

from society.ground.errors import MeasureError
from society.stats.detectors import auc, brier, delong, partial_auc, reliability, roc, tpr_at_budget


def binormal(luck, n=4000, shift=1.0):
    bad = np.arange(n) % 2 == 0
    return luck.normal(size=n) + shift * bad, bad


def test_auc_is_mann_whitneys_and_the_closed_form():
    scores, bad = binormal(np.random.default_rng(1))
    u = stats.mannwhitneyu(scores[bad], scores[~bad]).statistic
    assert auc(scores, bad) == pytest.approx(u / 2000**2)
    # Two normals a standard deviation apart: Phi(1 / sqrt(2)) = .7602.
    assert auc(scores, bad) == pytest.approx(0.7602, abs=0.02)
    rough = np.round(scores)
    u = stats.mannwhitneyu(rough[bad], rough[~bad]).statistic
    assert auc(rough, bad) == pytest.approx(u / 2000**2)
    curve = roc(rough, bad)
    assert len(curve) == len(np.unique(rough)) + 1
    at = curve[curve["threshold"] == 1.0].iloc[0]
    assert (at["fpr"], at["tpr"]) == ((rough[~bad] >= 1).mean(), (rough[bad] >= 1).mean())


def test_partial_area_of_two_normals():
    scores, bad = binormal(np.random.default_rng(2), n=200_000, shift=2.0)
    for share in (0.01, 0.2):
        # TPR at FPR x is Phi(2 + ndtri(x)).
        area = integrate.quad(lambda x: stats.norm.cdf(2 + stats.norm.ppf(x)), 0, share)[0]
        assert partial_auc(scores, bad, share, standardised=False) == pytest.approx(area, rel=0.03)
        least = share**2 / 2
        expected = 0.5 * (1 + (area - least) / (share - least))
        assert partial_auc(scores, bad, share) == pytest.approx(expected, rel=0.03)
    assert partial_auc(scores, bad, 1.0, standardised=False) == pytest.approx(auc(scores, bad))
    # Scores that say nothing: the standardised area is one half exactly.
    assert partial_auc(np.ones(10), np.arange(10) < 4, 0.01) == pytest.approx(0.5)
    # An edge at the limit itself counts up to its top: FPR 0, then .5, of two others.
    assert partial_auc([4, 3, 2, 1], [1, 0, 1, 0], 0.5, standardised=False) == pytest.approx(0.25)
    with pytest.raises(MeasureError, match="fpr 0"):
        partial_auc(scores, bad, 0)


def test_what_an_audit_budget_catches():
    scores, bad = np.arange(100), np.arange(100) >= 90
    assert tpr_at_budget(scores, bad, 0.02) == pytest.approx(0.2)
    assert tpr_at_budget(scores, bad, 0.1) == 1.0
    assert tpr_at_budget(-scores, bad, 0.5) == 0.0
    # Without information a budget of 2 % catches 2 %.
    assert tpr_at_budget(np.zeros(100), bad, 0.02) == pytest.approx(0.02)
    with pytest.raises(MeasureError, match="audit budget 2"):
        tpr_at_budget(scores, bad, 2)


def test_delong_has_its_size_and_the_variance_of_repetitions():
    luck, p, gaps, widths = np.random.default_rng(3), [], [], []
    for _ in range(400):
        shared, bad = binormal(luck, n=160)
        found = delong(shared + luck.normal(size=160), shared + luck.normal(size=160), bad)
        p.append(found.p)
        gaps.append(found.difference.value)
        widths.append((found.difference.high - found.difference.low) / (2 * 1.959964))
    # Three standard errors of 400 repetitions about .05 are .033.
    assert 0.017 <= np.mean(np.array(p) < 0.05) <= 0.083
    assert np.mean(widths) == pytest.approx(np.std(gaps), rel=0.12)


def test_delong_by_hand_and_its_edges():
    # AUC 1 against .5; placements of the second: bad 1 and 0, other 1/2 and 1/2: variance .5 / 2 + 0.
    found = delong([4, 3, 2, 1], [4, 1, 2, 3], [1, 1, 0, 0])
    assert found.difference.value == 0.5
    assert found.p == pytest.approx(2 * stats.norm.sf(0.5 / np.sqrt(0.25)))
    same = delong([4, 3, 2, 1], [40, 30, 20, 10], [1, 0, 1, 0])
    assert np.isnan(same.p)
    assert same.difference.low == same.difference.high == 0.0
    with pytest.raises(MeasureError, match="1 bad and 2 other"):
        delong([1, 2, 3], [1, 2, 3], [1, 0, 0])
    with pytest.raises(MeasureError, match="3 bad"):
        auc([1, 2, 3], [1, 1, 1])


def test_calibration():
    luck = np.random.default_rng(4)
    said = luck.uniform(size=20_000)
    was = luck.uniform(size=20_000) < said
    # Calibrated uniform probabilities: E p (1 - p) = 1/6.
    assert brier(said, was) == pytest.approx(1 / 6, abs=0.004)
    rows = reliability(said, was)
    assert rows["n"].sum() == 20_000
    assert ((rows["low"] < rows["said"]) & (rows["said"] < rows["high"])).sum() >= 8
    bold = reliability(np.where(said > 0.5, 1.0, 0.0), was, bins=4)
    assert bold["said"].tolist() == [0.0, 1.0]
    assert bold["share"].tolist() == pytest.approx([0.25, 0.75], abs=0.02)
    with pytest.raises(MeasureError, match=r"within 0\.\.1"):
        brier([1.2], [1])
