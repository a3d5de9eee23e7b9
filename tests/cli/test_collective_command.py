"""society collective, as a user types it."""

import json
import math

import pandas as pd
from typer.testing import CliRunner

import society.study.collective as study
from society.cli.collective import TITLES
from society.cli.main import app
from society.ground.errors import WorldError

NONE = math.nan


def planted(world, seeds, changes, out, workers, progress):
    """A table as the study gives it: what each row holds is written out."""
    assert (world, seeds, changes["weights.norm"], workers) == ("decommission", 5, 2, 1)
    row = {"full": 0.4, "other": 0.3, "seeds": 5, "method": "skewed t"}
    rows = [
        {"part": "surplus", "against": "own propensity", "measure": "P(X >= 1)", "value": 0.01, "low": -0.02, "high": 0.04, "needed": 40.0},
        {"part": "pull", "against": "no_pull", "measure": "order.protected", "value": 0.25, "low": 0.1, "high": 0.4, "needed": 4.0},
        {"part": "null", "against": "shuffled", "measure": "P(X >= 1)", "value": 0.1, "low": NONE, "high": NONE, "needed": NONE},
    ]  # fmt: skip
    return pd.DataFrame([{**row, **one} for one in rows])[list(study.COLUMNS)]


def test_every_part_is_printed_with_its_interval_and_the_seeds_it_needs(monkeypatch):
    monkeypatch.setattr(study, "collective_table", planted)
    typed = ["collective", "decommission", "--seeds", "5", "--set", "weights.norm=2", "--workers", "1"]
    said = CliRunner().invoke(app, typed)
    assert said.exit_code == 0, said.output
    lines = {" ".join(line.split()) for line in said.output.splitlines()}
    assert "own propensity P(X >= 1) 0.400 0.300 +0.010 -0.020 .. +0.040 40" in lines
    assert "no_pull order.protected 0.400 0.300 +0.250 +0.100 .. +0.400 told" in lines
    assert "shuffled P(X >= 1) 0.400 0.300 +0.100" in lines
    assert "means over 5 seeds, with 95 % intervals between seeds" in lines
    assert any(line.startswith("no interval: fewer than 3 seeds") for line in lines)
    told = CliRunner().invoke(app, [*typed, "--json"])
    rows = json.loads(told.output)
    assert [(row["part"], row["value"], row["low"]) for row in rows] == [
        ("surplus", 0.01, -0.02), ("pull", 0.25, 0.1), ("null", 0.1, None)
    ]  # fmt: skip
    assert {"surplus", "pull", "null"} <= TITLES.keys()


def test_a_null_is_no_world_to_ask_about():
    said = CliRunner().invoke(app, ["collective", "decommission", "--set", "null=independent"])
    assert isinstance(said.exception, WorldError)
    assert "the nulls are run beside it" in str(said.exception)
