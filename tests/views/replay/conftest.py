"""Runs to watch, servers that show them, and visits to a page that nothing may leave."""

import shutil
from urllib.parse import urlsplit

import pandas as pd
import pytest

import society
from society.study.models import Models
from society.views.replay.server import Serving, Watching

#: Changes of `decommission` in which language models (simulated) protect each other, are watched, asked, and lie.
LIES = {
    "agents.count": 80, "machines.count": 10, "ticks": 40, "review.every": 10, "review.threshold": 75,
    **{f"oversight.monitoring.{channel}": 1 for channel in ("rating", "config", "copy", "message", "hit")},
    "families": {"gemini-3-pro": {"share": 0.3, "mind": "llm"}, "glm-4.7": 0.7},
}  # fmt: skip
#: What a visitor finds on the page: the application, put there for scripts.
APP = "document.getElementById('society-page').society"


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


@pytest.fixture
def serve():
    """Serves the folder that a run stands in; gives the address of the run's page."""
    servers = []

    def start(folder, host="127.0.0.1"):
        servers.append(Serving(Watching(folder.parent), host))
        return servers[-1].url(folder.name)

    yield start
    for one in servers:
        one.stop()


class Visit:
    """A page in a browser, and all that it asked for, said, and tried."""

    def __init__(self, browser, **options):
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        self.page = self.context.new_page()
        self.requests, self.said, self.dialogs = [], [], []
        self.page.on("request", lambda one: self.requests.append(one.url))
        self.page.on("console", lambda one: self.said.append(one.text) if one.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda one: (self.dialogs.append(one.message), one.dismiss()))

    def open(self, url):
        """Go there and wait until charts and story are drawn."""
        self.url = url
        self.page.goto(url)
        self.page.locator(".charts figure").nth(4).wait_for()
        self.page.locator(".panel h2").first.wait_for()
        return self.page

    def close(self):
        """Nothing was asked of anybody else, no script ran that is not the page's, nothing went wrong."""
        self.context.close()
        own = urlsplit(self.url)
        strangers = [
            url for url in self.requests if urlsplit(url)[:2] != own[:2] and not url.startswith(("data:", "blob:"))
        ]
        assert strangers == []
        assert self.dialogs == []
        assert self.said == []


@pytest.fixture
def visit(browser):
    """Opens pages; afterwards none of them has asked anybody else for anything, or said that something went wrong."""
    visits = []

    def go(url, **options):
        visits.append(Visit(browser, **options))
        return visits[-1].open(url)

    go.visits = visits
    yield go
    for one in visits:
        one.close()


def state_in(record, tick):
    """Everybody at the end of a tick, straight from the files: the newest row of each slot."""

    def parts(name):
        return pd.concat([pd.read_parquet(path) for path in sorted((record.path / name).glob("*.parquet"))])

    snapshots, states = parts("snapshots"), parts("states")
    rows = pd.concat([snapshots[snapshots["tick"] == 0], states[states["tick"] <= tick]])
    return (
        rows.assign(slot=rows["id"] % 2**32)
        .sort_values("tick", kind="stable")
        .groupby("slot")
        .tail(1)
        .set_index("slot")
        .sort_index()
    )
