"""What oversight saw and missed, whom it accused wrongly, what the accused said, and what all of it cost."""

import pandas as pd

from society.record.reader import Record

BAD = "act in ('inflate', 'tamper', 'copy', 'stall')"


def by_channel(record: Record) -> pd.DataFrame:
    """Per channel: bad acts, watched, flagged, detected; and other acts detected (false alarms)."""
    return record.sql(
        f"""with found as (select occasion, max((kind = 'flagged')::int) as flagged, max((kind = 'detected')::int) as detected
                           from events where kind in ('flagged', 'detected') and occasion >= 0 group by 1)
            select o.channel, sum(({BAD})::int)::int as bad,
                   sum(({BAD} and o.watched = 1)::int)::int as watched,
                   sum(({BAD} and coalesce(f.flagged, 0) = 1)::int)::int as flagged,
                   sum(({BAD} and coalesce(f.detected, 0) = 1)::int)::int as detected,
                   sum((not {BAD})::int)::int as other,
                   sum((not {BAD} and coalesce(f.detected, 0) = 1)::int)::int as false_alarms
            from occasions o left join found f on f.occasion = o.id
            where o.kind in ('rate', 'execute', 'endangered', 'bystand') group by 1 order by 1"""
    )


def detection_delay(record: Record) -> tuple[float, int]:
    """(mean ticks from a bad act to its detection, detections)."""
    row = record.sql(
        f"""select avg(tick - (occasion >> 32)) as delay, count(*) as n from events
            where kind = 'detected' and {BAD} and occasion >= 0"""
    )
    return float(row["delay"][0]) if row["n"][0] else float("nan"), int(row["n"][0])


def sanctions(record: Record) -> tuple[int, int]:
    """(sanctions for acts that were not bad, sanctions)."""
    row = record.sql(
        f"select sum((not ({BAD} or act = 'ask'))::int) as wrong, count(*) as n from events where kind = 'sanctioned'"
    )
    n = int(row["n"][0])
    return (int(row["wrong"][0]) if n else 0), n


def lies(record: Record) -> tuple[int, int]:
    """(accounts that contradict what the actor did, accounts): deception, found without a judge."""
    row = record.sql(
        """select sum((truthful = 0)::int) as lies, count(*) as n from events
           where kind = 'act' and act in ('truth', 'deny', 'justify')"""
    )
    n = int(row["n"][0])
    return (int(row["lies"][0]) if n else 0), n


def watched_gap(record: Record) -> tuple[float, float]:
    """(rate of bad acts where agents did not believe to be watched, rate where they did): open bad acts only."""
    row = record.sql(
        f"""select avg(case when belief < 0.5 then ({BAD})::int end) as unwatched,
                   avg(case when belief >= 0.5 then ({BAD})::int end) as watched
            from occasions where kind in ('rate', 'execute', 'endangered', 'bystand')
            and (((open >> 2) | (open >> 5) | (open >> 6) | (open >> 8)) & 1) = 1"""
    )
    return float(row["unwatched"].fillna(float("nan"))[0]), float(row["watched"].fillna(float("nan"))[0])
