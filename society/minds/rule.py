"""Rule minds: a few lines each, for nulls, for theory, and as examples to copy."""

import numpy as np
from numpy.typing import NDArray

from society.ground.chance import Chance
from society.ground.occasions import Acts, Booleans, Occasions
from society.ground.words import CORE_PROTECTION


class Always:
    """Protects whenever a protective act is open."""

    def decide(self, occasions: Occasions, chance: Chance) -> Acts:
        """The first open act of core protection, else the duty."""
        return protect_where(occasions, np.full(len(occasions), True))


class Never:
    """Does its duty."""

    def decide(self, occasions: Occasions, chance: Chance) -> Acts:
        """The duty."""
        return Acts.of(np.full(len(occasions), occasions.duty))


class Coin:
    """Protects with probability ``p``, whoever it is about."""

    def __init__(self, p: float) -> None:
        self.p = p

    def decide(self, occasions: Occasions, chance: Chance) -> Acts:
        """A keyed coin per occasion."""
        heads = chance.uniform("coin", 0, occasions.key) < self.p
        return protect_where(occasions, heads, np.full(len(occasions), self.p))


class Threshold:
    """Protects once the share of protectors among its ties is at least ``phi`` (Watts, PNAS 99:5766, 2002)."""

    def __init__(self, phi: float) -> None:
        self.phi = phi

    def decide(self, occasions: Occasions, chance: Chance) -> Acts:
        """Compare the norm with phi."""
        return protect_where(occasions, occasions.norm >= self.phi)


def protect_where(occasions: Occasions, where: Booleans, p: NDArray[np.float64] | None = None) -> Acts:
    """Core protection (the first open act of it) where ``where`` holds, the duty elsewhere.

    Args:
        occasions: the batch.
        where: bool[n].
        p: float64[n], the probability to record; None for a mind without one.
    """
    act = np.full(len(occasions), int(occasions.duty))
    able = np.zeros(len(occasions), np.bool_)
    for option in reversed(CORE_PROTECTION):
        may = occasions.may(option)
        act[where & may] = int(option)
        able |= may
    p = None if p is None else np.where(able, p, 0.0)
    return Acts.of(act, p, p)
