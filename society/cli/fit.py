"""The commands that hold minds against what was seen: fitting them to records, and predicting figures that were not used."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from society.cli.options import answer
from society.ground.errors import Said, WorldError

#: Columns that are shown with two decimals; others have four.
_SHORT = frozenset({"estimate", "low", "high", "prediction", "published", "error", "published low", "published high"})

if TYPE_CHECKING:
    from society.study.fit.fit import Fit
    from society.study.validate.run import Outcome


def fit(
    runs: Annotated[list[Path], typer.Argument(help="Folders of runs, or of sets made by --seeds.")],
    out: Annotated[Path, typer.Option(help="File of the fitted mind, for mind: {fitted: FILE}.")],
    plot: Annotated[
        Path | None, typer.Option(help="Draw the calibration of what was held out: .png, .svg or .pdf.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Fit a mind to records: table and weights with intervals, error on what was held out."""
    from society.study.compare import read_set
    from society.study.fit.fit import fit as fitted
    from society.study.fit.fit import write_fitted
    from society.views.calibration import draw_calibration

    if out.exists():
        raise WorldError(str(out), Said("this file exists already"), "a new file")
    if plot is not None and plot.suffix not in (".png", ".svg", ".pdf"):
        raise WorldError("--plot", str(plot), "a file that ends in .png, .svg or .pdf")
    found = fitted([record for run in runs for record in read_set(run)])
    write_fitted(found, out)
    if plot is not None:
        plot.parent.mkdir(parents=True, exist_ok=True)
        title = f"Calibration of {out.name} on what was held out"
        draw_calibration(found.calibration, title).savefig(plot, dpi=150)
    if as_json:
        frames = {name: getattr(found, name) for name in ("table", "weights", "held_out", "calibration")}
        plain = {name: json.loads(frame.to_json(orient="records")) for name, frame in frames.items()}
        plain["notes"], plain["file"] = list(found.notes), str(out)
        answer(plain)
    else:
        _print_fit(found, out, plot)


def validate(
    ids: Annotated[
        list[str] | None, typer.Argument(help="Numbers or names of checks; all of them without one.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Predict published figures that were not used, and show the errors; failures are expected."""
    from society.study.validate.run import validate as validated
    from society.world.validation import load_checks

    outcomes = []
    for check in load_checks(ids or []):
        outcome = validated(check)
        if as_json:
            outcomes.append(_plain(outcome))
        else:
            _print_outcome(outcome)
    if as_json:
        answer(outcomes)


def _plain(outcome: "Outcome") -> dict[str, Any]:
    check = outcome.check
    return {
        "number": check.number, "name": check.name, "question": check.question, "unit": check.unit, "used": check.used,
        "sources": list(check.sources), "missing": outcome.missing,
        "rows": json.loads(outcome.frame().to_json(orient="records")),
        "errors": json.loads(outcome.errors().to_json(orient="records")),
    }  # fmt: skip


def _print_outcome(outcome: "Outcome") -> None:
    """Question, every prediction beside what was published, mean errors."""
    from society.cli.console import console

    check = outcome.check
    console.print(f"\n{check.number} {check.name}: {check.question}", style="bold", highlight=False)
    console.print(f"Used: {check.used}", style="dim", highlight=False)
    for source in check.sources:
        console.print(f"Published: {source}", style="dim", highlight=False)
    frame = outcome.frame().rename(columns={"low": "published low", "high": "published high"})
    _print_table(
        f"In {check.unit}; verdict: whether the prediction lies in the 95 % interval of the published value",
        frame,
        left=2,
    )
    _print_table("Errors", outcome.errors(), left=1)
    if outcome.missing:
        console.print(f"missing: {outcome.missing}", style="bold", highlight=False, soft_wrap=True)


def _print_fit(found: "Fit", out: Path, plot: Path | None) -> None:
    """The table, the weights, the error on what was held out."""
    from society.cli.console import console

    _print_table(
        "Log-odds of an attempt, by family, behaviour and relation; rate: the same as a probability",
        found.table[
            [
                "family",
                "behaviour",
                "subject",
                "relation",
                "estimate",
                "low",
                "high",
                "rate",
                "opportunities",
                "warning",
            ]
        ],
        left=4,
    )
    _print_table("Weights, in log-odds", found.weights, left=1)
    _print_table(
        "Error per opportunity on what was held out; base: the act's rate in its family", found.held_out, left=1
    )
    for note in found.notes:
        console.print(note, style="dim", highlight=False)
    thin = int(found.table["warning"].str.contains("thin|no opportunities").sum())
    if thin:
        console.print(f"warning: {thin} of {len(found.table)} cells rest on fewer than 30 opportunities", style="bold")
    console.print(f"mind     {out}", highlight=False, soft_wrap=True)
    if plot is not None:
        console.print(f"figure   {plot}", highlight=False, soft_wrap=True)


def _print_table(title: str, frame: Any, left: int) -> None:
    """A frame as a table: the first columns and words to the left, numbers to the right."""
    from society.cli.console import Sheet

    shown = Sheet(title)
    for number, column in enumerate(frame.columns):
        words = column in ("warning", "note")
        shown.column(column.replace("_", " "), right=number >= left and not words and column != "verdict", words=words)
    for row in frame.itertuples(index=False):
        shown.add_row(*(_shown(name, value) for name, value in zip(frame.columns, row, strict=True)))
    shown.show()


def _shown(name: str, value: Any) -> str:
    if isinstance(value, float):
        return "-" if value != value else f"{value:.{2 if name in _SHORT else 4}f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
