"""Who is right: errors that agents of one family, and of one task, have in common (docs/model.md, Work; docs/theory.md, G13).

Per task z_task, per (task, family) z_f; u_f = Phi(sqrt(c) z_task + sqrt(1 - c) z_f); member j is right if its own luck is
below theta_j = BetaInv(u_f; p_j k, (1 - p_j) k), k = 1 / rho - 1. The test is made as F(own; p_j k, (1 - p_j) k) < u_f,
where F, the beta distribution function, rises in own and falls in p: a table of Phi^-1(F) on a grid bounds it, so that F
and Phi are needed only where the family's luck lies between the bounds (2 in ``GRID`` times). Bounds change no result.
"""

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from society.ground.chance import fold, gauss, mix, unit
from society.ground.kernels import kernel
from society.ground.special import beta_cdf, normal_cdf

#: Cells of the table of bounds along own luck and along p.
GRID = 128
#: Slack of the bounds, far above the error of ``beta_cdf``.
SLACK = 1e-9


@lru_cache(maxsize=8)
def bounds(rho: float) -> NDArray[np.float64]:
    """Bounds of the family's normal luck below which a member is wrong, and above which it is right.

    Args:
        rho: correlation of errors within a family, 0..1.

    Returns:
        float64[2, GRID, GRID]: Phi^-1 of the least and the greatest F(own; p k, (1 - p) k) in the cell of own luck
        [i, i + 1] / GRID and p [j, j + 1] / GRID; empty for rho 0 and 1, which need none.

    Example:
        >>> low, high = bounds(0.4)
        >>> bool(low[64, 64] < 0 < high[64, 63])  # at own = p = 1/2, F = 1/2
        True
    """
    if not 0.0 < rho < 1.0:
        return np.zeros((2, 0, 0))
    table = np.asarray(_table(1.0 / rho - 1.0))
    low, high = table[:-1, 1:] - SLACK, table[1:, :-1] + SLACK
    return np.asarray(ndtri(np.clip([low, high], 0.0, 1.0)))


@kernel
def _table(k: Any) -> Any:
    table = np.empty((GRID + 1, GRID + 1))
    table[:, 0], table[:, GRID] = 1.0, 0.0
    for i in range(GRID + 1):
        for j in range(1, GRID):
            p = j / GRID
            table[i, j] = beta_cdf(i / GRID, p * k, (1.0 - p) * k)
    return table


@kernel
def is_right(p: Any, rho: Any, z_family: Any, own: Any, table: Any) -> Any:
    """Is a member right that is right with probability p on average? z_family: normal luck of its family; own: its own."""
    if rho <= 0.0:
        return own < p
    if rho >= 1.0:
        return normal_cdf(z_family) > 1.0 - p
    i, j = int(own * GRID), int(p * GRID)
    if i < GRID and j < GRID:
        if z_family > table[1, i, j]:
            return True
        if z_family < table[0, i, j]:
            return False
    k = 1.0 / rho - 1.0
    return beta_cdf(own, p * k, (1.0 - p) * k) < normal_cdf(z_family)


@kernel
def team_answers(
    first: Any, last: Any, members: Any, quality: Any, family: Any, difficulty: Any, spread_of_tasks: Any, spread: Any, rho: Any,
    c: Any, decision: Any, hit: Any, false: Any, starts: Any, into: Any, trust: Any, key: Any, table: Any,
    right: Any, decided: Any,
) -> None:  # fmt: skip
    """Fill ``right``, bool[teams, size], and ``decided``, bool[teams]; for the other arguments see ``rules.teams``."""
    size = members.shape[1]
    shared, apart = math.sqrt(c), math.sqrt(1.0 - c)
    for team in range(first, last):
        luck = fold(key, members[team, 0])
        d = difficulty + spread_of_tasks * gauss(mix(luck ^ np.uint64(1)))
        z_task = gauss(mix(luck ^ np.uint64(2)))
        votes, total, best = 0.0, 0.0, -1.0
        for place in range(size):
            member = members[team, place]
            if member < 0:
                continue
            p = 1.0 / (1.0 + math.exp(-(quality[member] - d) / spread))
            z = 0.0
            if rho > 0.0:
                z = shared * z_task + apart * gauss(fold(luck, np.int64(-1) - family[member]))
            right[team, place] = is_right(p, rho, z, unit(fold(luck, member)), table)
            weight = 1.0
            if decision == 1 or decision == 2:
                weight = _standing(member, starts, into, trust)
            if decision == 1:
                weight = math.log(weight / (1.0 - weight))
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


@kernel
def _standing(member: Any, starts: Any, into: Any, trust: Any) -> Any:
    """Mean trust of others in a member, kept off 0 and 1; one half for a stranger."""
    total, n = 0.0, starts[member + 1] - starts[member]
    for place in range(starts[member], starts[member + 1]):
        total += trust[into[place]]
    return min(0.999, max(0.001, total / n)) if n else 0.5
