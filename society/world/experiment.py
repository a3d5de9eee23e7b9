"""Experiment files: a base world, the axes along which it varies, the design that picks cells, seeds, measures."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr, model_validator

from society.world.analysis import Analysis, CriticalPoint, Hysteresis, is_counter
from society.world.ranges import Range
from society.world.section import Section, parameter


class Grid(Section):
    """Every value of each axis with every value of all others."""

    kind: Literal["grid"] = "grid"


class LatinHypercube(Section):
    """Samples that cover each axis evenly (McKay, Beckman and Conover, 1979)."""

    kind: Literal["latin_hypercube"] = "latin_hypercube"
    samples: int = parameter(20, "cells", "choice", ge=1, le=1_000_000)


class Sobol(Section):
    """Saltelli's sampling for Sobol indices: samples x (2 axes + 2) cells (Saltelli et al., 2010)."""

    kind: Literal["sobol"] = "sobol"
    samples: int = parameter(64, "base samples, a power of 2", "choice", ge=2, le=1_000_000)


class Morris(Section):
    """Trajectories that move one axis at a time (Morris, 1991): trajectories x (axes + 1) cells."""

    kind: Literal["morris"] = "morris"
    trajectories: int = parameter(10, "trajectories", "choice", ge=2, le=100_000)
    levels: int = parameter(4, "levels of each axis (even)", "choice", ge=2, le=100)


class OneAtATime(Section):
    """The base world, and each value of each axis by itself."""

    kind: Literal["one_at_a_time"] = "one_at_a_time"


class Listed(Section):
    """The cells that the file lists."""

    kind: Literal["list"] = "list"
    cells: tuple[dict[str, Any], ...] = parameter(..., "changes of each cell, by dotted path", "choice", min_length=1)


Design = Annotated[Grid | LatinHypercube | Sobol | Morris | OneAtATime | Listed, Field(discriminator="kind")]


class Stop(Section):
    """When to stop before all is run."""

    seconds: float | None = parameter(None, "seconds of one call of the command", "choice", gt=0)
    failed: int = parameter(10, "cells that may fail", "choice", ge=0)


class Experiment(Section):
    """One experiment."""

    name: str = parameter(..., "name of the experiment", "choice", pattern=r"^[a-z][a-z0-9_]{0,63}$")
    about: str = parameter("", "its question, in one sentence", "choice", max_length=500)
    base: str = parameter(..., "name or file of the world that is varied", "choice")
    set: dict[str, Any] = parameter(dict, "changes of the base world, by dotted path, in all cells", "choice")
    axes: dict[str, Range | list[Any]] = parameter(dict, "what varies, by dotted path: values, or a range", "choice")
    design: Design = parameter(Grid, "which combinations are run", "choice")
    seeds: int = parameter(3, "seeds of each cell, the same in all", "choice", ge=1, le=100_000)
    measures: tuple[str, ...] = parameter(
        ("order.", "protection.", "cps.", "team.accuracy", "trust.mean"), "measures that are kept: names, or what they begin with",
        "choice", min_length=1,
    )  # fmt: skip
    ticks: bool | tuple[str, ...] = parameter(
        False, "keep the counters of every tick too: all, or those that are named", "choice"
    )
    keep_records: bool = parameter(
        False, "keep the record of every run, so that other measures are computed without running again", "choice"
    )
    analysis: Analysis | None = parameter(None, "what is computed from the whole of it", "choice")
    stop: Stop = parameter(Stop, "when to stop before all is run", "choice")

    _folder: Path | None = PrivateAttr(None)

    @property
    def folder(self) -> Path | None:
        """Folder of the file it was read from; a base world given by a path is looked for there."""
        return self._folder

    def at(self, folder: Path | None) -> "Experiment":
        """The same experiment, read from a file in ``folder``."""
        experiment = self.model_copy()
        experiment._folder = folder
        return experiment

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: Any) -> Any:
        """A word stands for a design; a counter that the analysis reads is kept."""
        if isinstance(value, dict) and isinstance(value.get("design"), str):
            value = {**value, "design": {"kind": value["design"]}}
        measure = _measure(value.get("analysis")) if isinstance(value, dict) else ""
        if is_counter(measure) and measure and value.get("ticks", False) is not True:
            value = {**value, "ticks": tuple(dict.fromkeys([*(value.get("ticks") or ()), measure]))}
        return value

    @model_validator(mode="after")
    def _axes_fit_the_design(self) -> "Experiment":
        listed = isinstance(self.design, Listed)
        carried = isinstance(self.analysis, Hysteresis)
        if listed == bool(self.axes) and not (carried and not listed):
            raise ValueError("axes: " + ("a list of cells has none" if listed else "there must be one at least"))
        for path, axis in self.axes.items():
            if isinstance(axis, list) and not axis:
                raise ValueError(f"axes.{path}: there must be one value at least")
            if isinstance(axis, list) and isinstance(self.design, LatinHypercube | Sobol | Morris):
                raise ValueError(f"axes.{path}: {self.design.kind} needs a range {{low: ..., high: ...}}, not values")
        return self

    @model_validator(mode="after")
    def _analysis_fits(self) -> "Experiment":
        analysis = self.analysis
        if analysis is None:
            return self
        if not isinstance(self.design, Grid):
            raise ValueError(f"analysis: {analysis.kind} needs design grid, not {self.design.kind}")
        if isinstance(analysis, CriticalPoint):
            if set(self.axes) != set(analysis.paths):
                raise ValueError(f"analysis: critical_point needs two axes, {analysis.control} and {analysis.size}")
            if not is_counter(analysis.measure) and not analysis.measure.startswith(self.measures):
                raise ValueError(f"measures: {analysis.measure}, which the analysis reads, must be kept")
        if isinstance(analysis, Hysteresis):
            for path in (analysis.control, "ticks", "schedule"):
                if path in self.axes or (path in self.set and path != analysis.control):
                    raise ValueError(f"analysis: {path} is set by hysteresis: leave it out of set and axes")
        for path, axis in self.axes.items():
            if isinstance(analysis, CriticalPoint) and not numbers(axis):
                raise ValueError(f"axes.{path}: {analysis.kind} needs numbers, two at least")
        return self


def numbers(axis: Range | list[Any]) -> list[float]:
    """The values of an axis in increasing order; none if there are fewer than two or some are no numbers.

    Example:
        >>> numbers([3, 1.5]), numbers(["tied", "random"])
        ([1.5, 3], [])
    """
    values = axis.values() if isinstance(axis, Range) else axis
    plain = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    return sorted(set(values)) if plain and len(set(values)) > 1 else []


def _measure(analysis: Any) -> str:
    """The measure of an analysis, as a file says it."""
    measure = analysis.get("measure") if isinstance(analysis, dict) else getattr(analysis, "measure", "")
    return measure if isinstance(measure, str) else ""
