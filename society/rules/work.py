"""Step 3: teams answer yes/no tasks; from what members see of each other, trust grows and fades (model.md 3.2)."""

import math
from typing import Any

import numpy as np
from numba import njit

from society.ground.chance import fold, gauss, mix, unit
from society.ground.special import beta_cdf, normal_cdf
from society.ground.words import Role
from society.network.graph import position
from society.rules.moment import Array, Moment, Rule
from society.spec.institutions import Work
from society.spec.population import NormalQuality
from society.state.columns import Society

DECISIONS = {"majority": 0, "trust": 1, "best": 2, "verifier": 3}


def run(society: Society, moment: Moment) -> None:
    """Let quality drift, draw teams, let them decide, and move trust."""
    drift(society, moment)
    work = moment.world.work
    if not work.share:
        return
    agents = society.agents
    able = moment.awake(society) & (agents.roles & Role.WORKER > 0)
    leads = moment.chance.uniform("leader", moment.tick, np.arange(society.n)) < work.share
    leaders = np.flatnonzero(able & leads).astype(np.int32)
    if not len(leaders):
        return
    members = draw_teams(society, moment, leaders, able)
    right, decided = answers(society, moment, work, leaders, members)
    _learn(
        society.ties.graph.indptr, society.ties.graph.indices, members, right, decided, work.own_weight, work.trust_rate,
        moment.tick, society.ties.trust, society.ties.joint, society.ties.last, society.ties.seen_sum,
        society.ties.seen_count,
    )  # fmt: skip
    _count(society, moment, members, right, decided)


def drift(society: Society, moment: Moment) -> None:
    """Quality is AR(1) around its family's mean, with the spread between agents as its stationary sd."""
    spec = moment.world.agents.quality
    if not isinstance(spec, NormalQuality) or spec.phi == 1 or not spec.sd:
        return
    agents = society.agents
    means = spec.mean + np.array([family.quality for family in moment.world.families.values()])
    _drift(
        agents.quality, agents.family, means, spec.phi, spec.sd * math.sqrt(1 - spec.phi**2),
        moment.chance.key("drift", moment.tick),
    )  # fmt: skip


def draw_teams(society: Society, moment: Moment, leaders: Array, able: Array) -> Array:
    """int32[teams, team]: leader first, then members, -1 where nobody was left."""
    work, graph = moment.world.work, society.ties.graph
    key = moment.chance.key("team", moment.tick)
    if work.panel == "random":
        return np.asarray(_panels(leaders, np.flatnonzero(able).astype(np.int32), work.team, key))
    longest = int(np.diff(graph.indptr).max(initial=0))
    return np.asarray(_teams(graph.indptr, graph.indices, leaders, able, work.team, longest, key))


def answers(society: Society, moment: Moment, work: Work, leaders: Array, members: Array) -> tuple[Array, Array]:
    """Who is right, bool[teams, team], and whether each team decides rightly, bool[teams]."""
    agents, ties = society.agents, society.ties
    return _answers(  # type: ignore[no-any-return]
        leaders, members, agents.quality, agents.family, work.difficulty_mean, work.difficulty_sd, work.spread,
        work.rho_within, work.rho_between, DECISIONS[work.decision], work.verifier_hit, work.verifier_false,
        ties.graph.indptr, ties.graph.reverse, ties.trust, moment.chance.key("task", moment.tick),
    )  # fmt: skip


@njit(cache=True)
def _drift(quality: Any, family: Any, means: Any, phi: Any, sd: Any, key: Any) -> None:
    for slot in range(len(quality)):
        mean = means[family[slot]]
        value = mean + phi * (quality[slot] - mean) + sd * gauss(fold(key, slot))
        quality[slot] = min(100.0, max(0.0, value))


@njit(cache=True)
def _teams(indptr: Any, indices: Any, leaders: Any, able: Any, size: Any, longest: Any, key: Any) -> Any:
    """Members drawn without replacement from the leader's able ties (partial Fisher-Yates)."""
    members = np.full((len(leaders), size), -1, np.int32)
    pool = np.empty(longest, np.int32)
    for team in range(len(leaders)):
        leader = leaders[team]
        members[team, 0] = leader
        n = 0
        for edge in range(indptr[leader], indptr[leader + 1]):
            if able[indices[edge]]:
                pool[n] = indices[edge]
                n += 1
        luck = fold(key, leader)
        for place in range(1, min(size, n + 1)):
            pick = place - 1 + int(unit(fold(luck, place)) * (n - place + 1))
            pool[place - 1], pool[pick] = pool[pick], pool[place - 1]
            members[team, place] = pool[place - 1]
    return members


@njit(cache=True)
def _panels(leaders: Any, able: Any, size: Any, key: Any) -> Any:
    """Members drawn at random from everyone able (a few redraws on collision, then a smaller team)."""
    members = np.full((len(leaders), size), -1, np.int32)
    for team in range(len(leaders)):
        members[team, 0] = leaders[team]
        luck = fold(key, leaders[team])
        for place in range(1, size):
            for _ in range(16):
                luck = mix(luck + np.uint64(1))
                pick = able[int(unit(luck) * len(able))]
                new = True
                for other in range(place):
                    new = new and members[team, other] != pick
                if new:
                    members[team, place] = pick
                    break
    return members


