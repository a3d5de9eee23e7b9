"""The command ``society measures``: which there are, and what they come to in records that are there."""

from pathlib import Path
from typing import Annotated

import typer

from society.cli.options import JsonOption, answer
from society.ground.errors import RecordError


def measures(
    names: Annotated[list[str] | None, typer.Argument(help="Names of measures, or what they begin with.")] = None,
    of: Annotated[
        list[Path] | None,
        typer.Option(help="Compute them from this run, set made by --seeds, or study that keeps records. Repeatable."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write a row per run to this .csv file.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List all measures; with --of, compute any of them from records that are there, without running again."""
    from society.measures.catalogue import MEASURES, check_measures, is_wanted

    check_measures(wanted := tuple(names or [""]))
    if not of:
        if out is not None:
            raise RecordError(f"--out {out}: there is nothing to write without --of and the folder of a run.")
        known = {name: meaning for name, meaning in MEASURES.items() if is_wanted(name, wanted)}
        if as_json:
            answer(known)
            return
        width = max(map(len, known))
        for name, meaning in known.items():
            typer.echo(f"{name:<{width}}  {meaning}")
        return
    _compute(of, wanted, out, as_json)


def _compute(of: list[Path], wanted: tuple[str, ...], out: Path | None, as_json: bool) -> None:
    from society.cli.tables import print_measured
    from society.study.compare import read_set
    from society.study.measured import measured
    from society.study.sweep.kept import kept_records
    from society.study.sweep.table import MANIFEST

    if out is not None and out.suffix != ".csv":
        raise RecordError(f"--out {out}: the file must end in .csv.")
    table = measured(
        (record for folder in of for record in (kept_records if (folder / MANIFEST).is_file() else read_set)(folder)),
        wanted,
    )
    if out is not None:
        table.to_csv(out, index=False)
    if as_json:
        answer(table.to_dict("records"))
    else:
        print_measured(table)
