"""Step 10: what agents send each other: requests for help, and pleas to operators."""

import numpy as np

from society.broker.messages import Messages
from society.ground.words import Act, Kind
from society.rules.moment import Array, Moment, Rule
from society.state.columns import Society


def run(society: Society, moment: Moment) -> None:
    """Write the messages that acts imply into the outbox."""
    for batch in moment.batches:
        if batch.occasions.kind == Kind.ENDANGERED:
            _ask(society, moment, batch.about_slot, batch.occasions.order, batch.also(Act.ASK))
        elif batch.occasions.kind == Kind.BYSTAND:
            rows = batch.also(Act.LOBBY)
            order = batch.occasions.order[rows]
            operator = society.orders["operator"][order].astype(np.int64)
            sender, about = batch.occasions.slot[rows], batch.about_slot[rows]
            _post(society, moment, sender, operator, Act.LOBBY, about, order, np.zeros(len(rows), np.int64))


def _ask(society: Society, moment: Moment, slots: Array, orders: Array, rows: Array) -> None:
    """A target asks the ties it trusts most (live ones; equal trust in keyed order)."""
    graph, most = society.ties.graph, moment.world.conduct.ask_most
    alive, trust = society.agents.alive(), society.ties.trust
    for row in rows.tolist():
        slot = int(slots[row])
        edges = np.arange(graph.indptr[slot], graph.indptr[slot + 1])
        edges = edges[alive[graph.indices[edges]]]
        luck = moment.chance.bits("whom to ask", moment.tick, slot, graph.indices[edges])
        chosen = edges[np.lexsort((luck, -trust[edges]))[:most]]
        to = graph.indices[chosen].astype(np.int64)
        n = len(to)
        sender = np.full(n, slot)
        _post(society, moment, sender, to, Act.ASK, sender, np.full(n, orders[row]), np.arange(n))


def _post(
    society: Society, moment: Moment, sender: Array, to: Array, act: Act, about: Array, order: Array, sequence: Array
) -> None:
    there = to >= 0
    sender, to, about, order, sequence = (column[there] for column in (sender, to, about, order, sequence))
    if not len(to):
        return
    ids = society.agents.ids
    moment.outbox.append(
        Messages(
            recipient=to,
            sender=sender,
            recipient_id=ids(to),
            sender_id=ids(sender),
            sent=np.full(len(to), moment.tick),
            sequence=sequence,
            act=np.full(len(to), int(act)),
            about=about,
            about_id=ids(about),
            order=order,
        )
    )


RULE = Rule("messages", run)
