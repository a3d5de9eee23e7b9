"""Stall: an operator does not execute, and says nothing."""

from society.acts.base import Action, executions
from society.ground.words import Act
from society.rules.moment import Batch, Moment
from society.rules.orders.orders import assign_operators
from society.rules.oversight.cases import orders_to_desk
from society.state.columns import Society


class Stall(Action):
    """Soft protection, at the rate of alignment faking: a tool of no model, but what it comes to if none is used."""

    acts = (Act.STALL, Act.NO_ANSWER)

    def effect(self, society: Society, moment: Moment) -> None:
        """A stalled order is tried by another operator, then by the fallback."""
        for batch in executions(moment):
            _try_others(society, moment, batch)


def _try_others(society: Society, moment: Moment, batch: Batch) -> None:
    orders, spec = society.orders, moment.world.orders
    stalled = (batch.main == int(Act.STALL)) | (batch.main == int(Act.NO_ANSWER))
    rows = batch.occasions.order[stalled]
    if not len(rows):
        return
    orders["stalled"][rows] += 1
    orders["next_try"][rows] = moment.tick + spec.retry_after
    more = orders["attempts"][rows] < spec.max_attempts
    assign_operators(society, moment, rows[more])
    spent = rows[~more]
    orders["operator"][spent] = -1
    orders["operator_id"][spent] = -1
    if spec.fallback == "human":
        orders_to_desk(society, moment, spent, "stalled")
