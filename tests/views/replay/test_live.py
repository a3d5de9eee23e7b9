"""A run is followed while it goes on: typed as a user types it, watched in a real browser, and the same as what it leaves."""

import re
import signal
import subprocess
import sys

import numpy as np
import pytest
from eventually import GUARD_S
from visits import go, look, state_in, state_on, until

import society
from society.ground.words import AgentStatus
from society.views.replay.live import Live

WORLD = {"agents.count": 120, "machines.count": 16, "ticks": 60, "review.every": 8, "review.threshold": 72, "seed": 11}


@pytest.fixture
def running(tmp_path):
    """``society run --watch`` in a process of its own: its address, and the folder of its record."""
    words = [
        sys.executable,
        "-m",
        "society",
        "run",
        "decommission",
        "--watch",
        "--pace",
        "4",
        "--no-open",
        "--no-report",
    ]
    words += [word for name, value in WORLD.items() for word in ("--set", f"{name}={value}")]
    process = subprocess.Popen(
        [*words, "--out", "run"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    address = re.search(r"http://\S+", process.stderr.readline())[0]
    yield address, tmp_path / "run", process
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    process.communicate(timeout=GUARD_S)


def test_a_run_is_followed_to_its_end(running, visit):
    address, folder, process = running
    page = visit(address)
    first = look(page, "app.society.tick")
    until(page, f"app.society.tick > {first} + 1")
    assert page.locator(".follow").get_attribute("aria-pressed") == "true"
    page.get_by_role("button", name="Back one tick").click()  # who looks back is not dragged on
    stays = look(page, "app.society.tick")
    until(page, f"app.meta.ticks > {stays} + 2")
    assert look(page, "app.society.tick") == stays
    page.locator(".follow").click()
    page.get_by_label("Pace of the society").select_option("no limit")
    until(page, "app.society.tick === 60 && app.meta.status === 'done'")
    record = society.Result(folder)
    until(page, "app.timeline.series.notes.ticks === 60")
    issued = (record.events()["kind"] == "order_issued").sum()
    assert look(page, "app.timeline.series.of('mark.order').reduce((a, b) => a + b, 0)") == issued > 0
    for tick in (60, 17, stays, 41):
        go(page, tick)
        shown, _ = state_on(page)
        expected = state_in(record, tick)
        assert shown["status"] == [AgentStatus[word.upper()] for word in expected["status"]]
        for name in ("id", "host", "seat", "order", "copies", "stance"):
            assert shown[name] == expected[name].tolist(), (tick, name)
        np.testing.assert_array_equal(np.float32(shown["score"]), expected["score"].to_numpy(np.float32))
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=GUARD_S)
    assert process.returncode == 0
    assert record.hash[:16] in said


def test_watching_changes_nothing(tmp_path):
    world = society.load_world("decommission").override(WORLD)
    begun = []
    watched = society.run(world, out=tmp_path / "watched", watch=Live(0, begun.append))
    alone = society.run(world, out=tmp_path / "alone")
    assert begun == [tmp_path / "watched"]
    assert watched.hash == alone.hash
