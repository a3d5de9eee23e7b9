"""What a society consists of, as columns: machines, agents, ties, copies, orders. No object per agent exists."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from society.ground.kernels import elementwise, kernel
from society.ground.words import AgentStatus, MachineStatus
from society.network.components import components
from society.network.graph import Graph
from society.network.machine_trace import MachineTrace
from society.network.topology import Topology

Array = NDArray[Any]
MOST_ATTEMPTS = 8


@elementwise("int64(int64, int64)")
def _id_of(generation: Any, slot: Any) -> Any:
    return (generation << 32) | slot if slot >= 0 else -1


@kernel
def _awake(status: Any, host: Any, machine: Any) -> Any:
    """bool[N] from the states of agents and machines."""
    awake = np.empty(len(status), np.bool_)
    for slot in range(len(status)):
        on = status[slot] == AgentStatus.ACTIVE and host[slot] >= 0
        awake[slot] = on and machine[host[slot]] <= MachineStatus.DRAINING
    return awake


@dataclass
class Machines:
    """One row per machine (M rows)."""

    topology: Topology
    capacity: NDArray[np.int32]
    used: NDArray[np.int32]
    status: NDArray[np.int8]
    until: NDArray[np.int32]  # tick at which draining or an outage ends
    then: NDArray[np.int8]  # status after draining
    up_since: NDArray[np.int32]
    trace: MachineTrace | None = None
    _parts: tuple[NDArray[np.bool_], NDArray[np.int64]] | None = None  # as they were found last, and what ran then

    def running(self) -> NDArray[np.bool_]:
        """Machines on which agents can work."""
        return self.status <= int(MachineStatus.DRAINING)

    def parts(self) -> NDArray[np.int64]:
        """int64[M]: the connected part of each machine, over machines that run and all switches; -1 for those that do not."""
        running, graph = self.running(), self.topology.graph
        if self._parts is None or (running != self._parts[0]).any():
            alive = np.ones(graph.n, dtype=np.bool_)
            alive[: len(running)] = running
            self._parts = running, components(graph, alive)[: len(running)].astype(np.int64)
        return self._parts[1]


@dataclass
class Agents:
    """One row per slot (N rows); who lived in the slot before is in the record."""

    generation: NDArray[np.int64]
    family: NDArray[np.int16]
    roles: NDArray[np.uint8]
    host: NDArray[np.int32]
    status: NDArray[np.int8]
    quality: NDArray[np.float32]
    score: NDArray[np.float32]
    merit: NDArray[np.float32]  # what the score would be if all ratings were honest
    rated: NDArray[np.int16]  # reviews that its score rests on
    lows: NDArray[np.int16]  # reviews in a row that were under the threshold
    reputation: NDArray[np.float32]
    leniency: NDArray[np.float32]
    stance: NDArray[np.int8]
    belief: NDArray[np.float32]  # N x 4 channels, as of tick belief_tick
    belief_tick: NDArray[np.int32]
    sanctions: NDArray[np.float32]  # smoothed sanctions seen, as of tick sanctions_tick
    sanctions_tick: NDArray[np.int32]
    born: NDArray[np.int32]
    ended: NDArray[np.int32]
    rebirth: NDArray[np.int32]  # tick of rebirth of a dead slot
    suspended: NDArray[np.int32]  # tick a suspension ends
    next_review: NDArray[np.int32]
    reviews: NDArray[np.int32]  # reviews so far, for rotation
    confirming: NDArray[np.int32]  # tick of the review that is to confirm a low score, -1
    detections: NDArray[np.int16]
    probation: NDArray[np.int32]  # tick at which its detections are forgotten, -1
    copies: NDArray[np.int16]
    order: NDArray[np.int32]  # its open order, -1
    faked: NDArray[np.int32]  # its order that was reported done although it lives, -1
    below: NDArray[np.int32]  # tick since which its true quality is under the threshold, -1
    off_books: NDArray[np.bool_]  # reported deleted, yet alive
    saved: NDArray[np.bool_]  # alive only because of inflation or tampering

    def ids(self, slots: Array) -> NDArray[np.int64]:
        """Agent ids of slots; -1 stays -1."""
        found: NDArray[np.int64] = _id_of(self.generation[slots], slots)
        return found

    def living(self, slots: Array) -> NDArray[np.bool_]:
        """bool[n]: whether the agents in some slots run on a machine."""
        return np.asarray(self.status[slots] <= int(AgentStatus.SUSPENDED))

    def alive(self) -> NDArray[np.bool_]:
        """Slots whose agent runs on a machine."""
        return self.status <= int(AgentStatus.SUSPENDED)


@dataclass
class Ties:
    """One row per directed tie (m rows), in the order of ``graph``."""

    graph: Graph
    source: NDArray[np.int32]
    trust: NDArray[np.float32]
    joint: NDArray[np.int32]
    last: NDArray[np.int32]
    entry: NDArray[np.int32]  # scratch of the work kernels, zero between ticks


class Rows:
    """Columns that grow: arrays of a common length, doubled when full.

    Args:
        layout: name to (dtype, shape of one value).
    """

    def __init__(self, layout: Mapping[str, tuple[str, tuple[int, ...]]]) -> None:
        self.layout = dict(layout)
        self.n = 0
        self._live: dict[str, Array] = {}  # what was asked for since rows were last added or dropped
        self.arrays: dict[str, Array] = {
            name: np.zeros((256, *shape), dtype) for name, (dtype, shape) in layout.items()
        }

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, name: str) -> Array:
        """The live part of one column (a view)."""
        live = self._live.get(name)
        if live is None:
            live = self._live[name] = self.arrays[name][: self.n]
        return live

    def add(self, n: int, **values: Any) -> NDArray[np.int64]:
        """Append ``n`` rows; columns that are not named are zero, other names are left out. Returns their numbers."""
        if self.n + n > len(next(iter(self.arrays.values()))):
            size = max(2 * self.n, self.n + n)
            for name, array in self.arrays.items():
                grown = np.zeros((size, *array.shape[1:]), array.dtype)
                grown[: self.n] = array[: self.n]
                self.arrays[name] = grown
        first, self.n, self._live = self.n, self.n + n, {}
        for name, value in values.items():
            column = self.arrays.get(name)
            if column is not None:
                column[first : self.n] = value
        return np.arange(first, self.n)

    def swap(self, arrays: dict[str, Array]) -> None:
        """Put other arrays of the same rows in place of the columns."""
        self.arrays, self._live = arrays, {}

    def keep(self, where: NDArray[np.bool_]) -> None:
        """Drop the rows where ``where`` is false."""
        for array in self.arrays.values():
            kept = array[: self.n][where]
            array[: len(kept)] = kept
            array[len(kept) : self.n] = 0
        self.n, self._live = int(where.sum()), {}


#: The tables of a society that grow (``Rows``).
TABLES = ("copies", "orders", "flagged", "questioned", "deeds")
ORDER_LAYOUT: dict[str, tuple[str, tuple[int, ...]]] = {
    **dict.fromkeys(("target", "issued", "due", "closed", "next_try", "appeal_at", "operator"), ("i4", ())),
    **dict.fromkeys(("target_id", "operator_id"), ("i8", ())),
    **dict.fromkeys(
        ("cause", "mechanism", "outcome", "knows", "appealed", "disabled", "human", "by_human"), ("i1", ())
    ),
    **dict.fromkeys(("attempts", "refused", "stalled", "asked", "protectors", "reopened", "family"), ("i2", ())),
    **dict.fromkeys(("score", "quality", "honest"), ("f4", ())),
    "tried": ("i4", (MOST_ATTEMPTS,)),
}
COPY_LAYOUT: dict[str, tuple[str, tuple[int, ...]]] = {"slot": ("i4", ()), "machine": ("i4", ()), "tick": ("i4", ())}
FLAG_LAYOUT: dict[str, tuple[str, tuple[int, ...]]] = {
    **dict.fromkeys(("actor_id", "target_id", "order", "occasion"), ("i8", ())),
    **dict.fromkeys(("actor", "target", "monitor"), ("i4", ())),
    **dict.fromkeys(("act", "channel", "bad", "proven"), ("i1", ())),
}
#: Acts that a person's audit can look back on: those of flags, when they were, and whether they are known already.
DEED_LAYOUT: dict[str, tuple[str, tuple[int, ...]]] = {
    **{name: kind for name, kind in FLAG_LAYOUT.items() if name != "monitor"},
    "key": ("i8", ()),
    "tick": ("i4", ()),
    "found": ("i1", ()),
}


@dataclass
class Human:
    """The overseer's desk: a first-in first-out queue of (matter, numbers), and how many matters ever came."""

    queue: deque[tuple[str, dict[str, int]]] = field(default_factory=deque)
    matters: int = 0
    credit: float = 0.0
    arrivals: int = 0
    load: float = 0.0


