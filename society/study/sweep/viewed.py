"""A study as a page shows it: cells, means with intervals, paired differences, and any of its runs, kept or run again."""

import json
import math
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from society.ground.errors import RecordError, SocietyError
from society.measures.catalogue import possible
from society.record.database import read_parquet
from society.record.manifest import KEY
from society.stats.seed_means import estimate_for_table
from society.study.run.models import STORE, Models, language_families
from society.study.sweep.cells import Job
from society.study.sweep.designs import cells_of
from society.study.sweep.kept import Keeping, keep, kept_record, place_of
from society.study.sweep.table import HEAD, HEAD_KINDS, MANIFEST, ROWS, TABLE, parsed
from society.world.experiment import Experiment
from society.world.explain import validated
from society.world.world import World

#: Agents times ticks up to which a run is run again at a click.
MOST = 50_000_000


@dataclass
class Opening:
    """A run of a study whose record was kept, or that is being run again, or was.

    Attributes:
        state: ``running``, ``ready`` or ``failed``.
        done, ticks: how far it is.
        run: its folder, below that of the study.
        same: its event hash is that of the table.
        error: why it failed.
    """

    state: str = "running"
    done: int = 0
    ticks: int = 0
    run: str = ""
    same: bool = True
    error: str = ""


@dataclass
class Studies:
    """Studies as pages ask for them; what runs again does so in one thread at a time.

    Example:
        studies = Studies()
        studies.look(Path("studies/threshold-81d3c6a1"))["cells"][0]     # {'cell': 0, 'changes': {...}}
    """

    manifest: str = MANIFEST
    _openings: dict[tuple[Path, int, int], Opening] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def look(self, folder: Path) -> dict[str, Any]:
        """All of a study that a page draws, JSON-ready: NaN is None.

        Returns:
            ``cells``: number and changes of each; ``runs``: columns cell, seed, hash, error; ``values``: by measure, one per
            run; ``means``: by measure, columns mean, low, high, n, one per cell: the 95 % interval of ``seed_means.mean_estimate``
            over seeds (Student's t widened for skewness, or exact where all are 0 or 1), without bounds for fewer than three
            values or where all are alike; ``axes``: by path, the values that stand in the cells.

        Raises:
            RecordError: it is no study, or has no finished run.
        """
        experiment, _ = _experiment(folder)
        cells = cells_of(experiment)
        table = _table(folder, len(cells))
        names = list(dict.fromkeys(path for changes in cells for path in changes))
        measures = [name for name in table.columns if name not in (*HEAD, *names) and table[name].notna().any()]
        if wrong := [name for name in measures if not pd.api.types.is_numeric_dtype(table[name])]:
            raise RecordError(f"{folder}: its table of runs is damaged: {wrong[0][:80]!r} is no number in every row")
        return {
            "name": experiment.name, "about": experiment.about, "base": experiment.base, "design": experiment.design.kind,
            "seeds": experiment.seeds, "planned": len(cells) * experiment.seeds, "set": _plain(experiment.set),
            "axes": [{"path": path, "values": _values([one[path] for one in cells if path in one])} for path in names],
            "cells": [{"cell": number, "changes": _plain(changes)} for number, changes in enumerate(cells)],
            "runs": {name: table[name].tolist() for name in ("cell", "seed", "hash", "error")},
            "values": {name: _numbers(table[name]) for name in measures},
            "means": {name: _means(name, table["cell"], table[name], len(cells)) for name in measures},
        }  # fmt: skip

    def differences(self, folder: Path, measure: str, reference: int) -> dict[str, Any]:
        """Differences of every cell from one, paired by seed: columns mean, low, high, n.

        Raises:
            RecordError: it is no study, or there is no such measure or cell.
        """
        experiment, _ = _experiment(folder)
        cells = len(cells_of(experiment))
        table = _table(folder, cells)
        if measure not in table.columns[len(HEAD) :] or not pd.api.types.is_numeric_dtype(table[measure]):
            raise RecordError(f"{folder.name}: no measure {measure[:80]!r}")
        by_seed = table.pivot_table(index="seed", columns="cell", values=measure, aggfunc="first", dropna=False)
        if reference not in by_seed:
            raise RecordError(f"{folder.name}: no runs of cell {reference}")
        less = by_seed.sub(by_seed[reference], axis=0).reset_index().melt("seed", var_name="cell", value_name="less")
        return _means(measure, less["cell"], less["less"], cells, differences=True)

    def open(self, folder: Path, cell: int, seed: int) -> dict[str, Any]:
        """Open the record of a run that was kept, begin to run it again where none was, or say how far that is.

        Raises:
            RecordError: the study has no such run.
            SocietyError: it is too large for a click.
        """
        key = (folder, cell, seed)
        with self._lock:
            opening = self._openings.get(key)
            if opening is None or opening.state == "failed":
                if any(one.state == "running" for one in self._openings.values()):
                    raise SocietyError("another run of a study is being run again: wait for it")
                name, job, world, wanted = _run_of(folder, cell, seed)
                run = place_of(folder, job.key).relative_to(folder).as_posix()
                opening = self._openings[key] = Opening(ticks=world.ticks, run=run)
                models = Models("replay", folder / STORE) if language_families(world) else Models()
                keeping = Keeping(str(folder), name, models)
                threading.Thread(target=_opened, args=(keeping, job, world, wanted, opening), daemon=True).start()
        return {name: getattr(opening, name) for name in ("state", "done", "ticks", "run", "same", "error")}


