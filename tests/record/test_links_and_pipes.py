"""Links, pipes and devices in a stranger's folder: none holds up who reads it, and none leads what is written elsewhere."""

import os
import shutil

import pytest

import society
from society.ground.errors import RecordError
from society.record.complete import complete_run
from society.record.folder import write_aside
from society.record.lock import LOCK, Lock
from society.record.reader import Record
from society.record.verify import verify
from society.study.run.resuming import resume
from society.study.sweep.table import ROWS, Rows
from society.views.draw import draw, save
from society.views.graphs.write import write_graph
from society.views.replay.watching import Watching
from society.views.report import write_report

PRECIOUS = "a line of the user's own\nand half a line"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    world = society.load_world("decommission").override({"agents.count": 20, "machines.count": 4, "ticks": 3})
    return society.run(world, out=tmp_path_factory.mktemp("runs") / "whole").path


@pytest.fixture
def run(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "run")


@pytest.fixture
def precious(tmp_path):
    """A file outside of the run's folder, which stays as it is."""
    file = tmp_path / "precious.txt"
    file.write_text(PRECIOUS)
    yield file
    assert file.read_text() == PRECIOUS


@pytest.mark.parametrize(
    "name", ["events/00000000-00000003.parquet", "events/9.parquet", "transcripts/1.jsonl.zst", "decisions.jsonl"]
)
def test_what_is_no_file_is_named_and_never_opened(run, name):
    (run / name).unlink(missing_ok=True)
    (run / name).parent.mkdir(exist_ok=True)
    (run / name).symlink_to(os.devnull)
    for read in (verify, Record, complete_run, resume):
        with pytest.raises(RecordError, match=f"{name}: is neither a file nor a folder"):
            read(run)


def test_a_part_that_a_link_leads_to_is_read(run, tmp_path):
    part = next((run / "events").glob("*.parquet"))
    shutil.move(part, tmp_path / "kept")
    part.symlink_to(tmp_path / "kept")
    assert verify(run).good


@pytest.mark.parametrize("to", ["circle", "nowhere"])
def test_a_page_says_which_link_leads_in_a_circle_or_nowhere(run, to):
    (run / "circle").symlink_to(to)
    with pytest.raises(RecordError, match=r"circle is a link that leads out of .*, in a circle or nowhere"):
        Watching(run.parent).replay("run")


def test_a_lock_that_is_a_link_changes_no_other_file(run, precious):
    (run / LOCK).unlink(missing_ok=True)
    (run / LOCK).symlink_to(precious)
    with pytest.raises(RecordError, match=rf"{LOCK}: cannot be written: "), Lock(run):
        pass


def test_nothing_is_written_aside_through_a_link(run, precious):
    record, figure = Record(run), draw(Record(run), "scores")
    writes = {
        "text.json.tmp": lambda: write_aside(run / "text.json", "{}"),
        "trust.gexf.tmp": lambda: write_graph(record, "trust", "gexf", run / "trust.gexf"),
        ".scores.svg.tmp.svg": lambda: save(figure, run / "scores.svg"),
    }
    for name, write in writes.items():
        (run / name).symlink_to(precious)
        write()


@pytest.mark.parametrize("name", ["figures", "figures/outcomes.png"])
def test_a_report_is_not_written_through_a_link(run, precious, tmp_path, name):
    (run / name).parent.mkdir(exist_ok=True)
    (run / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RecordError, match=f"{name}: is a link"):
        write_report(Record(run), None)
    assert not (tmp_path / "elsewhere").exists()


def test_a_run_does_not_go_on_through_a_link(run, tmp_path):
    text = (run / "manifest.json").read_text()
    (run / "manifest.json").write_text(text.replace('"status": "done"', '"status": "interrupted"'))
    shutil.move(run / "events", tmp_path / "events")
    (run / "events").symlink_to(tmp_path / "events")
    parts = list((tmp_path / "events").iterdir())
    with pytest.raises(RecordError, match="events: is a link"):
        resume(run)
    assert parts == list((tmp_path / "events").iterdir())


def test_rows_of_a_study_are_not_cut_off_through_a_link(tmp_path, precious):
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / ROWS).symlink_to(precious)
    with pytest.raises(RecordError, match=rf"{ROWS}: is a link"):
        Rows(tmp_path / "study", "")
