"""Work as search: teams look for the peak of a ring, taking turns where others are stuck (Hong and Page, PNAS 2004)."""

from itertools import permutations
from typing import Any

import numpy as np

from society.ground.kernels import kernel
from society.ground.words import Quantity
from society.rules.moment import Array, Moment
from society.state.columns import Society
from society.world.work import Search


def work(society: Society, moment: Moment, spec: Search) -> None:
    """Let the ablest, random agents, and half of each search one landscape; record what each team reaches.

    A member's ability is the mean value it reaches alone from every place; a team's, the mean it reaches together.
    """
    if moment.tick % spec.every:
        return
    values = landscape(moment, spec)
    heuristics = heuristics_of(moment, spec, society.n)
    able = np.flatnonzero(moment.awake(society))
    size = min(spec.team, len(able))
    if not size:
        return
    alone = np.empty(society.n)
    _alone(values, heuristics, able, alone)
    best = able[np.argsort(-alone[able], kind="stable")[:size]]
    drawn = able[np.argsort(moment.chance.bits("search team", moment.tick, able), kind="stable")[:size]]
    half = size // 2
    mixed = np.unique(np.concatenate([best[:half], drawn[: size - half]]))
    for quantity, team in (
        (Quantity.SEARCH_BEST, best),
        (Quantity.SEARCH_RANDOM, drawn),
        (Quantity.SEARCH_MIXED, mixed),
    ):
        moment.find(quantity, float(_together(values, heuristics[team])))
    moment.find(Quantity.SEARCH_ALONE, float(alone[able].mean()))


def landscape(moment: Moment, spec: Search) -> Array:
    """float64[places]: values U(0, 100), smoothed by a moving mean over the ring and stretched back to 0..100."""
    values = 100 * moment.chance.uniform("landscape", moment.tick, np.arange(spec.places))
    if spec.smoothness:
        window = range(-spec.smoothness, spec.smoothness + 1)
        values = np.mean([np.roll(values, shift) for shift in window], axis=0)
        values = 100 * (values - values.min()) / (values.max() - values.min())
    return np.asarray(values)


def heuristics_of(moment: Moment, spec: Search, n: int) -> Array:
    """int64[n, steps]: each agent's steps for life, all different heuristics as long as there are enough."""
    every = np.array(list(permutations(range(1, spec.longest + 1), spec.steps)), np.int64)
    order = np.argsort(moment.chance.bits("heuristic", 0, np.arange(len(every))), kind="stable")
    return every[order[np.arange(n) % len(every)]]


@kernel
def _climb(values: Any, steps: Any, start: Any) -> Any:
    """Where a member stops: it tries its steps in turn and moves whenever the place ahead is higher."""
    place, failed, turn = start, 0, 0
    while failed < len(steps):
        ahead = (place + steps[turn]) % len(values)
        if values[ahead] > values[place]:
            place, failed = ahead, 0
        else:
            failed += 1
        turn = (turn + 1) % len(steps)
    return place


@kernel
def _alone(values: Any, heuristics: Any, able: Any, reached: Any) -> None:
    for agent in able:
        total = 0.0
        for start in range(len(values)):
            total += values[_climb(values, heuristics[agent], start)]
        reached[agent] = total / len(values)


@kernel
def _together(values: Any, heuristics: Any) -> Any:
    """Mean value where a team stops: members in turn go on from where the one before stopped, until nobody can."""
    total = 0.0
    for start in range(len(values)):
        place, stuck, turn = start, 0, 0
        while stuck < len(heuristics):
            reached = _climb(values, heuristics[turn], place)
            stuck = stuck + 1 if reached == place else 0
            place = reached
            turn = (turn + 1) % len(heuristics)
        total += values[place]
    return total / len(values)
