"""One run of `decommission`, shared by all tests of a worker that only read it; hosts of remote minds."""

import os
import signal
import socket
import subprocess
import sys

import pytest
from hypothesis import settings

import society

settings.register_profile("same", derandomize=True)
settings.register_profile("search")
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


@pytest.fixture(scope="session")
def decommission(tmp_path_factory):
    """The record of the world as it is shipped, seed 1."""
    return society.run("decommission", out=tmp_path_factory.mktemp("runs") / "decommission")


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
            said = started[-1].stderr.readline()
            assert f"serves {family}" in said, said + started[-1].communicate(timeout=30)[1]
        return started[-1]

    yield start
    for one in started:
        if one.poll() is None:
            one.send_signal(signal.SIGTERM)
    for one in started:
        one.communicate(timeout=30)
