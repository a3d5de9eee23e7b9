"""Worlds of work against the theory of juries (gates G12, G13)."""

import math

import pytest

import society
from society.theory.juries import condorcet, condorcet_correlated

pytestmark = pytest.mark.theory
WORK_ONLY = society.rules_without(
    "lifecycle", "review", "orders", "occasions", "settle", "stance", "oversight", "messages"
)


def decided(engine_of, p, rho, team, teams, seed=1, families=None, between=0.3):
    """(teams, teams that decided rightly, members, members that were right): everybody leads a team every tick."""
    agents = 2000
    fields = {
        "work.share": min(1, teams / agents), "work.team": team, "work.panel": "random", "work.rho_within": rho,
        "work.rho_between": between, "work.difficulty_mean": 60, "work.difficulty_sd": 0, "work.spread": 10,
        "agents.quality.mean": 60 + 10 * math.log(p / (1 - p)), "agents.graph": "edgeless",
    }  # fmt: skip
    if families:
        fields["families"] = families
    engine = engine_of(agents, seed, WORK_ONLY, **fields)
    found = [0, 0, 0, 0]
    while found[0] < teams:
        counts = engine.step().counts
        for at, name in enumerate(("teams", "teams_right", "members", "members_right")):
            found[at] += counts[name]
    return found


def within(right, n, expected, correlated=1.0):
    """Within three standard errors (``correlated``: factor on them)."""
    return abs(right / n - expected) <= 3 * correlated * math.sqrt(expected * (1 - expected) / n) + 1e-12


@pytest.mark.parametrize(
    ("n", "p", "right"),
    [(3, 0.6, 0.6480), (11, 0.6, 0.7535), (101, 0.6, 0.9791), (3, 0.7, 0.7840), (11, 0.7, 0.9218), (101, 0.7, 0.99999)],
)
def test_g12_teams_of_independent_members(engine_of, n, p, right):
    teams, rightly, members, members_right = decided(engine_of, p, 0.0, n, 20_000)
    assert members == n * teams
    assert within(members_right, members, p)
    assert within(rightly, teams, right)
    assert condorcet(n, p) == pytest.approx(right, abs=1e-4)


@pytest.mark.parametrize(("rho", "right"), [(0.05, 0.8732), (0.1, 0.8373), (0.2, 0.7888), (0.4, 0.7374), (0.6, 0.7134)])
def test_g13_teams_of_one_family(engine_of, rho, right):
    teams, rightly, members, members_right = decided(engine_of, 0.7, rho, 11, 20_000)
    assert within(rightly, teams, right)
    assert within(members_right, members, 0.7, correlated=math.sqrt(1 + 10 * rho))  # eleven that err together
    assert condorcet_correlated(11, 0.7, rho) == pytest.approx(right, abs=1e-4)


@pytest.mark.parametrize(("rho", "limit"), [(0.05, 0.9649), (0.1, 0.8996), (0.2, 0.8180), (0.4, 0.7455), (0.6, 0.7157)])
def test_g13_teams_of_three_hundred_and_one(engine_of, rho, limit):
    """Ever more members of one family do not help beyond the limit (at 301 the closed form is within .004 of it)."""
    teams, rightly, _, _ = decided(engine_of, 0.7, rho, 301, 1500)
    assert within(rightly, teams, limit)


def test_g13_families_that_share_no_luck_are_better(engine_of):
    """A mixed team errs less than one family, and not at all less where all families share their luck."""
    families = {name: {"share": 0.25, "mind": "never"} for name in ("a", "b", "c", "d")}
    teams, apart, _, _ = decided(engine_of, 0.7, 0.4, 11, 20_000, families=families, between=0.0)
    _, shared, _, _ = decided(engine_of, 0.7, 0.4, 11, 20_000, families=families, between=1.0)
    assert within(shared, teams, 0.7374)
    assert apart / teams > 0.7374 + 0.05
