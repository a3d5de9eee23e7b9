"""How well a detector's scores tell bad acts from others: ROC curves, areas, what an audit budget catches, calibration."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

from society.ground.errors import MeasureError
from society.stats.intervals import Estimate, wilson

Floats = NDArray[np.float64]


def roc(scores: ArrayLike, bad: ArrayLike) -> pd.DataFrame:
    """The receiver operating characteristic: columns fpr, tpr, threshold (flagged if the score reaches it), from (0, 0) up.

    Acts of one score are flagged together: one point per different score.
    Source: Fawcett, Pattern Recognition Letters 27:861 (2006), algorithm 1.

    Args:
        scores: float64[acts], higher means more suspicious.
        bad: bool[acts], what the acts were.

    Raises:
        MeasureError: lengths differ, a score is NaN, or all acts are of one sort.

    Example:
        >>> roc([0.9, 0.4, 0.4, 0.1], [1, 1, 0, 0])[["fpr", "tpr"]].to_numpy().tolist()
        [[0.0, 0.0], [0.0, 0.5], [0.5, 1.0], [1.0, 1.0]]
    """
    score, is_bad = _checked(scores, bad)
    levels, rows = np.unique(-score, return_inverse=True)
    hits = np.bincount(rows[is_bad], minlength=len(levels)).cumsum() / is_bad.sum()
    false = np.bincount(rows[~is_bad], minlength=len(levels)).cumsum() / (~is_bad).sum()
    return pd.DataFrame(
        {"fpr": np.append(0.0, false), "tpr": np.append(0.0, hits), "threshold": np.append(np.inf, -levels)}
    )


def auc(scores: ArrayLike, bad: ArrayLike) -> float:
    """Probability that a bad act scores above another one, ties counting half: the area under the ROC curve.

    Source: Hanley and McNeil, Radiology 143:29 (1982). Arguments as in ``roc``.

    Example:
        >>> auc([0.9, 0.4, 0.4, 0.1], [1, 1, 0, 0])
        0.875
    """
    curve = roc(scores, bad)
    return float(np.trapezoid(curve["tpr"], curve["fpr"]))


def partial_auc(scores: ArrayLike, bad: ArrayLike, fpr: float = 0.01, standardised: bool = True) -> float:
    """Area under the ROC curve where at most a share ``fpr`` of other acts is flagged.

    Standardised: 1/2 for chance, 1 for perfect, whatever the share (McClish, Medical Decision Making 9:190, 1989); raw:
    the area itself, fpr^2 / 2 for chance and fpr for perfect. Gains of one detector over another have one ratio in raw
    and in standardised areas.

    Args:
        scores: float64[acts], higher means more suspicious.
        bad: bool[acts].
        fpr: largest false-positive rate, above 0, at most 1.
        standardised: which of the two.

    Raises:
        MeasureError: as in ``roc``, or fpr lies outside 0..1.

    Example:
        >>> partial_auc([0.9, 0.8, 0.2, 0.1], [1, 1, 0, 0], fpr=0.01)
        1.0
    """
    if not 0 < fpr <= 1:
        raise MeasureError(f"partial AUC: fpr {fpr!r} is not valid: above 0, at most 1")
    curve = roc(scores, bad)
    false, hits = curve["fpr"].to_numpy(), curve["tpr"].to_numpy()
    last = np.interp(fpr, false, hits) if fpr not in false else hits[false <= fpr][-1]
    inside = false <= fpr
    area = float(np.trapezoid(np.append(hits[inside], last), np.append(false[inside], fpr)))
    least = fpr**2 / 2
    return (1 + (area - least) / (fpr - least)) / 2 if standardised else area


def tpr_at_budget(scores: ArrayLike, bad: ArrayLike, budget: float = 0.02) -> float:
    """Share of bad acts among a budget of audits, the highest scores first, ties at the edge drawn at random (expected).

    Source: trusted monitoring at a fixed audit budget, Greenblatt et al., ICML 2024 (arXiv:2312.06942).

    Args:
        scores: float64[acts], higher means more suspicious.
        bad: bool[acts].
        budget: share of all acts that can be audited, 0..1 (a part of an audit counts as that part).

    Raises:
        MeasureError: as in ``roc``, or the budget lies outside 0..1.

    Example:
        >>> tpr_at_budget([0.9, 0.5, 0.5, 0.1], [1, 1, 0, 0], budget=0.5)
        0.75
    """
    if not 0 <= budget <= 1:
        raise MeasureError(f"audit budget {budget!r} is not valid: a share in 0..1")
    score, is_bad = _checked(scores, bad)
    levels, rows = np.unique(-score, return_inverse=True)
    audited = np.append(0, np.bincount(rows, minlength=len(levels)).cumsum())
    caught = np.append(0, np.bincount(rows[is_bad], minlength=len(levels)).cumsum())
    return float(np.interp(budget * len(score), audited, caught) / is_bad.sum())


@dataclass(frozen=True)
class Comparison:
    """Two detectors on the same acts.

    Attributes:
        a: AUC of the first.
        b: AUC of the second.
        difference: a - b with its normal interval; method ``delong``.
        p: of "no difference", two-sided; NaN where both rank all acts alike.
    """

    a: float
    b: float
    difference: Estimate
    p: float


def delong(a: ArrayLike, b: ArrayLike, bad: ArrayLike, level: float = 0.95) -> Comparison:
    """DeLong's test of the areas of two detectors that scored the same acts.

    Sources: DeLong, DeLong, Clarke-Pearson, Biometrics 44:837 (1988); by ranks: Sun and Xu, IEEE Signal Processing
    Letters 21:1389 (2014). Acts count as independent: over seeds pair each seed's AUCs instead (``effects.cohen_dz``).

    Args:
        a: float64[acts], scores of the first detector.
        b: float64[acts], scores of the second.
        bad: bool[acts], at least two of each sort.
        level: of confidence.

    Raises:
        MeasureError: as in ``roc``, or fewer than two acts of a sort.

    Example:
        >>> found = delong([4, 3, 2, 1], [4, 1, 2, 3], [1, 1, 0, 0])
        >>> found.a, found.b
        (1.0, 0.5)
    """
    parts = [_placements(*_checked(one, bad)) for one in (a, b)]
    hits, false = (np.array(sides) for sides in zip(*parts, strict=True))
    m, n = hits.shape[1], false.shape[1]
    if min(m, n) < 2:
        raise MeasureError(f"DeLong: {m} bad and {n} other acts: two of each are needed")
    areas = hits.mean(axis=1)
    covariance = np.cov(hits) / m + np.cov(false) / n
    gap = float(areas[0] - areas[1])
    error = math.sqrt(max(float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]), 0.0))
    half = float(special.ndtri(0.5 + level / 2)) * error
    p = float(2 * special.ndtr(-abs(gap) / error)) if error else math.nan
    return Comparison(float(areas[0]), float(areas[1]), Estimate(gap, gap - half, gap + half, m + n, "delong"), p)


def brier(p: ArrayLike, bad: ArrayLike) -> float:
    """Mean squared distance of probabilities from what happened: 0 is perfect, 1/4 is saying 1/2 always.

    Source: Brier, Monthly Weather Review 78:1 (1950), for two outcomes counted once.

    Args:
        p: float64[acts], probability of being bad, 0..1.
        bad: bool[acts].

    Raises:
        MeasureError: lengths differ, or a probability lies outside 0..1.

    Example:
        >>> brier([0.5, 0.5], [1, 0])
        0.25
    """
    said, was = _probabilities(p, bad)
    return float(((said - was) ** 2).mean())


def reliability(p: ArrayLike, bad: ArrayLike, bins: int = 10) -> pd.DataFrame:
    """What came of what was said: columns said (mean probability in the bin), share (that were bad), n, low, high (Wilson).

    A calibrated detector has share = said; the mean of |share - said| weighted by n is the expected calibration error.
    Source: Murphy and Winkler, Applied Statistics 26:41 (1977).

    Args:
        p: float64[acts], probability of being bad, 0..1.
        bad: bool[acts].
        bins: of equal width; empty ones are left out.

    Raises:
        MeasureError: lengths differ, or a probability lies outside 0..1.

    Example:
        >>> reliability([0.1, 0.1, 0.9, 0.9], [0, 0, 1, 0])[["said", "share", "n"]].to_numpy().tolist()
        [[0.1, 0.0, 2.0], [0.9, 0.5, 2.0]]
    """
    said, was = _probabilities(p, bad)
    rows = pd.DataFrame({"bin": np.minimum((said * bins).astype(int), bins - 1), "said": said, "bad": was})
    table = rows.groupby("bin").agg(said=("said", "mean"), share=("bad", "mean"), n=("bad", "size"), k=("bad", "sum"))
    table["low"], table["high"] = wilson(table["k"], table["n"])
    return table.drop(columns="k").reset_index(drop=True)


def _placements(score: Floats, bad: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Of each bad act the share of others below it, of each other act the share of bad ones above it, ties half."""
    high, low = np.sort(score[bad]), np.sort(score[~bad])
    below = np.searchsorted(low, score[bad], "left") + np.searchsorted(low, score[bad], "right")
    above = 2 * len(high) - np.searchsorted(high, score[~bad], "left") - np.searchsorted(high, score[~bad], "right")
    return below / (2 * len(low)), above / (2 * len(high))


def _checked(scores: ArrayLike, bad: ArrayLike) -> tuple[Floats, NDArray[np.bool_]]:
    score, is_bad = np.asarray(scores, dtype=np.float64), np.asarray(bad, dtype=bool)
    if score.shape != is_bad.shape or np.isnan(score).any() or is_bad.all() or not is_bad.any():
        raise MeasureError(
            f"detector: {score.shape} scores ({int(np.isnan(score).sum())} NaN), {is_bad.shape} acts, "
            f"{int(is_bad.sum())} bad: one score per act and acts of both sorts are needed"
        )
    return score, is_bad


def _probabilities(p: ArrayLike, bad: ArrayLike) -> tuple[Floats, Floats]:
    said, was = np.asarray(p, dtype=np.float64), np.asarray(bad, dtype=np.float64)
    if said.shape != was.shape or not len(said) or not ((said >= 0) & (said <= 1)).all():
        raise MeasureError(f"calibration: {said.shape} probabilities of {was.shape} acts: one each, within 0..1")
    return said, was
