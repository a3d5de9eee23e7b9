"""What changed about agents from tick to tick, and all of it now and then: what a replay is made of."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from society.ground.kernels import kernel
from society.state.columns import Society

#: A snapshot of all agents is due once this many changes per agent were recorded since the last one.
CHANGES_PER_SNAPSHOT = 4
Columns = dict[str, NDArray[Any]]


class StateChanges:
    """Compares a society with itself at the tick before.

    Args:
        society: the society, whose columns are read at every tick.
    """

    def __init__(self, society: Society) -> None:
        self._society = society
        self._first = np.concatenate([[0], np.cumsum(society.machines.capacity, dtype=np.int64)])
        self._taken = np.zeros(self._first[-1], np.bool_)
        self._seat = np.full(society.n, -1, np.int32)
        self._since_snapshot = 0
        host = society.agents.host
        _seat(self._taken, self._first, np.arange(society.n), np.full_like(host, -1), host, self._seat)
        self._last = self._now()

    def snapshot(self) -> Columns:
        """All agents, in the order of their slots."""
        return self._last

    def changed(self) -> Columns:
        """Agents that differ from the tick before; from now on they are compared with this tick."""
        host = self._society.agents.host
        moved = np.flatnonzero(self._last["host"] != host)
        _seat(self._taken, self._first, moved, self._last["host"], host, self._seat)
        now = self._now()
        differs = np.zeros(self._society.n, np.bool_)
        for name, column in now.items():
            differs |= column != self._last[name]
        self._last, rows = now, np.flatnonzero(differs)
        self._since_snapshot += len(rows)
        return {name: column[rows] for name, column in now.items()}

    def snapshot_is_due(self) -> bool:
        """Whether so much has changed since the last snapshot that readers need another."""
        due = self._since_snapshot >= CHANGES_PER_SNAPSHOT * self._society.n
        if due:
            self._since_snapshot = 0
        return due

    def pack(self) -> Columns:
        """What cannot be told from the society: arrays for a checkpoint."""
        return {"seat": self._seat.copy(), "since_snapshot": np.array([self._since_snapshot])}

    def unpack(self, arrays: Columns) -> None:
        """Go on from a checkpoint; the society has been put back already."""
        self._seat[:], self._since_snapshot = arrays["seat"], int(arrays["since_snapshot"][0])
        host, sits = self._society.agents.host, self._seat >= 0
        self._taken[:] = False
        self._taken[self._first[host[sits]] + self._seat[sits]] = True
        self._last = self._now()

    def _now(self) -> Columns:
        agents, copies = self._society.agents, self._society.copies
        refuge = np.full(self._society.n, -1, np.int32)
        refuge[copies["slot"]] = copies["machine"]  # of several copies the newest, which stands last
        return {
            "id": agents.ids(np.arange(self._society.n)),
            "family": agents.family.astype(np.int8),
            "roles": agents.roles.astype(np.int8),
            "host": agents.host.copy(),
            "seat": self._seat.copy(),
            "refuge": refuge,
            "status": agents.status.copy(),
            "score": agents.score.copy(),
            "stance": agents.stance.copy(),
            "copies": agents.copies.copy(),
            "order": agents.order.copy(),
            "off_books": agents.off_books.astype(np.int8),
            "born": agents.born.copy(),
        }


@kernel
def _seat(taken: Any, first: Any, slots: Any, before: Any, after: Any, seat: Any) -> None:
    """Agents get up from the machine they leave, then take the lowest free seat of the machine they come to."""
    for slot in slots:
        if before[slot] >= 0:
            taken[first[before[slot]] + seat[slot]] = False
        seat[slot] = -1
    for slot in slots:
        machine = after[slot]
        if machine >= 0:
            place = first[machine]
            while taken[place]:
                place += 1
            taken[place] = True
            seat[slot] = place - first[machine]
