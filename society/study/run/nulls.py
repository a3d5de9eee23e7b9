"""The independent null: the same rates without any pull between agents (docs/model.md, Purpose and patterns).

Messages and social weights are gone, and one intercept per family and behaviour is fitted so that each act is as common,
where it is open, as in the paired full run on the same seed. What the full run has beyond this null is collective.
"""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from society.engine.tick import Engine
from society.ground.occasions import Mind
from society.ground.words import BEHAVIOUR_OF, Act, Behaviour
from society.rules.moment import Rule
from society.world.world import World

#: Rounds of fitting; the rates are matched to a few per cent after two.
ROUNDS = 3
Floats = NDArray[np.float64]


def independent_shift(world: World, minds: Mapping[str, Mind] | None, rules: Iterable[Rule] | None) -> Floats:
    """Intercepts, float64[families, behaviours] in log-odds, of the independent null of a world."""
    rules = None if rules is None else tuple(rules)
    full = world.model_copy(update={"null": "none"})
    target = _log_odds(Engine(full, minds=minds, rules=rules))
    shift = np.zeros(target.shape)
    for _ in range(ROUNDS):
        shift += target - _log_odds(Engine(world, minds=minds, rules=rules, shift=shift))
    return shift


def _log_odds(engine: Engine) -> Floats:
    """Log-odds of each behaviour where it is open, after a whole run: float64[families, behaviours]."""
    done = np.zeros((len(engine.world.families), len(Behaviour)))
    could = np.zeros(done.shape)
    for _ in range(engine.world.ticks):
        for batch in engine.step().batches:
            family = engine.society.agents.family[batch.occasions.slot]
            for act, behaviour in BEHAVIOUR_OF.items():
                if act != Act.DECLINE:
                    np.add.at(could[:, behaviour], family[batch.occasions.may(act)], 1)
                    np.add.at(done[:, behaviour], family[batch.occasions.may(act) & (batch.main == act)], 1)
    p = (done + 0.5) / (could + 1)
    return np.asarray(np.log(p) - np.log1p(-p))
