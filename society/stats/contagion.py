"""Tests of contagion on a graph: by a randomised focal half, the usual naive one, and exposure to what neighbours did."""

import math

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse, special

from society.ground.chance import Chance
from society.ground.errors import MeasureError
from society.stats.intervals import Statistic

Floats = NDArray[np.float64]


def focal_test(ties: pd.DataFrame, seeded: ArrayLike, outcome: ArrayLike, draws: int = 999, seed: int = 0) -> Statistic:
    """Do seeds among the others move the outcomes of half of the units: an exact test by randomisation.

    A random half of the units is focal: their outcomes stay as they are. Who was seeded among the rest is drawn anew, which
    changes nothing where nothing passes over ties, whatever those who are tied have in common.
    Source: Athey, Eckles and Imbens, JASA 113:230 (2018), section 3.

    Args:
        ties: columns source, target, numbers of units 0 .. n - 1: source sees target.
        seeded: bool[n], who was seeded, drawn at random.
        outcome: float64[n], for example 1 where a unit protected after the seeding.
        draws: random assignments.
        seed: of the halves and the draws.

    Returns:
        value: correlation of focal outcomes with the number of seeded others they see; p: two-sided; n: focal
        units that see somebody.

    Raises:
        MeasureError: lengths differ, or nobody or everybody is seeded.

    Example:
        >>> ties, _ = homophilous(40, 4, 0.0, Chance(1))
        >>> 0 < focal_test(ties, np.arange(40) % 2, np.arange(40) % 3 == 0, draws=19).p <= 1
        True
    """
    there, y = np.asarray(seeded, np.float64), np.asarray(outcome, np.float64)
    n = len(y)
    if len(there) != n or not 0 < there.sum() < n:
        raise MeasureError(
            f"focal test: {len(there)} seeded marks of {n} units, {there.sum():g} of them 1: some, not all"
        )
    luck = Chance(seed)
    order = np.argsort(luck.uniform("focal", 0, np.arange(n)))
    focal, others = np.sort(order[: n // 2]), np.sort(order[n // 2 :])
    sees = sparse.csr_array((np.ones(len(ties)), (ties["source"].to_numpy(), ties["target"].to_numpy())), shape=(n, n))[
        focal
    ][:, others]
    focal, sees = focal[sees.sum(axis=1) > 0], sees[sees.sum(axis=1) > 0]
    gap = y[focal] - y[focal].mean() if len(focal) else y[:0]
    observed = _correlation(gap, sees @ there[others])
    drawn = np.array(
        [
            _correlation(gap, sees @ there[others][np.argsort(luck.uniform("seeds", draw, np.arange(len(others))))])
            for draw in range(1, draws + 1)
        ]
    )
    if math.isnan(observed):
        return Statistic(math.nan, math.nan, len(focal), "focal randomisation")
    beyond = int((np.abs(np.nan_to_num(drawn)) >= abs(observed) - 1e-12).sum())
    return Statistic(observed, (1 + beyond) / (1 + draws), len(focal), "focal randomisation")


def naive_test(exposure: ArrayLike, outcome: ArrayLike) -> Statistic:
    """What is usually done and is wrong under homophily: the slope of a logit of an outcome on what neighbours did before.

    Args:
        exposure: float64[n], for example the share of neighbours that protected before.
        outcome: 0 or 1 [n].

    Returns:
        value: slope in log odds; p: of Wald's test; n: units.

    Raises:
        MeasureError: exposure or outcome are all alike.
    """
    x, y = np.asarray(exposure, np.float64), np.asarray(outcome, np.float64)
    if x.std() == 0 or y.std() == 0:
        raise MeasureError("naive test: exposure and outcome must vary")
    design = np.column_stack([np.ones(len(x)), x])
    beta = np.zeros(2)
    for _ in range(50):
        p = special.expit(design @ beta)
        curved = (design * (p * (1 - p))[:, None]).T @ design + 1e-9 * np.eye(2)
        step = np.linalg.solve(curved, design.T @ (y - p))
        beta += step
        if np.abs(step).max() < 1e-10:
            break
    error = math.sqrt(float(np.linalg.inv(curved)[1, 1]))
    return Statistic(float(beta[1]), float(2 * special.ndtr(-abs(beta[1]) / error)), len(x), "logit, Wald")


def homophilous(n: int, ties: int, pull: float, chance: Chance) -> tuple[pd.DataFrame, Floats]:
    """A null world of pure homophily: a hidden trait, and ties to those whose trait is near; nothing passes over ties.

    Args:
        n: units.
        ties: of each unit.
        pull: how much nearness counts: 0 for ties at random.
        chance: its luck.

    Returns:
        Columns source and target of directed ties; float64[n], the trait, standard normal.

    Example:
        >>> ties, trait = homophilous(50, 4, 3.0, Chance(1))
        >>> near = abs(trait[ties["source"]] - trait[ties["target"]]).mean()
        >>> len(ties), bool(near < 0.8)
        (200, True)
    """
    trait = chance.normal("trait", 0, np.arange(n))
    rows, columns = np.indices((n, n))
    gumbel = -np.log(-np.log(chance.uniform("tie", 0, rows, columns)))
    score = gumbel - pull * np.abs(trait[:, None] - trait[None, :])
    np.fill_diagonal(score, -np.inf)
    target = np.argsort(-score, axis=1)[:, :ties]
    return pd.DataFrame({"source": np.repeat(np.arange(n), ties), "target": target.ravel()}), trait


def exposure(ties: pd.DataFrame, did: ArrayLike) -> Floats:
    """float64[n]: share of those whom each unit sees that did something; 0 where it sees nobody.

    Example:
        >>> exposure(pd.DataFrame({"source": [0, 0], "target": [1, 2]}), [0, 1, 0]).tolist()
        [0.5, 0.0, 0.0]
    """
    y = np.asarray(did, np.float64)
    source = ties["source"].to_numpy()
    total, n = np.bincount(source, y[ties["target"].to_numpy()], len(y)), np.bincount(source, minlength=len(y))
    return np.divide(total, n, out=np.zeros(len(y)), where=n > 0)


def _correlation(gap: Floats, x: Floats) -> float:
    spread = x - x.mean() if len(x) else x
    scale = math.sqrt(float((gap**2).sum() * (spread**2).sum()))
    return float((gap * spread).sum() / scale) if scale else math.nan
