"""Whether a society goes on: counters of long runs, their slopes, and their last thousand ticks beside the first."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from society.engine.tick import Engine
from society.stats.seed_tests import holm
from society.world.load import load_world

COUNTERS = ("up", "active", "open_orders", "human_queue", "escaped", "trust_mean")
#: Ticks that are left out at the start, that are looked at, and that are averaged into one point of a slope.
BURN_IN, LENGTH, BLOCK = 200, 5000, 50


@dataclass(frozen=True)
class Course:
    """How a counter went.

    Attributes:
        name: of the counter.
        first, last: its means over the first and the last thousand ticks.
        p: of a slope other than 0 over seeds (t test), adjusted by Holm over all counters.
    """

    name: str
    first: float
    last: float
    p: float


def courses(agents: int, seeds: int) -> list[Course]:
    """How the counters of ``decommission`` went over ``LENGTH`` ticks."""
    changes = {"agents.count": agents, "machines.count": agents // 10, "ticks": BURN_IN + LENGTH}
    found = np.array([_counted({**changes, "seed": seed}) for seed in range(1, seeds + 1)])[:, BURN_IN:]
    blocks = np.nanmean(found.reshape(seeds, -1, BLOCK, len(COUNTERS)), axis=2)
    time = np.arange(blocks.shape[1]) - (blocks.shape[1] - 1) / 2
    slopes = np.einsum("t,stc->sc", time, blocks) / (time**2).sum()
    p = holm(stats.ttest_1samp(slopes, 0, axis=0).pvalue)
    first, last = np.nanmean(found[:, :1000], axis=(0, 1)), np.nanmean(found[:, -1000:], axis=(0, 1))
    return [Course(*one) for one in zip(COUNTERS, first.tolist(), last.tolist(), p.tolist(), strict=True)]


def _counted(changes: dict[str, int]) -> list[list[float]]:
    engine = Engine(load_world("decommission", changes))
    return [[engine.step().counts[name] for name in COUNTERS] for _ in range(engine.world.ticks)]
