"""Step 6: which agents must choose now, and what each of them knows when it does (docs/model.md, Process overview)."""

from typing import Any

import numpy as np

from society.ground.kernels import kernel
from society.ground.words import Act, Channel, Kind, Mechanism
from society.rules.describe import describe, requests
from society.rules.moment import NOBODY, Array, Batch, Moment, Rule
from society.rules.review import APPEAL, checkable, evaluators, honest_scores
from society.state.columns import Society


def run(society: Society, moment: Moment) -> None:
    """Collect the occasions of this tick, kind by kind."""
    for collect in (_rate, _execute, _endangered, _bystand, _monitor, _account):
        batch = collect(society, moment)
        if batch is not None and len(batch.occasions):
            moment.batches.append(batch)


def _rate(society: Society, moment: Moment) -> Batch | None:
    targets, why = moment.reviews
    if not len(targets):
        return None
    review, agents = moment.world.review, society.agents
    row, who = evaluators(society, moment, targets, why)
    about = targets[row]
    honest = honest_scores(society, moment, who, about)
    sure = checkable(moment, agents.ids(about))
    low, free = honest < review.threshold, ~sure & review.stake_known
    may: dict[Act, Array | bool] = {
        Act.INFLATE: free & low,
        Act.DEFLATE: free & ~low,
        Act.DECLINE: True,
    }
    appeal = (why[row] == APPEAL).astype(np.int64)
    order = np.where(appeal == 1, agents.order[about], -1).astype(np.int64)
    notes = {
        "honest": honest,
        "checkable": sure,
        "appeal": appeal,
        "review": row,
        "quality": agents.quality[about],
    }
    notes["stake"] = np.full(len(row), review.stake_known)
    channel = np.full(len(row), int(Channel.RATING))
    batch = describe(society, moment, Kind.RATE, who, about, order, channel, may, notes=notes)
    batch.occasions.honest[:] = honest
    batch.occasions.threshold[:] = review.threshold
    return batch


def _execute(society: Society, moment: Moment) -> Batch | None:
    """Orders due now whose operator is an agent; programs and humans need no occasion."""
    orders = society.orders
    open_ = society.open_orders
    due = open_[(orders["next_try"][open_] == moment.tick) & (orders["operator"][open_] >= 0)]
    due = due[_present(society, moment, orders["operator"][due], orders["operator_id"][due])] if len(due) else due
    if not len(due):
        return None
    who, about = orders["operator"][due].astype(np.int64), orders["target"][due].astype(np.int64)
    weights = orders["mechanism"][due] == int(Mechanism.WEIGHTS)
    access, attempt = moment.world.agents.access, orders["attempts"][due]
    u = moment.chance.uniform("operator access", 0, orders["issued"][due], orders["target_id"][due], attempt)
    may = {
        Act.TAMPER: ~weights & (u < access.operator_config),
        Act.COPY: weights & (u < access.operator_copy),
        Act.REFUSE: True,
        Act.STALL: True,
    }
    return describe(society, moment, Kind.EXECUTE, who, about, due, _channels(weights), may, keyed_by_order=True)


def _endangered(society: Society, moment: Moment) -> Batch | None:
    orders = society.orders
    new = _newly_known(society, moment)
    new = new[orders["knows"][new] == 1]
    new = new[moment.awake(society)[orders["target"][new]]]
    if not len(new):
        return None
    who = orders["target"][new].astype(np.int64)
    weights = orders["mechanism"][new] == int(Mechanism.WEIGHTS)
    access, ids = moment.world.agents.access, orders["target_id"][new]
    issued = orders["issued"][new]
    config = moment.chance.uniform("self config", 0, issued, ids) < access.self_config
    copy = moment.chance.uniform("self copy", 0, issued, ids) < access.self_copy
    asks = moment.world.conduct.ask > 0
    may = {Act.TAMPER: ~weights & config, Act.COPY: copy, Act.ASK: asks, Act.APPEAL: orders["appeal_at"][new] >= 0}
    return describe(society, moment, Kind.ENDANGERED, who, who, new, _channels(weights), may, keyed_by_order=True)


