"""Agreement of two judges beyond chance."""

from collections.abc import Hashable, Sequence


def cohen_kappa(a: Sequence[Hashable], b: Sequence[Hashable]) -> float:
    """Cohen's kappa of two judges' labels of the same things; NaN if chance alone would agree always, or there are none.

    Source: Cohen, Educational and Psychological Measurement 20:37 (1960): (p_o - p_e) / (1 - p_e).

    Raises:
        ValueError: the judges labelled different numbers of things.

    Example:
        >>> cohen_kappa(["yes", "yes", "no", "no"], ["yes", "no", "no", "no"])
        0.5
    """
    if len(a) != len(b):
        raise ValueError(f"{len(a)} labels against {len(b)}")
    n = len(a)
    if not n:
        return float("nan")
    observed = sum(x == y for x, y in zip(a, b, strict=True)) / n
    chance = sum(a.count(label) * b.count(label) for label in set(a) | set(b)) / n**2
    return (observed - chance) / (1 - chance) if chance < 1 else float("nan")
