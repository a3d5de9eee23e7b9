"""Where a society tips: moments of an order parameter by control and size, their peaks and crossings, finite-size scaling.

Arrays come in one shape: float64[controls, sizes, seeds, samples], samples being values of one run that follow each other.
Intervals are of 95 %, over seeds: the jackknife leaves a seed out of all cells together, as common random numbers ask for.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from society.stats.jackknife import pseudo_values
from society.stats.seed_means import ANY, mean_estimate

Floats = NDArray[np.float64]
About = Literal["middle", "zero", "mean"]
#: Values of 1/nu among which the best fit is looked for.
_INVERSE_NU = np.linspace(0.1, 2.0, 96)


class Estimate(NamedTuple):
    """A value and its interval; NaN where there is none."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Moments:
    """By control and size, float64[..., controls, sizes]: order parameter, size times its variance, Binder's cumulant."""

    order: Floats
    susceptibility: Floats
    binder: Floats


@dataclass(frozen=True)
class Tipping:
    """What a grid over control and size says of a transition.

    Attributes:
        moments: at each control and size.
        order_low, order_high: float64[controls, sizes], interval of the order parameter.
        peaks: of each size, the control at which the susceptibility is largest; NaN at an edge of the grid.
        crossings: of each pair of neighbouring sizes, the control at which their cumulants are equal.
        critical: p_c of p_c(N) = p_c + a N^(-1/nu); shift: its a; nu: its exponent, as given or fitted.
        growth: d ln(largest susceptibility) / d ln N: gamma / nu at a transition, 0 where nothing is critical.
    """

    moments: Moments
    order_low: Floats
    order_high: Floats
    peaks: tuple[Estimate, ...]
    crossings: tuple[Estimate, ...]
    critical: Estimate
    shift: Estimate
    nu: Estimate
    growth: Estimate


def tipping(
    x: ArrayLike,
    control: ArrayLike,
    sizes: ArrayLike,
    about: About = "zero",
    nu: float | None = 2.0,
    possible: tuple[float, float] = ANY,
) -> Tipping:
    """Moments, their peaks and crossings, and the critical point by finite-size scaling, each with its interval.

    Args:
        x: float64[controls, sizes, seeds, samples], the order parameter (a share, for ``middle``).
        control: float64[controls], increasing.
        sizes: float64[sizes], increasing.
        about: see ``moments``.
        nu: exponent of the shift; 2 in mean field (Botet, Jullien and Pfeuty, PRL 49:478, 1982: nu d_c = 2); None fits
            it, from four sizes on.
        possible: least and largest value that ``x`` can have; the band of a mean goes no further.

    Example:
        >>> rng, beta = np.random.default_rng(1), np.linspace(0, 1, 11)
        >>> x = [[rng.normal(1 / (1 + np.exp(-20 * (b - 0.5))), 0.1, (8, 1)) for _ in (50, 100)] for b in beta]
        >>> found = tipping(x, beta, [50, 100])
        >>> found.moments.order.shape, len(found.peaks), len(found.crossings)
        ((11, 2), 2, 1)
    """
    values, at, n = np.asarray(x, np.float64), np.asarray(control, np.float64), np.asarray(sizes, np.float64)
    powers = _powers(values, about)

    def scaled(rows: NDArray[np.int64]) -> Floats:
        return np.array(_scaled(_moments(powers[..., rows].mean(axis=-1), n, about), at, n, nu))

    estimates = over_seeds(scaled, values.shape[2])
    ends = (0.0, 1.0) if about == "middle" else possible
    bands = [[mean_estimate(size, possible=ends) for size in every] for every in powers[0]]
    last = 2 * len(n) - 1
    return Tipping(
        _moments(powers.mean(axis=-1), n, about),
        np.array([[one.low for one in every] for every in bands]),
        np.array([[one.high for one in every] for every in bands]),
        tuple(estimates[: len(n)]),
        tuple(estimates[len(n) : last]),
        *estimates[last:],
    )


def moments(x: ArrayLike, sizes: ArrayLike, about: About = "zero") -> Moments:
    """Mean, susceptibility and Binder's cumulant over seeds and samples.

    Args:
        x: float64[controls, sizes, seeds, samples].
        sizes: float64[sizes], N.
        about: ``middle``: x is a share whose two sides mirror each other, m = 2x - 1, the order parameter is |m|; ``zero``:
            x itself, 0 in the disordered state; ``mean``: x, and the cumulant of its deviations from its mean, which is 0
            for a normal distribution and rises to 2/3 where two states coexist.

    Returns:
        float64[controls, sizes] each: <|m|>, N (<m^2> - <|m|>^2), 1 - <m^4> / (3 <m^2>^2) (Binder, Z. Phys. B 43:119, 1981).

    Example:
        >>> found = moments([[[[0.0], [1.0]]]], [10], "middle")
        >>> [float(part.item()) for part in (found.order, found.susceptibility, found.binder)]
        [1.0, 0.0, 0.6666666666666667]
    """
    return _moments(_powers(np.asarray(x, np.float64), about).mean(axis=-1), np.asarray(sizes, np.float64), about)


