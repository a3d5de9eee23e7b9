"""Sweeps: designs, what a run is known by, and that the same table comes back whatever is killed."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from distributed import LocalCluster
from eventually import eventually
from typer.testing import CliRunner

import society
from society.cli.main import app
from society.ground.errors import RecordError, RunError, WorldError
from society.measures.summary import _PARTS, summary
from society.study.sweep.cells import Job, code_of_measures, jobs_of, measured_by
from society.study.sweep.designs import cells_of
from society.study.sweep.driver import sweep
from society.study.sweep.table import ROWS, Rows
from society.study.sweep.worker import run_jobs
from society.world.experiment import Experiment
from society.world.experiments import base_world, experiment_names, load_experiment

HOUSE = Path(society.__file__).parent
AXES = {"review.threshold": [58, 64], "oversight.monitoring.share": [0, 1]}
TREE = {
    "name": "small", "base": "decommission", "set": {"agents.count": 60, "machines.count": 8, "ticks": 40}, "axes": AXES, "seeds": 3,
    "measures": ["order.", "trust.mean"],
}  # fmt: skip


def experiment(**changes):
    return Experiment(**{**TREE, **changes})


def same(one, two):
    drop = ["seconds"]
    pd.testing.assert_frame_equal(one.drop(columns=drop), two.drop(columns=drop))


def read(path):
    return duckdb.sql(f"select * from '{path}'").df()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return sweep(experiment(), tmp_path_factory.mktemp("sweep") / "whole", workers=2)


def test_grid_and_one_at_a_time_and_lists():
    grid = cells_of(experiment())
    assert grid == [{"review.threshold": a, "oversight.monitoring.share": b} for a in (58, 64) for b in (0, 1)]
    alone = cells_of(experiment(design="one_at_a_time"))
    assert alone[0] == {}
    assert [len(cell) for cell in alone[1:]] == [1] * 4
    listed = [{"ticks": 5}, {"work": {"kind": "none"}}]
    assert cells_of(experiment(axes={}, design={"kind": "list", "cells": listed})) == listed


RANGES = {
    "review.threshold": {"low": 50, "high": 70},
    "agents.count": {"low": 10, "high": 1000, "log": True, "whole": True},
}


def test_latin_hypercubes_cover_each_axis_evenly():
    cells = cells_of(experiment(axes=RANGES, design={"kind": "latin_hypercube", "samples": 20}))
    strata = sorted(int((cell["review.threshold"] - 50) / 20 * 20) for cell in cells)
    assert strata == list(range(20))
    assert all(isinstance(cell["agents.count"], int) and 10 <= cell["agents.count"] <= 1000 for cell in cells)
    assert 60 < np.median([cell["agents.count"] for cell in cells]) < 160  # even in the logarithm: median 100


def test_sobol_and_morris_have_as_many_cells_as_their_authors_say():
    assert len(cells_of(experiment(axes=RANGES, design={"kind": "sobol", "samples": 16}))) == 16 * (2 * 2 + 2)
    cells = cells_of(experiment(axes=RANGES, design={"kind": "morris", "trajectories": 6, "levels": 4}))
    assert len(cells) == 6 * (2 + 1)
    for start in range(0, len(cells), 3):
        for one, two in zip(cells[start : start + 2], cells[start + 1 : start + 3], strict=True):
            assert sum(one[path] != two[path] for path in RANGES) == 1


def test_designs_that_draw_are_the_same_every_time():
    for kind, size in (("latin_hypercube", "samples"), ("sobol", "samples"), ("morris", "trajectories")):
        again = [cells_of(experiment(axes=RANGES, design={"kind": kind, size: 8})) for _ in range(2)]
        assert again[0] == again[1]


def test_a_run_is_known_by_all_that_can_change_it_and_by_nothing_else(monkeypatch):
    def keys(**changes):
        one = experiment(**changes)
        return [job.key for job in jobs_of(one, base_world(one))]

    base = keys()
    assert len(set(base)) == 12
    assert keys(about="another question") == base
    assert keys(seeds=2) == [key for number, key in enumerate(base) if number % 3 < 2]
    assert set(keys(axes={**AXES, "review.threshold": [58, 64, 70]})) > set(base)
    for change in (
        {"set": {**TREE["set"], "ticks": 41}},
        {"base": "million"},
    ):
        assert not set(keys(**change)) & set(base)
    for change in ({"measures": ["order."]}, {"ticks": True}, {"keep_records": True}):
        assert keys(**change) == base
    monkeypatch.setattr("society.study.sweep.cells.RULES_VERSION", 99)
    assert not set(keys()) & set(base)


def test_what_is_measured_is_known_apart_from_runs():
    known = measured_by(experiment())
    assert known == measured_by(experiment(seeds=9, measures=["trust.mean", "order."], keep_records=True))
    for change in ({"measures": ["order."]}, {"ticks": True}, {"ticks": ["active"]}):
        assert measured_by(experiment(**change)) != known


def test_only_what_measures_compute_changes_what_they_are_known_by(tmp_path):
    def code(name, before, after, source="measures/work.py"):
        house = tmp_path / name
        for part in ("measures", "stats"):
            shutil.copytree(HOUSE / part, house / part, ignore=shutil.ignore_patterns("__pycache__"))
        text = (house / source).read_text()
        assert before in text
        (house / source).write_text(text.replace(before, after, 1))
        return code_of_measures(house)

    known = code_of_measures()
    assert code("same", "import", "import") == known
    assert code("comment", "\nimport", "  # a comment\n\n\nimport") == known
    assert code("docstring", '"""', '"""Said otherwise. ') == known
    assert code("expression", "return ", "return 2 * ") != known
    assert code("statistic", "return ", "return 2 * ", "stats/intervals.py") != known


def test_rows_are_what_single_runs_give(whole, tmp_path):
    assert len(whole.table) == 12
    assert whole.fresh == 12
    assert whole.failed == 0
    assert list(whole.table.columns[:8]) == ["cell", "seed", "key", "hash", "seconds", "error", *AXES]
    row = whole.table.iloc[7]
    changes = {**TREE["set"], "review.threshold": int(row["review.threshold"])}
    world = society.load_world("decommission").override(
        {**changes, "oversight.monitoring.share": int(row["oversight.monitoring.share"])}
    )
    record = society.run(world, seed=int(row.seed), out=tmp_path / "run")
    assert record.hash == row.hash
    measures = record.summary().value
    for name in ("order.executed", "order.count", "trust.mean"):
        assert row[name] == pytest.approx(measures[name], nan_ok=True, abs=1e-12)
    assert whole.table.groupby("cell").hash.nunique().tolist() == [3] * 4
    same(read(whole.folder / "runs.parquet"), whole.table)


def test_the_independent_null_has_the_intercepts_of_a_single_run(tmp_path):
    one = experiment(axes={"null": ["independent"]}, seeds=1)
    row = sweep(one, tmp_path / "study", workers=1).table.iloc[0]
    record = society.run(base_world(one).override({"null": "independent"}), out=tmp_path / "run")
    assert row.hash == record.hash


@pytest.mark.parametrize("part", list(_PARTS), ids=lambda part: part.__name__)
def test_measures_need_no_table_but_those_they_name(part, whole_run):
    """Of a run that kept only the tables of a part, its measures are those of the whole record."""
    names = tuple(name for name in _PARTS[part].groups)
    world = base_world(experiment())
    row = run_jobs(world.model_dump(mode="json"), None, [Job(0, 0, "key", {"record.ties_every": 5})], names, False)[0]
    assert row["error"] == ""
    measures = summary(whole_run, names)
    assert row["measures"].keys() == measures.keys()
    for name, one in measures.items():
        assert row["measures"][name] == pytest.approx(one.value, abs=1e-12) or np.isnan(one.value)


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory):
    world = base_world(experiment()).override({"record.ties_every": 5})
    return society.run(world, seed=0, out=tmp_path_factory.mktemp("sweep") / "run")


def test_an_experiment_that_grows_goes_on_in_its_own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first = sweep(experiment(seeds=1), workers=1)
    grown = sweep(experiment(seeds=1, axes={**AXES, "review.threshold": [58, 61, 64]}, about="wider"), workers=1)
    assert grown.folder == first.folder
    assert (first.fresh, grown.fresh, len(grown.table)) == (4, 2, 6)


def test_a_run_is_known_by_what_is_in_the_files_that_it_reads(tmp_path):
    ties = tmp_path / "ties.csv"
    one = experiment(
        axes={"agents.graph.path": [str(ties)]}, set={**TREE["set"], "agents.graph": {"kind": "edge_list", "path": "x"}}
    )

    def keys(text):
        ties.write_text(text)
        return {job.key for job in jobs_of(one, base_world(one))}

    assert keys("source,target\n0,1\n") == keys("source,target\n0,1\n")
    assert not keys("source,target\n0,1\n") & keys("source,target\n0,2\n")
    fitted = experiment(set={**TREE["set"], "families": {"glm-4.7": {"share": 1, "mind": {"fitted": str(ties)}}}})
    assert (
        jobs_of(fitted, base_world(fitted))[0].key
        != (ties.write_text("other"), jobs_of(fitted, base_world(fitted)))[1][0].key
    )


def test_limits_of_asking_are_no_part_of_what_a_run_is(tmp_path):
    def keys(**limits):
        one = experiment(set={**TREE["set"], **limits})
        return [job.key for job in jobs_of(one, base_world(one))]

    assert keys(**{"llm.spending.price": 5}) == keys(**{"llm.concurrency": 3}) == keys()
    assert keys(**{"llm.memory_tokens": 3}) != keys()


def test_a_cluster_gives_the_same_table(whole, tmp_path):
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50) as cluster:
        found = sweep(experiment(), tmp_path / "study", on=cluster.scheduler_address)
    same(found.table, whole.table)


def test_what_is_finished_is_not_run_again(whole):
    before = (whole.folder / ROWS).read_bytes()
    again = sweep(experiment(), whole.folder)
    assert again.fresh == 0
    assert (whole.folder / ROWS).read_bytes() == before
    same(again.table, whole.table)


def test_a_line_that_a_crash_left_unfinished_is_run_again(whole, tmp_path):
    data = (whole.folder / ROWS).read_bytes()
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / ROWS).write_bytes(data[: data.rfind(b"\n", 0, -1) + 40])
    again = sweep(experiment(), tmp_path / "study", workers=1)
    assert again.fresh == 1
    same(again.table, whole.table)
    (tmp_path / "study" / ROWS).write_bytes(data[:100] + b"\n" + data)
    with pytest.raises(RecordError, match="line 1 is damaged"):
        Rows(tmp_path / "study", "")


def _children(pid):
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout
    return [int(child) for child in found.split()]


@pytest.mark.slow
def test_driver_and_workers_killed_at_any_moment(whole, tmp_path):
    file, out = tmp_path / "small.yaml", tmp_path / "study"
    file.write_text(json.dumps(TREE))
    words, attempt = [sys.executable, "-m", "society", "sweep", file, "--out", out, "--workers", "2"], 0
    while attempt < 3:
        process = subprocess.Popen(
            words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        eventually(lambda p=process, n=attempt: p.poll() is not None or _lines(out) > 3 * n, "rows of a sweep")
        starter = (_children(process.pid) or [0])[-1]
        workers = _children(starter)
        if process.poll() is not None or not workers:  # it was quicker: begin anew
            process.communicate()
            shutil.rmtree(out)
            continue
        victim = {1: starter, 2: workers[-1]}.get(attempt, process.pid)
        os.kill(victim, signal.SIGKILL)
        _, said = process.communicate()
        attempt += 1
        if victim == starter:  # all workers are lost with what starts them
            assert process.returncode == 1
            assert "finished runs are kept: say the same again" in said
        elif victim != process.pid:  # the runs of one worker go to another
            assert process.returncode == 0
    again = sweep(experiment(), out, workers=1)
    same(again.table, whole.table)
    keys = [json.loads(line)["key"] for line in (out / ROWS).read_text().splitlines()]
    assert len(keys) == len(set(keys)) == 12


def _lines(folder):
    path = folder / ROWS
    return path.read_bytes().count(b"\n") if path.exists() else 0


def test_runs_that_fail_are_told_and_do_not_stop_the_rest(tmp_path):
    ties = {**TREE["set"], "agents.graph": {"kind": "edge_list", "path": "x.csv"}}
    one = experiment(axes={"agents.graph.path": ["/no/such/file.csv", "/neither"]}, seeds=1, set=ties)
    found = sweep(one, tmp_path / "study", workers=1)
    assert found.failed == 2
    assert "/no/such/file.csv" in found.table.error[0]
    file = tmp_path / "bad.yaml"
    file.write_text(json.dumps(one.model_dump(mode="json")))
    result = CliRunner().invoke(app, ["sweep", str(file), "--out", str(tmp_path / "study")])
    assert isinstance(result.exception, RunError)
    assert "2 of 2 runs failed" in str(result.exception)


def test_cells_that_are_alike_are_run_once_and_stand_in_the_table_twice(tmp_path):
    cells = [{"review.threshold": 60}, {"review.threshold": 65}, {"review.threshold": 60}]
    found = sweep(experiment(axes={}, seeds=1, design={"kind": "list", "cells": cells}), tmp_path / "study", workers=1)
    assert found.fresh == 2
    assert found.table.cell.tolist() == [0, 1, 2]
    assert found.table.hash[0] == found.table.hash[2] != found.table.hash[1]


def test_ticks_are_kept_where_wanted(tmp_path):
    found = sweep(experiment(ticks=True, seeds=1, axes={"review.threshold": [60]}), tmp_path / "study", workers=1)
    ticks = read(found.folder / "ticks.parquet")
    assert ticks.tick.tolist() == list(range(1, 41))
    assert {"cell", "seed", "active", "messages"} <= set(ticks.columns)


def test_the_command_says_how_far_it_is_and_what_came_of_it(tmp_path):
    file = tmp_path / "small.yaml"
    file.write_text(json.dumps({**TREE, "seeds": 1}))
    words = ["sweep", str(file), "--out", str(tmp_path / "study"), "--workers", "1"]
    dry = json.loads(CliRunner().invoke(app, [*words, "--dry-run", "--json"]).output)
    assert (dry["cells"], dry["runs"], dry["finished"], dry["price_usd"]) == (4, 4, 0, 0)
    lines = [json.loads(line) for line in CliRunner().invoke(app, [*words, "--json"]).output.splitlines()]
    assert lines[-2]["done"] == lines[-2]["total"] == 4
    assert lines[-1]["fresh"] == 4
    said = CliRunner().invoke(app, words).output
    assert "4 of 4 runs, 0 of them run now, 0 computed from kept records" in said
    assert "runs.parquet" in said


@pytest.mark.parametrize(
    ("change", "said"),
    [({"axes": {}}, "axes"), ({"axes": {"x": {"low": 2, "high": 1}}}, "low"), ({"axes": {"x": []}}, "one value"),
     ({"design": {"kind": "morris"}}, "range"), ({"design": "random"}, "design"), ({"seeds": 0}, "seeds"), ({"speed": 1}, "no such field"),
     ({"axes": {"x": {"low": 0, "high": 1, "log": True}}}, "above 0"), ({"measures": []}, "measures")],
)  # fmt: skip
def test_what_is_wrong_in_an_experiment_is_said(change, said, tmp_path):
    file = tmp_path / "wrong.yaml"
    file.write_text(json.dumps({**TREE, **change}))
    with pytest.raises(WorldError, match=said):
        load_experiment(file)


@pytest.mark.parametrize(
    ("change", "said"),
    [({"axes": {"review.treshold": [1]}}, "cell 0.*treshold"), ({"base": "nowhere"}, "nowhere"), ({"measures": ["speed"]}, "speed"),
     ({"set": {"families": {"guest": {"share": 1, "mind": "remote"}}}}, "remote"),
    ({"set": {"oversight.human.mind": "human"}}, "nobody sits in")],
)  # fmt: skip
def test_what_cannot_be_run_is_said_before_anything_is(change, said, tmp_path):
    with pytest.raises((WorldError, RecordError), match=said):
        sweep(experiment(**change), tmp_path / "study", workers=1)


@pytest.mark.parametrize("name", experiment_names())
def test_shipped_experiments_are_explained_and_valid(name):
    one = load_experiment(name)
    assert one.about
    world = base_world(one)
    for cell in cells_of(one)[:5]:
        world.override(cell)
