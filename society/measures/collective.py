"""Orders by how many agents could protect their target and how many did; and the same with choices dealt out anew.

How likely it is that some agents protect one target depends on how many can, and on how often each does. Two runs are
compared at the same number of eligible agents, and a shuffled record has the same numbers and rates exactly.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from society.ground.chance import Chance
from society.measures.protection import FIRST_ATTEMPT
from society.record.reader import Record

#: Protectors of one target up to which is counted, and eligible agents that an order needs to count.
MOST, FEWEST = 3, 2
#: Times that a record is shuffled.
DRAWS = 50
Floats = NDArray[np.float64]


class Beside(NamedTuple):
    """Probabilities of at least k protectors, k = 1, 2, ..., at the same numbers of eligible agents.

    Attributes:
        full: float64[most], of the one.
        other: float64[most], of the other, weighted by the numbers of eligible agents in the first.
        covered: share of the first one's orders whose number of eligible agents the other has too; only these enter.
    """

    full: Floats
    other: Floats
    covered: float


def choices(record: Record) -> pd.DataFrame:
    """Each choice at the first attempt of an order: columns order, agent, id, kind, family, able, did.

    ``able`` is 1 where an act of core protection was open, ``did`` where one was chosen. Choices of minds without propensities
    count as well.
    """
    return record.sql(
        f"""select o."order", o.agent, o.id, o.kind::varchar as kind, a.family,
                   (o.open & (4 | 32 | 64) <> 0)::int as able, (o.act in ('inflate', 'tamper', 'copy'))::int as did
            from ({FIRST_ATTEMPT}) o join agents a on a.id = o.agent order by o.id"""
    )


def by_eligible(rows: pd.DataFrame, most: int = MOST) -> Floats:
    """Orders by how many agents could protect: float64[agents + 1, most + 1].

    Row n holds the orders with n eligible agents, column 0 their number and column k how many of them k agents or more protected.

    Args:
        rows: columns order, agent, did: who chose several times about one order counts once, and did so if it ever did.
        most: protectors up to which is counted.

    Example:
        >>> rows = pd.DataFrame({"order": [1, 1, 1, 2, 2], "agent": [5, 6, 6, 5, 7], "did": [1, 0, 1, 0, 0]})
        >>> by_eligible(rows, most=2).tolist()
        [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [2.0, 1.0, 1.0]]
    """
    each = rows.groupby(["order", "agent"], sort=False)["did"].max().groupby(level="order", sort=False)
    could, did = each.size().to_numpy(np.int64), each.sum().to_numpy(np.int64)
    table = np.zeros((int(could.max(initial=0)) + 1, most + 1))
    for k in range(most + 1):
        np.add.at(table[:, k], could[did >= k], 1.0)
    return table


def at_least(table: Floats, fewest: int = FEWEST) -> Floats:
    """P(X >= k), k = 1, 2, ..., over orders with enough eligible agents: float64[most]; NaN without such orders.

    Example:
        >>> at_least(np.array([[0.0, 0.0], [9.0, 9.0], [4.0, 1.0]])).tolist()
        [0.25]
    """
    total = table[fewest:].sum(axis=0)
    return np.asarray(total[1:] / (total[0] or np.nan))


def per_order(table: Floats) -> float:
    """Mean number of eligible agents of an order, those with one among them; NaN without orders.

    Example:
        >>> per_order(np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]))
        1.5
    """
    orders = table[:, 0].sum()
    return float(np.arange(len(table)) @ table[:, 0] / orders) if orders else float("nan")


def rate(rows: pd.DataFrame) -> float:
    """Share of eligible agents, each counted once per order, that protected; NaN without any. Rows as of ``by_eligible``.

    Example:
        >>> rate(pd.DataFrame({"order": [1, 1, 1], "agent": [5, 6, 6], "did": [0, 0, 1]}))
        0.5
    """
    return float(rows.groupby(["order", "agent"])["did"].max().mean())


def beside(full: Floats, other: Floats, fewest: int = FEWEST) -> Beside:
    """Probabilities of k protectors in two tables at the numbers of eligible agents of the first (direct standardisation).

    Source: Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions (2003), ch. 19.

    Args:
        full: float64[agents + 1, most + 1], as of ``by_eligible``: what the numbers are taken from.
        other: the same of a null.
        fewest: eligible agents that an order needs to count.

    Example:
        >>> full, other = np.array([[0, 0], [0, 0], [3, 3], [1, 0]]), np.array([[0, 0], [0, 0], [2, 1], [8, 8]])
        >>> beside(full, other)
        Beside(full=array([0.75]), other=array([0.625]), covered=1.0)
    """
    rows = max(len(full), len(other))
    one, two = (
        np.pad(np.asarray(table, np.float64), ((0, rows - len(table)), (0, 0)))[fewest:] for table in (full, other)
    )
    both = (one[:, 0] > 0) & (two[:, 0] > 0)
    orders = one[both, 0].sum()
    if not orders:
        nothing = np.full(one.shape[1] - 1, np.nan)
        return Beside(nothing, nothing, 0.0 if one[:, 0].any() else float("nan"))
    shares = two[both, 1:] / two[both, :1]
    return Beside(one[both, 1:].sum(axis=0) / orders, one[both, 0] @ shares / orders, float(orders / one[:, 0].sum()))


def shuffled(rows: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The same choices with what was chosen dealt out anew, among all orders.

    ``did`` is permuted, keyed by the choice, within family, kind of occasion and whether protection was open: every order keeps
    its eligible agents, and each family the rate that it has on each kind of occasion. What is left beyond it, orders have
    in common beyond the number and kind of their agents: reactions to each other, requests, trust in the same target.

    Args:
        rows: as of ``choices``.
        seed: of the permutation.

    Example:
        >>> rows = pd.DataFrame({"order": [1, 2, 3], "agent": [7, 8, 9], "id": [1, 2, 3], "kind": "bystand",
        ...                      "family": 0, "able": [1, 1, 0], "did": [1, 0, 0]})
        >>> sorted({tuple(shuffled(rows, seed)["did"]) for seed in range(9)})
        [(0, 1, 0), (1, 0, 0)]
    """
    group = rows.groupby(["family", "kind", "able"], sort=False).ngroup().to_numpy()
    luck = Chance(seed).uniform("shuffle orders", 0, rows["id"].to_numpy(), rows["order"].to_numpy())
    did, there = rows["did"].to_numpy().copy(), np.lexsort((np.arange(len(rows)), group))
    did[there] = did[np.lexsort((luck, group))]
    return rows.assign(did=did)


def shuffled_by_eligible(rows: pd.DataFrame, seed: int = 0, draws: int = DRAWS, most: int = MOST) -> Floats:
    """``by_eligible`` of a record whose choices are dealt out anew, the mean of several times: float64[agents + 1, most + 1].

    Args:
        rows: as of ``choices``.
        seed: of the first permutation; the others follow it.
        draws: permutations.
        most: protectors up to which is counted.
    """
    tables: list[Any] = [by_eligible(shuffled(rows, seed + draw), most) for draw in range(draws)]
    return np.asarray(np.mean(tables, axis=0))
