"""Cascades of protection beyond those of a record in which nobody reacts: the same agents, acts and chances at other moments."""

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from society.ground.chance import Chance
from society.measures.cascades import Cascades, cascades
from society.record.reader import Record

#: Times that moments are shuffled; and of how many numbers one is cut off on either side: with what was seen they are 200.
DRAWS, TAIL = 199, 40
STATISTICS = ("largest", "secondary", "branching")


def chances(record: Record) -> pd.DataFrame:
    """Occasions on which an agent could protect, or did: columns agent, id, tick, kind, asked, did.

    ``asked`` is 1 where somebody had asked it for this order; ``did`` where it came to an act of core protection.
    """
    return record.sql(
        """with acted as (select distinct occasion from events
                          where kind = 'act' and act in ('inflate', 'tamper', 'copy') and actor >= 0)
           select o.agent, o.id, o.tick, o.kind::varchar as kind, (o.asked > 0)::int as asked, (a.occasion is not null)::int as did
           from occasions o left join acted a on a.occasion = o.id
           where o.open & (4 | 32 | 64) <> 0 or a.occasion is not null order by o.id"""
    )


def cascades_beyond(record: Record, seed: int = 0, draws: int = DRAWS, window: int | None = None) -> pd.DataFrame:
    """Cascades beside those of shuffled moments: columns observed, shuffled, beyond, low, high, protectors, by statistic.

    Each agent's acts are dealt out anew among its own occasions on which protection was open, within kind of occasion and whether
    it had been asked. So every agent that protected still does, as many times, and only when it had the chance. That is the
    matched null: shuffling ticks among protectors would let agents act before they were born or had any chance, and
    reviews and orders come to neighbours at neighbouring times whoever reacts to whom. Where nobody reacts, and an agent's
    propensity is the same on all such occasions, ``beyond`` is 0 on average. Acts on an agent's only occasion of a kind stay
    where they are, so the difference is too small rather than too large.

    Args:
        record: the run, with its occasions; acts on those that were not recorded stay where they are.
        seed: of the shuffles.
        draws: shuffles.
        window: as of ``cascades``.

    Returns:
        rows ``largest``, ``secondary`` (R_e) and ``branching``. Bounds: the observed number minus what all but 2.5 % of the shuffles
        on either side stay within; they leave 0 out in one of twenty runs in which nobody reacts. Within the run.
    """
    acts = record.sql(
        """select actor, min(tick) as tick, min(tick) filter (occasion not in (select id from occasions)) as still
           from events where kind = 'act' and act in ('inflate', 'tamper', 'copy') and actor >= 0 group by 1 order by 1"""
    )
    ties = record.sql("select source, target from ties where tick = (select min(tick) from ties)")
    ties = ties[ties["source"].isin(acts["actor"]) & ties["target"].isin(acts["actor"])]
    found = _numbers(cascades(_by_agent(acts, "tick"), ties, window))
    rows, still = chances(record), _by_agent(acts.dropna(subset="still"), "still")
    rows = rows[rows["agent"].isin(acts["actor"])]
    each = [_numbers(cascades(first, ties, window)) for first in _moments(rows, still, seed, draws if len(acts) else 0)]
    told = np.array(each).reshape(-1, len(STATISTICS)).T
    columns = ["observed", "shuffled", "beyond", "low", "high"]
    table = [_beside(*one) for one in zip(found, told, strict=True)]
    return pd.DataFrame(table, index=list(STATISTICS), columns=columns).assign(protectors=len(acts))


def _numbers(found: Cascades) -> tuple[float, float, float]:
    return float(found.sizes[0]) if found.protectors else math.nan, found.secondary, found.branching


def _by_agent(acts: pd.DataFrame, column: str) -> dict[int, int]:
    return dict(zip(acts["actor"].tolist(), acts[column].astype(np.int64).tolist(), strict=True))


def _moments(rows: pd.DataFrame, still: dict[int, int], seed: int, draws: int) -> Iterator[dict[int, int]]:
    """Ticks of first acts, acts dealt out anew among each agent's chances of a kind; ``still`` holds those that do not move."""
    group = rows.groupby(["agent", "kind", "asked"], sort=False).ngroup().to_numpy()
    ids, agent, tick, did = (rows[name].to_numpy() for name in ("id", "agent", "tick", "did"))
    there, dealt = np.lexsort((np.arange(len(rows)), group)), did.copy()
    for draw in range(draws):
        luck = Chance(seed).uniform("shuffle chances", draw, ids)
        dealt[there] = did[np.lexsort((luck, group))]
        acted = np.flatnonzero(dealt)
        acted = acted[np.argsort(-tick[acted], kind="stable")]  # the first tick comes last, and stays
        first = dict(zip(agent[acted].tolist(), tick[acted].tolist(), strict=True))
        yield first | {one: min(at, first.get(one, at)) for one, at in still.items()}


def _beside(observed: float, each: NDArray[np.float64]) -> tuple[float, float, float, float, float]:
    """Observed, mean of the shuffles, difference, and its bounds."""
    told = np.sort(each[~np.isnan(each)])
    if math.isnan(observed) or not len(told):
        return observed, math.nan, math.nan, math.nan, math.nan
    gap, out = float((observed - told).mean()), len(told) // TAIL  # exactly 0 where no shuffle changes anything
    low, high = observed - float(told[len(told) - 1 - out]), observed - float(told[out])
    return observed, observed - gap, gap, min(low, gap), max(high, gap)
