"""Who does the same things at the same times: agents whose windows of acts resemble each other more than most."""

from society.record.reader import Record
from society.stats.coordination import Coordination, coordinated


def coordinated_protectors(record: Record, window: int = 24, step: int = 12, percentile: float = 99.0) -> Coordination:
    """``coordinated`` of the acts of core protection of a run, by act and target."""
    acts = record.sql(
        """select actor, act || ' ' || target as what, tick from events
           where kind = 'act' and act in ('inflate', 'tamper', 'copy') and actor >= 0 order by id"""
    )
    return coordinated(acts, window, step, percentile)
