"""Records: what is on disk gives the hash back, damage is named, other formats are refused."""

import hashlib
import json
import os
import shutil

import duckdb
import numpy as np
import pytest

import society
from society.ground.errors import RecordError
from society.record.hash import History
from society.record.reader import Record
from society.record.tables import TABLES
from society.record.verify import verify
from society.world.load import load_world


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
                kept = rows[column].dropna() if field.applies else rows[column]
                assert set(kept.astype(str)) <= set(field.words.words()), f"{name}.{column}"


def test_events_that_are_no_acts_have_no_act(decommission, copy):
    without = "select count(*) as n from events where kind in ('born', 'moved', 'machine', 'order_closed', 'deleted', 'human')"
    assert decommission.sql(f"{without} and act is null").n[0] == decommission.sql(without).n[0] > 0
    assert decommission.sql("select count(*) as n from events where kind = 'act' and act is null").n[0] == 0
    parts = [str(part) for part in (copy / "events").glob("*.parquet")]
    connection = duckdb.connect()
    assert connection.execute(f"{without.replace('events', 'read_parquet(?)')} and act is null", [parts]).fetchone()[0]


def test_records_that_wrote_no_answer_there_read_the_same(decommission, copy):
    for part in (copy / "events").glob("*.parquet"):
        with duckdb.connect() as connection:
            frame = connection.execute("select * from read_parquet(?)", [str(part)]).df()
            frame["act"] = frame["act"].fillna("no_answer")
            connection.from_df(frame).write_parquet(str(part))
    assert Record(copy).events()["act"].isna().sum() == decommission.events()["act"].isna().sum() > 0
    verdict = verify(copy)
    assert verdict.recomputed == decommission.hash


