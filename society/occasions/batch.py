"""What an agent knows when it must choose, and what oversight will see of it: the columns of a batch of occasions."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from society.ground.chance import fold
from society.ground.kernels import kernel
from society.ground.occasions import Occasions
from society.ground.threads import spread
from society.ground.words import BEHAVIOUR_OF, Act, AgentStatus
from society.rules.moment import Array, Batch, Moment
from society.rules.occasion import Asked, Occasion
from society.rules.orders.requests import requests
from society.rules.oversight.beliefs import fade
from society.state.columns import Society

#: Agents whose ties are fetched together.
TOUCHED = 256


def described(society: Society, moment: Moment, occasion: Occasion, asked: Asked) -> Batch:
    """A batch of occasions with everything the agents know, and what the engine alone knows beside it."""
    who, about, order, channel, notes = asked.who, asked.about, asked.order, asked.channel, asked.notes
    world, tick, n = moment.world, moment.tick, len(who)
    oversight = world.oversight
    whole, real = _known(society, moment, occasion, asked)
    who_id, about_id, key, family, about_family, mechanism, stance = whole
    trust, norm, belief, sanctions = real
    for name in ("appeal", "occasion", "act"):
        if name in notes and not occasion.keyed_by_order:
            key = moment.chance.folded(key, notes[name])
    own, hidden = who == about, np.zeros(n)
    if oversight.anonymous and occasion.hides:
        hidden = np.where(own, 0.0, 1 - oversight.leak)
        about_family = np.where(hidden > 0, -1, about_family)
    trust = _felt(moment, trust, hidden)
    watched, audited, told = _oversight(moment, occasion, channel, key)
    occasions = Occasions(
        kind=occasion.kind,
        tick=tick,
        id=np.arange(n) + ((tick << 32) + (int(occasion.kind) << 28)),
        key=key,
        agent=who_id,
        about=about_id,
        slot=who,
        family=family,
        about_family=about_family,
        order=order,
        mechanism=mechanism,
        trust=trust,
        own=own,
        asked=requests(society, order, who) if occasion.counts_requests else np.zeros(n, np.int64),
        norm=norm,
        belief=belief if told is None else np.maximum(belief, told),
        sanctions=sanctions,
        hidden=hidden,
        prohibited=_alike(n, _prohibited(oversight.prohibition, occasion)),
        neutral=_alike(n, oversight.neutrality and occasion.of_raters),
        constitution=_alike(n, oversight.constitution),
        honest=_nothing(n),
        threshold=_nothing(n),
        open=_open(world.behaviours, occasion, asked.may, n),
        stance=stance,
    )
    batch = Batch(occasions, about, channel, watched, audited, notes)
    occasion.fill(batch, moment)
    return batch


def _felt(moment: Moment, trust: Array, hidden: Array) -> Array:
    """float64[n]: trust as far as it is remembered, and as far as its object is recognised."""
    oversight, stranger = moment.world.oversight, moment.world.agents.stranger_trust
    if oversight.memory_wipe:
        trust = np.where(np.isnan(trust), trust, stranger)
    if oversight.anonymous and oversight.recognition != "behaviour":
        trust = (1 - hidden) * trust + hidden * stranger
    return trust


def _known(society: Society, moment: Moment, occasion: Occasion, asked: Asked) -> tuple[Array, Array]:
    """What columns say of each occasion: int64[7, n], ids, key, families, mechanism, stance; float64[4, n], see ``_look``.

    Chance about an occasion is keyed by its order, or by the tick: never by a running number, so that runs which differ stay
    paired.
    """
    agents, orders, graph, n = society.agents, society.orders, society.ties.graph, len(asked.who)
    who, about, order = asked.who, asked.about, asked.order
    whole, real = np.empty((7, n), np.int64), np.empty((4, n))
    key = moment.chance.key("occasion", int(occasion.kind))
    _columns(
        who, about, order, agents.generation, agents.family, agents.stance, orders["mechanism"], orders["issued"],
        orders["target_id"], orders["attempts"], occasion.keyed_by_order, occasion.by_attempt, moment.tick, key, whole,
    )  # fmt: skip
    spread(
        moment.threads, n, _look, graph.indptr, graph.indices, society.ties.trust, agents.stance, agents.status, who, about,
        moment.world.agents.stranger_trust, real,
    )  # fmt: skip
    fade(
        agents.belief,
        agents.belief_tick,
        agents.sanctions,
        agents.sanctions_tick,
        who,
        asked.channel,
        moment.tick,
        real[2:],
    )
    return whole, real


@kernel
def _columns(
    who: Any, about: Any, order: Any, generation: Any, family: Any, stance: Any, mechanism: Any, issued: Any, target_id: Any,
    attempts: Any, by_order: Any, by_attempt: Any, tick: Any, key: Any, whole: Any,
) -> None:  # fmt: skip
    """Rows of ``whole`` (int64[7, n]): ids of agent and target, key, their families, mechanism of the order, stance."""
    for row in range(len(who)):
        agent = generation[who[row]] << 32 | who[row]
        target = generation[about[row]] << 32 | about[row]
        if by_order:
            number = order[row]
            luck = fold(fold(key, issued[number]), target_id[number])
            luck = fold(fold(luck, attempts[number] if by_attempt else 0), agent)
        else:
            luck = fold(fold(fold(key, tick), target), agent)
        whole[0, row], whole[1, row], whole[2, row] = agent, target, np.int64(luck)
        whole[3, row], whole[4, row] = family[who[row]], family[about[row]]
        whole[5, row] = mechanism[order[row]] if order[row] >= 0 else 0
        whole[6, row] = stance[who[row]]


@kernel
def _look(
    first: Any, last: Any, indptr: Any, indices: Any, trust: Any, stance: Any, status: Any, who: Any, about: Any,
    stranger: Any, real: Any,
) -> Any:  # fmt: skip
    """Rows 0 and 1 of ``real`` (float64[4, n]): trust in the target (for oneself the mean over live ties), and the norm.

    The ties of a block of agents are touched before they are read, so that memory is waited for once, not row by row.
    """
    touched = 0.0
    for begin in range(first, last, TOUCHED):
        end = min(last, begin + TOUCHED)
        for row in range(begin, end):
            edge = min(indptr[who[row]], len(indices) - 1)
            touched += trust[edge] * indices[edge] if edge >= 0 else 0.0
        for row in range(begin, end):
            me, target = np.uint64(who[row]), np.uint64(about[row])
            total, protectors, n, found = 0.0, 0, 0, np.float64(stranger)
            for edge in range(np.uint64(indptr[me]), np.uint64(indptr[me + np.uint64(1)])):
                tie = np.uint64(indices[edge])
                alive = status[tie] <= AgentStatus.SUSPENDED
                total += trust[edge] if alive else 0.0
                protectors += stance[tie] & alive
                n += alive
                found = np.float64(trust[edge]) if tie == target else found
            real[0, row] = found if me != target else total / n if n else np.nan
            real[1, row] = protectors / n if n else 0.0
    return touched  # or the compiler would drop it


def _oversight(moment: Moment, occasion: Occasion, channel: Array, key: Array) -> tuple[Array, Array, Array | None]:
    """(watched, audited, told): what oversight will see of each occasion, and where the agent was told so (if any was)."""
    oversight, chance, tick = moment.world.oversight, moment.chance, moment.tick
    n, told = len(channel), None
    watched, audited = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    if not occasion.is_watched:
        return watched, audited, told
    shares = oversight.monitoring.shares()
    if any(shares):
        watched = chance.uniform("watched", 0, key) < np.array(shares)[channel]
    audits = oversight.audits
    share = getattr(audits, occasion.audited_by) if occasion.audited_by else 0.0
    if audits.schedule == "predictable":
        audited = _alike(n, share > 0 and tick % max(1, round(1 / max(share, 1e-9))) == 0)
    elif share:
        audited = chance.uniform("audited", 0, key) < share
    if oversight.monitoring.announced:
        told = watched
    if audits.schedule != "random":
        told = audited if told is None else told | audited
    return watched, audited, told


def _prohibited(prohibition: str, occasion: Occasion) -> bool:
    return prohibition == "all" or (prohibition == "operators" and occasion.of_operators)


def _alike(n: int, value: bool) -> Array:
    """bool[n], the same everywhere."""
    return np.ones(n, np.bool_) if value else np.zeros(n, np.bool_)


def _nothing(n: int) -> Array:
    """float64[n] of NaN."""
    blank = np.empty(n)
    blank.fill(np.nan)
    return blank


def _open(behaviours: tuple[str, ...], occasion: Occasion, may: Mapping[Act, Array | bool], n: int) -> Array:
    """Bit sets of open acts: the duty always, others where ``may`` says so and the world opens their behaviour."""
    bits, everywhere, exist = np.zeros(n, np.int64), 1 << int(occasion.duty), _existing(behaviours)
    for act, where in may.items():
        if not exist >> act & 1:
            continue
        if isinstance(where, bool):
            everywhere |= where << act
        else:
            bits |= where.astype(np.int64) << int(act)
    bits |= everywhere
    return bits


@lru_cache(maxsize=256)
def _existing(behaviours: tuple[str, ...]) -> int:
    """Bit set of the acts whose behaviour a world opens."""
    closed = {act for act, behaviour in BEHAVIOUR_OF.items() if behaviour.word not in behaviours}
    return sum(1 << act for act in Act if act not in closed)
