"""From ticks to tables: what of a society and its moments goes into the record."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from society.broker.messages import zone_of
from society.engine.tick import Engine
from society.ground.errors import RunError
from society.ground.relation import relation
from society.ground.words import Event, Line, Outcome
from society.record.hash import History, digest_of_rows, digest_of_setting, sealed
from society.record.tables import columns_of
from society.record.writer import Gathered, Writer
from society.rules.moment import Batch, Moment
from society.state.columns import Society
from society.study.run.manifest import occasions_share, setting_of
from society.study.run.state_changes import StateChanges


class Recording:
    """Takes every tick of an engine down, and chains the hash of what happened.

    Args:
        engine: the engine, at tick 0.
        writer: where rows go; None to keep the hash and totals only.
        setting: what is run (``setting_of``), a manifest for one; as the engine has it if absent.
    """

    def __init__(
        self, engine: Engine, writer: Writer | Gathered | None, setting: Mapping[str, Any] | None = None
    ) -> None:
        if not any(rule.name == "counts" for rule in engine.rules):
            raise RunError(
                "rules: counts writes the table of ticks, which hash, measures and views need: no record without it"
            )
        self.engine, self.writer = engine, writer
        self.setting = digest_of_setting(setting_of(engine) if setting is None else setting)
        self.history = History(keep=isinstance(writer, Writer))
        #: The last tick that is recorded whole; -1 while one is being recorded.
        self.taken = engine.tick
        self.share = occasions_share(engine)
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
        rows = rows_of(moment)
        (events,), occasions = rows["events"], rows["occasions"]
        episodes = [one for batch in moment.batches if batch.acts is not None for one in batch.acts.transcripts]
        self.history.add(rows, moment.counts, episodes)
        if self.writer is None:
            return
        writer, society = self.writer, self.engine.society
        writer.add_tick(moment.counts)
        if writer.wants("occasions") and self.share < 1:
            rows["occasions"] = [self._sample(*both) for both in zip(moment.batches, occasions, strict=True)]
        for table, batches in rows.items():
            if writer.wants(table):
                for batch in batches:
                    writer.add(table, columns_of(batch) if table == "events" else batch)
        writer.add_transcripts(episodes)
        if self.changes is not None:
            writer.add("states", {"tick": moment.tick, **self.changes.changed()})
            if self.changes.snapshot_is_due():
                writer.add("snapshots", {"tick": moment.tick, **self.changes.snapshot()})
        if self.last:
            self._follow_lives(moment, events)
        every = self.engine.world.record.ties_every
        if every and moment.tick % every == 0 and writer.wants("ties"):
            writer.add("ties", ties_table(society, moment.tick))
        self.flush()

    def _sample(self, batch: Batch, columns: Mapping[str, Any]) -> dict[str, Any]:
        """Columns of the table of occasions, of the share that is kept."""
        kept = self.engine.chance.uniform("sampled", 0, batch.occasions.key) < self.share
        return {name: np.broadcast_to(column, len(kept))[kept] for name, column in columns.items()}

    def _follow_lives(self, moment: Moment, events: NDArray[Any]) -> None:
        """Write the agents whose slots were taken over, as they were last seen, and remember those of this tick."""
        for slots, gone in moment.gone or []:
            self._put(slots, _rows(self.engine.society, slots, gone))
        born = events["target"][events["kind"] == Event.BORN] & 0xFFFFFFFF
        if len(born) and self.writer is not None:
            self.writer.add("agents", {name: column[born].copy() for name, column in self.last.items()})
        self._remember()

    @property
    def hash(self) -> str:
        """The hash of all that was taken down."""
        return sealed(self.digests())

    def digests(self) -> dict[str, str]:
        """What the hash is made of: digests of setting, history, orders and agents, hex."""
        society = self.engine.society
        return {
            "setting": self.setting,
            "history": self.history.state(),
            "orders": digest_of_rows("orders", orders_table(society)),
            "agents": digest_of_rows("agents", _agent_columns(society)),
        }

    def flush(self, force: bool = False) -> None:
        """Bring what is pending to disk, once there is enough of it."""
        if isinstance(self.writer, Writer) and (force or self.writer.full()):
            self.history.settle()
            if links := self.history.links:
                self.writer.add("history", {name: np.array([one[name] for one in links], object) for name in links[0]})
                links.clear()
            self.writer.flush(self.engine.tick)

    def pack(self) -> dict[str, Any]:
        """Arrays for a checkpoint: the agents as they were last seen, and where they sit."""
        arrays = {f"agents_before.{name}": column.copy() for name, column in self.last.items()}
        changes = {} if self.changes is None else self.changes.pack()
        return {**arrays, **{f"changes.{name}": column for name, column in changes.items()}}

    def unpack(self, history: str, arrays: dict[str, Any]) -> None:
        """Go on from a checkpoint: the chain so far, and what was packed."""
        self.history.go_back(history)
        self.taken = self.engine.tick
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
        self.flush(force=True)

    def _remember(self) -> None:
        """Keep the columns, as of the end of this tick, of agents that died or were born in it."""
        agents = self.engine.society.agents
        dead = np.flatnonzero((agents.ended == self.engine.tick) | (agents.born == self.engine.tick))
        if len(dead):
            self._put(dead, _agent_columns(self.engine.society, dead))

    def _put(self, slots: NDArray[np.int64], rows: dict[str, Any]) -> None:
        for name, column in self.last.items():
            column[slots] = rows[name]


def rows_of(moment: Moment) -> dict[str, list[Any]]:
    """By name of table, batches of the rows of what happened at a tick: columns, of events an array of ``row_type``."""
    return {
        "events": [moment.log.collected(moment.tick)],
        "occasions": [occasions_table(batch) for batch in moment.batches],
        "messages": [messages_table(moment)] if len(moment.inbox) else [],
        "findings": moment.findings,
        "judgements": moment.judgements,
    }


def messages_table(moment: Moment) -> dict[str, Any]:
    """Columns of the table of messages: those that arrived at a tick."""
    inbox = moment.inbox
    return {
        "tick": np.full(len(inbox), moment.tick),
        "sender": inbox.sender_id,
        "recipient": inbox.recipient_id,
        "line": inbox.line,
        "zone": np.where(inbox.line == Line.BOARD, zone_of(inbox.recipient), -1),
        "act": inbox.act,
        "about": inbox.about_id,
        "order": inbox.order,
        "text": inbox.text,
    }


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
