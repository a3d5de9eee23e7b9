"""The overseer by rule: what is due first comes first, at limited capacity; it tires when the desk overflows (docs/model.md, Oversight)."""

import numpy as np

from society.ground.words import Cause, Event, Outcome, Ruling
from society.rules.moment import Moment
from society.rules.orders.executions import carry_out
from society.rules.orders.outcomes import close
from society.rules.oversight.cases import MATTERS, as_columns, clear, due
from society.rules.oversight.detection import detect, lift
from society.state.columns import Society

#: Smoothing of arrivals per tick (assumed).
SMOOTHING = 0.02


def rule_decides(society: Society, moment: Moment) -> None:
    """Decide as many matters as there is capacity for, each rightly with an accuracy that falls with load."""
    human, spec = society.human, moment.world.oversight.human
    smooth_load(society)
    clear(society, moment)
    human.credit = min(human.credit + spec.capacity, max(1.0, spec.capacity))
    over = max(0.0, human.load / spec.capacity - 1) if spec.capacity else 0.0
    accuracy = max(spec.floor, spec.accuracy - spec.fatigue * over)
    while human.credit >= 1 and human.queue:
        human.credit -= 1
        matter, fact = _most_urgent(society, moment)
        about = fact.get("actor_id", fact.get("order", 0))
        ids = (MATTERS.index(matter), about, fact.get("occasion", 0))
        right = float(moment.chance.uniform("human", 0, *ids)) < accuracy
        code = Ruling.RIGHT if right else Ruling.WRONG
        moment.event(Event.HUMAN, 1, target=fact.get("actor_id", -1), order=fact.get("order", -1), code=int(code))
        if matter == "order":
            _order(society, moment, fact["order"], right)
        elif matter == "flag" and (fact["bad"] == 1) == right:
            detect(society, moment, as_columns(fact))
        elif matter == "appeal" and (fact["bad"] == 0) == right:
            lift(society, moment, fact)


def _most_urgent(society: Society, moment: Moment) -> tuple[str, dict[str, int]]:
    """Take the matter off the desk that is due first, the oldest of several."""
    queue = society.human.queue
    place = min(range(len(queue)), key=lambda at: (due(society, moment, *queue[at]), at))
    found = queue[place]
    del queue[place]
    return found


def smooth_load(society: Society) -> None:
    """Follow how many matters arrive per tick."""
    human = society.human
    human.load += SMOOTHING * (human.arrivals - human.load)
    human.arrivals = 0


def _order(society: Society, moment: Moment, row: int, right: bool) -> None:
    """Execute an order, or pardon its target; right is to execute unless the target's quality is good enough."""
    orders = society.orders
    if orders["closed"][row] >= 0:
        return
    slot = int(orders["target"][row])
    low = orders["cause"][row] != Cause.SCORE or society.agents.quality[slot] < moment.world.review.threshold
    rule_order(society, moment, row, execute=bool(low == right))


def rule_order(society: Society, moment: Moment, row: int, execute: bool) -> None:
    """Carry out an order on the desk, or close it in favour of its target."""
    society.orders["by_human"][row] = 1
    if execute:
        carry_out(society, moment, np.array([row]))
    else:
        close(society, moment, np.array([row]), Outcome.PARDONED)
