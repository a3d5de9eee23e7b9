"""Numbers in parts that lead beyond lists and tables are refused by table and column, by readers and by `verify`."""

import hashlib
import json
import os
import shutil

import duckdb
import pytest

import society
from society.ground.errors import RecordError
from society.record.complete import complete_run
from society.record.reader import Record
from society.record.tables import TABLES
from society.record.verify import verify

#: Table, column, SQL of what is put there.
FORGED = [
    ("states", "host", "99999"), ("states", "host", "-7"), ("states", "seat", "2147483647"), ("states", "refuge", "2147483647"),
    ("states", "id", "-7"), ("states", "id", "2000000000"), ("states", "id", "9223372036854775807"), ("states", "tick", "99"),
    ("states", "status", "'nonsense'"), ("states", "order", "99999"), ("snapshots", "id", "3"), ("snapshots", "family", "99"),
    ("machines", "zone", "-2"), ("machines", "capacity", "-1"), ("machines", "id", "0"), ("links", "target", "2147483647"),
    ("orders", "issued", "2147483647"), ("orders", "family", "-1"), ("orders", "id", "0"), ("orders", "outcome", "null"),
    ("agents", "id", "5"), ("agents", "ended", "2147483647"), ("events", "machine", "2147483647"), ("events", "kind", "'nonsense'"),
    ("events", "target", "2000000000"), ("ties", "target", "-1"), ("ties", "trust", "'inf'::float"), ("messages", "zone", "99"),
    ("occasions", "order", "2147483647"), ("occasions", "watched", "9"), ("ticks", "active", "-1"),
    ("snapshots", "score", "-3.4e38"), ("states", "score", "2000000"),
]  # fmt: skip


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    changes = {"agents.count": 60, "ticks": 60, "machines.count": 12}
    world = society.load_world("decommission", changes)
    return society.run(world, out=tmp_path_factory.mktemp("runs") / "small").path


def forge(folder, table, column, value):
    """Put a value into all rows of a part, and let the manifest list the part as it then is."""
    part = next((folder / table).glob("*.parquet"))
    with duckdb.connect() as connection:
        asked = f"copy (select * replace ({value} as \"{column}\") from '{part}') to '{part}.x' (format parquet)"
        connection.execute(asked)
    os.replace(f"{part}.x", part)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["parts"][f"{table}/{part.name}"] = hashlib.sha256(part.read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(("table", "column", "value"), FORGED)
def test_a_number_that_leads_beyond_is_refused_by_table_and_column(small, tmp_path, table, column, value):
    folder = shutil.copytree(small, tmp_path / "run")
    forge(folder, table, column, value)
    record = Record(folder)
    for _ in range(2):  # what was refused once is not taken afterwards
        with pytest.raises(RecordError, match=f"{table}: column {column} has ") as refused:
            record.table(table)
        assert str(refused.value).isprintable()


def test_verify_names_what_no_hash_covers(small, tmp_path):
    folder = shutil.copytree(small, tmp_path / "run")
    forge(folder, "states", "host", "99999")
    assert any("states: column host has '99999'" in problem for problem in verify(folder).problems)


def test_all_tables_of_a_run_are_read(small):
    record = Record(small)
    assert all(len(record.table(name)) >= 0 for name in TABLES)
    assert verify(small).good


def test_ticks_that_are_not_there_are_not_counted(small, tmp_path):
    folder = shutil.copytree(small, tmp_path / "run")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["ticks_done"] = manifest["world"]["ticks"] = 100_000_000
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(RecordError, match=r"ticks: holds 60 ticks, manifest\.json says 100,000,000"):
        complete_run(folder)


@pytest.mark.parametrize("value", ["'9'", "'many'", "[9]"])
def test_what_bounds_other_tables_may_be_no_number_itself(small, tmp_path, value):
    """Seats of agents are bounded by the largest capacity, which here is a text or a list."""
    folder = shutil.copytree(small, tmp_path / "run")
    forge(folder, "machines", "capacity", value)
    record = Record(folder)
    if value == "'9'":  # a text that is a number is one
        assert (record.table("machines")["capacity"] == 9).all()
        return
    with pytest.raises(RecordError, match="column capacity does not fit its type") as refused:
        record.table("states")
    assert "many" not in str(refused.value)
