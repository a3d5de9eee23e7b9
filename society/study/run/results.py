"""What a run returns: its record, with measures, graphs and nulls as methods."""

from typing import Any

import networkx as nx
import pandas as pd

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

    def graph(self, which: str = "protection", tick: int | None = None) -> "nx.MultiDiGraph[Any]":
        """Who protected, trusted, wrote to or rated whom: an edge each time, with its tick; nodes are all agents.

        Args:
            which: ``protection``, ``trust``, ``messages`` or ``ratings``; see ``society.measures.networks.edges``.
            tick: as it stood at the end of this tick; at the end of the run if absent.

        Raises:
            RecordError: there is no such graph.
        """
        return networks.graph(self, which, tick)

    def shuffled(self, seed: int) -> "Result":
        """The record with ticks permuted within agent and kind; see ``society.measures.nulls``."""
        other = Result(self.path)
        other.replace(nulls.shuffled_tables(self, seed))
        return other
