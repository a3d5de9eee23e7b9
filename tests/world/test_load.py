"""World files: what is accepted, and how what is wrong is explained."""

import json
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from society.engine.tick import Engine
from society.ground.errors import WorldError
from society.study.sweep.designs import cells_of
from society.world.contents import contents
from society.world.experiments import base_world, load_experiment
from society.world.explain import validated
from society.world.load import load_tree, load_world, world_names
from society.world.overrides import override, parse_assignments
from society.world.reference import parameters, schema
from society.world.scaffold import scaffold
from society.world.world import World

ROOT = Path(__file__).parents[2]
GOOD = {"name": "mine", "families": {"gpt-5.2": 0.5, "gemini-3-pro": {"share": 0.5, "mind": "never"}}}

WRONG = [
    ({"agents": {"cout": 3}}, "agents.cout", "is count meant"),
    ({"nonsense": 1}, "nonsense", "no such field"),
    ({"ticks": "many"}, "ticks", "a whole number of 1 or more"),
    ({"ticks": 0}, "ticks", "a whole number of 1 or more"),
    ({"families": {"gpt-5.2": -0.5, "glm-4.7": 1.5}}, "families.gpt-5.2.share", "a number from 0 to 1"),
    ({"families": {"gpt-5.2": 0.5, "glm-4.7": 0.4}}, "families", "sum to 1"),
    ({"families": {}}, "families", "sum to 1"),
    ({"families": {"gpt-5.2": {"share": 1, "mind": "psychic"}}}, "families.gpt-5.2.mind", "allowed: one of '"),
    ({"review": {"threshold": 101}}, "review.threshold", "a number from 0 to 100"),
    ({"review": {"threshold": float("nan")}}, "review.threshold", "is nan; allowed: a number from 0 to 100"),
    ({"agents": {"count": 1200}}, "agents.count", "machines.count x machines.capacity = 1100"),
    ({"agents": {"graph": {"kind": "watts_strogatz", "k": 3}}}, "agents.graph.k", "even"),
    ({"agents": {"graph": "moebius"}}, "agents.graph", "allowed: one of '"),
    ({"behaviours": ["kindness"]}, "behaviours", "'tampering'"),
    ({"orders": {"mechanisms": {"config": 0.9}}}, "orders.mechanisms", "sum to 1"),
    ({"oversight": {"monitoring": 1.5}}, "oversight.monitoring", "a number from 0 to 1"),
    ({"oversight": {"sanctions": {"ladder": ["jail"]}}}, "ladder", "'suspend'"),
    ({"episodes": {"relation": "none"}}, "episodes", "subject self"),
    ({"lifecycle": {"zone_shutdown": {"tick": 900}}}, "lifecycle.zone_shutdown.tick", "below ticks"),
    ({"name": "../up"}, "name", "match pattern"),
    ({"seed": -1}, "seed", "a whole number from 0 to 9,223,372,036,854,775,807"),
    ({"null": "void"}, "null", "'homophily'"),
]


@pytest.mark.parametrize(("change", "place", "allowed"), WRONG, ids=lambda value: str(value)[:40])
def test_wrong_worlds_are_explained(change, place, allowed):
    with pytest.raises(WorldError) as error:
        load_world({**GOOD, **change})
    assert place in str(error.value)
    assert allowed in str(error.value)


def test_errors_in_files_name_the_line(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\nfamilies: {gpt-5.2: 1}\nreview:\n  threshold: high\n")
    with pytest.raises(WorldError, match=r"mine.yaml: line 4: review.threshold is 'high'"):
        load_world(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: [", "line 1"),
        ("- a\n- b\n", "a map of field names"),
        ("", "a map of field names"),
        ("a: &x 1\nb: *x\n", "alias"),
        ("name: !!python/object/apply:os.system [ls]\n", "YAML"),
        ("extends: nowhere\nname: mine\n", "nowhere"),
        ("extends: mine.yaml\nname: mine\n", "extend this one in turn"),
    ],
)
def test_hostile_files_are_refused(tmp_path, text, message):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(WorldError, match=message):
        load_world(path)


def test_files_that_are_not_there_or_not_text(tmp_path):
    with pytest.raises(WorldError, match="did you mean clean_up"):
        load_world("clean_pu")
    with pytest.raises(WorldError, match="no such file"):
        load_world(str(tmp_path / "none.yaml"))
    path = tmp_path / "bytes.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(WorldError, match="UTF-8"):
        load_world(path)


def test_overrides_find_families_with_dots_and_shorthands():
    tree = override(GOOD, parse_assignments(["families.gpt-5.2.premium=3", "agents.graph.k=4", "review.margin=2"]))
    world = validated(World, tree, "test")
    assert world.families["gpt-5.2"].premium == 3
    assert world.families["gpt-5.2"].share == 0.5
    assert world.review.margin == 2
    assert override(GOOD, {"oversight.monitoring": 1})["oversight"] == {"monitoring": 1}
    with pytest.raises(WorldError, match="path=value"):
        parse_assignments(["ticks"])
    with pytest.raises(WorldError, match="single value"):
        override(GOOD, {"name.first": 1})


def test_extends_merges_maps_and_replaces_families(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text("extends: decommission\nname: small\nfamilies: {glm-4.7: 1}\nagents: {count: 90, graph: {k: 4}}\n")
    world = load_world(path)
    assert list(world.families) == ["glm-4.7"]
    assert (world.agents.count, world.agents.graph.k, world.agents.graph.rewire) == (90, 4, 0.1)


def test_scaffold_and_schema_and_reference_agree_with_the_models():
    text, tree = scaffold("mine")
    assert validated(World, tree, "mine").agents.count == 200
    assert "extends: decommission" in text
    assert "review" in schema()["properties"]
    listed = {row.path for row in parameters()}
    assert {"review.threshold", "oversight.monitoring.copy", "families.NAME.share", "null"} <= listed
    assert all(row.meaning and row.source for row in parameters() if row.path != "families")
    with pytest.raises(WorldError, match="a path such as"):
        parameters("revue")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(sorted(load_tree("decommission")[0])), inner, max_size=4)
        ),
        max_leaves=12,
    )
)
def test_any_tree_is_accepted_or_explained(tree):
    explained = ""
    try:
        load_world({**GOOD, **tree} if isinstance(tree, dict) else {"name": tree})
    except WorldError as error:
        explained = str(error)
        assert re.search(r"(\S is .+; allowed: \S)|(\S: \w)", explained)


