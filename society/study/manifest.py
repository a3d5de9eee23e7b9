"""The manifest of a run: everything that says what was run, with what."""

import platform
from collections.abc import Mapping
from importlib import metadata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from society.engine import Engine
from society.ground.occasions import Mind
from society.record.folder import FORMAT
from society.spec.world import World


def described(
    engine: Engine, world: World, minds: Mapping[str, Mind] | None, shift: NDArray[np.float64] | None
) -> dict[str, Any]:
    """The manifest of a run that is about to begin."""
    versions = {"python": platform.python_version(), "numpy": np.__version__}
    for package in ("plural-society", "numba", "scipy", "duckdb"):
        versions[package] = metadata.version(package)
    return {
        "format": FORMAT,
        "name": world.name,
        "world_version": world.version,
        "about": world.about,
        "status": "running",
        "seed": engine.chance.seed,
        "ticks_done": 0,
        "hash": "0" * 64,
        "families": list(world.families),
        "zones": list(engine.society.machines.topology.zones),
        "rules": [rule.name for rule in engine.rules],
        "minds": {name: f"{type(mind).__module__}.{type(mind).__qualname__}" for name, mind in (minds or {}).items()},
        "shift": None if shift is None else shift.tolist(),
        "folder": str(world.folder.resolve()) if world.folder else None,
        "versions": versions,
        "world": world.model_dump(mode="json"),
    }
