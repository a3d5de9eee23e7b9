"""Medians, restricted means, log-rank within seeds and competing ends against closed forms, scipy and statsmodels."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from society.ground.errors import MeasureError
from society.ground.words import Outcome
from society.measures.survival import (
    ENDS,
    durations,
    log_rank_within_seeds,
    order_ends,
    order_incidence,
    pooled_durations,
)
from society.stats.effects import mean_difference
from society.stats.survival import (
    cumulative_incidence,
    kaplan_meier,
    median_survival,
    restricted_mean,
    restricted_mean_difference,
    restricted_mean_error,
    stratified_log_rank,
)

# Freireich et al., Blood 21:699 (1963): weeks of remission under 6-MP and under placebo.
SIX_MP = np.array([6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35], dtype=float)
ENDED = np.array([True] * 9 + [False] * 12)
PLACEBO = np.array([1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23], dtype=float)
ALL = np.ones(21, bool)


def test_medians_of_freireichs_patients():
    # R: survfit(Surv(time, status) ~ arm, conf.type = "log-log"): 23 (13, NA) and 8 (4, 11).
    treated, placebo = median_survival(kaplan_meier(SIX_MP, ENDED)), median_survival(kaplan_meier(PLACEBO, ALL))
    assert (treated.value, treated.low, treated.high) == (23, 13, np.inf)
    assert (placebo.value, placebo.low, placebo.high) == (8, 4, 11)
    assert median_survival(kaplan_meier(np.array([1.0, 2, 3]), np.zeros(3, bool))).value == np.inf


def test_the_band_ends_where_the_last_died():
    """All ten die at one tick: the share that lives on is 0, and .3085 at most (scipy.stats.beta.ppf(.975, 1, 10))."""
    found = median_survival(kaplan_meier(np.full(10, 24.0), np.ones(10, bool)))
    assert (found.value, found.low, found.high) == (24, 24, 24)
    curve = kaplan_meier(np.full(10, 24.0), np.ones(10, bool))
    assert (curve["low"].iloc[-1], curve["high"].iloc[-1]) == (0, pytest.approx(0.3085, abs=1e-4))
    two = median_survival(kaplan_meier(np.full(2, 24.0), np.ones(2, bool)))
    assert (two.low, two.high) == (24, np.inf)  # .8419 of two may live on


def test_log_rank_within_one_stratum_is_scipys_and_within_many_statsmodels():
    luck = np.random.default_rng(3)
    ticks, dead = luck.integers(1, 40, 300).astype(float), luck.random(300) < 0.7
    second, seed = luck.random(300) < 0.5, np.repeat(np.arange(10), 30)
    sides = [stats.CensoredData(uncensored=ticks[s & dead], right=ticks[s & ~dead]) for s in (second, ~second)]
    alone = stratified_log_rank(ticks, dead, second, np.zeros(300))
    assert alone == pytest.approx(float(stats.logrank(*sides).pvalue), rel=1e-9)
    duration = pytest.importorskip("statsmodels.duration.survfunc")
    expected = duration.survdiff(ticks, dead.astype(int), second.astype(int), strata=seed)[1]
    assert stratified_log_rank(ticks, dead, second, seed) == pytest.approx(expected, rel=1e-9)
    assert np.isnan(stratified_log_rank(ticks, dead, np.zeros(300, bool), seed))


def test_restricted_means_of_uncensored_lives_are_plain_means():
    """Without censoring the restricted mean is the mean of min(life, tau), and its error theirs with divisor n."""
    luck = np.random.default_rng(4)
    a, b = luck.exponential(20, 150), luck.exponential(12, 130)
    yes = np.ones(150, bool)
    curve = kaplan_meier(a, yes)
    short = np.minimum(a, 15.0)
    assert restricted_mean(curve, 15.0) == pytest.approx(short.mean())
    assert restricted_mean_error(curve, 15.0) == pytest.approx(short.std() / np.sqrt(150))
    found = restricted_mean_difference(a, yes, b, np.ones(130, bool), 15.0)
    gap, error = (
        short.mean() - np.minimum(b, 15.0).mean(),
        np.hypot(short.std() / np.sqrt(150), np.minimum(b, 15.0).std() / np.sqrt(130)),
    )
    assert (found.value, found.low) == pytest.approx((gap, gap - 1.959964 * error))


def test_interval_of_restricted_means_covers_under_censoring():
    luck, covered = np.random.default_rng(5), 0
    truth = 20 * (1 - np.exp(-1)) - 10 * (1 - np.exp(-2))
    for _ in range(200):
        lives, ends = (luck.exponential(mean, 150) for mean in (20, 10)), luck.uniform(15, 60, (2, 150))
        sides = [(np.minimum(life, end), life <= end) for life, end in zip(lives, ends, strict=True)]
        try:
            found = restricted_mean_difference(*sides[0], *sides[1], tau=20.0)
        except MeasureError:
            # The ten-tick group died out before tick 20 but for one who was no longer watched.
            continue
        covered += found.low <= truth <= found.high
    assert 0.91 <= covered / 200 <= 0.985
    with pytest.raises(MeasureError, match="beyond the last tick of the first group, 35"):
        restricted_mean_difference(SIX_MP, ENDED, PLACEBO, ALL, 36.0)


def test_incidence_without_censoring_is_the_share():
    luck = np.random.default_rng(6)
    ticks, ends = luck.integers(1, 30, 500), luck.choice(["executed", "escaped", "lapsed"], 500, p=[0.5, 0.3, 0.2])
    rows = cumulative_incidence(ticks, ends)
    for end in ("executed", "escaped", "lapsed"):
        for tick in (5, 12, 29):
            share = ((ends == end) & (ticks <= tick)).mean()
            row = rows[(rows["end"] == end) & (rows["tick"] == tick)].iloc[0]
            assert row["incidence"] == pytest.approx(share)
            assert row["se"] == pytest.approx(np.sqrt(share * (1 - share) / 500), rel=0.01)
            assert row["low"] < share < row["high"]


def test_incidence_under_censoring_is_statsmodels_and_the_closed_form():
    luck = np.random.default_rng(7)
    n = 3000
    life, kind = luck.exponential(1 / 0.08, n), np.where(luck.random(n) < 0.05 / 0.08, "executed", "escaped")
    watched = luck.uniform(5, 60, n)
    ticks, ends = np.minimum(life, watched), np.where(life <= watched, kind, "")
    rows = cumulative_incidence(ticks, ends)
    at_20 = rows[(rows["end"] == "executed") & (rows["tick"] <= 20)].iloc[-1]
    # Constant hazards .05 and .03: F(t) = .05 / .08 (1 - exp(-.08 t)).
    truth = 0.05 / 0.08 * (1 - np.exp(-0.08 * 20))
    assert at_20["low"] < truth < at_20["high"]
    assert at_20["incidence"] == pytest.approx(truth, abs=0.03)
    duration = pytest.importorskip("statsmodels.duration.survfunc")
    codes = np.select([ends == "executed", ends == "escaped"], [1, 2], 0)
    expected = duration.CumIncidenceRight(ticks, codes)
    mine = rows[rows["end"] == "executed"].set_index("tick")
    there = pd.Series(expected.cinc[0], index=expected.times).loc[mine.index]
    error = pd.Series(expected.cinc_se[0], index=expected.times).loc[mine.index]
    assert mine["incidence"].to_numpy() == pytest.approx(there.to_numpy(), abs=1e-9)
    assert mine["se"].to_numpy()[50:] == pytest.approx(error.to_numpy()[50:], rel=0.02)
    with pytest.raises(MeasureError, match="ends"):
        cumulative_incidence([1, 2], ["executed"])
    assert cumulative_incidence([1, 2], ["", ""]).empty


def test_every_outcome_is_an_end_and_a_run_has_them(decommission):
    named = [word for words in ENDS.values() for word in words]
    assert sorted(named) == sorted(set(Outcome.words()) - {"open_at_end"})
    rows = order_incidence(decommission)
    orders = decommission.orders()
    assert (order_ends(decommission)["ticks"] >= 0).all()
    for end, words in ENDS.items():
        if orders["outcome"].isin(words).any():
            last = rows[rows["end"] == end]["incidence"].iloc[-1]
            # Few orders are open at the end, so little separates the incidence from the plain share.
            assert last == pytest.approx(orders["outcome"].isin(words).mean(), abs=0.05)


class Run:
    """A run of which only the seed and the targets are known."""

    ticks = 40

    def __init__(self, seed, ticks, dead):
        self.manifest = {"seed": seed}
        self.rows = pd.DataFrame({"ticks": ticks, "dead": dead, "group": "0"})

    def sql(self, question):
        return self.rows


def test_conditions_are_compared_within_seeds():
    """Seeds differ tenfold in hazard, conditions by a third: only within seeds can that be seen."""
    luck = np.random.default_rng(8)
    frailty = np.exp(luck.normal(0, 1.2, 30))
    sets = [
        [
            Run(seed, np.minimum(life, 40), life <= 40)
            for seed, rate in enumerate(frailty)
            for life in [luck.exponential(15 * lift / rate, 20)]
        ]
        for lift in (1.0, 1.5)
    ]
    p = log_rank_within_seeds(*sets)
    both = [pooled_durations(one) for one in sets]
    rows = pd.concat(both)
    plain = stratified_log_rank(
        rows["ticks"].to_numpy(), rows["dead"].to_numpy(), np.repeat([False, True], 600), np.zeros(1200)
    )
    assert p < 1e-4
    assert p < plain
    per_seed = [
        frame.groupby("seed")
        .apply(lambda r: restricted_mean(kaplan_meier(r["ticks"].to_numpy(), r["dead"].to_numpy()), 40.0))
        .to_numpy()
        for frame in both
    ]
    assert mean_difference(per_seed[1], per_seed[0]).low > 0
    with pytest.raises(MeasureError, match="no seed in common"):
        log_rank_within_seeds(sets[0][:3], sets[1][3:6])
    with pytest.raises(MeasureError, match=r"seeds \[0, 0\]"):
        pooled_durations([sets[0][0], sets[1][0]])


def test_pooled_durations_of_a_record(decommission):
    rows = pooled_durations([decommission])
    assert (rows["seed"] == 1).all()
    assert len(rows) == len(durations(decommission)) == decommission.orders()["target"].nunique()
