"""From the tables of a finished sweep to what its analysis says: a critical point, or the loop of a hysteresis."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from society.ground.errors import RecordError, SocietyError
from society.measures.catalogue import possible
from society.record.database import read_parquet
from society.record.tables import TICKS as COUNTERS
from society.stats.hysteresis import Loop, loop
from society.stats.sharpness import Sharpness, sharpness
from society.stats.tipping import Estimate, Tipping, tipping
from society.study.sweep.table import TICKS
from society.world.analysis import CriticalPoint, Hysteresis, is_counter
from society.world.experiment import Experiment, numbers

Floats = NDArray[np.float64]
#: AIC by which a curve must beat a straight line before a step is claimed (hypothesis H6).
CLEAR = 10.0


@dataclass(frozen=True)
class Point:
    """What a grid over control and size says.

    Attributes:
        control, sizes: float64, the axes.
        found: moments, peaks, crossings, and the critical point.
        steps: of each size, the logistic curve through the order parameter against a straight line.
    """

    control: Floats
    sizes: Floats
    found: Tipping
    steps: tuple[Sharpness, ...]

    def curves(self) -> pd.DataFrame:
        """A row per size and control: size, control, order and its interval, susceptibility, binder."""
        found = self.found
        columns = {
            "order": found.moments.order, "order_low": found.order_low, "order_high": found.order_high,
            "susceptibility": found.moments.susceptibility, "binder": found.moments.binder,
        }  # fmt: skip
        size, control = np.repeat(self.sizes, len(self.control)), np.tile(self.control, len(self.sizes))
        rows = {name: values.T.reshape(-1) for name, values in columns.items()}
        return pd.DataFrame({"size": size, "control": control, **rows})

    def estimates(self) -> pd.DataFrame:
        """A row per number: what, size (of a crossing the larger one; NaN for the whole), value, low, high."""
        found = self.found
        rows = [("peak", n, *one) for n, one in zip(self.sizes, found.peaks, strict=True)]
        rows += [("crossing", n, *one) for n, one in zip(self.sizes[1:], found.crossings, strict=True)]
        for n, step in zip(self.sizes, self.steps, strict=True):
            rows += [(name, n, getattr(step, name), math.nan, math.nan) for name in ("half", "width", "gain")]
        rows += [(name, math.nan, *getattr(found, name)) for name in ("critical", "shift", "nu", "growth")]
        return pd.DataFrame(rows, columns=["what", "size", "value", "low", "high"])

    def verdict(self) -> str:
        """Whether it is a transition, in one sentence: sharper than a line, and fluctuations that grow with the size."""
        growth, gain = self.found.growth, self.steps[-1].gain
        said = f"largest susceptibility grows as N^{_shown(growth)}; a step beats a line by {gain:.0f} AIC at N = {self.sizes[-1]:g}"
        if growth.low > 0 and gain > CLEAR:
            return f"a transition: {said}"
        return f"no transition shown: {said} (both an exponent above 0 and more than {CLEAR:g} AIC are asked for)"


@dataclass(frozen=True)
class Walk:
    """What one cell of a hysteresis says.

    Attributes:
        cell: its number; label: its changes in words, "" where there are none.
        control: float64[controls], on the way up.
        found: both branches, where they tip, width and area.
    """

    cell: int
    label: str
    control: Floats
    found: Loop

    def verdict(self) -> str:
        """Whether the way back is another, in one sentence."""
        width, area = self.found.width, self.found.area
        said = f"width p_c(up) - p_c(down) = {_shown(width)}; area {_shown(area)} of the rectangle around the branches"
        return f"hysteresis: {said}" if area.low > 0 else f"no hysteresis shown: {said}"


def critical_point(experiment: Experiment, folder: Path, table: pd.DataFrame) -> Point:
    """The critical point of a sweep over control and size.

    Args:
        experiment: with an analysis ``critical_point``.
        folder: of the study.
        table: rows of its runs, all of them.

    Raises:
        SocietyError: a run is missing or failed.
        RecordError: there is no such measure.
    """
    analysis = experiment.analysis
    assert isinstance(analysis, CriticalPoint)
    control, sizes = (np.array(numbers(experiment.axes[path]), np.float64) for path in analysis.paths)
    values = samples(analysis.measure, folder, table, analysis.window)
    x = np.full((len(control), len(sizes), experiment.seeds, values.shape[1]), np.nan)
    seed = table["seed"] - table["seed"].min()
    place = [np.searchsorted(axis, table[path]) for axis, path in zip((control, sizes), analysis.paths, strict=True)]
    if len(table) != x.shape[0] * x.shape[1] * x.shape[2]:
        raise SocietyError(f"{experiment.name}: {len(table)} of {math.prod(x.shape[:3])} runs are finished")
    x[place[0], place[1], seed] = values
    found = tipping(x, control, sizes, analysis.about, analysis.nu, possible(analysis.measure))
    order = np.nanmean(np.abs(2 * x - 1) if analysis.about == "middle" else x, axis=3)
    steps = tuple(sharpness(control, order[:, at]) for at in range(len(sizes)))
    return Point(control, sizes, found, steps)


def hysteresis(experiment: Experiment, folder: Path, table: pd.DataFrame) -> list[Walk]:
    """The loop of each cell of a sweep whose societies were carried up and down.

    Args:
        experiment: with an analysis ``hysteresis``.
        folder: of the study.
        table: rows of its runs.

    Raises:
        SocietyError: a run is missing or failed.
    """
    analysis = experiment.analysis
    assert isinstance(analysis, Hysteresis)
    control = np.array(analysis.steps(), np.float64)
    walks = 2 * len(control) - 1
    values = samples(analysis.measure, folder, table, analysis.hold * walks)
    held = np.nanmean(values.reshape(len(values), walks, analysis.hold)[:, :, -analysis.window :], axis=2).T
    found = []
    for cell, rows in table.reset_index(drop=True).groupby("cell"):
        mine = held[:, rows.index]
        label = ", ".join(f"{path} {rows[path].iloc[0]}" for path in experiment.axes)
        up, down = mine[: len(control)], mine[len(control) - 1 :][::-1]
        found.append(Walk(int(str(cell)), label, control, loop(control, up, down, analysis.level)))
    return found


def branches(walks: Sequence[Walk]) -> pd.DataFrame:
    """A row per cell and control: cell, changes, control, up, down."""
    frames = [
        pd.DataFrame({"cell": one.cell, "changes": one.label, "control": one.control, "up": one.found.up, "down": one.found.down})
        for one in walks
    ]  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def widths(walks: Sequence[Walk]) -> pd.DataFrame:
    """A row per cell and number: cell, changes, what (tips_up, tips_down, width, area), value, low, high."""
    names = ("tips_up", "tips_down", "width", "area")
    rows = [(one.cell, one.label, name, *getattr(one.found, name)) for one in walks for name in names]
    return pd.DataFrame(rows, columns=["cell", "changes", "what", "value", "low", "high"])


def samples(measure: str, folder: Path, table: pd.DataFrame, window: int) -> Floats:
    """Values of each run, in the order of the table: float64[runs, 1] of a measure, [runs, window] of a counter of ticks.

    Raises:
        SocietyError: a run failed, or has fewer ticks than the window.
        RecordError: there is no such measure.
    """
    if (table["error"] != "").any():
        raise SocietyError(f"analysis: {int((table['error'] != '').sum())} runs failed")
    if not is_counter(measure):
        if measure not in table:
            raise RecordError(f"analysis: no measure {measure!r} in the table of runs")
        return table[[measure]].to_numpy(dtype=np.float64)
    ticks = read_parquet(folder / TICKS).sort_values(["cell", "seed", "tick"])
    if measure not in ticks:
        raise RecordError(f"analysis: no counter {measure!r} in {folder / TICKS}")
    found: dict[Any, Floats] = {
        key: rows[measure].to_numpy(dtype=np.float64) for key, rows in ticks.groupby(["cell", "seed"])
    }
    runs = [found[cell, seed][-window:] for cell, seed in zip(table["cell"], table["seed"], strict=True)]
    shortest = min(map(len, runs))
    if shortest < window:
        raise SocietyError(f"analysis: a window of {window} ticks does not fit into a run of {shortest}")
    return np.stack(runs)


def check_counters(experiment: Experiment) -> None:
    """Whether counters that an experiment names exist.

    Raises:
        RecordError: one does not.
    """
    for name in () if isinstance(experiment.ticks, bool) else experiment.ticks:
        if name not in COUNTERS or name == "tick":
            known = ", ".join(one for one in COUNTERS if one != "tick")
            raise RecordError(f"ticks: no counter {name!r}: there are {known}")


def _shown(one: Estimate) -> str:
    """A value and its interval in words."""
    if math.isnan(one.value):
        return "none (a branch or curve never gets there)"
    return f"{one.value:.3g}" + ("" if math.isnan(one.low) else f" ({one.low:.3g} .. {one.high:.3g})")
