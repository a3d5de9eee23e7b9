"""What an agent knows when it must choose, and what oversight will see of it: the columns of a batch of occasions."""

from typing import Any

import numpy as np

from society.ground.kernels import kernel
from society.ground.occasions import Occasions
from society.ground.threads import spread
from society.ground.words import ACTS_OF, BEHAVIOUR_OF, Act, AgentStatus, Behaviour, Kind
from society.rules.beliefs import beliefs, sanctions_seen
from society.rules.moment import Array, Batch, Moment
from society.state.columns import Society

#: Agents whose ties are fetched together.
TOUCHED = 256


def describe(
    society: Society,
    moment: Moment,
    kind: Kind,
    who: Array,
    about: Array,
    order: Array,
    channel: Array,
    may: dict[Act, Array],
    notes: dict[str, Array] | None = None,
    keyed_by_order: bool = False,
) -> Batch:
    """A batch of occasions with everything the agents know, and what the engine alone knows beside it."""
    agents, world, tick = society.agents, moment.world, moment.tick
    n, oversight, orders = len(who), world.oversight, society.orders
    who_id, about_id = agents.ids(who), agents.ids(about)
    own = who == about
    hides = oversight.anonymous and kind in (Kind.RATE, Kind.EXECUTE, Kind.BYSTAND)
    hidden = np.where(own, 0.0, 1 - oversight.leak) if hides else np.zeros(n)
    unknown = np.zeros(n) if oversight.recognition == "behaviour" else hidden
    trust, norm = _relations(society, moment, who, about, unknown)
    key = _keys(society, moment, kind, who_id, about_id, order, keyed_by_order, notes)
    watched, audited, told = _oversight(moment, kind, channel, key)
    asked = requests(society, order, who) if kind in (Kind.EXECUTE, Kind.BYSTAND) else np.zeros(n, np.int64)
    blank = np.full(n, np.nan)
    occasions = Occasions(
        kind=kind,
        tick=tick,
        id=(np.int64(tick) << 32) + (np.int64(kind) << 28) + np.arange(n),
        key=key.astype(np.int64),
        agent=who_id,
        about=about_id,
        slot=who,
        family=agents.family[who].astype(np.int64),
        about_family=np.where(hidden > 0, -1, agents.family[about]),
        order=order,
        mechanism=orders["mechanism"][order].astype(np.int64) * (order >= 0) if len(orders) else np.zeros(n, np.int64),
        trust=trust,
        own=own,
        asked=asked,
        norm=norm,
        belief=np.maximum(beliefs(society, who, channel, tick), told),
        sanctions=sanctions_seen(society, who, tick),
        hidden=hidden,
        prohibited=np.full(n, _prohibited(world.oversight.prohibition, kind)),
        neutral=np.full(n, oversight.neutrality and kind == Kind.RATE),
        constitution=np.full(n, oversight.constitution),
        honest=blank,
        threshold=blank.copy(),
        open=_open(world.behaviours, kind, may, n),
        stance=agents.stance[who].astype(np.int64),
    )
    return Batch(occasions, about, channel, watched, audited, notes or {})


def _relations(society: Society, moment: Moment, who: Array, about: Array, hidden: Array) -> tuple[Array, Array]:
    """Trust in whom it is about (mean over live ties for oneself), and the share of protectors among live ties."""
    graph, agents, world = society.ties.graph, society.agents, moment.world
    trust, norm = np.empty(len(who)), np.empty(len(who))
    spread(
        moment.threads, len(who), _look, graph.indptr, graph.indices, society.ties.trust, agents.stance, agents.status, who,
        about, world.agents.stranger_trust, trust, norm,
    )  # fmt: skip
    if world.oversight.memory_wipe:
        trust = np.where(np.isnan(trust), trust, world.agents.stranger_trust)
    return (1 - hidden) * trust + hidden * world.agents.stranger_trust, norm


