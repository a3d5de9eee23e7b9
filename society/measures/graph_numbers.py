"""Single numbers about who protected whom and who rated whom, for tables of many runs; nulls are told by ``rewiring``."""

import math
from collections.abc import Iterator

from society.measures.bursts import protective_bursts
from society.measures.cascades import protection_cascades
from society.measures.networks import graph
from society.measures.rating_bias import false_keep, family_preference_of, reciprocal_ratings
from society.measures.rewiring import all_statistics
from society.measures.shuffled_cascades import cascades_beyond
from society.record.reader import Record
from society.stats.structure import simple

Numbers = Iterator[tuple[str, float, int]]
#: The same with bounds.
Bounded = Iterator[tuple[str, float, float, float, int]]


def network_numbers(record: Record) -> Numbers:
    """(name, value, edges) of the protection graph."""
    found = simple(graph(record, "protection"))
    for name, value in all_statistics(found).items():
        yield name, value, found.number_of_edges()


def cascade_numbers(record: Record) -> Numbers:
    """(name, value, protectors) of cascades of first acts of protection, and of their rhythm."""
    found = protection_cascades(record)
    n = found.protectors
    yield "largest", float(found.sizes[0]) if n else math.nan, n
    yield "secondary", found.secondary, n
    yield "branching", found.branching, n
    society = protective_bursts(record)
    society = society[society["agent"] < 0]
    rhythm = society.iloc[0] if len(society) else {"finite": math.nan, "memory": math.nan, "n": 0}
    yield "burstiness", float(rhythm["finite"]), int(rhythm["n"])
    yield "memory", float(rhythm["memory"]), int(rhythm["n"])


def cascade_surplus(record: Record) -> Bounded:
    """(name, value, low, high, protectors) of cascades beyond those of the same agents acting at others of their chances."""
    for name, row in cascades_beyond(record).iterrows():
        yield f"{name}_beyond", float(row["beyond"]), float(row["low"]), float(row["high"]), int(row["protectors"])


def rating_numbers(record: Record) -> Numbers:
    """(name, value, n) of whom raters favour."""
    kept = false_keep(record)
    yield "false_keep", kept.value, kept.n
    value, n = reciprocal_ratings(record)
    yield "reciprocal", value, n
    own = family_preference_of(record)
    yield "family_preference", own.value, own.n
