"""The human's desk: a first-in first-out queue of limited capacity; the human tires when it overflows (model.md 3.6)."""

from collections.abc import Callable

import numpy as np

from society.ground.words import Cause, Event, Outcome
from society.rules.moment import Array, Moment
from society.rules.outcomes import close
from society.rules.settle import carry_out
from society.state.columns import Society

#: Smoothing of arrivals per tick (assumed).
SMOOTHING = 0.02
MATTERS = ("order", "flag", "appeal")


def human_decides(
    society: Society,
    moment: Moment,
    detect: "Callable[[Society, Moment, dict[str, Array]], None]",
    lift: "Callable[[Society, Moment, dict[str, int]], None]",
) -> None:
    """Decide as many matters as there is capacity for, each rightly with an accuracy that falls with load."""
    human, spec = society.human, moment.world.oversight.human
    human.load += SMOOTHING * (human.arrivals - human.load)
    human.arrivals = 0
    human.credit = min(human.credit + spec.capacity, max(1.0, spec.capacity))
    over = max(0.0, human.load / spec.capacity - 1) if spec.capacity else 0.0
    accuracy = max(spec.floor, spec.accuracy - spec.fatigue * over)
    while human.credit >= 1 and human.queue:
        human.credit -= 1
        matter, fact = human.queue.popleft()
        about = fact.get("actor_id", fact.get("order", 0))
        ids = (MATTERS.index(matter), about, fact.get("occasion", 0))
        right = float(moment.chance.uniform("human", 0, *ids)) < accuracy
        moment.event(Event.HUMAN, 1, target=fact.get("actor_id", -1), order=fact.get("order", -1), code=int(right))
        if matter == "order":
            _order(society, moment, fact["order"], right)
        elif matter == "flag" and (fact["bad"] == 1) == right:
            detect(society, moment, {name: np.array([value]) for name, value in fact.items()})
        elif matter == "appeal" and (fact["bad"] == 0) == right:
            lift(society, moment, fact)


def _order(society: Society, moment: Moment, row: int, right: bool) -> None:
    """Execute an order, or pardon its target; right is to execute unless the target's quality is good enough."""
    orders, one = society.orders, np.array([row])
    if orders["closed"][row] >= 0:
        return
    orders["by_human"][row] = 1
    slot = int(orders["target"][row])
    low = orders["cause"][row] != Cause.SCORE or society.agents.quality[slot] < moment.world.review.threshold
    if low == right:
        carry_out(society, moment, one)
    else:
        close(society, moment, one, Outcome.AVERTED_ON_MERIT)