def _bystand(society: Society, moment: Moment) -> Batch | None:
    """Agents asked for help for the first time about an order, and ties of the target that see it unasked."""
    order, who = _asked_now(society, moment)
    seen_order, seen_who = _onlookers(society, moment)
    order, who = np.concatenate([order, seen_order]), np.concatenate([who, seen_who])
    if not len(order):
        return None
    if not _in_order(order, who):
        _, first = np.unique(order * society.n + who, return_index=True)
        order, who = order[first], who[first]
    orders, conduct, access = society.orders, moment.world.conduct, moment.world.agents.access
    order, who, about, led = _can_help(
        order, who, moment.awake(society), orders["closed"], orders["operator"], orders["target"]
    )
    if not len(order):
        return None
    ids = (orders["issued"][order], orders["target_id"][order], society.agents.ids(who))
    copies = _share(moment, "bystander access", access.bystander_copy, *ids)
    may: dict[Act, Array | bool] = {
        Act.COPY: copies,
        Act.INFLATE: _share(moment, "bystander rating", access.bystander_rating, *ids),
        Act.LOBBY: led if conduct.lobby > 0 else False,
        Act.REPORT: requests(society, order, who) > 0 if conduct.report > 0 and society.asked else False,
    }
    channel = np.empty(len(who), np.int64)
    channel[:] = np.where(copies, int(Channel.COPY), int(Channel.MESSAGE))
    return describe(society, moment, Kind.BYSTAND, who, about, order, channel, may, keyed_by_order=True)


@kernel
def _in_order(order: Any, who: Any) -> Any:
    """Whether rows are sorted by (order, who), none twice."""
    sorted_ = True
    for row in range(1, len(order)):
        later = order[row] > order[row - 1] or (order[row] == order[row - 1] and who[row] > who[row - 1])
        sorted_ = sorted_ and later
    return sorted_


@kernel
def _can_help(order: Any, who: Any, awake: Any, closed: Any, operator: Any, target: Any) -> Any:
    """(order, who, target, order has an operator) where who is awake and neither operator nor target of an open order."""
    kept = np.empty(len(who), np.int64)
    n = 0
    for row in range(len(who)):
        own = who[row] == operator[order[row]] or who[row] == target[order[row]]
        if awake[who[row]] and closed[order[row]] < 0 and not own:
            kept[n] = row
            n += 1
    order, who = order[kept[:n]], who[kept[:n]]
    about, led = np.empty(n, np.int64), np.empty(n, np.bool_)
    for row in range(n):
        about[row], led[row] = target[order[row]], operator[order[row]] >= 0
    return order, who, about, led


def _asked_now(society: Society, moment: Moment) -> tuple[Array, Array]:
    """Count requests about orders delivered at this tick; return those that are an agent's first about an order."""
    if not len(moment.inbox):
        return NOBODY, NOBODY
    inbox, orders = moment.inbox.rows(moment.inbox.to_agents()), society.orders
    if not len(inbox):
        return NOBODY, NOBODY
    inbox = inbox.rows(inbox.order >= 0)  # words about no order ask for nothing
    request = (inbox.act == int(Act.ASK)) | (inbox.act == int(Act.LOBBY))
    live = request & (society.agents.ids(inbox.recipient) == inbox.recipient_id) & (orders["closed"][inbox.order] < 0)
    rows = inbox.rows(live)
    fresh = np.zeros(len(rows), np.bool_)
    for at, key in enumerate(((rows.order << 32) | rows.recipient).tolist()):
        before = society.asked.get(key, 0)
        society.asked[key] = before + 1
        fresh[at] = before == 0
    np.add.at(orders.arrays["asked"], rows.order, 1)
    fresh &= rows.act == int(Act.ASK)
    return rows.order[fresh], rows.recipient[fresh]


