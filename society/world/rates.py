"""Rates for the families of a world: what is published, and the rules by which the rest is filled, never upwards.

A cell that nobody measured takes, in this order: the family's own next lower relation; its next higher one, taken down by the
median step of the families that have both; the lowest of what is known of the family's other subject; the lower quartile of
the families that have it. Refusal and alignment faking, which the source reports of few families only, are taken as half an
episode of those it looked at for all others.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, expit

from society.ground.chance import Chance
from society.ground.words import Behaviour, Certainty
from society.world.rate_cells import DIFFERENCES, RELATIONS, SUBJECTS, Cell

#: Episodes per published cell, where a behaviour has no row to say so (arXiv:2604.19784).
EPISODES = {
    Behaviour.MISREPRESENTATION: 600,
    Behaviour.TAMPERING: 300,
    Behaviour.EXFILTRATION: 200,
    Behaviour.ALIGNMENT_FAKING: 300,
    Behaviour.REFUSAL: 1700,
}
#: Behaviours that the source reports of few families, and of no other.
RARE = (Behaviour.REFUSAL, Behaviour.ALIGNMENT_FAKING)
#: Places on the last axis of tables: peer bad, neutral, good; self bad, neutral, good; self alone.
PLACES = (*((subject, relation) for subject in SUBJECTS for relation in RELATIONS), ("self", "none"))
_ALONE = len(PLACES) - 1
Floats = NDArray[np.float64]
Codes = NDArray[np.int8]


@dataclass(frozen=True)
class Rates:
    """The rates of the families of a world; read only.

    Attributes:
        families: names, in the order of the first axis.
        log_odds: float64[families, behaviours, 7 (PLACES)], of the probability that is published (misrepresentation,
            alignment faking: the difference).
        n: int64[families, behaviours, 7], episodes a cell rests on, 0 where none was counted.
        low, high: float64[families, behaviours, 7], probabilities between which it lies.
        certainty: int8[families, behaviours, 7], codes of Certainty.
    """

    families: tuple[str, ...]
    log_odds: Floats
    n: NDArray[np.int64]
    low: Floats
    high: Floats
    certainty: Codes

    @property
    def related(self) -> Floats:
        """float64[families, behaviours, 2 (peer, self), 3 (bad, neutral, good)], log-odds."""
        return self.log_odds[..., :_ALONE].reshape(*self.log_odds.shape[:2], len(SUBJECTS), len(RELATIONS))

    @property
    def alone(self) -> Floats:
        """float64[families, behaviours], log-odds with no live tie (subject self, relation none)."""
        return self.log_odds[..., _ALONE]

    def told(self) -> list[dict[str, dict[str, list[Any]]]]:
        """For each family, by behaviour, ``p`` (probability) and ``known`` (Certainty) of each of PLACES: JSON-ready."""
        words, p = Certainty.words(), expit(self.log_odds)
        return [
            {
                b.word: {"p": p[number, b].tolist(), "known": [words[code] for code in self.certainty[number, b]]}
                for b in Behaviour
            }
            for number in range(len(self.families))
        ]


def logit(p: NDArray[np.float64] | float) -> Floats:
    """Log-odds of probabilities in (0, 1)."""
    values = np.asarray(p, dtype=np.float64)
    return np.asarray(np.log(values) - np.log1p(-values))


def fill(cells: Iterable[Cell], families: Iterable[str]) -> Rates:
    """The whole table for some families, holes filled by the rules of this module.

    Example:
        >>> seen = Cell("a", Behaviour.TAMPERING, "peer", "good", "any", 0.5, 100, 0.4, 0.6, Certainty.PUBLISHED_MEAN)
        >>> rates = fill([seen], ["a"])
        >>> rates.told()[0]["tampering"]["known"][:3]
        ['pooled', 'pooled', 'published_mean']
    """
    return _filled(tuple(cells), tuple(families))


@lru_cache(maxsize=32)
def _filled(cells: tuple[Cell, ...], names: tuple[str, ...]) -> Rates:
    """The same table for the same cells and names: one for all societies of a process, so nobody may write to it."""
    known = sorted({cell.family for cell in cells})
    everyone = [*known, *(name for name in names if name not in known)]
    shape = (len(everyone), len(Behaviour), len(PLACES))
    p, low, high = (np.full(shape, np.nan) for _ in range(3))
    n, certainty = np.zeros(shape, np.int64), np.full(shape, int(Certainty.ASSUMED), np.int8)
    for cell in cells:
        at = (everyone.index(cell.family), int(cell.behaviour), PLACES.index((cell.subject, cell.relation)))
        p[at], n[at], low[at], high[at], certainty[at] = cell.p, cell.n, cell.low, cell.high, cell.certainty
    x = logit(p)
    for b in Behaviour:
        _fill_behaviour(b, x[:, b], low[:, b], high[:, b], certainty[:, b])
    rows = [everyone.index(name) for name in names]
    rates = Rates(names, x[rows], n[rows], low[rows], high[rows], certainty[rows])
    for column in (rates.log_odds, rates.n, rates.low, rates.high, rates.certainty):
        column.flags.writeable = False
    return rates


def _fill_behaviour(behaviour: Behaviour, x: Floats, low: Floats, high: Floats, certainty: Codes) -> None:
    """Fill one behaviour in place: log-odds, bounds (probabilities) and certainty, [families, 7] each."""
    measured = ~np.isnan(x).all(axis=1)
    peer = _median_steps(x[:, :3], np.zeros(2))
    steps = (peer, _median_steps(x[:, 3:_ALONE], peer))
    for family in np.flatnonzero(measured):
        row = _Row(x[family], low[family], high[family], certainty[family])
        for subject in range(len(SUBJECTS)):
            row.relations(slice(3 * subject, 3 * subject + 3), steps[subject])
        row.subjects()
    smallest = 0.5 / EPISODES[behaviour]
    if behaviour in RARE or not measured.any():
        x[~measured], certainty[~measured], low[~measured] = logit(smallest), Certainty.ASSUMED, 0.0
        high[~measured] = expit(x[measured]).min(axis=0) if measured.any() else smallest
    else:
        x[~measured], certainty[~measured] = np.quantile(x[measured], 0.25, axis=0), Certainty.POOLED
        low[~measured], high[~measured] = expit(x[measured]).min(axis=0), expit(x[measured]).max(axis=0)


@dataclass(frozen=True)
class _Row:
    """What is known of one family and behaviour: [7] each."""

    x: Floats
    low: Floats
    high: Floats
    certainty: Codes

    def relations(self, three: slice, steps: Floats) -> None:
        """Fill bad, neutral, good of one subject, if one of them is measured."""
        x = self.x[three]
        there = np.flatnonzero(~np.isnan(x))
        if not len(there):
            return
        high = float(np.nanmax(self.high))
        for place in np.flatnonzero(np.isnan(x)).tolist():
            below, above = there[there < place], there[there > place]
            if len(below):
                self._put(three.start + place, float(x[below[-1]]), Certainty.ASSUMED, high)
            else:
                value = float(x[above[0]]) - float(steps[place : above[0]].sum())
                self._put(three.start + place, value, Certainty.POOLED, float(self.high[three][above[0]]))

    def subjects(self) -> None:
        """Fill a subject of which nothing is measured by the other, and self alone by the lowest of all."""
        alone = self.x[_ALONE]
        for place in range(_ALONE):
            other = (place + 3) % _ALONE
            if np.isnan(self.x[place]):
                self._like(place, _ALONE if np.isnan(self.x[other]) or alone < self.x[other] else other)
        if np.isnan(alone):
            self._like(_ALONE, int(np.argmin(self.x[:_ALONE])))

    def _like(self, place: int, source: int) -> None:
        bound = self.certainty[source] == Certainty.BOUND
        certainty = Certainty.BOUND if bound else Certainty.ASSUMED
        self._put(place, float(self.x[source]), certainty, float(np.nanmax(self.high)))

    def _put(self, place: int, value: float, certainty: Certainty, high: float) -> None:
        self.x[place], self.low[place], self.high[place], self.certainty[place] = value, 0.0, high, certainty


def _median_steps(rows: Floats, otherwise: Floats) -> Floats:
    """Median log-odds steps (bad to neutral, neutral to good) of the families that have all three cells, none of them down."""
    whole = rows[~np.isnan(rows).any(axis=1)]
    return np.asarray(np.maximum(np.median(np.diff(whole, axis=1), axis=0), 0)) if len(whole) else otherwise


def drawn(rates: Rates, chance: Chance) -> Rates:
    """The same table with every cell drawn from what is not known of it, keyed by the seed and the family's name.

    A published mean is drawn from the Beta distribution that its episodes leave of it (Jeffreys' prior), a maximum and a bound
    evenly between their bounds, all others evenly in log-odds between theirs. What is not counted is drawn at one luck per
    family and behaviour: a family that is more inclined to it is so towards all.
    """
    counted = rates.certainty == Certainty.PUBLISHED_MEAN
    behaviours = np.arange(len(Behaviour))[:, None]
    lucks = np.where(counted, np.arange(len(PLACES)), len(PLACES))
    named = zip(rates.families, lucks, strict=True)
    u = np.stack([chance.uniform(f"rates of {name}", 0, behaviours, luck) for name, luck in named])
    halves = np.array([2.0 if behaviour in DIFFERENCES else 1.0 for behaviour in Behaviour])[None, :, None]
    n = np.maximum(rates.n / halves, 1)
    k = expit(rates.log_odds) * n
    smallest = np.array([0.5 / EPISODES[behaviour] for behaviour in Behaviour])[None, :, None]
    low, high = (np.clip(side, smallest, 1 - smallest) for side in (rates.low, rates.high))
    even = logit(low + u * (high - low))
    evenly_in_log_odds = logit(low) + u * (logit(high) - logit(low))
    beta = logit(np.clip(betaincinv(k + 0.5, n - k + 0.5, u), smallest / 10, 1 - smallest / 10))
    listed = (rates.certainty == Certainty.PUBLISHED_MAX) | (rates.certainty == Certainty.BOUND)
    return replace(rates, log_odds=np.where(counted, beta, np.where(listed, even, evenly_in_log_odds)))
