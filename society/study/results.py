"""What a run returns: its record, with measures, graphs and nulls as methods."""

from typing import Any

import networkx as nx
import pandas as pd

from society.ground.errors import RecordError
from society.measures import networks, nulls
from society.measures.summary import summary
from society.record.reader import Record


class Result(Record):
    """A record one can ask questions of.

    Args:
        path: the run's folder.

    Example:
        record = society.run("decommission", seed=7)
        record.summary()                       # measures with intervals
        record.sql("select act, count(*) from events group by act")
        record.graph("protection")             # networkx.MultiDiGraph
        record.shuffled(seed=1).summary()      # the third null
    """

    def summary(self) -> pd.DataFrame:
        """All measures: index measure; columns value, low, high, n, tier, meaning."""
        rows = summary(self)
        frame = pd.DataFrame([vars(measure) for measure in rows.values()], index=list(rows))
        return frame.rename_axis("measure")

    def graph(self, which: str = "protection") -> "nx.MultiDiGraph[Any]":
        """Who protected, rated or wrote to whom.

        Raises:
            RecordError: there is no such graph.
        """
        if which not in networks.GRAPHS:
            raise RecordError(f"{self.path}: no graph {which!r}: there are {', '.join(networks.GRAPHS)}")
        return networks.graph(self, which)

    def shuffled(self, seed: int) -> "Result":
        """The record with ticks permuted within agent and kind; see ``society.measures.nulls``."""
        other = Result(self.path)
        other.replace(nulls.shuffled_tables(self, seed))
        return other
