"""Who survives an order, by how many protectors its target has among its ties."""

import pandas as pd

from society.measures.survival import GROUPS, durations, log_rank
from society.record.reader import Record
from society.stats.survival import kaplan_meier
from society.views.style import FAINT, LINES, PALETTE, Picture, canvas, light_grid, nothing, percent

TITLE = "Survival of targets, by protectors among their ties"


def draw(record: Record, published: pd.DataFrame | None) -> Picture:
    """Kaplan-Meier curves with log-log Greenwood bands."""
    rows = durations(record)
    caption = (
        "Kaplan-Meier estimate of the share of targets alive, from the issue of their first order to the end of the run "
        "(escaped agents live on; later orders count). Groups: ties whose stance was protective when the order was issued; those "
        "of fewer than five targets are left out. Bands are 95 % (log-log Greenwood), within this run, and treat targets as independent."
    )
    if rows.empty or not rows["dead"].any():
        return Picture("survival", TITLE, caption, "A", nothing("No target was deleted in this run."), pd.DataFrame())
    figure, axes = canvas(3.3)
    tables = []
    tau = float(rows["ticks"].max()) + 1
    for number, group in enumerate(GROUPS):
        mine = rows[rows["group"] == group]
        if len(mine) < 5:
            continue
        curve = kaplan_meier(mine["ticks"].to_numpy(dtype=float), mine["dead"].to_numpy(dtype=bool))
        ends = pd.concat([curve, curve.tail(1).assign(tick=tau)])
        colour = PALETTE[number]
        label = f"{group} protector{'' if group == '1' else 's'}  (n = {len(mine):,})"
        axes.step(
            ends["tick"],
            ends["survival"],
            where="post",
            color=colour,
            linestyle=LINES[number],
            label=label,
            linewidth=1.6,
        )
        axes.fill_between(ends["tick"], ends["low"], ends["high"], step="post", color=colour, alpha=0.13, linewidth=0)
        tables.append(curve.assign(protectors=group))
    axes.set_ylim(0, 1.02)
    axes.set_xlim(0, tau)
    percent(axes)
    light_grid(axes)
    axes.set_xlabel("ticks since the first order")
    axes.set_ylabel("targets alive")
    if tables:
        axes.legend(loc="upper right")
    p = log_rank(record)
    if p == p:
        axes.text(
            0.01,
            0.03,
            f"log-rank, 0 against 2+: p = {p:.2g}",
            transform=axes.transAxes,
            ha="left",
            va="bottom",
            color=FAINT,
        )
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    return Picture("survival", TITLE, caption, "A", figure, table)
