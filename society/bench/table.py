"""``society bench``: speed, size and endurance, each against its target, measured beside Mesa on the same machine."""

import multiprocessing
import os
import platform
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import stats

from society.bench import broker as messages
from society.bench import parts
from society.bench import sweep as sweeps
from society.bench import view as pages
from society.bench.closed_loop import Cell, cells, come_back
from society.bench.endurance import courses
from society.bench.kill import kill_and_resume
from society.bench.verdicts import SEEDS, worst
from society.ground.errors import WorldError
from society.llm.local_server import simulated_server


@dataclass(frozen=True)
class Row:
    """One measured figure.

    Attributes:
        part: the part of the bench.
        what: what was measured, with its unit.
        value: the figure.
        target: bound it is held to; NaN for none.
        at_least: whether the target is a lower bound.
        note: what else belongs to it.
    """

    part: str
    what: str
    value: float
    target: float = float("nan")
    at_least: bool = True
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without one."""
        if self.target != self.target:
            return None
        return self.value >= self.target if self.at_least else self.value <= self.target

    def plain(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {**asdict(self), "met": self.met}


#: How often two things that are compared are measured, in turn.
TURNS = 3


def alone(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Call a function in a fresh process, so that nothing before it counts."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments, **named).result()


def reference(n: int = 100_000) -> Iterator[Row]:
    """Speed beside the Mesa program, in turn; the best of each counts, so that what else the machine does counts least."""
    small = min(n, 10_000)
    for size, mesa_ticks, ticks in ((small, 10, 100), (n, 4, 60)):
        pairs = [
            (alone(parts.mesa_speed, size, mesa_ticks), alone(parts.engine_speed, "reference", size, ticks))
            for _ in range(TURNS)
        ]
        other, speed = (max(pair[side]["steps_per_s"] for pair in pairs) for side in (0, 1))
        note = f"engine {speed / 1e6:.2f} M, Mesa {other / 1e6:.3f} M agent-steps/s, one thread"
        target = 200.0 if size >= 100_000 else float("nan")
        yield Row("reference", f"times Mesa, {size:,} agents", speed / other, target, note=note)
        if size == n:
            return


def means(n: int = 100_000, seeds: int = 20, ticks: int = 10) -> Iterator[Row]:
    """The same means as Mesa's: Welch's test at 99 % for each measure, over seeds."""
    mesa = [alone(parts.mesa_means, n, ticks, seed) for seed in range(seeds)]
    engine = [alone(parts.engine_means, n, ticks, seed) for seed in range(seeds)]
    for name in parts.MEASURES:
        a, b = [run[name] for run in engine], [run[name] for run in mesa]
        p = float(stats.ttest_ind(a, b, equal_var=False).pvalue)
        note = f"engine {np.mean(a):.5g}, Mesa {np.mean(b):.5g}; {seeds} seeds, {n:,} agents, {ticks} ticks"
        yield Row("means", f"Welch p, {name}", p, 0.01, note=note)


def decommission(n: int = 100_000) -> Iterator[Row]:
    """All rules of ``decommission``: agent-steps per second, and how the cost of one grows with size."""
    speed = {size: alone(parts.engine_speed, "decommission", size, 40) for size in (10, 10_000, n, 1_000_000)}
    yield Row("decommission", "ms per tick, 10 agents", speed[10]["tick_ms"], 1.0, False)
    value = speed[n]["steps_per_s"] / 1e6
    yield Row("decommission", f"M agent-steps/s, {n:,} agents", value, 3.0, note="one thread")
    growth = speed[10_000]["steps_per_s"] / speed[1_000_000]["steps_per_s"]
    yield Row("decommission", "cost of an agent-step, 10^6 over 10^4 agents", growth, 3.0, False)
    yield Row("decommission", "s to build 10^6 agents", speed[1_000_000]["build_s"], 15.0, False)


def threads(n: int = 1_000_000) -> Iterator[Row]:
    """Two threads against one, in turn, with the same hash; the best of each counts."""
    pairs = [[alone(parts.engine_speed, "decommission", n, 15, count) for count in (1, 2)] for _ in range(TURNS)]
    hashes = {one["hash"] for pair in pairs for one in pair}
    same = "same hash" if len(hashes) == 1 else "HASHES DIFFER"
    one, two = (max(pair[side]["steps_per_s"] for pair in pairs) for side in (0, 1))
    value = two / one if len(hashes) == 1 else 0.0
    yield Row("threads", f"times one thread, two threads, {n:,} agents", value, 1.5, note=same)


def million() -> Iterator[Row]:
    """A million agents, eight million ties, a hundred ticks, record on."""
    found = alone(parts.million)
    note = f"record {found['record_mb']:.0f} MB"
    yield Row("million", "s to run, record on", found["run_s"], 90.0, False, note)
    yield Row("million", "GB of memory at most", found["memory_gb"], 3.0, False)
    yield Row("million", "s for the report", found["report_s"], 30.0, False)


def start() -> Iterator[Row]:
    """The command line: help, a run with compiled kernels, a run that compiles them first."""
    yield Row("start", "s, society --help", parts.command("--help")["s"], 0.4, False)
    yield Row("start", "s, society run decommission", parts.command("run", "decommission")["s"], 8.0, False)
    cold = parts.command("run", "decommission", cold=True)["s"]
    yield Row("start", "s, society run decommission, the first time", cold, 40.0, False, "kernels are compiled")


def kill(times: int = 100) -> Iterator[Row]:
    """Kill a run with SIGKILL at random moments, resume it, and compare its hash with the undisturbed run."""
    good = kill_and_resume(times)
    yield Row("kill", f"runs of {times} that end with the same hash", good, float(times))


def endurance(seeds: int = 3, agents: int = 1000) -> Iterator[Row]:
    """5,000 ticks of ``decommission``: nothing dies out, fills up, or drifts."""
    for one in alone(courses, agents, seeds):
        note = f"{one.first:.3g} in the first 1,000 ticks, {one.last:.3g} in the last; {agents:,} agents, {seeds} seeds"
        yield Row("endurance", f"p of a slope, {one.name} (Holm)", one.p, 0.05, note=note)


def llm() -> Iterator[Row]:
    """Language models: many at once, what the engine adds to the SDK, memory."""
    found = alone(parts.llm_speed)
    note = f"{found['calls']:.0f} calls of 200 ms, 64 at once: {found['wall_s']:.2f} s; the bare SDK {found['bare_wall_s']:.2f} s"
    yield Row("llm", "times the ideal time", found["wall_s"] / found["ideal_s"], 1.3, False, note)
    note = f"engine {found['cpu_ms']:.2f}, bare SDK {found['bare_cpu_ms']:.2f} ms of CPU per call"
    yield Row("llm", "ms of CPU per call beside the SDK", found["cpu_ms"] - found["bare_cpu_ms"], 0.3, False, note)
    memory = alone(parts.llm_memory)
    yield Row("llm", "GB, 1,000 language models", memory["memory_gb"], 1.0, False, f"{memory['calls']:.0f} calls")


def broker() -> Iterator[Row]:
    """Messages in memory and over Mosquitto; a run over it beside the same run in memory, in turn."""
    memory = max(alone(messages.exchange_speed, "memory", characters=200)["per_s"] for _ in range(TURNS)) / 1e6
    yield Row("broker", "M messages/s in memory", memory, 5.0, note="40,000 of 200 characters a tick, 10,000 agents")
    with messages.mosquitto() as url:
        for shards in (1, 4):
            for characters in (200, 0):
                where = f"{url}?shards={shards}"
                found = max(alone(messages.exchange_speed, where, characters=characters)["per_s"] for _ in range(TURNS))
                note = f"of {characters} characters, {shards} connection{'s' if shards > 1 else ''}"
                yield Row("broker", "k messages/s over Mosquitto", found / 1e3, 300.0, note=note)
        pairs = [[alone(messages.run_speed, where) for where in ("memory", url)] for _ in range(TURNS)]
    same = "same hash" if len({one["hash"] for pair in pairs for one in pair}) == 1 else "HASHES DIFFER"
    inside, over = (min(pair[side]["run_s"] for pair in pairs) for side in (0, 1))
    ratio = over / inside if same == "same hash" else float("inf")
    note = f"{over:.2f} s over {inside:.2f} s, record and events for readers included; {same}"
    yield Row("broker", "times the run in memory, decommission, 100,000 agents", ratio, 1.2, False, note)


def sweep() -> Iterator[Row]:
    """64 runs of a sweep beside ``mesa.batch_run``, in turn; the whole command; finding what is finished."""
    pairs = [(alone(sweeps.mesa_batch), alone(sweeps.swept)) for _ in range(2)]
    mesa, ours = (min(pair[side]["s"] for pair in pairs) for side in (0, 1))
    note = f"{ours:.2f} s, Mesa {mesa:.1f} s; 64 runs, 1,000 agents, 50 ticks, workers up"
    yield Row("sweep", "part of the time of mesa.batch_run", ours / mesa, 0.1, False, note)
    overhead = min(pair[1]["overhead_ms"] for pair in pairs)
    yield Row("sweep", "ms beside each run", overhead, 15.0, False, "sending, keeping, waiting")
    whole = min(alone(sweeps.command)["s"] for _ in range(2))
    yield Row("sweep", "s, the whole command", whole, 8.0, False)
    yield Row("sweep", "s to find 10,000 finished runs", alone(sweeps.scan)["s"], 2.0, False)


def view() -> Iterator[Row]:
    """The page in a headless Chromium without a GPU: frames, opening, seeking, the size of a file."""
    for agents, least in ((5_000, 50.0), (20_000, 40.0), (100_000, 10.0)):
        found = alone(pages.frames, agents)
        note = f"{found['edges']:,.0f} ties drawn; {found['ticks_per_s']:.0f} ticks/s played"
        yield Row("view", f"frames/s while playing, {agents:,} agents", found["fps"], least, note=note)
        if agents == 20_000:
            yield Row("view", "s until the page is ready, 20,000 agents", found["open_s"], 1.0, False)
    found = alone(pages.seeks)
    note = f"100,000 agents, {found['events'] / 1e6:.1f} M events"
    yield Row("view", "s to open a record of 10^7 events", found["open_s"], 3.0, False, note)
    note = f"median of 25 jumps; the longest {found['most_ms']:.0f} ms"
    yield Row("view", "ms to seek in it", found["median_ms"], 200.0, False, note)
    yield Row("view", "MB, exported page of decommission", alone(pages.exported_size)["mb"], 5.0, False)


def closed_loop(episodes: int = 2000) -> Iterator[Row]:
    """Every published cell over HTTP: how many come back within the 99 % simultaneous interval."""
    every = cells()
    groups: dict[tuple[str, ...], list[Cell]] = {}
    for cell in every:
        groups.setdefault((cell.behaviour, cell.subject, cell.relation, cell.which), []).append(cell)
    for which in ("mean", "max"):
        with simulated_server(which) as address:
            for (behaviour, subject, relation, table), some in groups.items():
                if table == which:
                    found = come_back(some, episodes, address, max_turns=1)
                    good = sum(one.p >= 0.01 / len(every) for one in found)
                    note = f"of {len(found)} families; smallest p {min(one.p for one in found):.2g}; {episodes} episodes each"
                    yield Row(
                        "closed_loop", f"{behaviour}, {subject}, {relation}, {which}", good, len(found), note=note
                    )


def verdicts(times: int = 6_000) -> Iterator[Row]:
    """Intervals and tests over few seeds where nothing is there: how often they are wrong, which may be once in twenty."""
    for n in SEEDS:
        for what, rate, name in worst(n, times):
            yield Row("verdicts", f"{n} seeds: {what}", rate, 0.07, False, f"the worst of all kinds of values: {name}")


PARTS: dict[str, Callable[..., Iterator[Row]]] = {
    part.__name__: part
    for part in (
        start, reference, decommission, threads, million, llm, broker, sweep, view, verdicts, means, kill, closed_loop, endurance,
    )
}  # fmt: skip
#: Parts that are run unless others are named; ``means`` takes ten minutes, ``kill`` five, ``verdicts`` eight,
#: ``closed_loop`` thirty, ``endurance`` two.
USUAL = ("start", "reference", "decommission", "threads", "million", "llm", "broker", "sweep", "view")


def measured(names: Sequence[str], agents: int | None = None, times: int | None = None) -> Iterator[Row]:
    """Rows of some parts, one by one as they are measured.

    Args:
        names: parts; empty for the usual ones.
        agents: another number of agents for ``reference``, ``means`` and ``threads``.
        times: runs that ``kill`` kills, samples of ``verdicts``, episodes of ``closed_loop``, seeds of ``endurance``.

    Raises:
        WorldError: there is no such part.
    """
    for name in names:
        if name.replace("-", "_") not in PARTS:
            raise WorldError("bench", name, f"one of {', '.join(PARTS)}")
    return _measured([name.replace("-", "_") for name in names] or USUAL, agents, times)


def _measured(names: Sequence[str], agents: int | None, times: int | None) -> Iterator[Row]:
    for name in names:
        if name in ("kill", "verdicts", "closed_loop", "endurance") and times is not None:
            yield from PARTS[name](times)
        elif agents is not None and name in ("reference", "means", "threads"):
            yield from PARTS[name](agents)
        else:
            yield from PARTS[name]()


def machine() -> str:
    """One line that says where the figures were measured."""
    model = platform.processor() or platform.machine()
    with open("/proc/cpuinfo", encoding="utf-8") if os.path.exists("/proc/cpuinfo") else open(os.devnull) as lines:
        model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), model)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}, load {load}"
