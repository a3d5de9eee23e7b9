"""One run of a sweep, in a worker: measured in memory where no record of it is kept, else from its record."""

import gc
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from society.engine.tick import Engine
from society.ground.errors import ModelError, ModelsFailed, SocietyError, TooManyUnanswered
from society.measures.summary import summary, tables_read
from society.minds.llm.mind import LanguageMind
from society.minds.llm.unanswered import check_unanswered
from society.record.reader import Record
from society.record.tables import TICKS
from society.record.writer import Gathered
from society.study.run.manifest import setting_of
from society.study.run.models import language_minds
from society.study.run.nulls import shift_of
from society.study.run.recording import Recording
from society.study.sweep.cells import Job
from society.study.sweep.kept import Keeping, keep, place_of, trusted
from society.study.sweep.model_proxy import Line, line_to
from society.world.explain import validated
from society.world.load import load_world
from society.world.world import World

Row = dict[str, Any]


def warm() -> None:
    """Load compiled kernels, and what measures need, before anything is timed."""
    for name, ticks in (("decommission", 5), ("reference", 20)):
        world = load_world(name, {"agents.count": 50, "machines.count": 10, "ticks": ticks})
        measured(_in_memory(world, ("order.", "trust."), False), ("order.", "trust."), False)
    gc.freeze()  # what was loaded stays: looking through it again and again takes a hundredth of the time


def run_jobs(
    tree: dict[str, Any], folder: str | None, jobs: Sequence[Job], measures: Sequence[str], ticks: bool | Sequence[str],
    desk: str | None = None, offline: bool = False, keeping: Keeping | None = None,
) -> list[Row]:  # fmt: skip
    """Rows of some runs; one that fails has an error and no measures, one that may not go on says so in ``stopped``, and
    in ``refused`` if no run can, as a server refuses or is gone.

    Args:
        tree: the base world.
        folder: where files that it names are.
        jobs: the runs.
        measures: names of measures, or what they begin with.
        ticks: keep the counters of every tick, all or those that are named.
        desk: who answers for language models.
        offline: simulated models answer for all of them.
        keeping: where the record of every run is kept; nowhere if absent.
    """
    rows, base = [], _base(tree, folder)
    cell, world = -1, base
    for job in jobs:
        begin, row = time.perf_counter(), _row(job)
        try:
            if job.cell != cell:
                cell, world = job.cell, base.override(job.changes)
            with line_to(desk) as line:
                run = world.seeded(job.seed)
                record = (
                    _in_memory(run, measures, ticks, line, offline)
                    if keeping is None
                    else _kept(run, job, keeping, line)
                )
                row.update(measured(record, measures, ticks))
        except TooManyUnanswered as error:
            row["error"] = str(error)
        except ModelsFailed as error:
            row["stopped"] = row["refused"] = str(error)
        except ModelError as error:
            row["stopped" if error.ends_run else "error"] = str(error)
        except SocietyError as error:
            row["error"] = str(error)
        row["seconds"] = round(time.perf_counter() - begin, 4)
        rows.append(row)
        if "stopped" in row:
            break
    return rows


def measure_jobs(
    tree: dict[str, Any], folder: str | None, jobs: Sequence[tuple[Job, str]], measures: Sequence[str],
    ticks: bool | Sequence[str], study: str,
) -> list[Row]:  # fmt: skip
    """Rows of some runs, computed from their records; nothing is run. A record that is not that of its run says so in ``untrusted``.

    Args:
        tree, folder, measures, ticks: as of ``run_jobs``.
        jobs: the runs, each with the hash that it had, or "".
        study: the folder in which the records are kept.
    """
    rows, base = [], _base(tree, folder)
    for job, known in jobs:
        begin, row = time.perf_counter(), _row(job)
        try:
            world = base.override(job.changes).seeded(job.seed)
            record = trusted(place_of(study, job.key), job, world, known)
            row.update(measured(record, measures, ticks), seconds=record.manifest["timings"]["run_s"])
        except SocietyError as error:
            row.update(untrusted=str(error), seconds=round(time.perf_counter() - begin, 4))
        rows.append(row)
    return rows


def measured(record: Record, measures: Sequence[str], ticks: bool | Sequence[str]) -> Row:
    """What a row holds of a run: its hash, its measures, and the counters of its ticks that are wanted."""
    found = summary(record, tuple(measures))
    row: Row = {"hash": record.hash, "measures": {name: _number(one.value) for name, one in found.items()}}
    if ticks:
        table = record.table("ticks")
        names = list(TICKS) if ticks is True else list(ticks)
        row["ticks"] = {name: [_number(float(value)) for value in table[name]] for name in names}
    return row


def _kept(world: World, job: Job, keeping: Keeping, line: Line | None) -> Record:
    """Run a world, and keep its record."""
    models = keeping.models if line is None else replace(keeping.models, ask=line)
    place = place_of(keeping.folder, job.key)
    return keep(place, world, keeping.told(job), models, check=lambda: _check_answered(line))


def _in_memory(
    world: World, measures: Sequence[str], ticks: bool | Sequence[str], line: Line | None = None, offline: bool = False
) -> Record:
    """Run a world; the tables that measures need stay in memory."""
    shift = shift_of(world, None, None)
    minds: dict[str, LanguageMind] = {}
    tables = tables_read(tuple(measures)) | ({"ticks"} if ticks else set())
    engine, gathered = Engine(world, shift=shift), Gathered(tables)
    if line is not None:
        engine.give_minds(minds := language_minds(world, line, offline))
    manifest = {"families": list(world.families), "name": world.name, **setting_of(engine)}
    recording = Recording(engine, gathered, manifest)
    for _ in range(world.ticks):
        recording.take(engine.step())
    check_unanswered(minds, world.llm.most_unanswered)
    recording.finish()
    manifest.update(hash=recording.hash, ticks_done=engine.tick)
    _check_answered(line)
    return Record.of(manifest, gathered)


def _check_answered(line: Line | None) -> None:
    """A run some of whose questions met no server is to be run again.

    Raises:
        SocietyError: it is one.
    """
    if line is not None and line.unanswered:
        raise SocietyError(f"{line.unanswered} questions that no server answered; run it again for them")


def _base(tree: dict[str, Any], folder: str | None) -> World:
    return validated(World, tree, "base world").at(None if folder is None else Path(folder))


def _row(job: Job) -> Row:
    return {"cell": job.cell, "seed": job.seed, "key": job.key, "changes": job.changes, "hash": "", "error": "",
            "measures": {}, "seconds": 0.0}  # fmt: skip


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
