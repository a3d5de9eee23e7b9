"""What a run is known by: the hash of all that can change its result; and apart from it, what its measures are known by."""

import ast
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import society
from society.ground.versions import RULES_VERSION
from society.study.sweep.designs import Changes, cells_of
from society.world.contents import contents
from society.world.experiment import Experiment
from society.world.world import World

#: Fields of ``llm`` that change when a run ends, or how soon, but not how.
LIMITS = ("spending", "concurrency", "per_minute", "most_unanswered", "longest_wait", "gone_after")
#: Libraries that numbers of a run come from: the same run is promised on one set of them.
LIBRARIES = ("numpy", "numba", "scipy")


@dataclass(frozen=True)
class Job:
    """One run of a sweep.

    Attributes:
        cell: number of the cell.
        seed: its seed.
        key: 32 hexadecimal digits: base world, changes, seed, versions of rules and libraries; not what is measured.
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
    fixed = digest([world, versions(), contents(world, base.folder), list(answers)])
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


def measured_by(experiment: Experiment) -> str:
    """A hash of what is kept of each run and of how it is computed: rows of another one are computed anew.

    Example:
        >>> one = Experiment(name="e", base="decommission", axes={"review.threshold": [60]})
        >>> measured_by(one) == measured_by(one.model_copy(update={"seeds": 9}))
        True
        >>> measured_by(one) == measured_by(one.model_copy(update={"measures": ("trust.mean",)}))
        False
    """
    return digest([code_of_measures(), sorted(experiment.measures), experiment.ticks])


def versions() -> list[str]:
    """What a run's result depends on besides its world: the version of rules and minds, and those of libraries."""
    return [f"rules {RULES_VERSION}", *(f"{name} {metadata.version(name)}" for name in LIBRARIES)]


@cache
def code_of_measures(house: Path = Path(society.__file__).parent) -> str:
    """A hash of what the sources of measures and their statistics compute: no comment, docstring or layout changes it.

    Args:
        house: folder in which ``measures/`` and ``stats/`` stand.
    """
    sources = sorted(path for part in ("measures", "stats") for path in (house / part).rglob("*.py"))
    return digest({path.relative_to(house).as_posix(): _computes(path) for path in sources})


def _computes(path: Path) -> str:
    """A source as Python reads it, without its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(
            node
        ):
            del node.body[0]
    return ast.dump(tree)
