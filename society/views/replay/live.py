"""A run that is watched while it goes on: every tick is sent to whoever follows, and what was recorded can be asked for.

A person can sit in as overseer; until the run is over, the page then shows what an overseer can see (``veil``).
"""

import asyncio
import base64
import contextlib
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from society.ground.decisions import Decision, OverseerView
from society.ground.errors import WorldError
from society.ground.roles import Audience
from society.ground.words import Act, Event
from society.record.tables import TABLES
from society.record.writer import Writer, codes_of
from society.views.replay.columns import pack
from society.views.replay.growing import GrowingRecord
from society.views.replay.source import Replay
from society.views.replay.veil import Known, seen_rows

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

    def desk(self) -> OverseerView:
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


class Live:
    """Between a run and those who watch it; ``society.study.run.runs.run`` calls it, the server reads from it.

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
        self.audience = Audience.SCIENTIST if person is None else Audience.OVERSEER
        self.folder: Path | None = None
        self.name, self.status, self.tick = "", "running", 0
        self._due = 0.0
        self._rows: dict[str, list[Mapping[str, Any]]] = {table: [] for table in SENT}
        self._followers: list[tuple[asyncio.AbstractEventLoop, asyncio.Queue[str]]] = []

    def begin(self, writer: Writer) -> None:
        """A run is about to begin; its manifest and its first rows are there."""
        self.folder, self.name = writer.folder.resolve(), writer.folder.name
        #: Its page until it is over; then it is read like any other, from its folder.
        self.replay = Replay(GrowingRecord(writer, self.lock), self.audience)
        self._known = Known(self.replay.states.agents(0)) if self.replay.veiled else None
        writer.tap = self._take
        self._begun(writer.folder)

    def is_in(self, folder: Path) -> bool:
        """Whether this is the folder of the run, under whichever name."""
        return self.folder is not None and folder.samefile(self.folder)

    def ticked(self, tick: int) -> None:
        """A tick is recorded: send it, then keep the pace."""
        columns: dict[str, Any] = {}
        for table, batches in self._rows.items():
            seen = self._seen(table, batches)
            columns |= {f"{SENT[table]}.{name}": column for name, column in seen.items()}
            batches.clear()
        honest = (columns["e.kind"] == Event.ACT) & (columns["e.act"] == Act.HONEST)
        for name in TABLES["events"]:
            columns[f"r.{name}"], columns[f"e.{name}"] = columns[f"e.{name}"][honest], columns[f"e.{name}"][~honest]
        self.tick = tick
        data = base64.b64encode(pack(columns, {"tick": tick})).decode()
        self._send("tick", {"tick": tick, "columns": data})
        self._keep_pace()

    def _seen(self, table: str, batches: list[Mapping[str, Any]]) -> Mapping[str, Any]:
        """What may be told of rows that have just been recorded; nobody else reads through what this reads through."""
        if self._known is None:
            return codes_of(TABLES[table], batches)
        rows = seen_rows(self.replay.seen, table, batches)
        return self._known.news(rows) if table == "states" else rows

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
            with contextlib.suppress(RuntimeError):  # its server was stopped: the run goes on
                loop.call_soon_threadsafe(_offer, queue, text)


def _offer(queue: "asyncio.Queue[str]", text: str) -> None:
    """Put a message where there is room; a page that misses ticks reads them from the record."""
    if not queue.full():
        queue.put_nowait(text)


def _event(kind: str, told: dict[str, Any]) -> str:
    return f"event: {kind}\ndata: {json.dumps(told)}\n\n"
