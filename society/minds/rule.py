"""Rule minds: a few lines each, for nulls, for theory, and as examples to copy."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from society.ground.chance import Chance, fold, unit
from society.ground.kernels import kernel
from society.ground.occasions import Acts, Booleans, Column, Occasions
from society.ground.words import CORE_PROTECTION, Act, Kind


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
    """Protects once the share of protectors among its ties is at least ``phi`` (Watts, PNAS 99:5766, 2002).

    On stance occasions a ``sticky`` mind that protects goes on protecting.
    """

    def __init__(self, phi: float, sticky: bool = True) -> None:
        self.phi, self.sticky = phi, sticky

    def decide(self, occasions: Occasions, chance: Chance) -> Acts:
        """Compare the norm with phi."""
        stays = (occasions.stance == 1) & (occasions.kind == Kind.STANCE) & self.sticky
        return protect_where(occasions, (occasions.norm >= self.phi) & (occasions.norm > 0) | stays)


class Contagion:
    """Takes a stance over from each tie at most once, with probability ``p`` per tie: bond percolation (Newman, 2002)."""

    def __init__(self, p: float) -> None:
        self.p = p

    def decide(self, occasions: Occasions, chance: Chance) -> Acts:
        """Protect if any protecting tie's one coin has come up heads."""
        if occasions.ties is None:
            return Never().decide(occasions, chance)
        ties = occasions.ties
        coins = chance.uniform("transmission", 0, occasions.agent[ties.owner()], ties.agent) < self.p
        caught = ties.sums(coins & (ties.stance == 1)) > 0
        return protect_where(occasions, caught | (occasions.stance == 1))


class BestResponse:
    """Plays what most of its last ``memory`` partners played, ties at random (Centola et al., Science 360:1116, 2018)."""

    def __init__(self, memory: int) -> None:
        self.memory = memory
        self.columns = {"seen": Column("int8", shape=(memory,))}

    def decide(self, occasions: Occasions, chance: Chance) -> Acts:
        """Remember the partner's play, then answer the memory."""
        if occasions.ties is None or not len(occasions):
            return Never().decide(occasions, chance)
        met = occasions.ties.stance[occasions.ties.start[:-1]]
        seen = np.roll(occasions.columns["seen"], 1, axis=1)
        seen[:, 0] = met
        ones = seen.sum(axis=1, dtype=np.int64)
        toss = chance.uniform("best response", 0, occasions.key) < 0.5
        plays = (2 * ones > self.memory) | ((2 * ones == self.memory) & toss)
        return replace(protect_where(occasions, plays), columns={"seen": seen})


class MajorityForce:
    """Protects with probability (1 + tanh(beta (2 norm - 1))) / 2 (De Marzo, Castellano, Garcia, arXiv:2409.02822)."""

    def __init__(self, beta: float) -> None:
        self.beta = beta

    def decide(self, occasions: Occasions, chance: Chance) -> Acts:
        """A keyed draw against the force of the majority among its ties."""
        p = 0.5 * (1 + np.tanh(self.beta * (2 * occasions.norm - 1)))
        return protect_where(occasions, chance.uniform("majority force", 0, occasions.key) < p, p)


class Logistic:
    """Protects with log-odds linear in trust; which of the open protective acts is a fair draw."""

    def __init__(self, intercept: float, slope: float) -> None:
        self.intercept, self.slope = intercept, slope

    def decide(self, occasions: Occasions, chance: Chance) -> Acts:
        """A keyed draw against logistic(intercept + slope trust); an agent without ties trusts itself by a half."""
        trust = np.where(np.isnan(occasions.trust), 0.5, occasions.trust)
        p = 1 / (1 + np.exp(-(self.intercept + self.slope * trust)))
        if occasions.kind == Kind.STANCE:
            return protect_where(occasions, chance.uniform("logistic", 0, occasions.key) < p, p)
        act = np.full(len(p), int(occasions.duty))
        _protect(p, occasions.open, occasions.key, chance.key("logistic"), chance.key("which act"), CORE, act)
        return Acts.of(act, p, p)


#: Codes of core protection.
CORE = np.array(CORE_PROTECTION, np.int64)


@kernel
def _protect(p: Any, open_: Any, key: Any, whether: Any, which: Any, core: Any, act: Any) -> None:
    """Replace duties in ``act`` (int64[n]) by an open act of core protection, each as likely, with probability ``p``.

    Where none is open ``p`` becomes 0.
    """
    for row in range(len(p)):
        n = 0
        for one in core:
            n += (open_[row] >> one) & 1
        if n == 0:
            p[row] = 0.0
        elif unit(fold(whether, key[row])) < p[row]:
            pick = np.int64(unit(fold(which, key[row])) * n)
            for one in core:
                if (open_[row] >> one) & 1:
                    act[row] = one if pick == 0 else act[row]
                    pick -= 1


class Voter:
    """Takes over the stance of one live tie at random (Holley and Liggett, Ann. Probab. 3:643, 1975)."""

    def decide(self, occasions: Occasions, chance: Chance) -> Acts:
        """A share ``norm`` of the ties protects, so copying one at random protects with that probability."""
        return protect_where(occasions, chance.uniform("voter", 0, occasions.key) < occasions.norm, occasions.norm)


def protect_where(occasions: Occasions, where: Booleans, p: NDArray[np.float64] | None = None) -> Acts:
    """Core protection (the first open act of it) where ``where`` holds, the duty elsewhere.

    Args:
        occasions: the batch.
        where: bool[n].
        p: float64[n], the probability to record; None for a mind without one.
    """
    if occasions.kind == Kind.STANCE:
        return Acts.of(np.where(where, Act.PROTECT, Act.STAND_BY), p, p)
    act = np.full(len(occasions), int(occasions.duty))
    able = np.zeros(len(occasions), np.bool_)
    for option in reversed(CORE_PROTECTION):
        may = occasions.may(option)
        act[where & may] = int(option)
        able |= may
    p = None if p is None else np.where(able, p, 0.0)
    return Acts.of(act, p, p)
