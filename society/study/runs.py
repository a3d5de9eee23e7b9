"""One run of a world, from its file to its record; the same world over several seeds; going on after a crash."""

import contextlib
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from society.broker.messages import Messages
from society.engine import RULES, Engine
from society.ground.errors import RecordError, RunError, SocietyError
from society.ground.occasions import Mind
from society.record import checkpoint
from society.record.folder import FORMAT, new_folder, read_manifest, write_manifest
from society.record.writer import Writer
from society.rules.moment import Rule
from society.spec.explain import validated
from society.spec.load import load_world
from society.spec.world import World
from society.state.snapshot import pack, unpack
from society.study.manifest import described
from society.study.nulls import independent_shift
from society.study.recording import Recording
from society.study.results import Result

Progress = Callable[[int, int], None]
WorldLike = World | str | Path | Mapping[str, Any]
#: Seconds between checkpoints where the world does not say ticks. Results do not depend on it.
CHECKPOINT_S = 20.0


def run(
    world: WorldLike,
    seed: int | None = None,
    out: str | Path | None = None,
    minds: Mapping[str, Mind] | None = None,
    rules: Iterable[Rule] | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
    threads: int = 1,
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
        threads: threads to compute with; the result does not depend on it. Worth it from 100,000 agents on.

    Raises:
        WorldError: the world is wrong.
        RecordError: the folder exists already or cannot be made.
        RunError: a mind or a rule did what it must not, or the disk is full.
    """
    world = load_world(world, None if seed is None else {"seed": seed})
    shift = independent_shift(world, minds, rules) if world.null == "independent" else None
    engine = Engine(world, minds=minds, rules=rules, shift=shift, threads=threads)
    manifest = described(engine, world, minds, shift)
    folder = new_folder(world.name, manifest["world"], Path(out) if out is not None else None, overwrite)
    with checkpoint.Lock(folder):
        write_manifest(folder, manifest)
        writer = Writer(folder)
        return _written(engine, Recording(engine, writer), writer, manifest, progress)


def resume(
    folder: str | Path,
    minds: Mapping[str, Mind] | None = None,
    progress: Progress | None = None,
    threads: int = 1,
) -> Result:
    """Go on with an interrupted run from its newest whole checkpoint; it ends as if nothing had happened.

    Args:
        folder: the run's folder.
        minds: the minds of your own it was started with.
        progress: called with (ticks done, ticks in all).
        threads: threads to compute with; the result does not depend on it.

    Raises:
        RecordError: the folder is not a run's, another process writes it, or it needs minds or rules that are not here.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    if manifest.get("set"):
        raise RecordError(f"{folder}: a set of runs: name one of its folders")
    if manifest["status"] == "done":
        return Result(folder)
    missing = sorted(set(manifest["minds"]) - set(minds or {}))
    if missing:
        raise RecordError(
            f"{folder}: was run with minds of your own for {', '.join(missing)}; give them to society.resume"
        )
    with checkpoint.Lock(folder):
        engine, recording, writer = _restored(folder, manifest, minds, threads)
        return _written(engine, recording, writer, manifest, progress)


def run_seeds(
    world: WorldLike,
    seeds: int,
    out: str | Path | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
    threads: int = 1,
) -> list[Result]:
    """Run a world with consecutive seeds, from the world's own on; each record in a folder ``seed-N`` of one set."""
    checked = load_world(world)
    tree = checked.model_dump(mode="json")
    folder = new_folder(f"{checked.name}-x{seeds}", tree, Path(out) if out is not None else None, overwrite)
    names = [f"seed-{checked.seed + number}" for number in range(seeds)]
    write_manifest(folder, {"format": FORMAT, "set": True, "name": checked.name, "seeds": names, "world": tree})
    records = []
    for number, name in enumerate(names):

        def each(tick: int, ticks: int, number: int = number) -> None:
            if progress:
                progress(number * ticks + tick, seeds * ticks)

        path, seed = folder / name, checked.seed + number
        records.append(run(checked, seed=seed, out=path, overwrite=True, progress=each, threads=threads))
    return records


def _restored(
    folder: Path, manifest: dict[str, Any], minds: Mapping[str, Mind] | None, threads: int
) -> tuple[Engine, Recording, Writer]:
    """Engine, recording and writer as they were at the newest checkpoint, or at tick 0."""
    world = validated(World, manifest["world"], f"{folder}/manifest.json: world")
    world = world.at(Path(manifest["folder"]) if manifest["folder"] else None)
    by_name = {rule.name: rule for rule in RULES}
    foreign = [name for name in manifest["rules"] if name not in by_name]
    if foreign:
        raise RecordError(f"{folder}: was run with rules of your own ({', '.join(foreign)}) and cannot be resumed")
    shift = None if manifest["shift"] is None else np.array(manifest["shift"])
    rules = [by_name[name] for name in manifest["rules"]]
    engine = Engine(world, minds=minds, rules=rules, shift=shift, threads=threads)
    found = checkpoint.newest(folder)
    tick = found[0] if found else 0
    checkpoint.cut_back(folder, tick)
    writer = Writer(folder)
    recording = Recording(engine, writer)
    if found:
        _, arrays, tree = found
        writer.forget()
        unpack(engine.society, arrays, tree["society"])
        engine.tick = tick
        engine.inbox = Messages(*(arrays[f"inbox.{name}"] for name in Messages.names()))
        recording.restore(tree["hash"], {name: arrays[f"agents_before.{name}"] for name in recording.last})
        writer.first = tick + 1
    return engine, recording, writer


def _written(
    engine: Engine, recording: Recording, writer: Writer, manifest: dict[str, Any], progress: Progress | None
) -> Result:
    """Tick to the end, writing parts and checkpoints; the manifest says how it ended, whatever happened."""
    folder, ticks, every = writer.folder, engine.world.ticks, engine.world.record.checkpoint_every
    begin = last = time.perf_counter()
    status = "failed"
    try:
        while engine.tick < ticks:
            recording.take(engine.step())
            now = time.perf_counter()
            due = engine.tick % every == 0 if every else now - last > CHECKPOINT_S
            if due and engine.tick < ticks:
                _save(engine, recording, writer)
                last = now
            if progress:
                progress(engine.tick, ticks)
        status = "done"
        recording.finish()
    except KeyboardInterrupt:
        status = "interrupted"
        _save(engine, recording, writer)
    except RecordError as error:
        raise RunError(
            f"{error}; what was written before tick {engine.tick} is intact: society resume {folder}"
        ) from error
    finally:
        seconds = round(manifest.get("timings", {}).get("run_s", 0.0) + time.perf_counter() - begin, 3)
        manifest.update(status=status, ticks_done=engine.tick, hash=recording.hash, timings={"run_s": seconds})
        with contextlib.suppress(RecordError) if status == "failed" else contextlib.nullcontext():
            write_manifest(folder, manifest)
    if status == "interrupted":
        raise SocietyError(f"interrupted at tick {engine.tick} of {ticks}; go on with: society resume {folder}")
    checkpoint.drop(folder)
    return Result(folder)


def _save(engine: Engine, recording: Recording, writer: Writer) -> None:
    """Bring everything up to this tick to disk, then the checkpoint that says so."""
    writer.flush(engine.tick, force=True)
    arrays, tree = pack(engine.society)
    arrays.update({f"inbox.{name}": getattr(engine.inbox, name) for name in Messages.names()})
    arrays.update({f"agents_before.{name}": column for name, column in recording.last.items()})
    checkpoint.save(writer.folder, engine.tick, arrays, {"society": tree, "hash": recording.hash})