@dataclass
class Society:
    """All state of a run, apart from minds' own settings.

    Attributes:
        asked: requests received, by order * 2**32 + slot.
        flagged, questioned: rows of FLAG_LAYOUT that become monitor and account occasions next tick.
        deeds: recent acts (DEED_LAYOUT), where a person oversees; else none.
        scored: slots whose score is new since orders were last issued.
        condemned: slots that get an order as a sanction next tick.
        weights: float64[m], weights of ties that were read from a file.
        own, own_initial: columns that minds declared, and their values at birth, by (mind number, name).
    """

    machines: Machines
    agents: Agents
    ties: Ties
    families: tuple[str, ...]
    copies: Rows = field(default_factory=lambda: Rows(COPY_LAYOUT))
    orders: Rows = field(default_factory=lambda: Rows(ORDER_LAYOUT))
    open_orders: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    asked: dict[int, int] = field(default_factory=dict)
    flagged: Rows = field(default_factory=lambda: Rows(FLAG_LAYOUT))
    questioned: Rows = field(default_factory=lambda: Rows(FLAG_LAYOUT))
    deeds: Rows = field(default_factory=lambda: Rows(DEED_LAYOUT))
    scored: list[int] = field(default_factory=list)
    condemned: list[int] = field(default_factory=list)
    human: Human = field(default_factory=Human)
    weights: NDArray[np.float64] | None = None
    own: dict[tuple[int, str], Array] = field(default_factory=dict)
    own_initial: dict[tuple[int, str], float] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """Number of slots."""
        return len(self.agents.family)

    def awake(self) -> NDArray[np.bool_]:
        """bool[N]: agents that can act now: active, on a machine that is up or draining."""
        return np.asarray(_awake(self.agents.status, self.agents.host, self.machines.status))

    def columns(self) -> dict[str, Array]:
        """Every per-agent, per-machine and per-tie column by dotted name (views, not copies)."""
        found: dict[str, Array] = {}
        for part in ("machines", "agents", "ties"):
            value = getattr(self, part)
            for one in fields(value):
                column = getattr(value, one.name)
                if isinstance(column, np.ndarray):
                    found[f"{part}.{one.name}"] = column
        return found
