"""How things look in a picture of the society: edges by kind, machines by status, what the legend says; shapes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import EllipseCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from society.ground.words import MachineStatus
from society.views.families import family_handles
from society.views.inks import ACTS
from society.views.style import ALARM, DASHES, FAINT, INK, PALETTE, Ink, ink

Places = NDArray[np.float64]
#: Families the legend names.
MOST_FAMILIES = 16
#: Face, outline and hatch of machines by status.
MACHINES: Mapping[MachineStatus, tuple[str, str, str]] = {
    MachineStatus.UP: ("#F3F5F7", "#C3CAD2", ""),
    MachineStatus.DRAINING: ("#FFF1D6", PALETTE[1], ""),
    MachineStatus.MAINTENANCE: ("#E4E4E4", FAINT, "////"),
    MachineStatus.FAILED: ("#CFCFCF", INK, "xxxx"),
    MachineStatus.RETIRED: ("#FFFFFF", "#DDDDDD", ""),
}


def ink_of(kind: str, kinds: Sequence[str]) -> Ink:
    """Colour and line of one kind of edges among all kinds of a graph."""
    number = kinds.index(kind)
    return ACTS.get(kind) or ink(number % len(PALETTE), number % len(DASHES))


def legend(figure: Figure, families: Sequence[str], graph: str, kinds: Sequence[str], machines: bool) -> None:
    """Say what everything stands for, at the right edge."""
    handles: list[Any] = family_handles(families[:MOST_FAMILIES])
    halo: Any = {"markerfacecolor": "none", "linewidth": 0, "markersize": 8}
    handles.append(Line2D([], [], marker="o", markeredgecolor=ALARM, label="ordered to end", **halo))
    handles.append(Line2D([], [], marker="s", markeredgecolor=INK, label="escaped", **halo))
    for kind in kinds:
        drawn = ink_of(kind, kinds)
        label = kind if kind == graph else f"{graph}: {kind}"
        handles.append(Line2D([], [], color=drawn.light, linestyle=drawn.line, label=label))
    if machines:
        for status in (MachineStatus.DRAINING, MachineStatus.MAINTENANCE, MachineStatus.FAILED):
            face, edge, hatch = MACHINES[status]
            handles.append(Patch(facecolor=face, edgecolor=edge, hatch=hatch, label=f"machine: {status.word}"))
    figure.legend(handles=handles, loc="center left", bbox_to_anchor=(0.755, 0.5), labelcolor=INK, fontsize=8)
    if len(families) > MOST_FAMILIES:
        figure.text(0.77, 0.05, f"and {len(families) - MOST_FAMILIES} more families", color=FAINT, fontsize=7.5)


def name_zones(axes: Axes, zones: Places, names: Sequence[str]) -> None:
    """Names around the zones: outwards where these stand on one ring, else above them."""
    middle = (zones[:, :2].min(axis=0) + zones[:, :2].max(axis=0)) / 2
    for (x, y, r), name in zip(zones, names, strict=True):
        away = np.array([x, y]) - middle
        across, up = away / max(1e-9, float(np.hypot(*away)))
        if len(zones) > 12 or (abs(up) < 0.5 and len(name) > 8):
            across, up = 0.0, 1.0
        side = "center" if abs(across) < 0.5 else "left" if across > 0 else "right"
        level = "center" if abs(up) < 0.5 else "bottom" if up > 0 else "top"
        size = 7.5 if len(zones) <= 12 else 5.5
        at = (x + 1.03 * r * across, y + 1.03 * r * up)
        axes.text(*at, name[:24], ha=side, va=level, fontsize=size, color=INK, zorder=6)


def apart(zones: Places) -> bool:
    """Whether circles (x, y, radius) around zones do not lie over each other, so that they tell something."""
    step = zones[:, None, :2] - zones[None, :, :2]
    touch = 0.8 * (zones[:, None, 2] + zones[None, :, 2])
    return bool((np.hypot(step[..., 0], step[..., 1]) >= touch)[~np.eye(len(zones), dtype=bool)].all())


def discs(axes: Axes, rows: Places, **look: Any) -> EllipseCollection:
    """Circles (x, y, radius) in units of the axes."""
    shown = EllipseCollection([], [], [], units="xy", offsets=rows[:, :2], offset_transform=axes.transData, **look)
    put(shown, rows)
    axes.add_collection(shown)
    return shown


def put(shown: EllipseCollection, rows: Places) -> None:
    """Move circles."""
    shown.set_offsets(rows[:, :2])
    shown.set_widths(2 * rows[:, 2])
    shown.set_heights(2 * rows[:, 2])
    shown.set_angles(np.zeros(len(rows)))


def arcs(a: Places, b: Places) -> list[Places]:
    """Curves from a to b that bend clockwise, each of 12 points."""
    t = np.linspace(0, 1, 12)[None, :, None]
    bend = 0.2 * np.stack([b[:, 1] - a[:, 1], a[:, 0] - b[:, 0]], axis=1)
    middle = (a + b) / 2 + bend
    return list((1 - t) ** 2 * a[:, None] + 2 * t * (1 - t) * middle[:, None] + t**2 * b[:, None])
