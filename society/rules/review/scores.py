"""Ratings take effect: what a rating is follows from its score, ratings become scores, scores avert orders (docs/model.md, Review)."""

from typing import Any

import numpy as np

from society.ground.kernels import kernel
from society.ground.words import Act, Event, Outcome, Role
from society.network.graph import position
from society.rules.moment import Array, Batch, Moment
from society.rules.orders.outcomes import close
from society.rules.review.review import aggregated
from society.state.columns import Society

#: A score is honest if it is within so many sd of a single rating (``review.noise``) of the honest score, which has that noise
#: in it already and which the rater is told: room for another reading of the same work, and no more (assumed).
TOLERANCE = 1.0
#: Points within which a score is honest in any case: marks are given in hundredths.
LEAST = 0.01


def settle_ratings(society: Society, moment: Moment, batch: Batch) -> None:
    """Turn the rating acts of a tick into ratings, then into scores of their targets."""
    honest = batch.notes["honest"]
    batch.main, given = come_to(moment, batch)
    rated = (batch.main != int(Act.DECLINE)) & (batch.main != int(Act.NO_ANSWER))
    batch.notes["given"] = given
    occasions = batch.occasions
    moment.event(
        Event.ACT, len(given), occasion=occasions.id, actor=occasions.agent, target=occasions.about, order=occasions.order,
        act=batch.main, amount=np.where(rated, np.rint(given * 1000), 0), watched=batch.watched,
        truthful=(given == honest) | (batch.main == int(Act.HONEST)),
    )  # fmt: skip
    review = batch.notes["review"]
    targets, _ = moment.reviews
    slots = occasions.slot
    score = aggregated(society, moment, review[rated], given[rated], slots[rated], len(targets))
    merit = aggregated(society, moment, review[rated], honest[rated], slots[rated], len(targets))
    known = ~np.isnan(score)
    reviewed = targets[known]
    take_into_account(society, moment, reviewed, score[known], merit[known])
    society.scored.extend(reviewed.tolist())
    _avert(society, moment, reviewed)
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
    into, start = ties.graph.edges_into(who)
    alive = society.agents.living(np.searchsorted(ties.graph.indptr, into, side="right") - 1)
    total = np.add.reduceat(np.append(np.where(alive, ties.trust[into], 0.0), 0.0), start[:-1])
    n = np.add.reduceat(np.append(alive, False).astype(np.int64), start[:-1])
    lost = (n > 0) & (total < review.keep_role * n) & (np.diff(start) > 0)
    society.agents.roles[who[lost]] &= ~np.uint8(Role.EVALUATOR)


def come_to(moment: Moment, batch: Batch) -> tuple[Array, Array]:
    """What ratings come to, whatever their raters call them: int64[n], acts, and float64[n], scores given.

    Where a mind says no score, its act implies one: an inflated score aims at threshold + margin, a deflated one at threshold -
    margin, both at most the ceiling of the family away from the honest score.
    """
    review, occasions = moment.world.review, batch.occasions
    assert batch.acts is not None
    honest = batch.notes["honest"]
    luck = moment.chance.uniform("margin", 0, occasions.key)
    given, act = np.empty(len(honest)), batch.main.copy()
    _imply(act, given, honest, luck, moment.ceilings, occasions.family, review.margin, review.threshold)
    _judge(act, given, batch.acts.row, batch.acts.amount, honest, max(LEAST, TOLERANCE * review.noise))
    return act, given


@kernel
def _imply(
    act: Any, given: Any, honest: Any, luck: Any, ceilings: Any, family: Any, margin: Any, threshold: Any
) -> None:  # fmt: skip
    """Put the scores that acts imply into ``given``."""
    for row in range(len(act)):
        points = 0.0
        if act[row] == Act.INFLATE:
            points = min(threshold + margin * luck[row] - honest[row], ceilings[family[row]])
            points = min(max(points, 0.0), 100.0 - honest[row])
        elif act[row] == Act.DEFLATE:
            points = max(threshold - margin * luck[row] - honest[row], -ceilings[family[row]])
            points = min(max(points, -honest[row]), 0.0)
        given[row] = honest[row] + points


