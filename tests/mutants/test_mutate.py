"""The mutator: which changes it makes of a small file, that they stay on their line, and that the sample is the same anywhere."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from mutant_run import reasons, report
from mutant_sample import of_file, sample, shares
from mutant_tests import Map, kernel_files
from mutate import Mutant, mutants

ROOT = Path(__file__).parents[2]


def changes(text):
    return {(one.before, one.after) for one in mutants("a.py", text)}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("if a < b and c:", {"if a <= b and c:", "if a < b or c:"}),
        ("if x is None:", {"if x is not None:"}),
        ("n += k", {"n -= k", "pass"}),
        ("log(a)", {"pass"}),
        ("y = ~x", {"y = x"}),
        ("y = not x", {"y = x"}),
        ("y = x - 1", {"y = x + 1", "y = x - 2"}),
        ("y = (x) * (z)", {"y = (x) / (z)"}),
        ("y = f(a, b)", {"y = f(b, a)"}),
        ("y = max(a, b)", {"y = min(a, b)"}),
        ("y = any(a)", {"y = all(a)"}),
        ("y = sorted(a)", {"y = sorted(a, reverse=True)"}),
        ("y = np.argsort(a)", {"y = np.argsort(a)[::-1]"}),
        ("y = a['source']", {"y = a['target']"}),
        ("y = f(actor=a)", {"y = f(target=a)"}),
        ("a[b] = c", {"pass"}),
        ("y = a.sum(axis=0)", {"y = a.mean(axis=0)", "y = a.sum(axis=1)"}),
        ("y = f('select a from b where c >= 1')", {"y = f('select a from b where c > 1')"}),
        ("y = f(f'select {a - b} from t where c = {d}')", {"y = f(f'select {a - b} from t where c <> {d}')"}),
        ("y = 'ä' if a == b else c", {"y = 'ä' if a != b else c"}),
    ],
)
def test_each_line_is_changed_in_these_ways(before, after):
    text = f"{before}\n    z\n" if before.endswith(":") else f"{before}\n"
    assert changes(text) == {(before, one) for one in after}


@pytest.mark.parametrize(
    "text",
    [
        '"""1 < 2 and so on."""',
        "import a",
        "x: Literal[1, 2]",
        "def f(x: A | B[1]) -> C[2]: ...",
        "@cached(3)\ndef f(): ...",
        "raise Error(f'{n + 1} of {1 < 2}')",
        "y = f'{n + 1} are {2}'",
        "y = 'min and max'",
        "y = [a] + b",
        "y = isinstance(a, One | Other)",
        "y = zip(a, b.c, strict=True)",
        "y = f(society, moment)",
    ],
)
def test_what_nobody_computes_with_is_left_alone(text):
    assert changes(text) == set()


def test_only_the_mutant_s_own_line_is_another_and_names_do_not_depend_on_where_it_stands():
    text = "def f(a):\n    x = (a +\n         1)\n    b = 1\n    b = 1\n    return 'é', a < b\n"
    found = mutants("a.py", text)
    for one in found:
        old, new = text.split("\n"), one.apply(text).split("\n")
        assert [n for n, (a, b) in enumerate(zip(old, new, strict=True), 1) if a != b] == [one.line]
        ast.parse(one.apply(text))
    assert [one.name for one in found if one.line in (4, 5)] == [
        "a.py: b = 1 -> b = 2",
        "a.py: b = 1 -> b = 2 (#2)",
    ]
    assert {one.name for one in mutants("a.py", f"# more\n\n{text}")} == {one.name for one in found}


def test_files_have_mutants_in_proportion_and_lines_one_each():
    assert shares({"a": 100, "b": 60, "c": 40, "d": 1}, 10) == {"a": 5, "b": 3, "c": 2, "d": 0}
    assert shares({"a": 120, "b": 50, "c": 30}, 5) == {"a": 3, "b": 1, "c": 1}
    text = "".join(f"x{n} = a{n} < {n} and b\n" for n in range(40))
    found = of_file("a.py", text, 12)
    assert len({one.line for one in found}) == 12
    assert [one.line for one in found] == sorted(one.line for one in found)
    assert {kind: sum(one.operator == kind for one in found) for kind in ("comparison", "constant", "and/or")} == {
        "comparison": 4, "constant": 4, "and/or": 4,
    }  # fmt: skip


def test_the_sample_is_the_same_in_another_process():
    again = (
        "import sys, mutant_sample; [print(one.name) for one in mutant_sample.sample(mutant_sample.Path(sys.argv[1]))]"
    )
    said = subprocess.run(
        [sys.executable, "-c", again, str(ROOT)], cwd=Path(__file__).parent, capture_output=True, text=True, check=True
    )
    names = [one.name for one in sample(ROOT)]
    assert said.stdout.splitlines() == names
    assert len(names) == len(set(names)) == 150


KERNELS = """
@kernel
def inner(x):
    return x + 1

@kernel
def outer(x):
    return inner(x)

LIMIT = 3

def caller(x):
    if (x >
            LIMIT):
        return outer(
            x)
    return 0
