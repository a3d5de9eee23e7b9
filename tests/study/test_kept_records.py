"""Kept records of a sweep: other measures come from them, nothing runs again, and none is trusted that is not its run's."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from functools import partial

import duckdb
import numpy as np
import pandas as pd
import psutil
import pytest
from eventually import eventually
from typer.testing import CliRunner

from society.cli.main import app
from society.ground.errors import RecordError, SocietyError
from society.ground.versions import RULES_VERSION
from society.measures.catalogue import MEASURES
from society.record.folder import read_manifest, write_manifest
from society.record.hash import digest_of_setting, sealed
from society.record.lock import Lock
from society.record.verify import verify
from society.study.run.models import Models
from society.study.sweep.cells import jobs_of
from society.study.sweep.driver import _Runs, sweep
from society.study.sweep.kept import PART, clear_parts, keep, place_of, trusted
from society.study.sweep.table import ROWS, Rows
from society.study.sweep.viewed import Studies
from society.world.experiment import Experiment
from society.world.experiments import base_world

TREE = {
    "name": "kept", "base": "decommission", "set": {"agents.count": 60, "machines.count": 8, "ticks": 30, "record.ties_every": 5},
    "axes": {"review.threshold": [58, 64]}, "seeds": 2, "measures": ["order.executed"], "keep_records": True,
}  # fmt: skip
MORE = {**TREE, "measures": [name for name in MEASURES if not name.startswith("work.factor")], "ticks": True}


def same(one, two):
    pd.testing.assert_frame_equal(one.drop(columns="seconds"), two.drop(columns="seconds"))


def files(folder):
    """Every file below a folder, with its bytes and when it was written."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*") if path.is_file() and path.name != ".lock"
    }  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A study with a record of each of its four runs."""
    return sweep(TREE, tmp_path_factory.mktemp("kept") / "study", workers=2)


@pytest.fixture(scope="module")
def from_the_start(tmp_path_factory):
    """The study that measured more from the start, without any record."""
    return sweep({**MORE, "keep_records": False}, tmp_path_factory.mktemp("kept") / "more", workers=2)


@pytest.fixture
def study(made, tmp_path):
    return shutil.copytree(made.folder, tmp_path / "study", copy_function=shutil.copy2)


def jobs():
    one = Experiment(**TREE)
    return base_world(one), jobs_of(one, base_world(one))


def test_every_run_has_the_record_that_society_run_writes(made):
    assert (made.fresh, made.measured, made.failed) == (4, 0, 0)
    for row in made.table.itertuples():
        place = made.folder / "runs" / row.key
        assert verify(place).good
        manifest = read_manifest(place)
        assert (manifest["hash"], manifest["seed"], manifest["status"]) == (row.hash, row.seed, "done")
        changes = {"review.threshold": made.changes[row.cell]["review.threshold"]}
        assert manifest["study"] == {"name": "kept", "cell": row.cell, "changes": changes, "key": row.key}
    assert not list((made.folder / "runs").glob(f"*{PART}"))


def test_without_the_option_nothing_is_kept(from_the_start):
    assert not (from_the_start.folder / "runs").exists()


def test_other_measures_come_from_the_records_and_nothing_runs(study, from_the_start):
    before, said = files(study / "runs"), []
    again = sweep(MORE, study, workers=2, say=said.append)
    assert said == [
        "what is measured has changed since: of 4 finished runs 4 are computed from kept records, 0 have none and are run again"
    ]
    assert (again.fresh, again.measured, again.failed) == (0, 4, 0)
    assert files(study / "runs") == before
    same(again.table, from_the_start.table)
    names = [name for name in again.table.columns if name in MEASURES]
    assert len(names) > 40
    for name in names:  # the record on disk and the tables in memory give the same bits
        one, two = (frame[name].to_numpy(dtype=float) for frame in (again.table, from_the_start.table))
        assert np.array_equal(one, two, equal_nan=True), name
    ticks = [duckdb.sql(f"select * from '{one.folder}/ticks.parquet'").df() for one in (again, from_the_start)]
    pd.testing.assert_frame_equal(*ticks)
    third = sweep(MORE, study, workers=2, say=said.append)
    assert (third.fresh, third.measured, len(said)) == (0, 0, 1)
    same(third.table, from_the_start.table)


def test_where_no_record_is_kept_the_run_is_run_again(study, from_the_start):
    _, (first, *_) = jobs()
    shutil.rmtree(place_of(study, first.key))
    said = []
    again = sweep({**MORE, "keep_records": False}, study, workers=1, say=said.append)
    assert "of 4 finished runs 3 are computed from kept records, 1 have none and are run again" in said[0]
    assert (again.fresh, again.measured) == (1, 3)
    assert not place_of(study, first.key).exists()
    same(again.table, from_the_start.table)


def test_the_commands_say_what_comes_from_where(study):
    file = study.parent / "more.yaml"
    file.write_text(json.dumps(MORE | {"seeds": 3}))
    words = ["sweep", str(file), "--out", str(study), "--workers", "1"]
    said = CliRunner().invoke(app, [*words, "--dry-run"]).output
    assert "2 cells x 3 seeds = 6 runs: 0 in the table, 4 computed from kept records, 2 to run" in said
    assert "of 4 finished runs 4 are computed from kept records" in said
    dry = json.loads(CliRunner().invoke(app, [*words, "--dry-run", "--json"]).output)
    assert (dry["finished"], dry["from_records"]) == (0, 4)
    result = CliRunner().invoke(app, words)
    assert "6 of 6 runs, 2 of them run now, 4 computed from kept records" in result.output
    assert "of 4 finished runs 4 are computed from kept records" in result.stderr
    assert len(list((study / "runs").iterdir())) == 6


def test_the_option_of_the_command_keeps_records_too(tmp_path):
    file = tmp_path / "plain.yaml"
    file.write_text(json.dumps({**TREE, "keep_records": False, "seeds": 1}))
    words = ["sweep", str(file), "--out", str(tmp_path / "study"), "--workers", "1", "--json"]
    result = CliRunner().invoke(app, [*words, "--keep-records"])
    assert json.loads(result.output.splitlines()[-1])["from_records"] == 0
    assert len(list((tmp_path / "study" / "runs").iterdir())) == 2
    assert json.loads((tmp_path / "study" / "experiment.json").read_text())["experiment"]["keep_records"] is True


def changed(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def forged(place, **fields):
    """Change the manifest and make its hash fit."""
    manifest = {**read_manifest(place), **fields}
    manifest["digests"]["setting"] = digest_of_setting(manifest)
    write_manifest(place, {**manifest, "hash": sealed(manifest["digests"])})


TAMPERED = {
    "a part": (lambda place: changed(next((place / "ticks").glob("*.parquet"))), r"ticks/.*changed: its SHA-256"),
    "a lost part": (lambda place: next((place / "states").glob("*.parquet")).unlink(), "states/.*is missing"),
    "another seed": (lambda place: forged(place, seed=77), "seed is not that of the run"),
    "other rules": (lambda place: forged(place, rules_version=RULES_VERSION - 1), "rules_version is not that of the run"),
    "another world": (
        lambda place: forged(place, world={**read_manifest(place)["world"], "ticks": 29}), "world is not that of the run",
    ),
    "another hash": (
        lambda place: write_manifest(place, {**read_manifest(place), "hash": "0" * 64}), "states another hash",
    ),
    "another run": (
        lambda place: (shutil.rmtree(place), shutil.copytree(next(place.parent.iterdir()), place)), "study.key is not that",
    ),
    "not finished": (
        lambda place: write_manifest(place, {**read_manifest(place), "status": "running"}), r"not finished \(running\)",
    ),
    "a damaged manifest": (lambda place: (place / "manifest.json").write_text("{"), "manifest.json: damaged"),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERED)
def test_a_record_that_is_not_that_of_its_run_is_refused_by_name(what, study):
    base, (job, *_) = jobs()
    place, world = place_of(study, job.key), base.override(job.changes).seeded(job.seed)
    assert trusted(place, job, world).hash
    tamper, said = TAMPERED[what]
    tamper(place)
    with pytest.raises(RecordError, match=said) as refused:
        trusted(place, job, world)
    assert str(place) in str(refused.value)


def test_a_record_of_another_hash_than_the_table_has_is_refused(study):
    base, (job, *_) = jobs()
    world = base.override(job.changes).seeded(job.seed)
    with pytest.raises(RecordError, match="hash is not the one that the run has in the table"):
        trusted(place_of(study, job.key), job, world, "0" * 64)


def test_a_link_in_place_of_a_record_is_refused(study):
    base, (job, other, *_) = jobs()
    place, world = place_of(study, job.key), base.override(job.changes).seeded(job.seed)
    shutil.rmtree(place)
    place.symlink_to(place_of(study, other.key))
    with pytest.raises(RecordError, match="is a link"):
        trusted(place, job, world)
    with pytest.raises(RecordError, match="is not a run's folder, so nothing is written there"):
        keep(place, world, {"name": "kept", "cell": 0, "changes": {}, "key": job.key})


def test_a_tampered_record_is_refused_in_a_sentence_and_its_run_runs_again(study, from_the_start):
    _, (job, *_) = jobs()
    place = place_of(study, job.key)
    changed(next((place / "ticks").glob("*.parquet")))
    said = []
    again = sweep(MORE, study, workers=1, say=said.append)
    assert len(said) == 2
    assert re.fullmatch(rf"refused: {place.resolve()}/ticks/.*: changed: .*; the run is run again", said[1])
    assert (again.fresh, again.measured) == (1, 3)
    same(again.table, from_the_start.table)
    assert verify(place).good


def test_rows_of_an_earlier_version_are_read_and_do_not_count(study):
    lines = [json.loads(line) for line in (study / ROWS).read_text().splitlines()]
    old = [
        {name: value for name, value in {**row, "key": row["key"][::-1]}.items() if name != "measured"} for row in lines
    ]
    (study / ROWS).write_text("".join(json.dumps(row) + "\n" for row in old))
    shutil.rmtree(study / "runs")
    said = []
    again = sweep(TREE, study, workers=1, say=said.append)
    assert len(said) == 1
    assert said[0].startswith(f"{study / ROWS}: 4 rows are of an earlier version of the program")
    assert said[0].endswith("they do not count, and their runs are run again")
    assert (again.fresh, len(again.table)) == (4, 4)
    assert sweep(TREE, study, workers=1, say=said.append).fresh == 0
    assert len(said) == 1


def test_a_run_that_does_not_end_leaves_nothing(tmp_path):
    base, (job, *_) = jobs()

    def refuse():
        raise SocietyError("not good")

    place = place_of(tmp_path, job.key)
    with pytest.raises(SocietyError, match="not good"):
        keep(place, base, {"name": "kept", "cell": 0, "changes": {}, "key": job.key}, check=refuse)
    assert list(place.parent.iterdir()) == []


class Elsewhere:
    """A client whose workers do not see what is on this machine."""

    def run(self, function, *arguments):
        return {"tcp://10.0.0.2:9": False}


def test_workers_that_do_not_see_the_folder_cannot_keep_records_in_it(tmp_path):
    one = Experiment(**TREE)
    runs = _Runs(one, base_world(one), Rows(tmp_path, ""), Models(), tmp_path, (1, None), None, 4)
    runs.rows.close()
    with pytest.raises(SocietyError, match=r"workers do not see this folder.*--out a folder that all machines share"):
        runs._keeping(Elsewhere())


def test_what_is_still_being_written_is_not_cleared_away(tmp_path):
    left, written = ((tmp_path / "runs" / f"{'a' * 32}.{n}{PART}") for n in (1, 2))
    for folder in (left, written):
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text("{}")
    with Lock(written):
        clear_parts(tmp_path)
    assert (left.exists(), written.exists()) == (False, True)


@pytest.mark.slow
def gone(group):
    """Whether no process of a group runs any more: those that are killed hold their locks until they end."""
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                return False
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue  # it has just ended
    return True


def test_a_killed_sweep_leaves_whole_records_or_none(tmp_path):
    """Whatever is killed, a record under a run's key is whole; what is half-written is cleared by the next call."""
    tree = {**TREE, "set": {**TREE["set"], "ticks": 400}, "seeds": 4}
    file, out = tmp_path / "kept.yaml", tmp_path / "study"
    file.write_text(json.dumps(tree))
    words = [sys.executable, "-m", "society", "sweep", file, "--out", out, "--workers", "2"]
    for _ in range(2):
        shutil.rmtree(out, ignore_errors=True)
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        half = eventually(lambda: list(out.glob(f"runs/*{PART}/manifest.json")), "a record that is being written")
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        eventually(partial(gone, process.pid), "the end of all its workers")
        assert half
        for place in (out / "runs").iterdir():
            assert place.name.endswith(PART) or verify(place).good
    again = sweep(tree, out, workers=2)
    assert (again.failed, len(again.table)) == (0, 8)
    assert {path.name for path in (out / "runs").iterdir()} == set(again.table.key)
    assert all(verify(path).good for path in (out / "runs").iterdir())


