"""Changing single fields of a raw world by dotted paths: ``agents.count``, ``families.gpt-5.2.premium``."""

from collections.abc import Mapping
from typing import Any

from society.ground.errors import WorldError
from society.world.section import UNIONS
from society.world.yaml_text import parsed

#: Fields that stand for several, which they replace even where those are written out.
SPREAD: dict[tuple[str, ...], tuple[str, ...]] = {
    ("monitoring", "share"): ("rating", "config", "copy", "message"),
    ("audits", "share"): ("ratings", "orders", "integrity"),
}


def override(tree: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A raw tree with values set at dotted paths; maps on the way are made anew, keys with dots are found."""
    tree = dict(tree)
    for dotted, value in changes.items():
        node: Any = tree
        parts = dotted.split(".")
        while True:
            key, rest = _split(node, parts)
            if not rest:
                for spread in SPREAD.get(tuple(dotted.split(".")[-2:]), ()):
                    node.pop(spread, None)
                    node.pop(f"{spread}_", None)  # as it is called in Python where it is a word of Python's
                node[key] = _copied(value)
                break
            below = node.get(key)
            if key == "families" or not isinstance(below, Mapping):
                below = _spelled_out(key, below, dotted)
            node[key] = below = dict(below)
            node, parts = below, rest
    return tree


def parse_assignments(assignments: list[str]) -> dict[str, Any]:
    """``path=value`` strings, values read as YAML, no path twice.

    Example:
        >>> parse_assignments(["agents.count=50", "review.assignment=random"])
        {'agents.count': 50, 'review.assignment': 'random'}
    """
    changes: dict[str, Any] = {}
    for text in assignments:
        dotted, equals, value = text.partition("=")
        if not equals or not dotted.strip():
            raise WorldError("--set", text, "path=value, for example agents.count=500")
        if dotted.strip() in changes:
            raise WorldError(f"--set {dotted.strip()}", value, "a path that is set once")
        changes[dotted.strip()] = parsed(value, f"--set {dotted.strip()}")
    return changes


def _copied(tree: Any) -> Any:
    if isinstance(tree, Mapping):
        return {key: _copied(value) for key, value in tree.items()}
    return list(map(_copied, tree)) if isinstance(tree, list) else tree


def _split(node: Mapping[str, Any], parts: list[str]) -> tuple[str, list[str]]:
    """The longest head of ``parts`` that is a key of ``node`` (family names hold dots), else the first part."""
    for length in range(len(parts), 1, -1):
        key = ".".join(parts[:length])
        if key in node:
            return key, parts[length:]
    return parts[0], parts[1:]


def _spelled_out(key: str, below: Any, dotted: str) -> dict[str, Any]:
    """A shorthand turned into the map it stands for, so that a field inside it can be set."""
    if key == "families" and isinstance(below, Mapping):
        return {name: {"share": f} if isinstance(f, int | float) else f for name, f in below.items()}
    if below is None:
        return {}
    if isinstance(below, str) and key in UNIONS:
        return {"kind": below}
    if key in ("monitoring", "audits") and isinstance(below, int | float):
        return {"share": below}
    if key == "trust" and isinstance(below, int | float):
        return {"kind": "constant", "value": below}
    raise WorldError(f"--set {dotted}", below, f"a path inside a map; {key} holds a single value")
