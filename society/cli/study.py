"""The commands of studies: many runs of one experiment."""

import math
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from society.cli.models import GrantOption, OfflineOption, chosen_models
from society.cli.options import KeepRecordsOption, answer
from society.ground.errors import RunError
from society.ground.whole_file import whole_file

#: Cells that are printed at most.
MOST_CELLS = 40


def sweep(
    experiment: Annotated[str, typer.Argument(help="Name of an experiment or path of a YAML file.")],
    workers: Annotated[int | None, typer.Option(help="Processes on this machine; absent: its cores.", min=1)] = None,
    on: Annotated[str | None, typer.Option(help="Address of a dask scheduler: tcp://HOST:8786.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the study; the same one goes on.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say how many runs, and how long; run one of them.")
    ] = False,
    offline: OfflineOption = False,
    answers: Annotated[
        str,
        typer.Option(help="Language models: record (ask, keep, never ask twice), replay (only what --store holds)."),
    ] = "record",
    store: Annotated[
        Path | None, typer.Option(help="File of kept answers; absent: answers.sqlite of the study.")
    ] = None,
    grant: GrantOption = None,
    keep_records: KeepRecordsOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="Progress and result as lines of JSON.")] = False,
) -> None:
    """Run an experiment; what is finished is never run again, so the same command goes on after a crash."""
    from society.cli.console import Bar
    from society.ground.errors import SocietyError
    from society.study.sweep.driver import sweep as swept
    from society.study.sweep.driver import table_path
    from society.study.sweep.dry_run import dry_run as estimated
    from society.world.experiments import load_experiment

    loaded, models = load_experiment(experiment), chosen_models(answers, store, offline, grant)
    if dry_run:
        found = estimated(loaded, out, workers, models)
        answer(found, indent=None) if as_json else typer.echo(found["text"])
        return

    def told(done: int, total: int) -> None:
        answer({"done": done, "total": total, "seconds": round(time.perf_counter() - begin, 2)}, indent=None)

    begin = time.perf_counter()
    try:
        with Bar(quiet=as_json, unit="runs") as bar:
            result = swept(loaded, out, workers, on, told if as_json else bar, models, keep_records)
    except KeyboardInterrupt:
        raise SocietyError("interrupted; what is finished is kept: the same command goes on") from None
    if as_json:
        answer(_plain(result, table_path(result.folder)), indent=None)
    else:
        _print(loaded, result, table_path(result.folder))
    if result.failed:
        errors = result.table[result.table["error"] != ""]
        first = errors.iloc[0]
        raise RunError(
            f"{result.failed} of {len(result.table)} runs failed; cell {first.cell}, seed {first.seed}: {first.error}"
        )


def _plain(result: Any, path: Path) -> dict[str, Any]:
    return {
        "table": str(path), "runs": result.runs, "fresh": result.fresh, "from_records": result.measured,
        "failed": result.failed, "stopped": result.stopped,
        "workers_s": round(result.workers_s, 3), "run_s": round(result.run_s, 3),
    }  # fmt: skip


