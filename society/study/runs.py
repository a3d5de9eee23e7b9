"""One run of a world, from its file to its record; the same world over several seeds; going on after a crash."""

import contextlib
import copy
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from society.broker.address import Address
from society.broker.messages import Messages
from society.engine import RULES, Engine
from society.ground.decisions import Overseer
from society.ground.errors import BrokerError, BudgetSpent, ModelsFailed, RecordError, RunError, SocietyError
from society.ground.occasions import Mind
from society.llm.grants import Grant
from society.record import checkpoint
from society.record.folder import FORMAT, dropped_unless_begun, new_folder, read_manifest, write_manifest
from society.record.hash import sealed
from society.record.writer import Writer, digests_of_parts
from society.rules.moment import Rule
from society.spec.explain import validated
from society.spec.load import load_world
from society.spec.world import World
from society.state.snapshot import pack, unpack
from society.study.carrying import Say, Shown, address_again, address_of, carried, refused, to_stderr
from society.study.interruption import Interruption
from society.study.manifest import described
from society.study.models import Connection, Models, connected, language_families, remote_families
from society.study.nulls import independent_shift
from society.study.overseeing import Desk, refuse_a_person, seat, seat_again, took_seat
from society.study.recording import Recording
from society.study.results import Result
from society.study.watch import Unwatched, Watch

Arrays = dict[str, Any]
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
    models: Models | None = None,
    broker: str | Address = "memory",
    say: Say = to_stderr,
    watch: Watch | None = None,
    overseer: Overseer | None = None,
    decisions: str | Path | None = None,
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
        models: where answers of language models and hosts come from; asked for and kept in the run's folder if absent.
        broker: what carries messages: ``memory``, ``embedded``, ``mqtt://host:port``; the result does not depend on it.
        say: is told where the run can be watched, and what it waits for.
        watch: is told of every tick as it is recorded; the result does not depend on it.
        overseer: who decides where ``oversight.human.mind`` is ``human``, ``society.Person()`` for one.
        decisions: or a file of decisions, as a run keeps them in ``decisions.jsonl``.

    Raises:
        WorldError: the world is wrong, or the decisions are.
        ModelError: a language model cannot be used at all (no key, none that may go to its server, no store to replay).
        ModelsFailed: a server refuses or is gone, or too many occasions have no answer; the run can then be resumed.
        BrokerError: the broker is not there or refuses, or is gone for too long; the run can then be resumed.
        RecordError: the folder exists already or cannot be made.
        RunError: a mind or a rule did what it must not, or the disk is full.
    """
    world, address = load_world(world, None if seed is None else {"seed": seed}), address_of(broker)
    shift = independent_shift(world, minds, rules) if world.null == "independent" else None
    engine = Engine(world, minds=minds, rules=rules, shift=shift, threads=threads)
    manifest = described(engine, world, minds, shift)
    took_seat(manifest, taken := seat(world, overseer, decisions, say), 0)
    folder = new_folder(world.name, manifest["world"], Path(out) if out is not None else None, overwrite)
    models, asked = models or Models(), language_families(world) or remote_families(world)
    manifest.update(models=models.plain() if asked else None, broker=address.full)
    with (
        dropped_unless_begun(folder),
        checkpoint.Lock(folder),
        carried(address, folder, say) as carrier,
        connected(world, folder, models, broker=carrier, say=say) as connection,
    ):
        engine.give_minds({**connection.minds, **(minds or {})})
        engine.broker, engine.overseer = carrier, Desk(taken.overseer, folder, 0)
        write_manifest(folder, manifest)
        recording = Recording(engine, writer := Writer(folder))
        return _written(engine, recording, writer, manifest, connection, progress, watch)


def resume(
    folder: str | Path,
    minds: Mapping[str, Mind] | None = None,
    progress: Progress | None = None,
    threads: int = 1,
    models: Models | None = None,
    broker: str | Address | None = None,
    say: Say = to_stderr,
    overseer: Overseer | None = None,
    decisions: str | Path | None = None,
    grants: Sequence[Grant] = (),
) -> Result:
    """Go on with an interrupted run from its newest whole checkpoint; it ends as if nothing had happened.

    Args:
        folder: the run's folder.
        minds: the minds of your own it was started with.
        progress: called with (ticks done, ticks in all).
        threads: threads to compute with; the result does not depend on it.
        models: where answers of language models and hosts come from; as the run was started if absent.
        broker: what carries messages; as the run was started if absent.
        say: is told where the run can be watched, and what it waits for.
        overseer: who decides from now on; what was decided before is played again first.
        decisions: or a file of decisions; as the run was started if neither is given (a person may have left).
        grants: servers of language models that may be asked and keys they may be sent, where ``models`` is absent. The
            record is not asked: it may be a stranger's.

    Raises:
        ModelError, BrokerError: a key or a password would go where the user has not said that it may.
        RecordError: the folder is not a run's, another process writes it, or it needs minds or rules that are not here.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    if manifest.get("set"):
        raise RecordError(f"{folder}: a set of runs: name one of its folders")
    if manifest["status"] in ("done", "stopped"):
        return Result(folder)
    missing = sorted(set(manifest["minds"]) - set(minds or {}))
    if missing:
        raise RecordError(
            f"{folder}: was run with minds of your own for {', '.join(missing)}; give them to society.resume"
        )
    world = validated(World, manifest["world"], f"{folder}/manifest.json: world")
    world = world.at(Path(manifest["folder"]) if manifest["folder"] else None)
    spent, taken = manifest.get("cost"), seat_again(folder, world, manifest.get("overseer"), overseer, decisions, say)
    models = models or Models.of(manifest.get("models"), grants)
    address = address_again(folder, broker, manifest.get("broker"))
    with (
        checkpoint.Lock(folder),
        carried(address, folder, say) as carrier,
        connected(world, folder, models, spent, carrier, say) as connection,
    ):
        every = {**connection.minds, **(minds or {})}
        engine, recording, writer = _restored(folder, world, manifest, every, threads)
        engine.broker, engine.overseer = carrier, Desk(taken.overseer, folder, engine.tick)
        if took_seat(manifest, taken, engine.tick):
            write_manifest(folder, manifest)
        return _written(engine, recording, writer, manifest, connection, progress)


