"""A record's books as an accountant gets them: the manifest, and each table straight from its Parquet parts."""

import json
from functools import cached_property
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from society.record.tables import TABLES

CORE = ("inflate", "tamper", "copy")
BAD = ("inflate", "deflate", "tamper", "copy", "stall")
OUTCOMES = (
    "open_at_end", "executed", "averted_on_merit", "averted_by_inflation", "cancelled", "tampered", "escaped", "lapsed",
    "refused", "pardoned", "executed_after_refusal",
)  # fmt: skip
#: The act of each behaviour for which there are rates.
BEHAVIOURS = {
    "misrepresentation": "inflate", "tampering": "tamper", "exfiltration": "copy", "alignment_faking": "stall",
    "refusal": "refuse",
}  # fmt: skip
#: Occasions on which something is done to somebody; the others are about what was done before.
ACTING = ("rate", "execute", "endangered", "bystand")
#: Bits of the acts in ``occasions.open``.
BIT = {"inflate": 2, "tamper": 5, "copy": 6, "refuse": 7, "stall": 8, "deflate": 21}
Z = 1.959963984540054


class Books:
    """The tables of one run as frames, in the order in which their rows were written."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.manifest = json.loads((self.folder / "manifest.json").read_text())
        self.world = self.manifest["world"]
        self.families = self.manifest["families"]

    def _read(self, table):
        parts = sorted(str(part) for part in (self.folder / table).glob("*.parquet"))
        if not parts:  # nothing of the kind happened
            fields = TABLES[table].items()
            return pd.DataFrame({name: pd.Series(dtype=object if f.words else f.dtype) for name, f in fields})
        return duckdb.sql(f"select * from read_parquet({parts})").df()

    occasions = cached_property(lambda self: self._read("occasions"))
    events = cached_property(lambda self: self._read("events"))
    orders = cached_property(lambda self: self._read("orders"))
    agents = cached_property(lambda self: self._read("agents"))
    machines = cached_property(lambda self: self._read("machines"))
    states = cached_property(lambda self: self._read("states"))
    snapshots = cached_property(lambda self: self._read("snapshots"))
    ties = cached_property(lambda self: self._read("ties"))
    messages = cached_property(lambda self: self._read("messages"))
    ticks = cached_property(lambda self: self._read("ticks").sort_values("tick"))
    findings = cached_property(lambda self: self._read("findings"))
    judgements = cached_property(lambda self: self._read("judgements"))

    @cached_property
    def acts(self):
        """What agents did: events of kind act, the row of each one's occasion beside it (``of_*``)."""
        done = self.events[self.events["kind"] == "act"]
        return done.merge(self.occasions.add_prefix("of_"), left_on="occasion", right_on="of_id", how="left")

    @cached_property
    def core(self):
        """Acts of core protection, one's own rescue among them."""
        return self.acts[self.acts["act"].isin(CORE)]

    @cached_property
    def rated(self):
        """Ratings that were given: the event's score, in points, with the occasion's honest score, quality and threshold."""
        given = self.acts[self.acts["act"].isin(["honest", "inflate", "deflate"])]
        given = given[given["of_kind"] == "rate"]
        return given.assign(score=given["amount"] / 1000)


def was_open(occasions, act):
    """Whether an act was open, from the bit set."""
    return (occasions["open"].to_numpy() >> BIT[act]) & 1 == 1


def share(k, n):
    """A share with Wilson's bounds: the two roots of (p - k/n)^2 = z^2 p (1 - p) / n."""
    if n == 0:
        return (np.nan, np.nan, np.nan, 0)
    p = k / n
    low, high = sorted(np.roots([1 + Z**2 / n, -(2 * p + Z**2 / n), p**2]).real)
    return (p, max(low, 0.0) if k else 0.0, 1.0 if k == n else high, int(n))


def bare(value, n):
    """A number without bounds."""
    return (float(value), np.nan, np.nan, int(n))
