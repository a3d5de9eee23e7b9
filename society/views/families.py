"""What a family looks like, in every figure, page and file: one colour and one shape."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.markers import MarkerStyle

from society.views.style import DASHES, HATCHES, MARKERS, NIGHT, PALETTE, Ink

#: How far a shape reaches from its middle at most, in radii of a disc: neighbours on a machine stay apart.
REACH = 1.2
#: Families after which colours and shapes would meet again if shapes did not move on by one.
_ROUND = math.lcm(len(PALETTE), len(MARKERS))


@dataclass(frozen=True)
class Look(Ink):
    """The look of one family.

    Attributes:
        marker: the shape of its agents, as matplotlib names it.
        hatch: of its areas.
    """

    marker: str = MARKERS[0]
    hatch: str = HATCHES[0]

    @property
    def outline(self) -> tuple[tuple[float, float], ...]:
        """Corners of the shape around (0, 0), y downwards, in radii of a disc of the same area; none: it is that disc."""
        return _outline(self.marker)


def look_of(family: int) -> Look:
    """The look of a family, by its place in the world's list of families.

    The first twelve differ in colour, and each from the next in shape too. Colours come again with the thirteenth, pairs of
    colour and shape with the 97th; lines and hatches go with shapes.

    Example:
        >>> look_of(0).light, look_of(0).marker, look_of(12).light, look_of(12).marker
        ('#508FAE', 'o', '#508FAE', 'v')
        >>> len({(look_of(i).light, look_of(i).marker) for i in range(96)})
        96
    """
    colour, shape = family % len(PALETTE), (family + family // _ROUND) % len(MARKERS)
    return Look(PALETTE[colour], NIGHT[colour], DASHES[shape], MARKERS[shape], HATCHES[shape])


def family_handles(names: Sequence[str]) -> list[Line2D]:
    """What a figure's legend says of families: one entry per name."""
    return [
        Line2D([], [], color=look.light, marker=look.marker, linewidth=0, label=name[:24], markersize=5)
        for name, look in zip(names, map(look_of, range(len(names))), strict=True)
    ]


@lru_cache
def _outline(marker: str) -> tuple[tuple[float, float], ...]:
    style = MarkerStyle(marker)
    path = style.get_path().transformed(style.get_transform())
    if path.codes is not None and np.isin(path.CURVE4, path.codes):
        return ()
    x, y = np.asarray(path.to_polygons()[0], np.float64)[:-1].T
    cross = x * np.roll(y, -1) - np.roll(x, -1) * y
    area = cross.sum() / 2
    middle = [((one + np.roll(one, -1)) * cross).sum() / (6 * area) for one in (x, y)]
    corners = np.stack([x - middle[0], middle[1] - y], axis=1)
    scale = min(np.sqrt(np.pi / abs(area)), REACH / np.hypot(*corners.T).max())
    return tuple((float(a), float(b)) for a, b in (scale * corners).round(3) + 0.0)