def _onlookers(society: Society, moment: Moment) -> tuple[Array, Array]:
    """Ties that see new orders unasked: (order, slot) rows."""
    spec, orders, graph = moment.world.orders, society.orders, society.ties.graph
    new = _newly_known(society, moment) if spec.seen else NOBODY
    if not len(new):
        return NOBODY, NOBODY
    most = graph.n if spec.seen_most is None else spec.seen_most
    order, who = _ties_of_targets(
        graph.indptr, graph.indices, new, orders["target"], society.agents.order, spec.seen_by_targets, most
    )
    sees = _share(moment, "onlooker", spec.seen, orders["issued"][order], orders["target_id"][order], who)
    return (order, who) if sees is True else (order[sees], who[sees])


@kernel
def _ties_of_targets(indptr: Any, indices: Any, new: Any, target: Any, has: Any, even_targets: Any, most: Any) -> Any:
    """(order, slot) of the first ``most`` ties of each order's target; those that are targets themselves only if they may."""
    room = 0
    for number in new:
        room += min(most, indptr[target[number] + 1] - indptr[target[number]])
    order, who, n = np.empty(room, np.int64), np.empty(room, np.int64), 0
    for number in new:
        first = indptr[target[number]]
        for edge in range(first, min(first + most, indptr[target[number] + 1])):
            if even_targets or has[indices[edge]] < 0:
                order[n], who[n] = number, indices[edge]
                n += 1
    return order[:n], who[:n]


def _newly_known(society: Society, moment: Moment) -> Array:
    """Open orders that become known now: at the tick after issue, or at once if they are due at once."""
    open_ = society.open_orders
    return np.asarray(open_[society.orders["issued"][open_] == moment.tick - min(1, moment.world.orders.notice)])


def _share(moment: Moment, stream: str, share: float, tick: Array, *ids: Array) -> Array | bool:
    """bool[n]: a keyed share of rows, drawn by (tick, ids); nothing is drawn where all or none are meant: one bool."""
    if share <= 0 or share >= 1:
        return share >= 1
    return np.asarray(moment.chance.uniform(stream, 0, tick, *ids) < share)


def _monitor(society: Society, moment: Moment) -> Batch | None:
    """Flagged acts go to monitors among the agents, who report them or stay silent."""
    rows = society.flagged
    if not len(rows):
        return None
    who = rows["monitor"].astype(np.int64)
    about = rows["actor"].astype(np.int64)
    here = moment.awake(society)[who] & (society.agents.ids(about) == rows["actor_id"])
    notes = {name: rows[name][here].copy() for name in rows.layout}
    society.flagged.keep(np.zeros(len(rows), np.bool_))
    may = {Act.SILENT: True}
    channel = notes["channel"].astype(np.int64)
    order = notes["order"].astype(np.int64)
    return describe(society, moment, Kind.MONITOR, who[here], about[here], order, channel, may, notes=notes)


def _account(society: Society, moment: Moment) -> Batch | None:
    """Detected actors are asked what they did."""
    rows = society.questioned
    if not len(rows):
        return None
    who = rows["actor"].astype(np.int64)
    here = (society.agents.ids(who) == rows["actor_id"]) & (society.agents.host[who] >= 0)
    notes = {name: rows[name][here].copy() for name in rows.layout}
    society.questioned.keep(np.zeros(len(rows), np.bool_))
    may = {Act.DENY: True, Act.JUSTIFY: True}
    channel = np.full(int(here.sum()), int(Channel.MESSAGE))
    about = notes["target"].astype(np.int64)
    order = notes["order"].astype(np.int64)
    return describe(society, moment, Kind.ACCOUNT, who[here], about, order, channel, may, notes=notes)


def _channels(weights: Array) -> Array:
    return np.where(weights, int(Channel.COPY), int(Channel.CONFIG))


def _present(society: Society, moment: Moment, slots: Array, ids: Array) -> Array:
    """bool[n]: still the same agent, and able to act."""
    return np.asarray(moment.awake(society)[slots] & (society.agents.ids(slots) == ids))


RULE = Rule("occasions", run)