"""


def test_tests_of_a_mutant_are_those_that_ran_its_statement_or_what_calls_its_kernel(tmp_path):
    for name, text in {"society/rules/a.py": KERNELS, "tests/x/test_b.py": "", "tests/rules/test_c.py": ""}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = {
        "tests": {
            "tests/x/test_b.py::one": [0, 4],
            "tests/x/test_b.py::two": [1],
            "tests/rules/test_c.py::three": [2, 4],
        },
        "seconds": {"0": 1.0, "1": 1.0, "2": 2.0, "4": 5.0},
        "lines": {"society/rules/a.py": {"13": [0, 1], "15": [0], "17": [2]}},
        "failed": [],
    }
    (tmp_path / "map.json").write_text(json.dumps(found))
    other = {
        "tests": {"tests/x/test_b.py::four": [0]},
        "seconds": {"0": 3.0},
        "lines": {"society/rules/a.py": {"17": [0]}},
        "failed": [],
    }
    (tmp_path / "other.json").write_text(json.dumps(other))
    map_ = Map(tmp_path, [tmp_path / "map.json", tmp_path / "other.json"])

    def at(line, budget=100.0):
        return map_.tests_of(Mutant("society/rules/a.py", line, "", "b", "d"), budget)

    b_one, b_two, c = found["tests"]
    assert at(4) == at(8) == at(16) == at(15) == ([b_one], 6.0)
    assert at(13) == at(14) == ([b_one, b_two], 7.0)
    assert at(17) == ([c, "tests/x/test_b.py::four"], 10.0)
    assert at(10)[0] == [c, b_one, b_two, "tests/x/test_b.py::four"]
    assert at(10)[1] == 12.0  # its own folder first; the fixture that two share is made once
    assert at(10, 8.0) == ([c, b_one], 8.0)
    assert at(10, 0.5) == ([c], 7.0)
    assert at(15, 0.0) == ([b_one], 6.0)
    (tmp_path / "society/rules/d.py").write_text("def f():\n    return 1\n")
    assert map_.tests_of(Mutant("society/rules/d.py", 2, "", "b", "d"), 9.0) == ([], 0.0)


def test_compiled_code_of_whatever_imports_a_changed_file_is_made_again(tmp_path):
    for name, text in {
        "a": "x = 1", "b": "from society.a import x", "c": "from society import b", "d": "from society.ab import x",
        "e": "from society.c import (\n    y,\n    z,\n)",
    }.items():  # fmt: skip
        (tmp_path / "society").mkdir(exist_ok=True)
        (tmp_path / "society" / f"{name}.py").write_text(text)
    assert kernel_files(tmp_path, "society/a.py") == [f"society/{name}.py" for name in "abce"]


def test_a_survivor_without_a_reason_is_not_good_enough_nor_are_too_many(capsys):
    many = {Mutant("society/rules/a.py", n, "", "b", f"c{n}"): "killed" for n in range(18)}
    one = Mutant("society/rules/a.py", 50, "", "b", "d")
    timed = Mutant("society/minds/a.py", 50, "", "b", "d")
    results = {**many, one: "survived", timed: "timed out"}
    assert report(results, {one.name: "equal"})
    said = capsys.readouterr().out.splitlines()
    told = {line.split()[0]: line.split()[1:] for line in said[1:9]}
    assert told == {
        **{key: ["0", "0", "0", "0"] for key in ("acts", "occasions", "measures", "stats", "record")},
        "rules": ["18", "0", "1", "19", "94.7%"], "minds": ["0", "1", "0", "1", "100.0%"], "all": ["18", "1", "1", "20", "95.0%"],
    }  # fmt: skip
    assert not report(results, {})
    other = Mutant("society/rules/a.py", 51, "", "b", "e")
    assert not report({**results, other: "survived"}, {one.name: "equal", other.name: "equal"})


def test_every_reason_is_about_a_mutant_that_could_be():
    for name in reasons():
        path = name.split(":")[0]
        assert name in {one.name for one in mutants(path, (ROOT / path).read_text(encoding="utf-8"))}, name


def test_a_test_that_fails_as_things_are_is_told_and_kills_nothing(tmp_path):
    """Of two tests of a small tree one fails: it is in no list of tests that ran a line, and the other is."""
    pytest.importorskip("coverage")
    (tmp_path / "society").mkdir()
    (tmp_path / "society" / "__init__.py").write_text("def f():\n    return 1\n")
    (tmp_path / "test_a.py").write_text(
        "from society import f\n\ndef test_good():\n    assert f() == 1\n\ndef test_bad():\n    assert f() == 2\n"
    )
    here = os.pathsep.join([str(tmp_path), str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"PYTHONPATH": here, "MUTANTS_MAP": str(tmp_path / "map.json")}
    words = ["-q", "-p", "no:cacheprovider", "-p", "mutant_contexts", "--rootdir", str(tmp_path), "test_a.py"]
    subprocess.run([sys.executable, "-m", "pytest", *words], cwd=tmp_path, env=environment, capture_output=True)
    map_ = Map(tmp_path, [tmp_path / "map.json"])
    assert map_.failed == ["test_a.py::test_bad"]
    (good,) = map_.tests.items()
    assert good[0] == "test_a.py::test_good"
    assert map_.lines["society/__init__.py"][2] >= {good[1][0]}
