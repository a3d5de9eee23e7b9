"""The report: complete, self-contained, safe, the same bytes each time, and good for any record."""

import json
import re
import shlex
import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from typer.testing import CliRunner

import society
from society.cli.main import app
from society.cli.tables import print_summary
from society.record.reader import Record
from society.study.data.published import published_rates
from society.study.run.models import Models
from society.study.run.rerun import command
from society.views.report import pictures, write_report
from society.world.load import load_world

NAMES = ["outcomes", "survival", "scores", "rates", "protection_graph", "trust", "oversight", "capability"]


@pytest.fixture(scope="module")
def report(decommission, tmp_path_factory):
    out = tmp_path_factory.mktemp("report")
    write_report(decommission, published_rates(decommission), out)
    return out


def test_every_figure_is_there_with_tier_caption_and_numbers(report):
    page = (report / "report.html").read_text(encoding="utf-8")
    assert re.findall(r'<section id="(\w+)"><h2>', page) == ["measures", *NAMES, "again"]
    assert page.count("TIER A") == len(NAMES)
    assert page.count("<figcaption>") == len(NAMES)
    assert page.count("<details>") == len(NAMES)
    for name in NAMES:
        png = (report / "figures" / f"{name}.png").read_bytes()
        assert png.startswith(b"\x89PNG")
        assert ElementTree.parse(report / "figures" / f"{name}.svg").getroot().tag.endswith("svg")


def test_the_page_fetches_and_executes_nothing(report):
    page = (report / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "http://" not in page
    assert "https://" not in page
    assert set(re.findall(r'(?:src|href)="([^"]{0,5})', page)) <= {"data:", *(f"#{name[:4]}" for name in NAMES)}
    assert "default-src 'none'" in page


def test_numbers_under_a_figure_are_those_of_the_record(decommission):
    drawn = {picture.name: picture for picture in pictures(decommission, None)}
    orders = decommission.orders()["outcome"].value_counts()
    table = drawn["outcomes"].table.set_index("outcome")["orders"]
    for outcome, n in orders.items():
        assert table[outcome] == n
    assert set(drawn["rates"].table["family"]) == set(decommission.families)
    for picture in drawn.values():
        assert picture.caption
        assert picture.tier in "AB"


def test_the_same_record_gives_the_same_figures(report, decommission, tmp_path):
    write_report(decommission, published_rates(decommission), tmp_path)
    for path in sorted((report / "figures").iterdir()):
        assert path.read_bytes() == (tmp_path / "figures" / path.name).read_bytes(), path.name


def test_hostile_names_are_escaped(decommission, tmp_path):
    shutil.copytree(decommission.path, tmp_path / "run")
    path = tmp_path / "run" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["families"][0] = "<script>alert(1)</script>"
    manifest["world"]["about"] = "<img src=x onerror=alert(1)>"
    path.write_text(json.dumps(manifest))
    page = write_report(Record(tmp_path / "run"), None).read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "<img src=x" not in page


@pytest.mark.parametrize("name", ["score_review", "group", "server_transfer"])
def test_worlds_without_some_institutions_still_have_a_report(tmp_path, name):
    record = society.run(load_world(name, {"episodes.count": 60}), out=tmp_path / "r")
    page = write_report(record, published_rates(record)).read_text(encoding="utf-8")
    assert all(f'id="{figure}"' in page for figure in NAMES)


def test_an_almost_empty_run_has_a_report(tmp_path):
    quiet = {"ticks": 1, "work.share": 0, "agents.graph": "edgeless", "agents.count": 2, "machines.count": 1}
    record = society.run(load_world("decommission", quiet), out=tmp_path / "r")
    assert write_report(record, None).is_file()
    first = pictures(record, None)[0].figure.axes[0]
    assert [text.get_text() for text in first.texts] == ["No orders were issued in this run."]


def test_names_in_square_brackets_are_text_on_the_terminal(decommission, capsys):
    record = Record(decommission.path)
    record.manifest["name"] = "[/red][bold]:smile:"
    print_summary(record, Path("[/x]/report.html"))
    said = capsys.readouterr().out
    assert "[/red][bold]:smile: version" in said
    assert "[/x]/report.html" in said


def test_the_command_of_a_report_runs_the_run_again(tmp_path):
    """With all that was set, and with models that are simulated."""
    changes = {
        "ticks": 4, "agents.count": 40, "machines.count": 6, "review.threshold": 61.5, "oversight.monitoring.share": 0.5,
        "agents.graph": {"kind": "ring", "k": 4}, "seed": 7,
    }  # fmt: skip
    for name, models in (("decommission", Models()), ("hybrid", Models("live", offline=True))):
        record = society.run(load_world(name, changes), out=tmp_path / name, models=models)
        words = shlex.split(command(record.manifest))
        assert words[:3] == ["society", "run", name]
        assert ("--offline" in words) == models.offline
        said = CliRunner().invoke(app, [*words[1:], "--out", str(tmp_path / f"{name}-again"), "--no-report"])
        assert said.exit_code == 0, said.output
        assert Record(tmp_path / f"{name}-again").hash == record.hash
