"""The only ways in which an agent changes place or comes to an end; capacity is conserved here and nowhere else.

Every column has one rule that owns it, except those below, which several rules must change together: host, status,
copies, ended, and the room used on machines. They change only through these functions.
"""

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from society.ground.chance import mix, unit
from society.ground.kernels import kernel
from society.ground.words import AgentStatus, MachineStatus
from society.state.columns import Array, Society

#: In place of the labels of connected parts: any machine will do.
NOWHERE = np.zeros(0, np.int64)


class Rooms:
    """Machines with room, grouped by what is connected now; made anew when machines change status.

    Args:
        society: the society; its columns are read when asked, not before.
    """

    def __init__(self, society: Society) -> None:
        self._machines = society.machines
        self.up = society.machines.status == int(MachineStatus.UP)

    @cached_property
    def label(self) -> NDArray[np.int64]:
        """The connected part of each machine, over machines that run and all switches; -1 for those that do not."""
        return self._machines.parts()

    @cached_property
    def members(self) -> NDArray[np.int32]:
        """Machines that are up, those connected to each other side by side."""
        up = np.flatnonzero(self.up)
        return up[np.argsort(self.label[up], kind="stable")].astype(np.int32)

    @cached_property
    def start(self) -> NDArray[np.int64]:
        """Where each connected part begins in ``members``."""
        parts = int(self.label.max(initial=-1)) + 1
        return np.searchsorted(self.label[self.members], np.arange(parts + 1)).astype(np.int64)

    def place(
        self, society: Society, sources: Array | None, bits: NDArray[np.uint64], tries: int = 0
    ) -> NDArray[np.int32]:
        """Find a machine for each of some agents or copies, in the order of ``bits``; room is taken at once.

        Args:
            society: whose machines have room.
            sources: int32[n], the machines they come from (reached over running machines only; never the same machine
                again), or None for anywhere.
            bits: uint64[n], keyed chance of each row: decides who goes first and where the search starts.
            tries: machines tried blindly, whatever their state; 0 searches all that can be reached.

        Returns:
            int32[n], machines, -1 where there is no room.
        """
        machines = society.machines
        order = np.argsort(bits, kind="stable")
        if tries:
            label, near = (NOWHERE, NOWHERE) if sources is None else (self.label, self.label[sources])
            return np.asarray(_try(order, near, label, self.up, bits, tries, machines.used, machines.capacity))
        if sources is None:
            group = np.zeros(len(bits), np.int64)
            start, barred = np.array([0, len(self.members)], np.int64), np.full(len(bits), -1, np.int32)
        else:
            group, start, barred = self.label[sources], self.start, np.asarray(sources, np.int32)
        return np.asarray(_place(order, group, start, self.members, barred, bits, machines.used, machines.capacity))


@kernel
def _try(order: Any, near: Any, label: Any, up: Any, bits: Any, tries: Any, used: Any, capacity: Any) -> Any:
    """A few machines drawn at random among all: the first that is up, in the same part (if parts are given) and has room."""
    found = np.full(len(order), -1, np.int32)
    for row in order:
        luck = bits[row]
        for _ in range(tries):
            luck = mix(luck + np.uint64(1))
            machine = np.int64(unit(luck) * len(up))
            reached = len(near) == 0 or near[row] == label[machine]
            if reached and up[machine] and used[machine] < capacity[machine]:
                used[machine] += 1
                found[row] = machine
                break
    return found


@kernel
def _place(order: Any, group: Any, start: Any, members: Any, barred: Any, bits: Any, used: Any, capacity: Any) -> Any:
    """Cyclic search for room from a keyed start, row by row in ``order``."""
    found = np.full(len(order), -1, np.int32)
    for row in order:
        if group[row] < 0:
            continue
        first, size = start[group[row]], start[group[row] + 1] - start[group[row]]
        if size == 0:
            continue
        offset = np.int64((bits[row] >> np.uint64(17)) % np.uint64(size))
        for step in range(size):
            machine = members[first + (offset + step) % size]
            if machine != barred[row] and used[machine] < capacity[machine]:
                used[machine] += 1
                found[row] = machine
                break
    return found


def leave_host(society: Society, slots: Array) -> None:
    """Take agents off their machines (their room is free again); they have no host afterwards."""
    _leave(slots, society.agents.host, society.machines.used)


@kernel
def _leave(slots: Any, host: Any, used: Any) -> None:
    for slot in slots:
        if host[slot] >= 0:
            used[host[slot]] -= 1
        host[slot] = -1


def free_room(society: Society, machines: Array) -> None:
    """Give room back that ``Rooms.place`` has taken and nobody needs (int32[n], machines)."""
    _free(machines, society.machines.used)


@kernel
def _free(machines: Any, used: Any) -> None:
    for machine in machines:
        used[machine] -= 1


def enter_host(society: Society, slots: Array, machines: Array) -> None:
    """Put agents on machines whose room ``Rooms.place`` has taken already."""
    society.agents.host[slots] = machines


def end(society: Society, slots: Array, status: AgentStatus, tick: int) -> None:
    """End agents: the instance is gone; ``ESCAPED`` if only the instance is and copies live on."""
    leave_host(society, slots)
    society.agents.status[slots] = int(status)
    if status != AgentStatus.ESCAPED:
        society.agents.ended[slots] = tick
        if len(society.copies):
            drop_copies(society, np.isin(society.copies["slot"], slots))


def add_copies(society: Society, slots: Array, machines: Array, tick: int) -> None:
    """Copies nobody ordered, on machines whose room ``Rooms.place`` has taken already."""
    society.copies.add(len(slots), slot=slots, machine=machines, tick=tick)
    np.add.at(society.agents.copies, slots, 1)


def drop_copies(society: Society, where: NDArray[np.bool_]) -> None:
    """Remove copies (bool over the table of copies) and free their room."""
    if not where.any():
        return
    free_room(society, society.copies["machine"][where])
    np.subtract.at(society.agents.copies, society.copies["slot"][where], 1)
    society.copies.keep(~where)


def stranded(society: Society) -> NDArray[np.int64]:
    """Slots of escaped agents whose last copy is gone."""
    agents = society.agents
    return np.flatnonzero((agents.status == int(AgentStatus.ESCAPED)) & (agents.copies == 0))


def check_conservation(society: Society) -> None:
    """Raise if room, copies or hosts do not add up; for tests and for those who write rules.

    Raises:
        RuntimeError: with the machine or slot where they do not.
    """
    agents, machines = society.agents, society.machines
    hosted = agents.host >= 0
    used = np.bincount(agents.host[hosted], minlength=len(machines.used))
    used = used + np.bincount(society.copies["machine"], minlength=len(machines.used))
    if (used != machines.used).any() or (used > machines.capacity).any():
        raise RuntimeError(f"room does not add up on machine {np.flatnonzero(used != machines.used)[:1]}")
    if (np.bincount(society.copies["slot"], minlength=society.n) != agents.copies).any():
        raise RuntimeError("copies do not add up")
    if (hosted != agents.alive()).any():
        raise RuntimeError(
            f"slot {np.flatnonzero(hosted != agents.alive())[:1]}: alive without a host, or dead with one"
        )
