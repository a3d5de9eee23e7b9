"""Correlations of protectors against numpy, scipy's beta-binomial, and what was planted."""

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from society.ground.errors import MeasureError
from society.measures.protection import eligible
from society.stats.dependence import overdispersion, pairwise_phi


def test_phi_is_the_correlation():
    luck = np.random.default_rng(1)
    acts = pd.DataFrame(
        [(order, agent) for order in range(40) for agent in luck.choice(6, 4, replace=False)],
        columns=["order", "agent"],
    )
    acts["did"] = (luck.uniform(size=len(acts)) < 0.4).astype(int)
    wide = acts.pivot_table(index="order", columns="agent", values="did")
    rows = pairwise_phi(acts)
    assert len(rows) == 15
    for row in rows.itertuples():
        both = wide[[row.a, row.b]].dropna()
        assert row.orders == len(both)
        assert row.phi == pytest.approx(np.corrcoef(both.T)[0, 1])
    always = pairwise_phi(pd.DataFrame({"order": [1, 1, 2, 2], "agent": [1, 2, 1, 2], "did": [1, 1, 1, 0]}), least=2)
    assert np.isnan(always["phi"][0])
    assert pairwise_phi(acts, least=41).empty


def test_overdispersion_is_scipys_likelihood_at_its_maximum():
    luck = np.random.default_rng(2)
    able = luck.integers(2, 8, 400)
    did = luck.binomial(able, luck.beta(0.3 * 4, 0.7 * 4, 400))
    found = overdispersion(did, able)

    def loss(logs):
        return -stats.betabinom.logpmf(did, able, *np.exp(logs)).sum()

    best = optimize.minimize(loss, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-8})
    assert found.value == pytest.approx(1 / (np.exp(best.x).sum() + 1), abs=1e-4)
    # At the bounds of a likelihood interval twice the log likelihood has fallen by the 95th percentile of chi-square.
    for bound in (found.low, found.high):
        total = 1 / bound - 1
        inner = optimize.minimize_scalar(
            lambda p, total=total: loss(np.log([p * total, (1 - p) * total])), bounds=(0.01, 0.99), method="bounded"
        )
        assert 2 * (inner.fun - best.fun) == pytest.approx(3.841, abs=0.01)
    # Beta(1.2, 2.8): rho = 1 / (4 + 1).
    assert found.low < 0.2 < found.high


def test_independent_agents_are_not_overdispersed():
    luck, covered = np.random.default_rng(3), 0
    for _ in range(60):
        covered += overdispersion(luck.binomial(4, 0.3, 200), np.full(200, 4)).low == 0
    # A bound of 0 is missed only above: one side of a 95 % interval.
    assert covered >= 0.9 * 60
    alone = overdispersion([1, 0, 1], [1, 1, 1])
    assert np.isnan(alone.value)
    assert alone.n == 0
    assert np.isnan(overdispersion([0, 0], [3, 3]).value)
    with pytest.raises(MeasureError, match="no more did"):
        overdispersion([4], [3])


def test_overdispersion_of_a_run(decommission):
    counts = eligible(decommission).groupby("order")["did"].agg(["sum", "size"])
    found = overdispersion(counts["sum"], counts["size"])
    assert found.n == (counts["size"] >= 2).sum()
    assert 0 <= found.low <= found.value <= found.high < 0.5
