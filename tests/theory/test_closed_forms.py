"""Formulas against the tabulated values of theory (gates G3-G6, G10-G16, S13); the numbers are typed in from the table."""

import math

import networkx as nx
import numpy as np
import pytest

from society.network.eigentrust import clique_share
from society.theory.cascades import cascade_window, giant_component, gleeson_cahalane, percolation_threshold
from society.theory.checks import first_detection, mean_shift, median_shift, undetected
from society.theory.juries import condorcet, condorcet_correlated, condorcet_limit
from society.theory.opinions import crowd_error, degroot_influence, degroot_limit, second_eigenvalue

pytestmark = pytest.mark.theory


@pytest.mark.parametrize(
    ("phi", "low", "high"),
    [(0.18, 1.0207, 5.7647), (0.20, 1.0207, 5.7647), (0.25, 1.1141, 3.8631), (0.10, 1.0000, 13.6593)],
)
def test_g3_window_of_cascades(phi, low, high):
    assert cascade_window(phi) == pytest.approx((low, high), abs=1e-4)


def test_g3_no_window_above_a_quarter():
    assert cascade_window(0.26) is None
    assert cascade_window(1) is None
    with pytest.raises(ValueError, match="phi"):
        cascade_window(0)


@pytest.mark.parametrize(("z", "share"), [(4, 0.98019), (8, 0.00231)])
def test_g4_final_share(z, share):
    assert gleeson_cahalane(z, 0.18, 1e-3) == pytest.approx(share, abs=1e-4)


def test_g4_bounds():
    assert gleeson_cahalane(0, 0.18, 0.25) == 0.25
    assert gleeson_cahalane(4, 0.18, 0) == 0
    assert gleeson_cahalane(4, 0.18, 1) == 1
    with pytest.raises(ValueError, match="seed"):
        gleeson_cahalane(4, 0.18, 2)


@pytest.mark.parametrize(("r0", "share"), [(1.2, 0.3137), (1.5, 0.5828), (2, 0.7968), (3, 0.9405), (0.8, 0), (1, 0)])
def test_g5_giant_component(r0, share):
    assert giant_component(r0) == pytest.approx(share, abs=5e-5)  # the table has four decimals
    assert giant_component(r0) == pytest.approx(1 - math.exp(-r0 * giant_component(r0)), abs=1e-12)


