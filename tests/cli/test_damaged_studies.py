"""A study that was damaged is refused in one sentence, by the sweep that goes on with it and by its page."""

import json
import shutil
import sys

import duckdb
import pytest

from society.cli.main import main
from society.ground.errors import RecordError
from society.study.sweep.prepare import prepared
from society.study.sweep.table import MANIFEST, ROWS, TABLE, Rows, write_json, write_tables
from society.study.sweep.viewed import Studies
from society.world.experiments import load_experiment

SMALL = {
    "name": "small", "base": "decommission", "set": {"agents.count": 40, "machines.count": 6, "ticks": 5},
    "axes": {"review.threshold": [58, 62]}, "seeds": 2, "measures": ["order.protected"],
}  # fmt: skip

#: Values of a row that no run ever has.
WRONG = {
    "cell": ["0", 1.5, None, 10**30], "seed": ["1", None, 10**30], "hash": [3, None], "error": [3, None], "seconds": ["long"],
    "changes": [[3], None, {"a\x1b[31m": 1}], "ticks": [[3], {"a": 1}, {"a": [1], "b": []}, {"\x07": [1]}],
    "measures": [[1], None, {"order.protected": "many"}, {"order.protected": [1]}, {"order.protected": 10**400}, {"a\x1b": 1.0}],
}  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A study whose runs are all finished, though none was run."""
    experiment = load_experiment(SMALL)
    base, jobs, folder = prepared(experiment, tmp_path_factory.mktemp("studies") / "study")
    folder.mkdir()
    (folder.parent / "small.yaml").write_text(json.dumps(SMALL))
    write_json(
        folder / MANIFEST, {"experiment": experiment.model_dump(mode="json"), "world": base.model_dump(mode="json")}
    )
    rows = [
        {"cell": job.cell, "seed": job.seed, "key": job.key, "hash": "ab", "seconds": 0.1, "error": "",
         "changes": job.changes, "measures": {"order.protected": float(job.cell)}}
        for job in jobs
    ]  # fmt: skip
    (folder / ROWS).write_text("".join(json.dumps(row) + "\n" for row in rows))
    write_tables(folder, rows)
    return folder


@pytest.fixture
def study(whole, tmp_path):
    shutil.copytree(whole.parent, tmp_path, dirs_exist_ok=True)
    return tmp_path / "study"


def told(capsys, monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["society", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in (1, 2)
    said = capsys.readouterr().err
    assert said.startswith("society: ")
    assert said.count("\n") == 1
    assert said[:-1].isprintable()
    return said


def test_a_whole_study_is_shown(study):
    assert Studies().look(study)["means"]["order.protected"]["mean"] == [0, 1]


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_value_in_a_row_is_told_by_its_line(study, name):
    rows = [json.loads(line) for line in (study / ROWS).read_text().splitlines()]
    for value in WRONG[name]:
        lines = [rows[0], {**rows[1], name: value}, *rows[2:]]
        (study / ROWS).write_text("".join(json.dumps(row) + "\n" for row in lines))
        with pytest.raises(RecordError, match=r"rows\.jsonl: line 2 is damaged"):
            Rows(study, "")
    (study / TABLE).unlink()
    with pytest.raises(RecordError, match=r"rows\.jsonl: line 2 is damaged"):
        Studies().look(study)


def test_a_sweep_that_goes_on_with_a_damaged_row_says_which(study, capsys, monkeypatch):
    (study / ROWS).write_text('{"key": "a", "measures": [1]}\n')
    said = told(capsys, monkeypatch, "sweep", study.parent / "small.yaml", "--out", study)
    assert "rows.jsonl: line 1 is damaged: remove it" in said


@pytest.mark.parametrize(
    "rows",
    ["* exclude (cell)", "* exclude (error)", "* replace (99999999999 as cell)", "* replace (-7 as cell)",
     "* replace ('x' as seed)", "* replace (null as seed)", "* replace ({'a': 1} as \"order.protected\")", "3 as x"],
)  # fmt: skip
def test_a_table_of_other_columns_is_refused(study, rows):
    with duckdb.connect() as connection:
        connection.execute(f"copy (select {rows} from '{study / TABLE}') to '{study / 'other'}' (format parquet)")
    shutil.move(study / "other", study / TABLE)
    with pytest.raises(RecordError, match="its table of runs is damaged"):
        Studies().look(study)


def test_half_a_table_is_refused(study):
    whole = (study / TABLE).read_bytes()
    (study / TABLE).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RecordError, match="its table of runs cannot be read") as refused:
        Studies().look(study)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("text", ["[1]", "[" * 100_000, '{"experiment": "x", "world": 3}'])
def test_a_damaged_manifest_is_refused(study, capsys, monkeypatch, text):
    (study / MANIFEST).write_text(text)
    assert MANIFEST in told(capsys, monkeypatch, "view", study, "--no-open")


@pytest.mark.parametrize("name", [ROWS, MANIFEST])
def test_a_folder_in_place_of_a_file_is_refused(study, capsys, monkeypatch, name):
    (study / name).unlink()
    (study / name).mkdir()
    assert str(study) in told(capsys, monkeypatch, "sweep", study.parent / "small.yaml", "--out", study)