def run_seeds(
    world: WorldLike,
    seeds: int,
    out: str | Path | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
    threads: int = 1,
    models: Models | None = None,
    broker: str | Address = "memory",
) -> list[Result]:
    """Run a world with consecutive seeds, from the world's own on; each record in a folder ``seed-N`` of one set.

    Raises:
        WorldError: there is no such world, or ``oversight.human.mind`` is ``human``: nobody sits in at a set. Nothing is written.
    """
    checked, address = load_world(world), address_of(broker)
    refuse_a_person(checked, "the runs of many seeds")
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
        records.append(
            run(checked, seed, path, overwrite=True, progress=each, threads=threads, models=models, broker=address)
        )
    return records


def _restored(
    folder: Path, world: World, manifest: dict[str, Any], minds: Mapping[str, Mind], threads: int
) -> tuple[Engine, Recording, Writer]:
    """Engine, recording and writer as they were at the newest checkpoint, or at tick 0."""
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
        _put_back(engine, recording, tick, arrays, tree)
        writer.first, writer.parts = tick + 1, dict(tree["parts"])
    return engine, recording, writer


def _held(engine: Engine, recording: Recording) -> tuple[int, Arrays, dict[str, Any]]:
    """Everything at the end of a tick: (tick, arrays, data)."""
    arrays, tree = pack(engine.society)
    arrays = {name: column.copy() for name, column in arrays.items()}
    arrays.update({f"outbox.{name}": getattr(engine.outbox, name) for name in Messages.names()})
    arrays["outbox.text"] = arrays["outbox.text"].astype(str)
    arrays.update(recording.pack())
    minds = [mind.pack() if hasattr(mind, "pack") else None for mind, _ in engine.minds]
    return engine.tick, arrays, {"society": copy.deepcopy(tree), "history": recording.history.state(), "minds": minds}


def _put_back(engine: Engine, recording: Recording, tick: int, arrays: Arrays, tree: dict[str, Any]) -> None:
    """Put everything back to the end of a tick."""
    unpack(engine.society, arrays, tree["society"])
    for (mind, _), packed in zip(engine.minds, tree["minds"], strict=True):
        if packed is not None and hasattr(mind, "unpack"):
            mind.unpack(packed)
    engine.tick = tick
    outbox = {name: arrays[f"outbox.{name}"] for name in Messages.names()}
    engine.outbox = Messages(**{**outbox, "text": outbox["text"].astype(object)})
    recording.unpack(tree["history"], arrays)


