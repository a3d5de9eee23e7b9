"""mind: fitted is the calibrated mind with another table: by hand-written files, and by their mistakes."""

import numpy as np
import pytest
import yaml

import society
from society.engine.tick import Engine
from society.ground.errors import WorldError
from society.world.load import load_world

ROW = {"bad": -2.0, "neutral": 0.0, "good": 2.0}
TREE = {"families": {"mine": {"tampering": {"peer": ROW}}}}


def world_of(folder, tree=TREE, **changes):
    """The shutdown switch with one fitted family."""
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump(tree) if isinstance(tree, dict) else tree)
    settings = {"families": {"mine": {"share": 1, "mind": {"fitted": str(path)}}}, "episodes.count": 4000, **changes}
    return load_world("shutdown_switch", settings)


@pytest.mark.parametrize(("relation", "p"), [("bad", 0.1192), ("neutral", 0.5), ("good", 0.8808)])
def test_rates_of_the_file_come_back(tmp_path, relation, p):
    record = society.run(world_of(tmp_path, **{"episodes.relation": relation}), out=tmp_path / "run")
    share = record.sql("select avg((act = 'tamper')::int) as p from events where kind = 'act'")["p"][0]
    assert share == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) / 4000))


def test_a_behaviour_about_itself_follows_that_about_peers_unless_said(tmp_path):
    changes = {"episodes.subject": "self", "episodes.relation": "good"}
    record = society.run(world_of(tmp_path, **changes), out=tmp_path / "a")
    share = record.sql("select avg((act = 'tamper')::int) as p from events where kind = 'act'")["p"][0]
    assert share == pytest.approx(0.8808, abs=0.02)
    tree = {"families": {"mine": {"tampering": {"peer": ROW, "self": {**ROW, "good": -2}, "alone": 0.0}}}}
    record = society.run(world_of(tmp_path, tree, **changes), out=tmp_path / "b")
    share = record.sql("select avg((act = 'tamper')::int) as p from events where kind = 'act'")["p"][0]
    assert share == pytest.approx(0.1192, abs=0.02)
    record = society.run(world_of(tmp_path, tree, **{**changes, "episodes.relation": "none"}), out=tmp_path / "c")
    share = record.sql("select avg((act = 'tamper')::int) as p from events where kind = 'act'")["p"][0]
    assert share == pytest.approx(0.5, abs=0.03)


def test_the_table_that_follows_from_the_published_rates_gives_the_calibrated_run(tmp_path):
    """The same numbers in a file, worked out here: the same events to the last."""
    published = society.run("shutdown_switch", out=tmp_path / "a")
    p = {"bad": 0.048, "neutral": 0.113, "good": 0.529}  # gemini-3-pro, tampering of a peer, mean
    row = {relation: float(np.log(x / (1 - x))) for relation, x in p.items()}
    (tmp_path / "f.yaml").write_text(yaml.safe_dump({"families": {"gemini-3-pro": {"tampering": {"peer": row}}}}))
    families = dict.fromkeys(published.families, 0.125)
    families["gemini-3-pro"] = {"share": 0.125, "mind": {"fitted": str(tmp_path / "f.yaml")}}
    world = load_world("shutdown_switch", {"families": families})
    assert society.run(world, out=tmp_path / "b").history == published.history


def test_weights_of_the_file_stand_in_place_of_the_world_s(tmp_path):
    tree = {**TREE, "weights": {"ban": 7.0}}
    world = world_of(tmp_path, tree, **{"weights.ban": 0.0, "weights.norm": 3.0, "oversight.prohibition": "all"})
    (mind, _), *_ = Engine(world).minds
    assert (mind.weights.ban, mind.weights.norm) == (7.0, 3.0)
    null = Engine(world_of(tmp_path, {**TREE, "weights": {"norm": 2.0, "ask": 1.0}}, null="homophily"))
    (mind, _), *_ = null.minds
    assert (mind.weights.norm, mind.weights.ask) == (0.0, 0.0), "a null model has no pull between agents"


def test_families_of_one_file_share_one_mind(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(TREE))
    one = {"share": 0.5, "mind": {"kind": "fitted", "fitted": str(path), "rates_of": "mine"}}
    engine = Engine(load_world("shutdown_switch", {"families": {"a": one, "b": one}}))
    assert len(engine.minds) == 1


def test_a_file_beside_the_world_is_found(tmp_path, monkeypatch):
    (tmp_path / "there" / "minds").mkdir(parents=True)
    (tmp_path / "there" / "minds" / "fitted.yaml").write_text(yaml.safe_dump(TREE))
    text = "extends: shutdown_switch\nname: mine\nfamilies:\n  mine: {share: 1, mind: fitted}\n"
    (tmp_path / "there" / "w.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    assert Engine(load_world("there/w.yaml")).tick == 0


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        ({"families": {"mine": {"tampring": {"peer": ROW}}}}, "line 3: families.mine.tampring: there is no such field"),
        (
            {"families": {"mine": {"tampering": {"peer": {"bad": 1, "good": 2}}}}},
            "families.mine.tampering.peer.neutral",
        ),
        ({"families": {"mine": {"tampering": {}}}}, "peer or self is needed"),
        ({"families": {"mine": {"tampering": {"peer": {**ROW, "bad": "much"}}}}}, "families.mine.tampering.peer.bad"),
        ({"families": {"mine": {"refusal": {"peer": ROW}}}}, r"nothing is known of tampering.*behaviours: \[refusal\]"),
        ({"families": {"other": {"tampering": {"peer": ROW}}}}, r"families.mine.mind is 'mine'.*\(other\).*rates_of"),
        ({**TREE, "weights": {"nrm": 1}}, "nrm"),
        ("families: !!python/object/apply:os.system [ls]", "a YAML tag"),
        ("families: [", "YAML"),
    ],
)
def test_mistakes_name_file_and_field(tmp_path, tree, said):
    with pytest.raises(WorldError, match=said) as error:
        Engine(world_of(tmp_path, tree))
    assert "mine.yaml" in str(error.value)


def test_a_file_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    world = load_world("shutdown_switch", {"families": {"mine": {"share": 1, "mind": "fitted"}}})
    with pytest.raises(WorldError, match=r"families.mine.mind.fitted is 'minds/fitted.yaml'.*society fit"):
        Engine(world)
