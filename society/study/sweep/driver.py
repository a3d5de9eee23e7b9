"""Runs an experiment: what is finished is never run again, what a crash interrupted is simply run."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from society.ground.errors import SocietyError, WorldError
from society.measures.summary import check_measures
from society.record.checkpoint import Lock
from society.spec.experiment import Experiment
from society.spec.experiments import base_world
from society.spec.world import World
from society.study.models import language_families, remote_families
from society.study.sweep.cells import Job, digest, jobs_of
from society.study.sweep.designs import Changes
from society.study.sweep.table import MANIFEST, TABLE, Rows, write_json, write_tables
from society.study.sweep.worker import run_jobs, warm
from society.study.tipping import check_counters

#: Seconds that a batch of runs should take: few enough to lose little, enough to make sending it cheap.
BATCH_S = 0.5
#: Batches that wait at each worker.
AHEAD = 3
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
    experiment: Experiment, out: Path | None = None, workers: int | None = None, on: str | None = None,
    progress: Progress | None = None,
) -> Swept:  # fmt: skip
    """Run what is missing of an experiment.

    Args:
        experiment: the experiment.
        out: the study's folder; ``studies/<name>-<digest>`` if absent.
        workers: processes on this machine; its cores if absent.
        on: address of a dask scheduler, in place of processes here.
        progress: called with (runs done, runs in all).

    Raises:
        WorldError: a cell is no world, or the world asks models or hosts.
        RecordError: the folder cannot be written, or somebody else writes it.
        SocietyError: interrupted; or ``distributed`` is not installed.
    """
    base, jobs, folder = prepared(experiment, out)
    with Lock(folder):
        write_json(
            folder / MANIFEST, {"experiment": experiment.model_dump(mode="json"), "world": base.model_dump(mode="json")}
        )
        rows = Rows(folder)
        try:
            missing = list({job.key: job for job in jobs if not rows.good(job.key)}.values())
            _check(base, missing)
            times, stopped = _run(
                experiment, base, missing, rows, (workers, on), (progress, len({job.key for job in jobs}))
            )
        finally:
            rows.close()
            table = write_tables(
                folder, [{**rows.done[job.key], "cell": job.cell} for job in jobs if job.key in rows.done]
            )
    changes = list({job.cell: job.changes for job in jobs}.values())
    fresh = sum(1 for job in missing if job.key in rows.done)
    return Swept(folder, table, len(jobs), fresh, *times, changes, stopped)


def prepared(experiment: Experiment, out: Path | None = None) -> tuple[World, list[Job], Path]:
    """Base world, all runs, and the folder of the study, which is made.

    Raises:
        WorldError: there is no such world, or it asks models or hosts.
        RecordError: no measure has such a name.
    """
    check_measures(experiment.measures)
    check_counters(experiment)
    base = base_world(experiment)
    asked = [*language_families(base), *remote_families(base)]
    if asked:
        raise WorldError(f"families.{asked[0]}.mind", "asked outside of the run", "a mind that computes, in a sweep")
    tree = [experiment.model_dump(mode="json"), base.model_dump(mode="json")]
    folder = out or Path("studies") / f"{experiment.name}-{digest(tree)[:8]}"
    folder.mkdir(parents=True, exist_ok=True)
    return base, jobs_of(experiment, base), folder


def _check(base: World, jobs: Sequence[Job]) -> None:
    """Every cell must be a world before the first one runs."""
    seen = set()
    for job in jobs:
        if job.cell not in seen:
            seen.add(job.cell)
            try:
                base.override(job.changes)
            except WorldError as error:
                raise WorldError(f"cell {job.cell}: {error.place}", error.value, error.allowed) from None


def _run(
    experiment: Experiment, base: World, jobs: Sequence[Job], rows: Rows, where: tuple[int | None, str | None],
    shown: tuple[Progress | None, int],
) -> tuple[tuple[float, float], str]:  # fmt: skip
    """Send batches to workers and keep what comes back; returns seconds (workers up, run) and why it stopped."""
    if not jobs:
        return (0.0, 0.0), ""
    begin = time.perf_counter()
    tree, folder = base.model_dump(mode="json"), None if base.folder is None else str(base.folder.resolve())
    progress, total = shown
    with _cluster(*where, most=len(jobs)) as client:
        client.run(warm)
        ready = time.perf_counter()
        arguments = (experiment.measures, experiment.ticks)
        stopped, done = "", total - len(jobs)
        for fresh in _batches(client, (tree, folder), jobs, arguments):
            rows.add(fresh)
            done += len(fresh)
            if progress:
                progress(done, total)
            stopped = _stop(experiment, rows, time.perf_counter() - ready)
            if stopped:
                break
        return (ready - begin, time.perf_counter() - ready), stopped


def _batches(
    client: Any, world: tuple[Any, Any], jobs: Sequence[Job], arguments: tuple[Any, Any]
) -> Iterator[list[Any]]:
    """Rows of finished batches; batches grow until they take as long as they should."""
    from distributed import as_completed

    size, at, pending = 1, 0, as_completed()
    workers = len(client.scheduler_info()["workers"])
    (tree,) = client.scatter([world[0]], broadcast=True)
    while at < len(jobs) or pending.count():
        while at < len(jobs) and pending.count() < AHEAD * workers:
            batch = jobs[at : at + size]
            at += len(batch)
            pending.add(client.submit(run_jobs, tree, world[1], batch, *arguments, pure=False))
        rows = next(pending).result()
        mean = sum(row["seconds"] for row in rows) / len(rows)
        left = max(1, (len(jobs) - at) // (2 * AHEAD * workers))
        size = int(min(left, max(1, BATCH_S / max(mean, 1e-4))))
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
    except ImportError:
        raise SocietyError("society sweep needs distributed: pip install 'plural-society[sweep]'") from None
    import os

    if on is not None:
        with Client(on, timeout=30) as client:
            yield client
        return
    count = min(workers or os.cpu_count() or 1, most)
    settings = {"distributed.worker.daemon": True, "distributed.admin.log-format": "%(message)s"}
    with (
        dask.config.set(settings),
        LocalCluster(
            n_workers=count, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0", silence_logs=50
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def table_path(folder: Path) -> Path:
    """Where the table of a study is."""
    return folder / TABLE
