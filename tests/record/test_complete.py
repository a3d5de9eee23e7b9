"""Nothing is computed from half a record: what is missing is named, by every command that reads a run."""

import json
import shutil

import pytest
from typer.testing import CliRunner

import society
from society.cli.main import app
from society.ground.errors import RecordError
from society.world.load import load_world

COMMANDS = {
    "report": ["report", "RUN"],
    "view": ["view", "RUN", "--export", "page.html"],
    "draw": ["draw", "RUN", "outcomes", "--out", "figure.png"],
    "export": ["export", "RUN", "--out", "graph.gexf"],
    "compare": ["compare", "RUN", "RUN"],
    "resume": ["resume", "RUN"],
    "judge": ["judge", "RUN"],
    "fit": ["fit", "RUN", "--out", "mind.yaml"],
}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    world = load_world("decommission", {"agents.count": 60, "machines.count": 8, "ticks": 12})
    return society.run(world, out=tmp_path_factory.mktemp("whole") / "run").path


@pytest.fixture
def run(small, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return shutil.copytree(small, tmp_path / "run")


def said(command, run):
    done = CliRunner().invoke(app, [str(run) if word == "RUN" else word for word in COMMANDS[command]])
    assert isinstance(done.exception, RecordError), done.exception
    return str(done.exception)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_part_that_was_not_copied_is_named(run, command):
    part = next((run / "agents").iterdir())
    part.unlink()
    assert said(command, run).startswith(f"{part}: is missing, though")


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "resume"])
def test_a_run_that_was_killed_is_offered_resume(run, command):
    manifest = json.loads((run / "manifest.json").read_text())
    left = {name: value for name, value in manifest.items() if name not in ("digests", "parts")}
    (run / "manifest.json").write_text(json.dumps({**left, "status": "running"}))
    shutil.rmtree(run / "agents")
    assert f"society resume {run} goes on with it" in said(command, run)


def test_a_manifest_alone_names_the_first_of_what_is_missing(run):
    for path in run.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
    assert "other parts, though" in said("report", run)
