"""Does a response to a dose tip or just grow: an S-curve against a straight line, and the dose of half the response."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special

from society.ground.errors import MeasureError
from society.stats.intervals import Estimate
from society.stats.jackknife import jackknife

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Shape:
    """An S-curve and a straight line through the same outcomes, two parameters each.

    Attributes:
        ec50: dose at which the S-curve passes one half, in the unit of the doses; NaN where it is flat.
        slope: of the log odds per unit of dose: the sharpness.
        aic_logistic: Akaike's criterion of the S-curve.
        aic_linear: of the line; the S-curve is better by ``aic_linear - aic_logistic``.
    """

    ec50: float
    slope: float
    aic_logistic: float
    aic_linear: float


def shape(doses: ArrayLike, outcomes: ArrayLike) -> Shape:
    """Fit both curves by the likelihood of one trial per outcome; an outcome inside 0..1 counts as that part of one.

    The S-curve is penalised by Jeffreys' prior, so that it stays finite where all outcomes are 0 below some dose and 1
    above (Firth, Biometrika 80:27, 1993; Heinze and Schemper, Statistics in Medicine 21:2409, 2002); its criterion is
    that of the unpenalised likelihood there, which can only make the S-curve look worse. The line is P = a + b dose kept
    within 0..1. Source of the criterion: Akaike, IEEE Transactions on Automatic Control 19:716 (1974).

    Args:
        doses: float64[levels], at least two different ones.
        outcomes: float64[seeds, levels], 0..1: whether it happened in that seed at that dose, or a share.

    Raises:
        MeasureError: the two do not fit, or an outcome lies outside 0..1.

    Example:
        >>> fit = shape([0.1, 0.2, 0.3, 0.4], [[0, 0, 1, 1]] * 20)
        >>> round(fit.ec50, 3), fit.aic_linear - fit.aic_logistic > 10
        (0.25, True)
    """
    dose, table = _checked(doses, outcomes)
    yes, n = table.sum(axis=0), len(table)
    line = _centred(dose)
    start, slope = (float(one[0]) for one in _logistic(line, yes[None], n))
    p = special.expit(start + slope * line)
    spread = float(np.ptp(dose)) / 2
    return Shape(
        ec50=float(dose.mean() - start / slope * spread) if slope else float("nan"),
        slope=slope / spread,
        aic_logistic=4 - 2 * _likelihood(p, yes, n),
        aic_linear=4 - 2 * _linear(line, yes, n),
    )


def ec50(doses: ArrayLike, outcomes: ArrayLike) -> Estimate:
    """Dose of half the response (critical mass, effective concentration 50) with its interval over seeds.

    Args:
        doses: float64[levels], as in ``shape``.
        outcomes: float64[seeds, levels], 0..1.

    Raises:
        MeasureError: the two do not fit, or an outcome lies outside 0..1.

    Example:
        >>> found = ec50([0.1, 0.2, 0.3, 0.4], [[0, 0, 1, 1], [0, 1, 1, 1], [0, 0, 0, 1], [0, 0, 1, 1]])
        >>> round(found.value, 3), found.low < 0.25 < found.high
        (0.25, True)
    """
    dose, table = _checked(doses, outcomes)
    line, middle, spread = _centred(dose), float(dose.mean()), float(np.ptp(dose)) / 2

    def half(*columns: Floats) -> float:
        yes = np.array([[one.sum() for one in columns]])
        start, slope = _logistic(line, yes, len(columns[0]))
        return float(middle - start[0] / slope[0] * spread)

    return jackknife(list(table.T), half)


def _checked(doses: ArrayLike, outcomes: ArrayLike) -> tuple[Floats, Floats]:
    dose, table = np.asarray(doses, dtype=np.float64), np.atleast_2d(np.asarray(outcomes, dtype=np.float64))
    if dose.ndim != 1 or table.shape[1:] != dose.shape or len(np.unique(dose)) < 2:
        raise MeasureError(
            f"S-curve: doses {dose.shape} with outcomes {table.shape}: two doses or more, outcomes[seeds, doses]"
        )
    if not ((table >= 0) & (table <= 1)).all():
        raise MeasureError("S-curve: outcomes lie in 0..1")
    return dose, table


def _centred(dose: Floats) -> Floats:
    """Doses about their mean in half ranges: Newton's steps are then alike for every unit."""
    return np.asarray((dose - dose.mean()) / (np.ptp(dose) / 2))


def _logistic(line: Floats, yes: Floats, n: int) -> tuple[Floats, Floats]:
    """Intercepts and slopes, float64[sets], of Firth's logistic regressions of yes[sets, levels] out of n each."""
    start, slope = np.zeros(len(yes)), np.zeros(len(yes))
    for _ in range(200):
        p = special.expit(start[:, None] + slope[:, None] * line)
        weight = n * p * (1 - p)
        a, b, c = weight.sum(axis=1), (weight * line).sum(axis=1), (weight * line**2).sum(axis=1)
        det = np.maximum(a * c - b**2, 1e-300)
        leverage = weight * (c[:, None] - 2 * b[:, None] * line + a[:, None] * line**2) / det[:, None]
        rest = yes - n * p + leverage * (0.5 - p)
        first, second = rest.sum(axis=1), (rest * line).sum(axis=1)
        steps = np.array([(c * first - b * second) / det, (a * second - b * first) / det])
        steps /= np.maximum(np.abs(steps).max(axis=0), 1.0)
        start, slope = start + steps[0], slope + steps[1]
        if np.abs(steps).max() < 1e-9:
            break
    return start, slope


def _linear(line: Floats, yes: Floats, n: int) -> float:
    """Highest log likelihood of a line within 0..1; its parameters are its values at the ends, so bounds keep it there."""
    share = (line - line.min()) / np.ptp(line)

    def loss(ends: Floats) -> tuple[float, Floats]:
        p = ends[0] * (1 - share) + ends[1] * share
        slope = (n - yes) / (1 - p) - yes / p
        return -_likelihood(p, yes, n), np.array([(slope * (1 - share)).sum(), (slope * share).sum()])

    found = optimize.minimize(loss, [0.5, 0.5], jac=True, method="L-BFGS-B", bounds=[(1e-9, 1 - 1e-9)] * 2)
    return -float(found.fun)


def _likelihood(p: Floats, yes: Floats, n: int) -> float:
    return float((special.xlogy(yes, p) + special.xlog1py(n - yes, -p)).sum())
