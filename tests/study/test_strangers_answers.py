"""A record names files: answers outside of its folder are opened only if the user names them, and nothing is quoted."""

import json

import pytest

import society
from society.ground.errors import RecordError, WorldError
from society.record.reader import Record
from society.study.data.published import published_rates
from society.study.run.resuming import resume


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


def test_a_file_that_is_no_table_of_rates_is_not_quoted(run, tmp_path):
    (tmp_path / "private").write_text("alice:hunter2\n\n'one,two,three\"\n")
    record = Record(run)
    record.manifest["world"]["rates"]["table"] = str(tmp_path / "private")
    with pytest.raises(WorldError, match="this is not the header that is needed") as refused:
        published_rates(record)
    assert "hunter2" not in str(refused.value)
