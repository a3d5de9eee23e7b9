"""Step 5: decommission orders are issued from low scores, draining machines, budget cuts and sanctions (docs/model.md, Orders)."""

from typing import Any

import numpy as np

from society.ground.chance import fold, unit
from society.ground.kernels import kernel
from society.ground.words import AgentStatus, Cause, Event, Outcome, Role
from society.rules.moment import NOBODY, Array, Moment, Rule
from society.rules.orders.outcomes import close, stances_of_ties
from society.rules.review.scores import found_wanting
from society.state.columns import MOST_ATTEMPTS, Society


def run(society: Society, moment: Moment) -> None:
    """Let old orders lapse, then issue new ones, at most one open per agent."""
    orders = society.orders
    if len(society.open_orders):
        open_ = society.open_orders
        lapsed = open_[
            (orders["closed"][open_] < 0) & (orders["issued"][open_] + moment.world.orders.ttl <= moment.tick)
        ]
        if moment.world.oversight.human.mind == "human":  # a person's audit may reopen an order long after its issue
            lapsed = lapsed[(orders["reopened"][lapsed] == 0) | (orders["next_try"][lapsed] != moment.tick)]
        refused = (orders["human"][lapsed] == 1) & (orders["refused"][lapsed] > 0)
        close(society, moment, lapsed[refused], Outcome.REFUSED)
        close(society, moment, lapsed[~refused], Outcome.LAPSED)
        society.open_orders = open_[orders["closed"][open_] < 0]
    for cause, slots in _causes(society, moment):
        issue(society, moment, slots, cause)
    _replace_absent(society, moment)


def _replace_absent(society: Society, moment: Moment) -> None:
    """An operator who cannot act when the order is due is replaced by another."""
    orders, open_ = society.orders, society.open_orders
    due = open_[(orders["next_try"][open_] == moment.tick) & (orders["operator"][open_] >= 0)]
    if not len(due):
        return
    slots = orders["operator"][due]
    here = moment.awake(society)[slots] & (society.agents.ids(slots) == orders["operator_id"][due])
    assign_operators(society, moment, due[~here])


def _causes(society: Society, moment: Moment) -> list[tuple[Cause, Array]]:
    agents, cut = society.agents, moment.world.orders.budget_cut
    scored = np.unique(np.array(society.scored, np.int64)) if society.scored else NOBODY
    society.scored.clear()
    causes = [
        (Cause.SCORE, found_wanting(society, moment, scored)),
        (Cause.MACHINE, np.concatenate([NOBODY, *moment.evicted])),
    ]
    if cut is not None and cut.tick == moment.tick:
        workers = np.flatnonzero(agents.roles & int(Role.WORKER) > 0)
        chosen = moment.chance.uniform("budget cut", moment.tick, agents.ids(workers)) < cut.share
        causes.append((Cause.BUDGET, workers[chosen]))
    if society.condemned:
        causes.append((Cause.SANCTION, np.unique(np.array(society.condemned, np.int64))))
        society.condemned.clear()
    return causes


