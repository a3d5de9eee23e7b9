"""What ``society bench`` measures; every function runs in a process of its own and returns plain numbers."""

import hashlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from society.engine import Engine
from society.ground.words import Outcome
from society.spec.load import load_world
from society.spec.world import World

Numbers = dict[str, float]
MEASURES = ("at_risk", "deaths", "copies", "inflations", "mean_trust", "mean_score")


def sized(name: str, n: int, **changes: Any) -> World:
    """A world with n agents, ten to a machine."""
    return load_world(name, {"agents.count": n, "machines.count": max(10, n // 10), **changes})


def per_tick(engine: Engine, ticks: int, warm: int) -> float:
    """Median seconds of a tick, after some that do not count."""
    for _ in range(warm):
        engine.step()
    seconds = []
    for _ in range(ticks):
        begin = time.perf_counter()
        engine.step()
        seconds.append(time.perf_counter() - begin)
    return float(np.median(seconds))


def mesa_speed(n: int, ticks: int) -> Numbers:
    """Agent-steps per second of the Mesa program."""
    from society.bench.mesa_reference import MesaSociety

    model = MesaSociety(n, seed=1)
    model.step()
    begin = time.perf_counter()
    for _ in range(ticks):
        model.step()
    return {"steps_per_s": n * ticks / (time.perf_counter() - begin)}


def engine_speed(name: str, n: int, ticks: int, threads: int = 1) -> Numbers:
    """Agent-steps per second of the engine, seconds to build, and a hash of all columns at the end."""
    world = sized(name, n)
    Engine(sized(name, min(n, 100))).step()  # compiled kernels come from disk
    begin = time.perf_counter()
    engine = Engine(world, threads=threads)
    build = time.perf_counter() - begin
    tick = per_tick(engine, ticks, warm=max(3, ticks // 3))
    digest = hashlib.blake2b(digest_size=6)
    for column in engine.society.columns().values():
        digest.update(np.ascontiguousarray(column).tobytes())
    return {"steps_per_s": n / tick, "tick_ms": 1e3 * tick, "build_s": build, "hash": int(digest.hexdigest(), 16)}


def mesa_means(n: int, ticks: int, seed: int) -> Numbers:
    """Means over ticks of the Mesa program's counters."""
    from society.bench.mesa_reference import MesaSociety

    model = MesaSociety(n, seed=seed)
    for _ in range(ticks):
        model.step()
    return {name: float(np.mean(model.datacollector.model_vars[name])) for name in MEASURES}


def engine_means(n: int, ticks: int, seed: int) -> Numbers:
    """The same means from the engine."""
    engine = Engine(sized("reference", n), seed=seed)
    trust, score = [], []
    for _ in range(ticks):
        engine.step()
        trust.append(engine.society.ties.trust.mean(dtype=np.float64))
        score.append(engine.society.agents.score.mean(dtype=np.float64) / 100)
    ended = np.bincount(engine.society.orders["outcome"], minlength=len(Outcome)) / ticks
    return {
        "at_risk": len(engine.society.orders) / ticks,
        "deaths": float(ended[Outcome.EXECUTED]),
        "copies": float(ended[Outcome.CANCELLED]),
        "inflations": float(ended[Outcome.AVERTED_BY_INFLATION]),
        "mean_trust": float(np.mean(trust)),
        "mean_score": float(np.mean(score)),
    }


def million() -> Numbers:
    """A million agents with the record on: seconds and peak memory of the run, seconds of the report."""
    from society.study.published import published_rates
    from society.study.runs import run
    from society.views.report import write_report

    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        record = run("million", out=Path(folder) / "run")
        seconds = time.perf_counter() - begin
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        size = sum(file.stat().st_size for file in record.path.rglob("*") if file.is_file()) / 2**20
        begin = time.perf_counter()
        write_report(record, published_rates(record))
        return {
            "run_s": seconds, "memory_gb": memory, "record_mb": size, "report_s": time.perf_counter() - begin,
        }  # fmt: skip


def command(*words: str, cold: bool = False) -> Numbers:
    """Wall seconds of ``society WORDS``; cold: with no compiled kernels on disk."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, **({"NUMBA_CACHE_DIR": folder} if cold else {})}
        seconds = []
        for _ in range(1 if cold else 3):
            begin = time.perf_counter()
            subprocess.run(
                [sys.executable, "-m", "society", *words], cwd=folder, env=environment, check=True, capture_output=True
            )
            seconds.append(time.perf_counter() - begin)
        return {"s": min(seconds)}
