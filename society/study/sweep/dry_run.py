"""What an experiment would take, before it is run: one run is timed, in this process, and what models would be asked is counted."""

import gc
import os
from pathlib import Path
from typing import Any

import numpy as np

from society.study.run.estimate import estimate
from society.study.run.models import Models, specs_of
from society.study.sweep.cells import Job, measured_by
from society.study.sweep.driver import tell
from society.study.sweep.kept import keys_kept
from society.study.sweep.prepare import checked, prepared
from society.study.sweep.table import ROWS, Rows
from society.study.sweep.worker import run_jobs, warm
from society.world.experiment import Experiment
from society.world.world import World

#: Cells that are played to see what models would be asked.
PLAYED = 5
#: Seconds up to which a run is timed twice.
QUICK_S = 10.0


def dry_run(
    experiment: Experiment, out: Path | None, workers: int | None, models: Models | None = None
) -> dict[str, Any]:
    """Runs, those that stand in the table and those of which a record is kept, seconds, and what models would be asked and charge.

    Raises:
        WorldError: the experiment or one of its cells is wrong.
    """
    models = models or Models()
    base, jobs, folder = prepared(experiment, out, models)
    left, said = list({job.key: job for job in jobs}.values()), list[str]()
    kept = keys_kept(folder)
    if (folder / ROWS).exists():
        rows = Rows(folder, measured_by(experiment))
        rows.close()
        left = [job for job in left if not rows.good(job.key)]
        tell(said.append, rows, left, kept)
    checked(base, left, models)
    finished = len(jobs) - len({job.key for job in left})
    records, left = len(left), [job for job in left if job.key not in kept]
    records -= len(left)
    count, cells = workers or os.cpu_count() or 1, len({job.cell for job in jobs})
    found = {
        "cells": cells,
        "runs": len(jobs),
        "finished": finished,
        "from_records": records,
        "folder": str(folder),
    }
    asks = _asked(base, left, models)
    took = "" if asks["calls"] else _took(experiment, base, left, count, found)
    price = "no price: no model is asked" if not asks["calls"] else _priced(asks)
    text = (
        f"{experiment.name}: {cells:,} cells x {experiment.seeds} seeds = {len(jobs):,} runs: {finished:,} in the table, "
        f"{records:,} computed from kept records, {len(left):,} to run\n{took}{price}\nstudy   {folder}"
    )
    text = "\n".join([*said, text])
    return {**found, **asks, "text": text}


def _took(experiment: Experiment, base: World, left: list[Job], count: int, found: dict[str, Any]) -> str:
    """Time one run, the middle one of those that are left; a quick one twice, as the first loads what the others need."""
    each = 0.0
    if left:
        tree, place = base.model_dump(mode="json"), None if base.folder is None else str(base.folder.resolve())
        warm()
        gc.unfreeze()  # this process ends with what it has loaded, databases among it
        for _ in range(2):
            (row,) = run_jobs(tree, place, [left[len(left) // 2]], experiment.measures, experiment.ticks)
            each = float(row["seconds"])
            if each > QUICK_S:
                break
    found["seconds"] = each * len(left) / count
    return f"about {found['seconds']:.0f} s with {count} workers ({each:.2f} s for one run), and "


def _asked(base: World, left: list[Job], models: Models) -> dict[str, Any]:
    """What the runs that are left would ask: some of their cells are played by simulated models, with the real prompts."""
    cells = list({job.cell: job for job in left}.values())
    played = [cells[at] for at in sorted({round(at) for at in np.linspace(0, len(cells) - 1, min(PLAYED, len(cells)))})]
    totals, unknown = np.zeros(6), set()
    for job in played:
        world = base.override(job.changes)
        specs = specs_of(world, models.offline)
        free = {spec.model or name for name, spec in specs.items() if spec.base_url is None}
        for row in estimate(world) if specs else []:
            if row.price is None and row.model not in free:
                unknown.add(row.model)
            cost = (0.0, 0.0, 0.0) if row.model in free or row.price is None else row.price
            totals += [row.calls, row.prompt, row.completion, cost[1], cost[0], cost[2]]
    calls, prompt, completion, price, low, high = totals * (len(left) / max(1, len(played)))
    return {
        "calls": round(calls), "prompt_tokens": round(prompt), "completion_tokens": round(completion),
        "price_usd": price, "price_usd_range": [low, high], "without_price": sorted(unknown),
    }  # fmt: skip


def _priced(asks: dict[str, Any]) -> str:
    """What models are asked and charge, in words."""
    low, high = asks["price_usd_range"]
    tokens = f"{asks['prompt_tokens']:,} tokens read, {asks['completion_tokens']:,} written"
    text = f"models are asked about {asks['calls']:,} times ({tokens}): {asks['price_usd']:.2f} US dollars ({low:.2f} .. {high:.2f})"
    if asks["without_price"]:
        text += f", without {', '.join(asks['without_price'])}, which have no list price"
    return f"{text}; time depends on their servers"
