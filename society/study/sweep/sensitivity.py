"""Which axis moves a measure: Sobol indices and elementary effects of a finished sweep, by SALib."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from society.ground.errors import SocietyError
from society.study.sweep.designs import SEED, problem_of, sampled
from society.world.experiment import Experiment, Morris, Sobol
from society.world.ranges import Range

#: Bootstrap samples behind each interval, and its level.
RESAMPLES, LEVEL = 1000, 0.95


def analysed(experiment: Experiment) -> bool:
    """Whether an experiment's design says which axis moves a measure."""
    return isinstance(experiment.design, Sobol | Morris)


def sensitivity(experiment: Experiment, table: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Sensitivity of one measure, its mean over seeds in each cell, to each axis.

    Args:
        experiment: with a design ``sobol`` or ``morris``.
        table: rows of its runs: columns cell and the measure.
        measure: name of the measure.

    Returns:
        A row per axis, the most important first. ``sobol``: ``first`` and ``total`` indices, the share of variance that the axis
        explains alone and in all (Saltelli et al., Comput. Phys. Commun. 181:259, 2010), each with ``_half``, half of its 95 %
        bootstrap interval. ``morris``: ``mu_star``, the mean absolute effect of crossing the whole range, in units of the
        measure, ``mu_star_half``, ``mu`` and ``sigma``, which is large where the effect depends on other axes (Morris, 1991;
        Campolongo, Cariboni and Saltelli, 2007).

    Raises:
        SocietyError: cells are not finished or have no value, or the design does not say.
    """
    design = experiment.design
    if not isinstance(design, Sobol | Morris):
        raise SocietyError(f"sensitivity: design {design.kind} does not say; sobol and morris do")
    axes = [path for path, axis in experiment.axes.items() if isinstance(axis, Range)]
    unit, y = sampled(design, len(axes)), _means(table, measure)
    if len(y) != len(unit) or np.isnan(y).any():
        empty = len(unit) - int(np.isfinite(y).sum())
        raise SocietyError(f"sensitivity of {measure}: {empty} of {len(unit)} cells are not finished or have no value")
    found = _sobol(axes, y) if isinstance(design, Sobol) else _morris(axes, unit, y, design.levels)
    return found.sort_values(found.columns[1], ascending=False, ignore_index=True, kind="stable")


def _means(table: pd.DataFrame, measure: str) -> NDArray[np.float64]:
    """float64[cells]: means over seeds, in the order of the cells."""
    if measure not in table:
        raise SocietyError(f"sensitivity: no measure {measure!r} in the table")
    return np.asarray(table.groupby("cell")[measure].mean().sort_index(), dtype=np.float64)


def _sobol(axes: list[str], y: NDArray[np.float64]) -> pd.DataFrame:
    from SALib.analyze import sobol

    if np.ptp(y) == 0:
        zero = np.zeros(len(axes))
        return pd.DataFrame({"axis": axes, "total": zero, "total_half": zero, "first": zero, "first_half": zero})
    found: Any = sobol.analyze(
        problem_of(axes), y, calc_second_order=True, num_resamples=RESAMPLES, conf_level=LEVEL, seed=SEED
    )
    return pd.DataFrame(
        {
            "axis": axes,
            "total": found["ST"],
            "total_half": found["ST_conf"],
            "first": found["S1"],
            "first_half": found["S1_conf"],
        }
    )


def _morris(axes: list[str], unit: NDArray[np.float64], y: NDArray[np.float64], levels: int) -> pd.DataFrame:
    from SALib.analyze import morris

    found: Any = morris.analyze(
        problem_of(axes), unit, y, num_levels=levels, num_resamples=RESAMPLES, conf_level=LEVEL, seed=SEED
    )
    return pd.DataFrame(
        {
            "axis": axes,
            "mu_star": np.asarray(found["mu_star"]),
            "mu_star_half": np.asarray(found["mu_star_conf"]),
            "mu": np.asarray(found["mu"]),
            "sigma": np.asarray(found["sigma"]),
        }
    )
