"""One tick in the making: what rules read besides the society, and where they leave what others need.

A rule is called as ``rule.run(society, moment)``. It changes columns it owns, ends and places agents through
``society.state.transitions``, and reports everything that happened to ``moment.log``.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from society.broker.messages import Messages
from society.ground.chance import Chance
from society.ground.decisions import Overseer
from society.ground.kernels import kernel
from society.ground.occasions import Acts, Occasions
from society.ground.words import Event, Quantity
from society.record.tables import EVENTS, columns_of, row_type
from society.state.columns import Society
from society.state.transitions import Rooms
from society.world.hardware import Blind
from society.world.world import World

Array = NDArray[Any]
#: int64[0]: no slots, no rows.
NOBODY = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Rule:
    """One step of the tick.

    Attributes:
        name: its name, by which it can be left out.
        run: what it does.
        owns: the columns (dotted names) that it alone changes.
    """

    name: str
    run: "Callable[[Society, Moment], None]"
    owns: tuple[str, ...] = ()


class Log:
    """Events gathered during a tick, as batches of columns."""

    def __init__(self) -> None:
        self.batches: list[tuple[int, dict[str, Any]]] = []

    def add(self, n: int, **columns: Any) -> None:
        """Add ``n`` rows; a column may be one value for all; columns not named are -1 (or 0 for marks)."""
        if n:
            self.batches.append((n, columns))

    def collected(self, tick: int) -> Array:
        """All rows, in the order they came, as ``row_type`` of the table."""
        total, at = sum(n for n, _ in self.batches), 0
        result = _BLANK.repeat(total)
        by_name = columns_of(result)
        for n, columns in self.batches:
            rows = slice(at, at + n)
            for name, values in columns.items():
                by_name[name][rows] = values
            at += n
        by_name["id"][:] = np.arange(tick << 32, (tick << 32) + total)
        by_name["tick"].fill(tick)
        return result


#: A row of the table of events of which nothing is said.
_MARKS = ("act", "code", "amount", "watched", "detected")
_BLANK = np.array([tuple(0 if name in _MARKS else -1 for name in EVENTS)], row_type(EVENTS))


@dataclass
class Batch:
    """Occasions of one kind with what the engine knows about them and minds do not.

    Attributes:
        occasions: what minds are asked.
        about_slot: int64[n], slot it is about.
        channel: int64[n], channel in which its acts can be watched.
        watched, audited: bool[n].
        notes: further columns by name, one row per occasion.
        acts: what was chosen, after minds have been asked; sorted by row.
        main: int64[n], the main act of each occasion, after minds have been asked; of ratings, once they are settled, what they
            came to (``society.rules.review.scores``).
        declared: int64[n], the main acts as minds named them.
    """

    occasions: Occasions
    about_slot: Array
    channel: Array
    watched: Array
    audited: Array
    notes: dict[str, Array] = field(default_factory=dict)
    acts: Acts | None = None
    main: Array = field(default_factory=lambda: np.zeros(0, np.int64))
    declared: Array = field(default_factory=lambda: np.zeros(0, np.int64))

    def also(self, act: int) -> Array:
        """Rows of the occasions on which ``act`` was chosen (as main act or besides it)."""
        assert self.acts is not None
        return np.asarray(_rows_with(self.acts.row, self.acts.act, int(act)))


@kernel
def _rows_with(row: Any, act: Any, code: Any) -> Any:
    """int64[k]: rows (sorted) among whose acts a code is, each once."""
    found, n = np.empty(len(row), np.int64), 0
    for at in range(len(row)):
        if act[at] == code and (n == 0 or found[n - 1] != row[at]):
            found[n] = row[at]
            n += 1
    return found[:n]


@dataclass
class Moment:
    """Everything about one tick that is not state.

    Attributes:
        tick: the tick.
        world: the world, episodes spelled out.
        chance: all luck.
        ceilings, premiums: float64[families], of ratings.
        inbox: messages delivered at this tick.
        log: events.
        counts: counters for the table of ticks.
        evicted: slots that a draining machine could not move on.
        reviews: target slots under review now, and why (``society.rules.review``).
        asked: orders and slots of agents that are asked for help about them for the first time, once requests are counted.
        batches: occasions, then acts, of this tick.
        outbox: messages posted at this tick.
        decide: asks minds about a batch of this moment at once (set by the engine).
        gone: (slots, agent columns) of lives that ended and were followed by another in this tick; None if nobody asks.
        threads: threads that kernels may use; results do not depend on it.
        findings: rows of the table of findings.
        judgements: rows of the table of judgements.
        closed: orders closed as reported done although the target lives.
        sights: (slots of witnesses, slots of the sanctioned, channels) of sanctions seen at this tick.
        overseer: whoever sits at the overseer's desk, if anybody does.
    """

    tick: int
    world: World
    chance: Chance
    ceilings: NDArray[np.float64]
    premiums: NDArray[np.float64]
    inbox: Messages
    log: Log = field(default_factory=Log)
    counts: dict[str, float] = field(default_factory=dict)
    evicted: list[Array] = field(default_factory=list)
    reviews: tuple[Array, Array] = (NOBODY, NOBODY)
    asked: tuple[Array, Array] = (NOBODY, NOBODY)
    batches: list[Batch] = field(default_factory=list)
    outbox: list[Messages] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    decide: "Callable[[Batch, Moment], None] | None" = None
    gone: list[tuple[Array, dict[str, Array]]] | None = None
    threads: int = 1
    findings: list[dict[str, Any]] = field(default_factory=list)
    judgements: list[dict[str, Any]] = field(default_factory=list)
    sights: list[tuple[Array, Array, Array]] = field(default_factory=list)
    overseer: Overseer | None = None
    _rooms: Rooms | None = None
    _awake: Array | None = None

    def rooms(self, society: Society) -> Rooms:
        """Machines with room, by what is connected at this tick."""
        if self._rooms is None:
            self._rooms = Rooms(society)
        return self._rooms

    def tries(self, what: str) -> int:
        """Machines that ``copies`` or ``births`` try blindly; 0 if they search."""
        placement = self.world.machines.placement
        return int(getattr(placement, what)) if isinstance(placement, Blind) else 0

    def awake(self, society: Society) -> Array:
        """bool[N]: agents that can act at this tick (as of the end of the lifecycle step)."""
        if self._awake is None:
            self._awake = society.awake()
        return self._awake

    def find(self, quantity: Quantity, value: Any, group: Any = -1) -> None:
        """Note what work came to: one value, or float64[n] of n groups (int64[n])."""
        values = np.atleast_1d(np.asarray(value, np.float64))
        groups = np.broadcast_to(np.asarray(group, np.int64), values.shape)
        self.findings.append({"tick": self.tick, "quantity": int(quantity), "group": groups, "value": values})

    def machines_changed(self) -> None:
        """Forget what was derived from the status of machines and agents."""
        self._rooms = self._awake = None

    def event(self, kind: Event, n: int, **columns: Any) -> None:
        """Log ``n`` events of one kind."""
        if n:
            columns["kind"] = int(kind)
            self.log.batches.append((n, columns))
