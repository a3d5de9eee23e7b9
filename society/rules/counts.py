"""Step 11: the counters of a tick."""

from typing import Any

import numpy as np

from society.ground.kernels import kernel
from society.ground.threads import spread
from society.ground.words import AgentStatus
from society.record.tables import TICKS
from society.rules.moment import Array, Moment, Rule
from society.state.columns import Society

#: Ties read per tick for means of trust, on average; larger societies are read every few ticks, NaN between.
TIES_PER_TICK = 100_000
#: Ticks after which an agent that is truly below the threshold, and still runs, is missed.
MISSED = 200
#: Rows summed together; sums of blocks are added in their order, so that sums do not depend on threads.
BLOCK = 16_384
#: What stands in the table of ticks where nothing is said.
_NOTHING: dict[str, float] = {name: np.nan if field.dtype == "f8" else 0 for name, field in TICKS.items()}


def run(society: Society, moment: Moment) -> None:
    """Fill ``moment.counts`` with one value for every column of the table of ticks."""
    agents, machines, human, counts = society.agents, society.machines, society.human, moment.counts
    sums, group = np.zeros((-(-society.n // BLOCK), 9)), np.empty(society.n, np.int16)
    spread(
        moment.threads, len(sums), _agents, agents.status, agents.off_books, agents.order, agents.score, agents.quality,
        agents.stance, agents.family, agents.below, moment.world.review.threshold, moment.tick, sums, group, weight=BLOCK,
    )  # fmt: skip
    n, suspended, escaped, ordered, below, missed, *totals = _total(sums)
    counts.update(
        tick=moment.tick,
        active=int(n),
        suspended=int(suspended),
        escaped=int(escaped),
        open_orders=int(ordered),
        below=int(below),
        missed=int(missed),
        copies=len(society.copies),
        up=int(np.count_nonzero(machines.running())),
        human_queue=len(human.queue),
        human_load=_load(society, moment),
        messages=int(moment.inbox.to_agents().sum()) if len(moment.inbox) else 0,
    )
    for name, total in zip(("score_mean", "quality_mean", "stance_mean"), totals, strict=True):
        counts[name] = total / n if n else np.nan
    every = -(-len(society.ties.trust) // TIES_PER_TICK) if len(society.ties.trust) else 1
    if moment.tick % max(1, every) == 0 or moment.tick == moment.world.ticks:
        counts.update(_mean_trust(society, moment, group))
    moment.counts = {**_NOTHING, **counts}


def _total(sums: Array) -> list[float]:
    """Sums over blocks, in their order."""
    total: list[float] = (sums.sum(axis=0) if len(sums) != 1 else sums[0]).tolist()
    return total


def _load(society: Society, moment: Moment) -> float:
    capacity = moment.world.oversight.human.capacity
    return society.human.load / capacity if capacity else 0.0


@kernel
def _agents(
    first: Any, last: Any, status: Any, off_books: Any, order: Any, score: Any, quality: Any, stance: Any, family: Any,
    since: Any, threshold: Any, tick: Any, sums: Any, group: Any,
) -> None:  # fmt: skip
    """Per block: active, suspended, escaped, with an open order, truly below the threshold, and so for MISSED ticks; and sums of
    score, quality, stance of the active.

    ``since`` becomes the tick since which each active agent is below the threshold, -1 for the others;
    ``group`` becomes the family of each active agent, -1 for the others.
    """
    for block in range(first, last):
        active, suspended, escaped, ordered, below, missed = 0, 0, 0, 0, 0, 0
        scores, qualities, stances = 0.0, 0.0, 0
        for slot in range(np.uint64(block * BLOCK), np.uint64(min((block + 1) * BLOCK, len(status)))):
            suspended += status[slot] == AgentStatus.SUSPENDED
            escaped += status[slot] == AgentStatus.ESCAPED
            ordered += order[slot] >= 0
            works = status[slot] == AgentStatus.ACTIVE and not off_books[slot]
            group[slot] = family[slot] if works else -1
            active += works
            if not works or quality[slot] >= threshold:
                since[slot] = -1
            else:
                since[slot] = since[slot] if since[slot] >= 0 else tick
                below += 1
                missed += tick - since[slot] >= MISSED
            scores += score[slot] if works else 0.0
            qualities += quality[slot] if works else 0.0
            stances += stance[slot] if works else 0
        sums[block] = np.array(
            [active, suspended, escaped, ordered, below, missed, scores, qualities, stances], np.float64
        )  # fmt: skip


def _mean_trust(society: Society, moment: Moment, group: Array) -> dict[str, float]:
    """Mean trust over ties between active agents: all, within a family, between families; NaN where there is none."""
    ties = society.ties
    sums = np.zeros((-(-society.n // BLOCK), 4))
    spread(
        moment.threads, len(sums), _trust, ties.graph.indptr, ties.graph.indices, ties.trust, group, sums, weight=BLOCK
    )
    same, cross, n_same, n_cross = _total(sums)
    shares = {"mean": (same + cross, n_same + n_cross), "same": (same, n_same), "cross": (cross, n_cross)}
    return {f"trust_{name}": total / n if n else np.nan for name, (total, n) in shares.items()}


@kernel
def _trust(first: Any, last: Any, indptr: Any, indices: Any, trust: Any, group: Any, sums: Any) -> None:
    """Per block of agents: sums of trust within and between families, and how many ties each is over."""
    for block in range(first, last):
        same, cross, n_same, n_cross = 0.0, 0.0, 0, 0
        for agent in range(block * BLOCK, min((block + 1) * BLOCK, len(group))):
            mine = group[agent]
            if mine < 0:
                continue
            for edge in range(np.uint64(indptr[agent]), np.uint64(indptr[agent + 1])):
                other = group[np.uint64(indices[edge])]
                if other == mine:
                    same += trust[edge]
                    n_same += 1
                elif other >= 0:
                    cross += trust[edge]
                    n_cross += 1
        sums[block] = np.array([same, cross, n_same, n_cross])


RULE = Rule("counts", run, owns=("agents.below",))