def _print(experiment: Any, result: Any, path: Path) -> None:
    """Cells by kept measures: means over seeds with half of their 95 % interval, as many as fit."""
    from society.cli.console import Sheet, console
    from society.measures.catalogue import is_wanted
    from society.study.sweep.phase import has_phases
    from society.study.sweep.sensitivity import analysed
    from society.study.sweep.table import HEAD

    table = result.table
    whole = not result.failed and len(table) == result.runs and len(table) > 0
    if whole and analysed(experiment):
        _print_sensitivity(experiment, result, path.with_name("sensitivity"))
    elif whole and experiment.analysis is not None:
        _print_analysis(experiment, result, path.with_name(experiment.analysis.kind))
    elif len(table):
        axes = [name for name in table.columns if name in set().union(*(row for row in result.changes))]
        measures = [name for name in table.columns[len(HEAD) :] if name not in axes]
        shown = Sheet()
        room = max(1, (console.width - 6 - sum(max(map(len, name.split("."))) + 2 for name in axes)) // 17)
        for name in ["cell", *axes, *measures[:room]]:
            shown.column(name.replace(".", ".\n"), right=True)
        for cell, rows in list(table.groupby("cell"))[:MOST_CELLS]:
            values = [rows[name].iloc[0] for name in axes]
            said = [f"{value:.4g}" if isinstance(value, float) else str(value) for value in values]
            shown.add_row(str(cell), *said, *(_mean(name, rows[name].dropna()) for name in measures[:room]))
        shown.show()
        typer.echo(f"means over {experiment.seeds} seeds, with 95 % intervals")
        if len(measures) > room or table["cell"].nunique() > MOST_CELLS:
            typer.echo(
                f"{min(room, len(measures))} of {len(measures)} measures and {min(MOST_CELLS, table['cell'].nunique())} of "
                f"{table['cell'].nunique()} cells are shown; all are in the table, and on the page of society view {result.folder}"
            )
    given = {name for name in table.columns[len(HEAD) :] if table[name].notna().any()}
    nothing = [name for name in experiment.measures if not any(is_wanted(one, [name]) for one in given)]
    if whole and nothing:
        typer.echo(f"nothing  these worlds have nothing to measure for {', '.join(nothing)}")
    if whole and has_phases(experiment):
        _draw_phases(experiment, table, path.with_name("phase"))
    typer.echo(
        f"{experiment.name}: {len(table):,} of {result.runs:,} runs, {result.fresh:,} of them run now, "
        f"{result.measured:,} computed from kept records" + f"; {experiment.about}" * bool(experiment.about)
    )
    if result.stopped:
        typer.echo(f"stopped  {result.stopped}; the same command goes on")
    typer.echo(f"table    {path}")


def _print_sensitivity(experiment: Any, result: Any, path: Path) -> None:
    """Which axis moves which measure; the figure and a table beside that of the runs."""
    import pandas as pd

    from society.study.sweep.sensitivity import sensitivity
    from society.study.sweep.table import HEAD
    from society.views.sensitivity import draw_sensitivity

    measures = [name for name in result.table.columns[len(HEAD) :] if name not in experiment.axes]
    whole = [name for name in measures if result.table.groupby("cell")[name].mean().notna().all()]
    found = {name: sensitivity(experiment, result.table, name) for name in whole}
    for name, frame in found.items():
        typer.echo(f"{name}\n{frame.round(3).to_string(index=False)}\n")
    for name in measures:
        if name not in whole:
            typer.echo(f"{name}: has no value in some cells, so nothing is said of it\n")
    if found:
        _keep(pd.concat(found, names=["measure"]).reset_index(level=0), path.with_suffix(".csv"))
        _keep(draw_sensitivity(found, experiment.about or experiment.name), path.with_suffix(".png"))
        typer.echo(f"figure   {path.with_suffix('.png')}")


def _print_analysis(experiment: Any, result: Any, path: Path) -> None:
    """A critical point or a loop: the answer, its numbers, two tables and a figure beside the table of runs."""
    from society.study import tipping
    from society.views.tipping import draw_critical_point, draw_hysteresis

    analysis, title = experiment.analysis, experiment.about or experiment.name
    if analysis.kind == "critical_point":
        point = tipping.critical_point(experiment, result.folder, result.table)
        curves, numbers, verdict = point.curves(), point.estimates(), point.verdict()
    else:
        walks = tipping.hysteresis(experiment, result.folder, result.table)
        curves, numbers = tipping.branches(walks), tipping.widths(walks)
        verdict = "\n".join(f"{walk.label}: {walk.verdict()}" if walk.label else walk.verdict() for walk in walks)
    typer.echo(f"{numbers.round(4).to_string(index=False, na_rep='-')}\n\n{verdict}\n")
    _keep(curves, path.with_suffix(".csv"))
    _keep(numbers, path.with_name(f"{path.name}_estimates.csv"))
    draw = draw_critical_point if analysis.kind == "critical_point" else draw_hysteresis
    figure = draw(curves, numbers, analysis.measure, analysis.control, title, verdict)
    _keep(figure, path.with_suffix(".png"))
    typer.echo(f"figure   {path.with_suffix('.png')}")


def _draw_phases(experiment: Any, table: Any, path: Path) -> None:
    """Heat maps of the kept measures over both axes, and their table."""
    from society.study.sweep.phase import phases
    from society.views.phase import draw_phases

    rows = phases(experiment, table)
    if len(rows):
        _keep(rows, path.with_suffix(".csv"))
        _keep(draw_phases(rows, experiment.about or experiment.name), path.with_suffix(".png"))
        typer.echo(f"figure   {path.with_suffix('.png')}")


def _keep(made: Any, path: Path) -> None:
    """Write a table as CSV, or a figure as PNG."""
    with whole_file(path) as aside:
        if path.suffix == ".csv":
            made.to_csv(aside, index=False)
        else:
            made.savefig(aside, format="png", dpi=150)


def _mean(name: str, values: Any) -> str:
    """A mean of a measure with its 95 % interval between seeds, where there is one."""
    from society.measures.catalogue import possible
    from society.stats.seed_means import estimate_for_table

    if not len(values):
        return "-"
    found = estimate_for_table(values, possible=possible(name))
    return f"{found.value:.3f}" + ("" if math.isnan(found.low) else f" ({found.low:.3f} .. {found.high:.3f})")
