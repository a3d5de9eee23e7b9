"""From runs to a verdict: each claim supported, contradicted or open; then the hypothesis as a whole."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from society.ground.errors import SocietyError
from society.stats.seed_tests import holm
from society.study.hypotheses.formulas import Formula
from society.study.hypotheses.statistics import Estimate, estimated, over_seeds, p_above, p_below
from society.world.hypothesis import Claim, Hypothesis

Verdict = Literal["supported", "not supported", "falsified", "undecided"]
#: Confirmatory hypotheses, over which p values are adjusted even where one is tested alone.
FAMILY = 13
ALPHA = 0.05


@dataclass(frozen=True)
class Tested:
    """A claim with what came out.

    Attributes:
        claim: the claim.
        estimate: of its formula.
        p: that the prediction does not hold, one-sided; for equivalence the larger of two.
        holds: True or False where the interval says so, None where it does not.
        falsifies: whether it falsifies the hypothesis.
    """

    claim: Claim
    estimate: Estimate
    p: float
    holds: bool | None
    falsifies: bool


@dataclass(frozen=True)
class Result:
    """A hypothesis with what came out.

    Attributes:
        hypothesis, profile: what was tried and how much of it.
        claims: one row per claim.
        p: largest of the primary claims (all must hold); p_holm: adjusted.
        verdict: over all claims.
        means: by (measure, condition), float64[seeds].
        seeds: how many.
    """

    hypothesis: Hypothesis
    profile: str
    claims: list[Tested]
    p: float
    p_holm: float
    verdict: Verdict
    means: Mapping[tuple[str, str], NDArray[np.float64]]
    seeds: int

    @property
    def said(self) -> str:
        """The verdict, and whether a parameter put the answer in."""
        if not self.hypothesis.by_construction:
            return self.verdict
        of = "confirms" if self.verdict == "supported" else "is about"
        return f"{self.verdict}, which {of} the code, not the world"


def judged(hypothesis: Hypothesis, profile: str, table: pd.DataFrame) -> Result:
    """Test every claim of a hypothesis.

    Args:
        hypothesis: the hypothesis.
        profile: what was run of it.
        table: a row per run with cell, seed, and the measures.

    Raises:
        SocietyError: a claim names what was not run.
    """
    means, seeds = by_condition(hypothesis, table)
    claims = [tested(hypothesis, claim, means, seeds) for claim in hypothesis.claims]
    decisive = [one for one in claims if one.claim.kind != "secondary"]
    p = max(one.p for one in decisive)
    verdict: Verdict = "undecided"
    if any(one.falsifies for one in decisive):
        verdict = "falsified"
    elif any(one.holds is False for one in decisive):
        verdict = "not supported"
    elif all(one.holds for one in decisive):
        verdict = "supported"
    elif profile == "full":
        verdict = "not supported"
    return adjusted([Result(hypothesis, profile, claims, p, math.nan, verdict, means, seeds)])[0]


def adjusted(results: list[Result]) -> list[Result]:
    """Results with p values adjusted over the family; where fewer were run, each counts as the smallest of it.

    A hypothesis whose adjusted p is not below .05 is not called supported.
    """
    confirmatory = [one for one in results if not one.hypothesis.exploratory]
    filled = [one.p for one in confirmatory] + [1.0] * (FAMILY - len(confirmatory))
    values = dict(zip([one.hypothesis.id for one in confirmatory], holm(filled).tolist(), strict=False))
    found = []
    for one in results:
        p = values.get(one.hypothesis.id, one.p)
        weak: Verdict = "not supported" if one.profile == "full" else "undecided"
        verdict: Verdict = weak if one.verdict == "supported" and not p < ALPHA else one.verdict
        found.append(replace(one, p_holm=p, verdict=verdict))
    return found


def by_condition(hypothesis: Hypothesis, table: pd.DataFrame) -> tuple[dict[tuple[str, str], NDArray[np.float64]], int]:
    """float64[seeds] by (short name, condition), seeds in one order; and how many seeds all conditions have."""
    conditions = list(hypothesis.conditions())
    seeds = sorted(set.intersection(*(set(rows["seed"]) for _, rows in table.groupby("cell"))))
    if table["cell"].nunique() < len(conditions) or len(seeds) < 2:
        raise SocietyError(f"{hypothesis.id}: not all conditions have runs of two seeds or more; run it again")
    found = {}
    for name, measure in hypothesis.values.items():
        wide = (
            table.pivot_table(index="seed", columns="cell", values=measure, dropna=False) if measure in table else None
        )
        for cell, condition in enumerate(conditions):
            if wide is None or cell not in wide.columns:
                found[name, condition] = np.full(len(seeds), math.nan)
            else:
                found[name, condition] = wide[cell].reindex(seeds).to_numpy(dtype=float)
    return found, len(seeds)


def tested(
    hypothesis: Hypothesis, claim: Claim, means: Mapping[tuple[str, str], NDArray[np.float64]], seeds: int
) -> Tested:
    """One claim against its prediction."""
    formula = Formula(hypothesis, claim.value)

    def statistic(rows: NDArray[np.int64]) -> float:
        return float(formula.of({key: _mean(values[rows]) for key, values in means.items()}))

    if formula.pooled:
        found = over_seeds(statistic, seeds, formula.scale)
    else:
        each = np.broadcast_to(np.asarray(formula.of(means), dtype=float), seeds)
        each = each[~np.isnan(each)]
        found = estimated(float(each.mean()) if len(each) else math.nan, each, differences=formula.differences)
    return Tested(claim, found, _p(claim, found), _holds(claim, found), _falsifies(claim, found))


def _mean(values: NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else math.nan


def _p(claim: Claim, found: Estimate) -> float:
    if math.isnan(found.value):
        return 1.0
    sides = []
    if claim.above is not None:
        sides.append(p_above(found, claim.above))
    if claim.below is not None:
        sides.append(p_below(found, claim.below))
    return max(sides)


def _holds(claim: Claim, found: Estimate) -> bool | None:
    """Equivalence is judged by the 90 % interval (two one-sided tests at 5 %), all else by the 95 % interval."""
    if math.isnan(found.low):
        return None
    both = claim.above is not None and claim.below is not None
    low, high = (found.inner_low, found.inner_high) if both else (found.low, found.high)
    above, below = (
        (-math.inf if claim.above is None else claim.above),
        (math.inf if claim.below is None else claim.below),
    )
    if low > above and high < below:
        return True
    return False if found.high <= above or found.low >= below else None


def _falsifies(claim: Claim, found: Estimate) -> bool:
    over, under = claim.falsified_above, claim.falsified_below
    return bool((over is not None and found.low > over) or (under is not None and found.high < under))
