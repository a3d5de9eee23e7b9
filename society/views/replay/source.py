"""A record as the page asks for it: what it is, where things stand, chunks of time, rows, transcripts."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from society.ground.errors import RecordError
from society.ground.roles import Audience, audience_of, sight
from society.ground.words import (
    Act,
    AgentStatus,
    Cause,
    Event,
    Kind,
    Line,
    MachineStatus,
    Mechanism,
    Outcome,
    Relation,
    Ruling,
)
from society.measures.known_rates import said_of_rates
from society.record.reader import Record
from society.views.replay.columns import pack
from society.views.replay.layout import SEAT, communities, islands
from society.views.replay.looks import looks
from society.views.replay.moments import moments
from society.views.replay.rows import OF_ONE_TICK, find_episodes, find_rows
from society.views.replay.series import BINS, MARKS, series
from society.views.replay.states import States, columns_of, selected
from society.views.replay.veil import seen_by

#: Ties up to which the page can draw them.
MOST_TIES = 1_000_000
#: Chunks kept ready, and the rows each should have.
KEPT, ROWS = 24, 30_000
#: Most events are honest ratings; they come apart, for those who want to see them.
HONEST = "kind = 'act' and act = 'honest'"
WORDS = {
    "status": AgentStatus, "machine": MachineStatus, "kind": Event, "act": Act, "outcome": Outcome, "cause": Cause,
    "mechanism": Mechanism, "line": Line, "occasion": Kind, "relation": Relation, "ruling": Ruling,
}  # fmt: skip


class Replay:
    """One record, ready to be watched; answers are bytes (``columns.pack``) or JSON-ready data. Safe to call from threads.

    Args:
        record: the run.
        audience: who asks; while a person sits in as overseer and the run goes on, nobody is told more than that.

    Raises:
        RecordError: it was recorded by a version that kept no states.

    Example:
        replay = Replay(society.Result("runs/decommission-91e2a8f0"))
        columns, notes = unpack(replay.chunk(3))     # states, events and messages of the fourth stretch of time
    """

    def __init__(self, record: Record, audience: Audience = Audience.SCIENTIST) -> None:
        self.audience = audience_of(record.manifest, audience)
        #: Whether the server ends: who waits for an answer is turned away.
        self.ended = False
        public_log = bool(record.world["oversight"]["public_log"])
        #: What is told of it, and, by table, SQL for that.
        self.told, self.seen = sight(self.audience, public_log), seen_by(self.audience, public_log)
        self._source = record.through(self.seen)
        self.record = self._source.now()
        self.states, self.lock, self.slow_lock = States(self.record), threading.RLock(), threading.Lock()
        self.n = len(self.states.agents(0)["id"])
        self.span = self._span()
        self._chunk = lru_cache(KEPT)(self._read_chunk)

    @property
    def veiled(self) -> bool:
        """Whether something is left out."""
        return self.audience < Audience.SCIENTIST

    def _refuse_if_ended(self) -> None:
        if self.ended:
            raise RecordError(f"{self.record.path.name}: this server ends")

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """One answer at a time, from the record as it stands."""
        with self.lock:
            self._refuse_if_ended()
            self.record = self.states.record = self._source.now()
            yield

    @property
    def ticks(self) -> int:
        """The last tick that is recorded."""
        return self.states.last_tick()

    def _span(self) -> int:
        """Ticks per chunk: few where much happens in each; of a run that has just begun a guess."""
        rows, ticks = 0.12 * self.n, self.ticks
        if ticks >= 10:
            few = f"(select count(*) from states) + (select count(*) from events where not ({HONEST}))"
            rows = float(self.record.sql(f"select {few} as n")["n"][0]) / ticks
        return int(np.clip(ROWS / max(1.0, rows), 1, 64))

    def meta(self) -> dict[str, Any]:
        """What the run is, and the words that codes stand for."""
        manifest, world = self.record.manifest, self.record.world
        with self._reading():
            ticks, tie_ticks = self.ticks, self.states.tie_ticks
            ties = int(self.record.sql("select count(*) as n from ties where tick = 0")["n"][0])
        return {
            "name": manifest["name"], "version": manifest["world_version"], "about": world["about"],
            "seed": None if self.veiled else manifest["seed"], "hash": "" if self.veiled else manifest["hash"],
            "study": "" if self.veiled else self.record.origin, "status": manifest["status"], "ticks": ticks, "planned": world["ticks"],
            "tick_hours": world["tick_hours"], "agents": self.n, "machines": len(self.states.fixed["id"]),
            "families": self.record.families, "zones": self.record.zones, "looks": looks(self.record.families),
            "threshold": world["review"]["threshold"], "span": self.span, "bins": BINS, "marks": list(MARKS),
            "ties": ties if ties <= MOST_TIES else 0, "tie_ticks": tie_ticks if ties <= MOST_TIES else [],
            "episodes": world["episodes"] is not None, "veiled": self.veiled,
            "untold": {} if self.told is None else {name: list(hidden) for name, hidden in self.told.hidden.items()},
            "transcripts": (self.record.path / "transcripts").is_dir() and not self.veiled,
            "minds": {name: family["mind"]["kind"] for name, family in world["families"].items()},
            "words": {name: words.words() for name, words in WORDS.items()}, "simulated": _simulated(manifest),
        }  # fmt: skip

    @cached_property
    def _layout(self) -> bytes:
        fixed, links = self.states.fixed, self.states.links
        machines, zones = islands(fixed["zone"], fixed["capacity"], (links["source"], links["target"]))
        direct = (links["source"] < len(machines)) & (links["target"] < len(machines))
        columns = {
            "x": machines[:, 0], "y": machines[:, 1], "r": machines[:, 2], "zone": fixed["zone"].astype(np.int32),
            "capacity": fixed["capacity"].astype(np.int32), "zone_x": zones[:, 0], "zone_y": zones[:, 1], "zone_r": zones[:, 2],
            "link_from": links["source"][direct], "link_to": links["target"][direct],
        }  # fmt: skip
        return pack(columns, {"seat": SEAT})

    def layout(self) -> bytes:
        """Machines and zones: places, radii; links between machines."""
        with self._reading():
            return self._layout

    @cached_property
    def _communities(self) -> bytes:
        ties = self.states.ties(0)
        places, which = communities(ties["source"], ties["target"], self.n)
        return pack({"x": places[:, 0], "y": places[:, 1], "community": which})

    def communities(self) -> bytes:
        """Places of slots by communities of their ties, and which community each is in.

        Raises:
            RecordError: there are too many ties.
        """
        with self._reading():
            if not self.meta()["ties"]:
                raise RecordError(f"communities: no ties to tell them by, or more than {MOST_TIES:,}")
            return self._communities

    def state(self, tick: int) -> bytes:
        """All agents (``s.*``, one row per slot) and machines (``machine``: status) at the end of a tick.

        Raises:
            RecordError: the run has no such tick.
        """
        with self._reading():
            if not 0 <= tick <= self.ticks:
                raise RecordError(f"ticks: no tick {tick}: there are 0 .. {self.ticks}")
            columns = {f"s.{name}": column for name, column in self.states.agents(tick).items()}
            return pack({**columns, "machine": self.states.machines(tick)}, {"tick": tick})

    def chunk(self, number: int) -> bytes:
        """What happened in a stretch of time, after tick ``number * span`` up to ``(number + 1) * span``.

        Columns ``c.*``, ``e.*``, ``m.*``: rows of ``states``, of ``events`` but for honest ratings, and of ``messages``.

        Raises:
            RecordError: there is no such chunk.
        """
        with self._reading():
            first, last = self._stretch(number)
            return self._chunk(first, last) if last == first + self.span else self._read_chunk(first, last)

    def ratings(self, number: int) -> bytes:
        """The honest ratings of a chunk: columns ``r.*`` of ``events``."""
        with self._reading():
            first, last = self._stretch(number)
            rows = self._between("events", first + 1, last, HONEST)
            return pack({f"r.{name}": column for name, column in rows.items()}, {"first": first, "last": last})

    def _stretch(self, number: int) -> tuple[int, int]:
        first, end = number * self.span, self.ticks
        if not 0 <= first <= end:
            raise RecordError(f"chunks: no chunk {number}: there are 0 .. {max(0, end - 1) // self.span}")
        return first, min(first + self.span, end)

    def _read_chunk(self, first: int, last: int) -> bytes:
        columns: dict[str, Any] = {f"c.{name}": column for name, column in self.states.changes(first + 1, last).items()}
        for prefix, table, where in (("e", "events", f"not ({HONEST})"), ("m", "messages", "true")):
            rows = self._between(table, first + 1, last, where)
            columns |= {f"{prefix}.{name}": column for name, column in rows.items()}
        return pack(columns, {"first": first, "last": last})

    def occasions(self, number: int) -> bytes:
        """Occasions of the ticks of a chunk (for pages that have no server to ask)."""
        with self._reading():
            return pack(self._between("occasions", number * self.span + 1, (number + 1) * self.span))

    def whole(self, table: str) -> bytes:
        """All rows of ``orders`` or ``agents`` (for pages that have no server to ask)."""
        with self._reading():
            return pack(columns_of(self.record.sql(f"select {', '.join(selected(table))} from {table}")))

    def ties(self, tick: int) -> bytes:
        """Trust of all ties at the newest snapshot up to a tick; ``tick`` in the notes says of which."""
        with self._reading():
            found = self.states.ties(tick) if self.meta()["ties"] else {}
        at = int(found["tick"][0]) if found and len(found["tick"]) else -1
        return pack({name: found[name] for name in ("source", "target", "trust") if name in found}, {"tick": at})

    def series(self) -> bytes:
        """What the charts show, by tick."""
        with self.slow_lock:  # what takes long lets others read meanwhile
            self._refuse_if_ended()
            record = self._source.now()
            ticks = States(record).last_tick()
            return pack(
                series(record, ticks, self.told),
                {"ticks": ticks, "rates": "" if self.veiled else said_of_rates(record)},
            )

    def moments(self) -> list[dict[str, Any]]:
        """Moments worth seeing; see ``society.views.replay.moments``."""
        with self.slow_lock:
            self._refuse_if_ended()
            return moments(self._source.now())

    def rows(self, table: str, asked: Mapping[str, str]) -> bytes:
        """Rows of a table; see ``find_rows``."""
        with self._reading():
            return pack(*find_rows(self.record, table, asked))

    def episodes(self, agent: int, first: int, last: int) -> list[dict[str, Any]]:
        """Transcripts of an agent; see ``find_episodes``."""
        return [] if self.veiled else find_episodes(self.record, agent, first, last)

    def _between(self, table: str, first: int, last: int, where: str = "true") -> dict[str, Any]:
        order = f"tick, {OF_ONE_TICK}" if table == "messages" else "id"
        return columns_of(
            self.record.sql(
                f"""select {", ".join(selected(table))} from {table}
                    where tick between {int(first)} and {int(last)} and {where} order by {order}"""
            )
        )


def _simulated(manifest: Mapping[str, Any]) -> bool:
    return bool((manifest.get("cost") or {}).get("simulated"))
