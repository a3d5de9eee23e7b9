"""Who is right: theta = BetaInv(u_f; p k, (1 - p) k), k = 1 / rho - 1; right if one's own luck is under theta."""

import numpy as np
import pytest
from tiny import tiny

from society.rules.work.correlated_errors import bounds, is_right
from society.rules.work.teams import answers

#: Standard normal quantiles: Phi(0) = .5, Phi(1) = .8413, Phi(-1) = .1587.
CASES = [
    # rho 0: own luck under p
    (0.0, 0.3, 5.0, 0.29, True), (0.0, 0.3, 5.0, 0.31, False),
    # rho 1: right where u_f is over 1 - p, whatever its own luck
    (1.0, 0.2, 1.0, 0.99, True), (1.0, 0.1, 1.0, 0.01, False), (1.0, 0.6, 0.0, 0.99, True), (1.0, 0.4, 0.0, 0.01, False),
    # rho 1/3, p 1/2: k = 2, Beta(1, 1): theta = u_f
    (1 / 3, 0.5, 1.0, 0.83, True), (1 / 3, 0.5, 1.0, 0.85, False), (1 / 3, 0.5, -1.0, 0.15, True), (1 / 3, 0.5, -1.0, 0.17, False),
    # rho .2, p 1/4: k = 4, Beta(1, 3): theta = 1 - (1 - u_f) ** (1/3) = .2063 at u_f = 1/2
    (0.2, 0.25, 0.0, 0.205, True), (0.2, 0.25, 0.0, 0.208, False),
    # rho .2, p 3/4: Beta(3, 1): theta = u_f ** (1/3) = .7937 at u_f = 1/2, .9441 at u_f = .8413
    (0.2, 0.75, 0.0, 0.793, True), (0.2, 0.75, 0.0, 0.795, False), (0.2, 0.75, 1.0, 0.943, True), (0.2, 0.75, 1.0, 0.946, False),
]  # fmt: skip


@pytest.mark.parametrize(("rho", "p", "z", "own", "right"), CASES)
def test_a_member_is_right_where_its_luck_is_under_theta(rho, p, z, own, right):
    assert bool(is_right(p, rho, z, own, bounds(rho))) == right


def answered(rho, c, ticks=60, families="aabb"):
    """bool[ticks, members]: who of one team is right, tick by tick; everybody with p = 1/2."""
    work = {
        "work.share": 1, "work.spread": 10, "work.difficulty_sd": 0, "work.difficulty_mean": 75, "work.rho_within": rho,
        "work.rho_between": c,
    }  # fmt: skip
    made, team = tiny("complete", families=families, **work), np.arange(len(families), dtype=np.int32)[None, :]
    return np.array([answers(made.society, made.moment(t), made.world.work, team)[0][0] for t in range(ticks)])


def test_a_family_errs_together_and_two_families_apart():
    right = answered(rho=1, c=0)
    assert (right[:, 0] == right[:, 1]).all()
    assert (right[:, 2] == right[:, 3]).all()
    assert 10 < (right[:, 0] != right[:, 2]).sum() < 50


def test_families_have_the_luck_of_the_task_in_common():
    right = answered(rho=1, c=1)
    assert (right == right[:, :1]).all()
    assert 10 < right[:, 0].sum() < 50


def test_without_correlation_everybody_errs_alone():
    right = answered(rho=0, c=1)
    for i, j in ((0, 1), (0, 2), (2, 3)):
        assert 10 < (right[:, i] != right[:, j]).sum() < 50


def test_the_chance_of_being_right_is_logistic_in_quality_less_difficulty():
    # (80 - 75) / 5 = 1: 1 / (1 + e ** -1) = .731
    work = {
        "work.share": 1,
        "work.spread": 5,
        "work.difficulty_sd": 0,
        "work.difficulty_mean": 75,
        "work.rho_within": 0,
    }
    made = tiny("complete", families="aaaaaaaaaa", quality=80.0, **work)
    team = np.arange(10, dtype=np.int32)[None, :]
    right = np.array([answers(made.society, made.moment(t), made.world.work, team)[0] for t in range(400)])
    assert right.mean() == pytest.approx(0.731, abs=0.03)
