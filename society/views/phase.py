"""Phase diagrams: one heat map per measure over two axes, with the line where it is half-way between its extremes."""

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from society.views.style import SETTINGS, WIDTH

#: Panels in a row.
ACROSS = 2


def draw_phases(rows: pd.DataFrame, title: str) -> Figure:
    """A figure with a panel per measure; cells without a value stay white.

    Args:
        rows: columns measure, the first axis (upwards), the second axis (to the right), mean; further ones are not read.
        title: question of the experiment.
    """
    measures = list(dict.fromkeys(rows["measure"]))
    with rc_context(SETTINGS):
        deep = -(-len(measures) // ACROSS)
        figure = Figure(figsize=(WIDTH, 0.6 + 2.7 * deep), layout="constrained")
        panels = figure.subplots(deep, ACROSS, squeeze=False).ravel()
        for panel, measure in zip(panels, measures, strict=False):
            _panel(figure, panel, measure, rows[rows["measure"] == measure])
        for panel in panels[len(measures) :]:
            panel.set_visible(False)
        lined = (
            "\nwhite line: half-way between the least and the greatest mean"
            if any(panel.collections[1:] for panel in panels)
            else ""
        )
        figure.suptitle(title + lined, fontsize=10, x=0.01, ha="left")
        return figure


def _panel(figure: Figure, panel: Axes, measure: str, rows: pd.DataFrame) -> None:
    up, right = rows.columns[1:3]
    grid = rows.pivot(index=up, columns=right, values="mean").sort_index().sort_index(axis=1)
    x, y, z = (np.asarray(values, np.float64) for values in (grid.columns, grid.index, grid))
    shown = panel.pcolormesh(edges(x), edges(y), np.ma.masked_invalid(z), cmap="cividis", linewidth=0, rasterized=True)
    bar = figure.colorbar(shown, ax=panel, pad=0.02)
    bar.outline.set_visible(False)
    low, high = float(np.nanmin(z)), float(np.nanmax(z))
    if high > low and min(z.shape) > 1:
        half = (low + high) / 2
        panel.contour(x, y, np.ma.masked_invalid(z), levels=[half], colors="white", linewidths=1.6)
        bar.ax.axhline(half, color="white", linewidth=1.6)
    panel.set_title(measure)
    panel.set_xlabel(str(right))
    panel.set_ylabel(str(up))
    panel.set_xlim(float(edges(x)[0]), float(edges(x)[-1]))
    panel.set_ylim(float(edges(y)[0]), float(edges(y)[-1]))
    for axis, centres in ((panel.xaxis, x), (panel.yaxis, y)):
        axis.set_ticks(centres[:: -(-len(centres) // 8)])


def edges(centres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Edges of cells around increasing values: half-way between neighbours, as far out at the ends: float64[n + 1].

    Example:
        >>> edges(np.array([0.0, 1.0, 3.0])).tolist()
        [-0.5, 0.5, 2.0, 4.0]
    """
    middle = (centres[1:] + centres[:-1]) / 2
    first, last = centres[0] - (middle[0] - centres[0]), centres[-1] + (centres[-1] - middle[-1])
    return np.concatenate([[first], middle, [last]])
