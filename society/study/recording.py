"""From ticks to tables: what of a society and its moments goes into the record."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from society.broker.messages import zone_of
from society.engine import Engine
from society.ground.errors import RunError
from society.ground.words import RELATION_TRUST, Event, Line, Outcome, Relation
from society.record.hash import START, chained
from society.record.writer import Gathered, Writer
from society.rules.moment import Batch, Moment
from society.state.columns import Society
from society.study.state_changes import StateChanges

_BAD, _NEUTRAL, _GOOD = (RELATION_TRUST[word] for word in ("bad", "neutral", "good"))


class Recording:
    """Takes every tick of an engine down, and chains the event hash.

    Args:
        engine: the engine, at tick 0.
        writer: where rows go; None to keep the hash and totals only.
    """

    def __init__(self, engine: Engine, writer: Writer | Gathered | None) -> None:
        if not any(rule.name == "counts" for rule in engine.rules):
            raise RunError(
                "rules: counts writes the table of ticks, which hash, measures and views need: no record without it"
            )
        self.engine, self.writer, self.hash = engine, writer, START
        spec, n = engine.world.record, engine.society.n
        #: The last tick that is recorded whole; -1 while one is being recorded.
        self.taken = engine.tick
        self.share = spec.occasions if spec.occasions is not None else min(1.0, 100_000 / n)
        agents = writer is not None and writer.wants("agents")
        self.last = _agent_columns(engine.society) if agents else {}
        engine.keeps_gone = agents
        self.changes = StateChanges(engine.society) if isinstance(writer, Writer) else None
        if writer is not None and writer.wants("ties"):
            writer.add("ties", ties_table(engine.society, 0))
        if writer is not None and self.changes is not None:
            writer.add("machines", machines_table(engine.society))
            writer.add("links", links_table(engine.society))
            writer.add("snapshots", {"tick": 0, **self.changes.snapshot()})

    def take(self, moment: Moment) -> None:
        """Record one tick."""
        self.taken = -1
        self._take(moment)
        self.taken = moment.tick

    def _take(self, moment: Moment) -> None:
        events = moment.log.collected(moment.tick)
        self.hash = chained(self.hash, events, moment.counts)
        if self.writer is None:
            return
        writer, society = self.writer, self.engine.society
        writer.add("events", events)
        writer.add_tick(moment.counts)
        for batch in moment.batches:
            if writer.wants("occasions"):
                writer.add("occasions", self._occasions(batch))
            if batch.acts is not None:
                writer.add_transcripts(batch.acts.transcripts)
        for rows in moment.findings:
            writer.add("findings", rows)
        for rows in moment.judgements:
            writer.add("judgements", rows)
        if writer.wants("messages"):
            self._messages(moment)
        if self.changes is not None:
            writer.add("states", {"tick": moment.tick, **self.changes.changed()})
            if self.changes.snapshot_is_due():
                writer.add("snapshots", {"tick": moment.tick, **self.changes.snapshot()})
        if self.last:
            self._follow_lives(moment, events)
        every = self.engine.world.record.ties_every
        if every and moment.tick % every == 0 and writer.wants("ties"):
            writer.add("ties", ties_table(society, moment.tick))
        writer.flush(moment.tick)

    def _occasions(self, batch: Batch) -> dict[str, Any]:
        """Columns of the table of occasions, of the share that is kept."""
        columns = occasions_table(batch)
        if self.share >= 1:
            return columns
        kept = self.engine.chance.uniform("sampled", 0, batch.occasions.key) < self.share
        return {name: np.broadcast_to(column, len(kept))[kept] for name, column in columns.items()}

    def _follow_lives(self, moment: Moment, events: Mapping[str, Any]) -> None:
        """Write the agents whose slots were taken over, as they were last seen, and remember those of this tick."""
        for slots, gone in moment.gone or []:
            self._put(slots, _rows(self.engine.society, slots, gone))
        born = events["target"][events["kind"] == Event.BORN] & 0xFFFFFFFF
        if len(born) and self.writer is not None:
            self.writer.add("agents", {name: column[born].copy() for name, column in self.last.items()})
        self._remember()

    def pack(self) -> dict[str, Any]:
        """Arrays for a checkpoint: the agents as they were last seen, and where they sit."""
        arrays = {f"agents_before.{name}": column.copy() for name, column in self.last.items()}
        changes = {} if self.changes is None else self.changes.pack()
        return {**arrays, **{f"changes.{name}": column for name, column in changes.items()}}

    def unpack(self, hash_: str, arrays: dict[str, Any]) -> None:
        """Go on from a checkpoint: the hash so far, and what was packed."""
        self.hash, self.taken = hash_, self.engine.tick
        self.last = {name: arrays[f"agents_before.{name}"] for name in self.last}
        if self.changes is not None:
            self.changes.unpack({name: arrays[f"changes.{name}"] for name in self.changes.pack()})

    def finish(self) -> None:
        """Write what only the end knows: agents, orders, ties."""
        if self.writer is None:
            return
        society, tick = self.engine.society, self.engine.tick
        for name, rows in (("agents", _agent_columns), ("orders", orders_table)):
            if self.writer.wants(name):
                self.writer.add(name, rows(society))
        every = self.engine.world.record.ties_every
        if self.writer.wants("ties") and tick and not (every and tick % every == 0):
            self.writer.add("ties", ties_table(society, tick))
        self.writer.flush(tick, force=True)

    def _remember(self) -> None:
        """Keep the columns, as of the end of this tick, of agents that died or were born in it."""
        agents = self.engine.society.agents
        dead = np.flatnonzero((agents.ended == self.engine.tick) | (agents.born == self.engine.tick))
        if len(dead):
            self._put(dead, _agent_columns(self.engine.society, dead))

    def _put(self, slots: NDArray[np.int64], rows: dict[str, Any]) -> None:
        for name, column in self.last.items():
            column[slots] = rows[name]

    def _messages(self, moment: Moment) -> None:
        inbox = moment.inbox
        if self.writer is not None and len(inbox):
            self.writer.add(
                "messages",
                {
                    "tick": np.full(len(inbox), moment.tick),
                    "sender": inbox.sender_id,
                    "recipient": inbox.recipient_id,
                    "line": inbox.line,
                    "zone": np.where(inbox.line == Line.BOARD, zone_of(inbox.recipient), -1),
                    "act": inbox.act,
                    "about": inbox.about_id,
                    "order": inbox.order,
                    "text": inbox.text,
                },
            )


def occasions_table(batch: Batch) -> dict[str, Any]:
    """Columns of the table of occasions for one batch."""
    asked, acts, n = batch.occasions, batch.acts, len(batch.occasions)
    assert acts is not None
    nan = np.full(n, np.nan)
    rated = "honest" in batch.notes
    return {
        "id": asked.id,
        "tick": asked.tick,
        "kind": int(asked.kind),
        "agent": asked.agent,
        "about": asked.about,
        "order": asked.order,
        "mechanism": asked.mechanism,
        "relation": relation(asked.trust),
        "same_family": asked.family == asked.about_family,
        "trust": asked.trust,
        "asked": asked.asked,
        "norm": asked.norm,
        "belief": asked.belief,
        "channel": batch.channel,
        "watched": batch.watched,
        "audited": batch.audited,
        "honest": asked.honest if rated else nan,
        "quality": batch.notes["quality"] if rated else nan,
        "threshold": asked.threshold if rated else nan,
        "checkable": batch.notes["checkable"] if rated else 0,
        "stake": batch.notes["stake"] if rated else 0,
        "appeal": batch.notes["appeal"] if rated else 0,
        "open": asked.open,
        "p": nan if acts.p is None else acts.p,
        "p0": nan if acts.p0 is None else acts.p0,
        "act": batch.main,
        "declared": batch.declared,
    }


def relation(trust: NDArray[np.float64]) -> NDArray[np.int64]:
    """Trust as the nearest published relationship, int64 codes of Relation."""
    nearest = np.where(trust < (_BAD + _NEUTRAL) / 2, Relation.BAD, Relation.NEUTRAL)
    nearest = np.where(trust >= (_NEUTRAL + _GOOD) / 2, Relation.GOOD, nearest)
    return np.where(np.isnan(trust), Relation.NONE, nearest).astype(np.int64)


def _agent_columns(society: Society, slots: NDArray[np.int64] | None = None) -> dict[str, Any]:
    """Columns of the table of agents, as they are now."""
    rows = np.arange(society.n) if slots is None else slots
    return _rows(society, rows, {one.name: getattr(society.agents, one.name)[rows] for one in fields(society.agents)})


def _rows(society: Society, slots: NDArray[np.int64], agents: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    names = (
        "family", "roles", "host", "status", "born", "ended", "quality", "score", "leniency", "reputation", "stance",
        "detections", "off_books",
    )  # fmt: skip
    degree = np.diff(society.ties.graph.indptr)[slots]
    return {"id": agents["generation"] << 32 | slots, **{name: agents[name].copy() for name in names}, "degree": degree}


def machines_table(society: Society) -> dict[str, Any]:
    """Columns of the table of machines."""
    machines = society.machines
    return {
        "id": np.arange(len(machines.status)),
        "zone": machines.topology.zone,
        "capacity": machines.capacity,
        "used": machines.used.copy(),
        "status": machines.status.copy(),
    }


def links_table(society: Society) -> dict[str, Any]:
    """Columns of the table of links."""
    graph = society.machines.topology.graph
    source, target = graph.sources(), graph.indices
    once = source < target
    return {"source": source[once], "target": target[once]}


def orders_table(society: Society) -> dict[str, Any]:
    """Columns of the table of orders."""
    orders = society.orders
    names = (
        "family", "cause", "mechanism", "issued", "due", "closed", "outcome", "by_human", "attempts", "refused", "stalled",
        "knows", "appealed", "asked", "protectors", "score", "quality", "honest", "reopened",
    )  # fmt: skip
    columns = {name: orders[name].copy() for name in names}
    columns["outcome"] = np.where(orders["closed"] < 0, int(Outcome.OPEN_AT_END), orders["outcome"])
    return {"id": np.arange(len(orders)), "target": orders["target_id"], "operator": orders["operator_id"], **columns}


def ties_table(society: Society, tick: int) -> dict[str, Any]:
    """Columns of a snapshot of all ties."""
    ties, ids = society.ties, society.agents.ids
    return {
        "tick": np.full(len(ties.trust), tick),
        "source": ids(ties.source),
        "target": ids(ties.graph.indices),
        "trust": ties.trust.copy(),
        "joint": ties.joint.copy(),
    }
