"""Before a sweep begins: its base world, its runs, its folder, and that every cell can be run."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from society.ground.errors import WorldError
from society.llm.budget import Spent
from society.llm.store import kept
from society.measures.catalogue import check_measures, check_whole_names
from society.study.run.models import Models, remote_families, specs_of
from society.study.run.overseer_setup import refuse_a_person
from society.study.run.servers import Specs, named, priced
from society.study.sweep.cells import LIMITS, Job, digest, jobs_of, without_limits
from society.study.tipping import check_counters
from society.world.analysis import CriticalPoint, is_counter
from society.world.experiment import Experiment
from society.world.experiments import base_world
from society.world.language import LanguageModel
from society.world.world import World


def prepared(experiment: Experiment, out: Path | None, models: Models | None = None) -> tuple[World, list[Job], Path]:
    """Base world, all runs, and the folder of the study: by its name and its base world, so that one that grows goes on.

    Raises:
        WorldError: there is no such world, or answers are neither kept nor replayed.
        RecordError: no measure has such a name.
    """
    models = models or Models()
    if models.mode == "live":
        raise WorldError("--answers", "live", "record or replay: a sweep that is interrupted must not ask twice")
    check_measures(experiment.measures)
    if isinstance(experiment.analysis, CriticalPoint) and not is_counter(experiment.analysis.measure):
        check_whole_names([experiment.analysis.measure])
    check_counters(experiment)
    base = base_world(experiment)
    folder = out or Path("studies") / f"{experiment.name}-{digest(without_limits(base.model_dump(mode='json')))[:8]}"
    return base, jobs_of(experiment, base, answers_of(models)), folder


def answers_of(models: Models) -> list[str]:
    """What changes the answers of models and stands in no world: who is simulated, and what a store holds that is replayed."""
    simulated = ["simulated"] if models.offline else []
    if models.mode != "replay":
        return simulated
    if models.store is None:
        raise WorldError("--answers", "replay", "with --store FILE: the answers that a run or a sweep has kept")
    return [*simulated, hashlib.sha256(models.store.read_bytes()).hexdigest() if models.store.is_file() else ""]


def checked(base: World, jobs: Sequence[Job], models: Models) -> Specs:
    """Every cell must be a world before the first one runs; returns the language models of all cells.

    Raises:
        WorldError: a cell is no world, asks hosts or a person, or limits or simulated rates differ between cells with models.
    """
    specs: dict[str, tuple[str, LanguageModel]] = {}
    for job in {job.cell: job for job in jobs}.values():
        try:
            world = base.override(job.changes)
        except WorldError as error:
            raise WorldError(f"cell {job.cell}: {error.place}", error.value, error.allowed) from None
        refuse_a_person(world, "the runs of a sweep", f"cell {job.cell}: ")
        for name in remote_families(world):
            raise WorldError(
                f"cell {job.cell}: families.{name}.mind", "remote", "a mind that computes or a language model"
            )
        for name, spec in specs_of(world, models.offline).items():
            _same_for_all(base, world, job.cell, spec)
            specs[digest([name, spec.model_dump(mode="json")])] = (name, spec)
    return list(specs.values())


def _same_for_all(base: World, world: World, cell: int, spec: LanguageModel) -> None:
    """What the driver keeps for all cells cannot be an axis."""
    for limit in LIMITS:
        if getattr(world.llm, limit) != getattr(base.llm, limit):
            raise WorldError(
                f"cell {cell}: llm.{limit}", getattr(world.llm, limit), "the same in all cells: it holds for the sweep"
            )
    if spec.base_url is None and world.rates.value != base.rates.value:
        raise WorldError(
            f"cell {cell}: rates.value", world.rates.value, "the same in all cells, where simulated models answer"
        )


def spent_before(store: Path, specs: Specs) -> Spent:
    """What the answers in a store have cost."""
    prices, spent = priced([(name, named(name, spec)) for name, spec in specs], False), Spent()
    for model, (calls, prompt, completion) in kept(store).items():
        read, written = prices.get(model, (0.0, 0.0))
        price = (prompt * read + completion * written) / 1e6
        spent = Spent(spent.calls + calls, spent.prompt + prompt, spent.completion + completion, spent.price + price)
    return spent
