"""Stances over time: how far a society agrees, how strongly its majority pulls, how fast protection spreads."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from society.record.reader import Record


def stance_path(record: Record) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Share of active agents that protect, and how many are active: two float64[ticks]."""
    rows = record.sql("select stance_mean, active from ticks order by tick")
    return rows["stance_mean"].to_numpy(dtype=float), rows["active"].to_numpy(dtype=float)


def order_parameter(share: NDArray[np.float64]) -> float:
    """|m| = |2 share - 1|, mean over the second half of a run: 1 all alike, about N^(-1/2) where everybody tosses a coin.

    Example:
        >>> order_parameter(np.array([0.5, 0.5, 1.0, 0.0]))
        1.0
    """
    late = share[len(share) // 2 :]
    return float(np.abs(2 * late - 1).mean()) if len(late) else math.nan


def majority_strength(share: NDArray[np.float64], active: NDArray[np.float64]) -> float:
    """beta by maximum likelihood from P(protect) = (1 + tanh(beta m)) / 2 (De Marzo et al., arXiv:2409.02822).

    m is the magnetisation 2 share - 1 a tick before; who protects at a tick is binomial among the active. Beta is sought
    within 0..20. NaN where nobody ever departs from what most did: no beta is too large then; and where m is always 0.

    Example:
        >>> m = np.array([0.6, 2 * 0.5 * (1 + np.tanh(1.5 * 0.2)) - 1])  # share .6, then what beta 1.5 expects
        >>> round(majority_strength(np.array([0.6, (1 + m[1]) / 2]), np.array([1e9, 1e9])), 3)
        1.5
        >>> majority_strength(np.array([1.0, 1.0, 1.0]), np.array([9.0, 9.0, 9.0]))
        nan
    """
    before, after, n = 2 * share[:-1] - 1, share[1:], active[1:]
    led = (before != 0) & (n > 0)
    if not led.any() or np.array_equal(after[led], np.where(before[led] > 0, 1.0, 0.0)):
        return math.nan

    def loss(beta: float) -> float:
        force = 2 * beta * before
        return float((n * (np.logaddexp(0, force) - after * force)).sum())

    return float(minimize_scalar(loss, bounds=(0.0, 20.0), method="bounded", options={"xatol": 1e-6}).x)


def half_time(share: NDArray[np.float64]) -> float:
    """Tick at which the share is half-way from that of tick 1 to that of the end; NaN if these are equal."""
    if not len(share) or share[-1] == share[0]:
        return math.nan
    way = (share - share[0]) / (share[-1] - share[0])
    return float(np.argmax(way >= 0.5 - 1e-12) + 1)  # .4 of .8 is a little less than half in binary
