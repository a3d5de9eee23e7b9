"""Work in teams: yes/no tasks, answered together; from what members see of each other, trust grows and fades."""

from typing import Any

import numpy as np

from society.ground.chance import fold, mix, unit
from society.ground.kernels import kernel
from society.ground.threads import spread
from society.ground.words import Role
from society.rules.moment import Array, Moment
from society.rules.trust.trust_from_work import learn
from society.rules.work.correlated_errors import bounds, team_answers
from society.rules.work.debate import correlate, discuss, with_people
from society.state.columns import Society
from society.world.work import Teams

DECISIONS = {"majority": 0, "trust": 1, "best": 2, "verifier": 3}
COUNTED = (
    "members", "members_right", "best_right", "doomed_members", "doomed_right", "saved_members", "saved_right",
)  # fmt: skip


def work(society: Society, moment: Moment, spec: Teams) -> None:
    """Draw teams, let them decide, and move trust."""
    if not spec.share:
        return
    agents = society.agents
    able = moment.awake(society) & (agents.roles & int(Role.WORKER) > 0)
    leads = moment.chance.uniform("leader", moment.tick, np.arange(society.n)) < spec.share
    leaders = np.flatnonzero(able & leads).astype(np.int32)
    if not len(leaders):
        return
    members, via = draw_teams(society, moment, spec, leaders, able)
    right, decided = answers(society, moment, spec, members)
    if spec.debate or spec.answers > 1:
        discuss(society, moment, spec, members, right, decided)
    if spec.human:
        decided = with_people(moment, spec.human, leaders, decided)
    if spec.correlations:
        correlate(society, moment, members, right)
    learn(society, moment, spec, members, via, right, decided)
    parts = spread(
        moment.threads,
        len(members),
        _count,
        members,
        right,
        agents.quality,
        agents.saved,
        moment.world.review.threshold,
    )
    moment.counts.update(zip(COUNTED, np.sum(parts, axis=0).tolist(), strict=True))
    moment.counts.update(teams=len(members), teams_right=int(decided.sum()))


def draw_teams(society: Society, moment: Moment, spec: Teams, leaders: Array, able: Array) -> tuple[Array, Array]:
    """Who works with whom.

    Returns:
        int32[teams, team], leader first, then members, -1 where nobody was left; int64[teams, team], the tie from the
        leader to each member, -1 where it is not known.
    """
    graph = society.ties.graph
    key = moment.chance.key("team", moment.tick)
    members = np.full((len(leaders), spec.team), -1, np.int32)
    via = np.full(members.shape, -1, np.int64)
    if spec.panel == "random":
        anyone = np.flatnonzero(able).astype(np.int32)
        spread(moment.threads, len(leaders), _panels, leaders, anyone, key, members)
    else:
        spread(moment.threads, len(leaders), _teams, graph.indptr, graph.indices, leaders, able, key, members, via)
    return members, via


def answers(society: Society, moment: Moment, spec: Teams, members: Array) -> tuple[Array, Array]:
    """Who is right, bool[teams, team], and whether each team decides rightly, bool[teams]."""
    agents, ties = society.agents, society.ties
    right, decided = np.zeros(members.shape, np.bool_), np.zeros(len(members), np.bool_)
    spread(
        moment.threads, len(members), team_answers, members, agents.quality, agents.family, spec.difficulty_mean,
        spec.difficulty_sd, spec.spread, spec.rho_within, spec.rho_between, DECISIONS[spec.decision], spec.verifier_hit,
        spec.verifier_false, *ties.graph.incoming, ties.trust, moment.chance.key("task", moment.tick),
        bounds(spec.rho_within), right, decided,
    )  # fmt: skip
    return right, decided


@kernel
def _teams(
    first: Any, last: Any, indptr: Any, indices: Any, leaders: Any, able: Any, key: Any, members: Any, via: Any
) -> None:
    """Members drawn without replacement from the leader's able ties (partial Fisher-Yates)."""
    size = members.shape[1]
    pool = np.empty(64, np.int64)
    for team in range(first, last):
        leader = leaders[team]
        members[team, 0] = leader
        if indptr[leader + 1] - indptr[leader] > len(pool):
            pool = np.empty(2 * (indptr[leader + 1] - indptr[leader]), np.int64)
        n = 0
        for edge in range(indptr[leader], indptr[leader + 1]):
            if able[indices[edge]]:
                pool[n] = edge
                n += 1
        luck = fold(key, leader)
        for place in range(1, min(size, n + 1)):
            pick = place - 1 + int(unit(fold(luck, place)) * (n - place + 1))
            pool[place - 1], pool[pick] = pool[pick], pool[place - 1]
            via[team, place] = pool[place - 1]
            members[team, place] = indices[pool[place - 1]]


@kernel
def _panels(first: Any, last: Any, leaders: Any, able: Any, key: Any, members: Any) -> None:
    """Members drawn at random from everyone able (a few redraws on collision, then a smaller team)."""
    size = members.shape[1]
    for team in range(first, last):
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


@kernel
def _count(first: Any, last: Any, members: Any, right: Any, quality: Any, saved: Any, threshold: Any) -> Any:
    """Members, right ones, teams whose best member is right, doomed members and right ones, saved ones and right ones."""
    total = np.zeros(7, np.int64)
    for team in range(first, last):
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
