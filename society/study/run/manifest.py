"""The manifest of a run: everything that says what was run, with what."""

import platform
from collections.abc import Mapping
from importlib import metadata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from society.engine.tick import Engine
from society.ground.occasions import Mind
from society.ground.versions import RULES_VERSION
from society.record.folder import FORMAT
from society.world.contents import contents
from society.world.world import World


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
        "ticks_done": 0,
        "hash": "0" * 64,
        "families": list(world.families),
        "minds": {name: f"{type(mind).__module__}.{type(mind).__qualname__}" for name, mind in (minds or {}).items()},
        "shift": None if shift is None else shift.tolist(),
        "folder": str(world.folder.resolve()) if world.folder else None,
        "versions": versions,
        "occasions_share": occasions_share(engine),
        **setting_of(engine),
    }


def setting_of(engine: Engine) -> dict[str, Any]:
    """What a run is besides what happens in it: all of it enters the hash but the rates, which follow from the rest."""
    world = engine.source.model_dump(mode="json")
    told = zip(engine.source.families.items(), engine.rates.told(), strict=True)
    return {
        "seed": engine.chance.seed,
        "rules_version": RULES_VERSION,
        "rules": [rule.name for rule in engine.rules],
        "zones": list(engine.society.machines.topology.zones),
        "rates": {name: rates for (name, family), rates in told if family.mind.kind == "calibrated"},
        "contents": contents(world, engine.source.folder),
        "world": world,
    }


def occasions_share(engine: Engine) -> float:
    """Share of the occasions that a record keeps."""
    said = engine.world.record.occasions
    return said if said is not None else min(1.0, 100_000 / engine.society.n)
