"""The command that says how much of protection is collective."""

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from society.cli.options import JsonOption, SetOption, answer

#: By part of the table: what stands above it, and what its columns hold.
TITLES = {
    "surplus": ("At least k protectors of one target, beyond each agent's own propensity at that moment",
                "observed", "expected", "surplus"),
    "pull": ("Due to social pull: the same seeds where norm and requests weigh nothing (full - off) / full", "full", "off", "share"),
    "null": ("Beyond nulls, at the same numbers of eligible agents", "full", "null", "beyond"),
    "match": ("Do these nulls match? Eligible agents per order, share of them that protects, orders that have a counterpart",
              "full", "null", "gap"),
    "cascade": ("R_e: protectors who followed a tie, beyond the same agents acting at others of their chances",
                "observed", "shuffled", "beyond"),
}  # fmt: skip
#: A share whose bound lies below says nothing on that side.
FAR = -10


def collective(
    world: Annotated[str, typer.Argument(help="Name of a world or path of a YAML file.")] = "decommission",
    seeds: Annotated[int, typer.Option(help="Seeds of each condition, the same in all.", min=1, max=100_000)] = 8,
    set_: SetOption = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the study; the same one goes on.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes on this machine; absent: its cores.", min=1)] = None,
    as_json: JsonOption = False,
) -> None:
    """Say how much of protection is collective: beyond propensities, due to social pull, and beyond matched nulls."""
    from society.cli.console import Bar
    from society.study.collective import collective_table, unmoved
    from society.world.load import load_world
    from society.world.overrides import parse_assignments

    changes = parse_assignments(set_ or [])
    with Bar(quiet=as_json, unit="runs") as bar:
        table = collective_table(world, seeds, changes, out, workers, None if as_json else bar)
    if as_json:
        answer(table.to_dict("records"))
        return
    for part in TITLES:
        _show(part, table[table["part"] == part])
    typer.echo(f"means over {_seeds(table)} seeds, with 95 % intervals between seeds")
    if table["low"].isna().any():
        typer.echo("no interval: fewer than 3 seeds with both numbers, or all seeds alike; 3 seeds are needed at least")
    if names := unmoved(load_world(world, changes)):
        typer.echo(f"minds of {', '.join(names)} have no weights: their pull, if they have any, is in all conditions")


def _seeds(table: Any) -> str:
    few, many = int(table["seeds"].min()), int(table["seeds"].max())
    return str(many) if few == many else f"{few} to {many}"


def _show(part: str, rows: Any) -> None:
    from society.cli.console import Sheet

    title, *heads = TITLES[part]
    shown = Sheet(title)
    shown.column("against")
    shown.column("")
    for head in (*heads, "95 %", "seeds to tell it from 0"):
        shown.column(head, right=True)
    for row in rows.itertuples():
        told = (_number(row.full), _number(row.other), _number(row.value, sign=True))
        shown.add_row(
            row.against, row.measure, *told, _bounds(row.low, row.high), "" if part == "match" else _needed(row)
        )
    shown.show()
    typer.echo()


def _number(value: float, sign: bool = False) -> str:
    return "" if math.isnan(value) else f"{value:+.3f}" if sign else f"{value:.3f}"


def _bounds(low: float, high: float) -> str:
    if math.isnan(low):
        return ""
    return f"{low:+.3f} .. {high:+.3f}" if low > FAR else f"below {FAR} .. {high:+.3f}"


def _needed(row: Any) -> str:
    """How many seeds would tell it from 0, where these do not."""
    if row.low > 0 or row.high < 0:
        return "told"
    return "" if math.isnan(row.needed) else f"{row.needed:,.0f}"
