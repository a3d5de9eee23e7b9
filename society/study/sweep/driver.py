"""Runs an experiment: what is finished is never run again, what a crash interrupted is simply run."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from society.ground.errors import ModelsFailed, RecordError, SocietyError
from society.llm.request import Ask
from society.record.lock import Lock
from society.spec.experiment import Experiment
from society.spec.experiments import load_experiment
from society.spec.world import World
from society.study.carrying import to_stderr
from society.study.interruption import Interruption
from society.study.models import STORE, Models, asked
from society.study.servers import Specs
from society.study.sweep.asking import Desk
from society.study.sweep.cells import Job
from society.study.sweep.deaths import Deaths, silent_tracker, start_deaf_to_ctrl_c
from society.study.sweep.designs import Changes
from society.study.sweep.prepare import checked, prepared, spent_before
from society.study.sweep.table import MANIFEST, TABLE, Rows, write_json, write_tables
from society.study.sweep.worker import run_jobs, warm

#: Seconds that a batch of runs should take, at least and at most: few enough to lose little, enough to make sending it cheap.
BATCH_S = (0.06, 0.5)
#: Batches at each worker: one it works on, one that waits.
AHEAD = 2
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Swept:
    """What a sweep has come to.

    Attributes:
        folder: the study's folder.
        table: a row per finished run: cell, seed, key, hash, seconds, error, axes, measures.
        runs: runs of the whole experiment; fresh: those run by this call.
        workers_s, run_s: seconds until workers were up, and from then to the end.
        changes: of each cell.
        stopped: why not all of it was run, "" if all was.
    """

    folder: Path
    table: pd.DataFrame
    runs: int
    fresh: int
    workers_s: float
    run_s: float
    changes: list[Changes]
    stopped: str = ""

    @property
    def failed(self) -> int:
        """Runs that failed."""
        return int((self.table["error"] != "").sum()) if len(self.table) else 0


def sweep(
    experiment: str | Path | Mapping[str, Any] | Experiment, out: str | Path | None = None, workers: int | None = None,
    on: str | None = None, progress: Progress | None = None, models: Models | None = None,
) -> Swept:  # fmt: skip
    """Run what is missing of an experiment.

    Args:
        experiment: an experiment, its name, its file, or a dict.
        out: the study's folder; ``studies/<name>-<digest>`` if absent.
        workers: processes on this machine; its cores if absent.
        on: address of a dask scheduler, in place of processes here.
        progress: called with (runs done, runs in all).
        models: where answers of language models come from; asked for and kept in the study's folder if absent.

    Raises:
        WorldError: a cell is no world, or asks hosts.
        RecordError: the folder cannot be written, or somebody else writes it.
        ModelsFailed: a server of language models refuses or is gone; what is finished is kept.
        SocietyError: interrupted; or ``distributed`` is not installed.

    Example:
        found = society.sweep({"name": "bar", "base": "decommission", "axes": {"review.threshold": [60, 65]}, "seeds": 5})
        found.table.groupby("review.threshold")["order.executed"].mean()
    """
    experiment, models = load_experiment(experiment), models or Models()
    base, jobs, folder = prepared(experiment, None if out is None else Path(out), models)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordError(f"{folder}: cannot be made: {error.strerror}") from None
    with Lock(folder):
        described = {"experiment": experiment.model_dump(mode="json"), "world": base.model_dump(mode="json")}
        beside = (
            None if base.folder is None else str(base.folder.resolve())
        )  # files that the world names are looked for there
        write_json(folder / MANIFEST, {**described, "beside": beside})
        rows = Rows(folder)
        try:
            missing = list({job.key: job for job in jobs if not rows.good(job.key)}.values())
            specs = checked(base, missing, models)
            with _answering(base, specs, models, folder) as ask:
                runs = _Runs(experiment, base, missing, rows, models.offline, ask)
                times, stopped = runs.all((workers, on), progress, len({job.key for job in jobs}))
        finally:
            rows.close()
            table = write_tables(
                folder, [{**rows.done[job.key], "cell": job.cell} for job in jobs if job.key in rows.done]
            )
    changes = list({job.cell: job.changes for job in jobs}.values())
    fresh = sum(1 for job in missing if job.key in rows.done)
    return Swept(folder, table, len(jobs), fresh, *times, changes, stopped)


@contextmanager
def _answering(base: World, specs: Specs, models: Models, folder: Path) -> Iterator[Ask | None]:
    """Who answers for the language models of all cells; what the store holds has been spent. None where there are none."""
    if not specs:
        yield None
        return
    store = models.store or folder / STORE
    with asked(base, specs, models, store, spent_before(store, specs), say=to_stderr) as (ask, _):
        yield ask


@dataclass(frozen=True)
class _Runs:
    """The runs that are missing, and where their rows go."""

    experiment: Experiment
    base: World
    jobs: Sequence[Job]
    rows: Rows
    offline: bool
    ask: Ask | None

    def all(
        self, where: tuple[int | None, str | None], progress: Progress | None, total: int
    ) -> tuple[tuple[float, float], str]:
        """Send batches to workers and keep what comes back; returns seconds (workers up, run) and why it stopped."""
        if not self.jobs:
            return (0.0, 0.0), ""
        begin = time.perf_counter()
        with _cluster(*where, most=len(self.jobs)) as client, _desk(client, self.ask) as desk:
            arguments = self._arguments(client, desk)
            client.run(warm)
            client.submit(run_jobs, *arguments([]), pure=False).result()
            ready = time.perf_counter()
            stopped, done = "", total - len(self.jobs)
            for rows in _batches(client, self.jobs, arguments):
                fresh = [row for row in rows if "stopped" not in row]
                self.rows.add(fresh)
                done += len(fresh)
                if progress:
                    progress(done, total)
                if refused := next((row["refused"] for row in rows if "refused" in row), ""):
                    raise ModelsFailed(f"{refused}; what is finished is kept: the same command goes on")
                stopped = next((row["stopped"] for row in rows if "stopped" in row), "")
                stopped = stopped or _stop(self.experiment, self.rows, time.perf_counter() - ready)
                if stopped:
                    break
            return (ready - begin, time.perf_counter() - ready), stopped

    def _arguments(self, client: Any, desk: str | None) -> Callable[[Sequence[Job]], tuple[Any, ...]]:
        """What a worker is given for a batch of runs; the base world reaches each worker once."""
        (tree,) = client.scatter([self.base.model_dump(mode="json")], broadcast=True)
        folder = None if self.base.folder is None else str(self.base.folder.resolve())
        kept, ticks = self.experiment.measures, self.experiment.ticks
        return lambda jobs: (tree, folder, jobs, kept, ticks, desk, self.offline)


@contextmanager
def _desk(client: Any, ask: Ask | None) -> Iterator[str | None]:
    """The name of a desk that answers for language models; None where there are none."""
    if ask is None:
        yield None
        return
    desk = Desk(client, ask)
    try:
        yield desk.name
    finally:
        desk.close()


def _batches(
    client: Any, jobs: Sequence[Job], arguments: Callable[[Sequence[Job]], tuple[Any, ...]]
) -> Iterator[list[Any]]:
    """Rows of finished batches: a share of what is left, so that workers end together, if that takes as long as it should."""
    from distributed import KilledWorker, as_completed

    size, at, pending, deaths = 1, 0, as_completed(), Deaths(client)
    workers = len(client.scheduler_info()["workers"])
    while at < len(jobs) or pending.count():
        while at < len(jobs) and pending.count() < AHEAD * workers:
            batch = jobs[at : at + size]
            at += len(batch)
            pending.add(client.submit(run_jobs, *arguments(batch), pure=False))
        try:
            rows = next(pending).result()
        except (CancelledError, KilledWorker) as error:
            raise SocietyError(f"{deaths.why()}; finished runs are kept: say the same again") from error
        mean = max(sum(row["seconds"] for row in rows) / len(rows), 1e-4)
        least, most = (max(1, round(seconds / mean)) for seconds in BATCH_S)
        size = min(max((len(jobs) - at) // (2 * workers), least), most)
        yield rows


def _stop(experiment: Experiment, rows: Rows, seconds: float) -> str:
    failed = sum(1 for row in rows.done.values() if row["error"])
    if failed > experiment.stop.failed:
        return f"{failed} runs failed, more than stop.failed ({experiment.stop.failed})"
    if experiment.stop.seconds is not None and seconds > experiment.stop.seconds:
        return f"stop.seconds ({experiment.stop.seconds:g}) are over"
    return ""


@contextmanager
def _cluster(workers: int | None, on: str | None, most: int) -> Iterator[Any]:
    """A client of workers with one thread each: on this machine, or those of a scheduler."""
    try:
        import dask
        from distributed import Client, LocalCluster
        from distributed.utils import get_mp_context
    except ImportError:
        raise SocietyError("society sweep needs distributed: pip install 'plural-society[sweep]'") from None
    import os

    if on is not None:
        with Client(on, timeout=30) as client:
            yield client
        return
    count = min(workers or os.cpu_count() or 1, most)
    settings = {
        "distributed.worker.daemon": True, "distributed.admin.log-format": "%(message)s",
        "distributed.worker.profile.enabled": False, "distributed.admin.tick.interval": "500 ms",  # a tenth of the time
        "distributed.worker.multiprocessing-method": "forkserver",  # modules are loaded once for all workers
    }  # fmt: skip
    with dask.config.set(settings), silent_tracker(), ExitStack() as opened:
        get_mp_context().set_forkserver_preload([run_jobs.__module__, "distributed.nanny"])
        with Interruption(lambda: False) as pressed:  # workers that are half started cannot be ended in order
            start_deaf_to_ctrl_c()
            cluster = LocalCluster(
                n_workers=count, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0", silence_logs=50
            )
            client = opened.enter_context(Client(opened.enter_context(cluster)))
        pressed.check()
        yield client


def table_path(folder: Path) -> Path:
    """Where the table of a study is."""
    return folder / TABLE
