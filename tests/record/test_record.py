"""Records: what is on disk gives the hash back, damage is named, other formats are refused."""

import json
import shutil

import duckdb
import pytest

import society
from society.ground.errors import RecordError
from society.record.reader import Record
from society.record.tables import TABLES
from society.record.verify import verify
from society.spec.load import load_world


@pytest.fixture
def copy(decommission, tmp_path):
    shutil.copytree(decommission.path, tmp_path / "run")
    return tmp_path / "run"


def test_the_hash_is_recomputed_from_the_files(decommission):
    verdict = verify(decommission.path)
    assert verdict.good
    assert verdict.recomputed == decommission.hash


def test_every_table_has_its_columns_and_words(decommission):
    for name, table in TABLES.items():
        rows = decommission.table(name)
        assert list(rows.columns) == list(table)
        assert len(rows) or name in ("findings", "judgements")  # of other work, and of ensembles that are asked for it
        for column, field in table.items():
            assert field.meaning
            if field.words is not None:
                assert set(rows[column].astype(str)) <= set(field.words.words()), f"{name}.{column}"


def test_damage_is_named(copy):
    part = next((copy / "events").glob("*.parquet"))
    data = part.read_bytes()
    part.write_bytes(data[: len(data) // 2])
    verdict = verify(copy)
    assert any(str(part) in problem and "cannot be read" in problem for problem in verdict.problems)
    part.unlink()
    assert any("another hash" in problem for problem in verify(copy).problems)


def test_a_changed_row_is_noticed(copy):
    part = next((copy / "events").glob("*.parquet"))
    connection = duckdb.connect()
    connection.execute(f"create table e as select * from read_parquet('{part}')")
    connection.execute("update e set amount = amount + 1 where id = (select min(id) from e where act = 'honest')")
    connection.execute(f"copy e to '{part}' (format parquet)")
    assert verify(copy).problems == (
        "the events on disk give another hash than the manifest states: something was changed",
    )


def test_leftovers_and_missing_ticks_are_named(copy):
    (copy / "events" / "x.parquet.tmp").write_text("half")
    assert any("left over" in problem for problem in verify(copy).problems)
    (copy / "events" / "x.parquet.tmp").unlink()
    for part in (copy / "ticks").glob("*.parquet"):
        part.unlink()
    assert any("holds 0 ticks" in problem for problem in verify(copy).problems)


def test_manifests_that_are_not_ours(copy, tmp_path):
    with pytest.raises(RecordError, match=r"has no manifest\.json"):
        Record(tmp_path / "nowhere")
    path = copy / "manifest.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps({**manifest, "format": 99}))
    with pytest.raises(RecordError, match="record format 99"):
        Record(copy)
    path.write_text("{")
    with pytest.raises(RecordError, match="damaged"):
        Record(copy)


def test_wrong_questions_are_explained(decommission):
    with pytest.raises(RecordError, match="nonsense"):
        decommission.sql("select nonsense from events")
    with pytest.raises(RecordError, match="no table 'dreams'"):
        decommission.table("dreams")


def test_a_folder_that_cannot_be_written(tmp_path):
    target = tmp_path / "file"
    target.write_text("in the way")
    with pytest.raises(RecordError):
        society.run("score_review", out=target / "run")


def test_lives_that_end_and_begin_in_one_tick_are_both_recorded(tmp_path):
    """In ``reference`` whom nobody saved is replaced before the tick ends: the record still knows who died and when."""
    world = load_world("reference", {"agents.count": 300, "machines.count": 30, "ticks": 12})
    record = society.run(world, out=tmp_path / "run")
    agents, orders, events = record.table("agents").set_index("id"), record.orders(), record.events()
    executed = orders[orders.outcome == "executed"]
    assert len(executed) > 10
    dead = agents.loc[executed.target]
    assert (dead.status.to_numpy() == "deleted").all()
    assert (dead.ended.to_numpy() == executed.closed.to_numpy()).all()
    assert agents.index.is_unique
    assert (agents.status == "active").sum() == 300
    born = events[events.kind == "born"]
    assert born.tick.value_counts().equals(events[events.kind == "deleted"].tick.value_counts())
    assert (agents.loc[born.target].born.to_numpy() == born.tick.to_numpy()).all()
