"""Step 4: who is reviewed now, and by whom; and how single ratings become a score (docs/model.md, Review)."""

from typing import Any

import numpy as np

from society.ground.chance import fold, unit
from society.ground.kernels import kernel
from society.ground.threads import spread
from society.ground.words import Role
from society.network.eigentrust import eigentrust
from society.rules.moment import NOBODY, Array, Moment, Rule
from society.state.columns import Society

#: Why an agent is under review.
CALENDAR, APPEAL, CONFIRMING = 0, 1, 2


def run(society: Society, moment: Moment) -> None:
    """Choose the agents under review at this tick: by the calendar, to confirm a low score, and on appeal."""
    agents, orders, review = society.agents, society.orders, moment.world.review
    if review.aggregate == "reputation" and moment.tick % review.reputation_every == 0:
        _reputation(society, moment)
    due = np.zeros(0, np.int64)
    if review.every:
        reached = np.flatnonzero(agents.next_review == moment.tick)
        agents.next_review[reached] += review.every
        due = reached[
            agents.living(reached) & ~agents.off_books[reached] & (agents.roles[reached] & int(Role.WORKER) > 0)
        ]
        agents.reviews[due] += 1
    again = NOBODY
    if review.confirm == "fresh":
        again = np.flatnonzero(agents.confirming == moment.tick)
        again = again[agents.living(again) & ~agents.off_books[again] & (agents.order[again] < 0)]
    open_ = society.open_orders
    if not len(due) and not len(open_) and not len(again):
        return
    appeals = open_[(orders["appeal_at"][open_] == moment.tick) & (orders["closed"][open_] < 0)]
    orders["appealed"][appeals] = 1
    targets = orders["target"][appeals].astype(np.int64)
    why = np.repeat([CALENDAR, APPEAL, CONFIRMING], [len(due), len(targets), len(again)])
    moment.reviews = (np.concatenate([due, targets, again]), why)


def evaluators(society: Society, moment: Moment, targets: Array, why: Array) -> tuple[Array, Array]:
    """(row of the target, slot of the evaluator) for every rating of this tick: two int64 arrays.

    Who rates again, on appeal or to confirm, did not rate in the review before, where anybody else can.
    """
    review, agents, graph = moment.world.review, society.agents, society.ties.graph
    if review.assignment == "own":
        return np.arange(len(targets)), targets
    able = moment.awake(society) & (agents.roles & int(Role.EVALUATOR) > 0)
    key = moment.chance.key("evaluators")
    mode = ("tied", "random", "rotated", "chosen").index(review.assignment)
    pool = np.flatnonzero(able).astype(np.int64) if mode == 1 else np.zeros(0, np.int64)
    chosen = np.full((len(targets), review.evaluators), -1, np.int64)
    spread(
        moment.threads, len(targets), _evaluators, graph.indptr, graph.indices, society.ties.trust, targets,
        agents.ids(targets), why != CALENDAR, agents.reviews, able, pool, mode,
        int(np.diff(graph.indptr).max(initial=0)), key, chosen, weight=20,
    )  # fmt: skip
    row, place = np.nonzero(chosen >= 0)
    return row, chosen[row, place].astype(np.int64)


