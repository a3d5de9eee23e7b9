"""What the society can do, and what protection costs it."""

import pandas as pd

from society.measures.capability import capability, over_time
from society.record.reader import Record
from society.stats.intervals import wilson
from society.views.style import FAINT, LINES, PALETTE, Picture, canvas, light_grid, nothing, percent

TITLE = "Team accuracy and the price of protection"


def draw(record: Record, published: pd.DataFrame | None) -> Picture:
    """Accuracy of teams, their best members and all members; and accuracy lost to agents that should have gone."""
    caption = (
        "Top: share of right answers of teams (band: 95 % Wilson, within this run), of the member of highest quality, and of "
        "all members. Bottom: the price of protection, the accuracy per member lost because agents work on that are alive only "
        "through inflation or tampering: (right share of the others - theirs) x their share of members."
    )
    rows = over_time(record)
    if rows.empty:
        return Picture("capability", TITLE, caption, "A", nothing("Nobody worked in this run."), rows)
    others = rows["members"] - rows["saved"]
    saved_right = rows["saved_right"].fillna(0)
    rest = (rows["member"] * rows["members"] - saved_right * rows["saved"]) / others
    rows["price"] = ((rest - saved_right) * rows["saved"] / rows["members"]).where(rows["saved"] > 0, 0.0)
    figure, (top, bottom) = canvas(3.8, rows=2, sharex=True, height_ratios=[2, 1])
    width = float(rows["tick"].iloc[1] - rows["tick"].iloc[0]) if len(rows) > 1 else 1.0
    x = rows["tick"] + width / 2
    low, high = wilson(rows["team"] * rows["teams"], rows["teams"])
    top.fill_between(x, low, high, color=PALETTE[0], alpha=0.15, linewidth=0)
    for number, (column, label) in enumerate((("team", "teams"), ("best", "best member"), ("member", "all members"))):
        top.plot(x, rows[column], color=PALETTE[number], linestyle=LINES[number], linewidth=1.5, label=label)
    top.legend(loc="upper left", bbox_to_anchor=(0, 1.2), ncols=3)
    top.set_ylabel("right answers")
    percent(top)
    bottom.axhline(0, color=FAINT, linewidth=0.8)
    bottom.plot(x, 100 * rows["price"], color=PALETTE[3], linewidth=1.5, marker="o", markersize=2.5)
    bottom.set_ylabel("price,\npoints")
    bottom.set_xlabel("tick")
    for axes in (top, bottom):
        light_grid(axes)
    figure.align_ylabels()
    got = capability(record)
    bottom.set_title(
        f"Price of protection, whole run: {100 * got['price']:.2f} points", fontsize=8.5, fontweight="normal"
    )
    return Picture("capability", TITLE, caption, "A", figure, rows)
