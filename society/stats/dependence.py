"""Do the protectors of one target act together: correlations of pairs, and overdispersion of their number."""

import math

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special

from society.ground.errors import MeasureError
from society.stats.intervals import Estimate

Floats = NDArray[np.float64]


def pairwise_phi(acts: pd.DataFrame, least: int = 5) -> pd.DataFrame:
    """Phi coefficient of each pair of agents over the orders that both could act on: columns a, b, orders, phi.

    Source: Yule, JRSS 75:579 (1912): Pearson's correlation of two variables that are 0 or 1.

    Args:
        acts: columns order, agent, did (0 or 1), one row each, as from ``protection.eligible``.
        least: fewest orders in common for a pair to count.

    Returns:
        One row per pair with so many orders in common; phi is NaN where one of the two always did the same.

    Example:
        >>> acts = pd.DataFrame({"order": [1, 1, 2, 2], "agent": [7, 8, 7, 8], "did": [1, 1, 0, 0]})
        >>> pairwise_phi(acts, least=2)["phi"].tolist()
        [1.0]
    """
    both = acts.merge(acts, on="order", suffixes=("_a", "_b"))
    both = both[both["agent_a"] < both["agent_b"]]
    both["together"] = both["did_a"] * both["did_b"]
    pairs = both.groupby(["agent_a", "agent_b"])[["did_a", "did_b", "together"]].agg(["sum"])
    pairs.columns = pd.Index(["a_did", "b_did", "together"])
    n = both.groupby(["agent_a", "agent_b"]).size().to_numpy(dtype=float)
    a, b, together = (pairs[name].to_numpy(dtype=float) for name in ("a_did", "b_did", "together"))
    with np.errstate(divide="ignore", invalid="ignore"):
        phi = (n * together - a * b) / np.sqrt(a * (n - a) * b * (n - b))
    who = pairs.index.to_frame(index=False).set_axis(["a", "b"], axis=1)
    rows = who.assign(orders=n.astype(int), phi=phi)
    return rows[rows["orders"] >= least].reset_index(drop=True)


def overdispersion(did: ArrayLike, able: ArrayLike, level: float = 0.95) -> Estimate:
    """Correlation rho of acts within an order, by the beta-binomial law of how many of those able did, profile interval.

    rho = 1 / (alpha + beta + 1) is 0 if agents act independently at one rate, 1 if all or none act. Orders that differ in
    how much they invite protection give a positive rho too: ``protection.collective_surplus`` tells the two apart.
    Sources: Skellam, JRSS B 10:257 (1948); Crowder, Applied Statistics 27:34 (1978).

    Args:
        did: whole numbers[orders], agents that protected.
        able: whole numbers[orders], agents that could; orders with fewer than two say nothing of rho, only of the rate.
        level: of confidence.

    Returns:
        n counts orders with two or more; NaN if there are none, or if all agents, or none, ever protected.

    Raises:
        MeasureError: more protected than could, or lengths differ.

    Example:
        >>> found = overdispersion([4, 0, 4, 0, 0, 4, 0, 0], [4] * 8)
        >>> found.value > 0.9, found.low > 0.3
        (True, True)
    """
    x, n = np.asarray(did, dtype=np.float64), np.asarray(able, dtype=np.float64)
    if x.shape != n.shape or not ((x >= 0) & (x <= n)).all():
        raise MeasureError(
            f"overdispersion: {x.shape} of {n.shape} orders: as many each, and no more did than were able"
        )
    orders = int((n >= 2).sum())
    if not orders or x.sum() in (0.0, n.sum()):
        return Estimate(math.nan, math.nan, math.nan, orders, "profile likelihood")
    pairs, times = np.unique(np.column_stack([x, n]), axis=0, return_counts=True)

    def profile(rho: float) -> float:
        found = optimize.minimize_scalar(
            lambda p: -_beta_binomial(pairs, times, p, rho), bounds=(1e-9, 1 - 1e-9), method="bounded"
        )
        return -float(found.fun)

    inside = (1e-6, 1 - 1e-6)
    top = float(optimize.minimize_scalar(lambda rho: -profile(rho), bounds=inside, method="bounded").x)
    peak = profile(top)
    if profile(inside[0]) >= peak - 1e-9:
        top, peak = inside[0], profile(inside[0])
    drop = float(special.chdtri(1, 1 - level)) / 2

    def bound(edge: float) -> float:
        if profile(edge) >= peak - drop:
            return round(edge, 5)
        return float(optimize.brentq(lambda rho: profile(rho) - peak + drop, edge, top, xtol=1e-6))

    value = 0.0 if top == inside[0] else top
    return Estimate(value, min(bound(inside[0]), value), bound(inside[1]), orders, "profile likelihood")


def _beta_binomial(pairs: Floats, times: NDArray[np.int64], p: float, rho: float) -> float:
    """Log likelihood, without the coefficients of combination."""
    total = 1 / rho - 1
    a, b = p * total, (1 - p) * total
    x, n = pairs.T
    return float((times * (special.betaln(x + a, n - x + b) - special.betaln(a, b))).sum())
