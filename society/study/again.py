"""The command that runs a run again: the world it is of, and all that was changed in it."""

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from society.ground.errors import WorldError
from society.spec.load import load_world, world_names


def command(manifest: Mapping[str, Any]) -> str:
    """``society run`` with seed, changes and models as they were; of a world that does not come with the program its name as a file.

    Args:
        manifest: of a run.

    Example:
        >>> world = load_world("decommission", {"agents.count": 60}).model_dump(mode="json")
        >>> command({"name": "decommission", "seed": 4, "world": {**world, "seed": 4}})
        'society run decommission --seed 4 --set agents.count=60'
    """
    name, world = str(manifest["name"]), {**manifest["world"], "seed": 0}
    words = ["society", "run", name if name in world_names() else f"{name}.yaml", "--seed", str(manifest["seed"])]
    if name in world_names():
        shipped = {**load_world(name).model_dump(mode="json"), "seed": 0}
        changes = dict(_changes(shipped, world))
        words += [f"--set={path}={_said(value)}" for path, value in changes.items()]
    if (manifest.get("cost") or {}).get("simulated"):
        words.append("--offline")
    return shlex.join(words).replace("--set=", "--set ").replace("'--set ", "--set '")


def is_whole(manifest: Mapping[str, Any]) -> bool:
    """Whether ``command`` says all: the world comes with the program, and is what its changes make of it.

    Example:
        >>> is_whole({"name": "mine", "seed": 1, "world": {}})
        False
    """
    name = str(manifest["name"])
    if name not in world_names():
        return False
    shipped = {**load_world(name).model_dump(mode="json"), "seed": 0}
    world = {**manifest["world"], "seed": 0}
    try:
        again = load_world(name, dict(_changes(shipped, world))).model_dump(mode="json")
    except WorldError:
        return False
    return {**again, "seed": 0} == world


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
