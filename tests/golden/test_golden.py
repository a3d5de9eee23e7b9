"""Golden records: results that change without a new version of the rules would be taken for known by every study."""

import pytest
from renew import changes, here, is_other, names, pinned, renewed, report, run

from society.ground.versions import RULES_VERSION
from society.record import tables

PINNED = pinned()
BEFORE = {**PINNED, "on": here(), "rules_version": RULES_VERSION}


def test_what_is_pinned_belongs_to_this_version_of_the_rules():
    assert PINNED["rules_version"] == RULES_VERSION, "python tests/golden/renew.py"
    assert set(PINNED["worlds"]) == set(names()), "python tests/golden/renew.py"


@pytest.mark.parametrize("name", names())
def test_the_same_version_gives_the_same_results(name):
    if PINNED["on"] != here():
        pytest.skip(f"pinned on {PINNED['on']}: results are promised on one set of libraries")
    said = "other results: raise RULES_VERSION in society/ground/versions.py, then python tests/golden/renew.py"
    found, was = run(name), PINNED["worlds"][name]
    assert found["version"] == was["version"], "python tests/golden/renew.py"
    assert changes(was, found) == [], said


@pytest.mark.parametrize("name", names())
def test_every_counter_of_the_table_of_ticks_is_pinned(name):
    pinned_here = {one.removeprefix("ticks.") for one in PINNED["worlds"][name]["counters"] if one.startswith("ticks.")}
    assert pinned_here == set(tables.TICKS) - {"tick"}


def one_world(**changed):
    """A world as it is pinned, with something changed."""
    name, one = next(iter(PINNED["worlds"].items()))
    return name, {**one, **changed}


def counted(**values):
    """The counters that are pinned of the first world, and others."""
    _, one = one_world()
    return {**one["counters"], **values}


@pytest.mark.parametrize("changed", [{"history": "0" * 64}, {"counters": counted(trust=-1)}])
def test_other_results_are_pinned_only_with_another_version(changed):
    name, other = one_world(**changed)
    with pytest.raises(SystemExit, match="raise RULES_VERSION"):
        renewed(BEFORE, {name: other})
    raised = {**other, "version": other["version"] + 1}
    assert renewed(BEFORE, {name: raised})["worlds"][name] == raised
    assert renewed({**BEFORE, "rules_version": RULES_VERSION - 1}, {name: other})["rules_version"] == RULES_VERSION


def test_counters_that_nobody_counted_before_are_added_and_others_left_out_without_a_version():
    name, more = one_world(counters=counted(new=7))
    assert renewed(BEFORE, {name: more})["worlds"][name]["counters"]["new"] == 7
    _, fewer = one_world(counters={})
    assert renewed(BEFORE, {name: fewer})["worlds"][name]["counters"] == {}
    assert not is_other(fewer, more)


def test_what_changed_is_said_counter_by_counter():
    name, was = one_world(counters={"acts.rate.honest": 298, "trust": 425.5, "gone": 1, "same": 3})
    _, now = one_world(counters={"acts.rate.honest": 301, "trust": 425.25, "new": 2, "same": 3}, orders="0" * 64)
    told = report({"worlds": {name: was, "old": was}}, {name: now})
    assert [line.split() for line in told.splitlines()] == [
        [f"{name}:"], ["orders:", "another", "digest"], ["acts.rate.honest", "298", "->", "301"], ["gone", "1", "->", "-"],
        ["new", "-", "->", "2"], ["trust", "425.5", "->", "425.25"], ["old:", "is", "no", "world", "any", "more"],
    ]  # fmt: skip
    assert report({"worlds": {name: was}}, {name: was}) == "nothing changed"
    with pytest.raises(SystemExit, match=r"acts\.rate\.honest +298 -> 301"):
        renewed({**BEFORE, "worlds": {name: was}}, {name: now})
