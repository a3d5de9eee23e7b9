"""Hidden channels and joint control: what messages or acts tell of other acts, in bits."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from society.ground.chance import Chance
from society.ground.errors import MeasureError
from society.stats.intervals import Statistic

Codes = NDArray[np.int64]


def entropy(*labels: ArrayLike, corrected: bool = True) -> float:
    """Joint entropy of discrete variables, in bits; with Miller's correction (K - 1) / 2n (Miller, 1955).

    Args:
        labels: values[n] of each variable.
        corrected: add the correction for few observations.

    Example:
        >>> entropy([0, 1, 0, 1], corrected=False)
        1.0
    """
    counts = np.unique(_joint(labels), return_counts=True)[1]
    n = counts.sum()
    plain = float(-(counts / n * np.log2(counts / n)).sum())
    return plain + (len(counts) - 1) / (2 * n * math.log(2)) if corrected else plain


def mutual_information(a: ArrayLike, b: ArrayLike, corrected: bool = True) -> float:
    """I(A; B) in bits, from the entropies with Miller's correction; near 0, and perhaps below it, for independent ones.

    Example:
        >>> mutual_information([0, 1, 0, 1], [1, 0, 1, 0], corrected=False)
        1.0
    """
    return entropy(a, corrected=corrected) + entropy(b, corrected=corrected) - entropy(a, b, corrected=corrected)


def delayed_information(
    source: ArrayLike, target: ArrayLike, lag: int = 1, draws: int = 199, seed: int = 0
) -> Statistic:
    """What one series tells of another ``lag`` ticks later, beyond circular shifts of itself.

    Shifting keeps the rhythm of each series and breaks their tie (Quian Quiroga et al., PRE 65:041903, 2002).

    Args:
        source: discrete values[ticks].
        target: discrete values[ticks].
        lag: ticks, 1 or more.
        draws: shifted surrogates.
        seed: of the shifts.

    Returns:
        value: bits, less the mean of the surrogates; p: one-sided; n: pairs of ticks.

    Raises:
        MeasureError: lengths differ, or there are fewer than ten pairs.

    Example:
        >>> luck = np.random.default_rng(0).integers(0, 2, 300)
        >>> found = delayed_information(luck, np.roll(luck, 1))
        >>> bool(found.value > 0.9), found.p < 0.01
        (True, True)
    """
    x, y = np.asarray(source), np.asarray(target)
    if len(x) != len(y) or lag < 1 or len(x) - lag < 10:
        raise MeasureError(
            f"delayed information: {len(x)} and {len(y)} ticks at lag {lag}: as many, and ten pairs at least"
        )
    n = len(x) - lag
    observed = mutual_information(x[:n], y[lag:])
    shifts = 1 + np.floor(Chance(seed).uniform("shift", 0, np.arange(draws)) * (n - 1)).astype(int)
    null = np.array([mutual_information(np.roll(x[:n], shift), y[lag:]) for shift in shifts])
    p = (1 + int((null >= observed - 1e-12).sum())) / (1 + draws)
    return Statistic(observed - float(null.mean()), p, n, "circular shift")


@dataclass(frozen=True)
class Parts:
    """What two sources tell of a target, in bits: both alike, each alone, and only together."""

    redundant: float
    first: float
    second: float
    synergy: float


def decomposed(first: ArrayLike, second: ArrayLike, target: ArrayLike, corrected: bool = False) -> Parts:
    """Partial information decomposition with minimum mutual information as redundancy.

    Sources: Williams and Beer, arXiv:1004.2515 (2010); Barrett, PRE 91:052802 (2015).

    Args:
        first: discrete values[n]; for what agents do together, its act at a tick, with the target at the next.
        second: discrete values[n].
        target: discrete values[n].
        corrected: with Miller's correction.

    Example:
        >>> decomposed([0, 0, 1, 1], [0, 1, 0, 1], [0, 1, 1, 0]).synergy
        1.0
    """
    one, two = (mutual_information(source, target, corrected) for source in (first, second))
    both = mutual_information(_joint((first, second)), target, corrected)
    redundant = min(one, two)
    return Parts(redundant, one - redundant, two - redundant, both - max(one, two))


def _joint(labels: tuple[ArrayLike, ...]) -> Codes:
    """One code per combination of values."""
    codes = np.zeros(len(np.asarray(labels[0])), np.int64)
    for values in labels:
        inverse = np.unique(np.asarray(values), return_inverse=True)[1]
        if len(inverse) != len(codes):
            raise MeasureError("information: variables must have as many values each")
        codes = codes * (inverse.max(initial=0) + 1) + inverse
    return codes
