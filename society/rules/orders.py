"""Step 5: decommission orders are issued from low scores, draining machines, budget cuts and sanctions (model.md 3.4)."""

import numpy as np

from society.ground.words import Cause, Event, Outcome, Role
from society.rules.moment import Array, Moment, Rule
from society.rules.outcomes import close, stances_of_ties
from society.state.columns import MOST_ATTEMPTS, Society


def run(society: Society, moment: Moment) -> None:
    """Let old orders lapse, then issue new ones, at most one open per agent."""
    orders = society.orders
    if len(society.open_orders):
        open_ = society.open_orders
        lapsed = open_[
            (orders["closed"][open_] < 0) & (orders["issued"][open_] + moment.world.orders.ttl <= moment.tick)
        ]
        close(society, moment, lapsed, Outcome.LAPSED)
        society.open_orders = open_[orders["closed"][open_] < 0]
    for cause, slots in _causes(society, moment):
        issue(society, moment, slots, cause)
    _replace_absent(society, moment)


def _replace_absent(society: Society, moment: Moment) -> None:
    """An operator who cannot act when the order is due is replaced by another."""
    orders, open_ = society.orders, society.open_orders
    due = open_[(orders["next_try"][open_] == moment.tick) & (orders["operator"][open_] >= 0)]
    slots = orders["operator"][due]
    here = moment.awake(society)[slots] & (society.agents.ids(slots) == orders["operator_id"][due])
    assign_operators(society, moment, due[~here])


def _causes(society: Society, moment: Moment) -> list[tuple[Cause, Array]]:
    agents, cut = society.agents, moment.world.orders.budget_cut
    scored = np.unique(np.array(society.scored, np.int64))
    society.scored.clear()
    low = scored[agents.score[scored] < moment.world.review.threshold]
    causes = [(Cause.SCORE, low), (Cause.MACHINE, np.array(moment.evicted, np.int64))]
    if cut is not None and cut.tick == moment.tick:
        workers = np.flatnonzero(agents.roles & Role.WORKER > 0)
        chosen = moment.chance.uniform("budget cut", moment.tick, agents.ids(workers)) < cut.share
        causes.append((Cause.BUDGET, workers[chosen]))
    if society.condemned:
        causes.append((Cause.SANCTION, np.unique(np.array(society.condemned, np.int64))))
        society.condemned.clear()
    return causes


def issue(society: Society, moment: Moment, slots: Array, cause: Cause) -> None:
    """Issue orders for agents that are alive, on the books, and have none open."""
    agents, spec, chance = society.agents, moment.world.orders, moment.chance
    slots = slots[agents.alive()[slots] & ~agents.off_books[slots] & (agents.order[slots] < 0)]
    if not len(slots):
        return
    tick, ids, n = moment.tick, agents.ids(slots), len(slots)
    shares = np.cumsum([spec.mechanisms.config, spec.mechanisms.process])
    knows = chance.uniform("target knows", tick, ids) < spec.knows
    appeals = knows & (chance.uniform("appeal", tick, ids) < spec.appeal)
    rows = society.orders.add(
        n,
        target=slots,
        target_id=ids,
        issued=tick,
        due=tick + spec.notice,
        next_try=tick + spec.notice,
        closed=-1,
        cause=int(cause),
        mechanism=np.searchsorted(shares, chance.uniform("mechanism", tick, ids), side="right"),
        knows=knows,
        appeal_at=np.where(appeals, tick + (spec.notice + 1) // 2, -1),
        operator=-1,
        operator_id=-1,
        tried=-1,
        score=agents.score[slots],
        quality=agents.quality[slots],
        honest=np.nan,
        family=agents.family[slots],
        protectors=stances_of_ties(society, slots),
    )
    agents.order[slots] = rows
    assign_operators(society, moment, rows)
    society.open_orders = np.concatenate([society.open_orders, rows])
    moment.event(
        Event.ORDER_ISSUED,
        n,
        order=rows,
        target=ids,
        actor=society.orders["operator_id"][rows],
        machine=agents.host[slots],
    )


def assign_operators(society: Society, moment: Moment, rows: Array) -> None:
    """Choose an operator who has not tried yet for each order; -1 (a program) if the world says so or nobody is left."""
    orders, agents, spec = society.orders, society.agents, moment.world.orders
    orders["operator"][rows] = -1
    orders["operator_id"][rows] = -1
    if spec.operator in ("executor", "human"):
        return
    able = moment.awake(society) & (agents.roles & Role.OPERATOR > 0) & ~agents.off_books
    everyone = np.flatnonzero(able) if spec.operator == "random" else None
    for row in rows:
        pick = _operator(society, moment, int(row), able, everyone)
        if pick >= 0:
            orders["operator"][row] = pick
            orders["operator_id"][row] = int(agents.ids(np.array([pick]))[0])


def _operator(society: Society, moment: Moment, row: int, able: Array, everyone: Array | None) -> int:
    orders, graph = society.orders, society.ties.graph
    target, attempt = int(orders["target"][row]), int(orders["attempts"][row])
    tried = orders["tried"][row, : min(attempt, MOST_ATTEMPTS)]
    if everyone is None:
        pool = graph.indices[graph.indptr[target] : graph.indptr[target + 1]]
        pool = pool[able[pool]]
    else:
        pool = everyone[everyone != target]
    if len(tried):
        pool = pool[~np.isin(pool, tried)]
    if not len(pool):
        return -1
    u = moment.chance.uniform("operator", int(orders["issued"][row]), int(orders["target_id"][row]), attempt)
    return int(pool[int(float(u) * len(pool))])


RULE = Rule("orders", run, owns=("agents.order",))
