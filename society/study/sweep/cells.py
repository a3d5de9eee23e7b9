"""What a run is known by: the hash of all that can change its result."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from society.spec.experiment import Experiment
from society.spec.world import World
from society.study.sweep.designs import Changes, cells_of


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


def jobs_of(experiment: Experiment, base: World) -> list[Job]:
    """All runs of an experiment, by cell and seed."""
    fixed = digest([base.model_dump(mode="json"), _versions(), sorted(experiment.measures), experiment.ticks])
    seeds = [base.seed + number for number in range(experiment.seeds)]
    return [
        Job(cell, seed, digest([fixed, changes, seed]), changes)
        for cell, changes in enumerate(cells_of(experiment))
        for seed in seeds
    ]


def digest(value: Any) -> str:
    """A hash of JSON-ready data, the same for equal data."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _versions() -> Sequence[str]:
    """Everything installed that computes results; equality is promised on one set of libraries."""
    return [f"{name} {metadata.version(name)}" for name in ("plural-society", "numba", "numpy", "scipy")]
