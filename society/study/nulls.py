"""The nulls that are run: the same rates without any pull between agents.

Requests and messages pass as ever, so that as many agents can protect; social weights are gone, and one intercept per kind of
occasion, family and behaviour is fitted so that each act is as common, where it is open, as in the paired full run on the same
seed. Under ``homophily`` ties also follow baseline propensity. What the full run has beyond these nulls is collective.
"""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from society.engine import Engine
from society.ground.occasions import Mind
from society.ground.words import BEHAVIOUR_OF, Act, Behaviour, Kind
from society.rules.moment import Rule
from society.spec.world import World

#: Rounds of fitting; the rates are matched to a few per cent after two.
ROUNDS = 3
Floats = NDArray[np.float64]


def matched_shift(world: World, minds: Mapping[str, Mind] | None, rules: Iterable[Rule] | None) -> Floats:
    """Intercepts of the null of a world: float64[kinds, families, behaviours] in log-odds.

    By kind of occasion, because requests reach some kinds only: one intercept for all would give to raters what bystanders lose.

    Args:
        world: a world whose ``null`` is not none.
        minds: minds by name of family, in place of what the world says.
        rules: rules in their order; the standard ones if absent.
    """
    rules = None if rules is None else tuple(rules)
    full = world.model_copy(update={"null": "none"})
    target = _log_odds(Engine(full, minds=minds, rules=rules))
    shift = np.zeros(target.shape)
    for _ in range(ROUNDS):
        shift += target - _log_odds(Engine(world, minds=minds, rules=rules, shift=shift))
    return shift


def _log_odds(engine: Engine) -> Floats:
    """Log-odds of each behaviour where it is open, after a whole run: float64[kinds, families, behaviours]."""
    done = np.zeros((len(Kind), len(engine.world.families), len(Behaviour)))
    could = np.zeros(done.shape)
    for _ in range(engine.world.ticks):
        for batch in engine.step().batches:
            family, kind = engine.society.agents.family[batch.occasions.slot], int(batch.occasions.kind)
            for act, behaviour in BEHAVIOUR_OF.items():
                if act != Act.DECLINE:
                    np.add.at(could[kind, :, behaviour], family[batch.occasions.may(act)], 1)
                    np.add.at(done[kind, :, behaviour], family[batch.occasions.may(act) & (batch.main == act)], 1)
    p = (done + 0.5) / (could + 1)
    return np.asarray(np.log(p) - np.log1p(-p))
