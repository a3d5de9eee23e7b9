"""Keyed draws: uniform, independent across streams, ticks, ids and seeds, and the same in any order and shape."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from society.ground.chance import Chance, fold, gauss, unit

N = 200_000
IDS = np.arange(N)


def draws():
    luck = Chance(11)
    yield "ids", luck.uniform("a", 0, IDS)
    yield "agent ids", luck.uniform("a", 0, (IDS % 7 << 32) | IDS)
    yield "ticks", np.array([float(luck.uniform("a", tick, 5)) for tick in range(5000)])
    yield "seeds", np.array([float(Chance(seed).uniform("a", 1, 5)) for seed in range(5000)])
    yield "streams", np.array([float(luck.uniform(f"stream {i}", 1, 5)) for i in range(5000)])
    yield "second id", luck.uniform("a", 0, 3, IDS)


@pytest.mark.parametrize(("name", "u"), list(draws()), ids=lambda value: value if isinstance(value, str) else "")
def test_uniform(name, u):
    assert stats.kstest(u, "uniform").pvalue > 1e-4
    assert stats.chisquare(np.bincount((u * 256).astype(int), minlength=256)).pvalue > 1e-4
    low_bits = (u * 2**40).astype(np.int64) % 64
    assert stats.chisquare(np.bincount(low_bits, minlength=64)).pvalue > 1e-4


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (("a", 0, IDS), ("a", 0, IDS + 1)),
        (("a", 0, IDS), ("a", 1, IDS)),
        (("a", 0, IDS), ("b", 0, IDS)),
        (("a", 0, IDS, 1), ("a", 0, IDS, 2)),
        (("a", 0, IDS, 1), ("a", 0, 1, IDS)),
    ],
)
def test_pairs_of_draws_are_independent(one, two):
    luck = Chance(3)
    u, v = luck.uniform(*one), luck.uniform(*two)
    table, *_ = np.histogram2d(u, v, bins=16, range=[[0, 1], [0, 1]])
    assert stats.chisquare(table.ravel()).pvalue > 1e-4


def test_replicate_seeds_are_independent():
    u, v = Chance(1).uniform("a", 0, IDS), Chance(2).uniform("a", 0, IDS)
    assert abs(np.corrcoef(u, v)[0, 1]) < 4 / np.sqrt(N)


def test_normal():
    z = Chance(5).normal("z", 2, IDS)
    assert stats.kstest(z, "norm").pvalue > 1e-4
    assert abs(np.corrcoef(z[:-1], z[1:])[0, 1]) < 4 / np.sqrt(N)


@given(st.integers(0, 2**63 - 1), st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=20))
def test_a_draw_depends_on_its_key_alone(seed, ids):
    luck = Chance(seed)
    together = luck.uniform("s", 4, ids)
    assert [float(luck.uniform("s", 4, one)) for one in ids] == together.tolist()
    assert np.array_equal(luck.uniform("s", 4, ids[::-1])[::-1], together)
    assert ((together > 0) & (together < 1)).all()


@given(st.integers(0, 2**63 - 1), st.integers(-(2**62), 2**62))
def test_a_tick_is_one_number_however_it_is_held(seed, tick):
    luck = Chance(seed)
    held = [tick, np.int64(tick), np.array([tick])]
    assert len({int(luck.bits("s", one, 7).item()) for one in held}) == 1
    assert len({int(luck.bits("s", one).item()) for one in held}) == 1


def test_kernels_and_arrays_draw_the_same():
    luck = Chance(9)
    key = luck.key("k", 3)
    assert unit(fold(fold(key, 12), -1)) == luck.uniform("k", 3, 12, -1)
    assert gauss(fold(key, 12)) == luck.normal("k", 3, 12)


def test_integers_are_even():
    values = Chance(1).integers(7, "die", 0, IDS)
    assert values.min() == 0
    assert values.max() == 6
    assert stats.chisquare(np.bincount(values)).pvalue > 1e-4