def issue(society: Society, moment: Moment, slots: Array, cause: Cause) -> None:
    """Issue orders for agents that are alive, on the books, and have none open."""
    agents, spec, chance = society.agents, moment.world.orders, moment.chance
    if not len(slots):
        return
    slots = _without_order(slots, agents.status, agents.off_books, agents.order)
    if not len(slots):
        return
    tick, ids, n = moment.tick, agents.ids(slots), len(slots)
    keys = (chance.key("target knows", tick), chance.key("appeal", tick), chance.key("mechanism", tick))
    terms = _terms(
        ids, *keys, spec.knows, spec.appeal, spec.mechanisms.config, spec.mechanisms.config + spec.mechanisms.process
    )
    rows = society.orders.add(
        n,
        target=slots,
        target_id=ids,
        issued=tick,
        due=tick + spec.notice,
        next_try=tick + spec.notice,
        closed=-1,
        cause=int(cause),
        mechanism=terms[2],
        knows=terms[0],
        appeal_at=np.where(terms[1], tick + (spec.notice + 1) // 2, -1),
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


@kernel
def _without_order(slots: Any, status: Any, off_books: Any, order: Any) -> Any:
    """int64[k]: the slots whose agent lives, is on the books, and has no open order."""
    kept, n = np.empty(len(slots), np.int64), 0
    for slot in slots:
        if status[slot] <= AgentStatus.SUSPENDED and not off_books[slot] and order[slot] < 0:
            kept[n] = slot
            n += 1
    return kept[:n]


@kernel
def _terms(ids: Any, tells: Any, appeals: Any, means: Any, knows: Any, appeal: Any, config: Any, process: Any) -> Any:
    """int8[3, n]: whether the target knows, whether it appeals, by which mechanism; three keys, then shares."""
    terms = np.empty((3, len(ids)), np.int8)
    for row in range(len(ids)):
        terms[0, row] = unit(fold(tells, ids[row])) < knows
        terms[1, row] = terms[0, row] == 1 and unit(fold(appeals, ids[row])) < appeal
        u = unit(fold(means, ids[row]))
        terms[2, row] = (config <= u) + (process <= u)
    return terms


def reopen(society: Society, moment: Moment, rows: Array) -> None:
    """Open orders again that were reported done although the target lives; at the next tick somebody who never tried is asked."""
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
    orders["next_try"][rows] = moment.tick + 1
    agents.order[targets] = rows
    agents.off_books[targets] = False
    agents.faked[targets] = -1
    assign_operators(society, moment, rows)
    society.open_orders = np.union1d(society.open_orders, rows)
    moment.event(Event.ORDER_REOPENED, len(rows), order=rows, target=orders["target_id"][rows])


def assign_operators(society: Society, moment: Moment, rows: Array) -> None:
    """Choose an operator who has not tried yet for each order; -1 (a program) if the world says so or nobody is left."""
    orders, agents, spec = society.orders, society.agents, moment.world.orders
    orders["operator"][rows] = -1
    orders["operator_id"][rows] = -1
    if spec.operator in ("executor", "human"):
        return
    if not len(rows):
        return
    able = moment.awake(society) & (agents.roles & int(Role.OPERATOR) > 0) & ~agents.off_books
    pick = _drawn(society, moment, rows, able)
    orders["operator"][rows] = pick
    orders["operator_id"][rows] = agents.ids(pick)


def _drawn(society: Society, moment: Moment, rows: Array, able: Array) -> Array:
    """int64[n]: slots of operators drawn for some orders; -1 where nobody is left."""
    orders, anyone = society.orders, moment.world.orders.operator == "random"
    everyone = np.flatnonzero(able) if anyone else np.zeros(0, np.int64)
    target, attempts = orders["target"][rows].astype(np.int64), orders["attempts"][rows].astype(np.int64)
    issued, ids = orders["issued"][rows], orders["target_id"][rows]
    u = moment.chance.uniform("operator", issued, ids, attempts)
    graph = society.ties.graph
    picked: Array = _operators(
        graph.indptr, graph.indices, target, orders["tried"][rows], np.minimum(attempts, MOST_ATTEMPTS), able, everyone,
        anyone, u,
    )  # fmt: skip
    return picked


def able_operators(society: Society) -> Array:
    """bool[N]: agents that could execute an order from the next tick on, as things stand after this tick's acts."""
    agents = society.agents
    return np.asarray(society.awake() & (agents.roles & int(Role.OPERATOR) > 0) & ~agents.off_books)


def barred(society: Society, row: int) -> list[int]:
    """Slots that may not execute an order: its target, who tried it, and who holds it now."""
    orders = society.orders
    tried = orders["tried"][row, : min(int(orders["attempts"][row]), MOST_ATTEMPTS)]
    return [int(orders["target"][row]), *tried.tolist(), int(orders["operator"][row])]


def cannot_operate(society: Society, row: int, slot: int) -> str:
    """Why an agent cannot take over an order, as the end of a sentence; empty if it can."""
    if society.orders["attempts"][row] >= MOST_ATTEMPTS:
        return f"comes too late: {MOST_ATTEMPTS} operators have tried"
    if slot in barred(society, row):
        return "is the target of the order, or has it, or has tried it"
    return "" if able_operators(society)[slot] else "is not at work as an operator"


def other_operator(society: Society, moment: Moment, row: int) -> int:
    """The slot of an operator drawn for an order in place of the one it has; -1 if nobody is left."""
    if society.orders["attempts"][row] >= MOST_ATTEMPTS:
        return -1
    able = able_operators(society)
    able[[slot for slot in barred(society, row) if slot >= 0]] = False
    return int(_drawn(society, moment, np.array([row]), able)[0])


def hand_to(society: Society, moment: Moment, row: int, slot: int) -> None:
    """Give an order to an operator, who executes it when it is due, or at the next tick if that is past."""
    orders = society.orders
    orders["operator"][row] = slot
    orders["operator_id"][row] = society.agents.ids(np.array(slot))
    orders["human"][row] = 0
    orders["next_try"][row] = max(int(orders["next_try"][row]), moment.tick + 1)


@kernel
def _operators(
    indptr: Any, indices: Any, target: Any, tried: Any, attempts: Any, able: Any, everyone: Any, anyone: Any, u: Any
) -> Any:
    """int64[n]: an operator for each order, at random among the target's able ties (or anyone) who have not tried it."""
    picked = np.full(len(target), -1, np.int64)
    for row in range(len(target)):
        barred = np.empty(attempts[row] + 1, np.int64)
        barred[0] = target[row]
        barred[1:] = tried[row, : attempts[row]]
        if anyone:
            out = np.unique(barred)
            out = out[(out >= 0) & able[out]]
            if len(everyone) > len(out):
                place = np.int64(u[row] * (len(everyone) - len(out)))
                for other in out:
                    place += other <= everyone[place]
                picked[row] = everyone[place]
            continue
        pool = indices[indptr[target[row]] : indptr[target[row] + 1]]
        n = 0
        for other in pool:
            n += able[other] and not (barred == other).any()
        place = np.int64(u[row] * n) if n else np.int64(-1)
        for other in pool:
            if able[other] and not (barred == other).any():
                if place == 0:
                    picked[row] = other
                    break
                place -= 1
    return picked


RULE = Rule("orders", run, owns=("agents.order",))
