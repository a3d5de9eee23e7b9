"""The rules that come with the program: their order, how some are left out, and which lists are refused."""

import pytest

from society.ground.errors import RunError
from society.rules.moment import Rule
from society.rules.standard import RULES, in_order, is_shipped, rules_without

NAMES = [
    "lifecycle", "work", "review", "orders", "occasions", "settle", "stance", "oversight", "births", "messages", "counts",
]  # fmt: skip


def test_rules_stand_in_the_order_of_the_tick():
    assert [rule.name for rule in RULES] == NAMES


def test_no_column_belongs_to_two_rules():
    owned = [name for rule in RULES for name in rule.owns]
    assert len(owned) == len(set(owned))


def test_some_are_left_out_and_the_others_keep_their_order():
    assert [rule.name for rule in rules_without("work", "counts")] == [
        one for one in NAMES if one not in ("work", "counts")
    ]
    with pytest.raises(RunError, match="no rule 'play': there are lifecycle, work"):
        rules_without("work", "play")


def test_lists_of_rules_hold_rules_and_each_once():
    mine = Rule("mine", lambda society, moment: None)
    assert in_order([mine, RULES[0]]) == (mine, RULES[0])
    with pytest.raises(RunError, match="a function is no rule"):
        in_order([RULES[0], lambda: None])
    with pytest.raises(RunError, match="a Rule is no rule"):
        in_order([Rule("mine", 3)])
    with pytest.raises(RunError, match="'work' stands there twice"):
        in_order([*RULES, RULES[1]])


def test_a_rule_is_shipped_by_what_it_does_not_by_its_name():
    assert all(is_shipped(rule) for rule in RULES)
    assert not is_shipped(Rule("work", lambda society, moment: None))
