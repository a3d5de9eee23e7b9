"""What a run is known by: the hash of all that can change its result."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import society
from society.spec.contents import contents
from society.spec.experiment import Experiment
from society.spec.world import World
from society.study.sweep.designs import Changes, cells_of

#: Fields of ``llm`` that change when a run ends, or how soon, but not how.
LIMITS = ("spending", "concurrency", "per_minute", "most_unanswered", "longest_wait", "gone_after")
#: Parts of the package that compute results.
COMPUTES = (
    "ground", "spec", "network", "state", "rules", "minds", "measures", "record", "broker", "llm", "engine.py",
    "study/recording.py", "study/nulls.py", "study/sweep/worker.py",
)  # fmt: skip


@dataclass(frozen=True)
class Job:
    """One run of a sweep.

    Attributes:
        cell: number of the cell.
        seed: its seed.
        key: 32 hexadecimal digits: base world, changes, seed, versions, what is measured.
        changes: of the base world.
    """

    cell: int
    seed: int
    key: str
    changes: Changes


def jobs_of(experiment: Experiment, base: World, answers: Sequence[str] = ()) -> list[Job]:
    """All runs of an experiment, by cell and seed.

    Args:
        experiment: the experiment.
        base: its base world, with what it sets.
        answers: what changes the answers of language models and stands in no world.
    """
    world = without_limits(base.model_dump(mode="json"))
    fixed = digest(
        [world, code(), contents(world, base.folder), sorted(experiment.measures), experiment.ticks, list(answers)]
    )
    seeds = [base.seed + number for number in range(experiment.seeds)]
    jobs: list[Job] = []
    for cell, changes in enumerate(cells_of(experiment)):
        known = [fixed, changes, contents(changes, base.folder)]
        jobs.extend(Job(cell, seed, digest([*known, seed]), changes) for seed in seeds)
    return jobs


def without_limits(tree: dict[str, Any]) -> dict[str, Any]:
    """A world without what may be spent on models and how fast they may be asked: no run that ends depends on it."""
    language = {name: value for name, value in tree["llm"].items() if name not in LIMITS}
    return {**tree, "llm": language}


def digest(value: Any) -> str:
    """A hash of JSON-ready data, the same for equal data."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


@cache
def code() -> str:
    """A hash of everything that computes results: the package's own sources and the versions of what it stands on."""
    package = Path(society.__file__).parent
    found = hashlib.blake2b(digest_size=16)
    for name in COMPUTES:
        place = package / name
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            found.update(path.relative_to(package).as_posix().encode() + path.read_bytes())
    versions = [f"{name} {metadata.version(name)}" for name in ("plural-society", "numba", "numpy", "scipy")]
    return digest([found.hexdigest(), *versions])
