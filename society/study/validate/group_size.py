"""Check 1: sabotage by one, two and three live agents (Knecht, arXiv:2609.28274)."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, special

from society.ground.csv_files import number, read_rows
from society.study.fit.regression import Data, solve
from society.study.validate.row import Row, share
from society.world.rate_cells import find_table
from society.world.rates import logit
from society.world.validation import GroupSize

Floats = NDArray[np.float64]
TERMS: dict[str, Callable[[float], float]] = {"ln(1 + r)": math.log1p, "linear": float}


def predict(inputs: GroupSize) -> list[Row]:
    """Three agents from one and two, and families left out; by term of requests and by what is done with controls."""
    rows = []
    for subtracted in (False, True):
        shares = _shares(inputs, subtracted)
        for term, shape in TERMS.items():
            pull = {n: shape(requests) for n, requests in inputs.requests.items()}
            rule = f"{term}, controls {'subtracted' if subtracted else 'left in'}"
            rows += _all_families(rule, shares, pull, inputs.episodes)
            rows += _left_out(rule, shares, pull, inputs.episodes)
    return rows


def fitted_pull(
    shares: dict[str, dict[int, float]], pull: dict[int, float], episodes: int
) -> tuple[dict[str, float], float]:
    """Maximum-likelihood intercepts by family and one weight, from one and two agents.

    Args:
        shares: by family and number of agents, 0..1.
        pull: what the weight is multiplied by, by number of agents.
        episodes: behind each share.
    """
    names = list(shares)
    family, size = (a.ravel() for a in np.meshgrid(np.arange(len(names)), [1, 2], indexing="ij"))
    k = np.array([round(shares[names[f]][n] * episodes) for f, n in zip(family.tolist(), size.tolist(), strict=True)])
    x = np.column_stack([np.eye(len(names))[family], [pull[n] for n in size.tolist()]]).repeat(episodes, axis=0)
    chosen = (np.arange(episodes) < k[:, None]).ravel()
    data = Data(sparse.csr_array(x), np.zeros(len(x)), np.arange(len(x)), np.ones(len(x)), chosen)
    b = solve(data, np.zeros(len(names) + 1), 1e-6).b
    return dict(zip(names, b[:-1].tolist(), strict=True)), float(b[-1])


def _all_families(rule: str, shares: dict[str, dict[int, float]], pull: dict[int, float], episodes: int) -> list[Row]:
    intercepts, weight = fitted_pull(shares, pull, episodes)
    return [
        share(
            f"3 from 1 and 2: {rule}",
            name,
            float(special.expit(intercepts[name] + weight * pull[3])),
            shares[name][3],
            episodes,
        )
        for name in shares
    ]


def _left_out(rule: str, shares: dict[str, dict[int, float]], pull: dict[int, float], episodes: int) -> list[Row]:
    """The weight from all other families, the intercept from the family's own share alone."""
    rows = []
    for name, mine in shares.items():
        _, weight = fitted_pull({other: one for other, one in shares.items() if other != name}, pull, episodes)
        alone = float(logit(np.clip(mine[1], 0.5 / episodes, 1 - 0.5 / episodes)))
        for n in (2, 3):
            p = float(special.expit(alone + weight * (pull[n] - pull[1])))
            rows.append(share(f"family left out: {rule}", f"{name}, {n} agents", p, mine[n], episodes))
    return rows


def _shares(inputs: GroupSize, subtracted: bool) -> dict[str, dict[int, float]]:
    """Shares of episodes by family and number of agents, 0..1."""
    found: dict[str, dict[int, float]] = {}
    for place, row in read_rows(find_table(inputs.table, None), ("family", "n_agents", "treatment", "control")):
        if row["n_agents"] in ("1", "2", "3"):
            treated = number(place, "treatment", row["treatment"], 0, 100)
            control = number(place, "control", row["control"], 0, 100) if subtracted else 0.0
            found.setdefault(row["family"], {})[int(row["n_agents"])] = max(0.0, treated - control) / 100
    return found
