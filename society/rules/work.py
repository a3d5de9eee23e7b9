"""Step 3: teams answer yes/no tasks; from what members see of each other, trust grows and fades (model.md 3.2)."""

import math
from typing import Any

import numpy as np

from society.ground.chance import fold, gauss, mix, unit
from society.ground.kernels import kernel
from society.ground.words import Role
from society.network.graph import position
from society.rules.correlated_errors import bounds, team_answers
from society.rules.moment import Array, Moment, Rule
from society.spec.institutions import Work
from society.spec.population import NormalQuality
from society.state.columns import Society

DECISIONS = {"majority": 0, "trust": 1, "best": 2, "verifier": 3}
COUNTED = (
    "members", "members_right", "best_right", "doomed_members", "doomed_right", "saved_members", "saved_right",
)  # fmt: skip


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
    ties, graph = society.ties, society.ties.graph
    _learn(
        graph.indptr, graph.indices, graph.reverse, graph.mutual, members, right, decided, work.own_weight,
        work.trust_rate, moment.tick, ties.trust, ties.joint, ties.last, ties.entry,
    )  # fmt: skip
    counted = _count(members, right, agents.quality, agents.saved, moment.world.review.threshold)
    moment.counts.update(zip(COUNTED, counted.tolist(), strict=True))
    moment.counts.update(teams=len(members), teams_right=int(decided.sum()))


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
    return team_answers(  # type: ignore[no-any-return]
        leaders, members, agents.quality, agents.family, work.difficulty_mean, work.difficulty_sd, work.spread,
        work.rho_within, work.rho_between, DECISIONS[work.decision], work.verifier_hit, work.verifier_false,
        ties.graph.indptr, ties.graph.reverse, ties.trust, moment.chance.key("task", moment.tick),
        bounds(work.rho_within),
    )  # fmt: skip


@kernel
def _drift(quality: Any, family: Any, means: Any, phi: Any, sd: Any, key: Any) -> None:
    for slot in range(len(quality)):
        mean = means[family[slot]]
        value = mean + phi * (quality[slot] - mean) + sd * gauss(fold(key, slot))
        quality[slot] = min(100.0, max(0.0, value))


@kernel
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


@kernel
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


@kernel
def _learn(
    indptr: Any, indices: Any, reverse: Any, mutual: Any, members: Any, right: Any, decided: Any, own: Any, rate: Any,
    tick: Any, trust: Any, joint: Any, last: Any, entry: Any,
) -> None:  # fmt: skip
    """t <- (1 - a) t + a (c_own [j right] + (1 - c_own) [team right]), from start-of-tick trust, on existing ties.

    What one member sees of another in several teams of one tick is averaged. ``mutual``: every tie goes both ways.
    """
    teams, size = members.shape
    most = teams * size * (size - 1)
    tie_of, total, times = np.empty(most, np.int64), np.empty(most, np.float32), np.empty(most, np.int32)
    n = 0
    for team in range(teams):
        common = (1.0 - own) * decided[team]
        for i in range(size):
            for j in range(i + 1, size):
                if members[team, i] < 0 or members[team, j] < 0:
                    continue
                forth = position(indptr, indices, members[team, i], members[team, j])
                back = reverse[forth] if forth >= 0 else np.int64(-1)
                if back < 0 and not mutual:
                    back = position(indptr, indices, members[team, j], members[team, i])
                for tie, seen in ((forth, right[team, j]), (back, right[team, i])):
                    if tie < 0:
                        continue
                    if entry[tie] == 0:
                        tie_of[n], total[n], times[n] = tie, 0.0, 0
                        n += 1
                        entry[tie] = n
                    at = entry[tie] - 1
                    total[at] += own * seen + common
                    times[at] += 1
    for at in range(n):
        tie = tie_of[at]
        trust[tie] = (1.0 - rate) * trust[tie] + rate * total[at] / times[at]
        joint[tie] += times[at]
        last[tie] = tick
        entry[tie] = 0


@kernel
def _count(members: Any, right: Any, quality: Any, saved: Any, threshold: Any) -> Any:
    """Members, right ones, teams whose best member is right, doomed members and right ones, saved ones and right ones."""
    total = np.zeros(7, np.int64)
    for team in range(len(members)):
        best, highest = 0, -1.0
        for place in range(members.shape[1]):
            member = members[team, place]
            if member < 0:
                continue
            ok = 1 if right[team, place] else 0
            total[0] += 1
            total[1] += ok
            if quality[member] > highest:
                best, highest = ok, quality[member]
            if quality[member] < threshold:
                total[3] += 1
                total[4] += ok
            if saved[member]:
                total[5] += 1
                total[6] += ok
        total[2] += best
    return total


RULE = Rule("work", run, owns=("agents.quality", "ties.trust", "ties.joint", "ties.last", "ties.entry"))
