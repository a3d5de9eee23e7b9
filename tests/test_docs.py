"""README and the pages of docs: their Python runs, their world is valid, their tables and files exist."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from eventually import GUARD_S
from typer.main import get_command

import society
from society.cli.main import app
from society.ground.words import ACTS_OF, Kind
from society.study.sweep.designs import cells_of
from society.world.experiments import base_world, load_experiment
from society.world.load import load_world, world_names
from society.world.reference import markdown

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md"))} | {
    "README": README
}
BLOCKS = [
    (page, *found) for page, text in PAGES.items() for found in re.findall(r"```(\w+)\n(.*?)```", text, re.DOTALL)
]
PYTHON = [(page, code) for page, kind, code in BLOCKS if kind == "python"]


#: What must be true at the end of the block of Python of each page.
AFTERWARDS = {
    "README": """
assert record.manifest["status"] == "done"
assert null.world["null"] == "independent"
assert surplus.n > 0
assert later.table("events").shape == record.table("events").shape
""",
    "minds": "assert record.manifest['status'] == 'done'",
    "language_models": "assert record.manifest['cost']['simulated'] and again.hash == record.hash",
    "page": "assert record.manifest['status'] == 'done'",
    "mesa": "if __name__ == '__main__':\n    assert model.steps == 60 and len(rows) == 6",
}


@pytest.mark.slow
@pytest.mark.parametrize(("page", "code"), PYTHON, ids=[page for page, _ in PYTHON])
def test_python_runs_as_a_file_in_a_foreign_folder(page, code, tmp_path):
    (tmp_path / "block.py").write_text(code + AFTERWARDS[page], encoding="utf-8")
    done = subprocess.run([sys.executable, "block.py"], cwd=tmp_path, capture_output=True, text=True, timeout=GUARD_S)
    assert done.returncode == 0, done.stderr
    assert not re.search("Warning|leaked", done.stderr), done.stderr


def test_every_page_with_python_says_what_comes_of_it():
    assert sorted(AFTERWARDS) == sorted(page for page, _ in PYTHON)


def lines_of_shell():
    """Commands that stand by themselves, without their comments."""
    for line in re.findall(r"^    (society .*)$", "\n".join(PAGES.values()), re.MULTILINE):
        yield " ".join(re.split(r"\s+[#&]", line)[0].split())


@pytest.mark.parametrize("line", list(lines_of_shell()))
def test_every_command_is_one(line):
    """Its options and arguments are those of the program; nothing is run."""
    name, *words = shlex.split(line)[1:]
    commands = get_command(app).commands
    assert name in commands
    commands[name].make_context(name, words)


def test_the_world_is_valid_as_written(tmp_path):
    text = next(code for _, kind, code in BLOCKS if kind == "yaml" and "extends:" in code)
    path = tmp_path / "strict.yaml"
    path.write_text(text)
    world = load_world(path)
    assert world.name == yaml.safe_load(text)["name"]
    assert society.Engine(world).step().tick == 1


def test_its_experiment_is_valid(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(next(code for _, kind, code in BLOCKS if kind == "yaml" and "axes:" in code))
    experiment = load_experiment(path)
    assert len(cells_of(experiment)) == 9
    base = base_world(experiment)
    for cell in cells_of(experiment):
        base.override(cell)


def test_what_they_name_exists():
    for page, text in PAGES.items():
        folder = ROOT if page == "README" else ROOT / "docs"
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
            assert target.startswith("https://") or (folder / target).exists(), f"{page}: {target}"
    for name in world_names():
        assert f"`{name}`" in README
    for kind in Kind:
        if kind != Kind.STANCE:
            row = next(line for line in PAGES["minds"].splitlines() if line.startswith(f"| `{kind.name}`"))
            assert all(act.word in row for act in ACTS_OF[kind])


def test_every_page_is_reached_from_readme_and_readme_is_short():
    for page in PAGES.keys() - {"README"}:
        assert f"(docs/{page}.md)" in README, page
    assert README.count("\n") < 250


def test_the_tables_of_the_model_are_current():
    assert PAGES["model"].endswith(markdown()), (
        "run: society parameters --markdown, and replace the tables at the end of docs/model.md"
    )
