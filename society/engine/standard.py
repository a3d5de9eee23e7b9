"""The rules of a tick that come with the program, in their order, and which of them a society has."""

from collections.abc import Iterable

from society.acts.every import SAY, SETTLE
from society.ground.errors import RunError
from society.occasions import every, stance
from society.rules import counts
from society.rules.moment import Rule
from society.rules.orders import orders
from society.rules.oversight import watch
from society.rules.population import births, lifecycle
from society.rules.review import review
from society.rules.work import work

#: The rules of a tick in their order; minds decide between ``occasions`` and ``settle``.
RULES: tuple[Rule, ...] = (
    lifecycle.RULE,
    work.RULE,
    review.RULE,
    orders.RULE,
    every.RULE,
    SETTLE,
    stance.RULE,
    watch.RULE,
    births.RULE,
    SAY,
    counts.RULE,
)

_SHIPPED = frozenset(id(rule.run) for rule in RULES)


def rules_without(*names: str) -> tuple[Rule, ...]:
    """The standard rules, some switched off.

    Raises:
        RunError: there is no rule of that name.

    Example:
        >>> [rule.name for rule in rules_without("work", "oversight")][:3]
        ['lifecycle', 'review', 'orders']
    """
    known = [rule.name for rule in RULES]
    for name in names:
        if name not in known:
            raise RunError(f"rules: no rule {name!r}: there are {', '.join(known)}")
    return tuple(rule for rule in RULES if rule.name not in names)


def in_order(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Rules as they were given, if they are rules and none stands there twice."""
    rules = tuple(rules)
    for rule in rules:
        if not isinstance(rule, Rule) or not callable(rule.run):
            raise RunError(f"rules: a {type(rule).__name__} is no rule: Rule(name, run), run(society, moment)")
    names = [rule.name for rule in rules]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise RunError(f"rules: {twice!r} stands there twice: each once")
    return rules


def is_shipped(rule: Rule) -> bool:
    """Whether a rule comes with the program; others are watched while they run."""
    return id(rule.run) in _SHIPPED
