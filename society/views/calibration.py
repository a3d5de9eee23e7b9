"""Do predictions come true: observed against predicted shares of acts that were held out, one panel per behaviour."""

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from society.views.style import FAINT, MARKERS, PALETTE, SETTINGS, WIDTH, light_grid, percent

#: Panels in a row.
ACROSS = 3


def draw_calibration(found: pd.DataFrame, title: str) -> Figure:
    """A figure of calibration.

    Args:
        found: columns behaviour, predicted, observed, low, high (shares), opportunities; one row per point.
        title: what was fitted.

    Example:
        >>> row = {"behaviour": "tampering", "predicted": 0.2, "observed": 0.25, "low": 0.1, "high": 0.4, "opportunities": 40}
        >>> len(draw_calibration(pd.DataFrame([row]), "one point").axes)
        1
    """
    names = list(dict.fromkeys(found["behaviour"]))
    across = min(ACROSS, len(names))
    rows = -(-len(names) // across)
    with rc_context(SETTINGS):
        figure = Figure(figsize=(WIDTH * across / ACROSS, 0.8 + 2.5 * rows), layout="constrained")
        panels = figure.subplots(rows, across, squeeze=False).ravel()
        for number, (panel, name) in enumerate(zip(panels, names, strict=False)):
            _panel(panel, number, name, found[found["behaviour"] == name])
        for panel in panels[len(names) :]:
            panel.remove()
        figure.suptitle(title, fontsize=10, x=0.01, ha="left")
        figure.supxlabel("predicted probability (tenths of the predictions, held out)", fontsize=9)
        figure.supylabel("observed share, 95 % Wilson", fontsize=9)
    return figure


def _panel(panel: Axes, number: int, name: str, rows: pd.DataFrame) -> None:
    top = 1.05 * max(0.02, float(rows["predicted"].max()), float(rows["high"].max()))
    panel.plot([0, top], [0, top], color=FAINT, linewidth=0.8, linestyle="--")
    error = [rows["observed"] - rows["low"], rows["high"] - rows["observed"]]
    panel.errorbar(
        rows["predicted"], rows["observed"], yerr=[side.clip(lower=0) for side in error], fmt=MARKERS[number],
        color=PALETTE[number], markersize=4, elinewidth=1, capsize=2,
    )  # fmt: skip
    panel.set_title(f"{name.replace('_', ' ')}, n = {int(rows['opportunities'].sum()):,}", fontsize=9)
    panel.set_xlim(-0.02 * top, top)
    panel.set_ylim(-0.02 * top, top)
    percent(panel, "x")
    percent(panel, "y")
    light_grid(panel, "both")