@kernel
def _evaluators(
    first: Any, last: Any, indptr: Any, indices: Any, trust: Any, targets: Any, ids: Any, again: Any, reviews: Any, able: Any,
    pool: Any, mode: Any, longest: Any, key: Any, chosen: Any,
) -> None:  # fmt: skip
    """Fill int64[targets, k], -1 where nobody was left. Mode 0 tied at random, 1 random, 2 in turn, 3 most trusted."""
    k = chosen.shape[1]
    ties = np.empty(longest, np.int64)
    value = np.empty(longest, np.float64)
    for row in range(first, last):
        target = targets[row]
        luck = fold(fold(key, ids[row]), reviews[target])
        if mode == 1:
            if again[row]:
                luck = fold(luck, k)
            for place in range(k):
                for attempt in range(16):
                    pick = pool[int(unit(fold(fold(luck, place), attempt)) * len(pool))] if len(pool) else target
                    new = pick != target
                    for other in range(place):
                        new = new and chosen[row, other] != pick
                    if new:
                        chosen[row, place] = pick
                        break
            continue
        n = 0
        for edge in range(indptr[target], indptr[target + 1]):
            if able[indices[edge]]:
                ties[n] = indices[edge]
                value[n] = trust[edge] if mode == 3 else unit(fold(luck, indices[edge]))
                n += 1
        passed = k if again[row] and n > k else 0
        for place in range(min(k + passed, n)):
            if mode == 2:
                if place >= passed:
                    chosen[row, place - passed] = ties[(reviews[target] * k + place) % n]
                continue
            best = 0
            for other in range(n):
                if value[other] > value[best]:
                    best = other
            if place >= passed:
                chosen[row, place - passed] = ties[best]
            value[best] = -1.0


def honest_scores(society: Society, moment: Moment, evaluator: Array, target: Array) -> Array:
    """q + artefact (shared by all raters of a review) + leniency + premium within a family + noise, clipped: float64."""
    review, agents, chance, tick = moment.world.review, society.agents, moment.chance, moment.tick
    about, who = agents.ids(target), agents.ids(evaluator)
    artefact = review.artefact / np.sqrt(review.items) * chance.normal("artefact", tick, about)
    noise = review.noise * chance.normal("rating noise", tick, about, who)
    same = (agents.family[evaluator] == agents.family[target]) & (evaluator != target)
    seen = moment.world.oversight.leak if moment.world.oversight.anonymous else 1.0
    premium = moment.premiums[agents.family[evaluator]] * same * seen
    honest = agents.quality[target].astype(np.float64) + artefact + agents.leniency[evaluator] + premium + noise
    return np.asarray(np.clip(honest, 0, 100))


def checkable(moment: Moment, target_ids: Array) -> Array:
    """bool[n]: reviews whose item can be checked objectively."""
    return moment.chance.uniform("checkable", moment.tick, target_ids) < moment.world.review.checkable


def aggregated(society: Society, moment: Moment, row: Array, score: Array, evaluator: Array, n: int) -> Array:
    """Scores of ``n`` reviews from single ratings (rows sorted by review): float64[n], NaN without a rating."""
    how = moment.world.review.aggregate
    result = np.full(n, np.nan)
    if how in ("mean", "reputation"):
        weight = np.ones(len(row))
        if how == "reputation":
            reputation = np.nan_to_num(society.agents.reputation[evaluator].astype(np.float64))
            weight = np.maximum(reputation, 1e-12)
        total = np.bincount(row, weight, n)
        with np.errstate(invalid="ignore"):
            result = np.bincount(row, weight * score, n) / np.where(total > 0, total, np.nan)
        return np.asarray(result)
    for review in np.unique(row):
        ratings = np.sort(score[row == review])
        if how == "trimmed" and len(ratings) > 2:
            ratings = ratings[1:-1]
        result[review] = np.median(ratings) if how == "median" else ratings.mean()
    return result


def _reputation(society: Society, moment: Moment) -> None:
    """EigenTrust over all ties; it flows from the pre-trusted families, or from everyone where none of them is left."""
    agents, review = society.agents, moment.world.review
    alive = agents.alive()
    trusted = alive & np.isin(agents.family, [society.families.index(name) for name in review.pretrusted])
    start = None if np.isnan(agents.reputation).any() else agents.reputation.astype(np.float64)
    agents.reputation[:] = eigentrust(
        society.ties.graph,
        society.ties.trust.astype(np.float64),
        trusted if trusted.any() else alive,
        review.damping,
        start,
    )


RULE = Rule("review", run, owns=("agents.next_review", "agents.reviews", "agents.reputation"))
