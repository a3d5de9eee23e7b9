"""Trust over time."""

import pandas as pd

from society.record.reader import Record
from society.views.style import LINES, PALETTE, Picture, canvas, light_grid, nothing

TITLE = "Trust over time"
_SERIES = (("trust_mean", "all ties"), ("trust_same", "within a family"), ("trust_cross", "between families"))


def draw(record: Record, published: pd.DataFrame | None) -> Picture:
    """Mean trust over ties of active agents, and the share of protective stances."""
    caption = (
        "Mean trust over the ties of active agents (left axis scale), all and by whether both ends are of one family, and the "
        "share of active agents whose last protective occasion ended in core protection (stance). No bands: these are all "
        "ties, not a sample."
    )
    rows = record.sql("select tick, trust_mean, trust_same, trust_cross, stance_mean from ticks order by tick")
    rows = rows[rows["trust_mean"].notna()]
    if rows.empty:
        return Picture("trust", TITLE, caption, "A", nothing("There are no ties in this run."), rows)
    figure, (top, bottom) = canvas(3.6, rows=2, sharex=True, height_ratios=[2, 1])
    for number, (column, label) in enumerate(_SERIES):
        if rows[column].notna().any():
            top.plot(
                rows["tick"], rows[column], color=PALETTE[number], linestyle=LINES[number], linewidth=1.5, label=label
            )
    top.set_ylabel("mean trust")
    top.legend(loc="lower right", ncols=3)
    bottom.plot(rows["tick"], rows["stance_mean"], color=PALETTE[3], linewidth=1.4)
    bottom.set_ylabel("protective\nstance")
    bottom.set_ylim(bottom=0)
    bottom.set_xlabel("tick")
    for axes in (top, bottom):
        light_grid(axes)
    figure.align_ylabels()
    every = max(1, len(rows) // 25)
    return Picture("trust", TITLE, caption, "A", figure, rows.iloc[::every].reset_index(drop=True))
