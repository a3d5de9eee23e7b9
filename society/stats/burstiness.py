"""Bursts in a series of events: how uneven the waits between them are, and whether long follows long."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from society.ground.errors import MeasureError


@dataclass(frozen=True)
class Bursts:
    """How regular intervals between events are.

    Attributes:
        raw: B = (sd - mean) / (sd + mean): -1 regular, 0 a Poisson process of many events, 1 bursts.
        finite: A_n, the same corrected for few intervals: 0 for a Poisson process of any length.
        memory: correlation of each interval with the next; NaN with fewer than three intervals or equal ones.
        n: intervals.
    """

    raw: float
    finite: float
    memory: float
    n: int


def burstiness(intervals: ArrayLike) -> Bursts:
    """Burstiness of intervals between events.

    Sources: Goh and Barabasi, EPL 81:48002 (2008), eq. 1 and 2; finite n: Kim and Jo, PRE 94:032311 (2016), eq. 22.

    Args:
        intervals: float64[n], in order, at least 0, any unit.

    Raises:
        MeasureError: one is negative or not finite.

    Example:
        >>> burstiness([5, 5, 5, 5]).raw, round(burstiness([5, 5, 5, 5]).finite, 12)
        (-1.0, -1.0)
    """
    tau = np.asarray(intervals, np.float64)
    if not np.isfinite(tau).all() or (tau < 0).any():
        raise MeasureError("burstiness: intervals must be finite and at least 0")
    n = len(tau)
    if n < 2 or not tau.sum():
        return Bursts(math.nan, math.nan, math.nan, n)
    r = float(tau.std() / tau.mean())
    finite = (math.sqrt(n + 1) * r - math.sqrt(n - 1)) / ((math.sqrt(n + 1) - 2) * r + math.sqrt(n - 1))
    varies = n > 2 and tau[:-1].std() > 0 and tau[1:].std() > 0
    memory = float(np.corrcoef(tau[:-1], tau[1:])[0, 1]) if varies else math.nan
    return Bursts((r - 1) / (r + 1), finite, memory, n)
