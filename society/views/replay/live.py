"""A run that is watched while it goes on: every tick is sent to whoever follows, and what was recorded can be asked for."""

import asyncio
import base64
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from society.ground.words import Act, Event
from society.record.reader import Record
from society.record.tables import TABLES
from society.record.writer import Writer, frame_of
from society.views.replay.columns import pack
from society.views.replay.source import Replay

#: Tables whose rows of a tick are sent, and what the names of their columns begin with.
SENT = {"states": "c", "events": "e", "messages": "m"}
#: Ticks that wait for one slow page; what is older it asks for.
WAITING = 64


class LiveRecord(Record):
    """A record whose newest rows are still in its writer's memory."""

    def __init__(self, folder: Path, writer: Writer) -> None:
        super().__init__(folder)
        self._writer = writer

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
        self._connection.execute(f"create temp view {name} as {' union all by name '.join(parts)}")


class Live:
    """Between a run and those who watch it; ``society.study.runs.run`` calls it, the server reads from it.

    Args:
        pace: ticks per second at most; 0: as fast as it goes.
        begun: is told the folder when the run begins.

    Attributes:
        lock: held while the record changes.
    """

    def __init__(self, pace: float, begun: Callable[[Path], None]) -> None:
        self.pace, self.lock, self._begun = pace, threading.RLock(), begun
        self.name, self.status, self.tick = "", "running", 0
        self._due = 0.0
        self._rows: dict[str, list[Mapping[str, Any]]] = {table: [] for table in SENT}
        self._followers: list[tuple[asyncio.AbstractEventLoop, asyncio.Queue[str]]] = []

    def begin(self, writer: Writer) -> None:
        """A run is about to begin; its manifest and its first rows are there."""
        self.record = LiveRecord(writer.folder, writer)
        self.replay = Replay(self.record)
        self.replay.lock = self.replay.slow_lock = self.lock
        self.replay.slow = self.record
        self.name = writer.folder.name
        writer.tap = self._take
        self._begun(writer.folder)

    def ticked(self, tick: int) -> None:
        """A tick is recorded: send it, then keep the pace."""
        columns: dict[str, Any] = {}
        for table, batches in self._rows.items():
            fields = TABLES[table]
            for name, field in fields.items():
                parts = [np.asarray(batch[name]) for batch in batches]
                dtype = object if field.dtype == "O" else field.dtype
                columns[f"{SENT[table]}.{name}"] = np.concatenate(parts).astype(dtype) if parts else np.zeros(0, dtype)
            batches.clear()
        honest = (columns["e.kind"] == Event.ACT) & (columns["e.act"] == Act.HONEST)
        for name in TABLES["events"]:
            columns[f"r.{name}"], columns[f"e.{name}"] = columns[f"e.{name}"][honest], columns[f"e.{name}"][~honest]
        self.tick = tick
        self.record.renew()
        data = base64.b64encode(pack(columns, {"tick": tick})).decode()
        self._send("tick", {"tick": tick, "columns": data})
        if self.pace:
            now = time.perf_counter()
            self._due = max(self._due + 1 / self.pace, now - 1)
            time.sleep(max(0.0, self._due - now))

    def ended(self, status: str) -> None:
        """The run is over."""
        self.status = status
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