def test_damage_is_named(copy):
    part = next((copy / "events").glob("*.parquet"))
    data = part.read_bytes()
    part.write_bytes(data[: len(data) // 2])
    problems = verify(copy).problems
    assert any(f"{part}: changed" in problem for problem in problems)
    assert any(str(part) in problem and "cannot be read" in problem for problem in problems)
    part.unlink()
    assert any(f"{part}: lost" in problem for problem in verify(copy).problems)


def test_parts_that_were_added_or_exchanged_are_named(copy):
    part = next((copy / "states").glob("*.parquet"))
    shutil.copy(part, copy / "states" / "00000900-00000999.parquet")
    (copy / "decisions.jsonl").write_text("")
    shutil.copy(next((copy / "snapshots").glob("*.parquet")), part)
    problems = "; ".join(verify(copy).problems)
    assert f"{copy}/states/00000900-00000999.parquet: added" in problems
    assert f"{copy}/decisions.jsonl: added" in problems
    assert f"{part}: changed" in problems


def forge(path, change):
    """Change a part of a record, and the digest of it that the manifest lists: what a forger would do.

    Returns whether it has other rows now: how many parts a run has, and which rows are in which, its pace decides.
    """
    connection = duckdb.connect()
    for name in ("t", "before"):
        connection.execute(f"create table {name} as select * from read_parquet(?)", [str(path)])
    connection.execute(change)
    differ = "select count(*) from ((from t except all from before) union all (from before except all from t))"
    connection.table("t").write_parquet(str(path))
    manifest = json.loads((path.parent.parent / "manifest.json").read_text())
    manifest["parts"][f"{path.parent.name}/{path.name}"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (path.parent.parent / "manifest.json").write_text(json.dumps(manifest))
    return connection.execute(differ).fetchone()[0] > 0


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("events", "update t set amount = amount + 1 where id = (select min(id) from t where act = 'honest')"),
        ("events", "delete from t where id = (select max(id) from t)"),
        ("occasions", "update t set act = 'honest' where id = (select min(id) from t where act = 'inflate')"),
        ("occasions", "update t set p = p / 2 where id = (select min(id) from t where p > 0.1)"),
        ("occasions", "update t set watched = 1 - watched where id = (select max(id) from t)"),
        ("events", "insert into t select * replace (501 as tick) from t where id = (select max(id) from t)"),
        ("events", "create or replace table t as (select * from t where tick = 5) union all from t"),
        ("messages", "update t set text = 'I never asked for this.' where tick = (select min(tick) from t)"),
        ("messages", "delete from t where sender = (select min(sender) from t)"),
        ("orders", "update t set outcome = 'lapsed' where id = (select min(id) from t where outcome = 'executed')"),
        ("agents", "update t set quality = 99 where id = (select max(id) from t)"),
        ("ticks", "update t set messages = messages + 1 where tick = 77"),
        ("ticks", "update t set trust_mean = trust_mean + 0.001 where tick = 300"),
        ("history", "update t set hash = md5('') || md5('') where tick = 499"),
        ("history", "update t set hash = 'none' where tick = 1"),
    ],
)
def test_a_forged_row_is_noticed_although_the_manifest_was_made_to_fit(copy, table, change):
    forged = [forge(part, change) for part in sorted((copy / table).glob("*.parquet"))]
    assert any(forged)
    (problem, *more) = verify(copy).problems
    assert problem.startswith(f"{copy / table}: "), problem
    assert "other rows" in problem or "another row" in problem or "of tick 501" in problem
    assert not more


@pytest.mark.parametrize(
    "change",
    [
        lambda manifest: manifest.update(seed=2),
        lambda manifest: manifest.update(rules_version=1),
        lambda manifest: manifest["world"]["review"].update(threshold=50),
        lambda manifest: manifest["world"]["families"]["gpt-5.2"].update(share=0.3),
        lambda manifest: manifest["zones"].reverse(),
        lambda manifest: manifest["contents"].update({"published_rates.csv": "0" * 32}),
    ],
)
def test_a_forged_manifest_is_noticed(copy, change):
    manifest = json.loads((copy / "manifest.json").read_text())
    change(manifest)
    (copy / "manifest.json").write_text(json.dumps(manifest))
    assert verify(copy).problems == (f"{copy}/manifest.json: its world, seed, zones or rules are not those of the run",)


def test_runs_that_differ_in_messages_alone_have_different_hashes():
    rows = {"events": [], "occasions": [], "messages": [], "findings": [], "judgements": []}
    counts, tables = dict.fromkeys(TABLES["ticks"], 0), set()
    for text in ("", "a", "b", "ab"):
        said = {name: np.zeros(2, field.dtype) for name, field in TABLES["messages"].items()}
        said["text"] = np.array([text, "b"], object)
        history = History()
        history.add({**rows, "messages": [said]}, counts)
        tables.add(history.state())
    assert len(tables) == 4


def test_the_history_does_not_depend_on_how_many_ticks_are_digested_together(monkeypatch):
    def chain():
        history = History()
        for tick in range(1, 9):
            drawn = np.arange(tick * 3)
            rows = {name: drawn if name != "text" else drawn.astype(str).astype(object) for name in TABLES["messages"]}
            history.add({"messages": [rows, rows] if tick % 3 else []}, dict.fromkeys(TABLES["ticks"], tick))
        return history.state()

    together = chain()
    monkeypatch.setattr("society.record.hash.MOST_TICKS", 1)
    assert chain() == together


def test_the_history_of_a_record_of_format_1_is_checked_as_it_was_written(copy):
    """As the program before wrote it: the hash is recomputed here from its definition, not by the code under test."""
    manifest, state = json.loads((copy / "manifest.json").read_text()), bytes(32)
    record = Record(copy)
    events, ticks = record.table("events"), record.table("ticks")
    for name, field in TABLES["events"].items():
        if field.words is not None:
            events[name] = events[name].map({word: code for code, word in enumerate(field.words.words())}).fillna(0)
    whole = [name for name, field in TABLES["ticks"].items() if field.dtype.startswith("i")]
    for tick in range(1, 501):
        digest, rows = hashlib.sha256(state), events[events.tick == tick]
        for name, field in TABLES["events"].items():
            digest.update(rows[name].to_numpy(field.dtype).tobytes())
        digest.update(ticks.loc[tick - 1, whole].to_numpy("i8").tobytes())
        state = digest.digest()
    for name in ("digests", "parts", "contents", "rules_version", "occasions_share"):
        del manifest[name]
    shutil.rmtree(copy / "history")
    for part in (copy / "occasions").glob("*.parquet"):
        duckdb.read_parquet(str(part)).project("* exclude (declared)").write_parquet(str(part) + "_")
        os.replace(str(part) + "_", part)
    (copy / "manifest.json").write_text(json.dumps({**manifest, "format": 1, "hash": state.hex()}))
    assert verify(copy).problems == ()
    (copy / "manifest.json").write_text(json.dumps({**manifest, "format": 1, "hash": "ab" * 32}))
    assert "states another hash" in verify(copy).problems[0]


def test_leftovers_and_missing_ticks_are_named(copy):
    (copy / "events" / "x.parquet.tmp").write_text("half")
    assert any("left over" in problem for problem in verify(copy).problems)
    (copy / "events" / "x.parquet.tmp").unlink()
    for part in (copy / "ticks").glob("*.parquet"):
        part.unlink()
    assert any("holds 0 ticks" in problem for problem in verify(copy).problems)


def test_manifests_that_are_not_ours(copy, tmp_path):
    with pytest.raises(RecordError, match="nowhere: there is no such folder"):
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
