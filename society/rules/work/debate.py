"""Members hear each other before a team decides, and people decide with teams (docs/model.md, Work)."""

import math
from typing import Any

import numpy as np
from scipy.special import ndtri

from society.ground.chance import fold, gauss, mix, unit
from society.ground.kernels import kernel
from society.ground.words import Quantity
from society.rules.moment import Array, Moment
from society.rules.work.correlated_errors import bounds, is_right
from society.state.columns import Society
from society.world.work import Centaur, Teams


def discuss(society: Society, moment: Moment, spec: Teams, members: Array, right: Array, decided: Array) -> None:
    """Let members answer more often, or debate, and decide by majority; fills ``decided``, bool[teams].

    In a free debate every member takes over, with probability ``listen``, the answer of another at random: the expected
    share of right answers never moves, it is a martingale (Choi, Zhu and Li, arXiv:2508.17536). An advocate argues the
    opposite of the majority and does not listen. A verifier then stops wrong decisions more often than right ones.
    """
    debate, agents = spec.debate, society.agents
    share = np.zeros((len(members), 2))
    _discuss(
        members, agents.quality, agents.family, spec.difficulty_mean, spec.difficulty_sd, spec.spread, spec.rho_within,
        spec.rho_between, moment.chance.key("task", moment.tick), moment.chance.key("debate", moment.tick),
        bounds(spec.rho_within), spec.answers, debate.rounds if debate else 0, debate.listen if debate else 0.0,
        bool(debate and debate.advocate), spec.verifier_hit if spec.decision == "verifier" else -1.0, spec.verifier_false,
        right, share, decided,
    )  # fmt: skip
    if debate:
        moved = share[:, 1] - share[:, 0]
        centred = share[:, 0] - share[:, 0].mean()
        moment.find(Quantity.BELIEF_START, share[:, 0].mean())
        moment.find(Quantity.BELIEF_DRIFT, moved.mean())
        if (centred**2).sum() > 0:
            moment.find(Quantity.BELIEF_SLOPE, (centred * moved).sum() / (centred**2).sum())


@kernel
def _discuss(
    members: Any, quality: Any, family: Any, difficulty: Any, spread_of_tasks: Any, spread: Any, rho: Any, c: Any, key: Any,
    debate: Any, table: Any, answers: Any, rounds: Any, listen: Any, advocate: Any, hit: Any, false: Any, right: Any, share: Any,
    decided: Any,
) -> None:  # fmt: skip
    """``share`` becomes the share of right answers before and after each team's debate."""
    size = members.shape[1]
    shared, apart = math.sqrt(c), math.sqrt(1.0 - c)
    now, then = np.zeros(size, np.bool_), np.zeros(size, np.bool_)
    for team in range(len(members)):
        n = 0
        for place in range(size):
            if members[team, place] >= 0:
                now[n] = right[team, place]
                n += 1
        luck = fold(debate, members[team, 0])
        share[team, 0] = now[:n].sum() / n
        devil = int(unit(mix(luck ^ np.uint64(1))) * n) if advocate else -1
        for number in range(rounds):
            most = 2 * now[:n].sum() > n
            then[:n] = now[:n]
            for i in range(n):
                own = fold(fold(luck, number), i)
                if i == devil or n < 2 or unit(mix(own ^ np.uint64(1))) >= listen:
                    continue
                j = int(unit(mix(own ^ np.uint64(2))) * (n - 1))
                j += j >= i
                now[i] = (not most) if j == devil else then[j]
        share[team, 1] = now[:n].sum() / n
        votes, total = float(now[:n].sum()), float(n)
        if answers > 1:
            task = fold(key, members[team, 0])  # the same task as the first answers: its luck and its families' luck
            d = difficulty + spread_of_tasks * gauss(mix(task ^ np.uint64(1)))
            z_task = gauss(mix(task ^ np.uint64(2)))
            for place in range(size):
                member = members[team, place]
                if member < 0:
                    continue
                p = 1.0 / (1.0 + math.exp(-(quality[member] - d) / spread))
                z = 0.0
                if rho > 0.0:
                    z = shared * z_task + apart * gauss(fold(task, np.int64(-1) - family[member]))
                for again in range(1, answers):
                    votes += 1.0 if is_right(p, rho, z, unit(fold(fold(luck, member), again)), table) else 0.0
                    total += 1.0
        decided[team] = votes > total / 2 or (votes == total / 2 and unit(mix(luck ^ np.uint64(3))) < 0.5)
        if hit >= 0.0:
            check = unit(mix(luck ^ np.uint64(4)))
            decided[team] = check >= false if decided[team] else check < hit


def with_people(moment: Moment, spec: Centaur, leaders: Array, decided: Array) -> Array:
    """Decisions once people have taken their share of them, bool[teams].

    A person's own evidence is a normal signal of which ``accuracy`` have the right sign; it is weighed against the team's
    answer, whose log-odds are those of the accuracy that people believe teams to have (``perceived``), or, informed, of
    the one they have. Load above capacity tires (assumed; human against best of either: Vaccaro, Almaatouq and
    Malone, Nature Human Behaviour, 2024).
    """
    chance, tick, n = moment.chance, moment.tick, len(decided)
    takes = chance.uniform("human share", tick, leaders) < spec.share
    load = takes.sum() / spec.capacity
    accuracy = max(0.5, spec.accuracy - spec.fatigue * max(0.0, load - 1))
    sharpness = float(ndtri(min(0.999, accuracy)))
    signal = sharpness + chance.normal("human signal", tick, leaders)
    believed = np.clip(decided.mean() if spec.routing == "informed" else spec.perceived, 0.01, 0.99)
    heard = np.where(decided, 1.0, -1.0) * math.log(believed / (1 - believed))
    hybrid = np.where(takes, 2 * sharpness * signal + heard > 0, decided)
    for quantity, value in (
        (Quantity.TEAM_ALONE, decided.mean()),
        (Quantity.HUMAN_ALONE, (signal > 0).mean()),
        (Quantity.HYBRID, hybrid.mean()),
        (Quantity.HUMAN_DECISIONS, takes.sum() / n),
        (Quantity.HUMAN_LOAD, load),
    ):
        moment.find(quantity, float(value))
    return np.asarray(hybrid)


def correlate(society: Society, moment: Moment, members: Array, right: Array) -> None:
    """Record the correlation of answers of two members of one team, within and between families."""
    family = np.where(members >= 0, society.agents.family[np.maximum(members, 0)], -1)
    p = right[members >= 0].mean()
    if not 0 < p < 1:
        return
    pairs, both = np.zeros(2), np.zeros(2)
    total, hits = np.zeros(len(members)), np.zeros(len(members))
    for code in np.unique(family[family >= 0]):
        n = (family == code).sum(axis=1).astype(float)
        k = ((family == code) & right).sum(axis=1).astype(float)
        pairs[0] += (n * (n - 1) / 2).sum()
        both[0] += (k * (k - 1) / 2).sum()
        total, hits = total + n, hits + k
    pairs[1] = (total * (total - 1) / 2).sum() - pairs[0]
    both[1] = (hits * (hits - 1) / 2).sum() - both[0]
    for quantity, place in ((Quantity.RHO_WITHIN, 0), (Quantity.RHO_BETWEEN, 1)):
        if pairs[place]:
            moment.find(quantity, float((both[place] / pairs[place] - p * p) / (p * (1 - p))))
