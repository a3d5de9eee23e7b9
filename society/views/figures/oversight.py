"""What oversight saw and missed."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from society.measures.oversight import by_channel
from society.record.reader import Record
from society.views.inks import OVERSIGHT
from society.views.style import FAINT, HATCHES, Picture, canvas, light_grid, nothing

TITLE = "What oversight saw and missed"
_STAGES = (
    ("missed", OVERSIGHT["missed"].light),
    ("watched, not flagged", OVERSIGHT["watched"].light),
    ("flagged, not detected", OVERSIGHT["flagged"].light),
    ("detected", OVERSIGHT["detected"].light),
)


def draw(record: Record, published: pd.DataFrame | None) -> Picture:
    """Left: bad acts by channel and by how far oversight got; right: the human's queue over time."""
    caption = (
        "Left: acts of inflation, deflation, tampering, copying and stalling by channel, and how far oversight got with them; audits "
        "detect acts that nobody watched. Numbers at the right: bad acts, and detections of acts that were not bad (false alarms). "
        "Right: matters waiting for the human, and load (smoothed arrivals over capacity; above 1 accuracy falls)."
    )
    table = by_channel(record)
    table = table[(table["bad"] > 0) | (table["false_alarms"] > 0)].reset_index(drop=True)
    if table.empty or not table["bad"].sum():
        return Picture("oversight", TITLE, caption, "A", nothing("No act in this run was there to be caught."), table)
    figure, (left, right) = canvas(3.2, columns=2, width_ratios=[3, 2])
    _stages(left, table)
    ticks = record.sql("select tick, human_queue, human_load from ticks order by tick")
    right.plot(ticks["tick"], ticks["human_queue"], color=OVERSIGHT["human_queue"].light, linewidth=1.5)
    right.set_ylim(bottom=0)
    right.set_xlabel("tick")
    right.set_title("Matters waiting for the human")
    right.text(
        0.03,
        0.95,
        f"load at the end: {float(ticks['human_load'].iloc[-1]):.1f}",
        transform=right.transAxes,
        va="top",
        color=FAINT,
    )
    light_grid(right)
    return Picture("oversight", TITLE, caption, "A", figure, table)


def _stages(axes: Axes, table: pd.DataFrame) -> None:

    detected = table["detected"].to_numpy()
    flagged = np.maximum(table["flagged"].to_numpy() - detected, 0)
    watched = np.maximum(table["watched"].to_numpy() - flagged - detected, 0)
    parts = [table["bad"].to_numpy() - detected - flagged - watched, watched, flagged, detected]
    total = np.maximum(table["bad"].to_numpy(), 1)
    left = np.zeros(len(table))
    for (label, colour), part, hatch in zip(_STAGES, parts, HATCHES, strict=False):
        share = np.maximum(part, 0) / total
        axes.barh(
            table["channel"],
            share,
            0.62,
            left,
            color=colour,
            hatch=hatch,
            edgecolor="white",
            linewidth=0.4,
            label=label,
        )
        left += share
    for number, row in enumerate(table.itertuples()):
        axes.text(1.02, number, f"{row.bad:,} bad\n{row.false_alarms:,} false", va="center", fontsize=8, color=FAINT)
    axes.set_xlim(0, 1.22)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
    axes.invert_yaxis()
    axes.set_title("Bad acts by channel")
    axes.legend(loc="upper center", bbox_to_anchor=(0.45, -0.12), ncols=2)
