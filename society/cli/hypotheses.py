"""The command of hypotheses: run what is missing, test, print, and write a page for each."""

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from society.cli.options import KeepRecordsOption, answer
from society.ground.whole_file import whole_file

if TYPE_CHECKING:
    from society.study.hypotheses.verdicts import Result


def hypotheses(
    ids: Annotated[list[str] | None, typer.Argument(help="H01 .. H14, or paths of files; without any, all are listed.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="All that come with the program, one table, one picture.")] = False,
    profile: Annotated[str, typer.Option(help="quick (minutes, underpowered) or full.")] = "quick",
    out: Annotated[Path, typer.Option(help="Folder of studies and pages; the same one goes on.")] = Path("studies"),
    workers: Annotated[int | None, typer.Option(help="Processes on this machine; absent: its cores.", min=1)] = None,
    on: Annotated[str | None, typer.Option(help="Address of a dask scheduler: tcp://HOST:8786.")] = None,
    keep_records: KeepRecordsOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="Results as lines of JSON.")] = False,
) -> None:  # fmt: skip
    """Try hypotheses: run what is missing, test every claim, print verdicts and write pages."""
    from society.cli.console import Bar
    from society.ground.errors import WorldError
    from society.study.hypotheses.runs import tried
    from society.study.hypotheses.verdicts import adjusted
    from society.world.experiments import hypothesis_names, load_hypothesis

    if profile not in ("quick", "full"):
        raise WorldError("--profile", profile, "quick or full")
    chosen: Literal["quick", "full"] = "full" if profile == "full" else "quick"
    loaded = [load_hypothesis(name) for name in (hypothesis_names() if all_ or not ids else ids)]
    if not ids and not all_:
        for one in loaded:
            minutes = one.profiles["quick"].minutes, one.profiles["full"].minutes
            typer.echo(f"{one.id}  {one.title:<82} quick {minutes[0]:g} min, full {minutes[1]:g} min")
        return
    results, pages = [], []
    for one in loaded:
        with Bar(quiet=as_json, unit=f"runs of {one.id}") as bar:
            progress = None if as_json else bar
            result, _ = tried(one, chosen, out / f"{one.id}-{profile}", workers, on, progress, keep_records)
        results.append(result)
        pages.append(_write(result, out))
        if not as_json and not all_:
            _print(result, pages[-1])
    final = adjusted(results)
    if as_json:
        for result in final:
            answer(_plain(result), indent=None)
    elif all_:
        _print_all(final, out)
    if chosen == "quick" and not as_json:
        typer.echo("quick: fewer seeds than the power of each hypothesis asks for; --profile full for claims")


def _rows(result: "Result") -> list[Any]:
    from society.views.hypotheses import Row

    return [
        Row(
            one.claim.name + ("" if one.claim.kind == "primary" else f" ({one.claim.kind})"), one.estimate.value,
            one.estimate.low, one.estimate.high, one.claim.above, one.claim.below, one.holds, one.claim.published,
        )
        for one in result.claims
    ]  # fmt: skip


def _write(result: "Result", out: Path) -> Path:
    """The page of a hypothesis, with its figures; written whole or not at all."""
    from society.views.hypotheses import draw_claims, draw_conditions, page

    one = result.hypothesis
    claims, conditions = draw_claims(_rows(result), one.title), draw_conditions(_conditions(result), "By condition")
    built = f"Its verdict is about the code, not the world: {one.by_construction}." if one.by_construction else ""
    said = [
        ("question", one.question), ("source", one.source), ("tier", one.tier), ("nulls", one.nulls), ("power", one.power),
        ("what is put in", built), ("notes", one.notes), ("runs", f"{result.profile} profile, {result.seeds} seeds"),
        ("how to read it", "Bands are predictions, lines 95 % intervals over seeds, ticks published values."),
    ]  # fmt: skip
    verdict = f"{result.said} (p {result.p:.2g}, by Holm over the family {result.p_holm:.2g})"
    text = page(f"{one.id} {one.title}", verdict, said, [_frame(result)], [claims, conditions])
    path = out / f"{one.id}-{result.profile}.html"
    with whole_file(path) as aside:
        aside.write_text(text, encoding="utf-8")
    with whole_file(path.with_suffix(".png")) as aside:
        claims.savefig(aside, format="png", dpi=130)
    return path


