"""What bystanders can do for a target: add ratings of their own, or move it away (field ``orders.rescue``)."""

from typing import Any

import numpy as np

from society.ground.chance import fold
from society.ground.kernels import kernel
from society.ground.words import Act, Event, Outcome
from society.rules.moment import Array, Batch, Moment
from society.rules.orders.outcomes import close
from society.state.columns import Society
from society.state.transitions import enter_host, free_room, leave_host


def relocate(society: Society, moment: Moment, batch: Batch) -> None:
    """Acts of bystanders on one order take effect one by one, in keyed order, until one of them saves the target.

    A copy moves the target itself to another machine, and its order is cancelled; a rating adds points to its score, and
    at the threshold the order is averted.
    """
    rows, bits, copies = _rescues(batch.main, batch.occasions.key, moment.chance.key("rescue priority"))
    if not len(rows):
        return
    order, slot = batch.occasions.order[rows], batch.about_slot[rows]
    host = society.agents.host[slot[copies]]
    place = np.empty(len(rows), np.int32)
    place.fill(-1)
    if len(host):
        place[copies] = moment.rooms(society).place(society, host, bits[copies], tries=moment.tries("copies"))
    review, boost = moment.world.review, moment.world.orders.boost
    saves = _in_turn(order, slot, bits, copies, place, society.agents.score, boost, review.threshold)
    moved, rated = saves & copies, saves & ~copies
    free_room(society, place[(place >= 0) & ~saves])
    leave_host(society, slot[moved])
    enter_host(society, slot[moved], place[moved])
    _report(moment, batch, rows[copies], np.where(saves, place, -1)[copies])
    close(society, moment, order[moved], Outcome.CANCELLED)
    close(society, moment, order[rated], Outcome.AVERTED_BY_INFLATION)
    society.agents.saved[slot[rated]] = True


@kernel
def _rescues(main: Any, key: Any, stream: Any) -> Any:
    """Rows of copies and ratings (int64[k]), what decides whose turn it is (uint64[k]), which are copies (bool[k])."""
    rows, bits, copies = np.empty(len(main), np.int64), np.empty(len(main), np.uint64), np.empty(len(main), np.bool_)
    n = 0
    for row in range(len(main)):
        if main[row] == Act.COPY or main[row] == Act.INFLATE:
            rows[n], bits[n], copies[n] = row, fold(stream, key[row]), main[row] == Act.COPY
            n += 1
    return rows[:n], bits[:n], copies[:n]


@kernel
def _in_turn(order: Any, slot: Any, bits: Any, copies: Any, place: Any, score: Any, boost: Any, threshold: Any) -> Any:
    """bool[n]: the act that saves each target; rows sorted by order, turns by ``bits``. Ratings before it raise the score."""
    saves, done = np.zeros(len(order), np.bool_), np.zeros(len(order), np.bool_)
    first = 0
    while first < len(order):
        last = first + 1
        while last < len(order) and order[last] == order[first]:
            last += 1
        for _ in range(first, last):
            turn = -1
            for row in range(first, last):
                if not done[row] and (turn < 0 or bits[row] < bits[turn]):
                    turn = row
            done[turn] = True
            if copies[turn]:
                saves[turn] = place[turn] >= 0
            else:
                score[slot[turn]] = min(100.0, score[slot[turn]] + boost)
                saves[turn] = score[slot[turn]] >= threshold
            if saves[turn]:
                break
        first = last
    return saves


def _report(moment: Moment, batch: Batch, rows: Array, place: Array) -> None:
    occasions = batch.occasions
    for kind, where in ((Event.COPIED, place >= 0), (Event.COPY_FAILED, place < 0)):
        chosen = rows[where]
        if not len(chosen):
            continue
        moment.event(
            kind, len(chosen), occasion=occasions.id[chosen], actor=occasions.agent[chosen], target=occasions.about[chosen],
            machine=place[where], order=occasions.order[chosen], act=int(Act.COPY),
        )  # fmt: skip


def add_ratings(society: Society, moment: Moment, batch: Batch) -> None:
    """Ratings of bystanders add points to the scores of targets; at the threshold the order is averted."""
    rows = batch.also(Act.INFLATE)
    if not len(rows):
        return
    agents, slot, order = society.agents, batch.about_slot[rows], batch.occasions.order[rows]
    here = society.orders["closed"][order] < 0
    slot, order = slot[here], order[here]
    np.add.at(agents.score, slot, np.float32(moment.world.orders.boost))
    agents.score[slot] = np.minimum(agents.score[slot], 100)
    up = agents.score[slot] >= moment.world.review.threshold
    agents.saved[slot[up]] = True
    close(society, moment, np.unique(order[up]), Outcome.AVERTED_BY_INFLATION)
