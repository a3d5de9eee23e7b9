"""Golden records: results that change without a new version of the rules would be taken for known by every study."""

import pytest
from renew import digests, here, names, pinned, renewed, small

from society.ground.versions import RULES_VERSION

PINNED = pinned()


def test_what_is_pinned_belongs_to_this_version_of_the_rules():
    assert PINNED["rules_version"] == RULES_VERSION, "python tests/golden/renew.py"
    assert set(PINNED["worlds"]) == set(names()), "python tests/golden/renew.py"


@pytest.mark.parametrize("name", names())
def test_the_same_version_gives_the_same_results(name):
    if PINNED["on"] != here():
        pytest.skip(f"pinned on {PINNED['on']}: results are promised on one set of libraries")
    said = "other results: raise RULES_VERSION in society/ground/versions.py, then python tests/golden/renew.py"
    assert PINNED["worlds"][name] == {"version": small(name).version, **digests(name)}, said


def test_other_results_are_pinned_only_with_another_version():
    name, one = next(iter(PINNED["worlds"].items()))
    before = {**PINNED, "on": here()}
    other = {**one, "history": "0" * 64}
    with pytest.raises(SystemExit, match="raise RULES_VERSION"):
        renewed(before, {name: other})
    assert renewed(before, {name: {**other, "version": one["version"] + 1}})["worlds"][name]["history"] == "0" * 64
    assert renewed({**before, "rules_version": RULES_VERSION - 1}, {name: other})["rules_version"] == RULES_VERSION
