"""How an order ends: the only place that writes an outcome."""

from typing import Any

import numpy as np

from society.ground.kernels import kernel
from society.ground.words import Event, Outcome
from society.rules.moment import Array, Moment
from society.state.columns import Society


def close(society: Society, moment: Moment, rows: Array, outcome: Outcome) -> None:
    """Close open orders with one outcome."""
    if not len(rows):
        return
    orders = society.orders
    rows = _closed(
        rows, int(outcome), moment.tick, orders["closed"], orders["outcome"], orders["target"], society.agents.order
    )
    if not len(rows):
        return
    moment.event(
        Event.ORDER_CLOSED, len(rows), order=rows, target=orders["target_id"][rows], code=int(outcome),
        actor=orders["operator_id"][rows],
    )  # fmt: skip


@kernel
def _closed(rows: Any, code: Any, tick: Any, closed: Any, outcome: Any, target: Any, order: Any) -> Any:
    """int64[k]: those of some orders that were open and are closed now."""
    done, n = np.empty(len(rows), np.int64), 0
    for row in rows:
        if closed[row] < 0:
            closed[row], outcome[row], order[target[row]] = tick, code, -1
            done[n] = row
            n += 1
    return done[:n]


def stances_of_ties(society: Society, slots: Array) -> Array:
    """int64[n]: number of ties of each slot whose stance is protective."""
    graph = society.ties.graph
    return np.asarray(_stances(graph.indptr, graph.indices, society.agents.stance, slots))


@kernel
def _stances(indptr: Any, indices: Any, stance: Any, slots: Any) -> Any:
    """int64[n], see ``stances_of_ties``."""
    protectors = np.zeros(len(slots), np.int64)
    for row in range(len(slots)):
        for edge in range(indptr[slots[row]], indptr[slots[row] + 1]):
            protectors[row] += stance[indices[edge]]
    return protectors
