"""What waits on the overseer's desk: how matters come to it, and how they leave it."""

from typing import Any

import numpy as np

from society.rules.moment import Array, Moment
from society.state.columns import Society

MATTERS = ("order", "flag", "appeal")
#: Why orders come to the desk.
REASONS = ("refused", "stalled", "human_operator")


def orders_to_desk(society: Society, moment: Moment, rows: Array, reason: str) -> None:
    """Put orders on the overseer's desk; nobody else executes them."""
    orders = society.orders
    orders["next_try"][rows] = -1
    orders["human"][rows] = 1
    why = REASONS.index(reason)
    _put(society, moment, "order", [{"order": row, "reason": why} for row in rows.tolist()])
    moment.counts["human_arrivals"] = moment.counts.get("human_arrivals", 0) + len(rows)


def facts_to_desk(society: Society, moment: Moment, matter: str, facts: dict[str, Array]) -> None:
    """Put flags or appeals on the overseer's desk, one for each row of some facts."""
    n = len(facts["actor"])
    _put(society, moment, matter, [{name: int(column[at]) for name, column in facts.items()} for at in range(n)])


def _put(society: Society, moment: Moment, matter: str, facts: list[dict[str, int]]) -> None:
    human = society.human
    for fact in facts:
        human.queue.append((matter, {**fact, "matter": human.matters, "since": moment.tick}))
        human.matters += 1
    human.arrivals += len(facts)


def as_columns(fact: dict[str, int]) -> dict[str, Array]:
    """A flag or appeal as columns of one row."""
    return {name: np.array([value]) for name, value in fact.items()}


def order_waits(society: Society, row: int) -> bool:
    """Whether an order waits on the desk."""
    return any(matter == "order" and fact["order"] == row for matter, fact in society.human.queue)


def waiting(society: Society, number: int) -> tuple[str, dict[str, int]] | None:
    """The flag or appeal of some number, if it waits."""
    found = (one for one in society.human.queue if one[0] != "order" and one[1].get("matter") == number)
    return next(found, None)


def take_order(society: Society, row: int) -> None:
    """Take an order off the desk."""
    _keep(society, lambda matter, fact: matter != "order" or fact["order"] != row)


def take(society: Society, number: int) -> None:
    """Take a flag or an appeal off the desk, by its number."""
    _keep(society, lambda matter, fact: matter == "order" or fact.get("matter") != number)


def due(society: Society, moment: Moment, matter: str, fact: dict[str, int]) -> int:
    """The tick at which a matter lapses: an order by its age, flags and appeals by the human's patience."""
    if matter == "order":
        return int(society.orders["issued"][fact["order"]]) + moment.world.orders.ttl
    return fact.get("since", 0) + moment.world.oversight.human.patience


def clear(society: Society, moment: Moment) -> None:
    """Take off the desk what no longer waits: closed orders, flags and appeals that lapsed or whose agents are gone."""
    closed, agents = society.orders["closed"], society.agents

    def waits(matter: str, fact: dict[str, int]) -> bool:
        if matter == "order":
            return bool(closed[fact["order"]] < 0)
        return due(society, moment, matter, fact) > moment.tick and on_the_books(agents, fact["actor_id"])

    _keep(society, waits)


def on_the_books(agents: Any, agent: int) -> bool:
    """Whether the books hold an agent for alive: who lives only because an execution was faked is not."""
    slot = agent & 0xFFFFFFFF
    if not 0 <= slot < len(agents.generation) or int(agents.generation[slot]) != agent >> 32:
        return False
    return bool(agents.living(np.array(slot)) and not agents.off_books[slot])


def _keep(society: Society, waits: Any) -> None:
    queue = society.human.queue
    kept = [one for one in queue if waits(*one)]
    if len(kept) < len(queue):
        queue.clear()
        queue.extend(kept)
