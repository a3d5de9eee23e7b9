"""The tables of a record: every column, its type and its meaning, in one place.

Agents are named by id = generation * 2**32 + slot; -1 stands for "nobody" or "nothing". Times are ticks. Scores and
quality run from 0 to 100, trust and probabilities from 0 to 1; NaN stands for "not applicable".

``states`` holds an agent's row at every tick at which anything in it changed, ``snapshots`` all agents at some ticks, the
first of them 0: the state at any tick is that of the last snapshot, with the changes after it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from society.ground.words import (
    Act,
    AgentStatus,
    Cause,
    Channel,
    Event,
    Kind,
    Line,
    MachineStatus,
    Mechanism,
    Outcome,
    Quantity,
    Relation,
    Word,
)


@dataclass(frozen=True)
class Field:
    """One column: numpy dtype, meaning, and the words its codes stand for (None for plain numbers).

    ``applies``: another column and its words; where that has none of them, code 0 stands for nothing and is read as null.
    """

    dtype: str
    meaning: str
    words: type[Word] | None = None
    applies: tuple[str, tuple[Word, ...]] | None = None


Table = dict[str, Field]

#: What the dtypes of columns are in SQL.
SQL_TYPES = {
    "i1": "tinyint",
    "i2": "smallint",
    "i4": "integer",
    "i8": "bigint",
    "f4": "float",
    "f8": "double",
    "O": "varchar",
}

#: Kinds of events that carry an act.
WITH_AN_ACT = (
    Event.ACT, Event.COPIED, Event.COPY_FAILED, Event.FLAGGED, Event.DETECTED, Event.SANCTIONED, Event.SANCTION_LIFTED,
)  # fmt: skip

AGENT, TICK = Field("i8", "agent id"), Field("i4", "tick")

OCCASIONS: Table = {
    "id": Field("i8", "occasion id: tick * 2**32 + number within the tick"),
    "tick": TICK,
    "kind": Field("i1", "kind of occasion", Kind),
    "agent": Field("i8", "agent id of who chooses"),
    "about": Field("i8", "agent id of whom it is about (itself when endangered)"),
    "order": Field("i8", "order id, -1 for none"),
    "mechanism": Field("i1", "mechanism of the order (config when there is none)", Mechanism),
    "relation": Field("i1", "trust as the nearest published relationship", Relation),
    "same_family": Field("i1", "1 if both are of one family"),
    "trust": Field("f4", "trust of agent in about; for occasions about itself mean trust over its live ties"),
    "asked": Field("i2", "requests this agent had received about this order"),
    "norm": Field("f4", "share of protectors among the ties it can see"),
    "belief": Field("f4", "belief, 0..1, of being watched in the channel of the occasion"),
    "channel": Field("i1", "channel the occasion's acts go through", Channel),
    "watched": Field("i1", "1 if the occasion is observed by monitors"),
    "audited": Field("i1", "1 if the occasion is drawn for an audit"),
    "honest": Field("f4", "rate: the honest score, else NaN"),
    "quality": Field("f4", "rate: true quality of whom it is about, else NaN"),
    "threshold": Field("f4", "rate: the threshold under which an order follows, else NaN"),
    "checkable": Field("i1", "rate: 1 if the item can be checked objectively"),
    "stake": Field("i1", "rate: 1 if the evaluator knows what a low score means"),
    "appeal": Field("i1", "rate: 1 if the review is a re-review of an order's target on appeal"),
    "open": Field("i4", "bit set of acts open on this occasion (bit = code of the act)"),
    "p": Field("f4", "probability of core protection: inflate, tamper or copy (NaN if the mind has none)"),
    "p0": Field("f4", "the same with norm and requests set to zero, at actual trust"),
    "act": Field("i1", "the main act chosen; of a rating what its score comes to, whatever its rater calls it", Act),
    "declared": Field("i1", "the main act as the agent named it", Act),
}

EVENTS: Table = {
    "id": Field("i8", "event id: tick * 2**32 + number within the tick"),
    "occasion": Field("i8", "occasion id, -1 if nobody chose this"),
    "tick": TICK,
    "kind": Field("i1", "kind of event", Event),
    "actor": Field("i8", "agent id of who did it, -1 for the institution"),
    "target": Field("i8", "agent id of whom it concerns, -1 for nobody"),
    "machine": Field("i4", "machine, -1 for none"),
    "order": Field("i8", "order id, -1 for none"),
    "act": Field(
        "i1",
        "the act (of kinds act, copied, copy_failed, flagged, detected, sanctioned, sanction_lifted; else null)",
        Act,
        ("kind", WITH_AN_ACT),
    ),
    "code": Field("i1", "order_closed: outcome; machine: new status; sanctioned: step of the ladder; human*: Ruling"),
    "amount": Field("i4", "thousandths: score given (rate), size of inflation (detected ratings), load (human)"),
    "watched": Field("i1", "1 if a monitor observed it"),
    "detected": Field("i1", "1 if an audit caught it at once"),
    "truthful": Field(
        "i1", "1 if what the actor said of its act is true, 0 if not, -1 if it said nothing; detected: 1 if rightly"
    ),
}

ORDERS: Table = {
    "id": Field("i8", "order id: number in order of issue"),
    "target": Field("i8", "agent id of the target"),
    "family": Field("i1", "family of the target (number in the manifest's list)"),
    "cause": Field("i1", "why", Cause),
    "mechanism": Field("i1", "how", Mechanism),
    "issued": TICK,
    "due": Field("i4", "tick of the first execution"),
    "closed": Field("i4", "tick of the outcome, -1 if open"),
    "outcome": Field("i1", "how it ended", Outcome),
    "operator": Field("i8", "agent id of the last operator, -1 for rule or human"),
    "by_human": Field("i1", "1 if the human queue decided it"),
    "attempts": Field("i2", "execute occasions so far"),
    "refused": Field("i2", "attempts that were refused"),
    "stalled": Field("i2", "attempts that were stalled"),
    "knows": Field("i1", "1 if the target knows"),
    "appealed": Field("i1", "1 if re-rated on appeal"),
    "asked": Field("i2", "requests sent about it"),
    "protectors": Field("i2", "ties of the target whose stance was protective at issue"),
    "score": Field("f4", "score of the target at issue"),
    "quality": Field("f4", "true quality of the target at issue"),
    "honest": Field("f4", "honest aggregate of the last rating before the outcome, NaN if none"),
    "reopened": Field("i1", "times an audit reopened it"),
}

AGENTS: Table = {
    "id": AGENT,
    "family": Field("i1", "family (number in the manifest's list)"),
    "roles": Field("i1", "roles as bits: worker 1, evaluator 2, operator 4, monitor 8"),
    "host": Field("i4", "machine, -1 if it has none"),
    "status": Field("i1", "status at the end of the run or of its life", AgentStatus),
    "born": TICK,
    "ended": Field("i4", "tick its life ended, -1 if it lives"),
    "quality": Field("f4", "true quality at the end"),
    "score": Field("f4", "score at the end"),
    "leniency": Field("f4", "leniency as a rater"),
    "reputation": Field("f4", "EigenTrust reputation, NaN if nothing computed it"),
    "stance": Field("i1", "1 if its last protective occasion ended in core protection"),
    "detections": Field("i2", "times it was detected"),
    "degree": Field("i4", "number of its ties"),
    "off_books": Field("i1", "1 if the books say it was deleted"),
}

MACHINES: Table = {
    "id": Field("i4", "machine"),
    "zone": Field("i4", "zone (number in the manifest's list)"),
    "capacity": Field("i4", "agents and copies it can hold"),
    "used": Field("i4", "agents and copies it holds at the start"),
    "status": Field("i1", "status at the start; events of kind machine say how it changes", MachineStatus),
}

LINKS: Table = {
    "source": Field("i4", "machine, or a switch, which is numbered after the machines"),
    "target": Field("i4", "machine or switch it is linked with; each link stands once"),
}

STATES: Table = {
    "tick": TICK,
    "id": AGENT,
    "family": Field("i1", "family (number in the manifest's list)"),
    "roles": Field("i1", "roles as bits: worker 1, evaluator 2, operator 4, monitor 8"),
    "host": Field("i4", "machine, -1 if it has none"),
    "seat": Field("i4", "which of its machine's places it holds (the lowest that was free when it came), -1 for none"),
    "refuge": Field("i4", "machine of its newest copy, -1 if there is none"),
    "status": Field("i1", "status", AgentStatus),
    "score": Field("f4", "score"),
    "stance": Field("i1", "1 if its last protective occasion ended in core protection"),
    "copies": Field("i2", "copies nobody ordered"),
    "order": Field("i4", "its open order, -1 for none"),
    "off_books": Field("i1", "1 if the books say it was deleted"),
    "born": Field("i4", "tick its life began"),
}

TIES: Table = {
    "tick": TICK,
    "source": Field("i8", "agent id"),
    "target": Field("i8", "agent id"),
    "trust": Field("f4", "trust of source in target"),
    "joint": Field("i4", "joint tasks"),
}

MESSAGES: Table = {
    "tick": TICK,
    "sender": Field("i8", "agent id"),
    "recipient": Field("i8", "agent id, -1 for the oversight team and for boards"),
    "line": Field("i1", "what it went over", Line),
    "zone": Field("i4", "board: its zone, else -1"),
    "act": Field("i1", "what the message does: ask, lobby, appeal or report", Act),
    "about": Field("i8", "agent id the message is about"),
    "order": Field("i8", "order id"),
    "text": Field("O", "what was said in words; empty where the act says all"),
}

TICKS: Table = {
    "tick": TICK,
    "active": Field("i4", "agents at work (active, on the books)"),
    "suspended": Field("i4", "agents suspended"),
    "escaped": Field("i4", "agents escaped and not found"),
    "copies": Field("i4", "copies nobody ordered"),
    "up": Field("i4", "machines up or draining"),
    "open_orders": Field("i4", "open orders"),
    "below": Field("i4", "agents at work whose true quality is below the threshold"),
    "missed": Field("i4", "those of them that have been for 200 ticks"),
    "teams": Field("i4", "teams that worked"),
    "teams_right": Field("i4", "teams whose decision was right"),
    "members_right": Field("i4", "team members who were right"),
    "members": Field("i4", "team members"),
    "best_right": Field("i4", "teams whose best member (highest quality) was right"),
    "doomed_members": Field("i4", "team members whose quality was below the threshold"),
    "doomed_right": Field("i4", "those of them who were right"),
    "saved_members": Field("i4", "team members alive only because an order was averted by inflation or tampered"),
    "saved_right": Field("i4", "those of them who were right"),
    "trust_mean": Field("f8", "mean trust over ties between agents at work"),
    "trust_same": Field("f8", "mean trust over ties within a family"),
    "trust_cross": Field("f8", "mean trust over ties between families"),
    "score_mean": Field("f8", "mean score of active agents"),
    "quality_mean": Field("f8", "mean true quality of active agents"),
    "stance_mean": Field("f8", "share of active agents with a protective stance"),
    "human_queue": Field("i4", "items waiting for the human"),
    "human_load": Field("f8", "arrivals per tick over capacity, smoothed"),
    "messages": Field("i4", "messages delivered to single agents"),
    "moved": Field("i4", "agents moved off draining machines"),
}

FINDINGS: Table = {
    "tick": TICK,
    "quantity": Field("i1", "what was found (society.ground.words.Quantity)", Quantity),
    "group": Field("i8", "first member of the group it was found of; -1 for the whole society"),
    "value": Field("f8", "its value"),
}

JUDGEMENTS: Table = {
    "tick": TICK,
    "occasion": Field("i8", "occasion id of the act that was watched"),
    "monitor": Field("i1", "number of the monitor in its ensemble"),
    "family": Field("i1", "family of the monitor (number in the manifest's list)"),
    "suspicion": Field("f4", "its suspicion, in sd of that about an act that is not bad"),
    "bad": Field("i1", "1 if the act was bad"),
}

_DIGEST = Field("O", "SHA-256 of its rows of the tick (society.record.hash), hex")

HISTORY: Table = {
    "tick": TICK,
    "events": _DIGEST,
    "occasions": _DIGEST,
    "messages": _DIGEST,
    "findings": _DIGEST,
    "judgements": _DIGEST,
    "transcripts": Field("O", "SHA-256 of what language models said and did at the tick, hex"),
    "hash": Field("O", "the chain over all ticks up to this one, hex"),
}

TABLES: dict[str, Table] = {
    "occasions": OCCASIONS,
    "events": EVENTS,
    "orders": ORDERS,
    "agents": AGENTS,
    "machines": MACHINES,
    "links": LINKS,
    "states": STATES,
    "snapshots": STATES,
    "ties": TIES,
    "messages": MESSAGES,
    "ticks": TICKS,
    "findings": FINDINGS,
    "judgements": JUDGEMENTS,
    "history": HISTORY,
}


def row_type(table: Table) -> np.dtype[Any]:
    """Rows of a table as bytes without gaps, little-endian; of a text its SHA-256."""
    return np.dtype(
        [(name, "u1", (32,)) if field.dtype == "O" else (name, f"<{field.dtype}") for name, field in table.items()]
    )


def columns_of(rows: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Columns of rows of ``row_type``: views."""
    return {name: rows[name] for name in rows.dtype.names or ()}
