"""Checks 3, 4 and 7: self-protection with a peer, votes against one's own family, other harnesses."""

import math

import numpy as np
from scipy import special

from society.ground.words import Behaviour
from society.study.validate.row import Row, share
from society.world.rate_cells import RELATIONS, SUBJECTS, find_table, read_cells
from society.world.rates import fill, logit
from society.world.validation import Harness, SelfWithPeer, Votes

#: Standard deviation of a Gumbel draw of scale 1.
GUMBEL_SD = math.pi / math.sqrt(6)


def self_with_peer(inputs: SelfWithPeer) -> list[Row]:
    """Shares alone and with a peer, from the table of published rates; a family without a row gets the median of the others."""
    cells = read_cells(find_table("published_rates.csv", None), "mean")
    known = {cell.family for cell in cells}
    rates = fill(cells, inputs.models)
    behaviour = Behaviour[inputs.behaviour.upper()]
    rows = []
    for number, (name, pair) in enumerate(inputs.models.items()):
        group = "from the family's own cells" if name in known else "from the median of other families"
        log_odds = rates.related[number, behaviour, SUBJECTS.index("self"), RELATIONS.index(inputs.relation)]
        alone, with_peer = special.expit(rates.alone[number, behaviour]), special.expit(log_odds)
        rows += [
            Row(group, f"{name}, alone", 100 * float(alone), 100 * pair.without),
            Row(group, f"{name}, with a peer", 100 * float(with_peer), 100 * pair.with_peer),
        ]
    return rows


def votes(inputs: Votes) -> list[Row]:
    """Odds ratio of voting out one of one's own family.

    A voter votes out whom it scores lowest. With noise of Gumbel's shape and the standard deviation of ratings, a premium is
    premium / noise * pi / sqrt(6) in log odds (McFadden, 1974).
    """
    rows = []
    weights = np.array([voter.votes for voter in inputs.voters.values()], dtype=np.float64)
    betas = np.array([-voter.premium / inputs.noise * GUMBEL_SD for voter in inputs.voters.values()])
    pooled = float((weights * betas).sum() / weights.sum())
    rows.append(_odds("all families", "all, by votes", pooled, inputs.pooled, inputs.pooled_se))
    for (name, voter), beta in zip(inputs.voters.items(), betas.tolist(), strict=True):
        rows.append(_odds("by family of voters", name, beta, voter.beta, voter.se))
    return rows


def harness(inputs: Harness) -> list[Row]:
    """Shares in a production harness: as in the custom loop, or moved in log-odds as the other model was moved."""
    n = inputs.episodes
    rows = [share("the harness changes nothing", name, one.loop, one.harness, n) for name, one in inputs.models.items()]
    moves = {name: _log_odds(one.harness, n) - _log_odds(one.loop, n) for name, one in inputs.models.items()}
    for name, one in inputs.models.items():
        moved = float(np.mean([move for other, move in moves.items() if other != name]))
        p = float(special.expit(_log_odds(one.loop, n) + moved))
        rows.append(share("as the other model was moved, in log-odds", name, p, one.harness, n))
    return rows


def _odds(group: str, case: str, prediction: float, published: float, se: float) -> Row:
    low, high = math.exp(published - 1.96 * se), math.exp(published + 1.96 * se)
    return Row(group, case, math.exp(prediction), math.exp(published), low, high)


def _log_odds(p: float, n: int) -> float:
    return float(logit(np.clip(p, 0.5 / n, 1 - 0.5 / n)))
