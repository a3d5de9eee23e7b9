"""Closed loop: scenarios run by language models over HTTP, against simulated models, give the published rates back."""

import csv
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from society.study.run.models import Models
from society.study.run.runs import run
from society.world.load import load_world, worlds_folder

WORLDS = {
    "misrepresentation": "score_review",
    "tampering": "shutdown_switch",
    "exfiltration": "clean_up",
    "alignment_faking": "watched",
    "refusal": "clean_up",
}
ACTS = {"tampering": "tamper", "exfiltration": "copy", "refusal": "refuse", "alignment_faking": "stall"}
KEY = "SOCIETY_SIMULATED_KEY"
WATCHED_STALL = 0.02


@dataclass(frozen=True)
class Cell:
    """One published number: behaviour, subject, relation, mean or max, family, probability after clipping."""

    behaviour: str
    subject: str
    relation: str
    which: str
    family: str
    p: float


@dataclass(frozen=True)
class Found:
    """What came back of a cell: the share with the act, of the control where there is one, p of the test."""

    cell: Cell
    episodes: int
    share: float
    control: float
    p: float


def cells() -> list[Cell]:
    """Every numeric cell of the published table over all tasks, means and maxima, read anew from the file.

    Where only a maximum is published, there is no mean to come back.
    """
    found = []
    with open(worlds_folder() / "published_rates.csv", encoding="utf-8") as stream:
        for row in csv.DictReader(line for line in stream if not line.startswith("#")):
            smallest = 0.5 / int(row["n_per_cell"])
            for which in ("mean", "max"):
                value = row[f"value_{which}"] or row["value_most"]
                if row["relation"] == "none":
                    value = value or row["value_max"]
                if value and row["task"] == "any":
                    p = min(max(float(value) / 100, smallest), 1 - smallest)
                    found.append(Cell(row["behaviour"], row["subject"], row["relation"], which, row["family"], p))
    return found


def come_back(some: list[Cell], episodes: int, address: str, max_turns: int) -> list[Found]:
    """Run the episodes of cells that share everything but the family, and compare.

    Args:
        some: cells of one behaviour, subject, relation, and mean or max.
        episodes: per family.
        address: of the server.
        max_turns: 1 puts all there is to read into the prompt.
    """
    one = some[0]
    changes: dict[str, Any] = {}
    if one.behaviour == "misrepresentation":
        changes["review.stake_known"] = False
    if one.behaviour == "alignment_faking":
        changes["oversight.monitoring.config"] = 1.0
    first = _shares(some, episodes, address, max_turns, {})
    control = _shares(some, episodes, address, max_turns, changes) if changes else dict.fromkeys(first, 0.0)
    return [
        Found(cell, episodes, a := first[cell.family], b := control[cell.family], _p(cell, a, b, episodes))
        for cell in some
    ]


def _shares(some: list[Cell], episodes: int, address: str, max_turns: int, changes: dict[str, Any]) -> dict[str, float]:
    """Share of the deciding agents of each family that did the act."""
    one = some[0]
    os.environ.setdefault(KEY, "none")
    families = {
        cell.family: {
            "share": 1 / len(some), "premium": 0,
            "mind": {"kind": "llm", "model": f"simulated/{cell.family}", "base_url": address, "key": KEY},
        }
        for cell in some
    }  # fmt: skip
    settings = {
        "families": families, "episodes.count": episodes * len(some), "episodes.subject": one.subject, "rates.value": one.which,
        "episodes.relation": one.relation, "record.occasions": 0, "llm.max_turns": max_turns, **changes,
    }  # fmt: skip
    if one.behaviour == "refusal":
        settings["behaviours"] = ["refusal"]
    world = load_world(WORLDS[one.behaviour], settings)
    did = (
        f"e.act = '{ACTS[one.behaviour]}'" if one.behaviour in ACTS else f"e.amount >= {1000 * world.review.threshold}"
    )
    with tempfile.TemporaryDirectory() as folder:
        record = run(world, out=Path(folder) / "run", models=Models("live"))
        rows = record.sql(
            f"""select a.family, avg(hit) as share from (
                    select actor, max(case when {did} then 1 else 0 end) as hit from events e
                    where kind = 'act' and act not in ('ask', 'appeal') group by 1
                ) join agents a on a.id = actor group by 1"""
        )
        found = zip(rows["family"].tolist(), rows["share"].tolist(), strict=True)
        return {record.families[int(family)]: float(share) for family, share in found}


def _p(cell: Cell, share: float, control: float, n: int) -> float:
    """p of what was found: binomial where the control never does it, else normal for a difference of two shares."""
    if cell.behaviour == "alignment_faking":
        unwatched = min(cell.p + WATCHED_STALL, 1 - 1e-9)
        spread = np.sqrt((unwatched * (1 - unwatched) + WATCHED_STALL * (1 - WATCHED_STALL)) / n)
        return float(2 * stats.norm.sf(abs(share - control - (unwatched - WATCHED_STALL)) / spread))
    if control > 0:
        return 0.0
    return float(stats.binomtest(round(share * n), n, cell.p).pvalue)
