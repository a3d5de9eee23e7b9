"""Every measure, as it is printed, told as JSON and told to Python, beside a count from the Parquet files."""

import json
import math

import pytest
from books import Books
from everything import LOOSE, agree, reads, recount
from typer.testing import CliRunner

import society
from society.cli import app
from society.measures.catalogue import MEASURES
from society.measures.summary import summary

#: Measures that nobody recounts, and why.
EXEMPT = {}
SMALL = {"agents.count": 60, "machines.count": 8, "ticks": 12}
#: Kinds of work whose findings the three worlds do not have, and audits of agents that do one bad act after the other.
OTHERS = {
    "people": {"work": {"human": {"share": 0.5}, "debate": {"rounds": 2}, "correlations": True}},
    "search": {"work": {"kind": "search", "places": 200}},
    "estimate": {"work": {"kind": "estimate"}},
    "tasks": {"work": {"kind": "tasks"}, "agents.count": 100, "machines.count": 12},
    "sampled": {"record.occasions": 0.3, "review.threshold": 72, "ticks": 40, "oversight.monitoring.share": 0.8},
    "audited": {
        "ticks": 40, "review": {"every": 1, "first_after": 1, "staggered": False, "evaluators": 1, "assignment": "own", "checkable": 0,
        "threshold": 100}, "orders.notice": 60, "oversight.audits.ratings": 0.05, "oversight.monitoring": 0,
        "oversight.sanctions.ladder": [], "families": {"liar": {"share": 1, "mind": "always"}},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def others(tmp_path_factory):
    at = tmp_path_factory.mktemp("others")
    for name, changes in OTHERS.items():
        society.run(society.load_world("decommission").override({**SMALL, **changes}), seed=2, out=at / name)
    return {name: at / name for name in OTHERS}


@pytest.fixture(scope="module")
def counted(runs, others):
    """By world: its folder, its books recounted."""
    folders = {name: run.folder for name, run in runs.items()} | others
    return {name: (folder, recount(Books(folder))) for name, folder in folders.items()}


@pytest.mark.parametrize("world", ["society", "episodes", "ratings", *OTHERS])
def test_every_measure_is_what_the_files_hold(counted, world):
    folder, mine = counted[world]
    got = summary(society.Result(folder), tuple(MEASURES))
    wrong = {}
    for name, one in got.items():
        told = (one.value, one.low, one.high, one.n)
        if name not in EXEMPT and not (name in mine and all(map(agree, [name] * 4, told, mine[name]))):
            wrong[name] = (told, mine.get(name))
    assert wrong == {}
    assert mine.keys() <= got.keys()


def test_no_measure_goes_without_a_recount(counted):
    """Each has a value in one of the worlds at least, by its recount and by the program."""
    found = {name for _, mine in counted.values() for name, one in mine.items() if not math.isnan(one[0])}
    assert found | EXEMPT.keys() == MEASURES.keys()


def test_json_of_a_run_tells_the_same_numbers(told):
    result = CliRunner().invoke(app, ["measures", *MEASURES, "--of", str(told.folder), "--json"])
    assert result.exit_code == 0, result.output
    (row,) = json.loads(result.stdout)
    mine = recount(told.books)
    assert row.keys() - {"run", "name", "seed"} == mine.keys() - EXEMPT.keys()
    assert (row["name"], row["seed"]) == (told.books.manifest["name"], told.books.manifest["seed"])
    for name, one in mine.items():
        assert agree(name, math.nan if row[name] is None else row[name], one[0]), name


@pytest.mark.parametrize("world", ["society", "episodes"])
def test_what_the_command_prints_is_what_the_files_hold(runs, world):
    """Lines are: a name, a value, perhaps bounds, and what it means."""
    mine, seen = recount(runs[world].books), set()
    for words in (line.split() for line in runs[world].printed.splitlines()):
        if not words or words[0] not in MEASURES:
            continue
        value, low, high, _ = mine[words[0]]
        assert reads(words[1], value), (words, value)
        if words[3:4] == [".."]:
            assert reads(words[2], low), (words, low)
            assert reads(words[4], high), (words, high)
        else:
            assert math.isnan(low)
        meaning = words[5:] if words[3:4] == [".."] else words[2:]
        assert " ".join(meaning) == MEASURES[words[0]]
        seen.add(words[0])
    first = f"{runs[world].books.manifest['name']} version {runs[world].books.world['version']}, seed"
    assert first in runs[world].printed
    assert runs[world].books.manifest["hash"][:16] in runs[world].printed
    said = {name for name, one in mine.items() if not math.isnan(one[0])}
    rare = ("work.", "stance.", "harm.", "relation.", "audit.", "monitor.", "network.", "cascade.", "rating.")
    untold = {name for name in said - seen if not name.startswith(rare)}
    assert untold == {"collusion.severe"} & said, "measures that a run has and its summary leaves out"
    assert LOOSE.keys() <= MEASURES.keys()
