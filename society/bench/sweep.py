"""Speed of a sweep beside ``mesa.batch_run`` of the same society, and of finding what is finished."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import mesa

from society.bench.mesa_reference import MesaSociety
from society.ground.errors import RunError
from society.study.sweep.cells import measured_by
from society.study.sweep.driver import sweep
from society.study.sweep.prepare import prepared
from society.study.sweep.table import Rows
from society.world.experiment import Experiment

Numbers = dict[str, float]
RUNS, AGENTS, TICKS = 64, 1000, 50


def experiment() -> Experiment:
    """64 runs of the plain society: eight thresholds, eight seeds."""
    tree: dict[str, Any] = {
        "name": "bench", "base": "reference", "set": {"agents.count": AGENTS, "ticks": TICKS}, "seeds": 8,
        "axes": {"review.threshold": [48, 49, 50, 51, 52, 53, 54, 55]}, "measures": ["trust.mean", "score.mean"],
    }  # fmt: skip
    return Experiment(**tree)


def mesa_batch(processes: int = 2) -> Numbers:
    """Seconds of ``mesa.batch_run`` for as many runs of the Mesa program; its workers are forked, which takes no time."""
    parameters: dict[str, Any] = {"n": AGENTS, "start": list(range(RUNS))}
    begin = time.perf_counter()
    rows = mesa.batch_run(
        MesaSociety,
        parameters,
        number_processes=processes,
        max_steps=TICKS,
        data_collection_period=-1,
        display_progress=False,
    )
    if len(rows) != RUNS:
        raise RunError(f"bench sweep: Mesa gave {len(rows)} rows for {RUNS} runs")
    return {"s": time.perf_counter() - begin}


def swept() -> Numbers:
    """Seconds of the sweep once its workers are up, what a run takes in its worker, and what is added to it."""
    with tempfile.TemporaryDirectory() as folder:
        found = sweep(experiment(), Path(folder) / "study", workers=2)
        if len(found.table) != RUNS or found.failed:
            raise RunError(f"bench sweep: {len(found.table)} rows for {RUNS} runs, {found.failed} failed")
        inside = float(found.table["seconds"].sum())
    return {"s": found.run_s, "workers_s": found.workers_s, "overhead_ms": 1e3 * (2 * found.run_s - inside) / RUNS}


def command() -> Numbers:
    """Seconds of the whole command, from the shell and back."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bench.yaml"
        file.write_text(json.dumps(experiment().model_dump(mode="json")), encoding="utf-8")
        words: list[str | Path] = [
            sys.executable,
            "-m",
            "society",
            "sweep",
            file,
            "--out",
            f"{folder}/study",
            "--workers",
            "2",
        ]
        begin = time.perf_counter()
        subprocess.run(words, check=True, capture_output=True)
        return {"s": time.perf_counter() - begin}


def scan(runs: int = 10_000) -> Numbers:
    """Seconds of a sweep all of whose runs are finished."""
    tree = experiment().model_dump(mode="json")
    values = [40 + 20 * number / (runs // 8) for number in range(runs // 8)]
    many = Experiment(**{**tree, "axes": {"review.threshold": values}})
    with tempfile.TemporaryDirectory() as folder:
        _, jobs, place = prepared(many, Path(folder) / "study")
        rows = Rows(place, measured_by(many))
        measures = {"trust.mean": 0.5, "score.mean": 50.0}
        rows.add(
            {"cell": job.cell, "seed": job.seed, "key": job.key, "changes": job.changes, "hash": "0" * 64, "error": "",
             "measures": measures, "seconds": 0.01} for job in jobs
        )  # fmt: skip
        rows.close()
        begin = time.perf_counter()
        found = sweep(many, Path(folder) / "study")
        if found.fresh or len(found.table) != runs:
            raise RunError(f"bench sweep: {found.fresh} finished runs were run again")
        return {"s": time.perf_counter() - begin}
