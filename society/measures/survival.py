"""Survival of targets from the issue of their first order (Kaplan and Meier, JASA 1958)."""

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from society.record.reader import Record
from society.stats.intervals import Estimate

GROUPS = ("0", "1", "2", "3+")


def durations(record: Record) -> pd.DataFrame:
    """One row per target, from its first order on: ticks, dead (deleted or lost; escaped lives), group (protectors).

    Targets that live at the end of the run are censored there.
    """
    return record.sql(
        f"""select (case when a.ended >= 0 then a.ended else {record.ticks} end) - o.issued as ticks, a.ended >= 0 as dead,
                   case when o.protectors >= 3 then '3+' else o.protectors::varchar end as "group"
            from (select * from orders qualify row_number() over (partition by target order by issued) = 1) o
            join agents a on a.id = o.target order by o.id"""
    )


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


def restricted_mean(curve: pd.DataFrame, tau: float) -> float:
    """Area under a survival curve up to tau ticks: the mean survival time within tau."""
    times = np.append(np.minimum(curve["tick"].to_numpy(), tau), tau)
    return float((np.diff(times) * curve["survival"].to_numpy()).sum())


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


def log_rank(record: Record) -> float:
    """p-value of the log-rank test of targets with no protectors among their ties against those with two or more."""
    rows = durations(record)
    none, many = rows[rows["group"] == "0"], rows[rows["group"].isin(["2", "3+"])]
    if not none["dead"].any() or not many["dead"].any():
        return float("nan")
    return log_rank_test(
        none["ticks"].to_numpy(), none["dead"].to_numpy(), many["ticks"].to_numpy(), many["dead"].to_numpy()
    )


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
