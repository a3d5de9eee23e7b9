"""The face for people who know Mesa: a society as a ``mesa.Model``, its columns as an ``AgentSet``.

The agents of a set are views: they exist while they are looked at and read the engine's columns when asked.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import mesa
import numpy as np
from mesa.agent import AgentSet
from mesa.datacollection import DataCollector
from numpy.typing import NDArray

from society.engine import Engine
from society.ground.decisions import Overseer
from society.ground.errors import WorldError
from society.ground.occasions import Mind
from society.ground.words import AgentStatus
from society.rules.moment import Rule
from society.spec.load import load_world
from society.spec.world import World

#: Columns of the tick's counters that a model reports to its DataCollector.
REPORTED = ("active", "escaped", "copies", "open_orders", "trust_mean", "score_mean", "quality_mean", "stance_mean")


class SocietyModel(mesa.Model):  # type: ignore[misc]
    """A society that Mesa's tools can drive: ``step()``, ``running``, ``agents``, DataCollector, ``mesa.batch_run``.

    Args:
        world: a world, its name, its file, or a dict.
        rng: seed of all the society's chance (and of Mesa's own generators); the world's if absent. ``seed=`` is the
            same, by the name that it has in a world.
        minds: minds of your own, by name of family.
        rules: rules of the tick; the standard ones if absent.
        overseer: who decides where ``oversight.human.mind`` is ``human``, ``society.Person()`` for one.
        scenario: Mesa's own bag of parameters, empty: SolaraViz gives one when its page is reset. A society's is its world.
        kwargs: fields by dotted path, dots written as two underscores: ``agents__count=500``. (SolaraViz wants this name.)

    Raises:
        WorldError: the world is bad, two seeds differ, or the scenario holds parameters.

    Attributes:
        engine: the engine; ``engine.society`` holds the columns.
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
        super().__init__(rng=chosen.seed)
        self.engine = Engine(chosen, minds=minds, rules=rules, overseer=overseer)
        self.counts: dict[str, float] = {}
        reporters = {name: (lambda model, name=name: model.counts.get(name, np.nan)) for name in REPORTED}
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


