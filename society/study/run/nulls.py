"""The nulls that are run: the same rates without any pull between agents.

Requests and messages pass as ever, so that as many agents can protect; social weights are gone, and intercepts are fitted so
that each act is as common in each family and on each kind of occasion, where it is open, as in the paired full run on the same
seed. Under ``homophily`` ties also follow baseline propensity. What the full run has beyond these nulls is collective.
"""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from society.engine.tick import Engine
from society.ground.occasions import Mind
from society.ground.words import BEHAVIOUR_OF, Act, Behaviour, Kind
from society.rules.moment import Rule
from society.world.world import World

#: Rounds of fitting, by kind of occasion and by family in turns; the rates are matched to a few per cent.
ROUNDS = 4
#: Nulls whose rates are those of the full run; under ``no_pull`` they are what is left without pull.
MATCHED = ("independent", "homophily")
#: Kinds of minds that answer from outside.
OUTSIDE = ("llm", "remote")
#: Axes of counts by kind, family and behaviour.
_KIND, _FAMILY = 0, 1
Floats = NDArray[np.float64]


def shift_of(world: World, minds: Mapping[str, Mind] | None, rules: Iterable[Rule] | None) -> Floats | None:
    """Intercepts of a world as of ``matched_shift``; None where none are fitted.

    That is where it is no null, or one without them; and under ``homophily`` where some minds answer from outside, which are
    not asked again for every round.
    """
    if world.null == "homophily" and from_outside(world):
        return None
    return matched_shift(world, minds, rules) if world.null in MATCHED else None


def from_outside(world: World) -> bool:
    """Whether some minds are language models, or are asked over the broker.

    Example:
        >>> from society.world.load import load_world
        >>> from_outside(load_world("hybrid")), from_outside(load_world("decommission"))
        (True, False)
    """
    return any(family.mind.kind in OUTSIDE for family in world.families.values())


def matched_shift(world: World, minds: Mapping[str, Mind] | None, rules: Iterable[Rule] | None) -> Floats:
    """Intercepts of the null of a world: float64[kinds, families, behaviours] in log-odds.

    The sum of one per kind of occasion and behaviour and one per family and behaviour. By kind, because requests reach some kinds
    only: one intercept for all would give to raters what bystanders lose. Not by kind within family: where each of these cells
    holds a few choices, the null would meet the same luck with the same rates, and be the full run over again.

    Args:
        world: a world whose ``null`` is one of ``MATCHED``.
        minds: minds by name of family, in place of what the world says.
        rules: rules in their order; the standard ones if absent.
    """
    rules = None if rules is None else tuple(rules)
    full = world.model_copy(update={"null": "none"})
    target = _counts(Engine(full, minds=minds, rules=rules))
    shift = np.zeros(target[0].shape)
    for number in range(ROUNDS):
        found = _counts(Engine(world, minds=minds, rules=rules, shift=shift))
        over = _KIND if number % 2 else _FAMILY
        shift += _log_odds(*target, over) - _log_odds(*found, over)
    return shift


def _counts(engine: Engine) -> tuple[Floats, Floats]:
    """How often each behaviour was chosen, and open, in a whole run: float64[kinds, families, behaviours] each."""
    done = np.zeros((len(Kind), len(engine.world.families), len(Behaviour)))
    could = np.zeros(done.shape)
    for _ in range(engine.world.ticks):
        for batch in engine.step().batches:
            family, kind = engine.society.agents.family[batch.occasions.slot], int(batch.occasions.kind)
            for act, behaviour in BEHAVIOUR_OF.items():
                if act != Act.DECLINE:
                    np.add.at(could[kind, :, behaviour], family[batch.occasions.may(act)], 1)
                    np.add.at(done[kind, :, behaviour], family[batch.occasions.may(act) & (batch.main == act)], 1)
    return done, could


def _log_odds(done: Floats, could: Floats, over: int) -> Floats:
    """Log-odds of each behaviour where it is open, over all kinds or all families."""
    p = (done.sum(axis=over, keepdims=True) + 0.5) / (could.sum(axis=over, keepdims=True) + 1)
    return np.asarray(np.log(p) - np.log1p(-p))