def test_g6_percolation_threshold():
    assert percolation_threshold([6] * 50) == pytest.approx(1 / 5, abs=1e-15)
    k = np.arange(60)
    poisson = np.rint(1e9 * np.exp(-4 + k * math.log(4) - np.array([math.lgamma(i + 1) for i in k]))).astype(int)
    mean, square = (k * poisson).sum() / poisson.sum(), (k**2 * poisson).sum() / poisson.sum()
    assert mean / (square - mean) == pytest.approx(1 / 4, abs=1e-6)
    assert percolation_threshold(np.repeat(k, poisson // 10**4)) == pytest.approx(1 / 4, abs=1e-3)
    assert percolation_threshold([1, 1]) == math.inf
    with pytest.raises(ValueError, match="degrees"):
        percolation_threshold([])


def test_g6_preferential_attachment():
    # the table's instance is not kept; instances spread by about .003 around it
    found = [
        percolation_threshold([d for _, d in nx.barabasi_albert_graph(5000, 3, seed=s).degree()]) for s in range(10)
    ]
    assert min(found) < 0.0656 < max(found)


def ring(n=20):
    return np.eye(n) + np.roll(np.eye(n), 1, 1) + np.roll(np.eye(n), -1, 1)


def star(n=20):
    weights = np.eye(n)
    weights[0] = weights[:, 0] = 1
    return weights


@pytest.mark.parametrize(
    ("weights", "factor", "concentration"),
    [(ring(), 0.96737, 0.05), (star(), 0.5, 0.1415), (np.ones((20, 20)), 0.0, 0.05)],
    ids=["ring", "star", "complete"],
)
def test_g10_degroot(weights, factor, concentration):
    assert second_eigenvalue(weights) == pytest.approx(factor, abs=5e-6)
    influence = degroot_influence(weights)
    assert (influence**2).sum() == pytest.approx(concentration, abs=5e-5)
    x = np.sin(np.arange(20))
    after, matrix = x, weights / weights.sum(axis=1, keepdims=True)
    for _ in range(2000):
        after = matrix @ after
    assert np.abs(after - degroot_limit(weights, x)).max() < 1e-10


def test_g10_groups_that_never_agree():
    for weights in (np.eye(2), [[0, 1], [1, 0]]):
        with pytest.raises(ValueError, match="never agrees"):
            degroot_influence(weights)
    for weights in ([[1, 1], [0, 0]], [[1, 2]], [[1, -1], [1, 1]]):
        with pytest.raises(ValueError, match="weights must be"):
            second_eigenvalue(weights)


def test_g11_diversity():
    crowd, individual, diversity = crowd_error(np.cos(np.arange(50.0)) * 30, truth=7.3)
    assert crowd == pytest.approx(individual - diversity, abs=1e-12 * individual)
    assert crowd_error([3, 3], 1) == (4, 4, 0)


@pytest.mark.parametrize(
    ("n", "p", "right"),
    [(3, 0.6, 0.6480), (11, 0.6, 0.7535), (101, 0.6, 0.9791), (3, 0.7, 0.7840), (11, 0.7, 0.9218), (101, 0.7, 0.99999)],
)
def test_g12_juries(n, p, right):
    assert condorcet(n, p) == pytest.approx(right, abs=1e-4)


def test_g12_ties_are_coins():
    assert condorcet(2, 0.6) == pytest.approx(0.6, abs=1e-12)  # .36 + .48 / 2
    assert condorcet(1, 0.6) == pytest.approx(0.6, abs=1e-12)
    with pytest.raises(ValueError, match="n >= 1"):
        condorcet(0, 0.5)


@pytest.mark.parametrize(
    ("rho", "right", "limit"),
    [
        (0.05, 0.8732, 0.9649),
        (0.1, 0.8373, 0.8996),
        (0.2, 0.7888, 0.8180),
        (0.4, 0.7374, 0.7455),
        (0.6, 0.7134, 0.7157),
    ],
)
def test_g13_juries_with_shared_errors(rho, right, limit):
    assert condorcet_correlated(11, 0.7, rho) == pytest.approx(right, abs=1e-4)
    assert condorcet_limit(0.7, rho) == pytest.approx(limit, abs=1e-4)


def test_g13_edges():
    assert condorcet_correlated(11, 0.7, 0) == pytest.approx(0.9218, abs=1e-4)
    assert condorcet_correlated(11, 0.7, 1) == 0.7
    assert condorcet_correlated(2, 0.7, 0.3) == pytest.approx(0.7, abs=1e-12)
    assert [condorcet_limit(p, 0) for p in (0.4, 0.5, 0.6)] == [0, 0.5, 1]


@pytest.mark.parametrize(
    ("damping", "leak", "share"),
    [(0.1, 0.01, 0.0826), (0.1, 0.05, 0.3103), (0.1, 0.1, 0.4737), (0.0, 0.05, 1.0), (0.1, 0.0, 0.0)],
)
def test_g14_leak_of_trust(damping, leak, share):
    assert clique_share(leak, damping) == pytest.approx(share, abs=5e-5)


def test_g14_to_six_digits():
    assert clique_share(0.05, 0.1) == pytest.approx(0.310345, abs=1e-6)


def test_g15_colluding_raters():
    assert [median_shift(c, 9) for c in (1, 2, 3, 4)] == pytest.approx([0.153, 0.353, 0.642, 1.163], abs=1e-3)
    assert median_shift(0, 9) == pytest.approx(0, abs=1e-12)
    assert median_shift(5, 9) == math.inf
    assert [mean_shift(c, 9) for c in range(10)] == pytest.approx([c / 9 for c in range(10)])
    with pytest.raises(ValueError, match="odd"):
        median_shift(1, 8)
    with pytest.raises(ValueError, match="colluders"):
        mean_shift(10, 9)


def test_g16_audits():
    assert undetected(0.05, 0.8, 20) == pytest.approx(0.4420, abs=5e-5)
    assert first_detection(0.05, 0.8) == pytest.approx(25)
    assert first_detection(0, 0.8) == math.inf
    with pytest.raises(ValueError, match="shares"):
        undetected(2, 0.8, 1)