def _written(
    engine: Engine,
    recording: Recording,
    writer: Writer,
    manifest: dict[str, Any],
    connection: Connection,
    progress: Progress | None,
    watch: Watch | None = None,
) -> Result:
    """Tick to the end, writing parts and checkpoints; the manifest says how it ended, whatever happened."""
    watch = watch or Unwatched()
    folder, begin, status, why = writer.folder, time.perf_counter(), "failed", ""
    manifest.pop("failed", None)
    held: list[tuple[int, Arrays, dict[str, Any]]] = []
    shown = Shown(engine.broker, engine)
    try:
        for mind in connection.minds.values():
            mind.answered = getattr(progress, "answer", None)
        watch.begin(writer)
        _ticks(engine, recording, writer, held, shown, progress, watch)
        connection.check()
        status = "done"
        with watch.lock:
            recording.finish()
    except (KeyboardInterrupt, BrokerError) as error:
        status, why = "interrupted", str(error)
        if engine.whole and recording.taken == engine.tick:
            held[:] = [_held(engine, recording)]
        if held and recording.taken == held[0][0]:  # else the tick is half recorded: the checkpoint before it serves
            engine.tick = held[0][0]
            _save(recording, writer, held.pop())
    except ModelsFailed as error:
        why = manifest["failed"] = str(error)
        manifest["unanswered"] = connection.unanswered()
        if held:  # else it was found at the end, and all that has no answer is asked again
            _put_back(engine, recording, *held[0])
            _save(recording, writer, held.pop())
        else:
            checkpoint.drop(folder)
    except BudgetSpent as error:
        status = "stopped"
        manifest["stopped"] = str(error)
        _put_back(engine, recording, *held.pop())
        recording.finish()
    except RecordError as error:
        raise RunError(
            f"{error}; what was written before tick {engine.tick} is intact: society resume {folder}"
        ) from error
    finally:
        seconds = round(manifest.get("timings", {}).get("run_s", 0.0) + time.perf_counter() - begin, 3)
        manifest.update(
            status=status, ticks_done=engine.tick, timings={"run_s": seconds}, parts=digests_of_parts(writer)
        )
        if status != "failed":
            manifest["unanswered"] = connection.unanswered()
        if status != "failed" or why:
            digests = recording.digests()
            manifest.update(hash=sealed(digests), digests=digests)
        manifest["cost"], manifest["refused"] = connection.cost(), refused(engine.broker)
        shown.close(status)
        with contextlib.suppress(RecordError) if status == "failed" else contextlib.nullcontext():
            write_manifest(folder, manifest)
        watch.ended(status)
    if status == "failed":
        raise ModelsFailed(
            f"{why}; the run failed at tick {engine.tick} of {engine.world.ticks}; go on with: society resume {folder}"
        )
    if status == "interrupted":
        said = f"interrupted at tick {engine.tick} of {engine.world.ticks}; go on with: society resume {folder}"
        raise BrokerError(f"{why}; {said}") if why else SocietyError(said)
    checkpoint.drop(folder)
    return Result(folder)


def _ticks(
    engine: Engine,
    recording: Recording,
    writer: Writer,
    held: list[Any],
    shown: Shown,
    progress: Progress | None,
    watch: Watch,
) -> None:
    """All ticks that are left. With minds that are waited for, ``held`` is the state before the tick under way."""
    asks = any(getattr(mind, "reads", False) for mind, _ in engine.minds)
    ticks, every, last = engine.world.ticks, engine.world.record.checkpoint_every, time.perf_counter()
    with Interruption(lambda: engine.exchanging or (asks and not engine.whole)) as interruption:
        while engine.tick < ticks:
            if asks:
                held[:] = [_held(engine, recording)]
            moment = engine.step()
            with watch.lock:
                recording.take(moment)
            held.clear()
            shown(moment)
            watch.ticked(engine.tick)
            now = time.perf_counter()
            due = engine.tick % every == 0 if every else now - last > CHECKPOINT_S
            if due and engine.tick < ticks:
                with watch.lock:
                    _save(recording, writer, _held(engine, recording))
                last = now
            if progress:
                progress(engine.tick, ticks)
            interruption.check()


def _save(recording: Recording, writer: Writer, state: tuple[int, Arrays, dict[str, Any]]) -> None:
    """Bring everything up to a tick to disk, then the checkpoint that says so."""
    tick, arrays, tree = state
    recording.flush(force=True)
    checkpoint.save(writer.folder, tick, arrays, {**tree, "parts": writer.parts})
