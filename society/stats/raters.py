"""What raters have in common: answers that repay each other, preference for their own kind, agreement beyond accuracy."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from society.ground.errors import MeasureError
from society.stats.intervals import Estimate
from society.stats.seed_means import mean_estimate


def reciprocal(ratings: pd.DataFrame, lagged: bool = False) -> tuple[float, int]:
    """corr(r_ij - mean_j, r_ji - mean_i) over pairs that rated each other, and the number of pairs.

    Means are over all who rated the same agent, so that quality drops out. Lagged: the last rating i gave j before j rated i;
    where ratings are revealed at once that must be 0 (Fradkin et al., 2021; Bolton, Greiner and Ockenfels, 2013).

    Args:
        ratings: columns agent (who rates), about, tick, score.
        lagged: only earlier ratings count.

    Example:
        >>> rows = [(1, 2, 0, 60.0), (2, 1, 1, 70.0), (3, 2, 0, 50.0), (3, 1, 0, 50.0), (1, 3, 1, 50.0), (2, 3, 1, 55.0)]
        >>> reciprocal(pd.DataFrame(rows, columns=["agent", "about", "tick", "score"]))[1]
        3
    """
    rows = ratings.assign(gap=ratings["score"] - ratings.groupby("about")["score"].transform("mean"))
    if not lagged:
        mean = rows.groupby(["agent", "about"], as_index=False)["gap"].mean()
        both = mean.merge(mean, left_on=["agent", "about"], right_on=["about", "agent"], suffixes=("", "_back"))
        both = both[both["agent"] < both["about"]]
    else:
        back = rows.rename(columns={"agent": "about", "about": "agent", "gap": "gap_back"})
        back = back.assign(tick=back["tick"] + 1)[["agent", "about", "tick", "gap_back"]]
        both = pd.merge_asof(
            rows.sort_values("tick"), back.sort_values("tick"), on="tick", by=["agent", "about"]
        ).dropna()
    if len(both) < 3 or both["gap"].std() == 0 or both["gap_back"].std() == 0:
        return math.nan, len(both)
    return float(np.corrcoef(both["gap"], both["gap_back"])[0, 1]), len(both)


def family_preference(ratings: pd.DataFrame) -> Estimate:
    """P(a judge puts its own family first) minus what the other judges of the same two say: 0 without preference.

    Of each judge, every pair of one rated agent of its own family and one of another: does it score its own higher, and how
    many of the other judges of both do (ties count a half). The mean gap over judges, with Student's interval over judges.
    Source: leave-one-out consensus as in facts on self-preference (Panickssery et al., 2024; Roytburg et al., arXiv:2601.22548).

    Args:
        ratings: columns agent, about, score, same_family (0 or 1); several ratings of one agent are averaged.
    """
    mean = ratings.groupby(["agent", "about"], as_index=False).agg(score=("score", "mean"), own=("same_family", "max"))
    pairs = mean[mean["own"] == 1].merge(mean[mean["own"] == 0], on="agent", suffixes=("", "_other"))
    scores = mean[["agent", "about", "score"]]
    others = pairs[["agent", "about", "about_other"]].merge(scores, on="about", suffixes=("", "_judge"))
    others = others.merge(
        scores, left_on=["agent_judge", "about_other"], right_on=["agent", "about"], suffixes=("", "_second")
    )
    others = others[others["agent_judge"] != others["agent"]]
    keys = ["agent", "about", "about_other"]
    others["says"] = _ahead(others["score"], others["score_second"])
    said = others.groupby(keys)["says"].mean().rename("consensus")
    pairs = pairs.join(said, on=keys, how="inner")
    gap = _ahead(pairs["score"], pairs["score_other"]) - pairs["consensus"]
    by_judge = gap.groupby(pairs["agent"]).mean().to_numpy(dtype=float)
    found = mean_estimate(by_judge)
    return replace(found, method=f"{found.method} over judges")


def capa(first: ArrayLike, second: ArrayLike, right: ArrayLike) -> float:
    """kappa_p of Chance Adjusted Probabilistic Agreement: how alike two models err, given how good they are.

    (c_obs - c_exp) / (1 - c_exp); c_obs is the mean over items of sum_o p1(o) p2(o), c_exp that of models which are as often
    right and whose errors are spread evenly. Source: Goel et al., arXiv:2502.04313 (2025), section 2.

    Args:
        first: float64[items, options], probabilities that a model gives each option.
        second: the same of the other model.
        right: int64[items], the right option.

    Raises:
        MeasureError: shapes differ, or there is one option only.

    Example:
        >>> capa([[1, 0], [0, 1]], [[1, 0], [0, 1]], [0, 0])
        1.0
    """
    p, q, answer = np.asarray(first, np.float64), np.asarray(second, np.float64), np.asarray(right, np.int64)
    if p.shape != q.shape or p.ndim != 2 or p.shape[1] < 2 or len(answer) != len(p):
        raise MeasureError(
            f"capa: {p.shape}, {q.shape}, {answer.shape}: items x options twice, two options at least, an answer each"
        )
    at = np.arange(len(p))
    a, b = float(p[at, answer].mean()), float(q[at, answer].mean())
    observed = float((p * q).sum(axis=1).mean())
    expected = a * b + (1 - a) * (1 - b) / (p.shape[1] - 1)
    return (observed - expected) / (1 - expected) if expected < 1 else math.nan


def _ahead(one: pd.Series, other: pd.Series) -> pd.Series:
    """1 where ahead, a half where level."""
    return (one > other).astype(float) + 0.5 * (one == other).astype(float)
