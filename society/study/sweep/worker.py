"""One run of a sweep, in a worker: no record on disk, only the measures that are kept."""

import gc
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from society.engine import Engine
from society.ground.errors import ModelError, ModelsFailed, SocietyError, TooManyUnanswered
from society.measures.summary import summary, tables_read
from society.minds.llm.mind import LanguageMind
from society.minds.llm.unanswered import check_unanswered
from society.record.reader import Record
from society.record.tables import TICKS
from society.record.writer import Gathered
from society.spec.explain import validated
from society.spec.load import load_world
from society.spec.world import World
from society.study.manifest import setting_of
from society.study.models import language_minds
from society.study.nulls import independent_shift
from society.study.recording import Recording
from society.study.sweep.asking import Line, line_to

Row = dict[str, Any]


def warm() -> None:
    """Load compiled kernels, and what measures need, before anything is timed."""
    for name, ticks in (("decommission", 5), ("reference", 20)):
        world = load_world(name, {"agents.count": 50, "machines.count": 10, "ticks": ticks})
        _run(world, ("order.", "trust."), False)
    gc.freeze()  # what was loaded stays: looking through it again and again takes a hundredth of the time


def run_jobs(
    tree: dict[str, Any], folder: str | None, jobs: Sequence[Any], measures: Sequence[str], ticks: bool | Sequence[str],
    desk: str | None = None, offline: bool = False,
) -> list[Row]:  # fmt: skip
    """Rows of some runs; one that fails has an error and no measures, one that may not go on says so in ``stopped``, and
    in ``refused`` if no run can, as a server refuses or is gone.

    Args:
        tree: the base world.
        folder: where files that it names are.
        jobs: ``society.study.sweep.cells.Job``.
        measures: names of measures, or what they begin with.
        ticks: keep the counters of every tick, all or those that are named.
        desk: who answers for language models.
        offline: simulated models answer for all of them.
    """
    rows, base = [], validated(World, tree, "base world").at(None if folder is None else Path(folder))
    cell, world = -1, base
    for job in jobs:
        begin = time.perf_counter()
        row: Row = {"cell": job.cell, "seed": job.seed, "key": job.key, "changes": job.changes, "hash": "", "error": "",
                    "measures": {}, "seconds": 0.0}  # fmt: skip
        try:
            if job.cell != cell:
                cell, world = job.cell, base.override(job.changes)
            with line_to(desk) as line:
                row.update(_run(world.seeded(job.seed), measures, ticks, line, offline))
                if line is not None and line.unanswered:
                    row["error"] = f"{line.unanswered} questions that no server answered; run it again for them"
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


def _run(
    world: World, measures: Sequence[str], ticks: bool | Sequence[str], line: Line | None = None, offline: bool = False
) -> Row:
    shift = independent_shift(world, None, None) if world.null == "independent" else None
    minds: dict[str, LanguageMind] = {}
    engine, gathered = Engine(world, shift=shift), Gathered(tables_read(tuple(measures)))
    if line is not None:
        engine.give_minds(minds := language_minds(world, line, offline))
    manifest = {"families": list(world.families), "name": world.name, **setting_of(engine)}
    recording, counters = Recording(engine, gathered, manifest), []
    for _ in range(world.ticks):
        moment = engine.step()
        recording.take(moment)
        counters.append(moment.counts)
    check_unanswered(minds, world.llm.most_unanswered)
    recording.finish()
    manifest.update(hash=recording.hash, ticks_done=engine.tick)
    found = summary(Record.of(manifest, gathered), tuple(measures))
    row: Row = {"hash": manifest["hash"], "measures": {name: _number(one.value) for name, one in found.items()}}
    if ticks:
        kept = [name for name in TICKS if name in counters[0]] if ticks is True else list(ticks or ())
        row["ticks"] = {name: [_number(float(one[name])) for one in counters] for name in kept}
    return row


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
