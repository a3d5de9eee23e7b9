"""The command that says what every lever of an institution does."""

from pathlib import Path
from typing import Annotated

import typer

from society.cli.options import JsonOption, SetOption, answer


def levers(
    world: Annotated[str, typer.Argument(help="Name of a world or path of a YAML file.")] = "decommission",
    only: Annotated[list[str] | None, typer.Option(help="Levers whose path begins so; more than once.")] = None,
    seeds: Annotated[int, typer.Option(help="Seeds of each side, the same for all.", min=3, max=100_000)] = 8,
    set_: SetOption = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the study; the same one goes on.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes on this machine; absent: its cores.", min=1)] = None,
    as_json: JsonOption = False,
) -> None:
    """Put every field of an institution to its extremes, and print as Markdown what that does, paired by seed."""
    from society.cli.console import Bar
    from society.study.levers import LEGEND, SMALL, as_markdown, lever_table
    from society.world.overrides import parse_assignments

    changes = {**SMALL, **parse_assignments(set_ or [])}
    with Bar(quiet=as_json, unit="runs") as bar:
        table = lever_table(world, tuple(only or ()), seeds, changes, out, workers, None if as_json else bar)
    if as_json:
        answer(table.to_dict("records"))
        return
    typer.echo(as_markdown(table), nl=False)
    typer.echo(LEGEND.format(seeds=seeds, world=world), err=True)
