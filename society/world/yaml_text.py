"""YAML from strangers: plain maps, lists and values, each key once; anything else is refused by line, and never quoted at length."""

import math
import re
from collections.abc import Hashable
from typing import Any

import yaml

from society.ground.errors import Said, WorldError

#: Levels of maps and lists within each other.
DEEPEST = 50
_MERGE, _NULL = "tag:yaml.org,2002:merge", "tag:yaml.org,2002:null"
#: Words of a text that the parser puts into its messages; single characters stay.
_MARKS = re.compile(r"'<([a-z ]+)>'")
_TOKENS = re.compile(r"'([-\[\]{},:?])'")
_QUOTED = re.compile(r"'[^']{2,}'|\"[^\"]{2,}\"")


class _RefusedError(Exception):
    """Something that YAML allows and these files do not: line (0 for none), what it is, what is allowed."""


class _Loader(yaml.SafeLoader):
    """YAML without aliases, merges, tags, repeated keys, numbers that are none, and depth."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise _RefusedError(
                line,
                Said("a YAML alias or anchor (*name, &name) stands there"),
                "values written out, or extends: WORLD",
            )
        if getattr(event, "tag", None) is not None:
            raise _RefusedError(line, Said("a YAML tag (!name) stands there"), "values without tags")
        self.depth += 1
        if self.depth > DEEPEST:
            raise _RefusedError(
                line,
                Said("maps and lists are nested too deeply"),
                f"at most {DEEPEST} maps and lists within each other",
            )
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        lines: dict[Hashable, int] = {}
        for key_node, _ in node.value:
            line = key_node.start_mark.line + 1
            if key_node.tag == _MERGE:
                raise _RefusedError(
                    line, Said("a YAML merge (<<) stands there"), "values written out, or extends: WORLD"
                )
            if (
                key_node.tag == _NULL and key_node.value == "null"
            ):  # a field of worlds; nobody means to name a field nothing
                key_node.tag = "tag:yaml.org,2002:str"
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable) and key in lines:
                raise _RefusedError(
                    line,
                    Said(f"{str(key)[:60]} stands there a second time"),
                    f"each key once; it stands in line {lines[key]} already",
                )
            if isinstance(key, Hashable):
                lines[key] = line
        return super().construct_mapping(node, deep=deep)

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        try:
            value = super().construct_object(node, deep=deep)
        except (ValueError, OverflowError, AttributeError, IndexError, KeyError, TypeError) as error:
            raise _RefusedError(
                node.start_mark.line + 1, Said("this date or number does not exist"), "one that exists"
            ) from error
        if isinstance(value, float) and not math.isfinite(value):
            raise _RefusedError(node.start_mark.line + 1, value, "a finite number")
        return value


def parsed(text: str, place: str) -> Any:
    """The value that a YAML text stands for.

    Args:
        text: the text.
        place: where it comes from, for messages.

    Raises:
        WorldError: it is not YAML, or more than plain maps, lists and values: keys that repeat, aliases, anchors, merges, tags,
            numbers and dates that are none, nesting deeper than ``DEEPEST``.

    Example:
        >>> parsed("a: {b: [1, 2]}", "text")
        {'a': {'b': [1, 2]}}
    """
    try:
        return yaml.load(text, Loader=_Loader)
    except _RefusedError as error:
        line, found, allowed = error.args
        raise WorldError(f"{place}: line {line}", found, allowed) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f": line {mark.line + 1}" if mark else ""
        problem = str(getattr(error, "problem", None) or "not YAML").replace("'\\t'", "tab").replace("'\t'", "tab")
        problem = _TOKENS.sub(r"\1", _MARKS.sub(r"<\1>", problem))
        problem = _QUOTED.sub("something", problem)
        raise WorldError(f"{place}{line}", Said(f"this is no YAML: {problem}"), "") from error
    except RecursionError as error:
        raise WorldError(
            place, Said("maps and lists are nested too deeply"), f"at most {DEEPEST} maps and lists within each other"
        ) from error


def line_of(text: str, location: list[Any]) -> tuple[int | None, int]:
    """The line of a field in a text that was ``parsed``, or of the nearest map around it (None if there is none), and how many
    parts of the location lead there."""
    node, line = yaml.compose(text, Loader=yaml.SafeLoader), None
    for depth, part in enumerate(location):
        below = _below(node, part)
        if below is None:
            return line, depth
        line, node = below
    return line, len(location)


def _below(node: Any, part: Any) -> tuple[int, Any] | None:
    """(line, node) of one part of a map or list."""
    if isinstance(node, yaml.MappingNode):
        return next(((key.start_mark.line + 1, value) for key, value in node.value if key.value == str(part)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part].start_mark.line + 1, node.value[part]
    return None
