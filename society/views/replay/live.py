"""A run that is watched while it goes on: every tick is sent to whoever follows, and what was recorded can be asked for.

A person can sit in as overseer; until the run is over, the page then shows what an overseer can see (``veil``).
"""

import asyncio
import base64
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from society.ground.decisions import Decision, Desk
from society.ground.errors import WorldError
from society.ground.words import Act, Event
from society.record.reader import Record
from society.record.tables import TABLES
from society.record.writer import Writer, frame_of
from society.views.replay.columns import pack
from society.views.replay.source import Replay
from society.views.replay.veil import VEIL, veiled

#: Tables whose rows of a tick are sent, and what the names of their columns begin with.
SENT = {"states": "c", "events": "e", "messages": "m"}
#: Ticks that wait for one slow page; what is older it asks for.
WAITING = 64
#: Ticks per second that a page can set the clock of a run to.
FASTEST = 1000.0


class Sitter(Protocol):
    """A person who sits in as overseer (``society.Person``)."""

    def submit(self, decision: Decision) -> None:
        """Decide something."""
        ...

    def desk(self) -> Desk:
        """What waits, and what was decided."""
        ...


@dataclass
class Clock:
    """How fast a run that is watched goes.

    Attributes:
        pace: ticks per second at most; 0: as fast as it goes.
        paused: it stands still.
        hold: it stands still while something waits on the overseer's desk and nothing new was decided.
    """

    pace: float
    paused: bool = False
    hold: bool = False

    def set(self, asked: Any) -> None:
        """Change what is named, from data of the page.

        Raises:
            WorldError: it is no clock.

        Example:
            >>> clock = Clock(20.0)
            >>> clock.set({"paused": True})
            >>> clock
            Clock(pace=20.0, paused=True, hold=False)
        """
        if not isinstance(asked, dict) or not asked.keys() <= {"pace", "paused", "hold"}:
            raise WorldError("clock", str(asked)[:60], "a map of pace, paused, hold")
        for name in ("paused", "hold"):
            if not isinstance(asked.get(name, False), bool):
                raise WorldError(f"clock.{name}", str(asked[name])[:60], "true or false")
        pace = asked.get("pace", self.pace)
        if isinstance(pace, bool) or not isinstance(pace, int | float) or not 0 <= pace <= FASTEST:
            raise WorldError("clock.pace", str(pace)[:60], f"a number from 0 to {FASTEST:g}")
        self.pace = float(pace)
        self.paused, self.hold = asked.get("paused", self.paused), asked.get("hold", self.hold)


class LiveRecord(Record):
    """A record whose newest rows are still in its writer's memory; ``veil``: only what an overseer can see is told."""

    def __init__(self, folder: Path, writer: Writer, veil: bool) -> None:
        super().__init__(folder)
        self._writer, self.veil = writer, veil

    def renew(self) -> None:
        """Look again at what there is."""
        self._seen = set()
        self.__dict__.pop("_connection", None)

    def _see(self, name: str) -> None:
        self._seen.add(name)
        files = [str(path).replace("'", "''") for path in sorted((self.path / name).glob("*.parquet"))]
        self._connection.register(f"{name}_pending", _texts(frame_of(TABLES[name], self._writer.pending[name])))
        parts = [f"select * from {name}_pending"]
        if files:
            listed = ", ".join(f"'{file}'" for file in files)
            parts.insert(0, f"select * from read_parquet([{listed}])")
        rows = " union all by name ".join(parts)
        seen = VEIL[name].format(rows=f"({rows})") if self.veil and name in VEIL else rows
        self._connection.execute(f"create temp view {name} as {seen}")

    def seen_of(self, name: str, batches: list[Mapping[str, Any]]) -> dict[str, Any]:
        """Rows that have just been recorded, as columns of codes."""
        fields = TABLES[name]
        if self.veil and name in VEIL:
            return dict(veiled(self._connection, name, _texts(frame_of(fields, [dict(one) for one in batches]))))
        columns: dict[str, Any] = {}
        for column, field in fields.items():
            parts, dtype = [np.asarray(one[column]) for one in batches], object if field.dtype == "O" else field.dtype
            columns[column] = np.concatenate(parts).astype(dtype) if parts else np.zeros(0, dtype)
        return columns


