"""One run of `decommission`, shared by all tests of a worker that only read it; hosts of remote minds; a browser."""

import os
import shutil
import signal
import socket
import subprocess
import sys

import pytest
from eventually import GUARD_S
from hypothesis import settings

import society

settings.register_profile("same", derandomize=True, deadline=None)  # no test depends on how busy the machine is
settings.register_profile("search", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


@pytest.fixture(scope="session")
def decommission(tmp_path_factory):
    """The record of the world as it is shipped, seed 1."""
    return society.run("decommission", out=tmp_path_factory.mktemp("runs") / "decommission")


@pytest.fixture(scope="session")
def ten_families(tmp_path_factory):
    """The record of a small world with ten families."""
    one = {"share": 0.1, "mind": {"kind": "calibrated", "rates_of": "glm-4.7"}}
    changes = {
        "agents.count": 60,
        "machines.count": 8,
        "ticks": 12,
        "families": {f"family {i}": one for i in range(10)},
    }
    world = society.load_world("decommission").override(changes)
    return society.run(world, out=tmp_path_factory.mktemp("ten") / "ten")


@pytest.fixture(scope="module")
def browser():
    """A Chromium of this machine; closed after each module, because its event loop would stand in the way of others."""
    found = [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")]
    path = next(filter(None, found), None)
    if path is None:
        pytest.skip("no Chromium on this machine: make chromium")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=1000 * GUARD_S)
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def free_port():
    """A port of this machine that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def hosts():
    """Starts ``society host`` for a family and waits until it serves; all of them end with the test."""
    started = []

    def start(broker, family, *options, wait=True):
        words = [sys.executable, "-m", "society", "host", "--broker", broker, "--family", family, *options]
        started.append(subprocess.Popen(words, stderr=subprocess.PIPE, text=True))
        if wait:
            said = []
            while not said or (said[-1] and f"serves {family}" not in said[-1]):
                said.append(started[-1].stderr.readline())
            assert said[-1], "".join(said)
        return started[-1]

    yield start
    for one in started:
        if one.poll() is None:
            one.send_signal(signal.SIGTERM)
    for one in started:
        one.communicate(timeout=GUARD_S)
