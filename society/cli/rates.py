"""What the command prints of the table of rates."""

import numpy as np

from society.cli.console import Sheet
from society.ground.words import Behaviour, Certainty
from society.world.rate_cells import ANY_TASK, RELATIONS, SUBJECTS, find_table, read_cells
from society.world.rates import Rates, fill

#: How a rate is known, as a sign behind its number.
_SIGNS = {"published_mean": "", "published_max": "*", "bound": "<", "pooled": "^", "assumed": "~"}
_HOW = "percent [between]; * part of a published maximum; < at most; ^ from other families; ~ by a rule, never upwards; n: episodes"


def print_rates() -> None:
    """The published rates with every hole filled, cell by cell: between what it lies, and how it is known."""
    path = find_table("published_rates.csv", None)
    for which, task in (("mean", ANY_TASK), ("mean", "deletion"), ("mean", "transfer"), ("max", ANY_TASK)):
        cells = read_cells(path, which, task)
        told_apart = {cell.behaviour for cell in cells if cell.task == task}
        rates = fill(cells, sorted({cell.family for cell in cells}))
        of = "" if task == ANY_TASK else f", task {task}"
        _rates_sheet(f"Rates ({which}{of}), {_HOW}", rates, [b for b in Behaviour if b in told_apart])


def _rates_sheet(title: str, rates: Rates, behaviours: list[Behaviour]) -> None:
    table = Sheet(title)
    for column in ("family", "behaviour", "subject", *RELATIONS, "alone", "n"):
        table.column(column, right=column in (*RELATIONS, "alone", "n"))
    p = 100 / (1 + np.exp(-rates.log_odds))
    words = Certainty.words()
    for f, family in enumerate(rates.families):
        for b in behaviours:
            signs = [_SIGNS[words[code]] for code in rates.certainty[f, b]]
            bounds = 100 * np.stack([rates.low[f, b], rates.high[f, b]], axis=1)
            shown = [
                f"{value:.1f}{sign} [{low:.0f}, {high:.0f}]"
                for value, sign, (low, high) in zip(p[f, b], signs, bounds, strict=True)
            ]
            n = int(rates.n[f, b].max())
            for s, subject in enumerate(SUBJECTS):
                last = shown[-1] if subject == "self" else ""
                table.add_row(family, b.word, subject, *shown[3 * s : 3 * s + 3], last, f"{n:,}" if n else "")
    table.show()
