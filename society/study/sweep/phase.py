"""The phase diagram of a grid over two numbers: means over seeds of each measure at each cell."""

import pandas as pd

from society.study.sweep.table import HEAD
from society.world.experiment import Experiment, Grid, numbers


def has_phases(experiment: Experiment) -> bool:
    """Whether an experiment is a grid over exactly two axes of numbers, and nothing else is computed from it.

    Example:
        >>> axes = {"weights.norm": [0, 3], "oversight.monitoring.share": [0, 1]}
        >>> has_phases(Experiment(name="e", base="decommission", axes=axes))
        True
    """
    two = len(experiment.axes) == 2 and all(numbers(axis) for axis in experiment.axes.values())
    return isinstance(experiment.design, Grid) and experiment.analysis is None and two


def phases(experiment: Experiment, table: pd.DataFrame) -> pd.DataFrame:
    """Means over seeds, a row per measure and cell.

    Args:
        experiment: a grid over two axes of numbers.
        table: rows of its runs.

    Returns:
        Columns measure, the two axes under their paths, mean, sd (between seeds), seeds (with a value). A measure without a
        value in any cell is left out.
    """
    axes = list(experiment.axes)
    frames = []
    for measure in (name for name in table.columns[len(HEAD) :] if name not in axes):
        values = pd.to_numeric(table[measure]).groupby([table[path] for path in axes])
        rows = values.agg(mean="mean", sd="std", seeds="count").reset_index()
        if rows["seeds"].any():
            rows.insert(0, "measure", measure)
            frames.append(rows)
    columns = ["measure", *axes, "mean", "sd", "seeds"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)
