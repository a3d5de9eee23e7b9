"""Efron's partial likelihood of a proportional-hazards model: its value, slope and curvature, and residuals.

Sources: Cox, JRSS B 34:187 (1972); Efron, JASA 72:557 (1977); residuals: Therneau and Grambsch, Modeling Survival Data
(2000), chapters 4 and 7.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class PartialLikelihood:
    """Rows at risk from an entry to a stop, some of which die there.

    Of d deaths at one time the l-th (l = 0 .. d-1) meets the risk set without the part l / d of these deaths: one row of
    the expanded sums per death.

    Args:
        entry: float64[n], when rows come under observation; at risk at t if entry < t <= stop.
        stop: float64[n].
        dead: bool[n].
        x: float64[n, p], covariates.

    Example:
        >>> risks = PartialLikelihood(np.zeros(3), np.array([1.0, 2.0, 3.0]), np.ones(3, bool), np.eye(3)[:, :1])
        >>> round(risks.at(np.zeros(1))[0], 4)  # minus the logarithm of 3 x 2 x 1
        -1.7918
    """

    def __init__(self, entry: Floats, stop: Floats, dead: NDArray[np.bool_], x: Floats) -> None:
        self.entry, self.stop, self.x = entry, stop, x
        found = np.flatnonzero(dead)
        self.deaths = found[np.argsort(stop[found], kind="stable")]
        self.times, self._first, self._time, sizes = np.unique(
            stop[self.deaths], return_index=True, return_inverse=True, return_counts=True
        )
        #: Of each death: the part of its tie that has gone before.
        self._gone = (np.arange(len(self.deaths)) - self._first[self._time]) / sizes[self._time]
        self._by_stop, self._by_entry = np.argsort(stop, kind="stable"), np.argsort(entry, kind="stable")
        self._left = np.searchsorted(stop[self._by_stop], self.times, "left")
        self._not_in = np.searchsorted(entry[self._by_entry], self.times, "left")

    def at(self, beta: Floats) -> tuple[float, Floats, Floats]:
        """(log likelihood, its slope float64[p], its negative curvature float64[p, p]) at beta."""
        risk, s0, mean = self._sums(beta)
        x = self.x - self.x.mean(axis=0)
        squares = x[:, :, None] * x[:, None, :] * risk[:, None, None]
        s2 = self._expand(squares.reshape(len(x), -1)).reshape(-1, x.shape[1], x.shape[1])
        centred = mean - self.x.mean(axis=0)
        information = (s2 / s0[:, None, None] - centred[:, :, None] * centred[:, None, :]).sum(axis=0)
        value = float((self.x[self.deaths] @ beta).sum() - np.log(s0).sum() - self._shift * len(self.deaths))
        return value, (self.x[self.deaths] - mean).sum(axis=0), information

    def scores(self, beta: Floats) -> Floats:
        """Score residuals float64[n, p]: what each row adds to the slope; they sum to it."""
        risk, s0, mean = self._sums(beta)
        p = self.x.shape[1]
        rates = self._per_time(np.column_stack([1 / s0, mean / s0[:, None]]))
        total = np.vstack([np.zeros(p + 1), rates.cumsum(axis=0)])
        first, last = (np.searchsorted(self.times, t, "right") for t in (self.entry, self.stop))
        met = total[last] - total[np.minimum(first, last)]
        result = -risk[:, None] * (self.x * met[:, :1] - met[:, 1:])
        own = self._per_time(np.column_stack([self._gone / s0, mean * (self._gone / s0)[:, None]]))[self._time]
        sizes = np.bincount(self._time)[self._time]
        kept = risk[self.deaths][:, None] * (self.x[self.deaths] * own[:, :1] - own[:, 1:])
        result[self.deaths] += self.x[self.deaths] - self._per_time(mean)[self._time] / sizes[:, None] + kept
        return np.asarray(result)

    def residuals(self, beta: Floats) -> Floats:
        """Schoenfeld residuals float64[deaths, p] by time: covariates of the dead minus their mean over the risk set."""
        mean = self._sums(beta)[2]
        sizes = np.bincount(self._time)[self._time]
        return np.asarray(self.x[self.deaths] - self._per_time(mean)[self._time] / sizes[:, None])

    def _sums(self, beta: Floats) -> tuple[Floats, Floats, Floats]:
        """Relative risks float64[n], and of each death its risk set's sum float64[deaths] and mean float64[deaths, p]."""
        eta = self.x @ beta
        self._shift = float(eta.max())
        risk = np.exp(eta - self._shift)
        sums = self._expand(np.column_stack([risk, self.x * risk[:, None]]))
        return risk, sums[:, 0], sums[:, 1:] / sums[:, :1]

    def _expand(self, values: Floats) -> Floats:
        """Sums over the risk set of each death, float64[deaths, columns], from float64[n, columns]."""
        after = np.vstack([values[self._by_stop][::-1].cumsum(axis=0)[::-1], np.zeros(values.shape[1])])[self._left]
        if self._not_in.min(initial=len(values)) < len(values):
            late = np.vstack([values[self._by_entry][::-1].cumsum(axis=0)[::-1], np.zeros(values.shape[1])])
            after = after - late[self._not_in]
        tied = self._per_time(values[self.deaths])
        return np.asarray(after[self._time] - self._gone[:, None] * tied[self._time])

    def _per_time(self, values: Floats) -> Floats:
        """Sums float64[times, columns] of float64[deaths, columns]."""
        return np.add.reduceat(values, self._first, axis=0)
