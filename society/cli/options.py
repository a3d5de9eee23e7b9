"""Arguments that several commands share, and how they answer."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

WorldArgument = Annotated[str, typer.Argument(help="Name of a world (see society worlds) or path of a YAML file.")]
RunArgument = Annotated[Path, typer.Argument(help="Folder of a run.")]
ThreadsOption = Annotated[int, typer.Option(help="Threads; worth it from 100,000 agents on.", min=1, max=64)]
SetOption = Annotated[list[str] | None, typer.Option("--set", help="Override a field: path=value. Repeatable.")]
KeepRecordsOption = Annotated[
    bool, typer.Option("--keep-records", help="Keep the record of every run, to measure more without running again.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def write_page(record: Any) -> Path:
    """Write the report of a run; returns its page."""
    from society.study.data.published import published_rates
    from society.study.run.rerun import command
    from society.views.report import write_report

    return write_report(record, published_rates(record), command=command(record.manifest))


def answer(value: Any, indent: int | None = 1) -> None:
    """Print JSON; null for a number that there is none of (NaN), or that has no end: JSON has no words for them."""
    typer.echo(json.dumps(_finite(value), indent=indent, allow_nan=False))


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    if value is None or isinstance(value, str | bool | int):
        return value
    number = float(value)
    return number if math.isfinite(number) else None
