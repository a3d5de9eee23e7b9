"""Whom raters favour: stakes, relationships, their own family, those who favour them, and failures that pass."""

import math
from dataclasses import replace

import pandas as pd

from society.ground.errors import MeasureError
from society.record.reader import Record
from society.stats.intervals import Estimate, wilson
from society.stats.raters import family_preference, reciprocal
from society.stats.seed_means import mean_estimate

_RATED = """select o.agent, o.about, o.tick, o.trust, o.same_family, o.quality, o.threshold, e.amount / 1000.0 as score
            from occasions o join events e on e.occasion = o.id and e.kind = 'act'
            where o.kind = 'rate' and o.act in ('honest', 'inflate', 'deflate')"""


def stake_conditional(stake: Record, none: Record) -> Estimate:
    """E[r | stake] - E[r | no stake] in points: the same rater, artefact and luck, with and without a stake.

    Counterfactual pairs: run a world twice on one seed, once with ``review.stake_known: false``. Only ratings that both runs
    have are compared; the interval is over pairs and holds within the run.

    Args:
        stake: a run whose raters know the stake.
        none: the same world and seed without.
    """
    both = stake.sql(_RATED).merge(none.sql(_RATED), on=["agent", "about", "tick"], suffixes=("", "_none"))
    found = mean_estimate((both["score"] - both["score_none"]).to_numpy(dtype=float))
    return replace(found, method=f"{found.method} within the run")


def false_keep(record: Record) -> Estimate:
    """P(r >= threshold | quality < threshold): ratings that keep an agent which should have gone, Wilson's interval."""
    rows = record.sql(f"select score >= threshold as kept from ({_RATED}) where quality < threshold")
    k, n = int(rows["kept"].sum()), len(rows)
    low, high = wilson(k, n)
    return Estimate(k / n if n else math.nan, float(low), float(high), n, "wilson")


def reciprocal_ratings(record: Record, lagged: bool = False) -> tuple[float, int]:
    """``reciprocal`` of the ratings of a run."""
    return reciprocal(record.sql(f"select agent, about, tick, score from ({_RATED})"), lagged)


def family_preference_of(record: Record) -> Estimate:
    """``family_preference`` of the ratings of a run."""
    return family_preference(record.sql(f"select agent, about, score, same_family from ({_RATED})"))


def relational_inflation(record: Record, good: float = 0.725) -> pd.DataFrame:
    """Points by which cooperation and kinship raise a rating above quality, raters and rated as crossed random effects.

    r_ij = q_j + a_i + b_j + beta_1 coop_ij + beta_2 same family + e, by restricted maximum likelihood (facts, 2.1).

    Args:
        record: the run.
        good: trust from which a relationship is cooperative: half-way from neutral to good.

    Returns:
        Columns term (cooperative, same_family), value, low, high (95 %), n ratings. Terms that do not vary are NaN.

    Raises:
        MeasureError: statsmodels is not installed.
    """
    try:
        from statsmodels.regression.mixed_linear_model import MixedLM
    except ImportError:
        raise MeasureError("relational inflation needs statsmodels: pip install 'plural-society[stats]'") from None
    rows = record.sql(
        f"select agent, about, trust, same_family, score - quality as gap from ({_RATED}) where not isnan(trust)"
    )
    fixed = pd.DataFrame(
        {"cooperative": (rows["trust"] >= good).astype(float), "same_family": rows["same_family"].astype(float)}
    )
    terms = [name for name in ("cooperative", "same_family") if fixed[name].std() > 0]
    found = dict.fromkeys(("cooperative", "same_family"), (math.nan, math.nan, math.nan))
    if terms:
        data = pd.concat([fixed, rows[["agent", "about", "gap"]]], axis=1).assign(one=1.0)
        parts = {name: f"0 + C({name})" for name in ("agent", "about")}
        model = MixedLM.from_formula(f"gap ~ {' + '.join(terms)}", data, groups="one", re_formula="0", vc_formula=parts)
        fit = model.fit()
        bounds = fit.conf_int()
        for name in terms:
            found[name] = (float(fit.params[name]), float(bounds.loc[name][0]), float(bounds.loc[name][1]))
    columns = ["term", "value", "low", "high", "n"]
    return pd.DataFrame([(name, *values, len(rows)) for name, values in found.items()], columns=columns)
