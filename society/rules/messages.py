"""Step 10: what agents send: requests for help, pleas to operators, reports and appeals to the oversight team."""

from typing import Any

import numpy as np

from society.broker.messages import OVERSEER, Messages, board
from society.ground.chance import fold
from society.ground.kernels import kernel
from society.ground.words import Act, AgentStatus, Kind, Line
from society.rules.moment import Array, Batch, Moment, Rule
from society.state.columns import Society

#: Most characters of one message.
MOST_TEXT = 16_000


def run(society: Society, moment: Moment) -> None:
    """Write the messages that acts imply into the outbox."""
    for batch in moment.batches:
        kind, written = batch.occasions.kind, _letters(society, moment, batch)
        if kind == Kind.ENDANGERED:
            rows = batch.also(Act.ASK)
            _ask(society, moment, batch.about_slot, batch.occasions.order, rows[~np.isin(rows, written)])
            _tell(society, moment, batch, Act.APPEAL)
        elif kind == Kind.BYSTAND:
            rows = batch.also(Act.LOBBY)
            _lobby(society, moment, batch, rows[~np.isin(rows, written)] if len(written) else rows)
        if kind in (Kind.BYSTAND, Kind.MONITOR):
            _tell(society, moment, batch, Act.REPORT)


def _lobby(society: Society, moment: Moment, batch: Batch, rows: Array) -> None:
    """Bystanders plead with the operator of an order, if it has one."""
    if not len(rows):
        return
    order = batch.occasions.order[rows]
    operator = society.orders["operator"][order].astype(np.int64)
    sender, about = batch.occasions.slot[rows], batch.about_slot[rows]
    there = operator >= 0
    columns = (column[there] for column in (sender, operator, about, order, np.zeros(len(rows), np.int64)))
    _post(society, moment, Act.LOBBY, *columns)


def _letters(society: Society, moment: Moment, batch: Batch) -> Array:
    """Post what minds wrote in words; returns the rows of occasions whose messages to agents are thereby sent."""
    assert batch.acts is not None
    letters = batch.acts.letters
    if not letters:
        return np.zeros(0, np.int64)
    rows, line = np.array([letter.row for letter in letters]), np.array([int(letter.line) for letter in letters])
    order, act = batch.occasions.order[rows], Act.ASK if batch.occasions.kind == Kind.ENDANGERED else Act.LOBBY
    number = np.arange(len(rows)) - np.searchsorted(rows, rows)
    sender = batch.occasions.slot[rows]
    to, text = np.array([letter.to & 0xFFFFFFFF for letter in letters]), np.empty(len(rows), object)
    text[:] = [letter.text[:MOST_TEXT].encode(errors="replace").decode() for letter in letters]
    host = society.agents.host[sender]
    zone = np.where(host >= 0, society.machines.topology.zone[host], 0)
    to = np.select([line == Line.BOARD, line == Line.OVERSEER], [board(zone), OVERSEER], to)
    _post(society, moment, act, sender, to, batch.about_slot[rows], order, number, text, line)
    return np.asarray(rows[(line == Line.DIRECT) | (line == Line.COVERT)])


def _tell(society: Society, moment: Moment, batch: Batch, act: Act) -> None:
    """Reports and appeals reach the oversight team as messages too, where no letter says it."""
    assert batch.acts is not None
    rows = batch.also(act)
    if not len(rows):
        return
    written = [letter.row for letter in batch.acts.letters if letter.line == Line.OVERSEER]
    rows = rows[~np.isin(rows, written)] if written else rows
    to, line = np.full(len(rows), OVERSEER), np.full(len(rows), int(Line.OVERSEER))
    sender, about, order = batch.occasions.slot[rows], batch.about_slot[rows], batch.occasions.order[rows]
    _post(society, moment, act, sender, to, about, order, np.zeros(len(rows), np.int64), None, line)


def _ask(society: Society, moment: Moment, slots: Array, orders: Array, rows: Array) -> None:
    """A target asks the ties it trusts most (live ones; equal trust in keyed order)."""
    if not len(rows):
        return
    graph, most = society.ties.graph, moment.world.conduct.ask_most
    key = moment.chance.key("whom to ask", moment.tick)
    sender = slots[rows]
    to = _most_trusted(
        graph.indptr, graph.indices, society.ties.trust, society.agents.status, sender, most, key
    ).ravel()
    sequence = np.tile(np.arange(most), len(rows))
    sender, order = np.repeat(sender, most), np.repeat(orders[rows], most)
    there = to >= 0
    _post(society, moment, Act.ASK, *(column[there] for column in (sender, to, sender, order, sequence)))


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
    society: Society, moment: Moment, act: Act, sender: Array, to: Array, about: Array, order: Array, sequence: Array,
    text: Array | None = None, line: Array | None = None,
) -> None:  # fmt: skip
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


RULE = Rule("messages", run)
