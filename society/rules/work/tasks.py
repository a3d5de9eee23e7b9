"""Work as tasks of eight kinds that fixed groups do in turn: is there one factor behind how well (Woolley et al., 2010)?

All numbers are assumed: a group's score is what its members say in turn, each adding its skill at the task, raised where the
next speaker understood it. So what comes out tests the statistics of such a factor, not groups of language models.
"""

from typing import Any

import numpy as np

from society.ground.chance import fold, unit
from society.ground.kernels import kernel
from society.ground.words import Quantity
from society.rules.moment import Array, Moment
from society.state.columns import Society
from society.world.work import Tasks

#: Kinds of task; each needs its own mix of general and special skill.
KINDS = 8
#: What a turn gains when it is built on (assumed).
BUILT_ON = 1.0


def work(society: Society, moment: Moment, spec: Tasks) -> None:
    """Let every group do the task of this tick; record its score and, once, what its members are like."""
    n = society.n // spec.group * spec.group
    if not n:
        return
    members = np.arange(n).reshape(-1, spec.group)
    chance, tick = moment.chance, moment.tick
    general, reads = chance.normal("general skill", 0, np.arange(n)), chance.normal("mind reading", 0, np.arange(n))
    special = chance.normal("special skill", 0, np.arange(n), tick % KINDS)
    skill = np.sqrt(spec.skill) * general + np.sqrt(1 - spec.skill) * special
    reads = np.clip(0.5 + spec.mind_reading * reads, 0, 1)
    groups = members[:, 0]
    share = turn_shares(moment, spec, members)
    score = np.empty(len(members))
    _score(members, skill, reads, share, spec.turns, chance.key("turns", tick), score)
    score += spec.noise * chance.normal("task luck", tick, groups)
    moment.find(Quantity.TASK_SCORE, score, groups)
    if tick == 1:
        spread = np.sort(share, axis=1)
        place = np.arange(1, spec.group + 1)
        gini = (2 * place - spec.group - 1) @ spread.T / (spec.group * spread.sum(axis=1))
        moment.find(Quantity.TURN_GINI, gini, groups)
        moment.find(Quantity.MIND_READING, reads[members].mean(axis=1), groups)
        moment.find(Quantity.SKILL, general[members].mean(axis=1), groups)


def turn_shares(moment: Moment, spec: Tasks, members: Array) -> Array:
    """float64[groups, members]: shares of the turns; exp(dominance of the group x assertiveness of the member), scaled."""
    dominance = spec.dominance * np.abs(moment.chance.normal("dominance", 0, members[:, 0]))
    weight = np.exp(dominance[:, None] * moment.chance.normal("assertiveness", 0, members))
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


@kernel
def _score(members: Any, skill: Any, reads: Any, share: Any, turns: Any, key: Any, score: Any) -> None:
    """Mean over turns of who speaks' skill, plus a gain where the next speaker is another and understands."""
    for group in range(len(members)):
        luck = fold(key, members[group, 0])
        total, last = 0.0, -1
        for turn in range(turns):
            u = unit(fold(luck, 2 * turn))
            place, upto = 0, share[group, 0]
            while u > upto and place < members.shape[1] - 1:
                place += 1
                upto += share[group, place]
            who = members[group, place]
            total += skill[who]
            if last >= 0 and last != who and unit(fold(luck, 2 * turn + 1)) < reads[who]:
                total += BUILT_ON
            last = who
        score[group] = total / turns
