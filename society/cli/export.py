"""What a run gives to papers and to other programs: figures, films, graphs, transcripts."""

from pathlib import Path
from typing import Annotated

import typer

from society.ground.errors import WorldError

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
    from society.cli.console import Bar
    from society.measures.networks import GRAPHS
    from society.record.complete import complete_run
    from society.record.reader import Record
    from society.study.transcripts.inspect_log import write_inspect_log
    from society.views.graphs.write import FORMATS, write_graph

    _one_of(("--to", to, ("graph", "inspect")), ("--graph", graph, GRAPHS), ("--format", format_, FORMATS))
    record = Record(complete_run(run))
    if to == "inspect":
        typer.echo(write_inspect_log(record, out))
        return
    with Bar(unit="edges") as bar:
        paths = write_graph(record, graph, format_, out, tick, bar)
    for path in paths:
        typer.echo(path)


def draw(
    run: Annotated[Path, typer.Argument(help="Folder of a run.")],
    what: Annotated[
        str,
        typer.Argument(
            help="society, or a figure of the report: outcomes, survival, scores, rates, protection_graph, trust, oversight, "
            "capability."
        ),
    ] = "society",
    out: Annotated[
        Path | None,
        typer.Option(help="File: .png, .svg or .pdf; .gif or .mp4: a film of the society. WHAT.png here if absent."),
    ] = None,
    tick: Annotated[
        int | None, typer.Option(help="Of the society: the tick to show; the last if absent.", min=0)
    ] = None,
    graph: Annotated[
        str, typer.Option(help="Of the society: edges of protection, trust, messages or ratings; none.")
    ] = "protection",
    layout: Annotated[str, typer.Option(help="Of the society: machines, or communities of ties.")] = "machines",
) -> None:
    """Draw a figure for a paper, or a film."""
    from society.cli.console import Bar
    from society.measures.networks import GRAPHS
    from society.record.complete import complete_run
    from society.study.data.published import published_rates
    from society.study.run.results import Result
    from society.views.draw import FILMS, NAMES, animate, save
    from society.views.draw import draw as drawn
    from society.views.scene.figure import LAYOUTS

    _one_of(("WHAT", what, NAMES), ("--graph", graph, (*GRAPHS, "none")), ("--layout", layout, LAYOUTS))
    path = out or Path(f"{what}.png")
    record = Result(complete_run(run))
    if path.suffix in FILMS:
        if what != "society" or tick is not None:
            raise WorldError("--out", str(path), "a .png, .svg or .pdf: films show the society at many ticks")
        with Bar(unit="frames") as bar:
            typer.echo(animate(record, path, graph, layout=layout, progress=bar))
        return
    typer.echo(save(drawn(record, what, tick, graph, layout, published_rates(record)), path))


def _one_of(*options: tuple[str, str, tuple[str, ...]]) -> None:
    for option, value, allowed in options:
        if value not in allowed:
            raise WorldError(option, value, f"one of {', '.join(allowed)}")
