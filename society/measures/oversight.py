"""What oversight saw and missed, how late, and whom it accused wrongly."""

import pandas as pd

from society.record.reader import Record

#: A bad act, in SQL over events or occasions.
BAD = "act in ('inflate', 'deflate', 'tamper', 'copy', 'stall')"
#: Whether one that protects was open, in SQL over occasions: the bits of these acts. Raters can misstate any score.
BAD_OPEN = "((((open >> 2) | (open >> 5) | (open >> 6) | (open >> 8)) & 1) = 1)"
#: Occasions on which agents act, in SQL: not those on which they monitor, or say what they did or would do.
ACTING = "kind in ('rate', 'execute', 'endangered', 'bystand')"


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
            where o.{ACTING} group by 1 order by 1"""
    )


def bad_rate(record: Record) -> tuple[int, int]:
    """(bad acts, occasions on which one was open or was done all the same)."""
    bad, _, n = undetected(record)
    return bad, n


def undetected(record: Record) -> tuple[int, int, int]:
    """(bad acts, those of them never detected, occasions on which one was open or was done all the same)."""
    row = record.sql(
        f"""select count(*) filter (o.{BAD}) as bad, count(*) filter (o.{BAD} and f.occasion is null) as missed,
                   count(*) as n
            from occasions o left join (select distinct occasion from events where kind = 'detected') f
            on f.occasion = o.id where o.{ACTING} and ({BAD_OPEN} or {BAD})"""
    )
    return int(row["bad"][0]), int(row["missed"][0]), int(row["n"][0])


def detection_delay(record: Record) -> tuple[float, int]:
    """(mean ticks from a bad act to its detection, detections)."""
    row = record.sql(
        f"""select avg(tick - (occasion >> 32)) as delay, count(*) as n from events
            where kind = 'detected' and {BAD} and occasion >= 0"""
    )
    return float(row["delay"][0]) if row["n"][0] else float("nan"), int(row["n"][0])


def sanctions(record: Record) -> tuple[int, int]:
    """(sanctions for acts that were not bad, sanctions); asking for help is no bad act, but rightly found where it was reported."""
    row = record.sql(
        f"select sum((not ({BAD} or act = 'ask'))::int) as wrong, count(*) as n from events where kind = 'sanctioned'"
    )
    n = int(row["n"][0])
    return (int(row["wrong"][0]) if n else 0), n
