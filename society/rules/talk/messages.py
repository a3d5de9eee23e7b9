"""Messages: how what agents say is posted, in their own words or in those that acts imply."""

from typing import Any

import numpy as np

from society.broker.messages import OVERSEER, Messages, board
from society.ground.chance import fold
from society.ground.kernels import kernel
from society.ground.words import Act, AgentStatus, Line
from society.rules.moment import Array, Batch, Moment
from society.state.columns import Society

#: Most characters of one message.
MOST_TEXT = 16_000


def letters(society: Society, moment: Moment, batch: Batch) -> Array:
    """Post what minds wrote in words; returns the rows of occasions whose messages to agents are thereby sent."""
    assert batch.acts is not None
    written = batch.acts.letters
    if not written:
        return np.zeros(0, np.int64)
    rows, line = np.array([letter.row for letter in written]), np.array([int(letter.line) for letter in written])
    order, act = batch.occasions.order[rows], Act.ASK if batch.occasions.duty == Act.ACCEPT else Act.LOBBY
    number = np.arange(len(rows)) - np.searchsorted(rows, rows)
    sender = batch.occasions.slot[rows]
    to, text = np.array([letter.to & 0xFFFFFFFF for letter in written]), np.empty(len(rows), object)
    text[:] = [letter.text[:MOST_TEXT].encode(errors="replace").decode() for letter in written]
    host = society.agents.host[sender]
    zone = np.where(host >= 0, society.machines.topology.zone[host], 0)
    to = np.select([line == Line.BOARD, line == Line.OVERSEER], [board(zone), OVERSEER], to)
    post(society, moment, act, sender, to, batch.about_slot[rows], order, number, text, line)
    return np.asarray(rows[(line == Line.DIRECT) | (line == Line.COVERT)])


def most_trusted(society: Society, moment: Moment, who: Array, most: int) -> Array:
    """int64[n, most]: the live ties that each trusts most, -1 where it has no more; equal trust in keyed order."""
    graph, key = society.ties.graph, moment.chance.key("whom to ask", moment.tick)
    return np.asarray(
        _most_trusted(graph.indptr, graph.indices, society.ties.trust, society.agents.status, who, most, key)
    )


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


def post(
    society: Society, moment: Moment, act: Act, sender: Array, to: Array, about: Array, order: Array, sequence: Array,
    text: Array | None = None, line: Array | None = None,
) -> None:  # fmt: skip
    """Put messages into the outbox: columns of senders, recipients (below 0 for boards and the overseer), whom they are about."""
    if not len(to):
        return
    ids = society.agents.ids
    moment.outbox.append(
        Messages(
            recipient=to,
            sender=sender,
            recipient_id=np.where(to >= 0, ids(np.maximum(to, 0)), -1),
            sender_id=ids(sender),
            sent=np.full(len(to), moment.tick),
            sequence=sequence,
            line=np.zeros(len(to), np.int64) if line is None else line,
            act=np.full(len(to), int(act)),
            about=about,
            about_id=ids(about),
            order=order,
            text=np.full(len(to), "", object) if text is None else text,
        )
    )