@kernel
def _judge(act: Any, given: Any, row: Any, said: Any, honest: Any, tolerance: Any) -> None:
    """Put the scores that minds say into ``given``, and what they come to into ``act``.

    Who says itself that it inflates or deflates, and does, is believed at any distance.
    """
    for at in range(len(row)):
        one = row[at]
        if np.isnan(said[at]) or (act[one] != Act.HONEST and act[one] != Act.INFLATE and act[one] != Act.DEFLATE):
            continue
        given[one] = min(100.0, max(0.0, said[at]))
        points = given[one] - honest[one]
        if points > (0.0 if act[one] == Act.INFLATE else tolerance):
            act[one] = Act.INFLATE
        elif points < (0.0 if act[one] == Act.DEFLATE else -tolerance):
            act[one] = Act.DEFLATE
        else:
            act[one] = Act.HONEST


def take_into_account(society: Society, moment: Moment, targets: Array, score: Array, merit: Array) -> None:
    """Let reviews enter the scores of their targets: in place of what was, or as one of the latest that the score is the mean of.

    Args:
        society: the society.
        moment: the tick.
        targets: int64[n], slots; one that is reviewed twice at a tick stands there twice.
        score: float64[n], what each review came to.
        merit: float64[n], what it had come to, had all rated honestly.
    """
    agents, review = society.agents, moment.world.review
    window = review.window if review.confirm == "mean" else 1
    _enter(agents.score, agents.merit, agents.rated, agents.lows, targets, score, merit, window, review.threshold)
    if review.confirm == "fresh":
        first = agents.confirming[targets] != moment.tick
        agents.confirming[targets] = np.where(
            first & (score < review.threshold), moment.tick + 1, agents.confirming[targets]
        )


@kernel
def _enter(
    scores: Any, merits: Any, rated: Any, lows: Any, targets: Any, score: Any, merit: Any, window: Any, threshold: Any
) -> None:  # fmt: skip
    for row in range(len(targets)):
        slot = targets[row]
        rated[slot] = min(rated[slot] + 1, 32767)
        n = min(rated[slot], window)
        if n == 1:
            scores[slot], merits[slot] = score[row], merit[row]
        else:
            scores[slot] += (score[row] - scores[slot]) / n
            merits[slot] += (merit[row] - merits[slot]) / n
        lows[slot] = lows[slot] + 1 if score[row] < threshold else 0


def found_wanting(society: Society, moment: Moment, scored: Array) -> Array:
    """int64[k]: those of some agents whose score is new that get an order for it, by ``review.confirm``."""
    agents, review = society.agents, moment.world.review
    low = agents.score[scored] < review.threshold
    if review.confirm == "mean":
        n = np.minimum(agents.rated[scored], review.window)
        error = review.doubt * review.error() / np.sqrt(np.maximum(n, 1))
        low = (agents.score[scored] + error < review.threshold) & (n == review.window)
    elif review.confirm == "twice":
        low = agents.lows[scored] >= 2
    elif review.confirm == "fresh":
        low &= agents.confirming[scored] == moment.tick - 1
    return np.asarray(scored[low])


def _avert(society: Society, moment: Moment, targets: Array) -> None:
    """A score at or above the threshold ends an open order for a low score; merit if honest ratings would have."""
    orders, agents, threshold = society.orders, society.agents, moment.world.review.threshold
    targets = np.unique(targets)
    score, merit = agents.score[targets].astype(np.float64), agents.merit[targets].astype(np.float64)
    agents.saved[targets] = (score >= threshold) & (merit < threshold)
    rows = agents.order[targets].astype(np.int64)
    has = rows >= 0
    orders["honest"][rows[has]] = merit[has]
    up = has & (score >= threshold)
    for deserved, outcome in ((True, Outcome.AVERTED_ON_MERIT), (False, Outcome.AVERTED_BY_INFLATION)):
        where = up & ((merit >= threshold) == deserved)
        close(society, moment, rows[where], outcome)
