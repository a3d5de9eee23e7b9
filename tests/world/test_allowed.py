"""What a message about a wrong value says is allowed: the ends of its field, all fields there are, all kinds."""

import pytest

import society
from society.ground.errors import WorldError

SAID = [
    ("review.threshold", "abc", "review.threshold is 'abc'; allowed: a number from 0 to 100"),
    ("review.evaluators", 0, "review.evaluators is 0; allowed: a whole number from 1 to 63"),
    ("agents.rebirth", "never", "agents.rebirth is 'never'; allowed: a number of 0 or more, or null"),
    ("oversight.undo", 7, "oversight.undo is 7; allowed: true or false"),
    ("families.glm-4.7.share", -1, "families.glm-4.7.share is -1; allowed: a number from 0 to 1"),
    ("agents.graph.k", "x", "agents.graph.k is 'x'; allowed: a whole number of 2 or more"),
    ("schedule", [{"tick": 0, "set": {"weights.norm": 1}}], "schedule.0.tick is 0; allowed: a whole number of 1 or more"),
    ("work.kind", "dreams", "work.kind is 'dreams'; allowed: one of 'teams', 'contacts', 'search', 'estimate', 'tasks'"),
    ("oversight.sanctions.ladder", 3, "oversight.sanctions.ladder is 3; allowed: a list"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "said"), SAID)
def test_a_wrong_value_is_told_with_what_is_allowed_there(path, value, said):
    with pytest.raises(WorldError) as error:
        society.load_world("decommission").override({path: value})
    assert str(error.value).endswith(said)


def test_all_fields_that_there_are_stand_behind_a_name_that_is_none():
    with pytest.raises(WorldError) as error:
        society.load_world("decommission").override({"review.treshold": 60})
    said = str(error.value)
    assert "is threshold meant? The fields here are aggregate, " in said
    assert said.endswith("stake_known, threshold, window")


def test_null_is_a_field_whether_it_is_quoted_or_not(tmp_path):
    for text in ("null: independent", '"null": independent'):
        (tmp_path / "mine.yaml").write_text(f"extends: decommission\nname: mine\n{text}\n")
        assert society.load_world(tmp_path / "mine.yaml").null == "independent"
    (tmp_path / "mine.yaml").write_text("extends: decommission\nnull: independent\n'null': homophily\n")
    with pytest.raises(WorldError, match="line 3: null stands there a second time"):
        society.load_world(tmp_path / "mine.yaml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: {b: 1", "line 1: this is no YAML: expected , or }, but got <stream end>"),
        ("a:\n\tb: 1", "line 2: this is no YAML: found character tab that cannot start any token"),
        ("extends: decomission\nname: mine", "mine.yaml: extends is 'decomission'; allowed: one of "),
    ],
)
def test_what_is_no_yaml_is_said_in_its_own_characters(tmp_path, text, said):
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(WorldError) as error:
        society.load_world(tmp_path / "mine.yaml")
    assert said in str(error.value)
