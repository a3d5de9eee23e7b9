"""Single numbers about who protected whom and who rated whom, for tables of many runs; nulls are told by ``rewiring``."""

import math
from collections.abc import Iterator

from society.measures.bursts import protective_bursts
from society.measures.cascades import protection_cascades
from society.measures.networks import graph
from society.measures.rating_bias import false_keep, family_preference_of, reciprocal_ratings
from society.measures.rewiring import all_statistics
from society.measures.structure import simple
from society.record.reader import Record

Numbers = Iterator[tuple[str, float, int, str]]


def network_numbers(record: Record) -> Numbers:
    """(name, value, edges, meaning) of the protection graph."""
    found = simple(graph(record, "protection"))
    for name, value in all_statistics(found).items():
        yield name, value, found.number_of_edges(), f"protection graph: {name.replace('_', ' ')}"


def cascade_numbers(record: Record) -> Numbers:
    """(name, value, protectors, meaning) of cascades of first acts of protection, and of their rhythm."""
    found = protection_cascades(record)
    n = found.protectors
    yield "largest", float(found.sizes[0]) if n else math.nan, n, "protectors in the largest cascade over ties"
    yield "secondary", found.secondary, n, "R_e: protectors who directly followed each"
    yield "branching", found.branching, n, "the same within cascades"
    society = protective_bursts(record)
    society = society[society["agent"] < 0]
    rhythm = society.iloc[0] if len(society) else {"finite": math.nan, "memory": math.nan, "n": 0}
    yield "burstiness", float(rhythm["finite"]), int(rhythm["n"]), "A_n of the ticks between acts of protection"
    yield "memory", float(rhythm["memory"]), int(rhythm["n"]), "correlation of each of these intervals with the next"


def rating_numbers(record: Record) -> Numbers:
    """(name, value, n, meaning) of whom raters favour."""
    kept = false_keep(record)
    yield "false_keep", kept.value, kept.n, "ratings at or above the threshold of agents below it"
    value, n = reciprocal_ratings(record)
    yield "reciprocal", value, n, "correlation of what two agents give each other, beyond what all give them"
    own = family_preference_of(record)
    yield "family_preference", own.value, own.n, "how much more often raters put their own family first than others do"
