"""Runs an experiment: what is finished is never run again, what a crash interrupted is simply run."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from society.ground.errors import ModelsFailed, RecordError, SocietyError
from society.llm.request import Ask
from society.record.lock import LOCK, Lock
from society.study.run.broker_session import Say, to_stderr
from society.study.run.models import STORE, Models, asked
from society.study.run.servers import Specs
from society.study.sweep.cells import Job, measured_by
from society.study.sweep.deaths import Deaths
from society.study.sweep.designs import Changes
from society.study.sweep.kept import RUNS, Keeping, clear_parts, keys_kept
from society.study.sweep.model_proxy import ModelProxyServer
from society.study.sweep.prepare import checked, prepared, spent_before
from society.study.sweep.table import MANIFEST, ROWS, TABLE, TICKS, Rows, write_json, write_tables
from society.study.sweep.worker import measure_jobs, run_jobs, warm
from society.study.sweep.workers import workers_of
from society.world.experiment import Experiment
from society.world.experiments import load_experiment
from society.world.world import World

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
        runs: runs of the whole experiment; fresh: those run by this call; measured: those that this call computed from kept
            records, without running them again.
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
    measured: int = 0

    @property
    def failed(self) -> int:
        """Runs that failed."""
        return int((self.table["error"] != "").sum()) if len(self.table) else 0


def sweep(
    experiment: str | Path | Mapping[str, Any] | Experiment, out: str | Path | None = None, workers: int | None = None,
    on: str | None = None, progress: Progress | None = None, models: Models | None = None, keep_records: bool = False,
    say: Say = to_stderr,
) -> Swept:  # fmt: skip
    """Run what is missing of an experiment; what was run and is only measured otherwise comes from its kept record.

    Args:
        experiment: an experiment, its name, its file, or a dict.
        out: the study's folder; ``studies/<name>-<digest>`` if absent.
        workers: processes on this machine; its cores if absent.
        on: address of a dask scheduler, in place of processes here.
        progress: called with (runs done, runs in all).
        models: where answers of language models come from; asked for and kept in the study's folder if absent.
        keep_records: keep the record of every run that is run, as the experiment's own ``keep_records`` does.
        say: is told what of an earlier call does not count any more.

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
    if keep_records:
        experiment = experiment.model_copy(update={"keep_records": True})
    base, jobs, folder = prepared(experiment, None if out is None else Path(out), models)
    _make(folder)
    with Lock(folder):
        described = {"experiment": experiment.model_dump(mode="json"), "world": base.model_dump(mode="json")}
        beside = (
            None if base.folder is None else str(base.folder.resolve())
        )  # files that the world names are looked for there
        write_json(folder / MANIFEST, {**described, "beside": beside})
        clear_parts(folder)
        rows = Rows(folder, measured_by(experiment))
        runs = _Runs(experiment, base, rows, models, folder, (workers, on), progress, len({job.key for job in jobs}))
        try:
            fresh, measured, times, stopped = runs.missing(jobs, say)
        finally:
            rows.close()
            table = write_tables(
                folder, [{**rows.done[job.key], "cell": job.cell} for job in jobs if rows.current(job.key)]
            )
    changes = list({job.cell: job.changes for job in jobs}.values())
    return Swept(folder, table, len(jobs), fresh, *times, changes, stopped, measured)


