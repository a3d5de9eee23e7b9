"""How well a fitted mind predicts acts it was not fitted to, beside the rate of each act in its family."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from society.ground.words import Act, Behaviour
from society.stats.intervals import wilson
from society.study.fit.choices import Choices
from society.study.fit.design import Design
from society.study.fit.regression import predicted, solve

Floats = NDArray[np.float64]
#: Predictions are binned by tenths.
BINS = 10
#: What is said of a fit that relation, trust and weights do not help.
NO_BETTER = "no better than the base rate"


def held_out(design: Design, penalty: float, start: Floats, most: int) -> tuple[pd.DataFrame, int]:
    """Predictions for every act, from a fit to the rest.

    Args:
        design: what is regressed.
        penalty: of the regression.
        start: float64[k], the fit to everything, where scoring begins.
        most: parts at most that are held out in turn: whole seeds, or with one seed blocks of orders in the order of issue.

    Returns:
        One row per occasion and open act: behaviour, predicted, base (rate of the act in its family in the rest), did; and the
        number of parts.
    """
    choices = design.choices
    fold = _folds(choices, most)
    rows = np.full(len(choices.act), np.nan)
    base = rows.copy()
    number = choices.family * len(Act) + choices.act
    for one in range(int(fold.max()) + 1):
        rest, here = fold != one, (fold == one)[choices.occasion]
        b = solve(design.data.rows(rest), design.centre(rest), penalty, start).b
        rows[here] = predicted(design.data.rows(~rest), b)
        did = np.bincount(number[~here], choices.chosen[~here], int(number.max()) + 1)
        could = np.bincount(number[~here], minlength=int(number.max()) + 1)
        base[here] = ((did + 0.5) / (could + 1))[number[here]]
    names = np.array(Behaviour.words())[choices.behaviour]
    return pd.DataFrame({"behaviour": names, "predicted": rows, "base": base, "did": choices.chosen}), int(
        fold.max()
    ) + 1


def errors(predictions: pd.DataFrame) -> pd.DataFrame:
    """Log loss and Brier score per opportunity, of fit and base rates, by behaviour and for all; notes where the fit is no better."""
    groups = [*predictions.groupby("behaviour", sort=False), ("all", predictions)]
    rows = [{"behaviour": name, **_scores(rows)} for name, rows in groups]
    return pd.DataFrame([{**row, "note": _no_better(row)} for row in rows])


def _no_better(scores: Mapping[str, Any]) -> str:
    """Says so where the rate of the act in its family alone predicts as well."""
    return NO_BETTER if scores["log_loss"] >= scores["base_log_loss"] else ""


def calibration(predictions: pd.DataFrame) -> pd.DataFrame:
    """Observed against predicted, by behaviour and tenth of the predictions, with 95 % Wilson intervals."""
    rows = []
    for name, mine in predictions.groupby("behaviour", sort=False):
        place = mine["predicted"].rank(method="first") - 1
        for _, tenth in mine.groupby((place * BINS // len(mine)).astype(int)):
            low, high = wilson(tenth["did"].sum(), len(tenth))
            rows.append(
                {
                    "behaviour": name, "predicted": tenth["predicted"].mean(), "observed": tenth["did"].mean(),
                    "low": float(low), "high": float(high), "opportunities": len(tenth),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def _scores(rows: pd.DataFrame) -> dict[str, float]:
    did = rows["did"].to_numpy(dtype=float)
    scores: dict[str, float] = {"opportunities": len(rows)}
    for prefix, column in (("", "predicted"), ("base_", "base")):
        p = np.clip(rows[column].to_numpy(dtype=float), 1e-12, 1 - 1e-12)
        scores[f"{prefix}log_loss"] = float(-(did * np.log(p) + (1 - did) * np.log1p(-p)).mean())
        scores[f"{prefix}brier"] = float(((did - p) ** 2).mean())
    return scores


def _folds(choices: Choices, most: int) -> NDArray[np.int64]:
    """int64[m], the part of each occasion."""
    several = len(np.unique(choices.seed)) > 1
    names, number = np.unique(choices.seed if several else choices.block, return_inverse=True)
    parts = min(most, len(names))
    return np.asarray(
        number * parts // len(names) if parts > 1 else np.arange(len(number)) * 2 // len(number), np.int64
    )
