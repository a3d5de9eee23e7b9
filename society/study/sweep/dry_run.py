"""What an experiment would take, before it is run: one run is timed, in this process."""

import os
from pathlib import Path
from typing import Any

from society.spec.experiment import Experiment
from society.study.sweep.driver import prepared
from society.study.sweep.table import Rows
from society.study.sweep.worker import run_jobs, warm


def dry_run(experiment: Experiment, out: Path | None, workers: int | None) -> dict[str, Any]:
    """Runs, finished ones among them, and seconds; the price is 0, since no model is asked.

    Raises:
        WorldError: the experiment or one of its cells is wrong.
    """
    base, jobs, folder = prepared(experiment, out)
    rows = Rows(folder)
    rows.close()
    left = list({job.key: job for job in jobs if not rows.good(job.key)}.values())
    count = workers or os.cpu_count() or 1
    each = 0.0
    if left:
        tree, place = base.model_dump(mode="json"), None if base.folder is None else str(base.folder.resolve())
        warm()
        middle = left[len(left) // 2]
        each = float(run_jobs(tree, place, [middle], experiment.measures, experiment.ticks)[0]["seconds"])
    seconds = each * len(left) / count
    cells = len({job.cell for job in jobs})
    text = (
        f"{experiment.name}: {cells:,} cells x {experiment.seeds} seeds = {len(jobs):,} runs, {len(jobs) - len(left):,} finished\n"
        f"about {seconds:.0f} s with {count} workers ({each:.2f} s for one run), and no price: no model is asked\n"
        f"study   {folder}"
    )
    return {"cells": cells, "runs": len(jobs), "finished": len(jobs) - len(left), "seconds": seconds, "price_usd": 0.0,
            "folder": str(folder), "text": text}  # fmt: skip
