"""A mind from records: its table and weights with intervals, its error on what was held out, and its file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray

from society.ground.errors import Said, WorldError
from society.record.reader import Record
from society.study.fit.choices import RELATIONS, Choices, choices_of
from society.study.fit.design import Design, design_of
from society.study.fit.held_out import NO_BETTER, calibration, errors, held_out
from society.study.fit.regression import half_widths, solve
from society.world.fitted import WEIGHTS, FittedTable

Floats = NDArray[np.float64]
#: One over the variance of the normal prior of every parameter: a standard deviation of 3.2 in log-odds (assumed).
PENALTY = 0.1
#: Parts that are held out in turn, at most.
PARTS = 10
#: Opportunities under which a cell is called thin.
THIN = 30


@dataclass(frozen=True)
class Fit:
    """What was fitted.

    Attributes:
        table: one row per cell: family, behaviour, subject, relation, estimate, low, high (log-odds of an attempt), rate (the
            estimate as a probability), opportunities, acts, warning.
        weights: one row per weight: weight, estimate, low, high, note (why it was not fitted).
        held_out: one row per behaviour and ``all``: opportunities, log_loss, base_log_loss, brier, base_brier, note (where the
            fit is no better than the base); the base is the rate of the act in its family in what was not held out.
        calibration: one row per behaviour and tenth of the predictions: predicted, observed, low, high, opportunities.
        notes: what a reader of the table must know.
        file: table and weights as a fitted mind reads them.
    """

    table: pd.DataFrame
    weights: pd.DataFrame
    held_out: pd.DataFrame
    calibration: pd.DataFrame
    notes: tuple[str, ...]
    file: FittedTable


def fit(records: Sequence[Record], penalty: float = PENALTY, parts: int = PARTS) -> Fit:
    """Fit table and weights to the protective choices in some records.

    Intervals are clustered by seed; with one seed by order, and then hold within that run only.

    Args:
        records: of any minds; families are told apart by name.
        penalty: one over the variance of the prior of each parameter, in log-odds.
        parts: parts that are held out in turn, at most; 2 or more.

    Raises:
        RecordError: nothing to fit in them, or acts compete differently in their worlds.
    """
    choices = choices_of(records)
    design = design_of(choices)
    everything = np.ones(len(choices.seed), dtype=bool)
    solution = solve(design.data, design.centre(everything), penalty)
    seeds = len(np.unique(choices.seed))
    half = half_widths(solution, choices.seed if seeds > 1 else choices.block)
    predictions, folds = held_out(design, penalty, solution.b, parts)
    notes = _notes(choices, seeds, folds)
    if not solution.converged:
        notes.append("The regression did not converge: no estimate can be trusted.")
    scored = errors(predictions)
    notes += worthless(scored)
    table = _table(design, solution.b, half)
    weights = _weights(design, solution.b, half)
    stall = solution.b[len(design.cells)] if design.stall else None
    file = _file(records, choices, table, weights, stall)
    return Fit(table, weights, scored, calibration(predictions), tuple(notes), file)


def write_fitted(found: Fit, out: Path) -> None:
    """Write the file of a fitted mind: what ``mind: {fitted: FILE}`` reads.

    Raises:
        WorldError: the file exists already or cannot be written.
    """
    tree = found.file.model_dump(mode="json", by_alias=True, exclude_none=True)
    head = "# A fitted mind, by society fit: log-odds of attempts by trust, and weights. In a world: mind: {fitted: THIS FILE}.\n"
    head += "".join(f"# {note}\n" for note in found.notes)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with open(out, "x", encoding="utf-8") as stream:
            stream.write(
                head + yaml.safe_dump(tree, sort_keys=False, allow_unicode=True, default_flow_style=None, width=120)
            )
    except OSError as error:
        raise WorldError(
            str(out), Said(f"it cannot be written ({error.strerror})"), "a new file in a folder that can be written"
        ) from error


def _notes(choices: Choices, seeds: int, folds: int) -> list[str]:
    m = len(choices.seed)
    if seeds > 1:
        notes = [
            f"{m:,} occasions of {seeds} seeds; 95 % intervals clustered by seed; held out: {folds} parts, whole seeds."
        ]
    else:
        notes = [
            f"{m:,} occasions of one seed: 95 % intervals clustered by order, within this run; held out: {folds} blocks."
        ]
    if 1 < seeds < 6:
        notes.append(f"{seeds} seeds make wide intervals: from six or more they are about as good as they get.")
    if choices.unanswered:
        notes.append(f"{choices.unanswered:,} occasions without an answer were left out.")
    return notes


def worthless(scored: pd.DataFrame) -> list[str]:
    """What is said of behaviours that the fit predicts no better than their base rate does."""
    worse = scored[scored["note"] == NO_BETTER]
    return [
        f"{row.behaviour}: the fit is {NO_BETTER} on what was held out (log loss {row.log_loss:.4f}, base rate "
        f"{row.base_log_loss:.4f}): relation, trust and weights tell nothing of it that its rate does not."
        for row in worse.itertuples()
    ]


def _table(design: Design, b: Floats, half: Floats) -> pd.DataFrame:
    opportunities, acts = design.counts()
    rows = []
    for i, cell in enumerate(design.cells):
        n, done = int(opportunities[i]), int(acts[i])
        rows.append(
            {
                "family": design.choices.families[cell.family],
                "behaviour": cell.behaviour.word,
                "subject": "self" if cell.own else "peer",
                "relation": RELATIONS[cell.relation],
                "estimate": b[i], "low": b[i] - half[i], "high": b[i] + half[i],
                "rate": 1 / (1 + np.exp(-b[i])),
                "opportunities": n, "acts": done, "warning": _warning(n, done),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _warning(opportunities: int, acts: int) -> str:
    if opportunities == 0:
        return "no opportunities: drawn to the pooled rate"
    if opportunities < THIN:
        return f"thin: under {THIN} opportunities"
    return "never chosen" if acts == 0 else "always chosen" if acts == opportunities else ""


def _weights(design: Design, b: Floats, half: Floats) -> pd.DataFrame:
    rows = []
    first = len(design.cells) + design.stall
    for column, name in enumerate(WEIGHTS):
        if name in design.weights:
            i = first + design.weights.index(name)
            rows.append({"weight": name, "estimate": b[i], "low": b[i] - half[i], "high": b[i] + half[i], "note": ""})
            continue
        note = "never at work in these records"
        if name == "sanction":
            note = "not in a record"
        elif (design.choices.pulls[:, column] != 0).any():
            note = "the same on every occasion: the world's own stands"
        rows.append({"weight": name, "estimate": np.nan, "low": np.nan, "high": np.nan, "note": note})
    return pd.DataFrame(rows)


def _file(
    records: Sequence[Record], choices: Choices, table: pd.DataFrame, weights: pd.DataFrame, stall: float | None
) -> FittedTable:
    families: dict[str, Any] = {}
    for row in table.to_dict("records"):
        behaviour = families.setdefault(row["family"], {}).setdefault(row["behaviour"], {})
        cell = {**_estimate(row), "opportunities": row["opportunities"], "acts": row["acts"]}
        if row["relation"] == "none":
            behaviour["alone"] = cell
        else:
            behaviour.setdefault(row["subject"], {})[row["relation"]] = cell
    for behaviour in (one for family in families.values() for one in family.values()):
        if "peer" not in behaviour and "self" not in behaviour:
            behaviour["self"] = dict.fromkeys(RELATIONS[1:], behaviour["alone"]["value"])
    named = [f"{one.manifest['name']} seed {one.manifest['seed']} {one.hash[:12]}" for one in records]
    fitted = {row["weight"]: _estimate(row) for row in weights.to_dict("records") if not np.isnan(row["estimate"])}
    watched = choices.watched_stall if stall is None else round(float(1 / (1 + np.exp(-stall))), 6)
    return FittedTable.model_validate(
        {
            "families": families,
            "weights": fitted,
            "coupling": choices.coupling,
            "watched_stall": watched,
            "records": named,
        }
    )


def _estimate(row: dict[Any, Any]) -> dict[str, float]:
    return {name: round(float(row[key]), 4) for name, key in (("value", "estimate"), ("low", "low"), ("high", "high"))}
