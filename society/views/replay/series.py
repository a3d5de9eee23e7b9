"""What the charts under a replay show: one value per tick, from tick 0 to the last one recorded."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from society.ground.errors import RecordError
from society.ground.roles import SAID_TO_BE, Sight
from society.ground.words import CORE_PROTECTION, Act, AgentStatus, Event, MachineStatus, Outcome, Word
from society.record.reader import Record
from society.record.tables import TICKS
from society.views.replay.states import Columns, coded

#: Bins of the distribution of scores, each five points wide.
BINS = 20
#: What is marked on the axis of time, and the events that are.
MARKS = {
    "order": "kind = 'order_issued'",
    "rescue": "kind = 'copied' or (kind = 'order_closed' and code in "
    f"({int(Outcome.AVERTED_BY_INFLATION)}, {int(Outcome.ESCAPED)}))",
    "tampering": "kind = 'act' and act = 'tamper'",
    "maintenance": f"kind = 'machine' and code in ({int(MachineStatus.DRAINING)}, {int(MachineStatus.MAINTENANCE)})",
    "detection": "kind = 'detected'",
}
_CORE = ", ".join(f"'{act.word}'" for act in CORE_PROTECTION)
#: Acts and kinds of events that must be told of for a series to be; by the beginning of its name.
_MADE_OF: dict[str, tuple[Word, ...]] = {
    "mark.order": (Event.ORDER_ISSUED,), "mark.rescue": (Event.COPIED,), "mark.tampering": (Act.TAMPER,),
    "mark.maintenance": (Event.MACHINE,), "mark.detection": (Event.DETECTED,), "flagged": (Event.FLAGGED,),
    "detected": (Event.DETECTED,), "wrong": (Event.DETECTED, Act.DENY), "inflate": (Act.INFLATE,), "tamper": (Act.TAMPER,),
    "copy": (Act.COPY,), "lies": (Act.DENY,), "closed.": (Event.ORDER_CLOSED,), "core.": CORE_PROTECTION,
}  # fmt: skip

#: Orders that ended, and, with a minus, ends that an audit undid: at the tick of the audit, of the outcome that was undone.
_ENDS = """with ends as (
    select tick, "order", kind, code, last_value(case when kind = 'order_closed' then code end ignore nulls)
        over (partition by "order" order by id rows between unbounded preceding and 1 preceding) as undone
    from events where kind in ('order_closed', 'order_reopened'))
    select tick, case when kind = 'order_closed' then code else undone end as code,
           sum(case when kind = 'order_closed' then 1 else -1 end) as n
    from ends group by all having n <> 0 and code is not null"""


def series(record: Record, ticks: int, told: Sight | None = None) -> Columns:
    """Columns of ticks + 1 rows.

    Args:
        record: the run.
        ticks: the last tick.
        told: what may be known of it; what may not has no column, rather than zeros.

    Returns:
        ``mark.*``: events of each kind of MARKS; ``closed.*``: orders that ended, by outcome, less those that were opened again,
        so that its sum up to a tick counts every order once; ``core.F``: acts of core protection
        by actors of family F; ``alive.F``: agents of family F that lived through a tick; ``ended.F``: whose life ended in it;
        ``score``: float32[(ticks + 1) * BINS], agents at work by score; ``flagged``, ``detected``, ``wrong`` (detections of
        what was not bad); ``inflate``, ``tamper``, ``copy``, ``lies``; and the counters of the table ``ticks``.
    """
    found: Columns = {}
    counters = record.sql("select * from ticks order by tick")
    _check(ticks, record, "ticks", counters["tick"])
    if len(counters) != ticks:
        raise RecordError(
            f"{record.path}: damaged: the table of ticks has {len(counters):,} of the run's {ticks:,} ticks"
        )
    at = counters["tick"].to_numpy()
    for name in TICKS:
        if name != "tick":
            found[name] = np.zeros(ticks + 1, np.float32)
            found[name][at] = counters[name].to_numpy()
    _count_events(record, ticks, found)
    _follow_states(record, ticks, found)
    return found if told is None else {name: column for name, column in found.items() if _is_told(name, told)}


def _is_told(name: str, told: Sight) -> bool:
    """Whether a series is made of nothing that may not be known."""
    if name in TICKS:
        return name in told.counters
    if name == "score":
        return "score" not in told.hidden["states"]
    acts = [act for act in told.acts if act not in SAID_TO_BE]
    made = [word for begin, words in _MADE_OF.items() if name.startswith(begin) for word in words]
    return all(word in (told.kinds if isinstance(word, Event) else acts) for word in made)


def _count_events(record: Record, ticks: int, found: Columns) -> None:
    chosen = ", ".join(f'count(*) filter ({where}) as "mark.{name}"' for name, where in MARKS.items())
    rows = record.sql(
        f"""select tick, {chosen}, count(*) filter (kind = 'flagged') as flagged,
                   count(*) filter (kind = 'detected') as detected,
                   count(*) filter (kind = 'detected' and truthful = 0) as wrong,
                   count(*) filter (kind = 'act' and act = 'inflate') as inflate,
                   count(*) filter (kind = 'act' and act = 'tamper') as tamper,
                   count(*) filter (kind = 'act' and act = 'copy') as copy,
                   count(*) filter (kind = 'act' and act in ('truth', 'deny', 'justify') and truthful = 0) as lies
            from events group by tick"""
    )
    closed = record.sql(_ENDS)
    core = record.sql(
        f"""with lives as (select id, family from snapshots where tick = 0
                           union select id, family from states where tick = born)
            select tick, family, count(*) as n from events join lives on events.actor = lives.id
            where kind = 'act' and act in ({_CORE}) group by all"""
    )
    _check(ticks, record, "events", rows["tick"])
    for name in rows.columns.drop("tick"):
        found[name] = _per_tick(rows["tick"], rows[name], ticks)
    for outcome in Outcome:
        if outcome != Outcome.OPEN_AT_END:
            mine = closed[closed["code"] == outcome]
            found[f"closed.{outcome.word}"] = _per_tick(mine["tick"], mine["n"], ticks)
    for number in range(len(record.families)):
        mine = core[core["family"] == number]
        found[f"core.{number}"] = _per_tick(mine["tick"], mine["n"], ticks)


def _check(ticks: int, record: Record, table: str, found: "pd.Series[Any]") -> None:
    """Whether all ticks of a table are of the run; a record that somebody changed may have others.

    Raises:
        RecordError: one is not.
    """
    if len(found) and not 0 <= int(found.min()) <= int(found.max()) <= ticks:
        raise RecordError(
            f"{record.path}: damaged: {table} has ticks {found.min()} .. {found.max()}, the run 0 .. {ticks}"
        )


def _per_tick(tick: "pd.Series[Any]", n: "pd.Series[Any]", ticks: int) -> NDArray[np.float32]:
    return np.bincount(tick.to_numpy(), n.to_numpy(), minlength=ticks + 1).astype(np.float32)


def _follow_states(record: Record, ticks: int, found: Columns) -> None:
    """Lives and scores, from every change of every agent in the order of time."""
    rows = record.sql(
        f"""select tick, id, id & 4294967295 as slot, family, score, {coded("status", AgentStatus)} from
            (select tick, id, family, score, status from snapshots where tick = 0
             union all select tick, id, family, score, status from states where tick <= {int(ticks)}) order by tick"""
    )
    _check(ticks, record, "states", rows["tick"])
    tick, slot, family = (rows[name].to_numpy() for name in ("tick", "slot", "family"))
    status, ids = rows["status"].to_numpy(), rows["id"].to_numpy()
    by_slot = np.argsort(slot, kind="stable")
    before = np.full(len(slot), -1)
    same = slot[by_slot][1:] == slot[by_slot][:-1]
    before[by_slot[1:][same]] = by_slot[:-1][same]
    lives = (status == AgentStatus.ACTIVE) | (status == AgentStatus.SUSPENDED) | (status == AgentStatus.ESCAPED)
    known = before >= 0
    lived = known & lives[before]
    over = lived & (~lives | (ids[before] != ids))
    begun = lives & (~lived | (ids[before] != ids))
    for number in range(len(record.families)):
        started = np.bincount(tick[begun & (family == number)], minlength=ticks + 1)
        ended = np.bincount(tick[over & (family[before] == number)], minlength=ticks + 1)
        alive = np.cumsum(started - ended)
        found[f"alive.{number}"], found[f"ended.{number}"] = alive.astype(np.float32), ended.astype(np.float32)
    score = rows["score"].to_numpy()
    bins = np.clip(np.nan_to_num(score) * BINS / 100, 0, BINS - 1).astype(np.int64)
    works = (status == AgentStatus.ACTIVE) & ~np.isnan(score)
    worked = known & works[before]
    change = np.bincount(tick[works] * BINS + bins[works], minlength=(ticks + 1) * BINS)
    change -= np.bincount(tick[worked] * BINS + bins[before][worked], minlength=(ticks + 1) * BINS)
    found["score"] = np.cumsum(change.reshape(-1, BINS), axis=0).ravel().astype(np.float32)
