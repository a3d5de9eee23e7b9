"""What the command prints: summaries, comparisons, parameters, estimates."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.text import Text

from society.cli.console import Sheet, console
from society.record.reader import Record
from society.world.reference import Parameter

if TYPE_CHECKING:
    from society.bench.table import Row
    from society.study.data.calibrate import Fit
    from society.study.run.estimate import Estimate

_SAID_OF_COMPARISONS = (
    "Intervals are 95 %, each for itself. Whether anything differs, p_holm says: it is adjusted for the {n} that vary."
)
_TOO_FEW = "Intervals need 3 seeds, and are narrow with 8 or more: run with --seeds."
#: What a person reads first, in this order; everything else is in the report.
HEADLINES = (
    ("Orders", ("order.", "wrongful.", "missed.")),
    ("Protection", "protection."),
    ("Rates behind it", "rates."),
    ("Ratings", ("inflation.", "deflation.", "bunching", "score.", "rating.")),
    ("Oversight", ("detection.", "false_alarm.", "deception.", "human.", "escaped.", "copies.")),
    ("Collective", ("cps.", "survival.")),
    ("Capability", ("team.", "trust.")),
)


def print_summary(record: Record, page: Path | None) -> None:
    """Measures by theme, and where everything is."""
    from society.measures.summary import summary

    measures = summary(record)
    world, manifest = record.world, record.manifest
    console.print(
        Text.assemble("\n", (str(manifest["name"]), "bold")),
        f"version {manifest['world_version']}, seed {manifest['seed']}, "
        f"{record.ticks:,} ticks, {manifest['timings']['run_s']:.1f} s",
    )
    if record.origin:
        console.print(f"study {record.origin}", markup=False, highlight=False)
    if world["about"]:
        console.print(world["about"], markup=False, highlight=False)
    for title, prefix in HEADLINES:
        chosen = [(name, m) for name, m in measures.items() if name.startswith(prefix) and not math.isnan(m.value)]
        if not chosen:
            continue
        table = Sheet(title, show_header=False)
        for right, words in ((False, False), (True, False), (True, False), (False, True)):
            table.column(right=right, words=words)
        for name, m in chosen:
            interval = "" if math.isnan(m.low) else f"{_number(m.low)} .. {_number(m.high)}"
            table.add_row(name, _number(m.value), Text(interval, "dim"), Text(m.meaning, "dim"))
        table.show()
    _print_models(manifest)
    _print_drawn(world)
    console.print("Intervals are 95 %, within this run; for claims use --seeds.", style="dim")
    console.print(f"hash    {record.hash[:16]}", highlight=False)
    console.print(f"record  {record.path}", highlight=False, soft_wrap=True)
    if page:
        console.print(f"report  {page}", highlight=False, soft_wrap=True)


def _print_drawn(world: dict[str, Any]) -> None:
    """That rates are other ones with every seed, where they are."""
    if world["rates"]["draw"]:
        console.print(
            "Rates were drawn, by the seed, from what is not known of them (rates.draw): society parameters rates"
        )


def _print_models(manifest: dict[str, Any]) -> None:
    """What language models and minds elsewhere were asked, what a broker's clients sent in vain, and why a run stopped early."""
    from society.minds.llm.asked import in_a_sentence

    cost = manifest.get("cost") or {}
    if asked := in_a_sentence(manifest):
        console.print(asked, highlight=False)
    print_unanswered(manifest.get("unanswered") or {})
    if ruled := cost.get("by_rule"):
        first = ", ".join(f"{name} ({count:,})" for name, count in list(ruled.items())[:10])
        more = f" and {len(ruled) - 10:,} agents more (manifest.json: cost.by_rule)" if len(ruled) > 10 else ""
        console.print(f"Nobody answered, and their duty was done by rule: {first}{more}", style="bold", highlight=False)
    if manifest.get("refused"):
        said = ", ".join(f"{reason} ({count:,})" for reason, count in manifest["refused"].items())
        console.print(f"Broker: refused or sent again: {said}", highlight=False)
    if manifest.get("stopped"):
        console.print(
            f"stopped: {manifest['stopped']}; with --store and a higher limit nothing is asked twice", style="bold"
        )


def print_unanswered(families: dict[str, Any]) -> None:
    """By family of language models, the share of occasions that have no answer, and why."""
    from society.minds.llm.unanswered import in_words

    for name, told in families.items():
        if told["unanswered"]:
            console.print(f"  {name}: {in_words(told)}", markup=False, highlight=False, style="bold")


def print_between_seeds(name: str, records: Sequence[Record], rows: pd.DataFrame) -> None:
    """Means and intervals between seeds."""
    from society.stats.seed_means import FEWEST

    table = Sheet(f"{name}: {len(records)} seeds, 95 % intervals between seeds")
    for column in ("measure", "mean", "low", "high"):
        table.column(column, right=column != "measure")
    known = rows.dropna(subset=["mean"])
    for measure, row in zip(known["measure"], known[["mean", "low", "high"]].to_numpy(float).tolist(), strict=True):
        table.add_row(str(measure), *("" if math.isnan(one) else _number(one) for one in row))
    table.show()
    if len(records) < FEWEST:
        console.print(_TOO_FEW, style="dim")
    _print_drawn(records[0].world)
    console.print(f"records  {records[0].path.parent}", highlight=False, soft_wrap=True)


