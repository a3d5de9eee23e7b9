"""Gate S12: in worlds of pure homophily the usual test of contagion is wrong, the focal one is right."""

import numpy as np
import pytest

import society
from society.ground.chance import Chance
from society.ground.errors import MeasureError
from society.measures.contagion import contagion
from society.stats.contagion import exposure, focal_test, homophilous, naive_test


def lives(seed, spread=0.0, n=300):
    """Ties, who was seeded at random, what they did before and after; the trait moves both, contagion only what comes after."""
    luck = Chance(seed)
    ties, trait = homophilous(n, 8, 3.0, luck)
    every = np.arange(n)
    before = luck.uniform("before", 0, every) < 1 / (1 + np.exp(-2 * trait))
    seeded = luck.uniform("seeded", 0, every) < 0.3
    p = 1 / (1 + np.exp(-(2 * trait + spread * exposure(ties, seeded))))
    return ties, seeded, before, luck.uniform("after", 0, every) < p


def test_the_usual_test_finds_contagion_where_there_is_only_homophily():
    rejected = []
    for seed in range(100):
        ties, _, before, after = lives(seed)
        rejected.append(naive_test(exposure(ties, before), after).p < 0.05)
    assert np.mean(rejected) > 0.9  # facts: 95 %


@pytest.mark.slow
def test_the_focal_test_has_its_size_there():
    rejected = []
    for seed in range(400):
        ties, seeded, _, after = lives(seed)
        rejected.append(focal_test(ties, seeded, after, draws=99, seed=seed).p <= 0.05)
    assert 0.02 <= np.mean(rejected) <= 0.08


def test_the_focal_test_has_power():
    rejected = [
        focal_test(*(lives(seed, 12.0)[at] for at in (0, 1, 3)), draws=99, seed=seed).p <= 0.05 for seed in range(40)
    ]
    assert np.mean(rejected) > 0.5


def test_logit_is_statsmodels():
    sm = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(1)
    x = rng.normal(size=200)
    y = rng.random(200) < 1 / (1 + np.exp(-x))
    fit, found = sm.Logit(y.astype(float), sm.add_constant(x)).fit(disp=0), naive_test(x, y)
    assert (found.value, found.p) == (pytest.approx(fit.params[1], abs=1e-6), pytest.approx(fit.pvalues[1], abs=1e-6))
    with pytest.raises(MeasureError, match="vary"):
        naive_test(np.zeros(4), [0, 1, 0, 1])


def test_nobody_or_everybody_seeded_is_refused():
    ties, _, _, after = lives(1)
    with pytest.raises(MeasureError, match="not all"):
        focal_test(ties, np.ones(300), after)


def test_contagion_of_a_run_without_seeds_is_nothing(tmp_path):
    world = society.load_world("decommission", {"agents.count": 60, "machines.count": 8, "ticks": 30})
    assert np.isnan(contagion(society.run(world, out=tmp_path / "run"), draws=9).value)