class Live:
    """Between a run and those who watch it; ``society.study.runs.run`` calls it, the server reads from it.

    Args:
        pace: ticks per second at most; 0: as fast as it goes.
        begun: is told the folder when the run begins.
        person: who sits in as overseer, if anybody does.

    Attributes:
        lock: held while the record changes.
        clock: how fast it goes; may be changed from any thread.
    """

    def __init__(self, pace: float, begun: Callable[[Path], None], person: Sitter | None = None) -> None:
        self.clock, self.person, self.lock, self._begun = Clock(pace), person, threading.RLock(), begun
        self.name, self.status, self.tick = "", "running", 0
        self._due = 0.0
        self._rows: dict[str, list[Mapping[str, Any]]] = {table: [] for table in SENT}
        self._followers: list[tuple[asyncio.AbstractEventLoop, asyncio.Queue[str]]] = []

    def begin(self, writer: Writer) -> None:
        """A run is about to begin; its manifest and its first rows are there."""
        self.record = LiveRecord(writer.folder, writer, veil=self.person is not None)
        self.replay = Replay(self.record)
        self.replay.veiled = self.record.veil
        self.replay.lock = self.replay.slow_lock = self.lock
        self.replay.slow = self.record
        self.name = writer.folder.name
        writer.tap = self._take
        self._begun(writer.folder)

    def ticked(self, tick: int) -> None:
        """A tick is recorded: send it, then keep the pace."""
        columns: dict[str, Any] = {}
        for table, batches in self._rows.items():
            with self.lock:
                seen = self.record.seen_of(table, batches)
            columns |= {f"{SENT[table]}.{name}": column for name, column in seen.items()}
            batches.clear()
        honest = (columns["e.kind"] == Event.ACT) & (columns["e.act"] == Act.HONEST)
        for name in TABLES["events"]:
            columns[f"r.{name}"], columns[f"e.{name}"] = columns[f"e.{name}"][honest], columns[f"e.{name}"][~honest]
        self.tick = tick
        self.record.renew()
        data = base64.b64encode(pack(columns, {"tick": tick})).decode()
        self._send("tick", {"tick": tick, "columns": data})
        self._keep_pace()

    def _keep_pace(self) -> None:
        """Wait until the next tick is due, and longer while the clock stands still."""
        now = time.perf_counter()
        self._due = max(self._due + 1 / self.clock.pace, now - 1) if self.clock.pace else now
        while self.clock.paused or self._held() or time.perf_counter() < self._due:
            time.sleep(min(0.05, max(0.001, self._due - time.perf_counter())))

    def _held(self) -> bool:
        if self.person is None or not self.clock.hold:
            return False
        desk = self.person.desk()
        return any(desk["waiting"].values()) and not desk["pending"]

    def told(self) -> dict[str, Any]:
        """The clock, and the overseer's desk where somebody sits in."""
        desk = {} if self.person is None else self.person.desk()
        return {**desk, "tick": self.tick, "clock": asdict(self.clock), "status": self.status}

    def decide(self, asked: Any) -> None:
        """What the person decided on the page.

        Raises:
            WorldError: nobody sits in, the run is over, or it is no decision.
            RunError: too many decisions wait.
        """
        if self.person is None or self.status != "running":
            raise WorldError("decide", str(asked)[:60], "a run that goes on, with oversight.human.mind: human")
        self.person.submit(Decision.of(asked))

    def ended(self, status: str) -> None:
        """The run is over."""
        self.status = status
        self.record.veil = False
        self.replay.unveil()
        self.record.manifest = Record(self.record.path).manifest
        self.record.renew()
        self._send("end", {"status": status})

    async def follow(self) -> AsyncIterator[str]:
        """Server-sent events from now on, until the run is over."""
        mine = (asyncio.get_running_loop(), asyncio.Queue[str](WAITING))
        self._followers.append(mine)
        try:
            while self.status == "running" or not mine[1].empty():
                try:
                    yield await asyncio.wait_for(mine[1].get(), 15)
                except TimeoutError:
                    yield ": still here\n\n"
            yield _event("end", {"status": self.status})
        finally:
            self._followers.remove(mine)

    def _take(self, table: str, columns: Mapping[str, Any]) -> None:
        if table in self._rows:
            self._rows[table].append(columns)

    def _send(self, kind: str, told: dict[str, Any]) -> None:
        text = _event(kind, told)
        for loop, queue in list(self._followers):
            loop.call_soon_threadsafe(_offer, queue, text)


def _offer(queue: "asyncio.Queue[str]", text: str) -> None:
    """Put a message where there is room; a page that misses ticks reads them from the record."""
    if not queue.full():
        queue.put_nowait(text)


def _event(kind: str, told: dict[str, Any]) -> str:
    return f"event: {kind}\ndata: {json.dumps(told)}\n\n"


def _texts(frame: pd.DataFrame) -> pd.DataFrame:
    """Words as text, as they are read from parts."""
    return frame.astype({name: "str" for name in frame.columns if isinstance(frame[name].dtype, pd.CategoricalDtype)})
