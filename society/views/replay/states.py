"""Agents, machines and ties as they stood at any tick, read from the parts of a record that it takes."""

from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from society.ground.errors import RecordError
from society.ground.words import Word
from society.record.reader import Record
from society.record.tables import TABLES

Columns = dict[str, NDArray[Any]]


def coded(column: str, words: type[Word]) -> str:
    """SQL for a column of words as their codes, -1 for what is none of them.

    A plain cast would fail on parts: DuckDB casts whole dictionaries, in which an empty text stands for "no value".

    Example:
        >>> from society.ground.words import Mechanism
        >>> print(coded("mechanism", Mechanism))
        coalesce(enum_code(try_cast("mechanism" as enum('config', 'process', 'weights'))), -1)::tinyint as "mechanism"
    """
    listed = ", ".join(f"'{word}'" for word in words.words())
    return f'coalesce(enum_code(try_cast("{column}" as enum({listed}))), -1)::tinyint as "{column}"'


def selected(table: str, without: tuple[str, ...] = ()) -> list[str]:
    """SQL for all columns of a table, words as their codes."""
    fields = {name: field for name, field in TABLES[table].items() if name not in without}
    return [coded(name, field.words) if field.words else f'"{name}"' for name, field in fields.items()]


def columns_of(frame: pd.DataFrame) -> Columns:
    """A frame as arrays by name, each its own."""
    return {str(name): frame[name].to_numpy(copy=True) for name in frame.columns}


class States:
    """What the tables ``snapshots``, ``states``, ``machines`` and ``ties`` say about any tick.

    Args:
        record: the run.

    Raises:
        RecordError: the run was recorded before these tables were kept.

    Example:
        record = society.run("decommission")
        state = States(record).agents(250)     # columns by name, one row per slot
        state["score"][state["status"] == 0].mean()
    """

    def __init__(self, record: Record) -> None:
        self.record = record
        # what was read of a record that may still grow, and its last tick then
        self._machines: tuple[int, Columns] = (-1, {})
        self._snapshots: tuple[int, NDArray[np.int64]] = (-1, np.zeros(0, np.int64))
        if not len(self.snapshots):
            raise RecordError(
                f"{record.path}: has no table of snapshots, so it cannot be watched: run it again with this version"
            )

    @property
    def snapshots(self) -> NDArray[np.int64]:
        """Ticks of which there is a snapshot of all agents, ascending."""
        last = self.last_tick()
        if self._snapshots[0] != last:
            ticks = self.record.sql("select distinct tick from snapshots order by tick")["tick"]
            self._snapshots = last, ticks.to_numpy().astype(np.int64)
        return self._snapshots[1]

    def agents(self, tick: int) -> Columns:
        """All agents at the end of a tick.

        Returns:
            The columns of the table ``states`` but for ``tick``, one row per slot, words as int8 codes.
        """
        snapshots = self.snapshots
        first = int(snapshots[np.searchsorted(snapshots, tick, side="right") - 1])
        state = self._rows("snapshots", first, first)
        by_slot = np.argsort(state["id"] & 0xFFFFFFFF, kind="stable")
        state = {name: column[by_slot] for name, column in state.items()}
        changes = self._rows("states", first + 1, tick)
        slots = changes["id"] & 0xFFFFFFFF
        for name, column in changes.items():
            state[name][slots] = column  # in the order of ticks: the last of several rows of a slot stays
        del state["tick"]
        return state

    def changes(self, first: int, last: int) -> Columns:
        """Rows of the table ``states`` for some ticks, in their order."""
        return self._rows("states", first, last)

    def machines(self, tick: int) -> NDArray[np.int8]:
        """int8[M]: status of every machine at the end of a tick."""
        last = self.last_tick()
        if self._machines[0] != last:
            rows = self.record.sql("select tick, machine, code from events where kind = 'machine' order by id")
            self._machines = last, columns_of(rows)
        events, status = self._machines[1], self.fixed["status"].copy()
        end = np.searchsorted(events["tick"], tick, side="right")
        status[events["machine"][:end]] = events["code"][:end]  # the last of several of a machine stays
        return status

    def last_tick(self) -> int:
        """The last tick that is recorded."""
        if self.record.manifest["status"] in ("done", "stopped"):
            return self.record.ticks
        last = self.record.sql("select max(tick) as tick from ticks")["tick"]
        return 0 if last.isna().all() else int(last[0])

    @cached_property
    def fixed(self) -> Columns:
        """Machines at the start: id, zone, capacity, used, status."""
        return columns_of(self.record.sql(f"select {', '.join(selected('machines'))} from machines order by id"))

    @cached_property
    def links(self) -> Columns:
        """Links between machines and switches: source, target."""
        return columns_of(self.record.sql("select source, target from links order by all"))

    @property
    def tie_ticks(self) -> list[int]:
        """Ticks of which there is a snapshot of all ties."""
        return [int(tick) for tick in self.record.sql("select distinct tick from ties order by tick")["tick"]]

    def ties(self, tick: int) -> Columns:
        """Ties of the newest snapshot up to a tick: tick, source and target (slots), trust."""
        found = [one for one in self.tie_ticks if one <= tick]
        return columns_of(
            self.record.sql(
                f"""select tick, (source & 4294967295)::integer as source, (target & 4294967295)::integer as target, trust
                    from ties where tick = {max(found, default=-1)} order by source, target"""
            )
        )

    def _rows(self, table: str, first: int, last: int) -> Columns:
        where = f"tick between {int(first)} and {int(last)}"
        rows = columns_of(self.record.sql(f"select {', '.join(selected(table))} from {table} where {where}"))
        if (np.diff(rows["tick"]) < 0).any():  # parts are read in their order, which is that of time
            order = np.argsort(rows["tick"], kind="stable")
            rows = {name: column[order] for name, column in rows.items()}
        return rows
