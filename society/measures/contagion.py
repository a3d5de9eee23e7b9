"""Contagion or homophily: does protection pass over ties, or do those who are alike only sit together.

What neighbours did before says nothing by itself, since those who are alike are tied and act alike (Shalizi and Thomas,
Sociological Methods & Research 40:211, 2011). Where protectors were seeded at random, luck tells the two apart.
"""

import math

import numpy as np

from society.record.reader import Record
from society.stats.contagion import focal_test
from society.stats.intervals import Statistic


def contagion(record: Record, draws: int = 999, seed: int = 0) -> Statistic:
    """The focal test on a run that began with protectors placed at random (``stance`` of families): who protected later.

    Returns:
        As ``focal_test``; NaN where nobody or everybody began as a protector.
    """
    start = record.sql("select id, stance from snapshots where tick = 0 order by id")
    number = {int(agent): at for at, agent in enumerate(start["id"])}
    ties = record.sql("select source, target from ties where tick = (select min(tick) from ties)")
    acts = record.sql(
        """select distinct actor from events where kind = 'act' and act in ('inflate', 'tamper', 'copy') and actor >= 0"""
    )
    seeded = start["stance"].to_numpy(np.float64)
    if not 0 < seeded.sum() < len(seeded):
        return Statistic(math.nan, math.nan, 0, "focal randomisation")
    later = np.zeros(len(seeded))
    later[[number[int(agent)] for agent in acts["actor"] if int(agent) in number]] = 1
    return focal_test(ties.apply(lambda column: column.map(number)), seeded, later, draws, seed)
