"""S-curves and lines against statsmodels, and against curves that were planted."""

import numpy as np
import pytest
from scipy import special

from society.ground.errors import MeasureError
from society.stats.s_curve import ec50, shape

DOSES = np.linspace(0.0, 0.5, 11)


def drawn(p, seeds, luck):
    return (np.random.default_rng(luck).uniform(size=(seeds, len(p))) < p).astype(float)


def test_logistic_is_statsmodels_where_many_seeds_make_the_penalty_small():
    api = pytest.importorskip("statsmodels.api")
    outcomes = drawn(special.expit(20 * (DOSES - 0.22)), 2000, 1)
    fit = shape(DOSES, outcomes)
    yes = outcomes.sum(axis=0)
    glm = api.GLM(np.column_stack([yes, 2000 - yes]), api.add_constant(DOSES), family=api.families.Binomial()).fit()
    assert fit.slope == pytest.approx(glm.params[1], rel=1e-3)
    assert fit.ec50 == pytest.approx(-glm.params[0] / glm.params[1], rel=1e-3)
    # The criterion of single trials differs from that of counts by the coefficients of combination only.
    trials = api.Logit(outcomes.ravel(), api.add_constant(np.tile(DOSES, 2000))).fit(disp=0)
    assert fit.aic_logistic == pytest.approx(trials.aic, abs=1e-3)


def test_the_curve_that_was_planted_wins():
    tips, grows = drawn(special.expit(60 * (DOSES - 0.22)), 60, 2), drawn(0.1 + 1.5 * DOSES, 60, 3)
    tipping, growing = shape(DOSES, tips), shape(DOSES, grows)
    assert tipping.aic_linear - tipping.aic_logistic > 10
    assert growing.aic_linear - growing.aic_logistic < 10
    # The line's likelihood at its maximum is not below that at the truth, and above by chi-square with 2 degrees.
    truth = 4 - 2 * (special.xlogy(grows, 0.1 + 1.5 * DOSES) + special.xlogy(1 - grows, 0.9 - 1.5 * DOSES)).sum()
    assert truth - 14 < growing.aic_linear <= truth


def test_ec50_covers_its_truth():
    hits = 0
    for repetition in range(60):
        found = ec50(DOSES, drawn(special.expit(25 * (DOSES - 0.22)), 25, repetition))
        hits += found.low <= 0.22 <= found.high
        assert found.n == 25
    # Nominal .95; three standard errors of 60 repetitions are .084.
    assert hits >= 0.86 * 60


def test_separated_outcomes_stay_finite():
    fit = shape([0.0, 0.1, 0.2, 0.3], [[0, 0, 1, 1]] * 50)
    assert fit.ec50 == pytest.approx(0.15)
    assert np.isfinite(fit.slope)
    assert fit.slope > 50
    # All outcomes at even odds: no dose is that of one half.
    flat = shape([0.0, 1.0], [[0, 0], [1, 1]])
    assert np.isnan(flat.ec50) or abs(flat.slope) < 1e-6


def test_units_do_not_matter():
    outcomes = drawn(special.expit(20 * (DOSES - 0.3)), 30, 7)
    one, other = shape(DOSES, outcomes), shape(1000 * DOSES + 5, outcomes)
    assert other.ec50 == pytest.approx(1000 * one.ec50 + 5, rel=1e-9)
    assert other.aic_logistic == pytest.approx(one.aic_logistic)


def test_what_does_not_fit_is_refused():
    with pytest.raises(MeasureError, match=r"doses \(2,\) with outcomes \(1, 3\)"):
        shape([0, 1], [0, 1, 1])
    with pytest.raises(MeasureError, match=r"0\.\.1"):
        shape([0, 1], [0, 2])
