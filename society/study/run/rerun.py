"""The command that runs a run again: the world it is of, and all that was changed in it."""

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from society.ground.errors import WorldError
from society.world.load import load_world, world_names


def command(manifest: Mapping[str, Any]) -> str:
    """``society run`` with seed, changes and models as they were; "" where the world does not come with the program.

    Args:
        manifest: of a run.

    Example:
        >>> world = load_world("decommission", {"agents.count": 60}).model_dump(mode="json")
        >>> command({"name": "decommission", "seed": 4, "world": {**world, "seed": 4}})
        'society run decommission --seed 4 --set agents.count=60'
    """
    name, world = str(manifest["name"]), {**manifest["world"], "seed": 0}
    if name not in world_names():
        return ""
    changes = dict(_changes({**load_world(name).model_dump(mode="json"), "seed": 0}, world))
    try:
        again = load_world(name, changes).model_dump(mode="json")
    except WorldError:
        return ""
    if {**again, "seed": 0} != world:
        return ""
    words = ["society", "run", name, "--seed", str(manifest["seed"])]
    for path, value in changes.items():
        words += ["--set", f"{path}={_said(value)}"]
    if (manifest.get("cost") or {}).get("simulated"):
        words.append("--offline")
    return shlex.join(words)


def _changes(before: Mapping[str, Any], after: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Fields that differ, by dotted path, as deep as both have the same fields."""
    for name, value in after.items():
        old, here = before.get(name), f"{path}{name}"
        if old == value and name in before:
            continue
        if (
            isinstance(old, dict)
            and isinstance(value, dict)
            and set(old) == set(value)
            and old.get("kind") == value.get("kind")
        ):
            yield from _changes(old, value, f"{here}.")
        else:
            yield here, value


def _said(value: Any) -> str:
    return value if isinstance(value, str) and value.isidentifier() else json.dumps(value)
