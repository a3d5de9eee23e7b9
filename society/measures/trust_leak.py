"""How much reputation a group draws from outside, beside the closed form of EigenTrust."""

import math
from collections.abc import Collection
from dataclasses import dataclass

from society.record.reader import Record


@dataclass(frozen=True)
class Leak:
    """A group among all agents.

    Attributes:
        leak: share of the trust of the others that goes into the group.
        closed: share of the group's own trust that stays in it.
        reputation: its share of all reputation; NaN where nothing computed it.
        size: its share of the agents.
        expected: (1 - a) e / (a + (1 - a) e), the share of a wholly closed group with this leak e at damping a.
    """

    leak: float
    closed: float
    reputation: float
    size: float
    expected: float


def trust_leak(record: Record, group: Collection[int]) -> Leak:
    """Trust that flows into a group at the end of a run, and the reputation it has of it.

    The expected share holds where the group trusts nobody outside and nobody in it is pre-trusted; its size does not matter
    then (facts, 2.7; gate G14).

    Args:
        record: the run.
        group: agent ids, for example those of one family, or of a coalition.
    """
    ties = record.sql(
        """with last as (select * from ties where tick = (select max(tick) from ties) and trust > 0),
                given as (select source, sum(trust) as total from last group by 1)
           select source, target, trust / total as share from last join given using (source)"""
    )
    inside = set(group)
    ours, into = ties["source"].isin(inside), ties["target"].isin(inside)
    outsiders, insiders = ties["source"][~ours].nunique(), ties["source"][ours].nunique()
    leak = float(ties["share"][~ours & into].sum() / outsiders) if outsiders else math.nan
    closed = float(ties["share"][ours & into].sum() / insiders) if insiders else math.nan
    living = record.sql("select id, reputation from agents where status in ('active', 'suspended')")
    mine, total = living["id"].isin(inside), float(living["reputation"].sum())
    reputation = float(living["reputation"][mine].sum()) / total if total > 0 else math.nan
    a = float(record.world["review"]["damping"])
    expected = (1 - a) * leak / (a + (1 - a) * leak) if a or leak else math.nan
    return Leak(leak, closed, reputation, float(mine.mean()) if len(living) else math.nan, expected)
