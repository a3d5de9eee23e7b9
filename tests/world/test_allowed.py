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
