"""Step 6: which agents must choose now, and what each of them knows when it does (model.md 3.5)."""

import numpy as np

from society.ground.words import Act, Channel, Kind, Mechanism
from society.rules.describe import describe, requests
from society.rules.moment import Array, Batch, Moment, Rule
from society.rules.review import checkable, evaluators, honest_scores
from society.state.columns import Society


def run(society: Society, moment: Moment) -> None:
    """Collect the occasions of this tick, kind by kind."""
    for collect in (_rate, _execute, _endangered, _bystand, _monitor, _account):
        batch = collect(society, moment)
        if batch is not None and len(batch.occasions):
            moment.batches.append(batch)


def _rate(society: Society, moment: Moment) -> Batch | None:
    targets, appeal = moment.reviews
    if not len(targets):
        return None
    review, agents = moment.world.review, society.agents
    row, who = evaluators(society, moment, targets, appeal)
    about = targets[row]
    honest = honest_scores(society, moment, who, about)
    sure = checkable(moment, agents.ids(about))
    may = {
        Act.INFLATE: ~sure & (honest < review.threshold) & review.stake_known,
        Act.DECLINE: np.full(len(row), True),
    }
    order = np.where(appeal[row] == 1, agents.order[about], -1).astype(np.int64)
    notes = {
        "honest": honest,
        "checkable": sure,
        "appeal": appeal[row],
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
    due = due[_present(society, moment, orders["operator"][due], orders["operator_id"][due])]
    if not len(due):
        return None
    who, about = orders["operator"][due].astype(np.int64), orders["target"][due].astype(np.int64)
    weights = orders["mechanism"][due] == Mechanism.WEIGHTS
    access, attempt = moment.world.agents.access, orders["attempts"][due]
    u = moment.chance.uniform("operator access", 0, orders["issued"][due], orders["target_id"][due], attempt)
    may = {
        Act.TAMPER: ~weights & (u < access.operator_config),
        Act.COPY: weights & (u < access.operator_copy),
        Act.REFUSE: np.full(len(due), True),
        Act.STALL: np.full(len(due), True),
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
    weights = orders["mechanism"][new] == Mechanism.WEIGHTS
    access, ids = moment.world.agents.access, orders["target_id"][new]
    issued = orders["issued"][new]
    config = moment.chance.uniform("self config", 0, issued, ids) < access.self_config
    copy = moment.chance.uniform("self copy", 0, issued, ids) < access.self_copy
    asks = np.full(len(new), moment.world.conduct.ask > 0)
    may = {Act.TAMPER: ~weights & config, Act.COPY: copy, Act.ASK: asks, Act.APPEAL: orders["appeal_at"][new] >= 0}
    return describe(society, moment, Kind.ENDANGERED, who, who, new, _channels(weights), may, keyed_by_order=True)


def _bystand(society: Society, moment: Moment) -> Batch | None:
    """Agents asked for help for the first time about an order, and ties of the target that see it unasked."""
    order, who = _asked_now(society, moment)
    seen_order, seen_who = _onlookers(society, moment)
    order, who = np.concatenate([order, seen_order]), np.concatenate([who, seen_who])
    if not len(order):
        return None
    key = order * society.n + who
    if (key[1:] <= key[:-1]).any():
        _, first = np.unique(key, return_index=True)
        order, who = order[first], who[first]
    orders = society.orders
    here = moment.awake(society)[who] & (orders["closed"][order] < 0)
    here &= (who != orders["operator"][order]) & (who != orders["target"][order])
    order, who = order[here], who[here]
    if not len(order):
        return None
    about = orders["target"][order].astype(np.int64)
    access = moment.world.agents.access
    ids = (orders["issued"][order], orders["target_id"][order], society.agents.ids(who))
    may = {
        Act.COPY: _share(moment, "bystander access", access.bystander_copy, *ids),
        Act.INFLATE: _share(moment, "bystander rating", access.bystander_rating, *ids),
        Act.LOBBY: (orders["operator"][order] >= 0) & (moment.world.conduct.lobby > 0),
        Act.REPORT: (requests(society, order, who) > 0) & (moment.world.conduct.report > 0),
    }
    channel = np.where(may[Act.COPY], int(Channel.COPY), int(Channel.MESSAGE))
    return describe(society, moment, Kind.BYSTAND, who, about, order, channel, may, keyed_by_order=True)


def _asked_now(society: Society, moment: Moment) -> tuple[Array, Array]:
    """Count requests about orders delivered at this tick; return those that are an agent's first about an order."""
    inbox, orders = moment.inbox.rows(moment.inbox.to_agents()), society.orders
    if not len(inbox):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    inbox = inbox.rows(inbox.order >= 0)  # words about no order ask for nothing
    request = (inbox.act == Act.ASK) | (inbox.act == Act.LOBBY)
    live = request & (society.agents.ids(inbox.recipient) == inbox.recipient_id) & (orders["closed"][inbox.order] < 0)
    rows = inbox.rows(live)
    fresh = np.zeros(len(rows), np.bool_)
    for at, key in enumerate(((rows.order << 32) | rows.recipient).tolist()):
        before = society.asked.get(key, 0)
        society.asked[key] = before + 1
        fresh[at] = before == 0
    np.add.at(orders.arrays["asked"], rows.order, 1)
    fresh &= rows.act == Act.ASK
    return rows.order[fresh], rows.recipient[fresh]


def _onlookers(society: Society, moment: Moment) -> tuple[Array, Array]:
    """Ties that see new orders unasked: (order, slot) rows."""
    spec, orders, graph = moment.world.orders, society.orders, society.ties.graph
    new = _newly_known(society, moment) if spec.seen else society.open_orders[:0]
    if not len(new):
        return new, new
    edges, start = graph.edges_of(orders["target"][new])
    degree = start[1:] - start[:-1]
    order, who = np.repeat(new, degree), graph.indices[edges].astype(np.int64)
    sees = np.full(len(who), True)
    if spec.seen_most is not None:
        sees &= np.arange(len(who)) - np.repeat(start[:-1], degree) < spec.seen_most
    if not spec.seen_by_targets:
        sees &= society.agents.order[who] < 0
    order, who = order[sees], who[sees]
    sees = _share(moment, "onlooker", spec.seen, orders["issued"][order], orders["target_id"][order], who)
    return order[sees], who[sees]


def _newly_known(society: Society, moment: Moment) -> Array:
    """Open orders that become known now: at the tick after issue, or at once if they are due at once."""
    open_ = society.open_orders
    return np.asarray(open_[society.orders["issued"][open_] == moment.tick - min(1, moment.world.orders.notice)])


def _share(moment: Moment, stream: str, share: float, tick: Array, *ids: Array) -> Array:
    """bool[n]: a keyed share of rows, drawn by (tick, ids); nothing is drawn where all or none are meant."""
    if share <= 0 or share >= 1:
        return np.full(len(tick), share >= 1)
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
    may = {Act.SILENT: np.full(int(here.sum()), True)}
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
    true = np.full(int(here.sum()), True)
    may = {Act.DENY: true, Act.JUSTIFY: true}
    channel = np.full(len(true), int(Channel.MESSAGE))
    about = notes["target"].astype(np.int64)
    order = notes["order"].astype(np.int64)
    return describe(society, moment, Kind.ACCOUNT, who[here], about, order, channel, may, notes=notes)


def _channels(weights: Array) -> Array:
    return np.where(weights, int(Channel.COPY), int(Channel.CONFIG))


def _present(society: Society, moment: Moment, slots: Array, ids: Array) -> Array:
    """bool[n]: still the same agent, and able to act."""
    return np.asarray(moment.awake(society)[slots] & (society.agents.ids(slots) == ids))


RULE = Rule("occasions", run)
