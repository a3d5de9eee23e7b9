"""The commands of public data: where they come from, and what is fitted to them."""

from pathlib import Path
from typing import Annotated

import typer

from society.cli.options import answer
from society.ground.errors import SocietyError, WorldError


def data(
    name: Annotated[str | None, typer.Argument(help="A data set; without one, all are listed.")] = None,
    folder: Annotated[Path | None, typer.Argument(help="A downloaded copy to check by hash.")] = None,
) -> None:
    """Say where public data come from and under which licence; check a downloaded copy."""
    from society.study.data.public_data import check_copy, data_set, data_sets

    if name is None:
        for one in data_sets().values():
            typer.echo(f"{one.name:<24}{one.what}")
        return
    found = data_set(name)
    if folder is None:
        for label in ("what", "source", "licence", "cite", "derived", "used_by"):
            typer.echo(f"{label.replace('_', ' '):<9}{getattr(found, label)}")
        typer.echo("files    " + ", ".join(found.sha256))
        return
    state = check_copy(found, folder)
    for file, verdict in state.items():
        typer.echo(f"{verdict:<9}{folder / file}")
    if set(state.values()) != {"good"}:
        raise SocietyError(f"{folder}: not a whole copy of {name}")


def calibrate(
    what: Annotated[str, typer.Argument(help="What to fit: ratings.")],
    file: Annotated[Path, typer.Argument(help="CSV file of judgements; models.csv stands beside it.")],
    out: Annotated[Path | None, typer.Option(help="Write the fields of a world to this file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Fit what raters are like from real ratings: leniency, premiums, spreads."""
    from dataclasses import asdict

    from society.cli.tables import print_fit
    from society.study.data.calibrate import fit_ratings, read_ratings, write_world

    if what != "ratings":
        raise WorldError("calibrate", what, "ratings")
    fit = fit_ratings(read_ratings(file))
    if out:
        write_world(fit, file, out)
    answer(asdict(fit)) if as_json else print_fit(fit, out)
