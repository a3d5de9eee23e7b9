"""Cox regression of times to death, with standard errors that allow for dependence within a seed."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

from society.ground.errors import MeasureError
from society.stats.partial_likelihood import PartialLikelihood

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CoxFit:
    """A fitted proportional-hazards model.

    Attributes:
        table: one row per covariate (index): beta, hazard_ratio, se (of beta, by cluster if clusters were given), low and
            high (bounds of the hazard ratio), p, model_se (from the information: as if rows were independent).
        events: deaths.
        n: rows.
        clusters: different clusters, 0 if none were given.
        log_likelihood: partial, at beta.
        covariance: float64[p, p] of beta, from the information.
        residuals: Schoenfeld residuals float64[events, p], by time of death.
        times: of these deaths, float64[events].
    """

    table: pd.DataFrame
    events: int
    n: int
    clusters: int
    log_likelihood: float
    covariance: Floats
    residuals: Floats
    times: Floats


def cox(
    ticks: ArrayLike,
    dead: ArrayLike,
    covariates: pd.DataFrame,
    clusters: ArrayLike | None = None,
    entry: ArrayLike | None = None,
    level: float = 0.95,
) -> CoxFit:
    """Hazard ratios by Newton's method on Efron's partial likelihood, robust by cluster if clusters are given.

    Sources: Cox, JRSS B 34:187 (1972); Efron, JASA 72:557 (1977) for ties; Lin and Wei, JASA 84:1074 (1989) for the
    sandwich of score residuals, here summed within clusters, without a factor for few clusters: with fewer than about
    twenty seeds it is too narrow.

    Args:
        ticks: float64[n], times to death or to the end of observation, in ticks.
        dead: bool[n], whether each died then.
        covariates: n rows, one numeric column each.
        clusters: [n], the seed each row comes from.
        entry: float64[n], when each row comes under observation (None: at once). A target whose covariates change in
            time is several rows, each from its entry to its end, dead at most in the last.
        level: of confidence.

    Raises:
        MeasureError: shapes differ, a row ends before it begins, nobody died, a covariate is constant or a combination of
            others, or it separates the dead from the living so that no finite hazard ratio exists.

    Example:
        >>> tied = pd.DataFrame({"tied": [0, 1, 0, 0, 1, 1]})
        >>> cox([1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 0, 1], tied).table["beta"].round(3).tolist()
        [-1.394]
    """
    x = covariates.to_numpy(dtype=np.float64)
    stop, died = np.asarray(ticks, dtype=np.float64), np.asarray(dead, dtype=bool)
    start = np.full(stop.shape, -np.inf) if entry is None else np.asarray(entry, dtype=np.float64)
    _check(start, stop, died, x)
    risks = PartialLikelihood(start, stop, died, x)
    beta = _newton(risks, list(covariates.columns))
    likelihood, _, information = risks.at(beta)
    covariance = np.asarray(np.linalg.inv(information), dtype=np.float64)
    groups, variance = 0, covariance
    if clusters is not None:
        labels, rows = np.unique(np.asarray(clusters), return_inverse=True)
        groups = len(labels)
        sums = np.zeros((groups, len(beta)))
        np.add.at(sums, rows.ravel(), risks.scores(beta))
        variance = covariance @ sums.T @ sums @ covariance
    table = _table(beta, np.sqrt(np.diag(variance)), level)
    table["model_se"] = np.sqrt(np.diag(covariance))
    return CoxFit(
        table=table.set_index(covariates.columns),
        events=len(risks.deaths),
        n=len(x),
        clusters=groups,
        log_likelihood=likelihood,
        covariance=covariance,
        residuals=risks.residuals(beta),
        times=stop[risks.deaths],
    )


def proportional_hazards(fit: CoxFit) -> pd.DataFrame:
    """Whether hazard ratios change in time: correlation of scaled Schoenfeld residuals with the rank of the time of death.

    Small p: they do, and a difference of restricted means says more than a hazard ratio. The p values are those of
    independent rows. Source: Grambsch and Therneau, Biometrika 81:515 (1994), with g(t) the rank of the time.

    Args:
        fit: from ``cox``.

    Returns:
        One row per covariate (index): correlation, chi2 (one degree of freedom), p.

    Example:
        >>> tied = pd.DataFrame({"tied": [0, 1, 0, 0, 1, 1]})
        >>> fit = cox([1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 0, 1], tied)
        >>> proportional_hazards(fit)["correlation"].round(3).tolist()
        [-0.247]
    """
    _, rank, sizes = np.unique(fit.times, return_inverse=True, return_counts=True)
    middle = np.cumsum(sizes) - (sizes - 1) / 2
    g = middle[rank] - middle[rank].mean()
    scaled = fit.events * fit.residuals @ fit.covariance
    with np.errstate(divide="ignore", invalid="ignore"):
        about = scaled - scaled.mean(axis=0)
        correlation = g @ about / np.sqrt((g**2).sum() * (about**2).sum(axis=0))
        chi2 = (g @ scaled) ** 2 / (fit.events * np.diag(fit.covariance) * (g**2).sum())
    rows = {"correlation": correlation, "chi2": chi2, "p": special.chdtrc(1, chi2)}
    return pd.DataFrame(rows, index=fit.table.index)


def _check(start: Floats, stop: Floats, died: NDArray[np.bool_], x: Floats) -> None:
    if not stop.shape == start.shape == died.shape == x.shape[:1]:
        raise MeasureError(
            f"Cox: ticks {stop.shape}, dead {died.shape}, entry {start.shape}, covariates {x.shape}: rows differ"
        )
    if not (np.isfinite(x).all() and np.isfinite(stop).all() and (start < stop).all()):
        raise MeasureError(
            "Cox: covariates and ticks must be finite, and a row end after its entry: leave out targets without time"
        )
    if not died.any():
        raise MeasureError("Cox: nobody died, so no hazard ratio exists")


def _newton(risks: PartialLikelihood, names: list[str]) -> Floats:
    spread = np.sqrt(np.diag(np.cov(risks.x, rowvar=False, ddof=0).reshape(risks.x.shape[1], -1)))
    beta = np.zeros(risks.x.shape[1])
    value, slope, information = risks.at(beta)
    scale = np.where(spread > 0, spread, 1.0)
    if np.linalg.matrix_rank(information / np.outer(scale, scale), hermitian=True, tol=1e-9) < len(beta):
        raise MeasureError(
            f"Cox: {', '.join(names)}: one does not vary among those at risk, or is a combination of others"
        )
    for _ in range(50):
        step = np.linalg.solve(information, slope)
        while (found := risks.at(beta + step))[0] < value - 1e-12 * abs(value):
            step = step / 2
        beta, gain = beta + step, found[0] - value
        value, slope, information = found
        if np.abs(beta * spread).max() > 15:
            worst = names[int(np.abs(beta * spread).argmax())]
            raise MeasureError(f"Cox: {worst} separates who dies first from the rest: no finite hazard ratio exists")
        if gain <= 1e-13 * abs(value):
            return beta
    raise MeasureError(f"Cox: no convergence in 50 steps: {dict(zip(names, beta.tolist(), strict=True))}")


def _table(beta: Floats, error: Floats, level: float) -> pd.DataFrame:
    z = float(special.ndtri(0.5 + level / 2))
    with np.errstate(divide="ignore", over="ignore"):
        rows = {
            "beta": beta,
            "hazard_ratio": np.exp(beta),
            "se": error,
            "low": np.exp(beta - z * error),
            "high": np.exp(beta + z * error),
            "p": 2 * special.ndtr(-np.abs(beta / error)),
        }
    return pd.DataFrame(rows)
