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


SECRET = bytes(range(32))


def test_chance_with_a_secret_is_as_even_and_as_well_keyed():
    luck, ticks = Chance(11, SECRET), np.arange(300) % 7
    assert stats.kstest(luck.uniform("a", 3, IDS), "uniform").pvalue > 1e-4
    assert stats.kstest(luck.normal("a", 3, IDS), "norm").pvalue > 1e-4
    at_once = luck.uniform("a", ticks, np.arange(300))
    assert at_once.tolist() == [float(luck.uniform("a", int(tick), one)) for one, tick in enumerate(ticks)]
    assert luck.uniform("a", ticks[:, None], np.arange(4)[None, :]).shape == (300, 4)
    assert float(unit(fold(luck.key("a", 3), 8))) == float(luck.uniform("a", 3, 8))
    others = [Chance(12, SECRET), Chance(11, SECRET[::-1]), Chance(11)]
    assert len({int(one.key("a", 3)) for one in [luck, *others]} | {int(luck.key("a", 4)), int(luck.key("b", 3))}) == 6
    assert SECRET.hex() not in repr(luck)
    assert repr(SECRET) not in repr(luck)


def test_what_is_told_of_a_key_is_the_key_only_where_there_is_no_secret():
    keys = [0, 1, -1, 2**63 - 1, -(2**63)]
    assert [Chance(1).told(key) for key in keys] == keys
    told = [Chance(1, SECRET).told(key) for key in keys]
    assert len({*told, *keys}) == 10
    assert told != [Chance(2, SECRET).told(key) for key in keys]
