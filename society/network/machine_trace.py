"""What happened to real machines: outages, planned work and retirements, read from a trace."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from society.ground.csv_files import Row, number, once, read_rows, whole
from society.ground.errors import WorldError

KINDS = ("failure", "planned", "retirement")
FAILURE, PLANNED, RETIREMENT = range(3)
#: Minutes in the files of Los Alamos count from here.
LANL_EPOCH = datetime(1996, 1, 1)
LONGEST = 2**31 - 1


@dataclass(frozen=True)
class MachineTrace:
    """Events of machines, sorted by tick, then machine.

    Attributes:
        machine: int32[n].
        tick: int32[n], tick at which the machine goes down, from 1 on.
        ticks: int32[n], length of the outage, at least 1.
        kind: int8[n], number in ``KINDS``.
    """

    machine: NDArray[np.int32]
    tick: NDArray[np.int32]
    ticks: NDArray[np.int32]
    kind: NDArray[np.int8]

    def of(self, kind: int) -> "MachineTrace":
        """The events of one kind."""
        return self.rows(self.kind == kind)

    def between(self, first: int, last: int) -> "MachineTrace":
        """The events that begin at ticks first .. last."""
        return self.rows(slice(*np.searchsorted(self.tick, [first, last + 1])))

    def rows(self, where: NDArray[np.bool_] | slice) -> "MachineTrace":
        """Some of the events."""
        return MachineTrace(self.machine[where], self.tick[where], self.ticks[where], self.kind[where])


def read_trace(path: Path) -> MachineTrace:
    """A trace from a CSV file with columns machine (0, 1, ...), tick, ticks, kind (failure, planned or retirement).

    Raises:
        WorldError: no such file, a column is missing, a value is none of these.
    """
    events = []
    for place, row in read_rows(path, ("machine", "tick", "ticks", "kind")):
        if row["kind"] not in KINDS:
            raise WorldError(f"{place}: kind", row["kind"], f"one of {', '.join(KINDS)}")
        numbers = (
            whole(place, name, row[name], low, LONGEST) for name, low in (("machine", 0), ("tick", 1), ("ticks", 1))
        )
        events.append((*numbers, KINDS.index(row["kind"])))
    return _sorted(events)


def read_lanl(folder: Path, system: int, start: datetime, tick_hours: float) -> MachineTrace:
    """A trace from the node events of Los Alamos (LA-UR-05-7318): events.csv and nodes.csv of one folder.

    Nodes of the system are machines in the order of ``node_in_system``. An event goes down at the tick in which its minute
    falls and lasts for its minutes rounded up to ticks. A node retires at the first tick of its month of decommission.
    Events before ``start`` are left out.

    Args:
        folder: where the two files are.
        system: number of the system.
        start: local time of the beginning of tick 1.
        tick_hours: hours per tick.

    Raises:
        WorldError: a file or a column is missing, a value is wrong, or there is no such system.
    """
    machine_of, events = {}, []
    nodes = read_rows(folder / "nodes.csv", ("node_id", "system", "node_in_system", "decommission"))
    mine = [(place, row) for place, row in nodes if row["system"] == str(system)]
    once(mine, "node_id")
    if not mine:
        systems = sorted({row["system"] for _, row in nodes}, key=lambda word: (len(word), word))
        raise WorldError(f"{folder / 'nodes.csv'}: system", system, f"one of {', '.join(systems)}")
    mine.sort(key=lambda pair: whole(pair[0], "node_in_system", pair[1]["node_in_system"]))
    for machine, (place, row) in enumerate(mine):
        machine_of[row["node_id"]] = machine
        tick = _retirement(place, row, start, tick_hours)
        if tick >= 1:
            events.append((machine, tick, 1, RETIREMENT))
    zero = (start - LANL_EPOCH).total_seconds() / 60
    for place, row in read_rows(folder / "events.csv", ("node_id", "start_min", "down_min", "planned")):
        if row["node_id"] not in machine_of:
            continue
        minute = number(place, "start_min", row["start_min"])
        down = number(place, "down_min", row["down_min"], 0, LONGEST)
        planned = whole(place, "planned", row["planned"], 0, 1)
        tick = 1 + math.floor((minute - zero) / (60 * tick_hours))
        if 1 <= tick <= LONGEST:
            events.append((machine_of[row["node_id"]], tick, max(1, math.ceil(down / (60 * tick_hours))), planned))
    return _sorted(events)


def _retirement(place: str, row: Row, start: datetime, tick_hours: float) -> int:
    """The tick in which a node's last month begins, 0 if it never retires."""
    if row["decommission"] in ("", "current"):
        return 0
    try:
        month = datetime.strptime(row["decommission"], "%Y-%m")
    except ValueError as error:
        raise WorldError(
            f"{place}: decommission", row["decommission"], "current, or a month such as 2005-11"
        ) from error
    return 1 + math.floor((month - start).total_seconds() / 3600 / tick_hours)


def _sorted(events: Sequence[tuple[int, ...]]) -> MachineTrace:
    machine, tick, ticks, kind = np.array(sorted(events, key=lambda e: (e[1], e[0], e[3])), np.int64).reshape(-1, 4).T
    return MachineTrace(
        machine.astype(np.int32),
        tick.astype(np.int32),
        np.minimum(ticks, LONGEST).astype(np.int32),
        kind.astype(np.int8),
    )
