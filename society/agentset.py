"""A society's agents as Mesa knows agents: an ``AgentSet`` over slots, whose agents are views of the engine's columns."""

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import numpy as np
from mesa.agent import AgentSet
from numpy.typing import NDArray

from society.ground.words import AgentStatus
from society.state.columns import Society

#: Beside the set, in ``mesa.agent`` up to Mesa 3.4 and in ``mesa.agentset`` since.
GroupBy: Any = import_module(AgentSet.__module__).GroupBy
#: Columns of agents that may be set from outside, as no other column depends on them, and what they run from and to.
SETTABLE = {"quality": (0.0, 100.0), "score": (0.0, 100.0), "leniency": (-100.0, 100.0), "stance": (0.0, 1.0)}


class View:
    """One agent, seen through the columns: ``unique_id``, ``family`` and ``status`` as words, and every column by name."""

    __slots__ = ("model", "slot")

    def __init__(self, model: Any, slot: int) -> None:
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

    def __setattr__(self, name: str, value: Any) -> None:
        """Not possible, but for the columns of ``Slots.set``."""
        if name in self.__slots__:
            object.__setattr__(self, name, value)
        else:
            Slots(self.model, np.array([self.slot])).set(name, value)

    def remove(self) -> None:
        """Not possible: agents end by the society's rules."""
        raise TypeError(f"{self}: agents of a society are born and die by its rules; issue an order, or write a rule")

    def __reduce__(self) -> Any:
        return View, (self.model, self.slot)

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

    def __init__(self, model: Any, slots: NDArray[np.int64]) -> None:
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
        if handle_missing not in ("error", "default"):
            raise ValueError(f"handle_missing is {handle_missing!r}: it is 'error' or 'default'")
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
        if agent_type is not None and not issubclass(View, agent_type):
            return self._of(self.slots[:0], inplace)
        keep = [view.slot for view in self if filter_func is None or filter_func(view)]
        most = int(at_most * len(self)) if isinstance(at_most, float) and at_most <= 1 else at_most
        return self._of(np.array(keep[: int(min(most, len(keep)))], np.int64), inplace)

    def _of(self, slots: NDArray[np.int64], inplace: bool) -> "Slots":
        """This set, or another one, of these slots."""
        if inplace:
            self.slots = slots
            return self
        return Slots(self.model, slots)

    def shuffle(self, inplace: bool = False) -> "Slots":
        """The same agents in random order, by the model's own generator (no effect on the society's chance)."""
        order = list(range(len(self.slots)))
        self.random.shuffle(order)
        return self._of(self.slots[order], inplace)

    def shuffle_do(self, method: Any, *args: Any, **kwargs: Any) -> "Slots":
        """Call a function on each view, in random order by the model's own generator."""
        self.shuffle().do(method, *args, **kwargs)
        return self

    def sort(self, key: Any, ascending: bool = False, inplace: bool = False) -> "Slots":
        """The same agents in the order of a column or of a function of the view."""
        values = self.get(key) if isinstance(key, str) else [key(view) for view in self]
        order = sorted(range(len(self)), key=values.__getitem__, reverse=not ascending)
        return self._of(self.slots[order], inplace)

    def do(self, method: Any, *args: Any, **kwargs: Any) -> "Slots":
        """Call a function on each view."""
        self.map(method, *args, **kwargs)
        return self

    def map(self, method: Any, *args: Any, **kwargs: Any) -> list[Any]:
        """Results of a function of each view; agents have no methods of their own, minds act for them."""
        if isinstance(method, str):
            raise AttributeError(f"agents of a society have no method {method!r}: give a function, or write a mind")
        return [method(view, *args, **kwargs) for view in self]

    def set(self, attr_name: str, value: Any) -> "Slots":
        """Set one of the columns of ``SETTABLE``, or one that minds declared, to one value for all.

        Raises:
            TypeError: it is another column, which belongs to the society's rules, or the value does not fit.
        """
        society = self.model.engine.society
        own = [column for (_, name), column in society.own.items() if name == attr_name]
        if not own and attr_name not in SETTABLE:
            raise TypeError(
                f"{attr_name} cannot be set from outside, as the society's rules keep it together with others: those that "
                f"can are {', '.join(SETTABLE)} and what minds declare; write a rule for anything else"
            )
        low, high = (-np.inf, np.inf) if own else SETTABLE[attr_name]
        for column in own or [getattr(society.agents, attr_name)]:
            given = np.asarray(value)
            fits = given.dtype.kind in "biuf" and np.can_cast(given.dtype, np.float64)
            if not fits or (column.dtype.kind != "f" and (given != given.astype(column.dtype)).any()):
                raise TypeError(f"{attr_name} = {value!r}: the column holds {column.dtype}")
            if not own and not ((given >= low) & (given <= high)).all():
                raise TypeError(f"{attr_name} = {value!r}: it runs from {low:g} to {high:g}")
            column[self.slots] = given
        return self

    def groupby(self, by: Any, result_type: str = "agentset") -> Any:
        """Agents by the value of a column or of a function of the view, as Mesa's ``GroupBy``."""
        values = self.get(by).tolist() if isinstance(by, str) else [by(view) for view in self]
        groups: dict[Any, list[int]] = {}
        for slot, value in zip(self.slots, values, strict=True):
            groups.setdefault(value, []).append(int(slot))
        made = {value: Slots(self.model, np.array(slots, np.int64)) for value, slots in groups.items()}
        return GroupBy(made if result_type == "agentset" else {value: list(slots) for value, slots in made.items()})

    def to_list(self) -> list[Any]:
        """All views."""
        return list(self)

    def count(self, agent: object) -> int:
        """1 if the agent is in the set, else 0."""
        return int(agent in self)

    def add(self, agent: Any) -> None:
        """Take an agent of this model into the set, at its end.

        Raises:
            TypeError: it is none: agents are born and die by the society's rules.
        """
        if not isinstance(agent, View) or agent.model is not self.model:
            raise TypeError(f"{agent!r} is no agent of this society; they are born and die by its rules")
        if agent not in self:
            self.slots = np.append(self.slots, agent.slot)

    def discard(self, agent: Any) -> None:
        """Leave an agent out of the set, if it is in it; its life goes on."""
        if agent in self:
            self.slots = self.slots[self.slots != agent.slot]

    def remove(self, agent: Any) -> None:
        """Leave an agent out of the set; its life goes on.

        Raises:
            KeyError: it is not in it.
        """
        if agent not in self:
            raise KeyError(agent)
        self.discard(agent)

    def __copy__(self) -> "Slots":
        return Slots(self.model, self.slots)

    def __reduce__(self) -> Any:
        return Slots, (self.model, self.slots)


def column(model: Any, slots: NDArray[np.int64], name: str) -> NDArray[Any]:
    """Values of a column for some slots: the agents' own, or one that minds declared.

    ``family`` and ``status`` come as words, ``unique_id`` as agent ids.

    Raises:
        AttributeError: there is no such column.
    """
    society: Society = model.engine.society
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
