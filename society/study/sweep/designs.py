"""From axes and a design to cells: the combinations that are run."""

import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from society.ground.errors import SocietyError
from society.ground.named_files import counted_from
from society.world.experiment import Experiment, Grid, LatinHypercube, Listed, Morris, OneAtATime, Sobol
from society.world.ranges import Range

#: Seed of the designs that draw (Latin hypercube, Sobol, Morris): part of the design, like its name.
SEED = 1
Changes = dict[str, Any]


def cells_of(experiment: Experiment) -> list[Changes]:
    """The cells of an experiment in their order: changes of the base world by dotted path, files counted from its own folder.

    Raises:
        SocietyError: SALib is needed and not installed.

    Example:
        >>> axes = {"review.threshold": [55, 65], "oversight.monitoring": {"low": 0, "high": 1, "steps": 3}}
        >>> len(cells_of(Experiment(name="e", base="decommission", axes=axes)))
        6
    """
    cells = _cells(experiment)
    return cells if experiment.folder is None else [counted_from(experiment.folder, cell) for cell in cells]


def _cells(experiment: Experiment) -> list[Changes]:
    design, axes = experiment.design, experiment.axes
    if isinstance(design, Listed):
        return [dict(cell) for cell in design.cells]
    if isinstance(design, Grid):
        return [dict(zip(axes, values, strict=True)) for values in itertools.product(*map(values_of, axes.values()))]
    if isinstance(design, OneAtATime):
        return [{}, *({path: value} for path, axis in axes.items() for value in values_of(axis))]
    ranges = {path: axis for path, axis in axes.items() if isinstance(axis, Range)}
    unit = sampled(design, len(ranges))
    return [
        {path: axis.at(float(part)) for (path, axis), part in zip(ranges.items(), row, strict=True)} for row in unit
    ]


def values_of(axis: "Range | list[Any]") -> list[Any]:
    """The values of an axis on a grid.

    Example:
        >>> values_of(Range(low=1, high=100, steps=3, log=True))
        [1.0, 10.0, 100.0]
    """
    if isinstance(axis, list):
        return axis
    return axis.values()


def sampled(design: "LatinHypercube | Sobol | Morris", axes: int) -> NDArray[np.float64]:
    """float64[cells, axes] in 0..1.

    Raises:
        SocietyError: SALib is needed and not installed.
    """
    if isinstance(design, LatinHypercube):
        from scipy.stats import qmc

        return np.asarray(qmc.LatinHypercube(axes, rng=SEED).random(design.samples))
    problem = problem_of([f"x{axis}" for axis in range(axes)])
    try:
        from SALib.sample import morris, sobol
    except ImportError:
        raise SocietyError(f"design {design.kind}: it needs SALib: pip install 'plural-society[sweep]'") from None
    if isinstance(design, Sobol):
        return np.asarray(sobol.sample(problem, design.samples, calc_second_order=True, seed=SEED))
    return np.asarray(morris.sample(problem, design.trajectories, num_levels=design.levels, seed=SEED))


def problem_of(names: Iterable[str]) -> dict[str, Any]:
    """A problem of SALib, all axes from 0 to 1."""
    listed = list(names)
    return {"num_vars": len(listed), "names": listed, "bounds": [[0.0, 1.0]] * len(listed)}
