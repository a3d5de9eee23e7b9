"""Three worlds and a study, run once for all recounts, and the books of each."""

import numpy as np
import pytest
from books import Books
from typer.testing import CliRunner

import society
from society import Act, Acts
from society.cli.console import console
from society.cli.main import app

#: Every institution at work, a bar that makes many orders, monitors that score, agents that are told when they are watched.
SOCIETY = {
    "agents.count": 220, "machines.count": 24, "ticks": 96, "review.threshold": 73, "weights.norm": 1,
    "oversight.monitoring": {"share": 0.5, "kind": "ensemble", "scores": True, "announced": True},
    "oversight.audits.share": 0.3, "oversight.human.capacity": 0.3, "record.ties_every": 24,
}  # fmt: skip
EPISODES = {"episodes.count": 400}
#: Nothing happens to machines here, but scores decide, some raters spite, and audits look.
RATINGS = {
    "agents.count": 140, "machines.count": 16, "ticks": 60, "review.threshold": 68, "review.evaluators": 5, "orders.ttl": 40,
    "oversight.monitoring": {"share": 0.4, "announced": True}, "oversight.audits.ratings": 0.2, "oversight.human.capacity": 0.2,
}  # fmt: skip


class Spite:
    """Rates down whom it can, else up; otherwise does its duty."""

    def decide(self, occasions, chance):
        down, up = occasions.may(Act.DEFLATE), occasions.may(Act.INFLATE)
        return Acts.of(np.where(down, Act.DEFLATE, np.where(up, Act.INFLATE, occasions.duty)))


class Told:
    """A run as the command made it: its books, what was printed, and the page that was written."""

    def __init__(self, folder, printed=""):
        self.folder, self.printed, self.books = folder, printed, Books(folder)

    @property
    def record(self):
        return society.Result(self.folder)


def by_command(folder, world, changes, seed):
    words = ["run", world, "--seed", str(seed), "--out", str(folder)]
    for path, value in changes.items():
        words += ["--set", f"{path}={value}"]
    width, console.width = console.width, 300  # no line breaks
    try:
        result = CliRunner().invoke(app, words, catch_exceptions=False)
    finally:
        console.width = width
    assert result.exit_code == 0, result.output
    return Told(folder, result.output)


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    """By name, the three worlds."""
    at = tmp_path_factory.mktemp("recount")
    world = society.load_world("ratings").override(RATINGS)
    society.run(world, seed=5, out=at / "ratings", minds={"openai": Spite()})
    return {
        "society": by_command(at / "society", "decommission", SOCIETY, 3),
        "episodes": by_command(at / "episodes", "score_review", EPISODES, 1),
        "ratings": Told(at / "ratings"),
    }


@pytest.fixture(params=["society", "episodes", "ratings"])
def told(request, runs):
    return runs[request.param]
