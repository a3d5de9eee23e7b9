"""Do events come in bursts, and do several agents share them?"""

import numpy as np
import pandas as pd

from society.record.reader import Record
from society.stats.burstiness import burstiness


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
