"""README: its Python runs, its world is valid, its tables and files exist."""

import re
from pathlib import Path

import pytest
import yaml

import society
from society.ground.words import ACTS_OF, Kind
from society.spec.experiments import base_world, load_experiment
from society.spec.load import load_world, world_names
from society.spec.reference import markdown
from society.study.sweep.designs import cells_of

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.slow
@pytest.mark.parametrize(
    "code", [code for kind, code in BLOCKS if kind == "python"], ids=["record", "mind", "models", "overseer", "mesa"]
)
def test_python_runs_as_written(code, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(compile(code, "README.md", "exec"), names)
    if "record" in names:
        assert isinstance(names["record"], society.Result)
        assert names["record"].manifest["status"] == "done"
    else:
        assert (names["model"].steps, len(names["rows"])) == (60, 6)
    if "again" in names:
        assert names["again"].hash == names["record"].hash
    if "models" in code:
        assert names["record"].manifest["cost"]["simulated"]
    if "null" in names:
        assert names["null"].world["null"] == "independent"
        assert "order.executed" in capsys.readouterr().out


def test_the_world_is_valid_as_written(tmp_path):
    text = next(code for kind, code in BLOCKS if kind == "yaml" and "extends:" in code)
    path = tmp_path / "strict.yaml"
    path.write_text(text)
    world = load_world(path)
    assert world.name == yaml.safe_load(text)["name"]
    assert society.Engine(world).step().tick == 1


def test_its_experiment_is_valid(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(next(code for kind, code in BLOCKS if kind == "yaml" and "axes:" in code))
    experiment = load_experiment(path)
    assert len(cells_of(experiment)) == 9
    base = base_world(experiment)
    for cell in cells_of(experiment):
        base.override(cell)


def test_what_it_names_exists():
    for target in re.findall(r"\]\((\w[^)]+)\)", TEXT):
        assert (ROOT / target).exists(), target
    for name in world_names():
        assert f"`{name}`" in TEXT
    for kind in Kind:
        if kind != Kind.STANCE:
            row = next(line for line in TEXT.splitlines() if line.startswith(f"| `{kind.name}`"))
            assert all(act.word in row for act in ACTS_OF[kind])


def test_the_tables_of_the_odd_description_are_current():
    text = (ROOT / "worlds" / "ODD.md").read_text(encoding="utf-8")
    assert text.endswith(markdown()), (
        "run: society parameters --markdown, and replace the tables at the end of worlds/ODD.md"
    )
