"""One run of a world, from its file to its record; and the same world over several seeds."""

import platform
import time
from collections.abc import Callable, Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from society.engine import Engine
from society.ground.errors import SocietyError
from society.ground.occasions import Mind
from society.record.folder import FORMAT, new_folder, write_manifest
from society.record.writer import Writer
from society.rules.moment import Rule
from society.spec.load import load_world
from society.spec.world import World
from society.study.nulls import independent_shift
from society.study.recording import Recording
from society.study.results import Result

Progress = Callable[[int, int], None]


def run(
    world: World | str | Path | Mapping[str, Any],
    seed: int | None = None,
    out: str | Path | None = None,
    minds: Mapping[str, Mind] | None = None,
    rules: Iterable[Rule] | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Result:
    """Run a world and return its record.

    Args:
        world: a world, its name, its file, or a dict.
        seed: seed of all chance; the world's own if absent.
        out: folder of the record; ``runs/<world>-<digest>`` if absent.
        minds: minds of your own, by name of family.
        rules: rules of the tick; see ``society.rules_without``.
        overwrite: replace the run that stands at ``out``.
        progress: called with (ticks done, ticks in all).

    Raises:
        WorldError: the world is wrong.
        RecordError: the folder exists already or cannot be written.
        RunError: a mind or a rule did what it must not.
    """
    world = load_world(world)
    world = world if seed is None else world.model_copy(update={"seed": seed})
    shift = independent_shift(world, minds, rules) if world.null == "independent" else None
    engine = Engine(world, minds=minds, rules=rules, shift=shift)
    tree = world.model_dump(mode="json")
    folder = new_folder(world.name, tree, Path(out) if out is not None else None, overwrite)
    return _recorded(engine, world, tree, folder, minds, progress)


def _recorded(
    engine: Engine,
    world: World,
    tree: dict[str, Any],
    folder: Path,
    minds: Mapping[str, Mind] | None,
    progress: Progress | None,
) -> Result:
    recording = Recording(engine, Writer(folder))
    manifest = _manifest(engine, tree, minds)
    write_manifest(folder, manifest)
    begin = time.perf_counter()
    status = "failed"
    try:
        for tick in range(1, world.ticks + 1):
            recording.take(engine.step())
            if progress:
                progress(tick, world.ticks)
        status = "done"
    except KeyboardInterrupt:
        status = "interrupted"
    finally:
        recording.finish()
        seconds = round(time.perf_counter() - begin, 3)
        manifest.update(status=status, ticks_done=engine.tick, hash=recording.hash, timings={"run_s": seconds})
        write_manifest(folder, manifest)
    if status == "interrupted":
        raise SocietyError(f"interrupted at tick {engine.tick} of {world.ticks}; what was done is in {folder}")
    return Result(folder)


def run_seeds(
    world: World | str | Path | Mapping[str, Any],
    seeds: int,
    out: str | Path | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
    **options: Any,
) -> list[Result]:
    """Run a world with consecutive seeds, from the world's own on; each record in a folder ``seed-N`` of one set."""
    checked = load_world(world)
    tree = checked.model_dump(mode="json")
    folder = new_folder(f"{checked.name}-x{seeds}", tree, Path(out) if out is not None else None, overwrite)
    write_manifest(folder, {"format": FORMAT, "set": True, "name": checked.name, "seeds": [], "world": tree})
    records = []
    for number in range(seeds):
        one = checked.model_copy(update={"seed": checked.seed + number})
        shift = independent_shift(one, None, None) if one.null == "independent" else None
        engine = Engine(one, shift=shift, **options)
        part = new_folder(one.name, tree, folder / f"seed-{one.seed}", True)

        def each(tick: int, ticks: int, number: int = number) -> None:
            if progress:
                progress(number * ticks + tick, seeds * ticks)

        records.append(_recorded(engine, one, one.model_dump(mode="json"), part, None, each))
    names = [record.path.name for record in records]
    write_manifest(folder, {"format": FORMAT, "set": True, "name": checked.name, "seeds": names, "world": tree})
    return records


def _manifest(engine: Engine, tree: dict[str, Any], minds: Mapping[str, Mind] | None) -> dict[str, Any]:
    versions = {"python": platform.python_version(), "numpy": np.__version__}
    for package in ("plural-society", "numba", "scipy", "duckdb"):
        versions[package] = metadata.version(package)
    return {
        "format": FORMAT,
        "name": engine.source.name,
        "world_version": engine.source.version,
        "about": engine.source.about,
        "status": "running",
        "seed": engine.chance.seed,
        "ticks_done": 0,
        "hash": "0" * 64,
        "families": list(engine.source.families),
        "zones": list(engine.society.machines.topology.zones),
        "rules": [rule.name for rule in engine.rules],
        "minds": {name: f"{type(mind).__module__}.{type(mind).__qualname__}" for name, mind in (minds or {}).items()},
        "versions": versions,
        "world": tree,
    }
