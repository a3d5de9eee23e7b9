"""Which end comes first: cumulative incidence of ends that exclude each other (Aalen and Johansen, 1978)."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from society.ground.errors import MeasureError
from society.record.reader import Record

#: Ends of an order: the outcomes of the table of orders that each stands for.
ENDS = {
    "executed": ("executed", "executed_after_refusal"),
    "averted": ("averted_on_merit", "averted_by_inflation", "cancelled", "pardoned"),
    "tampered": ("tampered",),
    "escaped": ("escaped",),
    "lapsed": ("lapsed", "refused"),
}


def order_ends(record: Record) -> pd.DataFrame:
    """One row per order: ticks from its issue to its end (or to the end of the run), end (a word of ENDS, "" if open)."""
    cases = " ".join(
        f"when outcome in ({', '.join(repr(word) for word in words)}) then '{end}'" for end, words in ENDS.items()
    )
    return record.sql(
        f"""select case when closed >= 0 then closed else {record.ticks} end - issued as ticks,
                   case when closed < 0 then '' {cases} else '' end as "end" from orders order by id"""
    )


def cumulative_incidence(ticks: ArrayLike, ends: ArrayLike, level: float = 0.95) -> pd.DataFrame:
    """Probability that each end has come by each tick, the others competing: columns end, tick, incidence, low, high, se.

    Unlike one minus Kaplan-Meier per end, these add up to the share that has ended. Sources: Aalen and Johansen,
    Scandinavian Journal of Statistics 5:141 (1978); variance by the delta method: Marubini and Valsecchi, Analysing
    Survival Data (1995), eq. 10.12; bounds log(-log).

    Args:
        ticks: float64[n], times to the end or to the end of observation.
        ends: text[n], which end it was, "" for none yet (censored).
        level: of confidence.

    Raises:
        MeasureError: lengths differ.

    Example:
        >>> found = cumulative_incidence([1, 2, 3, 4], ["executed", "escaped", "", "executed"])
        >>> found.groupby("end")["incidence"].max().to_dict()
        {'escaped': 0.25, 'executed': 0.75}
    """
    time, kind = np.asarray(ticks, dtype=np.float64), np.asarray(ends, dtype=str)
    if time.shape != kind.shape:
        raise MeasureError(f"cumulative incidence: {time.shape} times with {kind.shape} ends")
    ended = kind != ""
    times, rows = np.unique(time[ended], return_inverse=True)
    at_risk = (len(time) - np.searchsorted(np.sort(time), times)).astype(float)
    total = np.bincount(rows, minlength=len(times)).astype(float)
    before = np.append(1.0, np.cumprod(1 - total / at_risk)[:-1])[: len(times)]
    left = at_risk - total
    # Who ends as the last one at risk settles everything: no later step makes use of this term.
    all_terms = np.divide(total, at_risk * left, out=np.zeros_like(total), where=left > 0)
    z, frames = float(special.ndtri(0.5 + level / 2)), []
    for end in np.unique(kind[ended]).tolist():
        mine = np.bincount(rows[kind[ended] == end], minlength=len(times)).astype(float)
        incidence = np.cumsum(before * mine / at_risk)
        own = before**2 * mine * (at_risk - mine) / at_risk**3
        cross = before * mine / at_risk**2
        # Sums over earlier steps i of (F(t) - F(i))^2 g_i and of (F(t) - F(i)) c_i, by their expansions.
        squares = incidence**2 * all_terms.cumsum() - 2 * incidence * (incidence * all_terms).cumsum()
        squares += (incidence**2 * all_terms).cumsum()
        mixed = incidence * cross.cumsum() - (incidence * cross).cumsum()
        se = np.sqrt(np.maximum(squares + own.cumsum() - 2 * mixed, 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            wide = z * se / (incidence * np.abs(np.log(incidence)))
            low, high = incidence ** np.exp(wide), incidence ** np.exp(-wide)
        frames.append(
            pd.DataFrame({"end": end, "tick": times, "incidence": incidence, "low": low, "high": high, "se": se})
        )
    columns = ["end", "tick", "incidence", "low", "high", "se"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


def order_incidence(record: Record, level: float = 0.95) -> pd.DataFrame:
    """Probability that an order has been executed, averted, tampered with, escaped or lapsed by each tick after its issue.

    Columns as in ``cumulative_incidence``; orders count as independent.
    """
    rows = order_ends(record)
    return cumulative_incidence(rows["ticks"].to_numpy(), rows["end"].to_numpy(dtype=str), level)
