"""What somebody meets who has just installed it: versions, help, search, tables that are whole wherever they go, progress."""

import json
import re
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from society.cli import console as cli_console
from society.cli.console import Bar, Sheet
from society.cli.main import app
from society.world.load import load_world
from society.world.reference import parameters

SMALL = {"agents.count": 40, "machines.count": 6, "ticks": 12}


def said(*words):
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_it_says_its_version_and_its_help_by_short_names():
    assert re.fullmatch(r"society \d+\.\d+\.\d+ \(rules \d+, records \d+\)\n", said("--version"))
    assert said("-h") == said("--help")
    assert "--install-completion" in said("-h")
    assert said("run", "-h") == said("run", "--help")


def test_fields_are_found_by_a_word_and_shorthands_among_them():
    found = said("parameters", "sanction")
    assert "oversight.sanctions.ladder" in found
    for path in ("oversight.monitoring.share", "oversight.audits.share"):
        assert path in said("parameters", "share")
        assert path in said("parameters", path)
        world = load_world("decommission").override({path: 0.37})
        section = world.oversight.monitoring if "monitoring" in path else world.oversight.audits
        told = next(one for one in parameters(path)).meaning
        for name in re.findall(r"\w+", told.removeprefix("sets ").removesuffix(" at once")):
            assert getattr(section, name, None) == 0.37 or getattr(section, f"{name}_") == 0.37
    done = CliRunner().invoke(app, ["parameters", "zyx"])
    assert "no field has 'zyx' in its path or its meaning" in str(done.exception)


@pytest.mark.parametrize("width", [40, 80, 160])
def test_no_table_cuts_a_name_or_a_number(monkeypatch, capsys, width):
    monkeypatch.setattr(cli_console.console, "_width", width)
    sheet = Sheet()
    for head, words in (("a rather long name of a column", False), ("words", True), ("number", False)):
        sheet.column(head, right=head == "number", words=words)
    sheet.add_row(
        "network.reciprocity_beyond_density", "what it means in more words than there is room for", "-0.370 .. 0.123"
    )
    sheet.show()
    shown = capsys.readouterr().out
    assert "\u2026" not in shown
    for whole in ("network.reciprocity_beyond_density", "-0.370 .. 0.123", "a rather long name of a column"):
        assert whole in shown


def test_a_table_without_rows_shows_its_heads(monkeypatch, capsys):
    monkeypatch.setattr(cli_console.console, "_width", 20)
    sheet = Sheet()
    for head in ("a head that is wider than the terminal", "another"):
        sheet.column(head)
    sheet.show()
    shown = capsys.readouterr().out
    assert "a head that is wider than the terminal" in shown
    assert "another" in shown


def test_long_work_tells_how_far_it_is_where_there_is_no_terminal(monkeypatch, capsys):
    clock = iter([0.0, 3.0, 11.0, 12.0, 22.0, 30.0])
    monkeypatch.setattr(cli_console.time, "perf_counter", lambda: next(clock))
    with Bar(unit="runs") as bar:
        for done in range(1, 6):
            bar(done, 50)
    assert capsys.readouterr().err.splitlines() == ["runs 2 of 50, 11 s", "runs 4 of 50, 22 s"]


def test_a_sweep_says_which_measures_its_worlds_have_nothing_for(tmp_path):
    experiment = {
        "name": "t", "base": "decommission", "set": SMALL, "axes": {"review.threshold": [58, 64]}, "seeds": 1,
        "measures": ["work.", "order.count"],
    }  # fmt: skip
    (tmp_path / "t.yaml").write_text(json.dumps(experiment))
    shown = said("sweep", tmp_path / "t.yaml", "--workers", 1, "--out", tmp_path / "study")
    assert "these worlds have nothing to measure for work." in shown


def test_json_holds_no_number_that_json_has_no_word_for(tmp_path):
    """Measures of a run without orders are NaN."""
    run = tmp_path / "run"
    quiet = [f"--set={name}={value}" for name, value in {**SMALL, "review.every": 0}.items()]
    said("run", "decommission", *quiet, "--out", run, "--no-report")

    def refused(word):
        raise AssertionError(word)

    for words in (
        ("run", "decommission", *quiet, "--out", tmp_path / "two", "--no-report", "--json"),
        ("compare", run, run, "--json"),
        ("measures", "--of", run, "--json"),
    ):
        told = json.loads(said(*words), parse_constant=refused)
        assert "null" in json.dumps(told)


@pytest.mark.parametrize("word", ["--help", "-h", "--version"])
def test_help_comes_without_what_only_commands_need(word):
    """Numbers, tables and databases take half a second to load."""
    asked = f"import sys; sys.argv[1:] = [{word!r}]\ntry:\n import society.__main__ as s; s.main()\nexcept SystemExit: pass\n"
    told = "print(*sorted({'numpy', 'pandas', 'duckdb', 'rich', 'numba'} & set(sys.modules)), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", asked + told], capture_output=True, text=True, check=True)
    assert done.stdout
    assert done.stderr.split() == []
