"""Step 3: work, from which trust grows; and the slow drift of what agents can do (docs/model.md, Work)."""

import math
from typing import Any

import numpy as np

from society.ground.chance import fold, gauss
from society.ground.kernels import kernel
from society.ground.threads import spread
from society.rules.moment import Moment, Rule
from society.rules.work import contacts, estimate, search, tasks, teams
from society.state.columns import Society
from society.world.population import NormalQuality
from society.world.work import Contacts, Estimate, Search, Teams


def run(society: Society, moment: Moment) -> None:
    """Let quality drift, then let agents work."""
    _let_drift(society, moment)
    spec = moment.world.work
    if isinstance(spec, Teams):
        teams.work(society, moment, spec)
    elif isinstance(spec, Contacts):
        contacts.work(society, moment, spec)
    elif isinstance(spec, Search):
        search.work(society, moment, spec)
    elif isinstance(spec, Estimate):
        estimate.work(society, moment, spec)
    else:
        tasks.work(society, moment, spec)


def _let_drift(society: Society, moment: Moment) -> None:
    """Quality is AR(1) around its family's mean, with the spread between agents as its stationary sd."""
    spec = moment.world.agents.quality
    if not isinstance(spec, NormalQuality) or spec.phi == 1 or not spec.sd:
        return
    agents = society.agents
    means = spec.mean + np.array([family.quality for family in moment.world.families.values()])
    spread(
        moment.threads, society.n, _drift, agents.quality, agents.family, means, spec.phi,
        spec.sd * math.sqrt(1 - spec.phi**2), moment.chance.key("drift", moment.tick),
    )  # fmt: skip


@kernel
def _drift(first: Any, last: Any, quality: Any, family: Any, means: Any, phi: Any, sd: Any, key: Any) -> None:
    for slot in range(first, last):
        mean = means[family[slot]]
        value = mean + phi * (quality[slot] - mean) + sd * gauss(fold(key, slot))
        quality[slot] = min(100.0, max(0.0, value))


RULE = Rule("work", run, owns=("agents.quality", "ties.trust", "ties.joint", "ties.last", "ties.entry"))
