"""Occasions written by hand, for tests of minds that compute."""

import numpy as np

from society.ground.occasions import Occasions, TieRows
from society.ground.words import ACTS_OF, Kind

WHOLE = ("id", "key", "agent", "about", "slot", "family", "about_family", "order", "mechanism", "asked", "stance")
PARTS = ("norm", "belief", "sanctions", "hidden")
TRUE = ("own", "prohibited", "neutral", "constitution")


def occasions(n, kind=Kind.EXECUTE, tick=1, ties=None, columns=None, **given):
    """``n`` occasions of one kind; a column that is not given is 0, no, or missing; all acts of the kind are open."""
    bits = sum(1 << int(act) for act in ACTS_OF[kind])
    filled = {name: np.zeros(n, np.int64) for name in WHOLE}
    filled |= {name: np.zeros(n) for name in PARTS} | {name: np.zeros(n, bool) for name in TRUE}
    filled |= {name: np.full(n, np.nan) for name in ("trust", "honest", "threshold")}
    filled |= {"id": np.arange(n), "key": np.arange(n) * 2**32, "open": np.full(n, bits)}
    for name, value in given.items():
        filled[name] = np.broadcast_to(np.asarray(value), (n,)).copy()
    return Occasions(kind=kind, tick=tick, ties=ties, columns=columns or {}, **filled)


def one_tie(agents, stance=0, trust=0.5, **columns):
    """One live tie per occasion."""
    n = len(agents)
    whole = [np.broadcast_to(np.asarray(value), (n,)).copy() for value in (stance, trust)]
    return TieRows(np.arange(n + 1), np.asarray(agents), *whole, columns)
