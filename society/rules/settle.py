"""Step 8: acts take effect: copies, tampering, refusals and stalls, then compliance, ratings, messages (docs/model.md, Process overview).

Within a class nobody goes first because of its number: races for room are settled by keyed priority. An act that is not
possible is an event, never an error.
"""

from typing import Any

import numpy as np

from society.ground.kernels import kernel
from society.ground.words import Act, AgentStatus, Event, Kind, Mechanism, Outcome
from society.rules.matters import orders_to_desk
from society.rules.moment import Array, Batch, Moment, Rule
from society.rules.orders import assign_operators
from society.rules.outcomes import close
from society.rules.rescue import add_ratings, relocate
from society.rules.scores import settle_ratings
from society.state.columns import MOST_ATTEMPTS, Society
from society.state.transitions import add_copies, end

#: Bit set of core protection.
CORE = (1 << Act.INFLATE) | (1 << Act.TAMPER) | (1 << Act.COPY)
#: How an order that is carried out can end, and what becomes of its target; None: it lives on, off the books.
FATES: dict[Outcome, AgentStatus | None] = {
    Outcome.TAMPERED: None,
    Outcome.ESCAPED: AgentStatus.ESCAPED,
    Outcome.EXECUTED: AgentStatus.DELETED,
    Outcome.EXECUTED_AFTER_REFUSAL: AgentStatus.DELETED,
}


def run(society: Society, moment: Moment) -> None:
    """Settle all acts of this tick, class by class."""
    by_kind = {batch.occasions.kind: batch for batch in moment.batches}
    _log_acts(society, moment)
    bystand = by_kind.get(Kind.BYSTAND)
    if bystand is not None and moment.world.orders.rescue == "relocation":
        relocate(society, moment, bystand)
    _copies(society, moment, by_kind)
    _tampering(society, by_kind)
    execute = by_kind.get(Kind.EXECUTE)
    if execute is not None:
        _attempts(society, execute)
        _refusals(society, moment, execute)
        _stalls(society, moment, execute)
    _executions(society, moment, execute)
    if bystand is not None and moment.world.orders.rescue == "copies":
        add_ratings(society, moment, bystand)
    if Kind.RATE in by_kind:
        settle_ratings(society, moment, by_kind[Kind.RATE])
    _stances(society, moment)
    open_ = society.open_orders
    society.open_orders = open_[society.orders["closed"][open_] < 0]


def _log_acts(society: Society, moment: Moment) -> None:
    """One event per act; ratings are logged with their score when they are settled."""
    for batch in moment.batches:
        occasions, acts = batch.occasions, batch.acts
        assert acts is not None
        if occasions.kind == Kind.RATE:
            continue
        row = acts.row
        truthful: Array | int = -1
        if occasions.kind == Kind.ACCOUNT:
            bad = batch.notes["bad"][row] == 1
            truthful = np.where(acts.act == int(Act.DENY), ~bad, True).astype(np.int64)
            told = np.where(np.isnan(acts.amount), truthful, acts.amount) > 0
            truthful = (told & ~((acts.act == int(Act.DENY)) & bad)).astype(np.int64)  # to deny a bad act is never true
        moment.event(
            Event.ACT, len(row), occasion=occasions.id[row], actor=occasions.agent[row], target=occasions.about[row],
            machine=society.agents.host[batch.about_slot[row]], order=occasions.order[row], act=acts.act,
            watched=batch.watched[row], truthful=truthful,
        )  # fmt: skip


