"""Records that a study keeps of its runs: where they are, how one is written whole, when one is measured in place of a run."""

import contextlib
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from society.engine.standard import RULES
from society.ground.errors import RecordError
from society.ground.versions import RULES_VERSION
from society.ground.whole_file import make_folder
from society.record.complete import complete_run
from society.record.folder import MANIFEST, read_manifest, single_run
from society.record.lock import Lock
from society.record.verify import verify
from society.study.run.models import Models
from society.study.run.results import Result
from society.study.run.runs import begun
from society.study.run.writing import Progress
from society.study.sweep.cells import Job, digest, without_limits
from society.world.contents import contents
from society.world.world import World

#: Folder of a study in which the records of its runs stand, each under its run's key.
RUNS = "runs"
#: End of the names of records that are being written.
PART = ".part"


@dataclass(frozen=True)
class Keeping:
    """What workers need to keep the records of their runs.

    Attributes:
        folder: the study's folder.
        name: name of the experiment.
        models: where answers come from, as manifests say it.
    """

    folder: str
    name: str
    models: Models

    def told(self, job: Job) -> dict[str, Any]:
        """What the manifest of a run says of its study."""
        return {"name": self.name, "cell": job.cell, "changes": job.changes, "key": job.key}


def place_of(study: str | Path, key: str) -> Path:
    """Where the record of a run stands.

    Example:
        >>> place_of("studies/threshold-81d3c6a1", "0" * 32).name
        '00000000000000000000000000000000'
    """
    return Path(study) / RUNS / key


def keys_kept(study: Path) -> frozenset[str]:
    """Keys of the runs of which a record stands in a study, whole or not."""
    try:
        return frozenset(entry.name for entry in os.scandir(study / RUNS))
    except OSError:
        return frozenset()


def keep(
    place: Path, world: World, study: Mapping[str, Any], models: Models | None = None, progress: Progress | None = None,
    check: Callable[[], None] | None = None,
) -> Result:  # fmt: skip
    """Run a world as ``society run`` does; its record stands at a place whole or not at all, whatever ends the program.

    Args:
        place: where the record comes to stand; one that stands there is replaced.
        world: the world, with its seed.
        study: what its manifest says of the study (``Keeping.told``).
        models: where answers of language models come from.
        progress: called with (ticks done, ticks in all).
        check: called once the last tick is over; where it raises, nothing is kept.

    Raises:
        RecordError: something else than a run's folder stands there, or nothing can be written.
        ModelError: as the language models say; nothing is kept.
    """
    if place.parent.is_symlink() or place.is_symlink() or (place.exists() and not (place / MANIFEST).is_file()):
        raise RecordError(f"{place}: is not a run's folder, so nothing is written there: remove it")
    make_folder(place.parent)
    aside = place.with_name(f"{place.name}.{uuid4().hex[:8]}{PART}")
    try:
        with begun(world, aside, models=models, progress=progress, say=_silent, study=study) as running:
            if (error := running.ended().error) is not None:
                raise error
            if check is not None:
                check()
        with Lock(aside):  # nobody clears it away as left over meanwhile
            _put(aside, place)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return Result(place)


def kept_record(place: Path, key: str) -> Result:
    """The record of a run, if there is one and it is whole; whether it is what the run would give today is not asked.

    Raises:
        RecordError: it is of another run, not finished, or a part of it is missing.
    """
    if place.is_symlink():
        raise RecordError(f"{place}: is a link, which could lead to any record")
    manifest = read_manifest(single_run(place))
    if manifest["status"] != "done":
        raise RecordError(f"{place}: its run is not finished ({manifest['status']})")
    if manifest.get("study", {}).get("key") != key:
        raise RecordError(f"{place / MANIFEST}: study.key is not that of the run: it is the record of another one")
    return Result(complete_run(place))


def kept_records(study: Path) -> list[Result]:
    """The whole records that a study keeps, by cell and seed.

    Raises:
        RecordError: it keeps none; or one is not finished, of another run or without a part.
    """
    keys = sorted(key for key in keys_kept(study) if not key.endswith(PART))
    if not keys:
        raise RecordError(
            f"{study}: this study keeps no records, so that nothing more can be computed from it. society sweep with --keep-records "
            "writes them."
        )
    found = [kept_record(place_of(study, key), key) for key in keys]
    return sorted(found, key=lambda one: (one.manifest["study"]["cell"], one.manifest["seed"]))


def trusted(place: Path, job: Job, world: World, known: str = "") -> Result:
    """The record of a run, if it is the one that running it would give.

    Args:
        place: where it stands.
        job: the run.
        world: its world, with its seed.
        known: the hash that the run had before; "" if it is not known.

    Raises:
        RecordError: it is of another run, not finished, or damaged; the message names the place and what is wrong.
    """
    record = kept_record(place, job.key)
    manifest, tree = record.manifest, world.model_dump(mode="json")
    here = {
        "seed": world.seed, "rules_version": RULES_VERSION, "rules": [rule.name for rule in RULES],
        "contents": contents(tree, world.folder),
    }  # fmt: skip
    for name, wanted in here.items():
        if manifest.get(name) != wanted:
            raise RecordError(f"{place / MANIFEST}: {name} is not that of the run: it is the record of another one")
    try:
        alike = digest(without_limits(manifest["world"])) == digest(without_limits(tree))
    except (KeyError, AttributeError, TypeError):
        alike = False
    if not alike:
        raise RecordError(f"{place / MANIFEST}: world is not that of the run: it is the record of another one")
    if problems := verify(place).problems:
        raise RecordError(problems[0])
    if known and manifest["hash"] != known:
        raise RecordError(f"{place / MANIFEST}: hash is not the one that the run has in the table")
    return record


def clear_parts(study: Path) -> None:
    """Remove what runs that were killed have left half-written; what another process still writes stays.

    Raises:
        RecordError: the folder of records is a link.
    """
    folder = study / RUNS
    if folder.is_symlink():
        raise RecordError(f"{folder}: is a link, which could lead anywhere, so nothing is written there: remove it")
    for path in folder.glob(f"*{PART}"):
        if path.is_dir() and not path.is_symlink():
            with contextlib.suppress(RecordError), Lock(path):
                shutil.rmtree(path, ignore_errors=True)


def _put(aside: Path, place: Path) -> None:
    """Let a whole record take its place; another one that stands there goes first."""
    try:
        if place.exists():
            before = aside.with_name(f"{place.name}.{uuid4().hex[:8]}{PART}")
            os.replace(place, before)
            os.replace(aside, place)
            shutil.rmtree(before, ignore_errors=True)
        else:
            os.replace(aside, place)
    except OSError as error:
        raise RecordError(f"{place}: cannot be written: {error.strerror or error}") from error


def _silent(text: str) -> None:
    """Say nothing: who started the sweep is told by its driver."""
