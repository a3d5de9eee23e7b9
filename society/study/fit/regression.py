"""Penalised logistic regression of acts that compete within an occasion, with clustered errors.

Each open act has log-odds x'b, hence p = scale * logistic(x'b). The chance that any is chosen is max p (comonotone) or
1 - prod(1 - p) (independent), and which one in proportion to p (docs/model.md, Minds). With one act open this is logistic regression.
The estimate maximises the log-likelihood minus half the penalty times the squared distance from a centre (le Cessie and van
Houwelingen, Applied Statistics 41, 1992), by Fisher scoring.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, special

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]
#: Steps of Fisher scoring, and halvings of one step.
STEPS, HALVINGS = 100, 30
#: The gain of penalised log-likelihood under which scoring stops.
ENOUGH = 1e-10


@dataclass(frozen=True)
class Data:
    """What is regressed: one row per occasion and open act, rows of an occasion standing together.

    Attributes:
        x: sparse float64[n, k].
        offset: float64[n], known part of the log-odds.
        occasion: int64[n], 0..m-1, ascending without gaps.
        scale: float64[n], in 0..1.
        chosen: bool[n], at most one per occasion.
        independent: acts compete as independent draws, else comonotone.
    """

    x: sparse.csr_array
    offset: Floats
    occasion: Integers
    scale: Floats
    chosen: Booleans
    independent: bool = False

    def rows(self, occasions: Booleans) -> "Data":
        """The rows of some occasions (bool[m])."""
        keep = occasions[self.occasion]
        number = np.cumsum(occasions) - 1
        return Data(
            self.x[keep], self.offset[keep], number[self.occasion[keep]], self.scale[keep], self.chosen[keep],
            self.independent,
        )  # fmt: skip


@dataclass(frozen=True)
class Solution:
    """The estimate and what errors are made of.

    Attributes:
        b: float64[k].
        inverse: float64[k, k], inverse of the penalised expected information.
        scores: sparse float64[m, k], the gradient of each occasion's log-likelihood.
        log_likelihood: without the penalty.
        converged: whether scoring came to an end.
    """

    b: Floats
    inverse: Floats
    scores: sparse.csr_array
    log_likelihood: float
    converged: bool


def solve(data: Data, centre: Floats, penalty: float, start: Floats | None = None) -> Solution:
    """The penalised maximum of the likelihood.

    Args:
        data: what is regressed.
        centre: float64[k], where the penalty is zero.
        penalty: one over the variance of a normal prior around the centre.
        start: float64[k], where scoring begins; the centre if absent.

    Example:
        >>> x = sparse.csr_array(np.ones((10, 1)))
        >>> data = Data(x, np.zeros(10), np.arange(10), np.ones(10), np.arange(10) < 2)
        >>> round(float(solve(data, np.zeros(1), 1e-9).b[0]), 4) == round(float(np.log(0.2 / 0.8)), 4)
        True
    """
    b, converged = (centre if start is None else start).copy(), False
    value = _value(data, b, centre, penalty)
    for _ in range(STEPS):
        at = _At(data, b)
        gradient = np.asarray(data.x.T @ at.gradient()) - penalty * (b - centre)
        step = np.linalg.solve(at.information() + penalty * np.eye(len(b)), gradient)
        for halving in range(HALVINGS):
            tried = b + step / 2**halving
            new = _value(data, tried, centre, penalty)
            if new > value:
                break
        else:
            converged = True  # no step up this direction: a maximum, or a kink where two acts are equally likely
            break
        gain, b, value = new - value, tried, new
        if gain < ENOUGH * max(1.0, abs(value)):
            converged = True
            break
    at = _At(data, b)
    inverse = np.asarray(np.linalg.inv(at.information() + penalty * np.eye(len(b))), dtype=np.float64)
    return Solution(b, inverse, at.scores(), at.log_likelihood(), converged)


def predicted(data: Data, b: Floats) -> Floats:
    """Probability that each open act is the one chosen: float64[n]."""
    return _At(data, b).share()


def half_widths(solution: Solution, cluster: Integers, level: float = 0.95) -> Floats:
    """Half of each parameter's interval: the larger of the clustered and the model's own, float64[k].

    Clustered: sandwich of Liang and Zeger (Biometrika 73, 1986) with G / (G - 1) and Student's t with G - 1 degrees of freedom
    (Cameron and Miller, Journal of Human Resources 50, 2015). A sandwich collapses where hardly anything happened, so that the
    larger is taken (Angrist and Pischke, Mostly Harmless Econometrics, 2009, section 8.1).

    Args:
        solution: of ``solve``.
        cluster: int64[m], number of each occasion's cluster.
        level: of the interval.
    """
    model = special.ndtri(0.5 + level / 2) * np.sqrt(np.diag(solution.inverse))
    names, number = np.unique(cluster, return_inverse=True)
    groups = len(names)
    if groups < 2:
        return np.asarray(model)
    sums = sparse.csr_array((np.ones(len(number)), (number, np.arange(len(number))))) @ solution.scores
    spread = np.asarray((sums @ solution.inverse) ** 2).sum(axis=0) * groups / (groups - 1)
    return np.asarray(np.maximum(model, special.stdtrit(groups - 1, 0.5 + level / 2) * np.sqrt(spread)))


def _value(data: Data, b: Floats, centre: Floats, penalty: float) -> float:
    return _At(data, b).log_likelihood() - penalty / 2 * float(((b - centre) ** 2).sum())


class _At:
    """The model at one value of its parameters."""

    def __init__(self, data: Data, b: Floats) -> None:
        self.data, occasion = data, data.occasion
        self.m = int(occasion[-1]) + 1
        logistic = special.expit(np.asarray(data.x @ b) + data.offset)
        self.p = np.clip(data.scale * logistic, 1e-300, 1 - 1e-12)
        self.w = 1 - logistic  # of log p in the log-odds
        self.start = np.flatnonzero(np.diff(occasion, prepend=-1))
        self.total = np.add.reduceat(self.p, self.start)
        self.any = np.logical_or.reduceat(data.chosen, self.start)
        if data.independent:
            self.most = -np.expm1(np.add.reduceat(np.log1p(-self.p), self.start))
            slope = (1 - self.most)[occasion] / (1 - self.p) * self.p * self.w
        else:
            self.most = np.maximum.reduceat(self.p, self.start)
            slope = self.p * self.w * self._first(self.p == self.most[occasion])
        self.most = np.clip(self.most, 1e-300, 1 - 1e-12)
        self.slope = slope  # of the chance of any act, in the log-odds of each

    def _first(self, where: Booleans) -> Booleans:
        """The first of the marked rows of each occasion."""
        rows = np.flatnonzero(where)
        first = rows[np.diff(self.data.occasion[rows], prepend=-1) > 0]
        only = np.zeros(len(where), dtype=bool)
        only[first] = True
        return only

    def share(self) -> Floats:
        """Probability that each act is the one chosen."""
        return np.asarray((self.most / self.total)[self.data.occasion] * self.p)

    def log_likelihood(self) -> float:
        """Of all occasions."""
        acts = np.log(self.share()[self.data.chosen]).sum()
        return float(acts + np.log1p(-self.most[~self.any]).sum())

    def gradient(self) -> Floats:
        """Of the log-likelihood in each row's log-odds: float64[n]."""
        occasion, chosen = self.data.occasion, self.data.chosen
        some = self.any[occasion]
        most = self.most[occasion]
        acted = self.slope / most - self.p * self.w / self.total[occasion] + chosen * self.w
        return np.asarray(np.where(some, acted, -self.slope / (1 - most)))

    def scores(self) -> sparse.csr_array:
        """The gradient of each occasion: sparse float64[m, k]."""
        return self._sums(self.gradient())

    def information(self) -> Floats:
        """Expected information: float64[k, k]. Sums over what could have been chosen on each occasion."""
        occasion, most = self.data.occasion, self.most
        share = self.share()
        u = self.slope / most[occasion] - self.p * self.w / self.total[occasion]
        v = share * self.w
        slopes, us, vs = self._sums(self.slope), self._sums(u), self._sums(v)
        cross = us.T @ vs
        weighted = self.data.x.T @ _times(share * self.w**2, self.data.x)
        found = slopes.T @ _times(1 / (1 - most), slopes) + us.T @ _times(most, us) + cross + cross.T + weighted
        return np.asarray(found.toarray())

    def _sums(self, values: Floats) -> sparse.csr_array:
        """Sum over the rows of each occasion of a value times x: sparse float64[m, k]."""
        n = len(values)
        return sparse.csr_array((values, (self.data.occasion, np.arange(n))), shape=(self.m, n)) @ self.data.x


def _times(values: Floats, rows: sparse.csr_array) -> sparse.csr_array:
    """Each row times a value."""
    return sparse.csr_array(rows.multiply(values[:, None]))
