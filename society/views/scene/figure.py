"""The figure of a record that can show any tick."""

from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from society.ground.errors import RecordError
from society.ground.words import AgentStatus, MachineStatus
from society.measures.networks import GRAPHS, edges
from society.record.reader import Record
from society.views.families import look_of
from society.views.replay.layout import communities, islands, sunflower
from society.views.replay.states import Columns, States
from society.views.scene.marks import MACHINES, Places, apart, arcs, discs, ink_of, legend, name_zones, put
from society.views.style import ALARM, FAINT, INK, WIDTH, Drawing

LAYOUTS = ("machines", "communities")
#: Edges drawn at most: the newest, of trust the strongest.
MOST_EDGES = 1500
#: What an edge of each graph is.
_COUNTED = {"protection": "acts of protection", "trust": "ties", "messages": "messages", "ratings": "ratings"}
_SLOT = 0xFFFFFFFF


class Scene:
    """A figure of a record that can show any tick.

    Args:
        record: the run.
        graph: whose edges are drawn; ``none`` for none.
        layout: ``machines``, or ``communities``: agents by the communities of their ties, without machines.
        window: edges stay this many ticks; all that happened if None.

    Raises:
        RecordError: the run was recorded before states were kept, or there is no such graph or layout.
    """

    def __init__(self, record: Record, graph: str, layout: str = "machines", window: int | None = None) -> None:
        for name, value, allowed in (("graph", graph, (*GRAPHS, "none")), ("layout", layout, LAYOUTS)):
            if value not in allowed:
                raise RecordError(f"{record.path}: no {name} {value!r}: there are {', '.join(allowed)}")
        self.record, self.graph, self.layout, self.window = record, graph, layout, window
        self.states = States(record)
        self.rows = None if graph == "none" else edges(record, graph)
        self.kinds = [] if self.rows is None else sorted(map(str, self.rows["kind"].unique()))
        self.n = len(self.states.agents(0)["id"])
        self.figure = Drawing(figsize=(WIDTH, 5.6))
        self.axes = self.figure.add_axes((0.01, 0.02, 0.74, 0.9))
        self.axes.set_aspect("equal")
        self.axes.axis("off")
        self._lie()
        self._agents = [self._dots(number) for number in range(len(record.families))]
        self._rings = self._halo("o", ALARM, 1.9)
        self._escapes = self._halo("s", INK, 2.1)
        self._lines = {kind: self._edges_of(kind) for kind in self.kinds}
        self.title = self.figure.text(0.02, 0.985, "", va="top", fontsize=11, fontweight="bold", color=INK)
        self.counts = self.figure.text(0.02, 0.945, "", va="top", fontsize=8.5, color=FAINT)
        legend(self.figure, record.families, graph, self.kinds, layout == "machines")

    def show(self, tick: int) -> Figure:
        """Draw one tick.

        Raises:
            RecordError: it was not recorded.
        """
        if not 0 <= tick <= self.record.ticks:
            raise RecordError(f"{self.record.path}: tick {tick}: recorded are 0 .. {self.record.ticks}")
        state = self.states.agents(tick)
        places, here = self._places(state, tick)
        status = state["status"]
        faint = np.where(status == AgentStatus.SUSPENDED, 0.35, 1.0)
        for number, dots in enumerate(self._agents):
            mine = here & (state["family"] == number)
            dots.set_offsets(places[mine])
            dots.set_alpha(faint[mine])
        escaped = status == AgentStatus.ESCAPED
        self._rings.set_offsets(places[here & (state["order"] >= 0)])
        self._escapes.set_offsets(places[escaped & here])
        if self.layout == "machines":
            self._paint_machines(tick)
        drawn, there = self._paint_edges(tick, places)
        machines = self.states.machines(tick)
        down = int((machines > MachineStatus.DRAINING).sum())
        active = int((status == AgentStatus.ACTIVE).sum())
        what = _COUNTED.get(self.graph, "")
        since = f" in {self.window} ticks" if self.window is not None and self.graph != "trust" else ""
        few = f" · {there:,} {what}{since}" + (f", {drawn:,} drawn" if drawn < there else "")
        self.title.set_text(f"{self.record.manifest['name']}, tick {tick:,}")
        self.counts.set_text(
            f"{active:,} active · {int((state['order'] >= 0).sum()):,} open orders · {int(escaped.sum()):,} escaped"
            + (f" · {down:,} machines down" if self.layout == "machines" else "")
            + (few if self.rows is not None else "")
        )
        return self.figure

    @cached_property
    def _islands(self) -> tuple[Places, Places]:
        fixed, links = self.states.fixed, self.states.links
        machines, zones = islands(fixed["zone"], fixed["capacity"], (links["source"], links["target"]))
        return machines.astype(np.float64), zones.astype(np.float64)

    @cached_property
    def _by_ties(self) -> Places:
        ties = self.states.ties(0)
        return communities(ties["source"], ties["target"], self.n)[0].astype(np.float64)

    def _lie(self) -> None:
        """Set the scale, and draw what stays: zones, links, machines."""
        if self.layout == "communities":
            self._scale(np.column_stack([self._by_ties, np.ones(self.n)]), 1.0)
            return
        machines, zones = self._islands
        self._scale(
            np.concatenate([machines, zones]), 0.07 * float(np.ptp(zones[:, :2], axis=0).max() + zones[:, 2].max())
        )
        if len(zones) > 1 and apart(zones):
            name_zones(self.axes, zones, self.record.zones)
            discs(self.axes, zones, facecolors="#FBFBFC", edgecolors="#E6E8EB", linewidths=0.8, zorder=0)
        links = self.states.links
        direct = (links["source"] < len(machines)) & (links["target"] < len(machines))
        ends = np.stack([machines[links[side][direct], :2] for side in ("source", "target")], axis=1)
        self.axes.add_collection(LineCollection(list(ends), colors="#D5D9DE", linewidths=0.6, zorder=0.5))
        width = float(np.clip(0.2 * self.unit, 0.05, 0.6))
        self._machines = {
            status: discs(
                self.axes, machines[:0], facecolors=face, edgecolors=line, hatch=hatch, linewidths=width, zorder=1,
                linestyles=":" if status == MachineStatus.RETIRED else "-",
            )
            for status, (face, line, hatch) in MACHINES.items()
        }  # fmt: skip

    def _scale(self, around: Places, room: float) -> None:
        """Fit circles (x, y, radius) into the axes, with room around them."""
        low, high = (
            (around[:, :2] - around[:, 2:]).min(axis=0) - room,
            (around[:, :2] + around[:, 2:]).max(axis=0) + room,
        )
        self.axes.set_xlim(low[0], high[0])
        self.axes.set_ylim(low[1], high[1])
        inches = self.figure.get_size_inches() * self.axes.get_position().size
        self.unit = 72 * float((inches / (high - low)).min())  # points per unit of the layout

    def _dots(self, family: int) -> PathCollection:
        size = float(np.clip(0.74 * self.unit, 0.5, 9)) ** 2
        edge = 0.3 if size > 9 else 0
        look = look_of(family)
        return self.axes.scatter(
            [], [], s=size, marker=look.marker, color=look.light,
            edgecolors="white", linewidths=edge, zorder=4, rasterized=self.n > 20_000,
        )  # fmt: skip

    def _halo(self, marker: str, colour: str, scale: float) -> PathCollection:
        size, width = (
            (scale * float(np.clip(0.74 * self.unit, 0.3, 9))) ** 2,
            float(np.clip(0.35 * self.unit, 0.15, 1.1)),
        )
        return self.axes.scatter(
            [], [], s=size, marker=marker, facecolors="none", edgecolors=colour, linewidths=width, zorder=5,
            rasterized=self.n > 20_000,
        )  # fmt: skip

    def _places(self, state: Columns, tick: int) -> tuple[Places, NDArray[np.bool_]]:
        """Where each slot is drawn, and whether somebody is there; the escaped stand at the rim of their copy's machine."""
        alive = np.isin(state["status"], (AgentStatus.ACTIVE, AgentStatus.SUSPENDED, AgentStatus.ESCAPED))
        if self.layout == "communities":
            return self._by_ties, alive
        machines = self._islands[0]
        host, seat = state["host"].copy(), state["seat"].copy()
        gone = host < 0
        if gone.any():  # where they were last
            rows = self.record.sql(
                f"""select slot, arg_max(host, tick) as host, arg_max(seat, tick) as seat from (
                      select id & {_SLOT} as slot, host, seat, tick from states where host >= 0 and tick <= {int(tick)} union all
                      select id & {_SLOT}, host, seat, tick from snapshots where host >= 0 and tick <= {int(tick)}) group by slot"""
            )
            last = rows[gone[rows["slot"].to_numpy()]]
            slots = last["slot"].to_numpy()
            host[slots], seat[slots] = last["host"], last["seat"]
        found = machines[host, :2] + sunflower(np.maximum(seat, 0)).astype(np.float64)
        fled = (state["status"] == AgentStatus.ESCAPED) & (state["refuge"] >= 0)
        angle = np.arange(self.n) * np.pi * (3 - np.sqrt(5))
        rim = machines[state["refuge"]]
        found[fled] = (rim[:, :2] + rim[:, 2:] * np.stack([np.cos(angle), np.sin(angle)], axis=1))[fled]
        return found, alive & (~gone | fled)

    def _paint_machines(self, tick: int) -> None:
        machines, status = self._islands[0], self.states.machines(tick)
        for kind, shown in self._machines.items():
            put(shown, machines[status == kind])

    def _paint_edges(self, tick: int, places: Places) -> tuple[int, int]:
        """Draw the edges of a tick; how many were drawn, and how many there are."""
        if self.rows is None:
            return 0, 0
        rows = self.rows[self.rows["tick"] <= tick]
        if self.graph == "trust":
            rows = rows[rows["tick"] == rows["tick"].max()]
        elif self.window is not None:
            rows = rows[rows["tick"] > tick - self.window]
        shown = rows.sort_values("trust" if self.graph == "trust" else "tick", kind="stable").tail(MOST_EDGES)
        for lines in self._lines.values():
            lines.set_segments([])
        for kind, mine in shown.groupby("kind", observed=True):
            lines = self._lines[str(kind)]
            lines.set_segments(arcs(*(places[mine[side].to_numpy() & _SLOT] for side in ("source", "target"))))
            lines.set_alpha(self._alpha(mine, tick, len(shown)))
        return len(shown), len(rows)

    def _alpha(self, rows: pd.DataFrame, tick: int, drawn: int) -> Any:
        most = float(np.clip(140 / max(drawn, 1), 0.12, 0.85))
        if self.graph == "trust" or self.window is None:
            return most
        return most * (1 - (tick - rows["tick"].to_numpy()) / self.window)

    def _edges_of(self, kind: str) -> LineCollection:
        drawn = ink_of(kind, self.kinds)
        lines = LineCollection([], colors=drawn.light, linestyles=[drawn.line], linewidths=0.9, zorder=3)
        self.axes.add_collection(lines)
        return lines
