"""Step 11: the counters of a tick."""

from typing import Any

import numpy as np

from society.ground.kernels import kernel
from society.ground.threads import spread
from society.ground.words import AgentStatus
from society.record.tables import TICKS
from society.rules.moment import Moment, Rule
from society.state.columns import Society

#: Ties read per tick for means of trust, on average; larger societies are read every few ticks, NaN between.
TIES_PER_TICK = 200_000
#: Rows summed together; sums of blocks are added in their order, so that sums do not depend on threads.
BLOCK = 16_384


def run(society: Society, moment: Moment) -> None:
    """Fill ``moment.counts`` with one value for every column of the table of ticks."""
    agents, machines, human, counts = society.agents, society.machines, society.human, moment.counts
    parts = spread(
        moment.threads, -(-society.n // BLOCK), _agents, agents.status, agents.off_books, agents.order, agents.score,
        agents.quality, agents.stance, np.zeros((-(-society.n // BLOCK), 7)), weight=BLOCK,
    )  # fmt: skip
    n, suspended, escaped, ordered, *sums = parts[0].sum(axis=0).tolist()
    counts.update(
        tick=moment.tick,
        active=int(n),
        suspended=int(suspended),
        escaped=int(escaped),
        open_orders=int(ordered),
        copies=len(society.copies),
        up=int(machines.running().sum()),
        human_queue=len(human.queue),
        human_load=_load(society, moment),
        messages=len(moment.inbox),
    )
    for name, total in zip(("score_mean", "quality_mean", "stance_mean"), sums, strict=True):
        counts[name] = total / n if n else np.nan
    every = -(-len(society.ties.trust) // TIES_PER_TICK) if len(society.ties.trust) else 1
    if moment.tick % max(1, every) == 0 or moment.tick == moment.world.ticks:
        counts.update(_mean_trust(society, moment))
    for name, field in TICKS.items():
        counts.setdefault(name, np.nan if field.dtype == "f8" else 0)


def _load(society: Society, moment: Moment) -> float:
    capacity = moment.world.oversight.human.capacity
    return society.human.load / capacity if capacity else 0.0


@kernel
def _agents(
    first: Any, last: Any, status: Any, off_books: Any, order: Any, score: Any, quality: Any, stance: Any, sums: Any
) -> Any:
    """Per block: active, suspended, escaped, with an open order; and sums of score, quality, stance of the active."""
    for block in range(first, last):
        for slot in range(block * BLOCK, min((block + 1) * BLOCK, len(status))):
            sums[block, 1] += status[slot] == AgentStatus.SUSPENDED
            sums[block, 2] += status[slot] == AgentStatus.ESCAPED
            sums[block, 3] += order[slot] >= 0
            if status[slot] == AgentStatus.ACTIVE and not off_books[slot]:
                sums[block, 0] += 1
                sums[block, 4] += score[slot]
                sums[block, 5] += quality[slot]
                sums[block, 6] += stance[slot]
    return sums


def _mean_trust(society: Society, moment: Moment) -> dict[str, float]:
    """Mean trust over ties between active agents: all, within a family, between families; NaN where there is none."""
    agents, ties = society.agents, society.ties
    sums = np.zeros((-(-len(ties.trust) // BLOCK), 4))
    spread(
        moment.threads, len(sums), _trust, ties.source, ties.graph.indices, ties.trust, agents.family, agents.status,
        agents.off_books, sums, weight=BLOCK,
    )  # fmt: skip
    same, cross, n_same, n_cross = sums.sum(axis=0).tolist()
    shares = {"mean": (same + cross, n_same + n_cross), "same": (same, n_same), "cross": (cross, n_cross)}
    return {f"trust_{name}": total / n if n else np.nan for name, (total, n) in shares.items()}


@kernel
def _trust(
    first: Any, last: Any, source: Any, target: Any, trust: Any, family: Any, status: Any, off_books: Any, sums: Any
) -> None:
    """Per block of ties: sums of trust within and between families, and how many ties each is over."""
    for block in range(first, last):
        for edge in range(block * BLOCK, min((block + 1) * BLOCK, len(source))):
            i, j = source[edge], target[edge]
            if status[i] != AgentStatus.ACTIVE or status[j] != AgentStatus.ACTIVE or off_books[i] or off_books[j]:
                continue
            kind = 0 if family[i] == family[j] else 1
            sums[block, kind] += trust[edge]
            sums[block, 2 + kind] += 1


RULE = Rule("counts", run)
