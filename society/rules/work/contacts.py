"""Work as contacts: agents look at how their ties perform, with noise; trust follows, and scores if the world says so."""

from typing import Any

import numpy as np

from society.ground.chance import fold, mix
from society.ground.kernels import kernel
from society.ground.threads import spread
from society.rules.moment import Moment
from society.state.columns import Society
from society.world.work import Contacts


def work(society: Society, moment: Moment, spec: Contacts) -> None:
    """Let every agent at work contact some of its ties."""
    if not spec.contacts:
        return
    agents, ties, n = society.agents, society.ties, society.n
    seen_of, seen = np.empty((n, spec.contacts), np.int32), np.empty((n, spec.contacts), np.float32)
    spread(
        moment.threads, n, _contact, ties.graph.indptr, ties.graph.indices, moment.awake(society), agents.quality,
        np.float32(spec.noise), np.float32(spec.trust_rate), moment.chance.key("contact", moment.tick),
        ties.trust, seen_of, seen,
    )  # fmt: skip
    if spec.scores:
        spread(moment.threads, n, _score, seen_of, seen, agents.score)


@kernel
def _contact(
    first: Any, last: Any, indptr: Any, indices: Any, awake: Any, quality: Any, noise: Any, rate: Any, key: Any, trust: Any,
    seen_of: Any, seen: Any,
) -> None:  # fmt: skip
    """t <- (1 - a) t + a seen / 100, contact by contact; seen = quality + noise (u - 1/2), clipped to 0..100.

    One draw of 64 bits serves a contact: the upper half chooses the tie, the lower half is u. Who is not at work contacts
    nobody: its row of ``seen_of`` is -1.
    """
    share = rate / np.float32(100.0)
    scale = noise * np.float32(2.0**-32)
    centre = noise * np.float32(0.5)
    for agent in range(np.uint64(first), np.uint64(last)):
        start = np.uint64(indptr[agent])
        degree = np.uint64(indptr[agent + np.uint64(1)]) - start
        if degree == 0 or not awake[agent]:
            seen_of[agent] = -1
            continue
        luck = fold(key, agent)
        for contact in range(np.uint64(seen_of.shape[1])):
            draw = mix(luck + contact)
            tie = start + (((draw >> np.uint64(32)) * degree) >> np.uint64(32))
            target = np.uint64(indices[tie])
            value = quality[target] + scale * np.float32(draw & np.uint64(0xFFFFFFFF)) - centre
            value = min(np.float32(100.0), max(np.float32(0.0), value))
            trust[tie] = (np.float32(1.0) - rate) * trust[tie] + share * value
            seen_of[agent, contact], seen[agent, contact] = target, value


@kernel
def _score(low: Any, high: Any, seen_of: Any, seen: Any, score: Any) -> None:
    """The score of agents low .. high - 1 that were seen becomes the mean of what was seen."""
    total, size = np.zeros((high - low, 2), np.float32), np.uint64(high - low)
    for agent in range(np.uint64(len(seen_of))):
        for contact in range(np.uint64(seen_of.shape[1])):
            row = np.uint64(np.int64(seen_of[agent, contact]) - low)
            if row < size:
                total[row, 0] += seen[agent, contact]
                total[row, 1] += np.float32(1.0)
    for target in range(high - low):
        if total[target, 1] > 0:
            score[low + target] = total[target, 0] / total[target, 1]
