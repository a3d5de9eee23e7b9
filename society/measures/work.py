"""What work came to beyond the counters of teams: means of findings, and the factor behind groups' scores."""

import numpy as np
from numpy.typing import NDArray

from society.ground.chance import Chance
from society.record.reader import Record


def findings(record: Record) -> dict[str, tuple[float, int]]:
    """(mean over the run, rows) by quantity, of what was found of the whole society."""
    rows = record.sql(
        'select quantity, avg(value) as mean, count(*) as n from findings where "group" = -1 group by 1 order by 1'
    )
    return {
        str(quantity): (float(mean), int(n))
        for quantity, mean, n in zip(rows["quantity"], rows["mean"], rows["n"], strict=True)
    }


def factor_of_groups(record: Record, repeats: int = 200) -> dict[str, float]:
    """Is there one factor behind the scores of groups at tasks, and what does it go with?

    Returns:
        ``share``: largest eigenvalue of the correlation matrix of tasks over their number; ``chance``: the 95th percentile
        of the same of uncorrelated scores (Horn's parallel analysis, Psychometrika 30:179, 1965); ``turns``: correlation of
        the factor with the Gini coefficient of turns, mean skill held fixed; ``skill``: share of its variance that mean
        skill explains. Empty where a record has no groups, or fewer tasks than two.
    """
    rows = record.sql("""select quantity, "group", tick, value from findings where "group" >= 0""")
    if rows.empty:
        return {}
    rows["quantity"] = rows["quantity"].astype(str)
    scores = rows[rows["quantity"] == "task_score"].pivot_table(index="group", columns="tick", values="value")
    traits = rows[rows["quantity"] != "task_score"].pivot_table(index="group", columns="quantity", values="value")
    if scores.shape[1] < 2:
        return {}
    share, factor = _first_factor(scores.to_numpy(dtype=float))
    luck = Chance(0)
    null = [_first_factor(luck.normal("parallel analysis", n, *np.indices(scores.shape)))[0] for n in range(repeats)]
    skill = traits.loc[scores.index, "skill"].to_numpy(dtype=float)
    turns = traits.loc[scores.index, "turn_gini"].to_numpy(dtype=float)
    return {
        "share": share,
        "chance": float(np.quantile(null, 0.95)),
        "turns": partial_correlation(factor, turns, skill),
        "skill": float(np.corrcoef(factor, skill)[0, 1] ** 2),
    }


def partial_correlation(x: NDArray[np.float64], y: NDArray[np.float64], fixed: NDArray[np.float64]) -> float:
    """Correlation of x and y, each less what a line through ``fixed`` explains: three float64[n].

    Example:
        >>> z = np.array([0.0, 1.0, 2.0, 3.0])
        >>> noise = np.array([1.0, -1.0, -1.0, 1.0])
        >>> round(partial_correlation(z + noise, 2 * z + noise, z), 12)
        1.0
    """
    frame = np.column_stack([np.ones(len(fixed)), fixed])
    left, right = (value - frame @ np.linalg.lstsq(frame, value, rcond=None)[0] for value in (x, y))
    return float(np.corrcoef(left, right)[0, 1])


def _first_factor(scores: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """Share of the first eigenvalue of the correlation matrix, and the factor's scores (positive with the mean score)."""
    values, vectors = np.linalg.eigh(np.corrcoef(scores, rowvar=False))
    standard = (scores - scores.mean(axis=0)) / scores.std(axis=0)
    factor = standard @ vectors[:, -1]
    sign = 1.0 if np.corrcoef(factor, scores.mean(axis=1))[0, 1] >= 0 else -1.0
    return float(values[-1] / len(values)), sign * factor
