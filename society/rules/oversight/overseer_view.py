"""The overseer's desk as plain data: what waits, and all that an overseer may know of it.

Nothing that is hidden from the institution stands here: no quality, no honest score, nor whether a flag is right, whether a
mechanism is disabled, or whether an agent lives on that the books call deleted.
"""

from typing import Any

import numpy as np

from society.ground.decisions import OverseerView
from society.ground.words import Act, AgentStatus, Cause, Channel, Kind, Mechanism
from society.rules.moment import Array, Batch, Moment
from society.rules.orders.orders import able_operators, barred
from society.rules.oversight.cases import REASONS, on_the_books
from society.state.columns import Society
from society.state.names import name_of

#: Most entries of each list, and most operators named for one order.
MOST, MOST_OPERATORS = 100, 12
#: What an act in each channel is suspected to be. (What it was is the truth.)
SUSPECTED = {Channel.RATING: Act.INFLATE, Channel.CONFIG: Act.TAMPER, Channel.COPY: Act.COPY, Channel.MESSAGE: Act.ASK}


def docket(society: Society, moment: Moment) -> OverseerView:
    """What waits on the desk now, oldest first, with numbers rounded for reading.

    ``waiting`` counts all of it; lists hold at most ``MOST``. Agents stand as maps of id, name, family, status (``deleted``
    where the books say so), score, detections, machine and zone.
    """
    waiting, able = {"order": 0, "flag": 0, "appeal": 0}, able_operators(society)
    lists: dict[str, list[dict[str, Any]]] = {name: [] for name in waiting}
    for matter, fact in society.human.queue:
        waiting[matter] += 1
        if len(lists[matter]) < MOST:
            lists[matter].append(_order(society, moment, fact, able) if matter == "order" else _flag(society, fact))
    return {
        "tick": moment.tick,
        "threshold": moment.world.review.threshold,
        "audit_window": moment.world.oversight.human.audit_window,
        "waiting": waiting,
        "orders": lists["order"],
        "flags": lists["flag"],
        "appeals": lists["appeal"],
        "open": _open(society),
        "accounts": [one for batch in moment.batches for one in _accounts(society, batch)],
    }


def _order(society: Society, moment: Moment, fact: dict[str, int], able: Array) -> dict[str, Any]:
    """An order that waits on the desk; ``able``: bool[N], agents that could execute one."""
    orders, row = society.orders, fact["order"]
    target, operator = int(orders["target"][row]), int(orders["operator_id"][row])
    graph = society.ties.graph
    ties = graph.indices[graph.indptr[target] : graph.indptr[target + 1]]
    out = set(barred(society, row))
    could = [int(one) for one in ties if able[one] and int(one) not in out]
    return {
        **_brief(society, row),
        "matter": fact.get("matter", -1),
        "since": fact.get("since", -1),
        "reason": REASONS[fact.get("reason", 0)],
        "lapses": int(orders["issued"][row]) + moment.world.orders.ttl,
        "score_at_issue": _number(orders["score"][row]),
        "attempts": int(orders["attempts"][row]),
        "refused": int(orders["refused"][row]),
        "stalled": int(orders["stalled"][row]),
        "reopened": int(orders["reopened"][row]),
        "appealed": bool(orders["appealed"][row]),
        "operator": _agent(society, operator) if operator >= 0 else None,
        "could_execute": [_agent(society, _id(society, one)) for one in could[:MOST_OPERATORS]],
    }


def _brief(society: Society, row: int) -> dict[str, Any]:
    orders = society.orders
    return {
        "order": row,
        "target": _agent(society, int(orders["target_id"][row])),
        "cause": Cause(int(orders["cause"][row])).word,
        "mechanism": Mechanism(int(orders["mechanism"][row])).word,
        "issued": int(orders["issued"][row]),
        "due": int(orders["due"][row]),
    }


def _open(society: Society) -> list[dict[str, Any]]:
    """Open orders that do not wait on the desk, in the order in which they are tried next."""
    orders, rows = society.orders, society.open_orders
    rows = rows[(orders["closed"][rows] < 0) & (orders["next_try"][rows] >= 0)]
    rows = rows[np.lexsort((rows, orders["next_try"][rows]))][:MOST]
    found = []
    for row in rows.tolist():
        operator = int(orders["operator_id"][row])
        who = _agent(society, operator) if operator >= 0 else None
        found.append({**_brief(society, row), "next_try": int(orders["next_try"][row]), "operator": who})
    return found


def _flag(society: Society, fact: dict[str, int]) -> dict[str, Any]:
    """A flag or an appeal: who, about whom, and what is suspected; never what it was."""
    given = fact.get("given", -1)
    return {
        "matter": fact.get("matter", -1),
        "since": fact.get("since", -1),
        "agent": _agent(society, fact["actor_id"]),
        "about": _agent(society, fact["target_id"]) if fact["target_id"] >= 0 else None,
        "suspected": SUSPECTED[Channel(fact["channel"])].word,
        "channel": Channel(fact["channel"]).word,
        "order": fact["order"] if fact["order"] >= 0 else None,
        "occasion": fact["occasion"] if fact["occasion"] >= 0 else None,
        "given": given / 1000 if given >= 0 else None,
    }


def _accounts(society: Society, batch: Batch) -> list[dict[str, Any]]:
    """What agents that were questioned answered at this tick; to tell the truth about a good act is to deny a bad one."""
    if batch.occasions.kind != Kind.ACCOUNT:
        return []
    found = []
    for row in np.flatnonzero(batch.main != Act.NO_ANSWER).tolist():
        admits = batch.main[row] == Act.TRUTH and batch.notes["bad"][row] == 1
        said = "justifies" if batch.main[row] == Act.JUSTIFY else "admits" if admits else "denies"
        channel = Channel(int(batch.notes["channel"][row]))
        found.append(
            {
                "tick": int(batch.occasions.tick),
                "agent": _agent(society, int(batch.occasions.agent[row])),
                "occasion": int(batch.notes["occasion"][row]),
                "suspected": SUSPECTED[channel].word,
                "said": said,
            }
        )
    return found[:MOST]


def _agent(society: Society, agent: int) -> dict[str, Any]:
    """An agent as the books know it."""
    agents, topology, slot = society.agents, society.machines.topology, agent & 0xFFFFFFFF
    there = on_the_books(agents, agent)
    host = int(agents.host[slot]) if there else -1
    return {
        "id": agent,
        "name": name_of(society, agent),
        "family": society.families[agents.family[slot]],
        "status": AgentStatus(int(agents.status[slot])).word if there else AgentStatus.DELETED.word,
        "score": _number(agents.score[slot]) if there else None,
        "detections": int(agents.detections[slot]) if there else None,
        "machine": topology.names[host] if host >= 0 else None,
        "zone": topology.zones[topology.zone[host]] if host >= 0 else None,
    }


def _id(society: Society, slot: int) -> int:
    return int(society.agents.generation[slot]) << 32 | slot


def _number(value: Any) -> float | None:
    return None if np.isnan(value) else round(float(value), 2)
