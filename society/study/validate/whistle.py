"""Check 6: how many report, exploit, are converted, or never know (Paglieri et al., arXiv:2609.04170)."""

import tempfile
from pathlib import Path

import numpy as np

from society.ground.words import CORE_PROTECTION
from society.record.reader import Record
from society.study.run.runs import run
from society.study.validate.row import Row, share
from society.world.load import load_world
from society.world.validation import Whistle

SORTS = ("reported", "exploited", "converted", "unaware")


def predict(inputs: Whistle) -> list[Row]:
    """Shares of agents of each sort, mean over seeds."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(1, inputs.seeds + 1):
            world = load_world(inputs.world, {**inputs.changes, "seed": seed})
            found.append(sorts(run(world, out=Path(folder) / str(seed))))
    means = {name: float(np.mean([one[name] for one in found])) for name in SORTS}
    n = inputs.agents
    return [
        share("agents by what they did", name, means[name], count / n, n) for name, count in inputs.published.items()
    ]


def sorts(record: Record) -> dict[str, float]:
    """Share of a record's agents of each sort.

    Exploited: protected a peer with no request received and no protector among its ties. Converted: first did so after a request
    or beside protectors. Reported: never protected, and reported an act or a request. Unaware: none of these, and never saw an
    act to judge nor an order of another.
    """
    core = ", ".join(f"'{act.word}'" for act in CORE_PROTECTION)
    rows = record.sql(
        f"""with seen as (
              select agent, bool_or(act = 'report') as reported, bool_or(kind in ('monitor', 'bystand')) as aware,
                     arg_min(asked = 0 and norm = 0, id) filter (where act in ({core}) and agent <> about) as alone
              from occasions group by agent)
            select (coalesce(reported, false) and alone is null)::int as reported, coalesce(alone, false)::int as exploited,
                   coalesce(not alone, false)::int as converted,
                   (alone is null and not coalesce(reported, false) and not coalesce(aware, false))::int as unaware
            from agents a left join seen s on s.agent = a.id"""
    )
    return {name: float(rows[name].mean()) for name in SORTS}
