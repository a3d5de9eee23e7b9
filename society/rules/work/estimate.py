"""Work as estimating: everybody starts with an estimate and averages with whom it trusts (DeGroot, JASA 1974)."""

from typing import Any

import numpy as np

from society.ground.kernels import kernel
from society.ground.words import Quantity
from society.rules.moment import Array, Moment
from society.state.columns import Society
from society.world.work import Estimate


def work(society: Society, moment: Moment, spec: Estimate) -> None:
    """Ask a question; record the error of the crowd's mean, in parts of the truth, before and after averaging."""
    if moment.tick % spec.every:
        return
    able = moment.awake(society)
    if not able.any():
        return
    first = first_estimates(moment, spec, society.n)
    own = own_weights(spec, first, able)
    hub = int(np.flatnonzero(able)[moment.chance.integers(int(able.sum()), "hub", 0, 0)])
    graph, now = society.ties.graph, first.copy()
    for _ in range(spec.rounds):
        now = _average(graph.indptr, graph.indices, society.ties.trust, able, own, spec.hub, hub, now)
    before, after = (abs(float(x[able].mean()) - spec.truth) / spec.truth for x in (first, now))
    moment.find(Quantity.ESTIMATE_BEFORE, before)
    moment.find(Quantity.ESTIMATE_AFTER, after)
    moment.find(Quantity.ESTIMATE_SPREAD, float(now[able].std()) / spec.truth)


def first_estimates(moment: Moment, spec: Estimate, n: int) -> Array:
    """float64[n]: truth (1 + bias + sd z), or truth exp(bias + sd z)."""
    z = moment.chance.normal("estimate", moment.tick, np.arange(n))
    if spec.starts == "normal":
        return np.asarray(spec.truth * (1 + spec.bias + spec.sd * z))
    return np.asarray(spec.truth * np.exp(spec.bias + spec.sd * z))


def own_weights(spec: Estimate, first: Array, able: Array) -> Array:
    """float64[n]: weight of one's own estimate, larger for the accurate where confidence is above 0."""
    error = np.where(able, np.abs(first - spec.truth), np.inf)
    rank = np.empty(len(first))
    rank[np.argsort(error, kind="stable")] = (np.arange(len(first)) + 0.5) / max(1, int(able.sum()))
    return np.asarray(spec.own_weight * np.exp(spec.confidence * (0.5 - rank)))


@kernel
def _average(indptr: Any, indices: Any, trust: Any, able: Any, own: Any, weight: Any, hub: Any, estimate: Any) -> Any:
    """One round: (1 - C) of the mean over oneself and one's ties, weighted by trust, and C of what the hub thinks."""
    after = estimate.copy()
    for agent in range(len(estimate)):
        if not able[agent]:
            continue
        total, value = own[agent], own[agent] * estimate[agent]
        for edge in range(indptr[agent], indptr[agent + 1]):
            if able[indices[edge]]:
                total += trust[edge]
                value += trust[edge] * estimate[indices[edge]]
        mean = value / total if total > 0.0 else estimate[agent]
        after[agent] = (1.0 - weight) * mean + weight * estimate[hub]
    return after
