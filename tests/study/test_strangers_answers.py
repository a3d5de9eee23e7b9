"""A record says where its answers are kept; a file outside of its folder is opened only if the user names it."""

import json

import pytest

import society
from society.ground.errors import RecordError
from society.study.resuming import resume


@pytest.fixture
def run(tmp_path):
    world = society.load_world("decommission", {"agents.count": 40, "machines.count": 8, "ticks": 5})
    return society.run(world, out=tmp_path / "run").path


def unfinished(folder, models):
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest.update(status="running", models=models)
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_answers_outside_of_the_folder_are_refused_unless_named(run, tmp_path):
    outside = tmp_path / "others.sqlite"
    unfinished(run, {"mode": "record", "store": str(outside), "offline": True, "secret": None})
    with pytest.raises(RecordError, match=r"outside of its folder: to use that file, say --store .*others\.sqlite"):
        resume(run)
    assert not outside.exists()
    assert resume(run, store=outside).manifest["status"] == "done"


@pytest.mark.parametrize(
    "models", [{"a": 1}, {"mode": "x", "store": None, "offline": True}, {"mode": "live", "store": 3}]
)
def test_answers_of_a_wrong_kind_are_refused(run, models):
    unfinished(run, models)
    with pytest.raises(RecordError, match="damaged: models is "):
        resume(run)
