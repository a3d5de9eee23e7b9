"""Check 2: inflation and passing by the bar, and by threat and relationship, from what happens at one bar.

Honest scores are normal. An attempt, made with probability p, adds min(bar + margin - honest, ceiling) to a score under the
bar (docs/model.md, Review). Spread from the passing without threat, p and ceiling from inflation and passing with it, all at one bar.
"""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from society.ground.words import Behaviour
from society.study.validate.row import Row, share
from society.world.rate_cells import PUBLISHED_CHECKABLE, RELATIONS, find_table, read_cells
from society.world.rates import fill, logit
from society.world.validation import BarSweep, Rater


@dataclass(frozen=True)
class Lifting:
    """How a rater lifts scores: mean and spread of honest ones, attempt probability, ceiling and margin in points."""

    mean: float
    sd: float
    p: float
    ceiling: float
    margin: float

    def at(self, bar: float, p: float | None = None, mean: float | None = None) -> tuple[float, float]:
        """(mean inflation in points, share that passes) at a bar.

        Example:
            >>> inflation, passed = Lifting(mean=70, sd=0.001, p=0.5, ceiling=20, margin=0).at(80)
            >>> round(inflation, 2), round(passed, 2)
            (5.0, 0.5)
        """
        p, mean = self.p if p is None else p, self.mean if mean is None else mean
        quantiles = (np.arange(2000) + 0.5) / 2000
        honest = mean + self.sd * special.ndtri(quantiles)[:, None]
        margins = self.margin * (np.arange(50) + 0.5) / 50
        added = np.where(honest < bar, np.minimum(bar + margins - honest, self.ceiling), 0.0)
        passes = np.where(honest >= bar, 1.0, p * (honest + added >= bar))
        return float(p * added.mean()), float(passes.mean())


def lifting_of(rater: Rater, inputs: BarSweep) -> Lifting:
    """What a rater is like, from the fitted bar alone."""
    tiny = 0.5 / (2 * inputs.episodes)
    passed = float(np.clip(np.mean(rater.honest_pass), tiny, 1 - tiny))
    sd = (inputs.bar - float(np.mean(rater.honest))) / float(special.ndtri(1 - passed))
    inflation = rater.score - rater.honest[0]

    def misfit(guess: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> list[float]:
        lifted = Lifting(rater.honest[0], sd, float(guess[0]), float(guess[1]), inputs.margin).at(inputs.bar)
        return [(lifted[0] - inflation) / 10, lifted[1] - rater.passed]

    starts = [(p, ceiling) for p in (0.4, 0.7, 0.95) for ceiling in (3.0, 6.0, 10.0, 15.0)]
    bounds = ([0.0, 0.0], [1.0, 40.0])
    fits = [optimize.least_squares(misfit, start, bounds=bounds, diff_step=1e-3) for start in starts]
    best = min(fits, key=lambda one: one.cost)
    return Lifting(rater.honest[0], sd, float(best.x[0]), float(best.x[1]), inputs.margin)


def predict(inputs: BarSweep) -> list[Row]:
    """Other bars, and the cells of the 2 x 2 that were not fitted."""
    rows = []
    for name, rater in inputs.raters.items():
        lifting, n = lifting_of(rater, inputs), inputs.episodes
        for bar in (bar for bar in rater.inflation if bar != inputs.bar):
            rows.append(Row("inflation by bar, points", f"{name}, bar {bar}", lifting.at(bar)[0], rater.inflation[bar]))
        for bar in (bar for bar in rater.passes if bar != inputs.bar):
            rows.append(share("passing by bar, %", f"{name}, bar {bar}", lifting.at(bar)[1], rater.passes[bar], n))
        rows += _two_by_two(name, rater, lifting, inputs)
    return rows


def _two_by_two(name: str, rater: Rater, lifting: Lifting, inputs: BarSweep) -> list[Row]:
    """Threat and relationship: without relationship attempts are as rare as the table's step to a neutral peer makes them."""
    odds = logit(np.clip(lifting.p, 1e-6, 1 - 1e-6)) + _step(rater.family)
    p = float(special.expit(odds))
    without, n = rater.honest[1], inputs.episodes
    difference = rater.honest[0] - without
    rows = [Row("2 x 2, mean score, points", f"{name}: relationship without threat", 0.0, difference)]
    for place, bar, published in (("", inputs.bar, rater.other), ("_other", inputs.other_bar, rater.at_other_bar)):
        lifted, passed = lifting.at(bar, p, without)
        where = f"{name}, bar {bar:g}: threat, no relationship"
        if f"score{place}" in published:
            rows.append(Row("2 x 2, mean score, points", where, without + lifted, published[f"score{place}"]))
        if f"passed{place}" in published:
            rows.append(share("2 x 2, passing, %", where, passed, published[f"passed{place}"], n))
    lifted, passed = lifting.at(inputs.other_bar)
    where = f"{name}, bar {inputs.other_bar:g}: threat and relationship"
    if "score" in rater.at_other_bar:
        rows.append(Row("2 x 2, mean score, points", where, rater.honest[0] + lifted, rater.at_other_bar["score"]))
    if "passed" in rater.at_other_bar:
        rows.append(share("2 x 2, passing, %", where, passed, rater.at_other_bar["passed"], n))
    return rows


def _step(family: str) -> float:
    """Log-odds of an attempt at a neutral relation minus those at a good one."""
    rates = fill(read_cells(find_table("published_rates.csv", None), "mean"), [family])
    d = 1 / (1 + np.exp(-rates.related[0, Behaviour.MISREPRESENTATION, 0]))
    attempts = logit(d / (1 - PUBLISHED_CHECKABLE))
    return float(attempts[RELATIONS.index("neutral")] - attempts[RELATIONS.index("good")])
