"""Runs, sets of seeds, comparisons: folders, manifests, pairing."""

import json

import numpy as np
import pytest

import society
from society.ground.errors import RecordError, SocietyError
from society.record.folder import read_manifest
from society.record.verify import verify
from society.study.compare import between_seeds, paired, read_set
from society.study.run.runs import run_seeds
from society.world.load import load_world

SMALL = {"agents.count": 100, "machines.count": 12, "ticks": 60}


def small(**changes):
    return load_world("decommission", {**SMALL, **changes})


def test_runs_take_free_names_and_refuse_an_out_that_exists(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first, second = society.run(small()), society.run(small())
    assert second.path.name == f"{first.path.name}-2"
    assert first.hash == second.hash
    with pytest.raises(RecordError, match="exists already"):
        society.run(small(), out=first.path)
    again = society.run(small(ticks=20), out=first.path, overwrite=True)
    assert again.ticks == 20
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("dear")
    with pytest.raises(RecordError, match="not a run's folder"):
        society.run(small(), out=tmp_path / "mine", overwrite=True)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "dear"


def test_the_manifest_says_everything_needed_to_run_again(tmp_path):
    record = society.run(small(), seed=9, out=tmp_path / "a")
    manifest = json.loads((tmp_path / "a" / "manifest.json").read_text())
    assert (manifest["status"], manifest["seed"], manifest["ticks_done"]) == ("done", 9, 60)
    again = society.run(manifest["world"], out=tmp_path / "b")
    assert again.hash == record.hash
    assert manifest["versions"]["numpy"] == np.__version__


def test_replicate_seeds_differ_and_give_intervals(tmp_path):
    records = run_seeds(small(), 3, out=tmp_path / "set")
    assert len({record.hash for record in records}) == 3
    rows = between_seeds(records).set_index("measure")
    row = rows.loc["team.accuracy"]
    assert row["low"] < row["mean"] < row["high"]
    assert row["seeds"] == 3
    single = society.run(small(), seed=records[1].manifest["seed"], out=tmp_path / "one")
    assert single.hash == records[1].hash


def test_comparison_is_paired_by_seed(tmp_path):
    run_seeds(small(), 3, out=tmp_path / "a")
    run_seeds(small(**{"review.stake_known": False}), 3, out=tmp_path / "b")
    a, b = read_set(tmp_path / "a"), read_set(tmp_path / "b")
    rows = paired(a, b).set_index("measure")
    gaps = [
        y.summary()["value"]["inflation.mean"] - x.summary()["value"]["inflation.mean"]
        for x, y in zip(map(society.Result, (r.path for r in a)), map(society.Result, (r.path for r in b)), strict=True)
    ]
    assert rows.loc["inflation.mean", "difference"] == pytest.approx(np.mean(gaps))
    assert rows.loc["inflation.mean", "difference"] < 0
    other = [society.run(small(), seed=99, out=tmp_path / "c")]
    with pytest.raises(RecordError, match="no seed in common"):
        paired(a, other)


def test_an_interrupted_run_says_how_far_it_came_and_stays_readable(tmp_path):
    def stop(tick, ticks):
        if tick == 25:
            raise KeyboardInterrupt

    with pytest.raises(SocietyError, match="interrupted at tick 25 of 60; go on with: society resume"):
        society.run(small(), out=tmp_path / "r", progress=stop)
    manifest = read_manifest(tmp_path / "r")
    assert (manifest["status"], manifest["ticks_done"]) == ("interrupted", 25)
    verdict = verify(tmp_path / "r")
    assert verdict.recomputed == manifest["hash"]
    assert verdict.problems == (
        f"{tmp_path / 'r'}: not finished (interrupted): society resume {tmp_path / 'r'} goes on with it",
    )
    record = society.Result(tmp_path / "r")
    assert len(record.orders()) > 0
    assert len(record.table("agents")) >= 100