def test_records_of_language_models_say_what_was_asked(tmp_path):
    families = {"live": {"share": 0.2, "mind": {"kind": "llm", "model": "simulated/glm-4.7"}}, "glm-4.7": 0.8}
    tree = {**TREE, "seeds": 1, "set": {**TREE["set"], "ticks": 8, "llm.most_unanswered": 1, "families": families}}
    models = Models(offline=True)
    made = sweep(tree, tmp_path / "study", workers=1, models=models)
    assert made.failed == 0
    plain = sweep({**tree, "keep_records": False}, tmp_path / "plain", workers=1, models=models)
    same(made.table, plain.table)
    place = made.folder / "runs" / made.table.key[0]
    manifest = read_manifest(place)
    assert verify(place).good
    assert manifest["models"]["store"] == str((made.folder / "answers.sqlite").resolve())
    assert (manifest["cost"]["simulated"], manifest["cost"]["calls"] > 0) == (True, True)
    said = []
    again = sweep({**tree, "measures": ["order.", "trust."]}, made.folder, workers=1, models=models, say=said.append)
    assert (again.fresh, again.measured) == (0, 2)


def test_a_kept_run_opens_from_the_study_and_names_it(made, study):
    before = files(study / "runs")
    row = made.table.iloc[-1]
    studies = Studies()

    def told():
        now = studies.open(study, int(row.cell), int(row.seed))
        return None if now["state"] == "running" else now

    opened = eventually(told, "a kept run")
    assert (opened["state"], opened["run"], opened["same"]) == ("ready", f"runs/{row.key}", True)
    assert files(study / "runs") == before
    place = study / opened["run"]
    result = CliRunner().invoke(app, ["report", str(place)])
    assert result.exit_code == 0, result.exception
    assert "kept, cell 1: review.threshold 64" in (place / "report.html").read_text()
    assert CliRunner().invoke(app, ["verify", str(place)]).exit_code == 0
