"""Writing one graph of a run in one of the formats other programs read."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import numpy as np
import pandas as pd

from society.ground.errors import RecordError
from society.ground.whole_file import whole_file
from society.measures.networks import agents, edges
from society.record.reader import Record
from society.views.families import look_of
from society.views.graphs.gexf import write_gexf
from society.views.graphs.graphml import write_graphml
from society.views.graphs.slices import Progress, slices

FORMATS = ("gexf", "graphml", "csv")
Paths = tuple[Path, ...]


def write_graph(
    record: Record,
    which: str,
    form: str,
    out: Path | None = None,
    tick: int | None = None,
    progress: Progress | None = None,
) -> Paths:
    """Write one graph for another program; whole files or none. Memory and time grow with the number of edges.

    * ``gexf`` (1.3, dynamic, for Gephi and its timeline): one edge per source, target and kind, with a spell each time and
      its weight the number of times; scores and trust as values over time; nodes in the colours of their families. Gephi
      holds no two edges of a kind between the same two nodes, so they are put together here and nowhere else.
    * ``graphml`` (networkx, igraph, Cytoscape, Gephi): an edge each time, with its ``tick``.
    * ``csv`` (pandas, Gephi, Cytoscape): two files, NAME.nodes.csv with an ``id`` and NAME.edges.csv with ``source`` and
      ``target``, so that nothing is said twice and agents without edges are there; an edge each time, with its ``tick``.

    Args:
        record: the run.
        which: ``protection``, ``trust``, ``messages`` or ``ratings``; see ``society.measures.networks.edges``.
        form: one of ``FORMATS``.
        out: the file; ``<graph>.<form>`` in the run's folder if absent. Of csv, what ``.nodes.csv`` is added to.
        tick: what had happened by the end of this tick, and of trust its last snapshot; everything if absent.
        progress: called with (edges written, edges in all).

    Returns:
        The files.

    Raises:
        RecordError: there is no such graph, format or tick, or the file cannot be written.
    """
    if tick is not None and not 0 <= tick <= record.ticks:
        raise RecordError(f"{record.path}: tick {tick}: recorded are 0 .. {record.ticks}")
    if form not in FORMATS:
        raise RecordError(f"{record.path}: no format {form!r}: there are {', '.join(FORMATS)}")
    rows, nodes = edges(record, which, tick), agents(record, tick)
    path = record.path / f"{which}.{form}" if out is None else out
    say = progress or _silent
    if form == "csv":
        return _write_csv(path.with_suffix("") if path.suffix == ".csv" else path, nodes, rows, say)
    with _whole(path) as stream:
        if form == "gexf":
            end = record.ticks if tick is None else tick
            colours = {name: look_of(number).light for number, name in enumerate(record.families)}
            about = f"{which} in {record.manifest['name']}"
            write_gexf(stream, about, nodes, _held(which, rows, nodes, end), end, colours, say)
        else:
            write_graphml(stream, which, nodes, rows, say)
    return (path,)


def _held(which: str, rows: pd.DataFrame, nodes: pd.DataFrame, ticks: int) -> pd.DataFrame:
    """The last tick at which each edge holds, as column until: acts pass, ties hold until the next snapshot or a death."""
    if which != "trust":
        return rows.assign(until=rows["tick"])
    snapshots = np.unique(rows["tick"])
    until = np.append(snapshots[1:] - 1, ticks)[np.searchsorted(snapshots, rows["tick"])]
    ended = nodes["ended"].where(nodes["ended"] >= 0, ticks)
    for side in ("source", "target"):
        until = np.minimum(until, ended.reindex(rows[side]).to_numpy())
    return rows.assign(until=np.maximum(until, rows["tick"]))


def _write_csv(stem: Path, nodes: pd.DataFrame, rows: pd.DataFrame, progress: Progress) -> Paths:
    paths = (stem.with_name(f"{stem.name}.nodes.csv"), stem.with_name(f"{stem.name}.edges.csv"))
    with _whole(paths[0]) as stream:
        nodes.to_csv(stream, lineterminator="\n")
    with _whole(paths[1]) as stream:
        for done, part in slices(rows, progress):
            part.to_csv(stream, index=False, header=done == 0, lineterminator="\n")
    return paths


def _silent(done: int, total: int) -> None:
    """Nobody wants to know."""


@contextmanager
def _whole(path: Path) -> Iterator[TextIO]:
    """A text file that appears under its name when it is complete."""
    with whole_file(path) as aside, open(aside, "w", encoding="utf-8", newline="\n") as stream:
        yield stream
