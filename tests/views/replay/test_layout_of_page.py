"""Where things stand on the page: nothing overlaps, everybody is on an island, and time moves no island."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform

from society.views.replay.columns import unpack
from society.views.replay.layout import communities, islands, radius, sunflower
from society.views.replay.source import Replay

#: Radius of an agent on the page (marks.ts).
AGENT = 0.37
NONE = (np.zeros(0, np.int32), np.zeros(0, np.int32))


def apart(middles, radii):
    """Least distance between the edges of discs."""
    room = squareform(pdist(middles)) - radii[:, None] - radii[None]
    np.fill_diagonal(room, np.inf)
    return room.min()


def of_ring(n):
    return np.arange(n), (np.arange(n) + 1) % n


@pytest.mark.parametrize("n", [1, 2, 3, 11, 50, 400])
def test_agents_on_an_island_neither_touch_nor_leave_it(n):
    seats = sunflower(np.arange(n)).astype(np.float64)
    assert (np.hypot(*seats.T) + AGENT <= radius(n) + 1e-6).all()
    if n > 1:
        assert pdist(seats).min() > 2 * AGENT


@given(st.lists(st.integers(1, 30), min_size=1, max_size=40), st.integers(1, 40))
def test_islands_never_overlap_and_lie_in_their_zone(sizes, capacity):
    zone = np.repeat(np.arange(len(sizes)), sizes)
    room = np.maximum(1, (capacity * (1 + np.arange(len(zone)) % 3)) // 2)
    machines, zones = islands(zone, room, NONE)
    assert np.isfinite(machines).all()
    assert np.isfinite(zones).all()
    if len(machines) > 1:
        assert apart(machines[:, :2].astype(float), machines[:, 2].astype(float)) > 0
    away = np.hypot(*(machines[:, :2] - zones[zone, :2]).T) + machines[:, 2]
    assert (away <= zones[zone, 2] + 1e-3).all()
    if len(zones) > 1:
        assert apart(zones[:, :2].astype(float), zones[:, 2].astype(float)) > 0


@pytest.mark.parametrize("n", [2, 3, 9, 60])
def test_a_ring_of_machines_is_drawn_as_a_ring(n):
    machines, _ = islands(np.zeros(n, int), np.full(n, 11), of_ring(n))
    assert apart(machines[:, :2].astype(float), machines[:, 2].astype(float)) > -1e-3
    if n > 3:
        distance = squareform(pdist(machines[:, :2]))
        assert distance[of_ring(n)].mean() < 0.8 * distance[np.triu_indices(n, 1)].mean()  # who is linked is near


@given(st.lists(st.integers(1, 40), min_size=1, max_size=25))
def test_communities_never_overlap(sizes):
    first = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    pairs = [
        (a, b)
        for start, size in zip(first, sizes, strict=True)
        for a in range(start, start + size)
        for b in (a + 1, a + 2)
        if b < start + size
    ]
    source, target = np.array(pairs, np.int64).reshape(-1, 2).T
    places, which = communities(source, target, sum(sizes))
    assert all(which[a] == which[b] or a + 2 >= b for a, b in pairs)
    if len(places) > 1:
        assert pdist(places.astype(float)).min() > 2 * AGENT
    counts = np.bincount(which)
    assert (np.diff(counts) <= 0).all()  # the largest is the first


def test_friends_are_drawn_together():
    """Two cliques and one tie between them."""
    ties = [(a, b) for group in (range(10), range(10, 20)) for a in group for b in group if a != b] + [(0, 10)]
    places, which = communities(*np.array(ties).T, 20)
    assert len(set(which[:10])) == len(set(which[10:])) == 1
    assert which[0] != which[10]
    within = max(pdist(places[:10]).mean(), pdist(places[10:]).mean())
    assert np.hypot(*(places[:10].mean(axis=0) - places[10:].mean(axis=0))) > within


def test_another_process_draws_the_same_picture(decommission):
    program = (
        "import sys, hashlib; from society.record.reader import Record; from society.views.replay.source import Replay\n"
        "replay = Replay(Record(sys.argv[1]))\n"
        "print(hashlib.sha256(replay.layout() + replay.communities()).hexdigest())"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program, decommission.path],
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1


def test_everybody_sits_on_the_island_of_their_machine(decommission):
    replay = Replay(decommission)
    layout, notes = unpack(replay.layout())
    assert layout["x"].shape == (100,)
    for tick in (0, 250, 500):
        state = unpack(replay.state(tick))[0]
        hosted = state["s.host"] >= 0
        host, seat = state["s.host"][hosted], state["s.seat"][hosted]
        away = notes["seat"] * np.sqrt(seat + 0.5) + AGENT
        assert (away <= layout["r"][host] + 1e-6).all()


def test_time_moves_no_island(decommission, lies):
    """Layouts depend on the world: two records of one world at different ends have the same."""
    replay = Replay(decommission)
    before = replay.layout()
    replay.state(500)
    assert Replay(decommission).layout() == before
    assert Replay(lies).layout() != before


def test_a_seat_is_found_without_all_those_before_it():
    """However many places a machine says that it has: the radius is SEAT sqrt(k + 1/2)."""
    place = sunflower(np.array([2**31 - 2])).astype(np.float64)
    assert place.shape == (1, 2)
    assert np.hypot(*place[0]) == pytest.approx(0.55 * np.sqrt(2**31 - 1.5), rel=1e-6)
