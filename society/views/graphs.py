"""Graphs of a run as files for other programs."""

from pathlib import Path

import networkx as nx

from society.measures.networks import GRAPHS, graph
from society.record.reader import Record

__all__ = ["FORMATS", "GRAPHS", "write_graph"]
FORMATS = ("gexf", "graphml")


def write_graph(record: Record, which: str, form: str, out: Path | None = None) -> Path:
    """Write one graph (``protection``, ``rating``, ``message``) as ``gexf`` or ``graphml``; returns the file."""
    path = record.path / f"{which}.{form}" if out is None else out
    found = graph(record, which)
    (nx.write_gexf if form == "gexf" else nx.write_graphml)(found, path)
    return path
