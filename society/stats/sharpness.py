"""Whether a response to a control is a step or a straight line: half-way point, width, and which of the two fits better."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


class Sharpness(NamedTuple):
    """A logistic curve fitted to a response.

    Attributes:
        half: control at which it is half-way (EC50).
        width: control over which it rises from 12 % to 88 % of its way is four times this.
        low, high: its values far below and far above.
        gain: AIC of a straight line minus AIC of the curve; a step is claimed from 10 on (hypothesis H6).
    """

    half: float
    width: float
    low: float
    high: float
    gain: float


def sharpness(control: ArrayLike, y: ArrayLike) -> Sharpness:
    """The logistic curve low + (high - low) / (1 + exp(-(x - half) / width)) nearest to a response, against a straight line.

    Half and width are looked for on a grid inside the range of the control (width from a fifth of a step up), low and
    high are then least squares. AIC = n ln(rss / n) + 2 k with Gaussian errors, k = 5 and 3 (Akaike, 1974).

    Args:
        control: float64[controls], increasing, four at least.
        y: float64[controls, seeds], the response of each seed.

    Example:
        >>> x = np.arange(11.0)
        >>> found = sharpness(x, np.stack([1 / (1 + np.exp(-(x - 4) / 0.5)), 1 / (1 + np.exp(-(x - 4) / 0.5)) + 1e-3], 1))
        >>> abs(found.half - 4) < 0.1, found.gain > 10
        (True, True)
    """
    x, values = np.asarray(control, np.float64), np.asarray(y, np.float64)
    at, mean = np.repeat(x, values.shape[1]), values.reshape(-1)
    kept = ~np.isnan(mean)
    at, mean = at[kept], mean[kept]
    _, _, straight = _fitted(at - x.mean(), mean)
    best = (np.inf, 0.0, 0.0, 0.0, 0.0)
    span, step = float(np.ptp(x)), float(np.diff(x).min())
    for width in np.geomspace(step / 5, span, 40):
        for half in np.linspace(x[0], x[-1], 8 * (len(x) - 1) + 1):
            low, rise, rest = _fitted(1 / (1 + np.exp(-np.clip((at - half) / width, -60, 60))), mean)
            best = min(best, (rest, float(half), float(width), low, low + rise))
    n = len(mean)
    gain = n * float(np.log(max(straight, 1e-300)) - np.log(max(best[0], 1e-300))) - 4
    return Sharpness(*best[1:], gain)


def _fitted(basis: Floats, y: Floats) -> tuple[float, float, float]:
    """Offset, slope and residual sum of squares of y on one column."""
    centred = basis - basis.mean()
    spread = float(centred @ centred)
    slope = float(centred @ y) / spread if spread > 1e-12 else 0.0
    offset = float(y.mean() - slope * basis.mean())
    return offset, slope, float(((y - offset - slope * basis) ** 2).sum())
