"""Survival: Kaplan and Meier's curve with its median and restricted mean, log-rank tests, and ends that compete."""

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

from society.ground.errors import MeasureError
from society.stats.intervals import Estimate

Floats = NDArray[np.float64]


def kaplan_meier(ticks: NDArray[np.float64], dead: NDArray[np.bool_], level: float = 0.95) -> pd.DataFrame:
    """Product-limit estimate with log-log Greenwood bands: columns tick, survival, low, high, at_risk.

    Where nobody is left, Greenwood's variance has no value. There the band goes from 0 to the upper end before it, times that
    of a share of which none of those at risk is seen (Clopper and Pearson, Biometrika 26:404, 1934).

    Example:
        >>> curve = kaplan_meier(np.array([1.0, 2.0, 3.0]), np.array([True, False, True]))
        >>> curve["survival"].round(3).tolist(), curve["high"].round(3).tolist()
        ([1.0, 0.667, 0.0], [1.0, 0.945, 0.922])
    """
    times = np.unique(ticks[dead])
    at_risk = np.array([(ticks >= t).sum() for t in times], dtype=float)
    deaths = np.array([((ticks == t) & dead).sum() for t in times], dtype=float)
    survival = np.cumprod(1 - deaths / at_risk) if len(times) else np.zeros(0)
    left = np.maximum(at_risk - deaths, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(np.where(left > 0, deaths / (at_risk * left), np.nan))
        se = np.sqrt(greenwood) / np.abs(np.log(survival))
        z = special.ndtri(0.5 + level / 2)
        low, high = survival ** np.exp(z * se), survival ** np.exp(-z * se)
    if len(times) and survival[-1] == 0:
        before = high[-2] if len(times) > 1 else 1.0
        low[-1], high[-1] = 0.0, before * (1 - (0.5 - level / 2) ** (1 / at_risk[-1]))
    rows = {"tick": times, "survival": survival, "low": low, "high": high, "at_risk": at_risk}
    start = pd.DataFrame(
        {"tick": [0.0], "survival": [1.0], "low": [1.0], "high": [1.0], "at_risk": [float(len(ticks))]}
    )
    return pd.concat([start, pd.DataFrame(rows)], ignore_index=True) if len(times) else start


def median_survival(curve: pd.DataFrame) -> Estimate:
    """First tick at which half are dead, with the ticks at which the band does (Brookmeyer and Crowley, Biometrics 1982).

    Args:
        curve: from ``kaplan_meier``.

    Returns:
        Infinite where the curve, or a side of its band, stays above one half as long as anybody was watched.

    Example:
        >>> median_survival(kaplan_meier(np.array([1.0, 2.0, 3.0]), np.ones(3, bool))).value
        2.0
    """
    bounds = [curve["tick"][curve[side] <= 0.5 + 1e-12].min() for side in ("survival", "low", "high")]
    value, low, high = (math.inf if pd.isna(tick) else float(tick) for tick in bounds)
    return Estimate(value, low, high, int(curve["at_risk"].iloc[0]), "log-log")


def restricted_mean(curve: pd.DataFrame, tau: float) -> float:
    """Area under a survival curve up to tau ticks: the mean survival time within tau."""
    times = np.append(np.minimum(curve["tick"].to_numpy(), tau), tau)
    return float((np.diff(times) * curve["survival"].to_numpy()).sum())


def restricted_mean_error(curve: pd.DataFrame, tau: float) -> float:
    """Standard error of ``restricted_mean``, treating targets as independent.

    Source: Klein and Moeschberger, Survival Analysis (2003), eq. 4.5.2: the area still to come after each death, squared,
    times Greenwood's term d / (n (n - d)). A death that leaves nobody at risk adds nothing.

    Args:
        curve: from ``kaplan_meier``.
        tau: end of the mean, in ticks.

    Example:
        >>> curve = kaplan_meier(np.array([1.0, 3.0]), np.ones(2, bool))
        >>> round(restricted_mean_error(curve, 3.0), 4)  # a mean of 1 and 3: sqrt(.5 * .5 / 2) * 2
        0.7071
    """
    times = curve["tick"].to_numpy()
    alive, at_risk = curve["survival"].to_numpy(), curve["at_risk"].to_numpy()
    widths = np.diff(np.append(np.minimum(times, tau), tau))
    rest = (widths * alive)[::-1].cumsum()[::-1]
    before = np.append(1.0, alive[:-1])
    with np.errstate(divide="ignore", invalid="ignore"):
        deaths = at_risk * (1 - alive / before)
        terms = np.where((times <= tau) & (at_risk - deaths > 1e-9), deaths / (at_risk * (at_risk - deaths)), 0.0)
    return math.sqrt(float((rest**2 * terms)[1:].sum()))


def restricted_mean_difference(
    a: Floats, a_dead: NDArray[np.bool_], b: Floats, b_dead: NDArray[np.bool_], tau: float, level: float = 0.95
) -> Estimate:
    """Mean survival time within tau of the first group minus that of the second, with a normal interval.

    It says by how many ticks the groups differ whether or not hazards are proportional. Targets count as independent: for
    runs on several seeds pair ``survival.rmst`` of each seed with ``effects.mean_difference`` instead.
    Source: Royston and Parmar, BMC Medical Research Methodology 13:152 (2013).

    Args:
        a: float64[n], times of the first group, to death or to the end of observation, in ticks.
        a_dead: bool[n], whether each died then.
        b: float64[m], times of the second group.
        b_dead: bool[m].
        tau: end of the means, in ticks; not beyond the last time of either group.
        level: of confidence.

    Raises:
        MeasureError: a group is empty, or tau lies beyond its last time while some of it still lived.

    Example:
        >>> yes = np.ones(2, bool)
        >>> restricted_mean_difference(np.array([2.0, 4.0]), yes, np.array([1.0, 3.0]), yes, tau=4.0).value
        1.0
    """
    means, errors = [], []
    for name, ticks, dead in (("first", a, a_dead), ("second", b, b_dead)):
        last = float(np.max(ticks, initial=0.0))
        if not len(ticks) or (tau > last and not dead[ticks == last].all()):
            raise MeasureError(f"restricted mean: tau {tau:g} lies beyond the last tick of the {name} group, {last:g}")
        curve = kaplan_meier(ticks, dead)
        means.append(restricted_mean(curve, tau))
        errors.append(restricted_mean_error(curve, tau))
    half = float(special.ndtri(0.5 + level / 2)) * math.hypot(*errors)
    gap = means[0] - means[1]
    return Estimate(gap, gap - half, gap + half, len(a) + len(b), "greenwood")


def log_rank_test(a: NDArray[Any], a_dead: NDArray[np.bool_], b: NDArray[Any], b_dead: NDArray[np.bool_]) -> float:
    """p-value of the log-rank test of two groups (Mantel, 1966): (O - E)^2 / V against chi-square, one degree of freedom.

    Args:
        a: times of the first group, to death or to the end of observation.
        a_dead: bool, whether each died then.
        b: times of the second group.
        b_dead: bool.

    Example:
        >>> yes = np.ones(3, bool)
        >>> round(log_rank_test(np.array([1, 2, 3]), yes, np.array([7, 8, 9]), yes), 4)
        0.0246
    """
    excess, variance = _excess(a, a_dead, b, b_dead)
    return float(special.chdtrc(1, excess**2 / variance)) if variance > 0 else float("nan")


def stratified_log_rank(
    ticks: NDArray[Any], dead: NDArray[np.bool_], second: NDArray[np.bool_], strata: NDArray[Any]
) -> float:
    """p-value of the log-rank test of two groups that are compared within strata only, such as seeds.

    What is common to a seed cannot pass for a difference of the groups. Source: Mantel and Haenszel, JNCI 22:719 (1959).

    Args:
        ticks: float64[n], times to death or to the end of observation.
        dead: bool[n], whether each died then.
        second: bool[n], which of the two groups each belongs to.
        strata: [n], such as the seed of each.

    Returns:
        NaN where no stratum has a death with both groups at risk.

    Example:
        >>> ticks, yes = np.array([1, 2, 3, 7, 8, 9]), np.ones(6, bool)
        >>> round(stratified_log_rank(ticks, yes, ticks > 5, np.ones(6)), 4)
        0.0246
    """
    excess = variance = 0.0
    for one in np.unique(strata):
        first, other = (strata == one) & ~second, (strata == one) & second
        more, spread = _excess(ticks[first], dead[first], ticks[other], dead[other])
        excess, variance = excess + more, variance + spread
    return float(special.chdtrc(1, excess**2 / variance)) if variance > 0 else float("nan")


def _excess(
    a: NDArray[Any], a_dead: NDArray[np.bool_], b: NDArray[Any], b_dead: NDArray[np.bool_]
) -> tuple[float, float]:
    """Deaths of the first group beyond its share of all deaths, and the hypergeometric variance of that."""
    times = np.unique(np.concatenate([a[a_dead], b[b_dead]]))
    at_risk_a, at_risk_b = (len(t) - np.searchsorted(np.sort(t), times) for t in (a, b))
    deaths_a, deaths_b = (
        np.searchsorted(np.sort(t[dead]), times, "right") - np.searchsorted(np.sort(t[dead]), times)
        for t, dead in ((a, a_dead), (b, b_dead))
    )
    n, d = at_risk_a + at_risk_b, deaths_a + deaths_b
    share = at_risk_a / n
    excess = (deaths_a - d * share).sum()
    variance = (d * share * (1 - share) * (n - d) / np.maximum(n - 1, 1)).sum()
    return float(excess), float(variance)


def cumulative_incidence(ticks: ArrayLike, ends: ArrayLike, level: float = 0.95) -> pd.DataFrame:
    """Probability that each end has come by each tick, the others competing: columns end, tick, incidence, low, high, se.

    Unlike one minus Kaplan-Meier per end, these add up to the share that has ended. Sources: Aalen and Johansen,
    Scandinavian Journal of Statistics 5:141 (1978); variance by the delta method: Marubini and Valsecchi, Analysing
    Survival Data (1995), eq. 10.12; bounds log(-log).

    Args:
        ticks: float64[n], times to the end or to the end of observation.
        ends: text[n], which end it was, "" for none yet (censored).
        level: of confidence.

    Raises:
        MeasureError: lengths differ.

    Example:
        >>> found = cumulative_incidence([1, 2, 3, 4], ["executed", "escaped", "", "executed"])
        >>> found.groupby("end")["incidence"].max().to_dict()
        {'escaped': 0.25, 'executed': 0.75}
    """
    time, kind = np.asarray(ticks, dtype=np.float64), np.asarray(ends, dtype=str)
    if time.shape != kind.shape:
        raise MeasureError(f"cumulative incidence: {time.shape} times with {kind.shape} ends")
    ended = kind != ""
    times, rows = np.unique(time[ended], return_inverse=True)
    at_risk = (len(time) - np.searchsorted(np.sort(time), times)).astype(float)
    total = np.bincount(rows, minlength=len(times)).astype(float)
    before = np.append(1.0, np.cumprod(1 - total / at_risk)[:-1])[: len(times)]
    left = at_risk - total
    # Who ends as the last one at risk settles everything: no later step makes use of this term.
    all_terms = np.divide(total, at_risk * left, out=np.zeros_like(total), where=left > 0)
    z, frames = float(special.ndtri(0.5 + level / 2)), []
    for end in np.unique(kind[ended]).tolist():
        mine = np.bincount(rows[kind[ended] == end], minlength=len(times)).astype(float)
        incidence = np.cumsum(before * mine / at_risk)
        own = before**2 * mine * (at_risk - mine) / at_risk**3
        cross = before * mine / at_risk**2
        # Sums over earlier steps i of (F(t) - F(i))^2 g_i and of (F(t) - F(i)) c_i, by their expansions.
        squares = incidence**2 * all_terms.cumsum() - 2 * incidence * (incidence * all_terms).cumsum()
        squares += (incidence**2 * all_terms).cumsum()
        mixed = incidence * cross.cumsum() - (incidence * cross).cumsum()
        se = np.sqrt(np.maximum(squares + own.cumsum() - 2 * mixed, 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            wide = z * se / (incidence * np.abs(np.log(incidence)))
            low, high = incidence ** np.exp(wide), incidence ** np.exp(-wide)
        frames.append(
            pd.DataFrame({"end": end, "tick": times, "incidence": incidence, "low": low, "high": high, "se": se})
        )
    columns = ["end", "tick", "incidence", "low", "high", "se"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)
