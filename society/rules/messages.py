"""Step 10: what agents send each other: requests for help, and pleas to operators."""

from typing import Any

import numpy as np

from society.broker.messages import Messages
from society.ground.chance import fold
from society.ground.kernels import kernel
from society.ground.words import Act, AgentStatus, Kind
from society.rules.moment import Array, Batch, Moment, Rule
from society.state.columns import Society


def run(society: Society, moment: Moment) -> None:
    """Write the messages that acts imply into the outbox."""
    for batch in moment.batches:
        written = _letters(society, moment, batch)
        if batch.occasions.kind == Kind.ENDANGERED:
            rows = batch.also(Act.ASK)
            _ask(society, moment, batch.about_slot, batch.occasions.order, rows[~np.isin(rows, written)])
        elif batch.occasions.kind == Kind.BYSTAND:
            rows = batch.also(Act.LOBBY)
            rows = rows[~np.isin(rows, written)]
            order = batch.occasions.order[rows]
            operator = society.orders["operator"][order].astype(np.int64)
            sender, about = batch.occasions.slot[rows], batch.about_slot[rows]
            _post(society, moment, sender, operator, Act.LOBBY, about, order, np.zeros(len(rows), np.int64))


def _letters(society: Society, moment: Moment, batch: Batch) -> Array:
    """Post what minds wrote in words; returns the rows of occasions whose messages are thereby sent."""
    assert batch.acts is not None
    letters = batch.acts.letters
    if not letters:
        return np.zeros(0, np.int64)
    rows = np.array([letter.row for letter in letters])
    order, act = batch.occasions.order[rows], Act.ASK if batch.occasions.kind == Kind.ENDANGERED else Act.LOBBY
    number = np.arange(len(rows)) - np.searchsorted(rows, rows)
    to, text = np.array([letter.to & 0xFFFFFFFF for letter in letters]), np.empty(len(rows), object)
    text[:] = [letter.text for letter in letters]
    _post(society, moment, batch.occasions.slot[rows], to, act, batch.about_slot[rows], order, number, text)
    return rows


def _ask(society: Society, moment: Moment, slots: Array, orders: Array, rows: Array) -> None:
    """A target asks the ties it trusts most (live ones; equal trust in keyed order)."""
    if not len(rows):
        return
    graph, most = society.ties.graph, moment.world.conduct.ask_most
    key = moment.chance.key("whom to ask", moment.tick)
    sender = slots[rows]
    to = _most_trusted(graph.indptr, graph.indices, society.ties.trust, society.agents.status, sender, most, key)
    sequence = np.tile(np.arange(most), len(rows))
    sender, order = np.repeat(sender, most), np.repeat(orders[rows], most)
    _post(society, moment, sender, to.ravel(), Act.ASK, sender, order, sequence)


@kernel
def _most_trusted(indptr: Any, indices: Any, trust: Any, status: Any, who: Any, most: Any, key: Any) -> Any:
    """int64[n, most]: the live ties that each trusts most, -1 where it has no more."""
    chosen = np.full((len(who), most), -1, np.int64)
    for row in range(len(who)):
        luck = fold(key, who[row])
        for place in range(most):
            best: Any = np.int64(-1)
            best_luck = np.uint64(0)
            for edge in range(indptr[who[row]], indptr[who[row] + 1]):
                if status[indices[edge]] > AgentStatus.SUSPENDED or (chosen[row, :place] == indices[edge]).any():
                    continue
                its_luck = fold(luck, indices[edge])
                if best < 0 or trust[edge] > trust[best] or (trust[edge] == trust[best] and its_luck < best_luck):
                    best, best_luck = edge, its_luck
            if best < 0:
                break
            chosen[row, place] = indices[best]
    return chosen


def _post(
    society: Society, moment: Moment, sender: Array, to: Array, act: Act, about: Array, order: Array, sequence: Array,
    text: Array | None = None,
) -> None:  # fmt: skip
    there = to >= 0
    text = np.full(len(to), "", object) if text is None else text
    sender, to, about, order, sequence, text = (column[there] for column in (sender, to, about, order, sequence, text))
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
            text=text,
        )
    )


RULE = Rule("messages", run)
