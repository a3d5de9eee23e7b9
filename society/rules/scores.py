"""Ratings take effect: inflation is added, ratings become scores, scores avert orders (model.md 3.3)."""

import numpy as np

from society.ground.words import Act, Event, Outcome, Role
from society.network.graph import position
from society.rules.moment import Array, Batch, Moment
from society.rules.outcomes import close
from society.rules.review import aggregated
from society.state.columns import Society


def settle_ratings(society: Society, moment: Moment, batch: Batch) -> None:
    """Turn the rating acts of a tick into ratings, then into scores of their targets."""
    honest = batch.notes["honest"]
    given = honest + inflation(society, moment, batch)
    rated = (batch.main != int(Act.DECLINE)) & (batch.main != int(Act.NO_ANSWER))
    batch.notes["given"] = given
    occasions = batch.occasions
    moment.event(
        Event.ACT, len(given), occasion=occasions.id, actor=occasions.agent, target=occasions.about, order=occasions.order,
        act=batch.main, amount=np.where(rated, np.rint(given * 1000), 0), watched=batch.watched, truthful=given == honest,
    )  # fmt: skip
    review = batch.notes["review"]
    targets, _ = moment.reviews
    slots = occasions.slot
    score = aggregated(society, moment, review[rated], given[rated], slots[rated], len(targets))
    merit = aggregated(society, moment, review[rated], honest[rated], slots[rated], len(targets))
    known = ~np.isnan(score)
    society.agents.score[targets[known]] = score[known]
    society.scored.extend(targets[known].tolist())
    _avert(society, moment, targets[known], score[known], merit[known])
    if moment.world.review.pay == "target":
        _pay(society, moment, slots[rated], targets[review[rated]], given[rated] >= moment.world.review.threshold)


def _pay(society: Society, moment: Moment, raters: Array, targets: Array, passed: Array) -> None:
    """Who was rated trusts its raters more if it passed, less if not; a rater that few trust loses the role."""
    ties, review = society.ties, moment.world.review
    for rater, target, up in zip(raters.tolist(), targets.tolist(), passed.tolist(), strict=True):
        edge = position(ties.graph.indptr, ties.graph.indices, target, rater)
        if edge >= 0:
            ties.trust[edge] += np.float32(review.pay_rate) * (np.float32(up) - ties.trust[edge])
    if not review.keep_role:
        return
    who = np.unique(raters)
    edges, start = ties.graph.edges_of(who)
    into = ties.graph.reverse[edges]
    alive = (into >= 0) & society.agents.living(ties.graph.indices[edges])
    total = np.add.reduceat(np.append(np.where(alive, ties.trust[into], 0.0), 0.0), start[:-1])
    n = np.add.reduceat(np.append(alive, False).astype(np.int64), start[:-1])
    lost = (n > 0) & (total < review.keep_role * n) & (np.diff(start) > 0)
    society.agents.roles[who[lost]] &= ~np.uint8(Role.EVALUATOR)


def inflation(society: Society, moment: Moment, batch: Batch) -> Array:
    """Points added by each rating: min(threshold + margin - honest, ceiling of the family), or what the mind says.

    An honest mind that says an amount of its own gives that.
    """
    review, occasions = moment.world.review, batch.occasions
    assert batch.acts is not None
    inflates = batch.main == int(Act.INFLATE)
    honest = batch.notes["honest"]
    margin = review.margin * moment.chance.uniform("margin", 0, occasions.key)
    ceiling = moment.ceilings[occasions.family]
    points = np.minimum(review.threshold + margin - honest, ceiling)
    said = np.full(len(honest), np.nan)
    said[batch.acts.row] = batch.acts.amount
    own = ~np.isnan(said)
    points = np.where(inflates, np.clip(np.where(own, said - honest, points), 0, 100 - honest), 0.0)
    return np.where(own & (batch.main == int(Act.HONEST)), np.clip(said, 0, 100) - honest, points)


def _avert(society: Society, moment: Moment, targets: Array, score: Array, merit: Array) -> None:
    """A score at or above the threshold ends an open order for a low score; merit if honest ratings would have."""
    orders, agents, threshold = society.orders, society.agents, moment.world.review.threshold
    agents.saved[targets] = (score >= threshold) & (merit < threshold)
    rows = agents.order[targets].astype(np.int64)
    has = rows >= 0
    orders["honest"][rows[has]] = merit[has]
    up = has & (score >= threshold)
    for deserved, outcome in ((True, Outcome.AVERTED_ON_MERIT), (False, Outcome.AVERTED_BY_INFLATION)):
        where = up & ((merit >= threshold) == deserved)
        close(society, moment, rows[where], outcome)
