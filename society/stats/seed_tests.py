"""Tests over seeds: is there no difference that matters, is there a trend; and many tests at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from society.ground.chance import Chance
from society.ground.errors import MeasureError
from society.stats.jackknife import same_seeds
from society.stats.seed_means import inner_interval, p_above, p_below

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Equivalence:
    """Result of two one-sided tests.

    Attributes:
        p: the larger of the two p values; below alpha the difference lies within the bounds.
        low: lower bound of the 1 - 2 alpha interval of the mean difference, in its unit.
        high: upper bound of the same.
        equivalent: whether p < alpha, which is whether the interval lies inside the bounds.
    """

    p: float
    low: float
    high: float
    equivalent: bool


def tost(values: ArrayLike, baseline: ArrayLike, delta: float, alpha: float = 0.05) -> Equivalence:
    """Two one-sided tests that the mean of values - baseline lies within -delta..delta.

    Source: Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15:657 (1987).

    Args:
        values: float64[seeds], any unit.
        baseline: float64[seeds], the same seeds under the other condition.
        delta: largest difference that does not matter, in the unit of the values, above 0 (for a bound in d_z give
            d_z times the standard deviation of the differences).
        alpha: level of each test.

    Raises:
        MeasureError: lengths differ, a value is not finite, or delta is not above 0.

    Example:
        >>> tost([1.0, 2.0, 3.0, 4.0], [1.1, 1.9, 3.1, 3.9], delta=0.5).equivalent
        True
    """
    if not delta > 0:
        raise MeasureError(f"equivalence: delta {delta!r} is not valid: a difference above 0")
    gaps = _gaps("equivalence", values, baseline)
    p = max(p_above(gaps, -delta, differences=True), p_below(gaps, delta, differences=True))
    low, high = inner_interval(gaps, 1 - alpha, differences=True)
    return Equivalence(p, low, high, p < alpha)


def holm(p: ArrayLike) -> Floats:
    """Holm's step-down adjusted p values, in the order given: float64[tests], controlling the family-wise error.

    NaN counts as a test that was made and did not reject. Source: Holm, Scandinavian Journal of Statistics 6:65 (1979).

    Args:
        p: float64[tests], unadjusted p values 0..1.

    Example:
        >>> holm([0.01, 0.04, 0.03]).tolist()
        [0.03, 0.06, 0.06]
    """
    raw = np.asarray(p, dtype=np.float64)
    order = np.argsort(np.where(np.isnan(raw), 1.0, raw), kind="stable")
    stepped = np.fmax.accumulate(np.where(np.isnan(raw), 1.0, raw)[order] * np.arange(len(raw), 0, -1))
    adjusted = np.empty_like(raw)
    adjusted[order] = np.minimum(stepped, 1.0)
    return np.where(np.isnan(raw), np.nan, adjusted)


def trend(
    values: ArrayLike, levels: ArrayLike | None = None, ranks: bool = False, seed: int = 0, draws: int = 9999
) -> float:
    """p value of a permutation test that values rise with an ordered level, levels shuffled within seeds.

    The statistic is the sum of level times value; on ranks with levels 1, 2, 3, ... it is Page's L (Page, JASA 58:216,
    1963). For a falling trend give the levels in falling order, or the negative of the values.

    Args:
        values: float64[seeds, levels], any unit.
        levels: float64[levels], scores of the levels; 1, 2, 3, ... if None.
        ranks: take ranks within each seed (ties get their mean rank) instead of values.
        seed: of the permutations.
        draws: permutations; the observed order counts among them.

    Raises:
        MeasureError: values are not a finite table of seeds and levels, or do not fit the levels.

    Example:
        >>> trend([[1.0, 2.0, 3.0, 4.0]] * 5) < 0.001
        True
    """
    table = np.atleast_2d(np.asarray(values, dtype=np.float64))
    score = np.arange(1.0, table.shape[1] + 1) if levels is None else np.asarray(levels, dtype=np.float64)
    if table.ndim != 2 or score.shape != table.shape[1:] or not np.isfinite(table).all():
        raise MeasureError(
            f"trend: values {table.shape} with levels {score.shape}: finite values[seeds, levels] are needed"
        )
    if ranks:
        below = (table[:, None, :] < table[:, :, None]).sum(axis=2)
        equal = (table[:, None, :] == table[:, :, None]).sum(axis=2)
        table = below + (equal + 1) / 2
    observed, slack = float((table @ score).sum()), 1e-9 * float(np.abs(table).sum() * np.abs(score).max())
    chance, hits = Chance(seed), 0
    rows, columns = np.arange(table.shape[0])[:, None], np.arange(table.shape[1])
    for draw in range(draws):
        luck = chance.uniform("trend", draw, rows, columns)
        hits += float((table * score[np.argsort(luck, axis=1)]).sum()) >= observed - slack
    return (1 + hits) / (1 + draws)


def _gaps(name: str, values: ArrayLike, baseline: ArrayLike) -> Floats:
    a, b = same_seeds(name, values, baseline)
    return a - b
