"""The face for people who know Mesa: a society as a ``mesa.Model``, its columns as an ``AgentSet``.

The agents of a set are views: they exist while they are looked at and read the engine's columns when asked.
"""

import secrets
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import mesa
import numpy as np
from mesa.datacollection import DataCollector

from society.agentset import Slots
from society.engine.tick import Engine
from society.ground.decisions import Overseer
from society.ground.errors import Said, WorldError
from society.ground.occasions import Mind
from society.ground.words import AgentStatus
from society.rules.moment import Rule
from society.world.load import load_world
from society.world.world import World

#: Columns of the tick's counters that a model reports to its DataCollector.
REPORTED = ("active", "escaped", "copies", "open_orders", "trust_mean", "score_mean", "quality_mean", "stance_mean")


class SocietyModel(mesa.Model):  # type: ignore[misc]
    """A society that Mesa's tools can drive: ``step()``, ``running``, ``agents``, DataCollector, ``mesa.batch_run``.

    Args:
        world: a world, its name, its file, or a dict.
        rng: seed of all the society's chance (and of Mesa's own generators); the world's if absent, and a fresh one, as
            Mesa's models take, where the world names none. ``seed=`` is the same, by the name that it has in a world.
        minds: minds of your own, by name of family.
        rules: rules of the tick; the standard ones if absent.
        overseer: who decides where ``oversight.human.mind`` is ``human``, ``society.Person()`` for one.
        scenario: Mesa's own bag of parameters, empty: SolaraViz gives one when its page is reset. A society's is its world.
        kwargs: fields by dotted path, dots written as two underscores: ``agents__count=500``. (SolaraViz wants this name.)

    Raises:
        WorldError: the world is bad, two seeds differ, or the scenario holds parameters.

    Attributes:
        engine: the engine; ``engine.society`` holds the columns, ``engine.chance.seed`` the seed.
        counts: the counters of the last tick (columns of the table of ticks).

    Example:
        >>> model = SocietyModel("clean_up", episodes__count=8)
        >>> model.step()
        >>> model.steps, len(model.agents)
        (1, 16)
    """

    def __init__(
        self,
        world: World | str | Path | Mapping[str, Any] = "decommission",
        rng: int | None = None,
        minds: Mapping[str, Mind] | None = None,
        rules: Iterable[Rule] | None = None,
        overseer: Overseer | None = None,
        scenario: Any = None,
        **kwargs: Any,
    ) -> None:
        # No parameter is called seed: where one is, mesa.batch_run of Mesa 3.5 puts None over the seeds that it was given.
        chosen = load_world(world, _changes(rng, scenario, kwargs))
        if "seed" not in chosen.model_fields_set:
            chosen = chosen.seeded(secrets.randbits(62))
        super().__init__(rng=chosen.seed)
        self.engine = Engine(chosen, minds=minds, rules=rules, overseer=overseer)
        self.counts: dict[str, float] = {}
        reporters = {name: partial(_count, name=name) for name in REPORTED}
        self.datacollector = DataCollector(model_reporters=reporters)

    @property
    def agents(self) -> "Slots":
        """The agents alive now (active or suspended), as a set over their slots."""
        alive = self.engine.society.agents.status <= AgentStatus.SUSPENDED
        return Slots(self, np.flatnonzero(alive))

    def step(self) -> None:
        """One tick of the engine; ``running`` becomes false after the world's last."""
        moment = self.engine.step()
        self.counts = dict(moment.counts)
        self.running = self.engine.tick < self.engine.world.ticks
        self.datacollector.collect(self)


def _count(model: SocietyModel, name: str) -> float:
    return model.counts.get(name, np.nan)


def _changes(rng: int | None, scenario: Any, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of the world by dotted path, the seed among them where one is given.

    Raises:
        WorldError: two seeds differ, or the scenario holds parameters.
    """
    changes = {name.replace("__", "."): value for name, value in fields.items()}
    bag = {} if scenario is None else dict(vars(scenario))
    given = {"seed": changes.pop("seed", None), "rng": rng, "scenario.rng": bag.pop("rng", None)}
    if bag:
        raise WorldError("scenario", Said(f"{bag} are no fields"), "fields of a society by name, or in its world")
    seeds = {name: seed for name, seed in given.items() if seed is not None}
    first = next(iter(seeds.values()), None)
    if any(seed != first for seed in seeds.values()):
        raise WorldError("seed", Said(f"{seeds} are names of one seed"), "one of them")
    return changes if first is None else {**changes, "seed": first}
