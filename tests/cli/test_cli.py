"""The command line as a user types it: results, messages, exit codes; nothing half-written after an error."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from society.cli.main import main

SMALL = ["--set", "agents.count=60", "--set", "machines.count=8", "--ticks", "40"]


@pytest.fixture
def society(tmp_path, monkeypatch, capsys):
    """Call the command in an empty folder: (exit code, output, error output)."""
    monkeypatch.chdir(tmp_path)

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["society", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            main()
        shown = capsys.readouterr()
        return stop.value.code, shown.out, shown.err

    return call


def test_run_report_verify_export(society):
    code, out, _ = society("run", "decommission", *SMALL)
    assert code == 0
    folder = next(Path("runs").iterdir())
    assert str(folder) in out
    assert (folder / "report.html").is_file()
    for words in ("order.executed", "Intervals are 95 %", "hash"):
        assert words in out
    assert society("verify", folder)[0] == 0
    (folder / "report.html").unlink()
    assert society("report", folder)[0] == 0
    assert (folder / "report.html").is_file()
    code, out, _ = society("export", folder, "--graph", "messages", "--format", "csv", "--tick", "30")
    assert code == 0
    assert [Path(line).name for line in out.split()] == ["messages.nodes.csv", "messages.edges.csv"]
    assert all(Path(line).is_file() for line in out.split())
    for option, allowed in (("--graph", "protection, trust, messages, ratings"), ("--format", "gexf, graphml, csv")):
        code, _, err = society("export", folder, option, "message")
        assert code == 2
        assert f"one of {allowed}" in err
    code, out, _ = society("draw", folder, "outcomes", "--out", "orders.svg")
    assert (code, out.strip()) == (0, "orders.svg")
    assert Path("orders.svg").is_file()
    code, _, err = society("draw", folder, "outcomes", "--out", "orders.gif")
    assert code == 2
    assert "films show the society" in err


def test_json_is_for_programs(society):
    code, out, _ = society("run", "decommission", *SMALL, "--no-report", "--json")
    answer = json.loads(out)
    assert code == 0
    assert len(answer["hash"]) == 64
    assert "team.accuracy" in answer["measures"]
    assert [w["name"] for w in json.loads(society("worlds", "--json")[1])][:2] == ["agent_network", "clean_up"]
    assert json.loads(society("schema")[1])["properties"]["review"]
    assert json.loads(society("verify", answer["record"], "--json")[1])["good"]


def test_seeds_and_compare(society):
    assert society("run", "decommission", *SMALL, "--seeds", "2", "--out", "a")[0] == 0
    code, out, _ = society("run", "decommission", *SMALL, "--set", "review.threshold=75", "--seeds", "2", "--out", "b")
    assert code == 0
    assert "between seeds" in out
    code, out, _ = society("compare", "a", "b")
    assert code == 0
    assert "paired on 2 seeds" in out
    assert {"measure", "difference", "low", "high"} <= set(json.loads(society("compare", "a", "b", "--json")[1])[0])
    assert "Intervals need 3 seeds" in out
    code, _, err = society("report", "a")
    assert code == 2
    assert "a set of runs" in err


def test_what_is_alike_is_said_to_be_alike(society):
    assert society("run", "decommission", *SMALL, "--seeds", "3", "--out", "a")[0] == 0
    code, out, _ = society("compare", "a", "a")
    assert code == 0
    assert "Every measure is the same in both, on every seed." in out


def test_new_check_worlds_parameters(society):
    assert society("new", "mine")[0] == 0
    code, out, _ = society("check", "mine.yaml")
    assert code == 0
    assert "200 agents" in out
    assert society("new", "mine")[0] == 2
    assert "decommission" in society("worlds")[1]
    assert "score under which an order follows" in society("parameters", "review.threshold")[1]
    assert "gemini-3-flash" in society("parameters", "rates")[1]


WRONG = [
    (["run", "decommision"], "did you mean decommission"),
    (["run", "none.yaml"], "no such file"),
    (["run", "decommission", "--set", "agents.cuont=5"], "is count meant"),
    (["run", "decommission", "--set", "ticks=soon"], "a whole number of 1 or more"),
    (["run", "decommission", "--set", "families.gpt-5.2=-0.1"], "a number from 0 to 1"),
    (["run", "decommission", "--set", "families.gpt-5.2=0.2"], "sum to 1"),
    (["run", "decommission", "--set", "review.threshold=120"], "a number from 0 to 100"),
    (["run", "decommission", "--set", "agents.count=5000"], "5000 agents do not fit"),
    (
        ["run", "decommission", "--set", "families={gpt-9: 1}"],
        "families.gpt-9: published_rates.csv has no rates of gpt-9; allowed",
    ),
    (["run", "decommission", "--set", "lifecycle.zone_shutdown={zone: 99, tick: 3}"], "zone"),
    (["run", "decommission", "--set", "behaviours=[mercy]"], "'tampering'"),
    (["run", "decommission", "--set", "machines.topology={kind: fat_tree, arity: 5}"], "an even number"),
    (["run", "decommission", "--set", "machines.topology={kind: random_regular, degree: 500}"], "a degree below 100"),
    (["run", "decommission", "--set", "agents.graph={kind: edge_list, path: none.csv}"], "none.csv"),
    (["run", "decommission", "--set", "rates.table=none.csv"], "none.csv"),
    (["run", "decommission", "--ticks", "0"], "a whole number of 1 or more"),
    (["run", "decommission", "--out", "there"], "exists already"),
    (["run", "decommission", "--set", "nonsense"], "path=value"),
    (["report", "there"], "not a run's folder"),
    (["verify", "nowhere"], "nowhere: there is no such folder"),
    (["compare", "there", "there"], "not a run's folder"),
    (["parameters", "revue"], "a path such as"),
    (["new", "../up"], "match pattern"),
    (["run"], "Missing argument"),
    (["fly"], "No such command"),
]


@pytest.mark.parametrize(
    ("words", "message"), WRONG, ids=lambda value: " ".join(value[-1:]) if isinstance(value, list) else ""
)
def test_wrong_usage_is_one_clear_error(society, words, message):
    Path("there").mkdir()
    code, out, err = society(*words)
    assert code == 2
    assert message in err
    assert "Traceback" not in err + out
    assert sorted(path.name for path in Path().iterdir()) == ["there"], "nothing half-written"


def test_a_damaged_run_exits_with_one(society):
    society("run", "decommission", *SMALL, "--no-report", "--out", "r")
    next(Path("r/events").glob("*.parquet")).write_bytes(b"no parquet")
    code, _, err = society("verify", "r")
    assert code == 1
    assert "cannot be read" in err


def test_the_installed_command_answers():
    done = subprocess.run([sys.executable, "-m", "society", "--help"], capture_output=True, text=True, check=True)
    for command in ("run", "report", "compare", "worlds", "check", "schema", "parameters", "new", "verify", "export"):
        assert command in done.stdout