def _make(folder: Path) -> None:
    """Make a study's folder, unless it is there: as one, or with nothing in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        there = [] if (folder / MANIFEST).is_file() else sorted(one.name for one in folder.iterdir())
    except OSError as error:
        raise RecordError(f"{folder}: cannot be made: {error.strerror}") from None
    own = (LOCK, MANIFEST, ROWS, TABLE, TICKS, RUNS)  # what a study that was killed may have left, whole or aside
    if foreign := next((name for name in there if not name.startswith(own)), ""):
        raise RecordError(
            f"{folder}: is no study's folder, and {foreign} stands in it: name a new folder, or an empty one"
        )


def tell(say: Say, rows: Rows, missing: Sequence[Job], kept: Collection[str]) -> None:
    """Say which finished runs do not count any more, and what becomes of them."""
    if missing and rows.old:
        say(
            f"{rows.path}: {rows.old:,} rows are of an earlier version of the program, which knew runs by other keys: they do "
            "not count, and their runs are run again"
        )
    again = [job for job in missing if rows.hash(job.key) and not rows.current(job.key)]
    if again:
        whole = sum(1 for job in again if job.key in kept)
        say(
            f"what is measured has changed since: of {len(again):,} finished runs {whole:,} are computed from kept records, "
            f"{len(again) - whole:,} have none and are run again"
        )


@dataclass(frozen=True)
class _Runs:
    """How the runs that are missing come to rows, and where those go."""

    experiment: Experiment
    base: World
    rows: Rows
    models: Models
    folder: Path
    where: tuple[int | None, str | None]
    progress: Progress | None
    total: int

    def missing(self, jobs: Sequence[Job], say: Say) -> tuple[int, int, tuple[float, float], str]:
        """Bring what is missing of all runs to the rows, from kept records where there are any.

        Returns:
            runs that were run, runs that were computed from records, seconds (workers up, run), and why it stopped.
        """
        missing = list({job.key: job for job in jobs if not self.rows.good(job.key)}.values())
        specs = checked(self.base, missing, self.models)
        kept = keys_kept(self.folder)
        tell(say, self.rows, missing, kept)
        measured = self.from_records([job for job in missing if job.key in kept], say)
        left = [job for job in missing if job.key not in measured]
        if measured:  # whoever answers for those alone is not needed
            specs = checked(self.base, left, self.models)
        with _answering(self.base, specs, self.models, self.folder) as ask:
            times, stopped = self.all(left, ask)
        return sum(1 for job in left if self.rows.current(job.key)), len(measured), times, stopped

    def from_records(self, jobs: Sequence[Job], say: Say) -> set[str]:
        """Compute rows of runs from their kept records; returns the keys of those whose records are theirs."""
        if not jobs:
            return set()
        found: set[str] = set()
        done = self.total - len(jobs)
        with workers_of(*self.where, most=len(jobs)) as client:
            given = self._given(client)
            known = [(job, self.rows.hash(job.key)) for job in jobs]
            study = str(self.folder.resolve())
            for rows in _batches(client, measure_jobs, known, lambda some: (*given(some), study)):
                for row in rows:
                    if why := row.pop("untrusted", ""):
                        say(f"refused: {why}; the run is run again")
                    else:
                        found.add(row["key"])
                self.rows.add([row for row in rows if row["key"] in found])
                if self.progress:
                    self.progress(done + len(found), self.total)
        return found

    def all(self, jobs: Sequence[Job], ask: Ask | None) -> tuple[tuple[float, float], str]:
        """Send batches to workers and keep what comes back; returns seconds (workers up, run) and why it stopped."""
        if not jobs:
            return (0.0, 0.0), ""
        begin = time.perf_counter()
        with workers_of(*self.where, most=len(jobs)) as client, _model_proxy(client, ask) as proxy:
            given, keeping = self._given(client), self._keeping(client)

            def arguments(some: Sequence[Job]) -> tuple[Any, ...]:
                return (*given(some), proxy, self.models.offline, keeping)

            client.run(warm)
            client.submit(run_jobs, *arguments([]), pure=False).result()
            ready = time.perf_counter()
            stopped, done = "", self.total - len(jobs)
            for rows in _batches(client, run_jobs, jobs, arguments):
                fresh = [row for row in rows if "stopped" not in row]
                self.rows.add(fresh)
                done += len(fresh)
                if self.progress:
                    self.progress(done, self.total)
                if refused := next((row["refused"] for row in rows if "refused" in row), ""):
                    raise ModelsFailed(f"{refused}; what is finished is kept: the same command goes on")
                stopped = next((row["stopped"] for row in rows if "stopped" in row), "")
                stopped = stopped or _stop(self.experiment, self.rows, time.perf_counter() - ready)
                if stopped:
                    break
            return (ready - begin, time.perf_counter() - ready), stopped

    def _given(self, client: Any) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
        """What a worker is given for a batch of runs; the base world reaches each worker once."""
        (tree,) = client.scatter([self.base.model_dump(mode="json")], broadcast=True)
        folder = None if self.base.folder is None else str(self.base.folder.resolve())
        return lambda jobs: (tree, folder, jobs, self.experiment.measures, self.experiment.ticks)

    def _keeping(self, client: Any) -> Keeping | None:
        """Where workers keep records; None where they keep none.

        Raises:
            SocietyError: workers elsewhere do not see the study's folder.
        """
        if not self.experiment.keep_records:
            return None
        folder = self.folder.resolve()
        if not all(client.run(Path.is_file, folder / MANIFEST).values()):
            raise SocietyError(
                f"{folder}: workers do not see this folder, so they cannot keep records in it: give --out a folder that all "
                "machines share, or keep no records"
            )
        models = Models(self.models.mode, self.models.store or folder / STORE, self.models.offline)
        return Keeping(str(folder), self.experiment.name, models)


@contextmanager
def _answering(base: World, specs: Specs, models: Models, folder: Path) -> Iterator[Ask | None]:
    """Who answers for the language models of all cells; what the store holds has been spent. None where there are none."""
    if not specs:
        yield None
        return
    store = models.store or folder / STORE
    with asked(base, specs, models, store, spent_before(store, specs), say=to_stderr) as (ask, _):
        yield ask


@contextmanager
def _model_proxy(client: Any, ask: Ask | None) -> Iterator[str | None]:
    """The name of the proxy that answers for language models; None where there are none."""
    if ask is None:
        yield None
        return
    server = ModelProxyServer(client, ask)
    try:
        yield server.name
    finally:
        server.close()


def _batches(
    client: Any,
    work: Callable[..., list[Any]],
    jobs: Sequence[Any],
    arguments: Callable[[Sequence[Any]], tuple[Any, ...]],
) -> Iterator[list[Any]]:
    """Rows of finished batches: a share of what is left, so that workers end together, if that takes as long as it should."""
    from distributed import KilledWorker, as_completed

    size, at, pending, deaths = 1, 0, as_completed(), Deaths(client)
    workers = len(client.scheduler_info()["workers"])
    while at < len(jobs) or pending.count():
        while at < len(jobs) and pending.count() < AHEAD * workers:
            batch = jobs[at : at + size]
            at += len(batch)
            pending.add(client.submit(work, *arguments(batch), pure=False))
        try:
            rows = next(pending).result()
        except (CancelledError, KilledWorker) as error:
            raise SocietyError(f"{deaths.why()}; finished runs are kept: say the same again") from error
        mean = max(sum(row["seconds"] for row in rows) / len(rows), 1e-4)
        least, most = (max(1, round(seconds / mean)) for seconds in BATCH_S)
        size = min(max((len(jobs) - at) // (2 * workers), least), most)
        yield rows


def _stop(experiment: Experiment, rows: Rows, seconds: float) -> str:
    failed = sum(1 for key, row in rows.done.items() if row["error"] and rows.current(key))
    if failed > experiment.stop.failed:
        return f"{failed} runs failed, more than stop.failed ({experiment.stop.failed})"
    if experiment.stop.seconds is not None and seconds > experiment.stop.seconds:
        return f"stop.seconds ({experiment.stop.seconds:g}) are over"
    return ""


def table_path(folder: Path) -> Path:
    """Where the table of a study is."""
    return folder / TABLE
