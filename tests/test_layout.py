"""The shape of the code: floors, docstrings, sizes."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "society"
FLOOR = {
    "ground": 0, "llm": 1, "spec": 1, "network": 1, "broker": 1, "record": 1, "state": 2, "measures": 2, "theory": 2,
    "rules": 3, "minds": 3,
    "engine": 4, "agentset": 4, "study": 5, "serving": 5, "views": 5, "model": 5, "bench": 6, "cli": 6, "cli_tables": 6, "cli_console": 6,
    "cli_measures": 6,
    "cli_models": 6,
    "cli_broker": 6, "cli_study": 6, "cli_hypotheses": 6, "cli_data": 6, "cli_fit": 6, "cli_view": 6, "cli_export": 6,
    "cli_run": 6, "cli_rates": 6, "cli_levers": 6, "cli_collective": 6, "cli_options": 6, "cli_terminal": 6, "__main__": 7,
}  # fmt: skip
#: Ways that floors below may not be reached although they are lower.
FORBIDDEN = {("measures", "spec"), ("views", "spec"), ("views", "engine"), ("views", "state"), ("minds", "network")}
FILES = sorted(ROOT.rglob("*.py"))


def part(path):
    inside = path.relative_to(ROOT)
    return inside.parts[0].removesuffix(".py")


def imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("society."):
            yield node.module.split(".")[1]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_only_go_down(path):
    mine = part(path)
    if mine in ("__init__", "worlds"):
        return
    for other in imports(path):
        assert other == mine or FLOOR[other] < FLOOR[mine] or (FLOOR[mine] == 6 and FLOOR[other] == 6), (
            f"{path}: imports {other}"
        )
        assert (mine, other) not in FORBIDDEN, f"{path}: imports {other}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_say_what_they_are_and_stay_small(path):
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree), f"{path} has no docstring"
    assert text.count("\n") <= 350, f"{path} is asking to be two files"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            size = node.end_lineno - node.lineno + 1
            assert size <= 60, f"{path}:{node.lineno} {node.name} has {size} lines"


def test_rules_and_minds_use_keyed_chance_only():
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr == "random" and isinstance(node.value, ast.Name):
                assert node.value.id != "np", f"{path}:{node.lineno}"


#: Ways to let time pass, or to measure it; `sleep(0)` only lets others have their turn.
PAUSES = re.compile(r"\bsleep\((?!0[,)])|wait_for_timeout\(|\bmonotonic\(|perf_counter\(|\btime\.time\(")
TESTS = sorted(Path(__file__).parent.rglob("*.py"))


@pytest.mark.parametrize("path", TESTS, ids=lambda path: str(path.relative_to(Path(__file__).parent)))
def test_tests_wait_for_what_happens_and_not_for_a_time(path):
    found = [line for line in path.read_text(encoding="utf-8").splitlines() if PAUSES.search(line)]
    assert path.name == "eventually.py" or found == [], "wait with eventually() of tests/eventually.py"
