"""Minds with more to say than a stance: averaging, and agreeing on a word. On other occasions they act on their stance."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from society.ground.chance import Chance
from society.ground.occasions import Acts, Column, Integers, Occasions
from society.minds.rule import protect_where


class DeGroot:
    """Takes the mean opinion of its ties and itself, weighted by trust (DeGroot, JASA 69:118, 1974).

    Opinions are numbers. Until an agent has one (and where it has another kind of mind) its stance counts, 0 or 1; its
    stance is whether its opinion is above one half. Agents of the minds ``always`` and ``never`` thus are stubborn.

    Args:
        own_weight: weight of its own opinion, where trust is the weight of others'.
    """

    def __init__(self, own_weight: float = 1.0) -> None:
        self.own_weight = own_weight
        self.columns = {"opinion": Column("float64", initial=np.nan)}

    def decide(self, occasions: Occasions, chance: Chance) -> Acts:
        """Average, then stand for what is nearer."""
        ties, own = occasions.ties, occasions.columns["opinion"]
        if ties is None or not len(occasions):
            return protect_where(occasions, occasions.stance == 1)
        own = np.where(np.isnan(own), occasions.stance, own)
        theirs = np.where(np.isnan(ties.columns["opinion"]), ties.stance, ties.columns["opinion"])
        weight = np.nan_to_num(ties.trust, nan=1.0)
        total = self.own_weight + ties.sums(weight)
        mean = (self.own_weight * own + ties.sums(weight * theirs)) / np.where(total > 0, total, 1.0)
        mean = np.where(total > 0, mean, own)
        return replace(protect_where(occasions, mean > 0.5), columns={"opinion": mean})


class NamingGame:
    """Knows one of two words or both, and settles on what a partner says if it knows it (Xie et al., PRE 84:011130, 2011).

    In each pair one speaks: a word it knows, at random. A listener who knows the word drops the other, and so does the
    speaker; one who does not learns it. Until an agent has played (and where it has another kind of mind) it knows the
    word of its stance alone; who knows both keeps its stance. Agents of the minds ``always`` and ``never`` are committed.
    """

    def __init__(self) -> None:
        self.columns = {"words": Column("bool", shape=(2,))}

    def decide(self, occasions: Occasions, chance: Chance) -> Acts:
        """Speak or listen."""
        ties, tick, n = occasions.ties, occasions.tick, len(occasions)
        if ties is None or not n:
            return protect_where(occasions, occasions.stance == 1)
        first = ties.start[:-1]
        me, partner = occasions.agent, ties.agent[first]
        mine = _known(occasions.columns["words"], occasions.stance)
        theirs = _known(ties.columns["words"][first], ties.stance[first])
        coin = chance.uniform("speaker", tick, np.minimum(me, partner), np.maximum(me, partner)) < 0.5
        speaks = coin == (me < partner)
        known = np.where(speaks[:, None], mine, theirs)
        toss = chance.integers(2, "word", tick, np.where(speaks, me, partner))
        word = np.where(known.all(axis=1), toss, known[:, 1])
        said = np.arange(2) == word[:, None]
        agreed = (np.where(speaks[:, None], theirs, mine) & said).any(axis=1)
        after = np.where(agreed[:, None], said, mine | said)
        stance = np.where(after.all(axis=1), occasions.stance, after[:, 1])
        return replace(protect_where(occasions, stance == 1), columns={"words": after})


def _known(words: NDArray[np.bool_], stance: Integers) -> NDArray[np.bool_]:
    """bool[n, 2]: the words known; those of the stance where none is noted."""
    return np.where(words.any(axis=1, keepdims=True), words, np.arange(2) == stance[:, None])
