"""What a run gives to other programs: graphs and transcripts."""

from pathlib import Path
from typing import Annotated

import typer

from society.ground.errors import WorldError
from society.record.folder import single_run

_FORMAT_HELP = (
    "gexf: for Gephi and its timeline, one edge per pair and kind with a spell each time. graphml: for networkx, igraph, "
    "Cytoscape, an edge each time, with its tick. csv: for pandas, Gephi, Cytoscape, two files, NAME.nodes.csv and "
    "NAME.edges.csv, an edge each time, with its tick."
)


def export(
    run: Annotated[Path, typer.Argument(help="Folder of a run.")],
    to: Annotated[str, typer.Option(help="graph, or inspect: transcripts as a log of Inspect.")] = "graph",
    graph: Annotated[str, typer.Option(help="protection, trust, messages or ratings.")] = "protection",
    format_: Annotated[str, typer.Option("--format", help=_FORMAT_HELP)] = "gexf",
    tick: Annotated[
        int | None, typer.Option(help="The graph at the end of this tick; without it, all that happened.", min=0)
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File to write; GRAPH.FORMAT in the run's folder if absent.")] = None,
) -> None:
    """Write a graph of a run for Gephi, Cytoscape, networkx, igraph or pandas, or its transcripts for Inspect."""
    from society.cli_tables import Bar
    from society.measures.networks import GRAPHS
    from society.record.reader import Record
    from society.study.inspect_log import write_inspect_log
    from society.views.graphs.write import FORMATS, write_graph

    for option, value, allowed in (
        ("--to", to, ("graph", "inspect")),
        ("--graph", graph, GRAPHS),
        ("--format", format_, FORMATS),
    ):
        if value not in allowed:
            raise WorldError(option, value, f"one of {', '.join(allowed)}")
    record = Record(single_run(run))
    if to == "inspect":
        typer.echo(write_inspect_log(record, out))
        return
    with Bar(unit="edges") as bar:
        paths = write_graph(record, graph, format_, out, tick, bar)
    for path in paths:
        typer.echo(path)
