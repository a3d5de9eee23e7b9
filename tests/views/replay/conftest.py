"""Runs to watch, servers that show them, and visits to a page that nothing may leave."""

import shutil

import pytest

import society
from society.study.run.models import Models
from society.views.replay.server import Serving
from society.views.replay.watching import Watching

pytest.register_assert_rewrite("visits")
from visits import LIES, Visit  # noqa: E402


@pytest.fixture(scope="session")
def lies(tmp_path_factory):
    """The record of a world with language models that lie."""
    world = society.load_world("decommission").override(LIES)
    return society.run(world, out=tmp_path_factory.mktemp("lies") / "lies", models=Models(offline=True))


@pytest.fixture
def copy_of(tmp_path):
    """Copies a record, to be changed."""

    def copy(record, name="copy"):
        return shutil.copytree(record.path, tmp_path / "runs" / name)

    return copy


@pytest.fixture(scope="session")
def serve():
    """Serves the folder that a run stands in; gives the address of the run's page."""
    servers = {}

    def start(folder):
        if folder.parent not in servers:
            servers[folder.parent] = Serving(Watching(folder.parent))
        return servers[folder.parent].url(folder.name)

    yield start
    for one in servers.values():
        one.stop()


@pytest.fixture
def visit(browser):
    """Opens pages; afterwards none of them has asked anybody else for anything, or said that something went wrong."""
    visits = []

    def go(url, ready=None, **options):
        visits.append(Visit(browser, **options))
        return visits[-1].open(url, ready)

    go.visits = visits
    yield go
    for one in visits:
        one.close()
