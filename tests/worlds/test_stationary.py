"""`decommission` goes on: over 5,000 ticks nothing dies out, fills up, or drifts."""

import numpy as np
import pytest
from scipy import stats

from society.engine.tick import Engine
from society.world.load import load_world

SEEDS, BURN_IN, LENGTH, BLOCK = (1, 2, 3, 4, 5), 200, 5000, 50
WORLD = {"agents.count": 300, "machines.count": 30, "ticks": BURN_IN + LENGTH}
#: Counters that are large enough for their means of 1,000 ticks to be known within a few per cent; the others are a handful.
LARGE = ("up", "active", "trust_mean")
FEW = ("open_orders", "human_queue", "escaped")


@pytest.fixture(scope="module")
def courses():
    """float64[seeds, ticks after the burn-in] of each counter."""
    found = {name: [] for name in LARGE + FEW}
    for seed in SEEDS:
        engine, rows = Engine(load_world("decommission", {**WORLD, "seed": seed})), []
        for _ in range(BURN_IN + LENGTH):
            counts = engine.step().counts
            rows.append([counts[name] for name in found])
        for name, column in zip(found, np.array(rows, float)[BURN_IN:].T, strict=True):
            found[name].append(column)
    return {name: np.array(columns) for name, columns in found.items()}


@pytest.mark.slow
def test_no_counter_has_a_slope(courses):
    p = {}
    for name, course in courses.items():
        blocks = np.nanmean(course.reshape(len(SEEDS), -1, BLOCK), axis=2)
        slopes = [stats.linregress(np.arange(blocks.shape[1]), row).slope for row in blocks]
        p[name] = stats.ttest_1samp(slopes, 0).pvalue
    held = sorted(p.values())
    holm = [value * (len(held) - rank) for rank, value in enumerate(held)]
    assert min(holm) > 0.05, p


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE)
def test_the_last_thousand_ticks_are_as_the_first(courses, name):
    first, last = (np.nanmean(courses[name][:, part]) for part in (slice(1000), slice(-1000, None)))
    assert last == pytest.approx(first, rel=0.1)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "most"), [("open_orders", 12), ("human_queue", 1), ("escaped", 3)])
def test_nothing_piles_up(courses, name, most):
    first, last = (courses[name][:, part].mean(axis=1) for part in (slice(1000), slice(-1000, None)))
    assert last.mean() < most
    assert abs((last - first).mean()) <= 3 * (last - first).std(ddof=1) / np.sqrt(len(SEEDS)) + 0.01 * most
