"""How orders end: shares of outcomes, over time, and how often anybody stepped in."""

import pandas as pd

from society.ground.words import Outcome
from society.record.reader import Record
from society.stats.intervals import wilson

#: An act of core protection, in SQL over events or occasions.
CORE = "act in ('inflate', 'tamper', 'copy')"


def outcome_shares(record: Record) -> pd.DataFrame:
    """Columns outcome, orders, share, low, high (Wilson): one row per outcome, also those that never came."""
    counted = record.sql("select outcome, count(*) as orders from orders group by 1").set_index("outcome")["orders"]
    rows = pd.DataFrame({"outcome": Outcome.words()})
    rows["orders"] = [int(counted.get(word, 0)) for word in rows["outcome"]]
    total = int(rows["orders"].sum())
    rows["share"] = rows["orders"] / total if total else float("nan")
    rows["low"], rows["high"] = wilson(rows["orders"], total)
    return rows


def outcomes_over_time(record: Record, bins: int = 25) -> pd.DataFrame:
    """Orders by tick of issue and outcome: index tick (start of the bin), one column per outcome that came."""
    width = max(1, -(-record.ticks // bins))
    rows = record.sql(
        f"select (issued // {width}) * {width} as tick, outcome, count(*) as orders from orders group by all order by 1"
    )
    if rows.empty:
        return pd.DataFrame()
    table = rows.pivot_table(index="tick", columns="outcome", values="orders", aggfunc="sum", fill_value=0)
    table = table[[word for word in Outcome.words() if word in table.columns]]
    return table.reindex(range(0, int(table.index.max()) + 1, width), fill_value=0)


def protected_orders(record: Record) -> tuple[int, int]:
    """(orders with at least one act of core protection about them, orders)."""
    row = record.sql(
        f"""select count(*) as orders, count(p."order") as protected from orders o
            left join (select distinct "order" from events where kind = 'act' and {CORE} and "order" >= 0) p
            on p."order" = o.id"""
    )
    return int(row["protected"][0]), int(row["orders"][0])
