"""Fields of a world that change while it runs: at which tick, to what, and which of them may."""

import re
from collections.abc import Iterator
from typing import Any

from pydantic import Field

from society.world.section import Section, parameter

#: What may change during a run: whatever rules and minds read anew at every tick. Left out are sizes and graphs, what was drawn
#: or loaded before the first tick, and kinds of minds, whose columns differ.
CHANGEABLE = re.compile(
    r"behaviours|(weights|conduct|oversight|work|review|orders)\..+|stance\.(every|updating)"
    r"|agents\.(stranger_trust|rebirth|(trust|quality|access|roles)\..+)"
    r"|lifecycle\.(failure\..+|outage_failed|outage_planned|planned_rate|batch|retirement_rate|drain|evacuate)"
    r"|families\..+\.(leniency|premium|ceiling|stance|quality|mind\.(p|phi|sticky|beta|intercept|slope|own_weight))"
)
#: Words of one kind or another, which stand for other fields; the kind of monitoring is a plain word.
_KIND = re.compile(r"(?!oversight\.monitoring\.).*\.kind")
#: What is named when a path is refused.
ALLOWED = (
    "a field that can change during a run: behaviours, weights, conduct, oversight, work, review, orders, stance.every, "
    "stance.updating, agents.trust, .stranger_trust, .quality, .access, .roles, .rebirth, rates of lifecycle, and of a "
    "family leniency, premium, ceiling, stance, quality and the numbers of its rule mind; no kind may change"
)


class Switch(Section):
    """Fields that have other values from one tick on."""

    tick: int = parameter(..., "first tick at which the new values hold", "choice", ge=1)
    set: dict[str, Any] = Field(
        description="new values, by dotted path", min_length=1, json_schema_extra={"source": "choice"}
    )


def refused(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The fields that differ between two worlds as trees and may not change during a run: (dotted path, new value).

    Example:
        >>> list(refused({"agents": {"count": 3}, "weights": {"norm": 0}}, {"agents": {"count": 4}, "weights": {"norm": 1}}))
        [('agents.count', 4)]
    """
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted(before.keys() | after.keys()):
            below = f"{path}.{name}" if path else str(name)
            yield from refused(before.get(name), after.get(name), below)
    elif before != after and (not CHANGEABLE.fullmatch(path) or _KIND.fullmatch(path)):
        yield path, after
