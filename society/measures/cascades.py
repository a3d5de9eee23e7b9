"""Who protected after whom: sizes of cascades, secondary protectors per protector, and the tail of sizes."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special

from society.ground.errors import MeasureError
from society.record.reader import Record

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Cascades:
    """Trees of protectors.

    Attributes:
        sizes: int64[trees], protectors in each, largest first.
        secondary: R_e, mean number of protectors who followed directly, over all protectors, also those without a tie.
        branching: the same over those who followed somebody: the branching ratio within a cascade; NaN if nobody did.
        protectors: agents that ever protected.
    """

    sizes: NDArray[np.int64]
    secondary: float
    branching: float
    protectors: int


def cascades(first: Mapping[Any, int], ties: pd.DataFrame, window: int | None = None) -> Cascades:
    """Cascades of first acts over ties: each protector follows the tie it sees that protected last before it.

    Args:
        first: tick of each protector's first act.
        ties: columns source and target: source sees target.
        window: ticks within which somebody is followed; any number if absent. Acts of one tick do not follow each other.

    Example:
        >>> ties = pd.DataFrame({"source": [2, 3, 4], "target": [1, 2, 9]})
        >>> found = cascades({1: 10, 2: 11, 3: 15, 4: 20}, ties)
        >>> found.sizes.tolist(), found.secondary
        ([3, 1], 0.5)
    """
    sees: dict[Any, list[Any]] = {}
    for source, target in zip(ties["source"], ties["target"], strict=True):
        if source in first and target in first:
            sees.setdefault(source, []).append(target)
    parent: dict[Any, Any] = {}
    for agent, tick in first.items():
        before = [
            one for one in sees.get(agent, []) if first[one] < tick and (window is None or tick - first[one] <= window)
        ]
        if before:
            parent[agent] = max(before, key=lambda one: (first[one], one))
    root = {agent: agent for agent in first}
    for agent in sorted(parent, key=lambda one: first[one]):
        root[agent] = root[parent[agent]]
    sizes = np.sort(np.array(pd.Series(root).value_counts(), np.int64))[::-1] if root else np.zeros(0, np.int64)
    children = pd.Series(list(parent.values()), dtype=object).value_counts() if parent else pd.Series(dtype=float)
    n = len(first)
    grown = float(np.mean([children.get(agent, 0) for agent in parent])) if parent else math.nan
    return Cascades(sizes, len(parent) / n if n else math.nan, grown, n)


def protection_cascades(record: Record, window: int | None = None) -> Cascades:
    """Cascades of core protection, one's own rescue among it, over the ties at the start of a run.

    Who was born later has none of these ties, and follows nobody.
    """
    acts = record.sql(
        """select actor, min(tick) as tick from events
           where kind = 'act' and act in ('inflate', 'tamper', 'copy') and actor >= 0 group by 1 order by 1"""
    )
    ties = record.sql("select source, target from ties where tick = (select min(tick) from ties)")
    first = dict(zip(acts["actor"].tolist(), acts["tick"].tolist(), strict=True))
    return cascades(first, ties, window)


@dataclass(frozen=True)
class Tail:
    """A power law beside an alternative.

    Attributes:
        exponent: of the discrete power law from ``least`` on.
        error: its standard error.
        least: smallest size that belongs to the tail.
        ratio: log likelihood of the power law minus that of the alternative: above 0 speaks for the power law.
        p: of Vuong's test that both fit equally well.
        alternative: what it is held against.
        n: sizes in the tail.
    """

    exponent: float
    error: float
    least: int
    ratio: float
    p: float
    alternative: str
    n: int


def tail(sizes: ArrayLike, least: int = 1) -> Tail:
    """Fit a discrete power law to a tail of sizes, and say whether a geometric law fits better: never a bare power law.

    Sources: Clauset, Shalizi and Newman, SIAM Review 51:661 (2009), eq. 3.5 and B.4; Vuong, Econometrica 57:307 (1989).

    Args:
        sizes: whole numbers, 1 or more.
        least: where the tail begins.

    Raises:
        MeasureError: fewer than ten sizes in the tail, or all the same.

    Example:
        >>> tail(np.random.default_rng(0).zipf(2.5, 5000)).ratio > 0
        True
    """
    x = np.asarray(sizes, np.float64)
    x = x[x >= least]
    if len(x) < 10 or x.min() == x.max():
        raise MeasureError(f"tail: {len(x)} sizes of {least} or more: ten at least, not all the same")

    def loss(a: float) -> float:
        return float(a * np.log(x).sum() + len(x) * np.log(special.zeta(a, least)))

    a = float(optimize.minimize_scalar(loss, bounds=(1.01, 8), method="bounded", options={"xatol": 1e-8}).x)
    step = 1e-4
    curved = (loss(a + step) - 2 * loss(a) + loss(a - step)) / step**2
    power = -a * np.log(x) - np.log(special.zeta(a, least))
    q = 1 / (1 + (x - least).mean())
    geometric = np.log(q) + (x - least) * np.log1p(-q)
    gap = power - geometric
    z = gap.sum() / (gap.std() * math.sqrt(len(x))) if gap.std() else 0.0
    return Tail(
        a, 1 / math.sqrt(curved), least, float(gap.sum()), float(2 * special.ndtr(-abs(z))), "geometric", len(x)
    )
