"""Questions read a record and nothing else: not other files, not the network, not the process; many threads may ask."""

import shutil
import threading

import duckdb
import pandas as pd
import pytest
from eventually import GUARD_S

from society.ground.errors import RecordError
from society.record import database
from society.record.reader import Record
from society.record.verify import verify

EVIL = "x\", (select content from read_text('/etc/hostname')) as \"y"


@pytest.fixture
def copy(decommission, tmp_path):
    shutil.copytree(decommission.path, tmp_path / "run")
    return tmp_path / "run"


@pytest.mark.parametrize(
    "question",
    [
        "select * from read_text('/etc/hostname')",
        "select * from '/etc/hostname'",
        "select * from read_csv('/etc/hostname')",
        "select * from read_blob('/etc/*')",
        "select * from glob('/etc/*')",
        "select * from sniff_csv('/etc/hostname')",
        "select * from read_parquet('{other}')",
        "from events, read_text('/etc/hostname')",
        "copy (select 1) to '{out}'",
        "copy events to '{part}' (format parquet, use_tmp_file false)",
        "explain analyze copy (select 1) to '{part}' (format parquet, use_tmp_file false)",
        "export database '{out}'",
        "attach '{out}'",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "reset enable_external_access",
        "set allowed_paths = ['/etc/hostname']",
        "set lock_configuration = false",
        "pragma enable_object_cache",
        "create table t as select 1",
        "drop view events",
        "select 1; drop view events",
        "select * from frame_of_this_process",
        "",
        ";",
    ],
)
def test_a_question_reaches_nothing_but_the_record(copy, tmp_path, question):
    frame_of_this_process = pd.DataFrame({"secret": [1]})
    assert len(frame_of_this_process)
    duckdb.execute(f"copy (select 1 as a) to '{tmp_path}/other.parquet' (format parquet)")
    part, record = next((copy / "events").glob("*.parquet")), Record(copy)
    before = part.read_bytes()
    record.events()
    with pytest.raises(RecordError):
        record.sql(question.format(other=tmp_path / "other.parquet", out=tmp_path / "out", part=part))
    assert part.read_bytes() == before
    assert not (tmp_path / "out").exists()
    assert len(record.events()) > 1000


def test_a_record_in_memory_reaches_no_file(decommission):
    record = Record.of(decommission.manifest, {"events": decommission.events()})
    assert record.sql("select count(*) as n from events").n[0] > 1000
    with pytest.raises(RecordError, match="disabled"):
        record.sql("select * from read_text('/etc/hostname')")


@pytest.mark.parametrize(
    "name", ["a'b", "a''; drop view events; --", 'a"b', "[ab]*?", "act=5", "a\\b", "a;b", "${HOME}", "é😀"]
)
def test_folders_may_have_any_name(decommission, copy, name):
    folder = copy.rename(copy.with_name(name))
    assert Record(folder).events()["act"].value_counts().equals(decommission.events()["act"].value_counts())
    assert verify(folder).good


@pytest.mark.parametrize(
    "column", [EVIL, 'act"::varchar, 1 as "x', "; drop view events", "act; --", "a" * 5000, "\x1b[31m", "é😀"]
)
@pytest.mark.parametrize("table", ["events", "ticks", "states"])
def test_names_of_columns_in_a_part_are_never_asked_for(decommission, copy, table, column):
    for part in (copy / table).glob("*.parquet"):
        frame = duckdb.from_parquet(str(part)).df()
        frame[column] = 1
        with duckdb.connect() as connection:
            connection.from_df(frame).write_parquet(str(part))
    record = Record(copy)
    assert list(record.table(table).columns) == list(decommission.table(table).columns)
    assert len(record.table(table)) == len(decommission.table(table))
    assert not verify(copy).good


@pytest.mark.parametrize("value", ["'many'", "[1, 2]", "1e300", "{'a': 1}"])
def test_columns_of_a_wrong_type_are_a_damaged_record(copy, value):
    for part in (copy / "events").glob("*.parquet"):
        with duckdb.connect() as connection:
            connection.execute(
                f"create table t as select * replace ({value} as machine) from read_parquet(?)", [str(part)]
            )
            connection.table("t").write_parquet(str(part))
    with pytest.raises(RecordError, match=str(copy)):
        Record(copy).events()
    with pytest.raises(RecordError, match=str(copy)):
        Record(copy).sql("select max(machine) from events")


def test_numbers_that_have_no_name_are_a_damaged_record(decommission, copy):
    record = Record(copy)
    record.manifest["families"] = record.manifest["families"][:3]
    with pytest.raises(RecordError, match=r"agents: column family has .*, not a whole number from 0 to 2"):
        record.table("agents")
    assert len(record.events()) == len(decommission.events())


def test_a_damaged_part_is_damaged_each_time_it_is_asked_for(copy):
    part = next((copy / "events").glob("*.parquet"))
    part.write_bytes(b"PAR1" + bytes(100))
    record = Record(copy)
    for _ in range(3):
        with pytest.raises(RecordError, match=part.name):
            record.events()
    assert len(record.orders())


def test_many_threads_ask_one_record_at_once(copy):
    for _ in range(5):
        record, gate, found = Record(copy), threading.Barrier(16), []

        def ask(number, record=record, gate=gate, found=found):
            gate.wait(GUARD_S)
            try:
                for table in ("machines", "events", "states", "orders")[number % 4 :]:
                    found.append((table, len(record.table(table))))
            except RecordError as error:
                found.append(str(error))

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
        for one in threads:
            one.start()
        for one in threads:
            one.join(GUARD_S)
        assert len(set(found)) == 4, set(found)


def test_few_databases_stay_open_however_many_records_are_asked(decommission, monkeypatch):
    monkeypatch.setattr(database, "MOST_OPEN", 2)
    records = [Record(decommission.path) for _ in range(5)]
    for record in (*records, *records):
        assert record.sql("select count(*) as n from ticks").n[0] == 500
        assert sum(one._tables._opened is not None for one in records if "_tables" in vars(one)) <= 2
