"""The third null: the same events, shuffled in time within each agent and kind."""

import numpy as np
import pandas as pd

from society.ground.chance import Chance
from society.record.reader import Record


def shuffled_tables(record: Record, seed: int) -> dict[str, pd.DataFrame]:
    """Events and occasions of a record with their tick labels permuted within agent and kind.

    Who did what how often stays; when, and with whom at once, is luck.
    """
    changed = {}
    for name, agent in (("events", "actor"), ("occasions", "agent")):
        rows = record.table(name)
        luck = Chance(seed).uniform(f"shuffle {name}", 0, rows["id"].to_numpy())
        groups = pd.factorize(pd.MultiIndex.from_frame(rows[[agent, "kind"]].astype(str)))[0]
        ticks = rows["tick"].to_numpy().copy()
        there = np.lexsort((np.arange(len(rows)), groups))
        drawn = np.lexsort((luck, groups))
        ticks[there] = rows["tick"].to_numpy()[drawn]
        rows["tick"] = ticks
        changed[name] = rows
    return changed
