"""What stands beside the numbers that a command prints: where more are, what was drawn, what a table's marks mean."""

import json
import re

import pytest
from typer.testing import CliRunner

from society.cli import console as cli_console
from society.cli.main import app
from society.cli.tables import _number
from society.measures.catalogue import MEASURES

SMALL = {"agents.count": 60, "machines.count": 8, "ticks": 30, "review.threshold": 74}
SET = [f"--set={name}={value}" for name, value in SMALL.items()]


def said(*words):
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    return done


@pytest.fixture
def experiment(tmp_path):
    file = tmp_path / "mine.yaml"
    tree = {
        "name": "mine", "base": "decommission", "set": SMALL, "axes": {"orders.notice": [1, 9]}, "seeds": 3,
        "measures": ["order.", "trust.mean"],
    }  # fmt: skip
    file.write_text(json.dumps(tree))
    return file


def test_measures_of_a_study_are_told_cell_by_cell_and_only_of_records_that_it_keeps(experiment, tmp_path):
    study = tmp_path / "study"
    said("sweep", experiment, "--workers", 1, "--out", study)
    refused = CliRunner().invoke(app, ["measures", "--of", str(study)])
    assert "keeps no records" in str(refused.exception)
    said("sweep", experiment, "--workers", 1, "--out", tmp_path / "kept", "--keep-records")
    rows = json.loads(said("measures", "survival.rmst", "--of", tmp_path / "kept", "--json").stdout)
    assert [(row["study"], row["seed"]) for row in rows] == [
        (f"mine, cell {cell}: orders.notice {notice}", seed) for cell, notice in ((0, 1), (1, 9)) for seed in (1, 2, 3)
    ]
    text = said("measures", "survival.rmst", "--of", tmp_path / "kept").stdout
    for cell, notice in ((0, 1), (1, 9)):
        mean = sum(row["survival.rmst"] for row in rows[3 * cell : 3 * cell + 3]) / 3
        under = text.partition(f"mine, cell {cell}: orders.notice {notice}\n")[2]
        shown = next(line for line in under.splitlines() if line.startswith("survival.rmst")).split()[1]
        assert float(shown) == pytest.approx(mean, rel=5e-3)


def test_a_table_of_cells_says_how_many_measures_it_leaves_out_and_where_they_are(experiment, tmp_path, monkeypatch):
    monkeypatch.setattr(cli_console.console, "_width", 80)
    text = said("sweep", experiment, "--workers", 1, "--out", tmp_path / "study").stdout
    assert "means over 3 seeds, with 95 % intervals" in text
    told = re.search(
        r"(\d+) of (\d+) measures and 2 of 2 cells are shown; all are in the table, and on the page of society view (.*)",
        text,
    )
    shown, there, folder = told.groups()
    kept = [name for name in MEASURES if name.startswith("order.")] + ["trust.mean"]
    assert int(there) == len(kept)
    assert int(shown) == len(re.findall(r"order\.|trust\.", text.splitlines()[0]))
    assert folder == str(tmp_path / "study")


def test_rates_that_are_drawn_are_told_as_drawn(tmp_path):
    note = "Rates were drawn, by the seed, from what is not known of them"
    drawn = said("run", "decommission", *SET, "--draw-rates", "--out", tmp_path / "drawn")
    assert note in drawn.stdout
    assert note in (tmp_path / "drawn" / "report.html").read_text()
    plain = said("run", "decommission", *SET, "--out", tmp_path / "plain")
    assert note not in plain.stdout
    assert note not in (tmp_path / "plain" / "report.html").read_text()
    several = said("run", "decommission", *SET, "--draw-rates", "--seeds", 2, "--out", tmp_path / "set")
    assert note in several.stdout


def test_the_lever_table_comes_with_what_its_marks_mean_beside_it_not_in_it(tmp_path):
    done = said("levers", "--only", "orders.notice", "--seeds", 3, *SET, "--workers", 1, "--out", tmp_path / "study")
    assert "leaves 0 out" in done.stderr
    assert "over 3 paired seeds of `decommission`" in done.stderr
    assert all(line.startswith("|") for line in done.stdout.splitlines())


def test_a_study_is_not_written_among_files_of_others(experiment, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("do not touch")
    refused = CliRunner().invoke(app, ["sweep", str(experiment), "--out", str(tmp_path / "mine")])
    assert "is no study's folder, and thesis.tex stands in it" in str(refused.exception)
    assert [one.name for one in (tmp_path / "mine").iterdir()] == ["thesis.tex"]


def test_an_experiment_is_named_where_what_it_sets_is_wrong(tmp_path):
    file = tmp_path / "wrong.yaml"
    file.write_text(
        '{"name": "wrong", "base": "decommission", "set": {"agents.cuont": 3}, "axes": {"orders.notice": [1]}, "seeds": 1}'
    )
    refused = str(CliRunner().invoke(app, ["sweep", str(file)]).exception)
    assert (
        "decommission.yaml with what experiment wrong sets: agents.cuont: there is no such field; is count meant?"
        in refused
    )
    file.write_text(
        '{"name": "wrong", "base": "decommission", "axes": {"orders.notice": {"low": 1, "high": 2, "stpes": 3}}}'
    )
    refused = str(CliRunner().invoke(app, ["sweep", str(file)]).exception)
    assert "stpes: there is no such field" in refused
    assert "[" not in refused


def test_the_report_says_that_models_were_simulated(tmp_path):
    said(
        "run", "clean_up", "--set", "llm.minds=all", "--set", "episodes.count=4", "--offline", "--out", tmp_path / "run"
    )
    assert (
        "Language models (simulated): 4 occasions, 0 without an answer"
        in (tmp_path / "run" / "report.html").read_text()
    )


def test_nothing_is_minus_nothing():
    assert [_number(value) for value in (-0.0001, 0.0, -0.5, 12.34, -1234.5)] == [
        "0.000",
        "0.000",
        "-0.500",
        "12.3",
        "-1,234.5",
    ]
