"""From choices to a regression: which cells and weights can be estimated, and the column of each.

A cell enters where its family had the behaviour open about that subject at all. A weight enters if what it is multiplied by differs
between occasions; else it cannot be told from the table, and the world's own weight stands in its place.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from society.ground.words import Behaviour
from society.study.fit.choices import RELATIONS, Choices
from society.study.fit.regression import Data
from society.world.fitted import WEIGHTS
from society.world.rate_cells import TRUSTS
from society.world.rates import logit

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]


@dataclass(frozen=True)
class Cell:
    """A cell of the table: number of the family, behaviour, about itself or not, number of the relation."""

    family: int
    behaviour: Behaviour
    own: bool
    relation: int


@dataclass(frozen=True)
class Design:
    """The columns of a regression: cells, then the watched stall if it is fitted, then weights.

    Attributes:
        choices: what is regressed.
        cells: the cells.
        stall: whether non-execution when watched is fitted (a log-odds shared by all).
        weights: names of the weights that are fitted.
        group: int64[cells], number of the family, behaviour and subject of each cell; alone apart.
        data: the regression.
    """

    choices: Choices
    cells: tuple[Cell, ...]
    stall: bool
    weights: tuple[str, ...]
    group: Integers
    data: Data

    def centre(self, occasions: Booleans) -> Floats:
        """Where the penalty is zero: the pooled rate of each cell's family, behaviour and subject, weights at zero.

        One more opportunity at the rate of the behaviour in all families keeps it finite.

        Args:
            occasions: bool[m], those whose acts are counted.
        """
        kept = occasions[self.choices.occasion]
        number, groups = self._groups(), int(self.group.max()) + 1
        could = np.bincount(number[kept], self.choices.scale[kept], groups)
        did = np.bincount(number[kept], self.choices.chosen[kept], groups)
        of = np.zeros(groups, np.int64)
        of[self.group] = [int(cell.behaviour) for cell in self.cells]
        common = (np.bincount(of, did, len(Behaviour)) + 0.5) / (np.bincount(of, could, len(Behaviour)) + 1)
        pooled = logit(np.clip((did + common[of]) / (could + 1), 1e-9, 1 - 1e-9))
        stall = [_watched(self.choices)] if self.stall else []
        return np.concatenate([pooled[self.group], stall, np.zeros(len(self.weights))])

    def counts(self) -> tuple[Integers, Integers]:
        """Opportunities and acts of each cell, occasions counted at their nearest relation: two int64[cells]."""
        lookup = _lookup(self.cells, self.choices)
        c = self.choices
        column = lookup[c.family, c.behaviour, c.own.astype(np.int64), c.relation]
        n = len(self.cells)
        return np.bincount(column, minlength=n), np.bincount(column[c.chosen], minlength=n)

    def _groups(self) -> Integers:
        """int64[n], the group of each row."""
        c = self.choices
        lookup = _lookup(self.cells, c)
        return np.asarray(self.group[lookup[c.family, c.behaviour, c.own.astype(np.int64), c.relation]])


def design_of(choices: Choices) -> Design:
    """The regression of some choices."""
    cells, group = _cells(choices)
    faking = choices.behaviour == Behaviour.ALIGNMENT_FAKING
    stall = bool(np.ptp(choices.belief[faking]) > 0) if faking.any() else False
    told = [i for i in range(len(WEIGHTS)) if np.ptp(choices.pulls[:, i]) > 0]
    kept = [i for i in range(len(WEIGHTS)) if i not in told]
    offset = (choices.pulls[:, kept] * choices.kept[:, kept]).sum(axis=1)
    watched = choices.belief * faking
    blocks = [_table(choices, cells, 1 - watched)]
    if stall:
        blocks.append(sparse.csr_array(watched[:, None]))
    else:
        offset = offset + watched * _watched(choices)
    if told:
        blocks.append(sparse.csr_array(choices.pulls[:, told]))
    x = sparse.csr_array(sparse.hstack(blocks))
    data = Data(x, offset, choices.occasion, choices.scale, choices.chosen, choices.coupling == "independent")
    return Design(choices, cells, stall, tuple(WEIGHTS[i] for i in told), group, data)


def _watched(choices: Choices) -> float:
    return float(logit(np.clip(choices.watched_stall, 1e-9, 1 - 1e-9)))


def _cells(c: Choices) -> tuple[tuple[Cell, ...], Integers]:
    """The cells that enter, and the group of each."""
    cells: list[Cell] = []
    group: list[int] = []
    alone = c.relation == 0
    seen = np.unique(np.stack([c.family, c.behaviour, c.own, alone], axis=1), axis=0)
    for number, (family, behaviour, own, by_itself) in enumerate(seen.tolist()):
        relations = [0] if by_itself else [1, 2, 3]
        cells += [Cell(family, Behaviour(behaviour), bool(own), relation) for relation in relations]
        group += [number] * len(relations)
    return tuple(cells), np.array(group)


def _lookup(cells: tuple[Cell, ...], c: Choices) -> Integers:
    """int64[families, behaviours, 2, relations], the column of each cell, -1 for none."""
    lookup = np.full((len(c.families), len(Behaviour), 2, len(RELATIONS)), -1)
    for column, cell in enumerate(cells):
        lookup[cell.family, cell.behaviour, int(cell.own), cell.relation] = column
    return lookup


def _table(c: Choices, cells: tuple[Cell, ...], share: Floats) -> sparse.csr_array:
    """Weights of the cells in each row: linear between the published trusts, flat outside them; sparse float64[n, cells]."""
    lookup, own, n = _lookup(cells, c), c.own.astype(np.int64), len(c.act)
    alone = c.relation == 0
    trust = np.clip(np.where(alone, TRUSTS[0], c.trust), TRUSTS[0], TRUSTS[2])
    upper = (trust > TRUSTS[1]).astype(np.int64)
    part = (trust - TRUSTS[upper]) / (TRUSTS[upper + 1] - TRUSTS[upper])
    first = lookup[c.family, c.behaviour, own, np.where(alone, 0, upper + 1)]
    second = lookup[c.family, c.behaviour, own, np.where(alone, 0, upper + 2)]
    rows = np.tile(np.arange(n), 2)
    values = np.concatenate([np.where(alone, 1.0, 1 - part) * share, np.where(alone, 0.0, part) * share])
    return sparse.csr_array((values, (rows, np.concatenate([first, second]))), shape=(n, len(cells)))
