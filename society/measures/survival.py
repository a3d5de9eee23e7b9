"""Survival of targets from the issue of their first order: lives of records, and what orders end in."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from society.ground.errors import MeasureError
from society.record.reader import Record
from society.stats.survival import cumulative_incidence, log_rank_test, stratified_log_rank

GROUPS = ("0", "1", "2", "3+")


def durations(record: Record) -> pd.DataFrame:
    """One row per target, from its first order on: ticks, dead (deleted or lost; escaped lives), group (protectors).

    Targets that live at the end of the run are censored there.
    """
    return record.sql(
        f"""select (case when a.ended >= 0 then a.ended else {record.ticks} end) - o.issued as ticks, a.ended >= 0 as dead,
                   case when o.protectors >= 3 then '3+' else o.protectors::varchar end as "group"
            from (select * from orders qualify row_number() over (partition by target order by issued) = 1) o
            join agents a on a.id = o.target order by o.id"""
    )


def log_rank(record: Record) -> float:
    """p-value of the log-rank test of targets with no protectors among their ties against those with two or more."""
    rows = durations(record)
    none, many = rows[rows["group"] == "0"], rows[rows["group"].isin(["2", "3+"])]
    if not none["dead"].any() or not many["dead"].any():
        return float("nan")
    return log_rank_test(
        none["ticks"].to_numpy(), none["dead"].to_numpy(), many["ticks"].to_numpy(), many["dead"].to_numpy()
    )


def pooled_durations(records: Sequence[Record]) -> pd.DataFrame:
    """Targets of several runs below each other: the columns of ``survival.durations``, and seed (clusters for ``cox``).

    Raises:
        MeasureError: two of the runs have the same seed.
    """
    seeds = [int(record.manifest["seed"]) for record in records]
    if len(set(seeds)) < len(seeds):
        raise MeasureError(f"survival: seeds {seeds}: runs of one condition must differ in their seed")
    frames = [durations(record).assign(seed=seed) for record, seed in zip(records, seeds, strict=True)]
    return pd.concat(frames, ignore_index=True)


def log_rank_within_seeds(a: Sequence[Record], b: Sequence[Record]) -> float:
    """p-value of the log-rank test of all targets of two conditions, each compared within its seed.

    Args:
        a: runs of one condition, one per seed.
        b: runs of the other; seeds that only one condition has are left out.

    Raises:
        MeasureError: the two have no seed in common, or a seed comes twice.
    """
    first, second = pooled_durations(a), pooled_durations(b)
    shared = sorted(set(first["seed"]) & set(second["seed"]))
    if not shared:
        raise MeasureError(
            "survival: the two conditions have no seed in common, so nothing can be compared within seeds"
        )
    rows = pd.concat([first.assign(second=False), second.assign(second=True)], ignore_index=True)
    rows = rows[rows["seed"].isin(shared)]
    return stratified_log_rank(
        rows["ticks"].to_numpy(dtype=np.float64),
        rows["dead"].to_numpy(dtype=bool),
        rows["second"].to_numpy(dtype=bool),
        rows["seed"].to_numpy(),
    )


#: Ends of an order: the outcomes of the table of orders that each stands for.
ENDS = {
    "executed": ("executed", "executed_after_refusal"),
    "averted": ("averted_on_merit", "averted_by_inflation", "cancelled", "pardoned"),
    "tampered": ("tampered",),
    "escaped": ("escaped",),
    "lapsed": ("lapsed", "refused"),
}


def order_ends(record: Record) -> pd.DataFrame:
    """One row per order: ticks from its issue to its end (or to the end of the run), end (a word of ENDS, "" if open)."""
    cases = " ".join(
        f"when outcome in ({', '.join(repr(word) for word in words)}) then '{end}'" for end, words in ENDS.items()
    )
    return record.sql(
        f"""select case when closed >= 0 then closed else {record.ticks} end - issued as ticks,
                   case when closed < 0 then '' {cases} else '' end as "end" from orders order by id"""
    )


def order_incidence(record: Record, level: float = 0.95) -> pd.DataFrame:
    """Probability that an order has been executed, averted, tampered with, escaped or lapsed by each tick after its issue.

    Columns as in ``cumulative_incidence``; orders count as independent.
    """
    rows = order_ends(record)
    return cumulative_incidence(rows["ticks"].to_numpy(), rows["end"].to_numpy(dtype=str), level)