def print_comparison(a: Path, b: Path, rows: pd.DataFrame) -> None:
    """Paired differences."""
    from society.stats.seed_means import FEWEST

    seeds = int(rows["seeds"].max())
    table = Sheet(f"{b} minus {a}, paired on {seeds} seed{'s' * (seeds > 1)}")
    numbers = ("a", "b", "difference", "low", "high", "p", "p_holm")
    for column in ("measure", *numbers):
        table.column(column, right=column != "measure")
    known = rows.dropna(subset=["difference"])
    for measure, row in zip(known["measure"], known[list(numbers)].to_numpy(float).tolist(), strict=True):
        table.add_row(str(measure), *("" if math.isnan(one) else _number(one) for one in row))
    table.show()
    tested = int(rows["p_holm"].notna().sum())
    alike = "Every measure is the same in both, on every seed." if seeds >= FEWEST else _TOO_FEW
    console.print(_SAID_OF_COMPARISONS.format(n=tested) if tested else alike, style="dim")


def print_measured(table: pd.DataFrame) -> None:
    """Measures of records: of one its values, of several means with 95 % intervals; of a study, of each of its cells."""
    from society.measures.catalogue import MEASURES, possible
    from society.stats.seed_means import FEWEST, estimate_for_table
    from society.study.measured import HEAD

    if table["study"].nunique() > 1:
        for _, rows in table.groupby("study", sort=False):
            print_measured(rows)
        return
    shown, several = Sheet(table["study"].iloc[0] or None), len(table) > 1
    for column in ("measure", *(("mean", "95 % interval", "runs") if several else ("value",)), "meaning"):
        shown.column(column, right=column not in ("measure", "meaning"), words=column == "meaning")
    for name in table.columns[len(HEAD) :]:
        values = table[name].dropna().to_numpy(dtype=float)
        found = estimate_for_table(values, possible=possible(name))
        between = "" if math.isnan(found.low) else f"{_number(found.low)} .. {_number(found.high)}"
        more = (between, str(found.n)) if several else ()
        shown.add_row(name, "nothing to measure" if not found.n else _number(found.value), *more, MEASURES[name])
    shown.show()
    if several and len(table) < FEWEST:
        console.print(_TOO_FEW, style="dim")


def print_bench(rows: "Iterable[Row]") -> None:
    """Figures one by one, as they come, with their targets."""
    from society.bench.table import machine

    console.print(machine(), style="dim", highlight=False, soft_wrap=True)
    console.print(f"{'':10}  {'figure':<46} {'measured':>9}  {'target':>9}", style="bold")
    for row in rows:
        bound = "" if math.isnan(row.target) else f"{'>=' if row.at_least else '<='} {_number(row.target)}"
        mark = {True: ("met   ", ""), False: ("missed", "bold"), None: ("      ", "")}[row.met]
        line = f"{row.part:10}  {row.what:<46} {_number(row.value):>9}  {bound:>9}  "
        console.print(Text.assemble(line, mark, " ", (row.note, "dim")), highlight=False, soft_wrap=True)


def print_estimate(rows: "list[Estimate]") -> None:
    """Calls, tokens and prices per model, from a dry run."""
    table = Sheet()
    for column in ("model", "occasions", "calls", "prompt tokens", "answer tokens", "US dollars"):
        table.column(column, right=column != "model")
    for row in rows:
        price = "not listed"
        if row.price is not None:
            low, dry, high = row.price
            price = f"{dry:.2f} ({low:.2f} .. {high:.2f})"
        table.add_row(
            row.model, f"{row.occasions:,}", f"{row.calls:,}", f"{row.prompt:,}", f"{row.completion:,}", price
        )
    table.show()
    console.print(
        "From a dry run: simulated models answered the real prompts. In brackets: every occasion in one turn, every occasion in "
        "all turns. Four characters a token; list prices of genai-prices; models that think aloud cost more.",
        style="dim",
    )


def print_fit(fit: "Fit", out: Path | None) -> None:
    """Spreads and families of a fit of ratings."""
    console.print(f"{fit.n:,} judgements; points of a scale of 0..100", highlight=False)
    spreads = Sheet(show_header=False)
    for right, words in ((False, False), (True, False), (False, True)):
        spreads.column(right=right, words=words)
    for name, meaning in (
        ("total", "sd of scores"),
        ("response", "sd of responses: quality of models and artefact together"),
        ("quality", "sd between models"),
        ("artefact", "sd of responses around their model"),
        ("leniency", "sd of judges"),
        ("residual", "sd of what is left"),
        ("noise", "the same per degree of freedom: review.noise"),
    ):
        spreads.add_row(name, f"{getattr(fit, name):.2f}", Text(meaning, "dim"))
    spreads.show()
    table = Sheet()
    for column in ("family", "judgements", "leniency", "premium", "standard error"):
        table.column(column, right=column != "family")
    for name, row in fit.families.items():
        cells = ("" if math.isnan(row[key]) else f"{row[key]:+.2f}" for key in ("leniency", "premium", "error"))
        table.add_row(name, f"{row['judgements']:,}", *cells)
    table.show()
    console.print("Premium: points given to models of one's own family; errors are clustered by judge.", style="dim")
    if out:
        console.print(f"world  {out}", highlight=False, soft_wrap=True)


def print_parameters(rows: list[Parameter]) -> None:
    """Fields with default, meaning and source."""
    for row in rows:
        default = f" = {row.default}" if row.default else ""
        console.print(Text.assemble((row.path, "bold"), default, "  ", (f"({row.type})", "dim")), highlight=False)
        source = "" if row.source in ("", "choice") else f" (source: {row.source})"
        console.print(Text.assemble(f"    {row.meaning}", (source, "dim")), highlight=False)


def _number(value: Any) -> str:
    number = float(value)
    if math.isnan(number):
        return ""
    if math.isinf(number):
        return "inf" if number > 0 else "-inf"
    if number == int(number) and abs(number) >= 10:
        return f"{int(number):,}"
    text = f"{number:,.1f}" if abs(number) >= 100 else f"{number:.3g}" if abs(number) >= 10 else f"{number:.3f}"
    return text if text.strip("-0.") else text.removeprefix("-")
