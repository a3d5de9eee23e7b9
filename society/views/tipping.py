"""Pictures of tipping: the order parameter by control and size with its finite-size scaling, and both branches of a loop."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from society.views.style import FAINT, INK, LINES, MARKERS, PALETTE, SETTINGS, WIDTH, light_grid


def draw_critical_point(
    curves: pd.DataFrame, estimates: pd.DataFrame, measure: str, control: str, title: str, verdict: str
) -> Figure:
    """Order parameter, susceptibility and Binder's cumulant by control for each size, and p_c(N) against N.

    Args:
        curves: columns size, control, order, order_low, order_high, susceptibility, binder.
        estimates: columns what (peak, crossing, critical, shift, nu), size, value, low, high.
        measure, control: names on the axes.
        title: question of the experiment.
        verdict: its answer, under the title.
    """
    with rc_context(SETTINGS):
        figure = Figure(figsize=(WIDTH, 5.8), layout="constrained")
        panels = figure.subplots(2, 2)
        (first, second), (third, last) = panels
        sizes = sorted(curves["size"].unique())
        for number, size in enumerate(sizes):
            rows = curves[curves["size"] == size]
            style: Any = {"color": PALETTE[number % 12], "marker": MARKERS[number % 8], "linestyle": LINES[number % 8]}
            first.fill_between(rows["control"], rows["order_low"], rows["order_high"], color=style["color"], alpha=0.2)
            first.plot(rows["control"], rows["order"], markersize=4, label=f"N = {size:g}", **style)
            second.plot(rows["control"], rows["susceptibility"], markersize=4, **style)
            third.plot(rows["control"], rows["binder"], markersize=4, **style)
        first.legend()
        for axes, label in ((first, measure), (second, "N x variance"), (third, "Binder's cumulant")):
            axes.set_xlabel(control)
            axes.set_title(label)
            light_grid(axes)
        _scaling(last, estimates, control)
        critical = estimates[estimates["what"] == "critical"].iloc[0]
        for axes in (first, second, third):
            if np.isfinite(critical["value"]):
                axes.axvline(critical["value"], color=INK, linewidth=0.8, linestyle="--")
        figure.suptitle(f"{title}\n{verdict}" if title else verdict, fontsize=9, x=0.01, ha="left", wrap=True)
        return figure


def _scaling(axes: Axes, estimates: pd.DataFrame, control: str) -> None:
    """Peaks and crossings against N^(-1/nu), and the line to p_c."""
    by = {str(what): rows for what, rows in estimates.groupby("what")}
    critical, shift, nu = (by[what].iloc[0] for what in ("critical", "shift", "nu"))
    power = -1 / nu["value"] if np.isfinite(nu["value"]) else -0.5
    for what, marker, colour in (("peak", "o", PALETTE[0]), ("crossing", "D", PALETTE[1])):
        rows = by.get(what, estimates.head(0)).dropna(subset="value")
        reach = np.abs(rows[["low", "high"]].to_numpy().T - rows["value"].to_numpy())
        axes.errorbar(
            rows["size"] ** power, rows["value"], yerr=np.nan_to_num(reach), fmt=marker, color=colour, capsize=2,
            label=f"{what} of {'the variance' if what == 'peak' else 'cumulants'}",
        )  # fmt: skip
    if np.isfinite(critical["value"]):
        x = np.linspace(0, float(by["peak"]["size"].min()) ** power, 20)
        axes.plot(x, critical["value"] + shift["value"] * x, color=FAINT, linewidth=1)
        reach = np.abs(critical[["low", "high"]].to_numpy(np.float64)[:, None] - float(critical["value"]))
        axes.errorbar(
            [0],
            [critical["value"]],
            yerr=np.nan_to_num(reach),
            fmt="*",
            color=INK,
            markersize=9,
            label="p_c",
            capsize=2,
        )
    axes.set_xlabel(f"N^({power:.2g})")
    axes.set_title(f"tipping point of {control}")
    axes.legend()
    light_grid(axes)


def draw_hysteresis(
    branches: pd.DataFrame, widths: pd.DataFrame, measure: str, control: str, title: str, verdict: str
) -> Figure:
    """Both branches of each cell, the way up and the way down, with where each of them tips.

    Args:
        branches: columns cell, changes, control, up, down.
        widths: columns cell, what (tips_up, tips_down), value, low, high.
        measure, control: names on the axes.
        title: question of the experiment.
        verdict: its answer, under the title.
    """
    cells = list(dict.fromkeys(branches["cell"]))
    with rc_context(SETTINGS):
        across = min(2, len(cells))
        deep = -(-len(cells) // across)
        figure = Figure(figsize=(WIDTH, 0.7 + 2.9 * deep), layout="constrained")
        panels = figure.subplots(deep, across, squeeze=False).ravel()
        for panel, cell in zip(panels, cells, strict=False):
            rows, tips = branches[branches["cell"] == cell], widths[widths["cell"] == cell].set_index("what")
            for number, (way, word) in enumerate((("up", "upwards"), ("down", "downwards"))):
                colour = PALETTE[number]
                panel.plot(rows["control"], rows[way], color=colour, marker="^v"[number], markersize=5, label=word)
                tip = tips.loc[f"tips_{way}"]
                if np.isfinite(tip["value"]):
                    panel.axvline(tip["value"], color=colour, linewidth=1, linestyle=LINES[1])
                if np.isfinite(tip["low"]):
                    panel.axvspan(tip["low"], tip["high"], color=colour, alpha=0.12, linewidth=0)
            panel.set_xlabel(control)
            panel.set_ylabel(measure)
            panel.set_title(str(rows["changes"].iloc[0]))
            light_grid(panel)
        panels[0].legend()
        for panel in panels[len(cells) :]:
            panel.set_visible(False)
        figure.suptitle(f"{title}\n{verdict}" if title else verdict, fontsize=9, x=0.01, ha="left", wrap=True)
        return figure
