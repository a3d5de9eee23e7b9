"""Small promises of records: what is dropped, kept, bounded, locked and read again."""

import os

import numpy as np
import pandas as pd
import pytest

from society.ground.errors import RecordError
from society.record.bounds import Bounds, checks_of, survey
from society.record.checkpoint import drop
from society.record.decisions import DECISIONS
from society.record.folder import _clear
from society.record.hash import CHAINED, START, History
from society.record.lock import LOCK, Lock
from society.record.manifest import COST
from society.record.parts import parts_of
from society.record.reader import Record
from society.record.tables import TABLES, columns_of, row_type
from society.record.transcripts import FOLDER, call_arguments
from society.record.writer import Gathered

COUNTS = dict.fromkeys(TABLES["ticks"], 0)


def test_links_lead_to_machines_and_to_a_switch_at_each_of_their_ends_at_most():
    """Three machines and two links: their four ends may be switches numbered 3 to 6."""
    allowed = checks_of(Bounds(10, 5, 1, 1, machines=3, links=2), "links", ["target"])["target"].allowed
    assert allowed == "a whole number from 0 to 6"
    unknown = checks_of(Bounds(10, 5, 1, 1), "links", ["target"])["target"].allowed
    assert unknown == f"a whole number from 0 to {2**31 - 1}"
    assert survey(checks_of(Bounds(10, 5, 1, 1), "links", ["source", "target"]), "x").startswith("select (min(")


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("", {}),
        ('{"a": 1}', {"a": 1}),
        ("{", {"unreadable": "{"}),
        ("[1]", {"unreadable": "[1]"}),
        ("0", {"unreadable": "0"}),
    ],
)
def test_arguments_of_a_call_as_a_model_wrote_them(text, given):
    assert call_arguments(text) == given


def test_the_file_of_a_lock_is_no_program(tmp_path):
    before = os.umask(0)
    try:
        with Lock(tmp_path):
            assert (tmp_path / LOCK).stat().st_mode & 0o777 == 0o666
    finally:
        os.umask(before)


def test_the_history_goes_back_without_what_waited():
    """What was added and not yet digested is not in the chain after going back: the next tick gives what it gave."""

    def tick(history, number):
        rows = {"events": [{name: np.array([number]) for name in TABLES["events"]}]}
        history.add({name: rows.get(name, []) for name in CHAINED}, {**COUNTS, "tick": number})

    straight = History()
    tick(straight, 1)
    first = straight.state()
    tick(straight, 2)
    second = straight.state()
    turned = History()
    tick(turned, 7)
    turned.go_back(START)
    tick(turned, 1)
    assert turned.state() == first
    tick(turned, 9)
    turned.go_back(first)
    tick(turned, 2)
    assert turned.state() == second != first


def test_checkpoints_of_a_finished_run_go_with_their_folder(tmp_path):
    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "checkpoint" / "1.npz").write_text("")
    drop(tmp_path)
    assert list(tmp_path.iterdir()) == []
    drop(tmp_path)


def test_what_is_gathered_is_what_was_asked_for():
    gathered = Gathered(["machines", "ticks"])
    assert list(gathered) == []
    gathered.add("machines", {"id": np.array([1, 2]), "zone": 0, "capacity": 3, "used": 1, "status": 0})
    gathered.add("links", {"source": np.array([1]), "target": np.array([2])})
    assert list(gathered) == ["machines"]
    gathered.add_tick({**COUNTS, "tick": 4})
    assert list(gathered) == ["machines", "ticks"]
    assert len(gathered) == 2
    assert "links" not in gathered
    assert gathered["machines"]["id"].tolist() == [1, 2]
    assert gathered["ticks"]["tick"].tolist() == [4]
    with pytest.raises(RecordError, match="table links: not kept: of this run there are machines, ticks"):
        gathered["links"]
    with pytest.raises(KeyError):
        Gathered(["machines"])["machines"]


def test_a_record_in_memory_answers_from_its_frames_and_from_nothing_on_disk(tmp_path, monkeypatch):
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "00000000-00000001.parquet").write_bytes(b"no part of it")
    monkeypatch.chdir(tmp_path.parent)
    links = pd.DataFrame({"source": np.array([0], np.int32), "target": np.array([1], np.int32)})
    record = Record.of({"name": tmp_path.name, "ticks_done": 1, "seed": 1}, {"links": links})
    assert record.table("links") is links
    assert record.sql("select count(*) as n from machines").n[0] == 0
    assert record.sql("select count(*) as n from links").n[0] == 1
    words = record.table("events")
    assert list(words.columns) == list(TABLES["events"])


def test_rows_as_bytes_have_no_gaps_and_texts_are_digests():
    rows = row_type(TABLES["messages"])
    assert rows.itemsize == 4 + 8 + 8 + 1 + 4 + 1 + 8 + 8 + 32
    found = columns_of(np.zeros(2, rows))
    assert list(found) == list(TABLES["messages"])
    assert found["text"].shape == (2, 32)


def test_a_folder_is_cleared_of_all_but_its_own_lock(tmp_path):
    (tmp_path / "events").mkdir()
    (tmp_path / "one").mkdir()
    for name in (LOCK, "manifest.json", "events/1.parquet", f"one/{LOCK}", "one/manifest.json"):
        (tmp_path / name).write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "events")
    _clear(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [LOCK]


def test_parts_come_by_table_and_tick_then_transcripts_then_decisions(tmp_path):
    names = ["events/1.parquet", "events/2.parquet", "ticks/1.parquet"]
    names += [f"{FOLDER}/{number}.jsonl.zst" for number in (1, 2, 3)] + [DECISIONS]
    for name in reversed(names):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    assert [path.relative_to(tmp_path).as_posix() for path in parts_of(tmp_path)] == names


def test_a_cost_says_whether_it_was_simulated():
    numbers = dict.fromkeys(("calls", "prompt_tokens", "completion_tokens", "price_usd", "seconds"), 1)
    told = {**numbers, "simulated": False, "episodes": {"mine": 2}}
    assert COST.fits(told)
    assert COST.fits({})
    for name in (*numbers, "simulated", "episodes"):
        assert not COST.fits({key: value for key, value in told.items() if key != name}), name