def _experiment(folder: Path) -> tuple[Experiment, World]:
    try:
        tree = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        experiment, place = validated(Experiment, tree["experiment"], f"{folder.name}/{MANIFEST}"), tree.get("beside")
        return experiment, validated(World, tree["world"], f"{folder.name}/{MANIFEST}").at(
            None if place is None else Path(place)
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise RecordError(f"{folder}: {MANIFEST} is damaged: {error}") from None


def _table(folder: Path, cells: int) -> pd.DataFrame:
    """The table of runs of so many cells; of a sweep that goes on, what is there of it."""
    path = folder / TABLE
    try:
        if path.is_file():
            table = read_parquet(path)
        else:
            lines = (folder / ROWS).read_bytes().splitlines(keepends=True)
            rows = [parsed(one, f"{ROWS}: line {at}") for at, one in enumerate(lines, 1) if one.endswith(b"\n")]
            table = pd.DataFrame([{**{name: row[name] for name in HEAD}, **row["measures"]} for row in rows])
    except (OSError, RecordError, duckdb.Error) as error:
        raise RecordError(f"{folder}: its table of runs cannot be read: {error}") from None
    if not len(table):
        raise RecordError(f"{folder}: no run of this study is finished yet")
    for name in HEAD:
        if name not in table or not all(HEAD_KINDS[name].fits(value) for value in table[name].tolist()):
            raise RecordError(
                f"{folder}: its table of runs is damaged: {name} is not {HEAD_KINDS[name].called} in every row"
            )
    if not table["cell"].between(0, cells - 1).all():
        raise RecordError(
            f"{folder}: its table of runs is damaged: cell is not a number from 0 to {cells - 1} in every row"
        )
    return table.sort_values(["cell", "seed"], ignore_index=True)


def _means(
    name: str, cell: "pd.Series[Any]", values: "pd.Series[Any]", cells: int, differences: bool = False
) -> dict[str, Any]:
    found = np.full((cells, 4), np.nan)
    found[:, 3] = 0
    for number, mine in pd.to_numeric(values).groupby(cell):
        known = mine.dropna().to_numpy(dtype=float)
        one = estimate_for_table(known, differences, possible(name))
        found[int(str(number))] = one.value, one.low, one.high, one.n
    return {name: _numbers(pd.Series(found[:, at])) for at, name in enumerate(("mean", "low", "high", "n"))}


def _numbers(values: "pd.Series[Any]") -> list[float | None]:
    return [float(one) if math.isfinite(one) else None for one in pd.to_numeric(values).astype(float)]


def _plain(changes: dict[str, Any]) -> dict[str, Any]:
    return {path: value if _scalar(value) else json.dumps(value, sort_keys=True) for path, value in changes.items()}


def _scalar(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | bool)


def _values(values: list[Any]) -> list[Any]:
    """Each value once: numbers in their order, others as they come."""
    plain = list(dict.fromkeys(value if _scalar(value) else json.dumps(value, sort_keys=True) for value in values))
    numbers = all(isinstance(one, int | float) and not isinstance(one, bool) for one in plain)
    return sorted(plain) if numbers else plain


def _run_of(folder: Path, cell: int, seed: int) -> tuple[str, Job, World, str]:
    """The name of the experiment, a run of it with its world, and the event hash it should have.

    Raises:
        RecordError: there is no such run.
        SocietyError: no record of it is kept, and it is too large.
    """
    experiment, base = _experiment(folder)
    cells = cells_of(experiment)
    table = _table(folder, len(cells))
    mine = table[(table["cell"] == cell) & (table["seed"] == seed)]
    if not len(mine):
        raise RecordError(f"{folder.name}: no finished run of cell {cell} with seed {seed}")
    key, wanted = str(mine["key"].iloc[0]), str(mine["hash"].iloc[0])
    if not KEY.fits(key):
        raise RecordError(f"{folder}: its table of runs is damaged: key is not {KEY.called} in every row")
    world = base.override({**cells[cell], "seed": seed})
    if (size := world.agents.count * world.ticks) > MOST and not place_of(folder, key).exists():
        raise SocietyError(f"this run has {size:,} agent-steps, too many for a click (at most {MOST:,})")
    return experiment.name, Job(cell, seed, key, cells[cell]), world, wanted


def _opened(keeping: Keeping, job: Job, world: World, wanted: str, opening: Opening) -> None:
    """Open its record, or run it as ``society run`` would; language models are not asked, only what they answered is read."""
    place = place_of(keeping.folder, job.key)

    def told(done: int, ticks: int) -> None:
        opening.done = done

    opening.error = "it stopped; the terminal of society view says why"
    try:
        try:
            record = kept_record(place, job.key)
        except RecordError:
            record = keep(place, world, keeping.told(job), keeping.models, told)
        opening.same = not wanted or record.hash == wanted
        opening.state, opening.error = "ready", ""
    except SocietyError as error:
        opening.error = str(error)
    finally:
        if opening.state == "running":
            opening.state = "failed"
