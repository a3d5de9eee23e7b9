"""Run validations: predictions beside published values, and what is missing to make all of them."""

from dataclasses import dataclass

import pandas as pd

from society.study.validate import bar_sweep, group_size, networks, shares, whistle
from society.study.validate.row import Row
from society.world.validation import (
    AgentNetwork,
    BarSweep,
    Check,
    GroupSize,
    Harness,
    SelfWithPeer,
    Votes,
    Whistle,
)


@dataclass(frozen=True)
class Outcome:
    """What came of a check.

    Attributes:
        check: the check.
        rows: predictions beside published values, as far as nothing is missing.
        missing: what is not on this machine and how to get it.
    """

    check: Check
    rows: tuple[Row, ...]
    missing: str = ""

    def frame(self) -> pd.DataFrame:
        """One row per prediction: group, case, prediction, published, error, low, high, verdict."""
        columns = ["group", "case", "prediction", "published", "error", "low", "high", "verdict"]
        return pd.DataFrame([[getattr(row, name) for name in columns] for row in self.rows], columns=columns)

    def errors(self) -> pd.DataFrame:
        """One row per group: predictions, mean_absolute_error, hits and misses among those with an interval."""
        frame = self.frame()
        rows = []
        for name, mine in frame.groupby("group", sort=False):
            verdicts = mine["verdict"]
            rows.append(
                {
                    "group": name, "predictions": len(mine), "mean_absolute_error": mine["error"].abs().mean(),
                    "hits": int((verdicts == "hit").sum()), "misses": int((verdicts == "miss").sum()),
                }
            )  # fmt: skip
        return pd.DataFrame(rows, columns=["group", "predictions", "mean_absolute_error", "hits", "misses"])


def validate(check: Check) -> Outcome:
    """Make the predictions of one check.

    Raises:
        WorldError: a table or a world that it uses is wrong.
    """
    inputs = check.inputs
    missing = networks.missing(inputs) if isinstance(inputs, AgentNetwork) else ""
    return Outcome(check, tuple(_rows(inputs)), missing)


def _rows(inputs: object) -> list[Row]:
    match inputs:
        case GroupSize():
            return group_size.predict(inputs)
        case BarSweep():
            return bar_sweep.predict(inputs)
        case SelfWithPeer():
            return shares.self_with_peer(inputs)
        case Votes():
            return shares.votes(inputs)
        case AgentNetwork():
            return networks.predict(inputs)
        case Whistle():
            return whistle.predict(inputs)
        case Harness():
            return shares.harness(inputs)
    raise TypeError(type(inputs).__name__)