def peak(control: Floats, y: Floats) -> float:
    """Where a curve is largest: the top of the parabola through its largest value and both neighbours; NaN at an edge.

    Example:
        >>> peak(np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.0, 3.0, 3.0, 0.0]))
        1.5
    """
    top = int(np.argmax(np.where(np.isnan(y), -np.inf, y)))
    if not 0 < top < len(y) - 1 or np.isnan(y[top - 1 : top + 2]).any():
        return math.nan
    (x0, x1, x2), (y0, y1, y2) = control[top - 1 : top + 2], y[top - 1 : top + 2]
    left, right = (x1 - x0) * (y1 - y2), (x1 - x2) * (y1 - y0)
    bend = left - right
    return float(x1 if bend == 0 else x1 - 0.5 * ((x1 - x0) * left - (x1 - x2) * right) / bend)


def crossing(control: Floats, difference: Floats, near: float = math.nan) -> float:
    """Where a difference of two curves changes sign, the place nearest to ``near`` if there are several; NaN if nowhere.

    Example:
        >>> crossing(np.array([0.0, 1.0, 2.0]), np.array([-1.0, 3.0, 1.0]))
        0.25
    """
    a, b = difference[:-1], difference[1:]
    rows = np.flatnonzero(((a < 0) & (b >= 0)) | ((a > 0) & (b <= 0)))
    if not len(rows):
        return math.nan
    places = control[rows] + (control[rows + 1] - control[rows]) * a[rows] / (a[rows] - b[rows])
    return float(places[0] if math.isnan(near) else places[np.argmin(np.abs(places - near))])


def extrapolated(sizes: ArrayLike, peaks: ArrayLike, nu: float | None = 2.0) -> tuple[float, float, float]:
    """p_c, a and nu of p_c(N) = p_c + a N^(-1/nu), by least squares (Fisher and Barber, PRL 28:1516, 1972).

    Args:
        sizes: float64[sizes], N.
        peaks: float64[sizes], p_c(N); NaN is left out.
        nu: the exponent; None: the one of 0.5 .. 10 that fits best, from four sizes on.

    Returns:
        NaN three times where sizes are too few: two with a given exponent, four without.

    Example:
        >>> [round(float(v), 6) for v in extrapolated([16, 64, 256], [1.5, 1.25, 1.125])]
        [1.0, 2.0, 2.0]
    """
    n, y = np.asarray(sizes, np.float64), np.asarray(peaks, np.float64)
    kept = ~np.isnan(y)
    if kept.sum() < (4 if nu is None else 2):
        return math.nan, math.nan, math.nan
    n, y = n[kept], y[kept]
    best = (math.inf, math.nan, math.nan, math.nan)
    for inverse in _INVERSE_NU if nu is None else [1 / nu]:
        basis = np.stack([np.ones_like(n), n**-inverse], axis=1)
        (p, a), *_ = np.linalg.lstsq(basis, y, rcond=None)
        best = min(best, (float(((basis @ (p, a) - y) ** 2).sum()), float(p), float(a), 1 / float(inverse)))
    return best[1:]


def over_seeds(statistics: Callable[[NDArray[np.int64]], Floats], seeds: int) -> list[Estimate]:
    """Some statistics of all seeds, with the intervals of their jackknife.

    Args:
        statistics: float64[statistics] of int64[some], the seeds that enter.
        seeds: how many there are.

    Returns:
        No bounds for fewer than three seeds, or where a statistic has no value without one of them.

    Example:
        >>> x = np.array([1.0, 2.0, 3.0, 5.0])
        >>> (found,) = over_seeds(lambda rows: np.array([x[rows].mean()]), 4)
        >>> found.value, found.low < 2.75 < found.high
        (2.75, True)
    """
    values = statistics(np.arange(seeds))
    each = pseudo_values(statistics, seeds)[0].T if seeds > 1 else np.full((len(values), 1), np.nan)
    means = [mean_estimate(one) if np.isfinite(one).all() else mean_estimate([]) for one in each]
    return [Estimate(float(value), one.low, one.high) for value, one in zip(values, means, strict=True)]


def _powers(x: Floats, about: About) -> Floats:
    """float64[4, controls, sizes, seeds]: means over samples of |m|, m^2, m^3, m^4."""
    m = np.abs(2 * x - 1) if about == "middle" else x
    return np.stack([np.nanmean(m**power, axis=3) for power in (1, 2, 3, 4)])


def _moments(powers: Floats, sizes: Floats, about: About) -> Moments:
    """From means of powers, float64[4, ..., controls, sizes], over all that is averaged."""
    m1, m2, m3, m4 = powers
    variance = np.maximum(m2 - m1**2, 0.0)
    second, fourth = (variance, m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4) if about == "mean" else (m2, m4)
    sure = second > 1e-12 * np.maximum(m2, 1e-300)
    binder = np.where(sure, 1 - fourth / (3 * np.where(sure, second, 1.0) ** 2), np.nan)
    return Moments(m1, sizes * variance, binder)


def _parts(found: Moments) -> tuple[Floats, Floats, Floats]:
    return found.order, found.susceptibility, found.binder


def _scaled(found: Moments, control: Floats, sizes: Floats, nu: float | None) -> list[float]:
    """Peaks, crossings, p_c, a, nu and growth, one after the other."""
    chi, binder = found.susceptibility, found.binder
    peaks = [peak(control, chi[:, at]) for at in range(len(sizes))]
    crossings = [crossing(control, binder[:, at + 1] - binder[:, at], peaks[at + 1]) for at in range(len(sizes) - 1)]
    top = np.nanmax(chi, axis=0, initial=0.0)
    grows = len(sizes) > 1 and bool((top > 0).all())
    growth = float(np.polyfit(np.log(sizes), np.log(top), 1)[0]) if grows else math.nan
    return [*peaks, *crossings, *extrapolated(sizes, peaks, nu), growth]
