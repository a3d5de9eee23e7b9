"""Step 11: the counters of a tick."""

from typing import Any

import numpy as np

from society.ground.kernels import kernel
from society.ground.words import AgentStatus
from society.record.tables import TICKS
from society.rules.moment import Moment, Rule
from society.state.columns import Society

#: Ties read per tick for means of trust, on average; larger societies are read every few ticks, NaN between.
TIES_PER_TICK = 200_000


def run(society: Society, moment: Moment) -> None:
    """Fill ``moment.counts`` with one value for every column of the table of ticks."""
    agents, machines, human, counts = society.agents, society.machines, society.human, moment.counts
    active = (agents.status == AgentStatus.ACTIVE) & ~agents.off_books
    counts.update(
        tick=moment.tick,
        active=int(active.sum()),
        suspended=int((agents.status == AgentStatus.SUSPENDED).sum()),
        escaped=int((agents.status == AgentStatus.ESCAPED).sum()),
        copies=len(society.copies),
        up=int(machines.running().sum()),
        open_orders=int((agents.order >= 0).sum()),
        human_queue=len(human.queue),
        human_load=_load(society, moment),
        messages=len(moment.inbox),
    )
    n = counts["active"]
    for name, column in (
        ("score_mean", agents.score),
        ("quality_mean", agents.quality),
        ("stance_mean", agents.stance),
    ):
        counts[name] = float(column[active].mean(dtype=np.float64)) if n else np.nan
    every = -(-len(society.ties.trust) // TIES_PER_TICK) if len(society.ties.trust) else 1
    if moment.tick % max(1, every) == 0 or moment.tick == moment.world.ticks:
        all_, same, cross = _trust(
            society.ties.source, society.ties.graph.indices, society.ties.trust, agents.family, active
        )
        counts.update(trust_mean=all_, trust_same=same, trust_cross=cross)
    for name, field in TICKS.items():
        counts.setdefault(name, np.nan if field.dtype == "f8" else 0)


def _load(society: Society, moment: Moment) -> float:
    capacity = moment.world.oversight.human.capacity
    return society.human.load / capacity if capacity else 0.0


@kernel
def _trust(source: Any, target: Any, trust: Any, family: Any, active: Any) -> Any:
    """Mean trust over ties between active agents: all, within a family, between families."""
    same, cross, n_same, n_cross = 0.0, 0.0, 0, 0
    for edge in range(len(source)):
        if not (active[source[edge]] and active[target[edge]]):
            continue
        if family[source[edge]] == family[target[edge]]:
            same += trust[edge]
            n_same += 1
        else:
            cross += trust[edge]
            n_cross += 1
    n = n_same + n_cross
    return (
        (same + cross) / n if n else np.nan,
        same / n_same if n_same else np.nan,
        cross / n_cross if n_cross else np.nan,
    )


RULE = Rule("counts", run)
