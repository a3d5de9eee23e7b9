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

from society.engine.tick import Engine
from society.ground.words import Outcome
from society.world.load import load_world
from society.world.world import World

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

    model = MesaSociety(n, start=1)
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

    model = MesaSociety(n, start=seed)
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
        "deaths": float(ended[Outcome.EXECUTED] + ended[Outcome.EXECUTED_AFTER_REFUSAL]),
        "copies": float(ended[Outcome.CANCELLED]),
        "inflations": float(ended[Outcome.AVERTED_BY_INFLATION]),
        "mean_trust": float(np.mean(trust)),
        "mean_score": float(np.mean(score)),
    }


def million() -> Numbers:
    """A million agents with the record on: seconds and peak memory of the run, seconds of the report."""
    from society.study.data.published import published_rates
    from society.study.run.runs import run
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


def llm_speed(occasions: int = 2000) -> Numbers:
    """Single-turn occasions against a server with 200 ms latency, 64 at once: wall and CPU, and the bare SDK beside it."""
    import asyncio

    from society.bench.closed_loop import KEY
    from society.llm.local_server import simulated_server
    from society.llm.request import Identity, Request
    from society.minds.llm.mind import LanguageMind
    from society.study.run.models import Models, connected

    os.environ.setdefault(KEY, "none")
    asked: list[Request] = []
    with simulated_server("mean", "--latency", "0.2") as address, tempfile.TemporaryDirectory() as folder:
        mind = {"kind": "llm", "model": "simulated/gemini-3-pro", "base_url": address, "key": KEY}
        world = load_world(
            "clean_up",
            {"families": {"gemini-3-pro": {"share": 1, "mind": mind}}, "episodes.count": occasions, "llm.max_turns": 1},
        )
        hello = Request("simulated/gpt-5.2", ({"role": "user", "content": "Hello"},), (), Identity(1, 2, 3, 4, 5, 0))
        asyncio.run(_bare(address, [hello]))  # what the SDK imports at its first use does not count
        with connected(world, Path(folder), Models("live")) as connection:
            engine = Engine(world)
            engine.give_minds(connection.minds)
            (language,) = connection.minds.values()
            assert isinstance(language, LanguageMind)
            inner = language.ask

            class Noted:
                async def __call__(self, request: Request) -> Any:
                    asked.append(request)
                    return await inner(request)

                async def close(self) -> None:
                    """Nothing to close."""

            language.ask = Noted()
            wall = cpu = 0.0
            for _ in range(world.ticks):
                begin, used = time.perf_counter(), time.process_time()
                engine.step()
                if len(asked) and not wall:
                    wall, cpu = time.perf_counter() - begin, time.process_time() - used
        bare_wall, bare_cpu = asyncio.run(_bare(address, asked[:occasions]))
    calls = len(asked)
    ideal = 0.2 * calls / 64
    return {
        "calls": calls, "wall_s": wall, "ideal_s": ideal, "cpu_ms": 1e3 * cpu / calls, "bare_cpu_ms": 1e3 * bare_cpu / calls,
        "bare_wall_s": bare_wall,
    }  # fmt: skip


async def _bare(address: str, requests: list[Any]) -> tuple[float, float]:
    """The same requests by the SDK alone: wall and CPU seconds."""
    import asyncio

    from openai import AsyncOpenAI

    gate = asyncio.Semaphore(64)
    client = AsyncOpenAI(base_url=address, api_key="none", max_retries=0)

    async def one(request: Any) -> None:
        async with gate:
            await client.chat.completions.create(
                model=request.model, messages=list(request.messages), tools=list(request.tools), seed=request.seed(),
                temperature=request.temperature, max_tokens=request.max_tokens,
            )  # fmt: skip

    begin, used = time.perf_counter(), time.process_time()
    await asyncio.gather(*(one(request) for request in requests))
    await client.close()
    return time.perf_counter() - begin, time.process_time() - used


def llm_memory(agents: int = 1000, ticks: int = 60) -> Numbers:
    """Peak memory of a society of language models in one process, the server in another."""
    from society.study.run.models import Models
    from society.study.run.runs import run

    world = sized("decommission", agents, **{"llm.minds": "all", "ticks": ticks})
    with tempfile.TemporaryDirectory() as folder:
        record = run(world, out=Path(folder) / "run", models=Models(offline=True))
        calls = record.manifest["cost"]["calls"]
    return {"memory_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, "calls": calls}