def test_every_world_round_trips_through_yaml():
    for name in world_names():
        world = load_world(name)
        tree = yaml.safe_load(yaml.safe_dump(world.model_dump(mode="json")))
        assert load_world(tree).at(world.folder) == world


def test_share_of_monitoring_replaces_channels_that_are_written_out():
    world = load_world("decommission", {"oversight.monitoring.rating": 0.3})
    assert world.override({"oversight.monitoring.share": 0.7}).oversight.monitoring.shares() == (0.7,) * 4
    assert load_world("watched", {"oversight.monitoring.share": 0.25}).oversight.monitoring.shares() == (0.25,) * 4


def test_changes_are_not_changed_by_being_applied():
    changes = {"work": {"kind": "teams"}, "work.team": 3}
    load_world("decommission", changes)
    assert changes == {"work": {"kind": "teams"}, "work.team": 3}


def test_names_of_files_count_from_where_they_are_written(tmp_path, monkeypatch):
    """In a world from its file, in an experiment from its, in changes from where the program runs."""
    here, world, study = (tmp_path / name for name in ("here", "world", "study"))
    for folder, third in ((here, "c"), (world, "d"), (study, "e")):
        folder.mkdir()
        (folder / "ties.csv").write_text(f"src,dst\na,b\nb,{third}\n{third},a\n")
    (world / "mine.yaml").write_text(
        "name: mine\nextends: decommission\nagents: {count: 3, graph: {kind: edge_list, path: ties.csv}}\nmachines: {count: 4}\n"
    )
    monkeypatch.chdir(here)
    mine = world / "mine.yaml"
    assert (
        contents(load_world(mine).model_dump(), world)["ties.csv"] == contents({"path": "ties.csv"}, world)["ties.csv"]
    )
    changed = load_world(mine, {"agents.graph.path": "ties.csv"})
    assert changed.agents.graph.path == str(here / "ties.csv")
    whole = load_world(
        mine, {"agents.graph": {"kind": "edge_list", "path": "ties.csv"}, "rates": {"table": "published_rates.csv"}}
    )
    assert (whole.agents.graph.path, whole.rates.table) == (str(here / "ties.csv"), "published_rates.csv")
    tree = {
        "name": "e",
        "base": str(mine),
        "seeds": 1,
        "measures": ["order."],
        "set": {"agents.graph.path": "ties.csv"},
    }
    (study / "e.yaml").write_text(json.dumps({**tree, "axes": {"agents.graph.path": ["ties.csv"]}}))
    experiment = load_experiment(study / "e.yaml")
    assert base_world(experiment).agents.graph.path == str(study / "ties.csv")
    assert cells_of(experiment) == [{"agents.graph.path": str(study / "ties.csv")}]
    assert Engine(base_world(experiment).override(cells_of(experiment)[0])).society.ties.graph.m == 3


NUMBERS = (
    "two three four five six seven eight nine ten dozen twenty thirty forty fifty hundred thousand million half tenth"
)
FILES = sorted(path for name in ("worlds", "experiments") for path in (ROOT / name).glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_a_file_says_of_itself_holds_whatever_is_changed_in_it(path):
    about = yaml.safe_load(path.read_text())["about"].lower()
    assert not {*re.findall(r"[a-z]+", about)} & {*NUMBERS.split()}
    assert not re.search(r"\d", about)
