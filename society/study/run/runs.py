"""One run of a world, from its file to its record; the same world over several seeds."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from society.broker.address import Address
from society.engine.tick import Engine
from society.ground.decisions import Overseer
from society.ground.occasions import Mind
from society.record.folder import FORMAT, opened, write_manifest
from society.record.writer import Writer
from society.rules.moment import Rule
from society.study.run.broker_session import Say, address_of, carried, to_stderr
from society.study.run.manifest import described
from society.study.run.models import Models, asks, connected
from society.study.run.nulls import shift_of
from society.study.run.overseer_setup import KeptDecisions, refuse_a_person, seat, took_seat
from society.study.run.recording import Recording
from society.study.run.results import Result
from society.study.run.secret import keep_secret, secret_for
from society.study.run.watch import Watch
from society.study.run.writing import Progress, Running
from society.world.load import load_world
from society.world.world import World

WorldLike = World | str | Path | Mapping[str, Any]


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
        minds, rules: minds of your own by name of family, and rules of the tick; see ``society.rules_without``.
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
    with begun(
        load_world(world, None if seed is None else {"seed": seed}), None if out is None else Path(out), minds, rules,
        overwrite, progress, threads, models, broker, say, watch, overseer, decisions,
    ) as running:  # fmt: skip
        return running.to_the_end()


@contextmanager
def begun(
    world: World,
    out: Path | None,
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
    study: Mapping[str, Any] | None = None,
) -> Iterator[Running]:
    """A run at tick 0 with its folder, broker and minds; all of them are let go of afterwards.

    Args:
        world: the world.
        out, minds, rules, overwrite, progress, threads, models, broker, say, watch, overseer, decisions: as of ``run``.
        study: of a run of a study, its name, and cell, changes and key of the run: the manifest says them.

    Raises:
        SocietyError: as ``run`` before its first tick.
    """
    address = address_of(broker)
    shift = shift_of(world, minds, rules)
    secret = secret_for(world, models := models or Models())
    engine = Engine(world, minds=minds, rules=rules, shift=shift, threads=threads, secret=secret)
    manifest = described(engine, world, minds, shift)
    if study is not None:
        manifest["study"] = dict(study)
    took_seat(manifest, taken := seat(world, overseer, decisions, say), 0)
    manifest.update(models=models.plain() if asks(world) else None, broker=address.full, secret=bool(secret))
    with (
        opened(world.name, manifest["world"], out, overwrite) as folder,
        carried(address, folder, say) as carrier,
        connected(world, folder, models, broker=carrier, say=say) as connection,
    ):
        engine.give_minds({**connection.minds, **(minds or {})})
        engine.broker, engine.overseer = carrier, KeptDecisions(taken.overseer, folder, 0)
        keep_secret(secret, folder, models)
        recording = Recording(engine, writer := Writer(folder), manifest)
        write_manifest(folder, manifest)
        yield Running(engine, recording, writer, manifest, connection, progress, watch)


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
    names = [f"seed-{checked.seed + number}" for number in range(seeds)]
    with opened(f"{checked.name}-x{seeds}", tree, None if out is None else Path(out), overwrite) as folder:
        write_manifest(folder, {"format": FORMAT, "set": True, "name": checked.name, "seeds": names, "world": tree})
        records = []
        for number, name in enumerate(names):

            def each(tick: int, ticks: int, number: int = number) -> None:
                if progress:
                    progress(number * ticks + tick, seeds * ticks)

            path, seed = folder / name, checked.seed + number
            records.append(run(checked, seed, path, progress=each, threads=threads, models=models, broker=address))
    return records