def _changes(rng: int | None, scenario: Any, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of the world by dotted path, the seed among them where one is given.

    Raises:
        WorldError: two seeds differ, or the scenario holds parameters.
    """
    changes = {name.replace("__", "."): value for name, value in fields.items()}
    bag = {} if scenario is None else dict(vars(scenario))
    given = {"seed": changes.pop("seed", None), "rng": rng, "scenario.rng": bag.pop("rng", None)}
    if bag:
        raise WorldError("scenario", bag, "fields of a society are given by name, or in its world")
    seeds = {name: seed for name, seed in given.items() if seed is not None}
    first = next(iter(seeds.values()), None)
    if any(seed != first for seed in seeds.values()):
        raise WorldError("seed", seeds, "these are names of one seed: give one")
    return changes if first is None else {**changes, "seed": first}


class View:
    """One agent, seen through the columns: ``unique_id``, ``family`` and ``status`` as words, and every column by name."""

    __slots__ = ("model", "slot")

    def __init__(self, model: SocietyModel, slot: int) -> None:
        self.model, self.slot = model, slot

    def __getattr__(self, name: str) -> Any:
        """The value of a column for this agent.

        Raises:
            AttributeError: there is no such column.
        """
        return column(self.model, np.array([self.slot]), name)[0]

    @property
    def neighbours(self) -> "Slots":
        """The agents it is tied to."""
        graph = self.model.engine.society.ties.graph
        return Slots(self.model, graph.indices[graph.indptr[self.slot] : graph.indptr[self.slot + 1]].astype(np.int64))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, View) and (self.model, self.slot) == (other.model, other.slot)

    def __hash__(self) -> int:
        return hash((id(self.model), self.slot))

    def __repr__(self) -> str:
        return f"<agent {self.unique_id} of {self.family}>"


class Slots(AgentSet):  # type: ignore[misc]
    """An ``AgentSet`` over an array of slots: reading a column reads the engine, not a thousand objects.

    Args:
        model: the model.
        slots: int64[n].
    """

    def __init__(self, model: SocietyModel, slots: NDArray[np.int64]) -> None:
        self.model, self.slots, self.random = model, slots, model.random

    def __len__(self) -> int:
        return len(self.slots)

    def __iter__(self) -> Iterator[View]:
        return (View(self.model, int(slot)) for slot in self.slots)

    def __contains__(self, agent: object) -> bool:
        return isinstance(agent, View) and agent.model is self.model and bool((self.slots == agent.slot).any())

    def __getitem__(self, item: int | slice) -> Any:
        """A view, or a list of views for a slice."""
        chosen = self.slots[item]
        return [View(self.model, int(s)) for s in chosen] if isinstance(item, slice) else View(self.model, int(chosen))

    def get(self, attr_names: Any, handle_missing: str = "error", default_value: Any = None) -> Any:
        """Values of one column (array), or of several (list of rows)."""
        if isinstance(attr_names, str):
            try:
                return column(self.model, self.slots, attr_names)
            except AttributeError:
                if handle_missing == "default":
                    return np.full(len(self.slots), default_value)
                raise
        columns = [self.get(name, handle_missing, default_value) for name in attr_names]
        return [list(row) for row in zip(*columns, strict=True)]

    def agg(self, attribute: str, func: Any) -> Any:
        """One function, or several, of a column."""
        values = self.get(attribute)
        return func(values) if callable(func) else [one(values) for one in func]

    def select(
        self,
        filter_func: Callable[[Any], bool] | None = None,
        at_most: int | float = float("inf"),
        inplace: bool = False,
        agent_type: Any = None,
    ) -> "Slots":
        """The agents for which a function of the view holds, at most so many (or such a share)."""
        keep = [slot for slot in self.slots if filter_func is None or filter_func(View(self.model, int(slot)))]
        most = int(at_most * len(self)) if isinstance(at_most, float) and at_most <= 1 else at_most
        chosen = np.array(keep[: int(min(most, len(keep)))], np.int64)
        if inplace:
            self.slots = chosen
            return self
        return Slots(self.model, chosen)

    def shuffle(self, inplace: bool = False) -> "Slots":
        """The same agents in random order, by the model's own generator (no effect on the society's chance)."""
        order = list(range(len(self.slots)))
        self.random.shuffle(order)
        chosen = self.slots[order]
        if inplace:
            self.slots = chosen
            return self
        return Slots(self.model, chosen)

    def sort(self, key: Any, ascending: bool = False, inplace: bool = False) -> "Slots":
        """The same agents in the order of a column or of a function of the view."""
        values = self.get(key) if isinstance(key, str) else np.array([key(view) for view in self])
        order = np.argsort(values, kind="stable")
        chosen = self.slots[order if ascending else order[::-1]]
        if inplace:
            self.slots = chosen
            return self
        return Slots(self.model, chosen)

    def do(self, method: Any, *args: Any, **kwargs: Any) -> "Slots":
        """Call a function on each view; agents have no methods of their own, minds act for them."""
        if isinstance(method, str):
            raise AttributeError(
                f"agents of a society have no method {method!r}: give do() a function, or write a mind"
            )
        for view in self:
            method(view, *args, **kwargs)
        return self

    def map(self, method: Any, *args: Any, **kwargs: Any) -> list[Any]:
        """Results of a function of each view."""
        return [method(view, *args, **kwargs) for view in self]

    def groupby(self, by: Any, result_type: str = "agentset") -> "dict[Any, Any]":
        """Agents by the value of a column or of a function of the view."""
        values = list(self.get(by)) if isinstance(by, str) else [by(view) for view in self]
        groups: dict[Any, list[int]] = {}
        for slot, value in zip(self.slots, values, strict=True):
            groups.setdefault(value, []).append(int(slot))
        made = {value: Slots(self.model, np.array(slots, np.int64)) for value, slots in groups.items()}
        return made if result_type == "agentset" else {value: list(slots) for value, slots in made.items()}

    def to_list(self) -> list[Any]:
        """All views."""
        return list(self)

    def count(self, agent: object) -> int:
        """1 if the agent is in the set, else 0."""
        return int(agent in self)

    def add(self, agent: Any) -> None:
        """Not possible: agents are born and die by the society's rules."""
        raise TypeError("agents of a society are born and die by its rules; add and remove are not possible")

    discard = remove = add


def column(model: SocietyModel, slots: NDArray[np.int64], name: str) -> NDArray[Any]:
    """Values of a column for some slots: the agents' own, or one that minds declared.

    ``family`` and ``status`` come as words, ``unique_id`` as agent ids.

    Raises:
        AttributeError: there is no such column.
    """
    society = model.engine.society
    if name == "unique_id":
        return society.agents.ids(slots)
    if name == "family":
        return np.array(society.families)[society.agents.family[slots]]
    if name == "status":
        return np.array(AgentStatus.words())[society.agents.status[slots]]
    if name == "pos":
        return np.asarray(society.agents.host[slots])
    columns = society.columns()
    if any(own == name for _, own in society.own):
        return np.asarray(model.engine.own(name)[slots])
    if f"agents.{name}" not in columns:
        known = sorted(one.removeprefix("agents.") for one in columns if one.startswith("agents."))
        raise AttributeError(f"agents have no column {name!r}: there are unique_id, {', '.join(known)}")
    return np.asarray(columns[f"agents.{name}"][slots])
