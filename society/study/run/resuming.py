"""Going on with a run that was interrupted, stopped or killed: it ends as if nothing had happened."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from society.broker.address import Address
from society.engine.standard import RULES
from society.engine.tick import Engine
from society.ground.decisions import Overseer
from society.ground.errors import RecordError, WorldError
from society.ground.occasions import Mind
from society.llm.grants import Grant
from society.record import checkpoint
from society.record.complete import complete_run
from society.record.folder import FORMAT, read_manifest, see_no_links, single_run, write_manifest
from society.record.lock import Lock
from society.record.writer import Writer
from society.study.run.broker_session import Say, address_again, carried, to_stderr
from society.study.run.manifest import setting_of
from society.study.run.models import Models, connected
from society.study.run.overseer_setup import KeptDecisions, seat_again, took_seat
from society.study.run.recording import Recording
from society.study.run.results import Result
from society.study.run.secret import kept_secret
from society.study.run.watch import Watch
from society.study.run.writing import Progress, Running, put_back
from society.world.explain import validated
from society.world.world import World

#: Fields that may be changed when a run goes on: when it ends and how fast it asks, never what happens in it.
LIMITS = (
    "llm.spending", "llm.concurrency", "llm.per_minute", "llm.most_unanswered", "llm.longest_wait", "llm.gone_after",
    "record.checkpoint_every",
)  # fmt: skip


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
    changes: Mapping[str, Any] | None = None,
    watch: Watch | None = None,
    grants: Sequence[Grant] = (),
    store: str | Path | None = None,
) -> Result:
    """Go on with a run that did not end, from its newest whole checkpoint; it ends as if nothing had happened.

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
        changes: other limits than it was started with, such as ``{"llm.spending.price": 10}``; nothing is asked twice.
        watch: is told of every tick as it is recorded.
        grants: servers of language models that may be asked and keys they may be sent, where ``models`` is absent. The
            record is not asked: it may be a stranger's.
        store: file of kept answers that lies outside of the run's folder, where ``models`` is absent: the one the run was
            started with.

    Raises:
        ModelError, BrokerError: a key or a password would go where the user has not said that it may.
        RecordError: the folder is not a run's, another process writes it, or it needs minds or rules that are not here.
        WorldError: a change is of a field that is no limit.
    """
    folder = Path(folder)
    with Lock(single_run(folder)):
        manifest = read_manifest(folder)
        if manifest["status"] == "done":
            return Result(complete_run(folder))
        see_no_links(folder)
        if manifest["format"] < FORMAT:
            raise RecordError(
                f"{folder}: was left unfinished by an earlier version of the program (record format {manifest['format']}); "
                "such runs cannot go on: run it again"
            )
        return _resumed(
            folder, manifest, dict(minds or {}), progress, threads, broker, say, (overseer, decisions),
            changes or {}, watch, models or _answers(folder, manifest, grants, store),
        )  # fmt: skip


def _resumed(
    folder: Path, manifest: dict[str, Any], minds: dict[str, Mind], progress: Progress | None, threads: int,
    broker: str | Address | None, say: Say, sits: tuple[Overseer | None, str | Path | None],
    changes: Mapping[str, Any], watch: Watch | None, models: Models,
) -> Result:  # fmt: skip
    """Go on with a run whose folder is locked."""
    missing = sorted(set(manifest["minds"]) - set(minds))
    if missing:
        raise RecordError(
            f"{folder}: was run with minds of your own for {', '.join(missing)}; give them to society.resume"
        )
    world = validated(World, manifest["world"], f"{folder}/manifest.json: world")
    world = _within_limits(world.at(Path(manifest["folder"]) if manifest["folder"] else None), changes)
    manifest["world"] = world.model_dump(mode="json")
    spent, taken = manifest.get("cost"), seat_again(folder, world, manifest.get("overseer"), *sits, say)
    address = address_again(folder, broker, manifest.get("broker"))
    with (
        carried(address, folder, say) as carrier,
        connected(world, folder, models, spent, carrier, say) as connection,
    ):
        engine, recording, writer, told = _restored(folder, world, manifest, {**connection.minds, **minds}, threads)
        engine.broker, engine.overseer = carrier, KeptDecisions(taken.overseer, folder, engine.tick)
        engine.overseer.unpack(told)
        took_seat(manifest, taken, engine.tick)
        for ended in ("stopped", "failed", "digests", "parts"):
            manifest.pop(ended, None)
        write_manifest(folder, {**manifest, "status": "running"})
        return Running(engine, recording, writer, manifest, connection, progress, watch).to_the_end()


def _answers(folder: Path, manifest: Mapping[str, Any], grants: Sequence[Grant], store: str | Path | None) -> Models:
    """Where answers come from, as the run was started: no file outside of its folder is opened that the user has not named.

    Raises:
        RecordError: the record names one; it may be a stranger's.
    """
    models = Models.of(manifest.get("models"), grants)
    kept = models.store
    if kept is None or kept.resolve().parent == folder.resolve() or (store and Path(store).resolve() == kept.resolve()):
        return models
    raise RecordError(f"{folder}: keeps its answers outside of its folder: to use that file, say --store {kept}")


def _within_limits(world: World, changes: Mapping[str, Any]) -> World:
    """The world with other limits.

    Raises:
        WorldError: a change is of another field.
    """
    for path, value in changes.items():
        if not path.startswith(LIMITS):
            allowed = f"one of {', '.join(LIMITS)}: nothing else may change when a run goes on"
            raise WorldError(f"--set {path}", value, allowed)
    return world.override(changes) if changes else world


def _restored(
    folder: Path, world: World, manifest: dict[str, Any], minds: Mapping[str, Mind], threads: int
) -> tuple[Engine, Recording, Writer, dict[str, Any]]:
    """Engine, recording and writer as they were at the newest checkpoint, or at tick 0; and what an overseer had been told."""
    by_name = {rule.name: rule for rule in RULES}
    foreign = [name for name in manifest["rules"] if name not in by_name]
    if foreign:
        raise RecordError(f"{folder}: was run with rules of your own ({', '.join(foreign)}) and cannot be resumed")
    shift = None if manifest["shift"] is None else np.array(manifest["shift"])
    rules = [by_name[name] for name in manifest["rules"]]
    secret = kept_secret(folder) if manifest.get("secret") else b""
    engine = Engine(world, minds=minds, rules=rules, shift=shift, threads=threads, secret=secret)
    _refuse_another_setting(folder, manifest, setting_of(engine))
    tick, arrays, tree = checkpoint.newest(folder) or (0, {}, {})
    checkpoint.cut_back(folder, tick)
    writer = Writer(folder)
    recording = Recording(engine, writer, manifest)
    if tick:  # before the first tick nothing has happened that a new beginning does not do again
        writer.forget()
        put_back(engine, recording, tick, arrays, tree)
        writer.first, writer.parts = tick + 1, dict(tree["parts"])
    return engine, recording, writer, tree.get("overseer", {})


def _refuse_another_setting(folder: Path, began: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """The second half of a run is computed as the first: by the same rules, from files in which the same stands.

    Raises:
        RecordError: it would not be.
    """
    if began["rules_version"] != now["rules_version"]:
        raise RecordError(
            f"{folder}: was begun by version {began['rules_version']} of the rules, and this program has version "
            f"{now['rules_version']}; it can only go on with the program that began it"
        )
    changed = sorted(name for name, content in began["contents"].items() if now["contents"].get(name) != content)
    if changed:
        raise RecordError(
            f"{folder}: cannot go on, as {', '.join(changed)} has changed since the run began; put back what stood there, "
            "or run the world again"
        )
