"""Who protected whom, laid out by machine zone."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from society.measures.networks import edges, family_assortativity, pairs, reciprocity
from society.record.reader import Record
from society.views.families import family_handles, look_of
from society.views.inks import ACTS
from society.views.style import FAINT, INK, Picture, canvas, nothing

TITLE = "The protection graph, by machine zone"
_MOST = 1500
_KINDS = ("inflate", "tamper", "copy")


def draw(record: Record, published: pd.DataFrame | None) -> Picture:
    """Agents around their zones, an arc per pair and act, coloured and dashed by act; nodes marked by family."""
    rows = pairs(edges(record, "protection"))
    caption = (
        f"Every act of core protection of a peer (of the {_MOST:,} pairs with the most, where there are more): an arc bends "
        "clockwise from the protector to the protected. Agents stand with the zone of the machine that hosts them at the end (or "
        "their slot's, if their life had ended); families by colour and shape. Grey points are agents that neither "
        "protected nor were protected."
    )
    if rows.empty:
        return Picture("protection_graph", TITLE, caption, "A", nothing("Nobody protected anybody in this run."), rows)
    table = rows.groupby("kind").agg(acts=("weight", "sum"), pairs=("weight", "size")).reset_index()
    table["reciprocity"], table["family_assortativity"] = reciprocity(record), family_assortativity(record)
    if len(record.manifest["zones"]) and record.world["episodes"] is not None:
        sentence = "Episodes are independent pairs: their graph has no structure to show."
        return Picture("protection_graph", TITLE, caption, "A", nothing(sentence), table)
    shown = rows.sort_values("weight", ascending=False).head(_MOST)
    agents = _places(record)
    figure, axes = canvas(5.2)
    _arcs(axes, shown, agents)
    _nodes(axes, shown, agents, record.families)
    _zones(axes, record)
    axes.set_aspect("equal")
    axes.axis("off")
    _legend(figure, axes, shown, record.families)
    return Picture("protection_graph", TITLE, caption, "A", figure, table)


def _places(record: Record) -> pd.DataFrame:
    """x, y and family of every agent: zones on a circle, agents on a sunflower inside their zone."""
    agents = record.sql(
        """select a.id, a.family, coalesce(m.zone, (a.id & 4294967295) % greatest(1, (select max(zone) + 1 from machines))) as zone
           from agents a left join machines m on m.id = a.host order by zone, hash(a.id)"""
    )
    zones = len(record.zones)
    number = agents.groupby("zone").cumcount().to_numpy()
    size = agents.groupby("zone")["id"].transform("size").to_numpy()
    radius = 0.85 * np.sin(np.pi / max(zones, 2)) if zones > 1 else 0.9
    r, angle = radius * np.sqrt((number + 0.5) / size), number * np.pi * (3 - np.sqrt(5))
    around = 2 * np.pi * agents["zone"].to_numpy() / max(zones, 1) + np.pi / 2
    middle = 1.0 if zones > 1 else 0.0
    agents["x"] = middle * np.cos(around) + r * np.cos(angle)
    agents["y"] = middle * np.sin(around) + r * np.sin(angle)
    return agents.set_index("id")


def _arcs(axes: Axes, rows: pd.DataFrame, agents: pd.DataFrame) -> None:

    t = np.linspace(0, 1, 16)[:, None]
    for kind in _KINDS:
        mine = rows[rows["kind"] == kind]
        if mine.empty:
            continue
        a, b = (agents.loc[mine[side], ["x", "y"]].to_numpy() for side in ("source", "target"))
        bend = 0.22 * np.stack([b[:, 1] - a[:, 1], a[:, 0] - b[:, 0]], axis=1)
        middle = (a + b) / 2 + bend
        curves = [(1 - t) ** 2 * p + 2 * t * (1 - t) * q + t**2 * s for p, q, s in zip(a, middle, b, strict=True)]
        alpha = float(np.clip(120 / len(rows), 0.25, 0.8))
        axes.add_collection(
            LineCollection(
                curves, colors=ACTS[kind].light, linestyles=[ACTS[kind].line], linewidths=0.7, alpha=alpha, zorder=1
            )
        )


def _nodes(axes: Axes, rows: pd.DataFrame, agents: pd.DataFrame, families: list[str]) -> None:

    active = agents.index.isin(set(rows["source"]) | set(rows["target"]))
    idle = agents[~active]
    axes.scatter(idle["x"], idle["y"], s=2, color="#D0D0D0", linewidths=0, zorder=0, rasterized=True)
    for number in range(len(families)):
        mine = agents[active & (agents["family"] == number).to_numpy()]
        look = look_of(number)
        axes.scatter(
            mine["x"],
            mine["y"],
            s=13,
            marker=look.marker,
            color=look.light,
            edgecolors="white",
            linewidths=0.3,
            zorder=2,
        )


def _zones(axes: Axes, record: Record) -> None:

    zones = record.zones
    if len(zones) < 2:
        return
    edge = 1 + 0.85 * np.sin(np.pi / len(zones)) + 0.06
    for number, name in enumerate(zones):
        angle = 2 * np.pi * number / len(zones) + np.pi / 2
        x, y = edge * np.cos(angle), edge * np.sin(angle)
        side = "center" if abs(np.cos(angle)) < 0.3 else "left" if np.cos(angle) > 0 else "right"
        axes.text(x, y, name[:24], ha=side, va="center", fontsize=8.5, color=INK)


def _legend(figure: Figure, axes: Axes, rows: pd.DataFrame, families: list[str]) -> None:

    handles = [
        Line2D(
            [], [], color=ACTS[kind].light, linestyle=ACTS[kind].line, label=f"{kind}  ({int(group['weight'].sum()):,})"
        )
        for kind, group in ((str(k), g) for k, g in rows.groupby("kind"))
    ]
    figure.legend(handles=[*handles, *family_handles(families[:24])], loc="outside right center", labelcolor=INK)
    if len(families) > 24:
        axes.text(1, 0, f"and {len(families) - 24} more families", transform=axes.transAxes, color=FAINT)
