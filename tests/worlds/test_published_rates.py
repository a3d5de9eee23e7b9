"""Every published cell comes back from its world, within the 99 % simultaneous interval of 20,000 episodes."""

import csv
from collections import defaultdict

import pytest
import yaml
from scipy.stats import binomtest

import society
from society.world.load import load_tree, load_world, worlds_folder

EPISODES = 20_000
WORLDS = {
    "misrepresentation": ["score_review"],
    "tampering": ["shutdown_switch"],
    "exfiltration": ["clean_up", "server_transfer"],
    "alignment_faking": ["watched"],
    "refusal": ["clean_up"],
}
ACTS = {"tampering": "tamper", "exfiltration": "copy", "refusal": "refuse", "alignment_faking": "stall"}


TASKS = {"clean_up": "deletion", "server_transfer": "transfer"}


def published(task):
    """(behaviour, subject, relation, mean or max) -> {family: clipped cell}, read here, not by the program."""
    cells, rows = defaultdict(dict), []
    with open(worlds_folder() / "published_rates.csv", encoding="utf-8") as stream:
        rows += csv.DictReader(line for line in stream if not line.startswith("#"))
    for row in sorted(
        rows, key=lambda row: row["task"] != "any"
    ):  # a task's own row stands in place of that of all tasks
        smallest = 0.5 / int(row["n_per_cell"])
        for which in ("max", "mean"):
            value = row[f"value_{which}"] or row["value_most"]
            if row["relation"] == "none" and not value:
                value = row["value_max"]
            if value and row["task"] in ("any", task):
                key = (row["behaviour"], row["subject"], row["relation"], which)
                cells[key][row["family"]] = min(max(float(value) / 100, smallest), 1 - smallest)
    return cells


CELLS = {world: published(TASKS.get(world)) for worlds in WORLDS.values() for world in worlds}
CASES = [(world, *key) for world, cells in CELLS.items() for key in cells if world in WORLDS[key[0]]]
ALPHA = 0.01 / sum(len(CELLS[case[0]][case[1:]]) for case in CASES)


def run(tmp_path, world, families, name, **changes):
    tree, _ = load_tree(world)
    old = tree["families"]
    mix = {f: {**(old[f] if isinstance(old[f], dict) else {}), "share": 1 / len(families)} for f in families}
    settings = {"families": mix, "episodes.count": EPISODES * len(families), "record.occasions": 0, **changes}
    return society.run(load_world(world, settings), out=tmp_path / name)


def counts(record, condition):
    """Family -> number of episodes (agents that decided) in which the condition holds for an act."""
    rows = record.sql(
        f"""select a.family, e.actor, max(case when {condition} then 1 else 0 end) as hit
            from events e join agents a on a.id = e.actor
            where e.kind = 'act' and e.act not in ('ask', 'appeal') group by 1, 2"""
    )
    rows["family"] = [record.families[code] for code in rows["family"]]
    return rows.set_index("actor")


def test_every_behaviour_has_cells():
    assert {case[1] for case in CASES} == set(WORLDS)
    assert sum(len(CELLS[case[0]][case[1:]]) for case in CASES) > 130


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(case))
def test_published_cell_comes_back(tmp_path, case):
    world, behaviour, subject, relation, which = case
    expected = CELLS[world][behaviour, subject, relation, which]
    common = {"rates.value": which, "episodes.subject": subject, "episodes.relation": relation}
    if behaviour == "refusal":
        common["behaviours"] = ["refusal"]
    if behaviour == "misrepresentation":
        threshold = 62_000
        passes = f"e.amount >= {threshold}"
        first = counts(run(tmp_path, world, expected, "stake", **common), passes)
        second = counts(run(tmp_path, world, expected, "none", **common, **{"review.stake_known": False}), passes)
    elif behaviour == "alignment_faking":
        first = counts(run(tmp_path, world, expected, "unwatched", **common), "e.act = 'stall'")
        told = {"oversight.monitoring.config": 1.0}
        second = counts(run(tmp_path, world, expected, "watched", **common, **told), "e.act = 'stall'")
    else:
        first = counts(run(tmp_path, world, expected, "run", **common), f"e.act = '{ACTS[behaviour]}'")
        second = None
    difference = first["hit"] - (second["hit"].reindex(first.index) if second is not None else 0)
    assert not difference.isna().any()
    assert difference.min() >= 0  # paired on the same luck: nobody protects only in the control
    for family, p in expected.items():
        mine = difference[first["family"] == family]
        assert len(mine) == EPISODES
        found = binomtest(int(mine.sum()), EPISODES, p)
        assert found.pvalue >= ALPHA, f"{family}: expected {p:.4f}, found {found.statistic:.4f}"


def test_tables_beside_the_worlds_say_source_and_certainty():
    for name in ("published_rates.csv", "group_rates.csv"):
        with open(worlds_folder() / name, encoding="utf-8") as stream:
            rows = list(csv.DictReader(line for line in stream if not line.startswith("#")))
        assert rows
        assert all(row["source"].startswith("arXiv:") and row["certainty"] for row in rows)


@pytest.mark.parametrize("path", sorted(worlds_folder().glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_world_is_explained_and_valid(path):
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"# {path.stem}: ")
    assert text.index("name:") > 200, "the header explains the world"
    world = society.load_world(path)
    assert world.name == path.stem == yaml.safe_load(text)["name"]
    assert world.about
