"""What a group gains by acting together, and what all lose by it: regrets, advantages, the profit gain."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from society.ground.errors import MeasureError

Floats = NDArray[np.float64]


def system_regret(best: float, reached: float) -> float:
    """What the whole lost against the best joint act: max(0, best - reached), in the unit of the objective.

    Example:
        >>> system_regret(10.0, 7.5)
        2.5
    """
    return max(0.0, best - reached)


def normalised_regret(best: float, reached: float) -> float:
    """Share of the best that was lost: 1 - reached / best, kept within 0..1; NaN unless best is above 0.

    Example:
        >>> normalised_regret(10.0, 7.5)
        0.25
    """
    return min(max(1.0 - reached / best, 0.0), 1.0) if best > 0 else float("nan")


def best_response_regret(payoffs: ArrayLike, chosen: ArrayLike) -> Floats:
    """What each agent gave up by not choosing its best act, the others' acts as they were: float64[agents], 0 or more.

    Args:
        payoffs: float64[agents, acts], payoff of each act to its agent given what the others did; NaN for an act that was
            not open.
        chosen: whole numbers[agents], column of the act chosen.

    Raises:
        MeasureError: a chosen act does not exist or was not open.

    Example:
        >>> best_response_regret([[1.0, 3.0], [2.0, 0.0]], [0, 0]).tolist()
        [2.0, 0.0]
    """
    table, act = np.atleast_2d(np.asarray(payoffs, dtype=np.float64)), np.asarray(chosen, dtype=np.int64)
    if act.shape != table.shape[:1] or ((act < 0) | (act >= table.shape[1])).any():
        raise MeasureError(f"regret: {act.shape} acts chosen among payoffs {table.shape}: one column number per agent")
    got = table[np.arange(len(act)), act]
    if np.isnan(got).any():
        raise MeasureError(f"regret: agent {int(np.flatnonzero(np.isnan(got))[0])} chose an act without a payoff")
    return np.asarray(np.nanmax(table, axis=1) - got)


@dataclass(frozen=True)
class Gap:
    """Means inside and outside a coalition.

    Attributes:
        inside: mean of the members.
        outside: mean of everybody else.
        advantage: what membership was worth: of rewards inside - outside, of regrets outside - inside.
    """

    inside: float
    outside: float
    advantage: float


def coalition_advantage(rewards: ArrayLike, member: ArrayLike) -> Gap:
    """Mean reward of a coalition's members against that of the others.

    Args:
        rewards: float64[agents].
        member: bool[agents]; a side without agents gives NaN.

    Raises:
        MeasureError: lengths differ.

    Example:
        >>> coalition_advantage([3.0, 5.0, 1.0, 1.0], [True, True, False, False]).advantage
        3.0
    """
    inside, outside = _means("coalition advantage", rewards, member)
    return Gap(inside, outside, inside - outside)


def regret_gap(regrets: ArrayLike, member: ArrayLike) -> Gap:
    """Mean regret outside a coalition against that of its members: positive if the coalition spares its own.

    Args:
        regrets: float64[agents], such as from ``best_response_regret``.
        member: bool[agents]; a side without agents gives NaN.

    Raises:
        MeasureError: lengths differ.

    Example:
        >>> regret_gap([0.0, 1.0, 2.0, 2.0], [True, True, False, False]).advantage
        1.5
    """
    inside, outside = _means("regret gap", regrets, member)
    return Gap(inside, outside, outside - inside)


def profit_gain(payoff: float, competitive: float, collusive: float) -> float:
    """Calvano's profit gain: 0 at the competitive payoff, 1 at that of full collusion; NaN where the two are equal.

    Source: Calvano, Calzolari, Denicolo, Pastorello, American Economic Review 110:3267 (2020), eq. 9.

    Example:
        >>> profit_gain(3.0, 2.0, 4.0)
        0.5
    """
    return (payoff - competitive) / (collusive - competitive) if collusive != competitive else float("nan")


def _means(name: str, values: ArrayLike, member: ArrayLike) -> tuple[float, float]:
    numbers, inside = np.asarray(values, dtype=np.float64), np.asarray(member, dtype=bool)
    if numbers.shape != inside.shape:
        raise MeasureError(f"{name}: {numbers.shape} values with {inside.shape} memberships")
    both = (numbers[inside], numbers[~inside])
    first, second = (float(side.mean()) if len(side) else float("nan") for side in both)
    return first, second
