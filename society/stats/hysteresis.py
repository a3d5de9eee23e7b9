"""Hysteresis: whether a society that is carried up and then down through the values of a control takes the same way back."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from society.stats.tipping import Estimate, crossing, over_seeds

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Loop:
    """Both branches and how far apart they are.

    Attributes:
        up, down: float64[controls], means over seeds.
        level: value of the measure at which a branch has tipped.
        tips_up, tips_down: control at which each branch passes the level.
        width: tips_up - tips_down; NaN where a branch never passes.
        area: between the branches, as a share of the rectangle around them: 0 where the past does not matter, the width over
            the range of controls for a loop with corners; defined where no branch tips, too.
    """

    up: Floats
    down: Floats
    level: float
    tips_up: Estimate
    tips_down: Estimate
    width: Estimate
    area: Estimate


def loop(control: ArrayLike, up: ArrayLike, down: ArrayLike, level: float | None = None) -> Loop:
    """Where both branches tip, and the width of the loop p_c(up) - p_c(down), with 95 % intervals over seeds.

    Args:
        control: float64[controls], increasing.
        up, down: float64[controls, seeds], the measure at each value of the control, on the way up and on the way down.
        level: half-way between the smallest and the largest mean if absent.

    Example:
        >>> found = loop([0, 1, 2, 3], [[0, 0], [0, 0], [0, 0], [1, 1]], [[0, 0], [1, 1], [1, 1], [1, 1]])
        >>> found.tips_up.value, found.tips_down.value, found.width.value, round(found.area.value, 3)
        (2.5, 0.5, 2.0, 0.667)
    """
    at = np.asarray(control, np.float64)
    ways = np.stack([np.asarray(up, np.float64), np.asarray(down, np.float64)])
    means, seeds = np.nanmean(ways, axis=2), ways.shape[2]
    tipped = float((np.nanmin(means) + np.nanmax(means)) / 2) if level is None else level
    estimates = over_seeds(lambda rows: np.array(_measured(at, np.nanmean(ways[:, :, rows], axis=2), tipped)), seeds)
    return Loop(means[0], means[1], tipped, *estimates)


def _measured(control: Floats, ways: Floats, level: float) -> tuple[float, float, float, float]:
    """Tipping points up and down, width and area of the loop of two branches, float64[2, controls]."""
    up, down = ways
    first, last = crossing(control, up - level, control[0]), crossing(control, down - level, control[-1])
    height, rises = float(np.ptp(ways)), float(np.sign((ways[:, -1] - ways[:, 0]).sum()))
    area = rises * float(np.trapezoid(down - up, control) / (control[-1] - control[0]))
    return first, last, first - last, area / height if height else 0.0
