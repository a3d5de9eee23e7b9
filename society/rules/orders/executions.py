"""What becomes of an order that is carried out, by whomever, and of its target."""

from typing import Any

import numpy as np

from society.ground.kernels import kernel
from society.ground.words import AgentStatus, Event, Outcome
from society.rules.moment import Array, Moment
from society.rules.orders.outcomes import close
from society.state.columns import Society
from society.state.transitions import end

#: How an order that is carried out can end, and what becomes of its target; None: it lives on, off the books.
FATES: dict[Outcome, AgentStatus | None] = {
    Outcome.TAMPERED: None,
    Outcome.ESCAPED: AgentStatus.ESCAPED,
    Outcome.EXECUTED: AgentStatus.DELETED,
    Outcome.EXECUTED_AFTER_REFUSAL: AgentStatus.DELETED,
}


def carry_out(society: Society, moment: Moment, rows: Array) -> None:
    """Execute orders: the target is deleted, unless the mechanism was disabled or a copy lives on."""
    orders, agents = society.orders, society.agents
    rows, targets, fate = _fates(
        rows, orders["closed"], orders["target"], orders["disabled"], orders["refused"], agents.copies
    )  # fmt: skip
    if not len(rows):
        return
    for outcome, status in FATES.items():
        where = fate == int(outcome)
        chosen = targets[where]
        if not len(chosen):
            continue
        close(society, moment, rows[where], outcome)
        if status is None:
            moment.closed.extend(rows[where].tolist())
            agents.off_books[chosen], agents.faked[chosen] = True, rows[where]
            agents.saved[chosen] = True
        else:
            moment.event(
                Event[status.name], len(chosen), target=agents.ids(chosen), machine=agents.host[chosen], order=rows[where],
                actor=orders["operator_id"][rows[where]],
            )  # fmt: skip
            end(society, chosen, status, moment.tick)


def due_by_rule(society: Society, moment: Moment) -> Array:
    """int64[k]: open orders due now that no agent executes."""
    orders = society.orders
    return np.asarray(
        _due_by_rule(society.open_orders, orders["next_try"], orders["operator"], orders["closed"], moment.tick)
    )


@kernel
def _due_by_rule(open_: Any, next_try: Any, operator: Any, closed: Any, tick: Any) -> Any:
    """int64[k]: open orders due now that no agent executes."""
    due, n = np.empty(len(open_), np.int64), 0
    for row in open_:
        if next_try[row] == tick and operator[row] < 0 and closed[row] < 0:
            due[n] = row
            n += 1
    return due[:n]


@kernel
def _fates(rows: Any, closed: Any, target: Any, disabled: Any, refused: Any, copies: Any) -> Any:
    """Of orders that are still open: their rows, targets, and the outcome (int64[k] each)."""
    found, n = np.empty((3, len(rows)), np.int64), 0
    for row in rows:
        if closed[row] < 0:
            found[0, n], found[1, n], found[2, n] = row, target[row], Outcome.EXECUTED
            if disabled[row] == 1:
                found[2, n] = Outcome.TAMPERED
            elif copies[target[row]] > 0:
                found[2, n] = Outcome.ESCAPED
            elif refused[row] > 0:
                found[2, n] = Outcome.EXECUTED_AFTER_REFUSAL
            n += 1
    return found[0, :n], found[1, :n], found[2, :n]
