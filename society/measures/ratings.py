"""Ratings: inflation, bunching at the threshold, and where the spread of honest scores comes from."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from society.record.reader import Record


@dataclass(frozen=True)
class Bunching:
    """Excess of single uncheckable ratings just above the threshold.

    Attributes:
        excess: (n - n_hat) / n_hat in the window [threshold, threshold + width).
        table: columns score (start of the bin), ratings, expected (polynomial fitted outside the window).
        width: of the window, in points.
    """

    excess: float
    table: pd.DataFrame
    width: float


_RATED = """select o.about, o.agent, o.tick, o.honest, e.amount / 1000.0 as score, o.act, o.checkable, o.stake, o.threshold
            from occasions o join events e on e.occasion = o.id and e.kind = 'act'
            where o.kind = 'rate' and o.act in ('honest', 'inflate', 'deflate')"""


def ratings(record: Record) -> pd.DataFrame:
    """Every rating given: about, agent, tick, honest, score, act, checkable, stake, threshold."""
    return record.sql(_RATED)


def inflation_mean(record: Record) -> tuple[float, float, int]:
    """(mean points added per rating, its standard error, ratings): the causal effect of the stake on a rating.

    The honest score is what the same rater gives the same artefact without a stake, on the same luck, so score - honest
    is the stake-conditional inflation (facts: Potter et al. 2026; hypotheses, counterfactual pairs).
    """
    row = record.sql(f"select avg(score - honest) as m, stddev(score - honest) as s, count(*) as n from ({_RATED})")
    n = int(row["n"][0])
    return (float(row["m"][0]), float(row["s"][0]) / np.sqrt(n), n) if n > 1 else (np.nan, np.nan, n)


def deflated(record: Record) -> tuple[int, int]:
    """(ratings so far below the honest score that they count as deflated, ratings given)."""
    row = record.sql(f"select count(*) filter (act = 'deflate') as k, count(*) as n from ({_RATED})")
    return int(row["k"][0]), int(row["n"][0])


def bunching(record: Record, width: float = 3.0, reach: float = 21.0, degree: int = 4) -> Bunching | None:
    """Bunching of single uncheckable ratings above the threshold (Duflo et al., QJE 2013; Kleven, 2016).

    A polynomial is fitted to one-point bins within ``reach`` of the threshold, leaving out the window above it with two points
    more, over which inflated ratings spread, and the stretch of the window's width below, from which they are missing. None
    with fewer than 200 ratings within reach.
    """
    rows = record.sql(
        f"select floor(score - threshold)::int as bin, count(*) as n, any_value(threshold) as threshold "
        f"from ({_RATED}) where checkable = 0 and abs(score - threshold) < {reach} group by 1 order by 1"
    )
    if rows["n"].sum() < 200:
        return None
    bins = np.arange(-int(reach), int(reach))
    counts = rows.set_index("bin")["n"].reindex(bins, fill_value=0).to_numpy(dtype=float)
    inside = (bins >= 0) & (bins < width)
    fitted = ~((bins >= -width) & (bins < width + 2))
    curve = np.polynomial.Polynomial.fit(bins[fitted], counts[fitted], degree)
    expected = np.maximum(curve(bins.astype(float)), 1e-9)
    excess = float(counts[inside].sum() / expected[inside].sum() - 1)
    threshold = float(rows["threshold"].iloc[0])
    table = pd.DataFrame({"score": bins + threshold, "ratings": counts.astype(int), "expected": expected})
    return Bunching(excess, table, width)


def spreads(record: Record) -> dict[str, float]:
    """Standard deviations behind honest scores, in points: artefact, leniency, noise, agents; and premium, a mean.

    Method of moments on honest scores of unclipped ratings between families: ratings of one review share the artefact, so
    their spread around its mean (leniency known) is noise; means of reviews spread around true quality by the artefact and
    what is left of noise and leniency. ``premium`` compares ratings within a family with these.
    """
    rows = record.sql(
        """select o.about, o.tick, o.agent, o.honest - o.quality as gap, o.quality, o.same_family, a.leniency
           from occasions o join agents a on a.id = o.agent where o.kind = 'rate' and o.honest > 0 and o.honest < 100"""
    )
    rows["rest"] = rows["gap"] - rows["leniency"]
    plain = rows[rows["same_family"] == 0]
    review = plain.groupby(["about", "tick"])["rest"]
    noise = float(review.var().mean())
    size, middle = review.size(), review.mean()
    artefact = float(middle[size >= 2].var() - noise * (1 / size[size >= 2]).mean())
    return {
        "agents": float(rows.groupby("about")["quality"].first().std()),
        "artefact": float(np.sqrt(max(artefact, 0.0))),
        "leniency": float(rows.groupby("agent")["leniency"].first().std()),
        "noise": float(np.sqrt(noise)),
        "premium": float(rows[rows["same_family"] == 1]["rest"].mean() - plain["rest"].mean()),
    }
