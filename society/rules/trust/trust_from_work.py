"""How trust moves by what the members of a team see of each other (docs/model.md, Work).

t <- (1 - a) t + a (c_own [j right] + (1 - c_own) [team right]), from start-of-tick trust, on existing ties only. What one
member sees of another in several teams of one tick is averaged.
"""

from typing import Any

import numpy as np

from society.ground.kernels import kernel
from society.ground.threads import spread
from society.network.graph import position
from society.rules.moment import Array, Moment
from society.state.columns import Society
from society.world.work import Teams


def learn(
    society: Society, moment: Moment, spec: Teams, members: Array, via: Array, right: Array, decided: Array
) -> None:
    """Move trust on all ties among members of a team.

    Args:
        society: the society.
        moment: the tick.
        spec: how teams work.
        members: int32[teams, size], the leader first, -1 for nobody.
        via: int64[teams, size], the tie from the leader to each member, -1 where unknown.
        right: bool[teams, size].
        decided: bool[teams], whether the team was right.
    """
    ties, graph = society.ties, society.ties.graph
    teams, size = members.shape
    narrow = np.int32 if graph.m < 2**31 else np.int64
    tie = np.empty((teams, size * (size - 1)), narrow)
    spread(
        moment.threads, teams, _meetings, graph.indptr, graph.indices, graph.reverse, graph.mutual, members, via, tie
    )
    spread(
        moment.threads, graph.m, _learn, tie, right, decided, spec.own_weight, spec.trust_rate, moment.tick, ties.trust,
        ties.joint, ties.last, ties.entry,
    )  # fmt: skip


@kernel
def _meetings(
    first: Any, last: Any, indptr: Any, indices: Any, reverse: Any, mutual: Any, members: Any, via: Any, tie: Any
) -> None:
    """The ties i -> j and j -> i of every pair i < j of a team, -1 where there is none; ``mutual``: all go both ways."""
    size = members.shape[1]
    for team in range(first, last):
        column = 0
        for i in range(size):
            a = members[team, i]
            for j in range(i + 1, size):
                b = members[team, j]
                forth = back = np.int64(-1)
                if a >= 0 and b >= 0:
                    known = i == 0 and via[team, j] >= 0
                    forth = via[team, j] if known else position(indptr, indices, a, b)
                    if forth >= 0:
                        back = reverse[np.uint64(forth)]
                    if back < 0 and not mutual:
                        back = position(indptr, indices, b, a)
                tie[team, column], tie[team, column + 1] = forth, back
                column += 2


@kernel
def _learn(
    low: Any, high: Any, tie: Any, right: Any, decided: Any, own: Any, rate: Any, tick: Any, trust: Any, joint: Any,
    last: Any, entry: Any,
) -> None:  # fmt: skip
    """Move trust on the ties low .. high - 1. Loops are kept apart so that each waits for one array only."""
    teams, most = tie.shape
    seen_of = _seen_of(right.shape[1])
    moved, total, times = (
        np.empty(teams * most, tie.dtype),
        np.empty(teams * most, np.float32),
        np.empty(teams * most, np.int32),
    )
    n = 0
    for team in range(teams):
        common = (1.0 - own) * decided[team]
        for column in range(most):
            if tie[team, column] < low or tie[team, column] >= high:
                continue
            this = np.uint64(tie[team, column])
            if entry[this] == 0:
                moved[n], total[n], times[n] = this, 0.0, 0
                n += 1
                entry[this] = n
            row = np.uint64(entry[this] - 1)
            total[row] += own * right[team, seen_of[column]] + common
            times[row] += 1
    for at in range(n):
        this = np.uint64(moved[at])
        trust[this] = (1.0 - rate) * trust[this] + rate * total[at] / times[at]
    for at in range(n):
        joint[np.uint64(moved[at])] += times[at]
    for at in range(n):
        last[np.uint64(moved[at])] = tick
    for at in range(n):
        entry[np.uint64(moved[at])] = 0


@kernel
def _seen_of(size: Any) -> Any:
    """int64[size (size - 1)]: the place in the team of who is seen over each column of ties."""
    seen = np.empty(size * (size - 1), np.int64)
    column = 0
    for i in range(size):
        for j in range(i + 1, size):
            seen[column], seen[column + 1] = j, i
            column += 2
    return seen
