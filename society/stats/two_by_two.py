"""Effects in a 2x2 table of independent trials: ratios of odds and of risks (differences: ``intervals.newcombe``)."""

import math

from scipy import special

from society.stats.intervals import Estimate


def table_odds_ratio(k1: float, n1: float, k2: float, n2: float, level: float = 0.95) -> Estimate:
    """Odds of the first group over odds of the second, with Woolf's interval (normal on the log scale).

    Half a trial is added to all cells where one is 0 (Haldane, Annals of Human Genetics 20:309, 1956), and the method
    says so. Source: Woolf, Annals of Human Genetics 19:251 (1955).

    Args:
        k1: successes of the first group.
        n1: its trials; with 0 trials in a group everything is NaN.
        k2: successes of the second group.
        n2: its trials.
        level: of confidence.

    Example:
        >>> round(table_odds_ratio(15, 100, 5, 100).value, 3)
        3.353
    """
    cells, method = _cells(k1, n1, k2, n2, "woolf")
    a, b, c, d = cells
    error = math.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    return _log_normal(a * d / (b * c), error, int(n1 + n2), method, level)


def table_risk_ratio(k1: float, n1: float, k2: float, n2: float, level: float = 0.95) -> Estimate:
    """Share of the first group over share of the second, with Katz' interval (normal on the log scale).

    Half trials and arguments as in ``table_odds_ratio``. Source: Katz et al., Biometrics 34:469 (1978), method C.

    Example:
        >>> round(table_risk_ratio(5, 90, 45, 90).value, 3)
        0.111
    """
    cells, method = _cells(k1, n1, k2, n2, "katz")
    a, b, c, d = cells
    error = math.sqrt(max(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d), 0.0))
    return _log_normal((a / (a + b)) / (c / (c + d)), error, int(n1 + n2), method, level)


def _cells(k1: float, n1: float, k2: float, n2: float, method: str) -> tuple[tuple[float, ...], str]:
    if not n1 or not n2:
        return (math.nan,) * 4, method
    cells = (k1, n1 - k1, k2, n2 - k2)
    return (cells, method) if min(cells) > 0 else (tuple(x + 0.5 for x in cells), f"{method}, half a trial added")


def _log_normal(ratio: float, error: float, n: int, method: str, level: float) -> Estimate:
    z = float(special.ndtri(0.5 + level / 2))
    return Estimate(ratio, ratio * math.exp(-z * error), ratio * math.exp(z * error), n, method)
