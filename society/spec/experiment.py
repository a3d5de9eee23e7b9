"""Experiment files: a base world, the axes along which it varies, the design that picks cells, seeds, measures."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr, model_validator

from society.spec.section import Section, parameter


class Range(Section):
    """Numbers from low to high."""

    low: float = parameter(..., "lower bound", "choice")
    high: float = parameter(..., "upper bound", "choice")
    steps: int = parameter(5, "values on a grid, bounds included", "choice", ge=2, le=1000)
    log: bool = parameter(False, "even in the logarithm", "choice")
    whole: bool = parameter(False, "rounded to whole numbers", "choice")

    @model_validator(mode="after")
    def _ordered(self) -> "Range":
        if not self.low < self.high:
            raise ValueError(f"low: {self.low:g} must be below high ({self.high:g})")
        if self.log and self.low <= 0:
            raise ValueError(f"low: {self.low:g} must be above 0 where log is true")
        return self


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
    ticks: bool = parameter(False, "keep the counters of every tick too", "choice")
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
        """A word stands for a design."""
        if isinstance(value, dict) and isinstance(value.get("design"), str):
            value = {**value, "design": {"kind": value["design"]}}
        return value

    @model_validator(mode="after")
    def _axes_fit_the_design(self) -> "Experiment":
        listed = isinstance(self.design, Listed)
        if listed == bool(self.axes):
            raise ValueError("axes: " + ("a list of cells has none" if listed else "there must be one at least"))
        for path, axis in self.axes.items():
            if isinstance(axis, list) and not axis:
                raise ValueError(f"axes.{path}: there must be one value at least")
            if isinstance(axis, list) and isinstance(self.design, LatinHypercube | Sobol | Morris):
                raise ValueError(f"axes.{path}: {self.design.kind} needs a range {{low: ..., high: ...}}, not values")
        return self