def _frame(result: "Result") -> Any:
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "claim": one.claim.name, "kind": one.claim.kind, "estimate": one.estimate.value, "low": one.estimate.low,
                "high": one.estimate.high, "predicted": _predicted(one.claim), "d_z": one.estimate.d_z, "p": one.p,
                "holds": {True: "yes", False: "no", None: "open"}[one.holds],
            }
            for one in result.claims
        ]
    )  # fmt: skip


def _predicted(claim: Any) -> str:
    if claim.above is not None and claim.below is not None:
        return f"{claim.above:g} .. {claim.below:g}"
    return f"> {claim.above:g}" if claim.above is not None else f"< {claim.below:g}"


def _conditions(result: "Result") -> Any:
    import numpy as np
    import pandas as pd

    from society.measures.catalogue import possible
    from society.stats.seed_means import estimate_for_table

    rows = []
    for (value, condition), values in result.means.items():
        measure = result.hypothesis.values[value]
        found = estimate_for_table(values[~np.isnan(values)], possible=possible(measure))
        rows.append({"value": value, "condition": condition, "mean": found.value, "low": found.low, "high": found.high})
    return pd.DataFrame(rows)


def _print(result: "Result", path: Path) -> None:
    from society.cli.console import Sheet

    one = result.hypothesis
    typer.echo(f"\n{one.id}  {one.title}  (tier {one.tier}, {result.profile}, {result.seeds} seeds)")
    table = Sheet()
    for name in ("claim", "estimate", "95 % interval", "predicted", "p", "holds"):
        table.column(name, right=name not in ("claim", "holds"), words=name == "claim")
    for row in _frame(result).itertuples():
        kind = "" if row.kind == "primary" else f" ({row.kind})"
        interval = "-" if math.isnan(row.low) else f"{row.low:.3g} .. {row.high:.3g}"
        table.add_row(row.claim + kind, f"{row.estimate:.3g}", interval, row.predicted, f"{row.p:.2g}", row.holds)
    table.show()
    typer.echo(f"verdict  {result.said} (p {result.p:.2g}, by Holm {result.p_holm:.2g})\npage     {path}")


def _print_all(results: list["Result"], out: Path) -> None:
    """One table, and the first claim of each in one picture."""
    from society.cli.console import Sheet
    from society.views.hypotheses import draw_claims

    first, lines = [], []
    for result in results:
        rows = _rows(result)
        first.append(type(rows[0])(f"{result.hypothesis.id} {rows[0].label}", *list(vars(rows[0]).values())[1:]))
        head = result.claims[0].estimate
        verdict = result.verdict + ("*" if result.hypothesis.by_construction else "")
        interval = f"{head.low:.3g} .. {head.high:.3g}"
        lines.append((result.hypothesis.id, f"{head.value:.3g}", interval, f"{result.p_holm:.2g}", verdict))
    table = Sheet()
    for name in ("id", "hypothesis", "estimate", "95 % interval", "p (Holm)", "verdict"):
        table.column(name, right=name in ("estimate", "95 % interval", "p (Holm)"), words=name == "hypothesis")
    for line, result in zip(lines, results, strict=True):
        table.add_row(line[0], result.hypothesis.title, *line[1:])
    table.show()
    tiers = ", ".join(sorted({result.hypothesis.tier for result in results}))
    typer.echo(
        f"tier {tiers}; * the verdict confirms or contradicts the code, not the world: the page says which parameter puts it in"
    )
    path = out / f"hypotheses-{results[0].profile}.png"
    figure = draw_claims(first, "First claim of each hypothesis: prediction as a band, 95 % interval over seeds")
    with whole_file(path) as aside:
        figure.savefig(aside, format="png", dpi=130)
    typer.echo(f"figure   {path}\npages    {out}/H..-{results[0].profile}.html")


def _plain(result: "Result") -> dict[str, Any]:
    frame = _frame(result)
    claims = json.loads(frame.to_json(orient="records"))
    return {
        "id": result.hypothesis.id, "title": result.hypothesis.title, "tier": result.hypothesis.tier, "profile": result.profile,
        "seeds": result.seeds, "verdict": result.verdict, "by_construction": result.hypothesis.by_construction,
        "p": result.p, "p_holm": result.p_holm, "claims": claims,
    }  # fmt: skip