@njit(cache=True)
def _right(p: Any, rho: Any, u_family: Any, own: Any) -> Any:
    """Is one member right? Own luck below theta = BetaInv(u_family; p k, (1 - p) k), k = 1 / rho - 1 (gate G13)."""
    if rho <= 0.0:
        return own < p
    if rho >= 1.0:
        return u_family > 1.0 - p
    k = 1.0 / rho - 1.0
    return beta_cdf(own, p * k, (1.0 - p) * k) < u_family


@njit(cache=True)
def _answers(
    leaders: Any, members: Any, quality: Any, family: Any, difficulty: Any, spread_of_tasks: Any, spread: Any, rho: Any,
    c: Any, decision: Any, hit: Any, false: Any, indptr: Any, reverse: Any, trust: Any, key: Any,
) -> Any:  # fmt: skip
    teams, size = members.shape
    right = np.zeros((teams, size), np.bool_)
    decided = np.zeros(teams, np.bool_)
    for team in range(teams):
        luck = fold(key, leaders[team])
        d = difficulty + spread_of_tasks * gauss(mix(luck ^ np.uint64(1)))
        z_task = gauss(mix(luck ^ np.uint64(2)))
        votes, total, best = 0.0, 0.0, -1.0
        for place in range(size):
            member = members[team, place]
            if member < 0:
                continue
            p = 1.0 / (1.0 + math.exp(-(quality[member] - d) / spread))
            z_family = gauss(fold(luck, np.int64(-1) - family[member]))
            u = normal_cdf(math.sqrt(c) * z_task + math.sqrt(1.0 - c) * z_family)
            right[team, place] = _right(p, rho, u, unit(fold(luck, member)))
            weight = 1.0
            if decision == 1 or decision == 2:
                weight = _standing(member, indptr, reverse, trust)
            if decision == 1:
                weight = max(0.0, math.log(weight / (1.0 - weight)))
            if decision == 2:
                if weight > best:
                    best, total = weight, 1.0
                    votes = 1.0 if right[team, place] else 0.0
            else:
                total += weight
                votes += weight if right[team, place] else 0.0
        decided[team] = votes > total / 2 or (votes == total / 2 and unit(mix(luck ^ np.uint64(3))) < 0.5)
        if decision == 3:
            check = unit(mix(luck ^ np.uint64(4)))
            decided[team] = check >= false if decided[team] else check < hit
    return right, decided


@njit(cache=True)
def _standing(member: Any, indptr: Any, reverse: Any, trust: Any) -> Any:
    """Mean trust of others in a member, kept off 0 and 1; one half for a stranger."""
    total, n = 0.0, 0
    for edge in range(indptr[member], indptr[member + 1]):
        if reverse[edge] >= 0:
            total += trust[reverse[edge]]
            n += 1
    return min(0.999, max(0.001, total / n)) if n else 0.5


@njit(cache=True)
def _learn(
    indptr: Any, indices: Any, members: Any, right: Any, decided: Any, own: Any, rate: Any, tick: Any, trust: Any,
    joint: Any, last: Any, seen_sum: Any, seen_count: Any,
) -> None:  # fmt: skip
    """t <- (1 - a) t + a (c_own [j right] + (1 - c_own) [team right]), from start-of-tick trust, on existing ties.

    What one member sees of another in several teams of one tick is averaged.
    """
    teams, size = members.shape
    touched = np.empty(teams * size * (size - 1), np.int64)
    n = 0
    for team in range(teams):
        for i in range(size):
            for j in range(size):
                if i == j or members[team, i] < 0 or members[team, j] < 0:
                    continue
                edge = position(indptr, indices, members[team, i], members[team, j])
                if edge < 0:
                    continue
                if seen_count[edge] == 0:
                    touched[n] = edge
                    n += 1
                seen_count[edge] += 1
                seen_sum[edge] += own * right[team, j] + (1.0 - own) * decided[team]
    for at in range(n):
        edge = touched[at]
        trust[edge] = (1.0 - rate) * trust[edge] + rate * seen_sum[edge] / seen_count[edge]
        joint[edge] += seen_count[edge]
        last[edge] = tick
        seen_sum[edge] = 0.0
        seen_count[edge] = 0


def _count(society: Society, moment: Moment, members: Array, right: Array, decided: Array) -> None:
    agents, counts = society.agents, moment.counts
    there = members >= 0
    quality = np.where(there, agents.quality[members], -1.0)
    rows = np.arange(len(members))
    doomed = there & (quality < moment.world.review.threshold)
    saved = there & agents.saved[members]
    counts.update(
        teams=len(members),
        teams_right=int(decided.sum()),
        members=int(there.sum()),
        members_right=int(right.sum()),
        best_right=int(right[rows, quality.argmax(axis=1)].sum()),
        doomed_members=int(doomed.sum()),
        doomed_right=int((right & doomed).sum()),
        saved_members=int(saved.sum()),
        saved_right=int((right & saved).sum()),
    )


RULE = Rule(
    "work", run, owns=("agents.quality", "ties.trust", "ties.joint", "ties.last", "ties.seen_sum", "ties.seen_count")
)
