"""Which axis moves which measure: one panel per measure, axes by importance, with bootstrap intervals."""

from collections.abc import Mapping

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from society.views.style import FAINT, PALETTE, SETTINGS, WIDTH

#: Panels in a row, and axes shown in each.
ACROSS, MOST_AXES = 2, 12
#: An effect that is nothing but rounding.
NOTHING = 1e-12
_LABELS = {
    "total": "share of variance, total (dots) and alone (rings)",
    "mu_star": "mean absolute effect of the whole range",
}


def draw_sensitivity(found: Mapping[str, pd.DataFrame], title: str) -> Figure:
    """A figure of sensitivities.

    Args:
        found: by measure, frames as ``society.study.sweep.sensitivity`` gives them.
        title: question of the experiment.
    """
    with rc_context(SETTINGS):
        rows = -(-len(found) // ACROSS)
        axes = min(MOST_AXES, max(len(frame) for frame in found.values()))
        figure = Figure(figsize=(WIDTH, 0.7 + rows * (0.75 + 0.24 * axes)), layout="constrained")
        panels = figure.subplots(rows, ACROSS, squeeze=False).ravel()
        for panel, (measure, frame) in zip(panels, found.items(), strict=False):
            _panel(panel, measure, frame.head(MOST_AXES)[::-1])
        for panel in panels[len(found) :]:
            panel.set_visible(False)
        figure.suptitle(title, fontsize=10, x=0.01, ha="left")
        figure.supxlabel(_LABELS["total" if "total" in next(iter(found.values())) else "mu_star"], fontsize=9)
        return figure


def _panel(panel: Axes, measure: str, frame: pd.DataFrame) -> None:
    value, places = ("total" if "total" in frame else "mu_star"), range(len(frame))
    panel.errorbar(
        frame[value], places, xerr=frame[f"{value}_half"], fmt="o", color=PALETTE[0], capsize=2, markersize=5
    )
    if value == "total":
        panel.plot(frame["first"], places, "o", mfc="white", mec=PALETTE[3], markersize=5)
    panel.axvline(0, color=FAINT, linewidth=0.8)
    if (frame[value].abs() + frame[f"{value}_half"]).max() < NOTHING:
        panel.set_xlim(-1, 1)
        panel.text(0, (len(frame) - 1) / 2, "no axis moves it", ha="center", va="bottom", fontsize=8, color=FAINT)
    panel.set_yticks(list(places), list(frame["axis"]))
    panel.set_title(measure, loc="right")
    panel.locator_params(axis="x", nbins=4)
    panel.set_ylim(-0.6, len(frame) - 0.4)
