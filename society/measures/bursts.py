"""Do events come in bursts, and do several agents share them?"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from society.ground.errors import MeasureError
from society.record.reader import Record


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


def protective_bursts(record: Record, least: int = 5) -> pd.DataFrame:
    """Burstiness of core protection: of each agent with enough intervals, and of the whole society (agent -1).

    Args:
        record: the run.
        least: fewest intervals.

    Returns:
        Columns agent, raw, finite, memory, n. Ticks are whole, so that acts of one tick are 0 apart.
    """
    acts = record.sql(
        """select actor, tick from events where kind = 'act' and act in ('inflate', 'tamper', 'copy') and actor >= 0
           order by tick, id"""
    )
    agents, ticks = acts["actor"].to_numpy(np.int64), acts["tick"].to_numpy(np.int64)
    rows = []
    for agent in [-1, *np.unique(agents).tolist()]:
        mine = ticks if agent < 0 else ticks[agents == agent]
        if len(mine) > least:
            found = burstiness(np.diff(mine))
            rows.append((agent, found.raw, found.finite, found.memory, found.n))
    return pd.DataFrame(rows, columns=["agent", "raw", "finite", "memory", "n"])