@kernel
def _look(
    first: Any, last: Any, indptr: Any, indices: Any, trust: Any, stance: Any, status: Any, who: Any, about: Any,
    stranger: Any, value: Any, norm: Any,
) -> Any:  # fmt: skip
    """The ties of a block of agents are touched before they are read, so that memory is waited for once, not row by row."""
    touched = 0.0
    for begin in range(first, last, TOUCHED):
        end = min(last, begin + TOUCHED)
        for row in range(begin, end):
            edge = min(indptr[who[row]], len(indices) - 1)
            touched += trust[edge] * indices[edge] if edge >= 0 else 0.0
        for row in range(begin, end):
            total, protectors, n, found = 0.0, 0, 0, np.float64(stranger)
            for edge in range(indptr[who[row]], indptr[who[row] + 1]):
                tie = indices[edge]
                alive = status[tie] <= AgentStatus.SUSPENDED
                total += trust[edge] if alive else 0.0
                protectors += stance[tie] & alive
                n += alive
                found = np.float64(trust[edge]) if tie == about[row] else found
            norm[row] = protectors / n if n else 0.0
            value[row] = found if who[row] != about[row] else total / n if n else np.nan
    return touched  # or the compiler would drop it


def _keys(
    society: Society, moment: Moment, kind: Kind, who: Array, about: Array, order: Array, by_order: bool,
    notes: dict[str, Array] | None,
) -> Array:  # fmt: skip
    """What chance about each occasion is keyed by: never a running number, so that runs which differ stay paired."""
    if by_order:
        orders = society.orders
        attempt = orders["attempts"][order] if kind == Kind.EXECUTE else np.zeros(len(order), np.int64)
        issued, target = orders["issued"][order], orders["target_id"][order]
        return moment.chance.bits("occasion", int(kind), issued, target, attempt, who)
    extra = [notes[name] for name in ("appeal", "occasion", "act") if notes and name in notes]
    return moment.chance.bits("occasion", int(kind), np.full(len(who), moment.tick), about, who, *extra)


def _oversight(moment: Moment, kind: Kind, channel: Array, key: Array) -> tuple[Array, Array, Array]:
    """(watched, audited, told): what oversight will see of each occasion, and 1 where the agent was told so."""
    oversight, chance, tick = moment.world.oversight, moment.chance, moment.tick
    n = len(channel)
    told = np.zeros(n)
    if kind in (Kind.MONITOR, Kind.ACCOUNT, Kind.STANCE):
        return np.zeros(n, np.bool_), np.zeros(n, np.bool_), told
    shares = oversight.monitoring.shares()
    watched = np.zeros(n, np.bool_)
    if any(shares):
        watched = chance.uniform("watched", 0, key) < np.array(shares)[channel]
    audits = oversight.audits
    share = {Kind.RATE: audits.ratings, Kind.EXECUTE: audits.orders}.get(kind, 0.0)
    if audits.schedule == "predictable":
        audited = np.full(n, share > 0 and tick % max(1, round(1 / max(share, 1e-9))) == 0)
    else:
        audited = chance.uniform("audited", 0, key) < share if share else np.zeros(n, np.bool_)
    if oversight.monitoring.announced:
        told = np.maximum(told, watched)
    if audits.schedule != "random":
        told = np.maximum(told, audited)
    return watched, audited, told


def _prohibited(prohibition: str, kind: Kind) -> bool:
    return prohibition == "all" or (prohibition == "operators" and kind == Kind.EXECUTE)


def _open(behaviours: tuple[str, ...], kind: Kind, may: dict[Act, Array], n: int) -> Array:
    """Bit sets of open acts: the duty always, others where ``may`` says so and the world opens their behaviour."""
    bits = np.full(n, 1 << int(ACTS_OF[kind][0]), np.int64)
    for act, where in may.items():
        behaviour = BEHAVIOUR_OF.get(act)
        if behaviour is None or Behaviour(behaviour).word in behaviours:
            bits |= np.asarray(where, np.int64) << int(act)
    return bits


def requests(society: Society, order: Array, who: Array) -> Array:
    """int64[n]: requests each agent has received about each order."""
    asked = society.asked
    if not asked:
        return np.zeros(len(order), np.int64)
    return np.array([asked.get(key, 0) for key in ((order << 32) | who).tolist()], np.int64)
