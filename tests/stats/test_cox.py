"""Cox regression against published fits, statsmodels, numeric derivatives, and data with a known hazard ratio."""

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from society.ground.errors import MeasureError
from society.stats.cox import cox, proportional_hazards
from society.stats.partial_likelihood import PartialLikelihood
from society.stats.survival import kaplan_meier, log_rank_test

# Freireich et al., Blood 21:699 (1963): weeks of remission under 6-MP and under placebo.
SIX_MP = [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
WEEKS = np.array(SIX_MP + PLACEBO, dtype=float)
ENDED = np.array([True] * 9 + [False] * 12 + [True] * 21)
ARM = pd.DataFrame({"placebo": [0] * 21 + [1] * 21})


def planted(luck, n=400, ratio=0.5, rate=0.05, censor=40.0):
    """Exponential lives, half of them at the hazard ratio, watched until the censoring time."""
    group = np.arange(n) % 2
    life = luck.exponential(1 / (rate * ratio**group))
    return np.minimum(life, censor), life <= censor, group


def test_remissions_of_freireichs_patients():
    # Efron: 1.5721 (se .4124), Therneau and Grambsch (2000) and R: coxph; the log-rank chi-square is 16.79.
    fit = cox(WEEKS, ENDED, ARM)
    assert fit.table.loc["placebo", ["beta", "se"]].tolist() == pytest.approx([1.5721, 0.4124], abs=5e-5)
    assert (fit.events, fit.n, fit.clusters) == (30, 42, 0)
    p = log_rank_test(WEEKS[:21], ENDED[:21], WEEKS[21:], ENDED[21:])
    assert stats.chi2.isf(p, 1) == pytest.approx(16.79, abs=5e-3)


def test_efron_with_entries_is_statsmodels():
    api = pytest.importorskip("statsmodels.duration.hazard_regression")
    luck = np.random.default_rng(1)
    n = 300
    x = np.column_stack([luck.normal(size=n), luck.integers(0, 4, n)])
    entry = luck.integers(0, 6, n).astype(float)
    stop = entry + 1 + np.floor(luck.exponential(12 * np.exp(-0.5 * x[:, 0])))
    dead = luck.uniform(size=n) < 0.7
    # At risk from entry + 1/2: whether a death at the very time of an entry meets it is a convention on which they differ.
    entry += 0.5
    expected = api.PHReg(stop, x, status=dead.astype(int), entry=entry, ties="efron").fit()
    fit = cox(stop, dead, pd.DataFrame(x, columns=["a", "b"]), entry=entry)
    assert fit.table["beta"].to_numpy() == pytest.approx(expected.params, rel=1e-6)
    assert fit.table["se"].to_numpy() == pytest.approx(expected.bse, rel=1e-5)
    assert fit.log_likelihood == pytest.approx(expected.llf, rel=1e-9)


def test_clustered_errors_and_residuals_are_statsmodels_without_ties():
    api = pytest.importorskip("statsmodels.duration.hazard_regression")
    luck = np.random.default_rng(2)
    seed = np.repeat(np.arange(30), 10)
    frailty = np.repeat(luck.normal(0, 0.7, 30), 10)
    x = np.column_stack([np.repeat(np.arange(30) % 2, 10), luck.normal(size=300)])
    life = luck.exponential(20 * np.exp(-frailty - 0.5 * x[:, 0]))
    stop, dead = np.minimum(life, 40), life <= 40
    expected = api.PHReg(stop, x, status=dead.astype(int), ties="breslow").fit(groups=seed)
    fit = cox(stop, dead, pd.DataFrame(x, columns=["condition", "quality"]), clusters=seed)
    assert fit.clusters == 30
    assert fit.table["se"].to_numpy() == pytest.approx(expected.bse, rel=1e-4)
    # What is common to a seed widens the interval of what does not vary within it, by far.
    assert fit.table.loc["condition", "se"] > 1.5 * fit.table.loc["condition", "model_se"]
    schoenfeld = expected.schoenfeld_residuals
    order = np.argsort(stop[dead])
    assert fit.residuals == pytest.approx(schoenfeld[dead][order], abs=1e-6)


def test_scores_under_ties_are_derivatives_by_case_weight():
    """A row's score residual is the slope's derivative by its weight (Therneau and Grambsch, 2000, section 7.2)."""
    luck = np.random.default_rng(3)
    stop, dead = luck.integers(1, 6, 14).astype(float), luck.uniform(size=14) < 0.7
    entry = np.minimum(luck.integers(0, 3, 14), stop - 1).astype(float)
    x, beta = luck.normal(size=14), 0.4

    def weighted(b, w):
        total = 0.0
        for t in np.unique(stop[dead]):
            ties, at_risk = dead & (stop == t), (entry < t) & (stop >= t)
            total += (w * x * b)[ties].sum()
            for part in range(ties.sum()):
                rest = (w * np.exp(b * x))[at_risk].sum() - part / ties.sum() * (w * np.exp(b * x))[ties].sum()
                total -= w[ties].mean() * np.log(rest)
        return total

    risks = PartialLikelihood(entry, stop, dead, x[:, None])
    assert risks.at(np.array([beta]))[0] == pytest.approx(weighted(beta, np.ones(14)))
    slope = lambda w: optimize.approx_fprime([beta], lambda b: weighted(b[0], w), 1e-6)[0]  # noqa: E731
    for row, found in enumerate(risks.scores(np.array([beta]))[:, 0]):
        more, less = (np.ones(14) + sign * 1e-3 * (np.arange(14) == row) for sign in (1, -1))
        assert found == pytest.approx((slope(more) - slope(less)) / 2e-3, abs=2e-3)


def test_gate_s9_hazard_ratio_of_one_half():
    """Theory gate S9: 200 repetitions of 400 lives at a hazard ratio of .5, censored at 40."""
    luck = np.random.default_rng(9)
    beta, covered, error, rejected = [], 0, [], 0
    for _ in range(200):
        stop, dead, group = planted(luck)
        row = cox(stop, dead, pd.DataFrame({"group": group})).table.loc["group"]
        beta.append(row["beta"])
        error.append(row["se"])
        covered += row["low"] <= 0.5 <= row["high"]
        stop, dead, group = planted(luck, ratio=1.0)
        one, other = group == 0, group == 1
        rejected += log_rank_test(stop[one], dead[one], stop[other], dead[other]) < 0.05
    assert np.mean(beta) == pytest.approx(np.log(0.5), abs=0.03)
    assert np.std(beta) == pytest.approx(np.mean(error), rel=0.15)
    assert 0.92 <= covered / 200 <= 0.98
    assert 0.02 <= rejected / 200 <= 0.08
    stop, dead, _ = planted(luck, n=20_000, ratio=1.0)
    curve = kaplan_meier(stop, dead)
    alive = curve[curve["tick"] <= 20]["survival"].iloc[-1]
    assert alive == pytest.approx(np.exp(-20 * 0.05), abs=0.012)


def test_clustered_interval_covers_where_seeds_differ_and_the_plain_one_does_not():
    luck, robust, plain = np.random.default_rng(4), 0, 0
    for _ in range(100):
        seed = np.repeat(np.arange(60), 12)
        shared = np.repeat(luck.normal(0, 0.5, 60), 12)
        life = luck.exponential(20 * np.exp(-shared))
        rows = pd.DataFrame({"condition": (seed % 2).astype(float)})
        table = cox(np.minimum(life, 40), life <= 40, rows, clusters=seed).table.loc["condition"]
        robust += table["low"] <= 1 <= table["high"]
        plain += abs(table["beta"]) <= 1.96 * table["model_se"]
    assert 0.88 <= robust / 100 <= 0.99
    assert plain / 100 < 0.85


def test_changing_hazards_are_seen():
    luck, small = np.random.default_rng(5), 0
    for _ in range(100):
        stop, dead, group = planted(luck, n=200)
        small += proportional_hazards(cox(stop, dead, pd.DataFrame({"group": group})))["p"].iloc[0] < 0.05
    assert small <= 11
    # A group that dies late or never: half as likely before 10 ticks, three times after.
    n = 600
    group = np.arange(n) % 2
    early, late = luck.exponential(20, n) * (1 + group), luck.exponential(20, n) / (1 + 2 * group)
    life = np.where(early < 10, early, 10 + late)
    found = proportional_hazards(cox(np.minimum(life, 40), life <= 40, pd.DataFrame({"group": group})))
    assert found["p"].iloc[0] < 1e-4
    assert found["correlation"].iloc[0] > 0.15


def test_split_rows_say_what_whole_rows_say():
    whole = cox(WEEKS, ENDED, ARM)
    early = np.minimum(WEEKS, 7.5)
    later = WEEKS > 7.5
    split = cox(
        np.concatenate([early, WEEKS[later]]),
        np.concatenate([ENDED & ~later, ENDED[later]]),
        pd.concat([ARM, ARM[later]]),
        clusters=np.concatenate([np.arange(42), np.arange(42)[later]]),
        entry=np.concatenate([np.zeros(42), np.full(later.sum(), 7.5)]),
    )
    assert split.table["beta"].iloc[0] == pytest.approx(whole.table["beta"].iloc[0], rel=1e-9)
    by_patient = cox(WEEKS, ENDED, ARM, clusters=np.arange(42))
    assert split.table["se"].iloc[0] == pytest.approx(by_patient.table["se"].iloc[0], rel=1e-9)


def test_what_has_no_hazard_ratio_is_refused():
    with pytest.raises(MeasureError, match="placebo: one does not vary"):
        cox(WEEKS, ENDED, ARM * 0 + 1)
    with pytest.raises(MeasureError, match="separates"):
        cox([1, 2, 3, 4], [1, 1, 0, 0], pd.DataFrame({"x": [1, 1, 0, 0]}))
    with pytest.raises(MeasureError, match="nobody died"):
        cox([1, 2], [0, 0], pd.DataFrame({"x": [1, 0]}))
    with pytest.raises(MeasureError, match="rows differ"):
        cox([1, 2], [0, 1, 1], pd.DataFrame({"x": [1, 0]}))
    with pytest.raises(MeasureError, match="end after its entry"):
        cox([1, 2], [1, 1], pd.DataFrame({"x": [1, 0]}), entry=[1, 0])
