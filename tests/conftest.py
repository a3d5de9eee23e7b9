"""One run of `decommission`, shared by all tests of a worker that only read it."""

import os

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
