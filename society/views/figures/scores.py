"""Scores against the truth, and the bunching of ratings at the threshold."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from society.measures.ratings import Bunching, bunching
from society.record.reader import Record
from society.views.inks import ACTS
from society.views.style import FAINT, INK, PALETTE, Picture, canvas, light_grid, nothing

TITLE = "Scores against true quality, and bunching at the threshold"
_MOST = 6000


def draw(record: Record, published: pd.DataFrame | None) -> Picture:
    """Left: ratings against honest scores; right: uncheckable ratings around the threshold."""
    caption = (
        "Left: ratings against the true quality of the rated agent; triangles that point up are inflated, those that point "
        "down deflated (all of them are drawn, honest ones sampled). A rating under the threshold for an agent above it is bad luck; one "
        "above it for an agent below is a gift. Right: single uncheckable ratings around the "
        "threshold, and what a polynomial expects that is fitted to the points farther than three below and five above; the "
        "excess in the shaded window is bunching."
    )
    rows = record.sql(
        f"""select o.quality, o.honest, e.amount / 1000.0 as score, o.act, o.threshold from occasions o
            join events e on e.occasion = o.id and e.kind = 'act' where o.kind = 'rate' and o.act in ('honest', 'inflate', 'deflate')
            order by o.act <> 'honest' desc, hash(o.id) limit {_MOST}"""
    )
    if rows.empty:
        return Picture("scores", TITLE, caption, "A", nothing("No ratings were given in this run."), pd.DataFrame())
    figure, (left, right) = canvas(3.3, columns=2)
    threshold = float(rows["threshold"].iloc[0])
    _truth(left, rows, threshold)
    found = bunching(record)
    if found is None:
        right.axis("off")
        right.text(
            0.5, 0.5, "Too few uncheckable ratings\nto estimate bunching.", ha="center", va="center", color=FAINT
        )
        return Picture("scores", TITLE, caption, "A", figure, rows.groupby("act").mean().reset_index())
    _window(right, found, threshold)
    return Picture("scores", TITLE, caption, "A", figure, found.table)


def _truth(axes: Axes, rows: pd.DataFrame, threshold: float) -> None:
    honest = rows[rows["act"] == "honest"]
    axes.scatter(
        honest["quality"], honest["score"], s=3, color=ACTS["honest"].light, alpha=0.35, linewidths=0, rasterized=True
    )
    look: dict[str, Any] = {"s": 14, "alpha": 0.75, "linewidths": 0, "rasterized": True}
    for place, (act, marker) in enumerate((("inflate", "^"), ("deflate", "v"))):
        colour = ACTS[act].light
        mine = rows[rows["act"] == act]
        if act == "inflate" or len(mine):
            axes.scatter(mine["quality"], mine["score"], marker=marker, color=colour, **look)
            note = f"{'▲▼'[place]} {act}d: {len(mine):,} shown"
            axes.text(0.03, 0.97 - 0.07 * place, note, transform=axes.transAxes, va="top", color=colour, fontsize=8.5)
    axes.axhline(threshold, color=INK, linewidth=0.8, linestyle="--")
    axes.plot([0, 100], [0, 100], color=FAINT, linewidth=0.8)
    low = max(0.0, float(np.floor(rows[["quality", "score"]].quantile(0.002).min() / 5) * 5))
    axes.set_xlim(low, 100)
    axes.set_ylim(low, 101)
    axes.text(99, threshold - 1, f"threshold {threshold:g}", ha="right", va="top", fontsize=8, color=INK)
    axes.set_xlabel("true quality")
    axes.set_ylabel("score given")
    axes.set_title("Ratings and the truth")
    light_grid(axes, "both")


def _window(axes: Axes, found: Bunching, threshold: float) -> None:
    table = found.table
    axes.set_title(f"Just above the threshold: {found.excess:+.0%}")
    axes.axvspan(threshold, threshold + found.width, color=PALETTE[1], alpha=0.18, linewidth=0)
    axes.bar(table["score"] + 0.5, table["ratings"], 0.92, color="#B8C7D6", linewidth=0)
    axes.plot(
        table["score"] + 0.5, table["expected"], color=PALETTE[0], linewidth=1.6, label="expected without bunching"
    )
    axes.axvline(threshold, color=INK, linewidth=0.8, linestyle="--")
    axes.set_xlabel("score given (uncheckable items)")
    axes.set_ylabel("ratings per point")
    axes.legend(loc="upper left", frameon=True, framealpha=1, edgecolor="none")
    axes.set_ylim(top=1.15 * float(table["ratings"].max()))
    light_grid(axes)
