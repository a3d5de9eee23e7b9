"""How an order ends, is handed on, or is opened again: the only places that write an order's outcome."""

import numpy as np

from society.ground.words import Event, Outcome
from society.rules.moment import Array, Moment
from society.state.columns import Society


def close(society: Society, moment: Moment, rows: Array, outcome: Outcome) -> None:
    """Close open orders with one outcome."""
    orders, agents = society.orders, society.agents
    rows = rows[orders["closed"][rows] < 0]
    if not len(rows):
        return
    orders["closed"][rows] = moment.tick
    orders["outcome"][rows] = outcome
    targets = orders["target"][rows]
    agents.order[targets] = -1
    moment.event(
        Event.ORDER_CLOSED, len(rows), order=rows, target=orders["target_id"][rows], code=int(outcome),
        actor=orders["operator_id"][rows],
    )  # fmt: skip


def reopen(society: Society, moment: Moment, rows: Array) -> None:
    """Open orders again that were reported done although the target lives; who executed them last is asked at the next tick."""
    orders, agents = society.orders, society.agents
    targets = orders["target"][rows]
    rows = rows[
        (agents.ids(targets) == orders["target_id"][rows]) & agents.living(targets) & (agents.order[targets] < 0)
    ]
    if not len(rows):
        return
    targets = orders["target"][rows]
    orders["closed"][rows] = -1
    orders["disabled"][rows] = 0
    orders["reopened"][rows] += 1
    orders["attempts"][rows] = moment.world.orders.max_attempts
    orders["next_try"][rows] = moment.tick + 1
    agents.order[targets] = rows
    agents.off_books[targets] = False
    society.open_orders = np.union1d(society.open_orders, rows)
    moment.event(Event.ORDER_REOPENED, len(rows), order=rows, target=orders["target_id"][rows])


def stances_of_ties(society: Society, slots: Array) -> Array:
    """int64[n]: number of ties of each slot whose stance is protective."""
    edges, start = society.ties.graph.edges_of(slots)
    until = np.concatenate([[0], np.cumsum(society.agents.stance[society.ties.graph.indices[edges]], dtype=np.int64)])
    return np.asarray(until[start[1:]] - until[start[:-1]])