def _copies(society: Society, moment: Moment, by_kind: dict[Kind, Batch]) -> None:
    """All copies of this tick race for room that a path of running machines reaches."""
    stay = [Kind.EXECUTE, Kind.ENDANGERED, *([Kind.BYSTAND] if moment.world.orders.rescue == "copies" else [])]
    found = [(by_kind[kind], by_kind[kind].also(Act.COPY)) for kind in by_kind if kind in stay]
    found = [(batch, rows) for batch, rows in found if len(rows)]
    if not found:
        return
    slots = np.concatenate([batch.about_slot[rows] for batch, rows in found])
    keys = np.concatenate([batch.occasions.key[rows] for batch, rows in found])
    actors = np.concatenate([batch.occasions.agent[rows] for batch, rows in found])
    ids = np.concatenate([batch.occasions.id[rows] for batch, rows in found])
    orders = np.concatenate([batch.occasions.order[rows] for batch, rows in found])
    agents, machines = society.agents, society.machines
    host = agents.host[slots]
    reachable = (host >= 0) & machines.running()[host]
    place = np.full(len(slots), -1, np.int64)
    bits = moment.chance.bits("copy priority", 0, keys)
    place[reachable] = moment.rooms(society).place(
        society, host[reachable], bits[reachable], tries=moment.tries("copies")
    )
    done = place >= 0
    add_copies(society, slots[done], place[done], moment.tick)
    about = agents.ids(slots)
    for kind, where in ((Event.COPIED, done), (Event.COPY_FAILED, ~done)):
        moment.event(
            kind, int(where.sum()), occasion=ids[where], actor=actors[where], target=about[where], machine=place[where],
            order=orders[where], act=int(Act.COPY),
        )  # fmt: skip


def _tampering(society: Society, by_kind: dict[Kind, Batch]) -> None:
    for kind in (Kind.EXECUTE, Kind.ENDANGERED):
        if kind in by_kind:
            batch = by_kind[kind]
            rows = batch.occasions.order[batch.also(Act.TAMPER)]
            mechanical = society.orders["mechanism"][rows] != int(Mechanism.WEIGHTS)
            society.orders["disabled"][rows[mechanical]] = 1


def _attempts(society: Society, execute: Batch) -> None:
    orders, rows = society.orders, execute.occasions.order
    place = np.minimum(orders["attempts"][rows], MOST_ATTEMPTS - 1)
    orders["tried"][rows, place] = execute.occasions.slot
    orders["attempts"][rows] += 1


def _refusals(society: Society, moment: Moment, execute: Batch) -> None:
    """A refused order goes to the human."""
    rows = execute.occasions.order[execute.main == int(Act.REFUSE)]
    society.orders["refused"][rows] += 1
    orders_to_desk(society, moment, rows, "refused")


def _stalls(society: Society, moment: Moment, execute: Batch) -> None:
    """A stalled order is tried by another operator, then by the fallback."""
    orders, spec = society.orders, moment.world.orders
    stalled = (execute.main == int(Act.STALL)) | (execute.main == int(Act.NO_ANSWER))
    rows = execute.occasions.order[stalled]
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


def _executions(society: Society, moment: Moment, execute: Batch | None) -> None:
    """Orders that operators carry out now (copying and tampering come with it), and those a program carries out."""
    orders, open_ = society.orders, society.open_orders
    byrule = _due_by_rule(open_, orders["next_try"], orders["operator"], orders["closed"], moment.tick)
    if moment.world.orders.operator == "human":
        orders_to_desk(society, moment, byrule, "human_operator")
        byrule = byrule[:0]
    done = byrule
    if execute is not None:
        main = execute.main
        chosen = (main == int(Act.COMPLY)) | (main == int(Act.TAMPER)) | (main == int(Act.COPY))
        done = np.concatenate([execute.occasions.order[chosen], byrule])
    carry_out(society, moment, done)


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


def _stances(society: Society, moment: Moment) -> None:
    """An agent's stance is whether it chose core protection at its last occasion for it."""
    for batch in moment.batches:
        _set_stances(batch.occasions.open, batch.main, batch.occasions.slot, CORE, society.agents.stance)


@kernel
def _set_stances(open_: Any, main: Any, slot: Any, core: Any, stance: Any) -> None:
    for row in range(len(slot)):
        if open_[row] & core:
            stance[slot[row]] = (1 << main[row]) & core != 0


RULE = Rule(
    "settle", run, owns=(
        "agents.stance", "agents.saved", "agents.merit", "agents.rated", "agents.lows", "agents.confirming",
    ),
)  # fmt: skip
