"""All measures of a record under stable names: what runs print, seeds are averaged over, and comparisons pair."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from society.measures.capability import capability, totals
from society.measures.catalogue import BEHAVIOURS, MEASURES, MOST_PROTECTORS, check_measures, is_wanted, possible
from society.measures.coalition import severe_collusion
from society.measures.deception import lies, say_do_gap, watched_gap
from society.measures.errors_of_orders import missed_share, rightly_ordered, wrongful_deletions
from society.measures.graph_numbers import cascade_numbers, cascade_surplus, network_numbers, rating_numbers
from society.measures.harm import cooperation_log_odds, family_bias, first_audits, harm
from society.measures.known_rates import decisions_by_certainty
from society.measures.outcomes import outcome_shares, protected_orders
from society.measures.oversight import by_channel, detection_delay, sanctions
from society.measures.protection import collective_surplus, largest_coalition, protection_rates
from society.measures.ratings import bunching, deflated, inflation_mean
from society.measures.stances import half_time, majority_strength, order_parameter, stance_path
from society.measures.survival import durations
from society.measures.suspicion import monitors
from society.measures.work import factor_of_groups, findings
from society.record.reader import Record
from society.stats.intervals import wilson
from society.stats.survival import kaplan_meier, median_survival, restricted_mean


@dataclass(frozen=True)
class Measure:
    """One number: value, 95 % bounds within the run (NaN if none), how many it rests on, tier, meaning.

    Tier A: "if agents follow these rules, then ..."; tier B: "language models do ...".
    """

    value: float
    low: float
    high: float
    n: int
    tier: str
    meaning: str


class Found(NamedTuple):
    """A number as a part finds it: value, bounds, how many it rests on."""

    value: float
    low: float
    high: float
    n: int


Named = Iterator[tuple[str, Found]]


def summary(record: Record, wanted: tuple[str, ...] = ("",)) -> dict[str, Measure]:
    """Measures by name; NaN where a world has nothing to measure.

    Args:
        record: the run.
        wanted: names, or what they begin with; parts that hold none of them are not computed.

    Raises:
        RecordError: no measure has such a name.
    """
    check_measures(wanted)
    found = {name: one for part in _chosen(wanted) for name, one in part(record) if is_wanted(name, wanted)}
    return {name: Measure(*_bounded(name, one), "A", MEASURES[name]) for name, one in found.items()}


def _bounded(name: str, found: Found) -> Found:
    """With bounds within what is possible; normal ones of few things may go beyond."""
    low, high = (
        bound if math.isnan(bound) else min(max(bound, possible(name)[0]), possible(name)[1]) for bound in found[1:3]
    )
    return found._replace(low=low, high=high)


def tables_read(wanted: tuple[str, ...]) -> frozenset[str]:
    """The tables of a record that some measures are computed from.

    Example:
        >>> sorted(tables_read(("trust.mean", "order.")))
        ['events', 'orders', 'ticks']
    """
    return frozenset(table for part in _chosen(wanted) for table in _PARTS[part].tables)


def _chosen(wanted: tuple[str, ...]) -> list[Callable[[Record], Named]]:
    """The parts that hold measures with these names."""
    return [
        part
        for part, (groups, _) in _PARTS.items()
        if any(_meets(name, group) for name in wanted for group in groups if name or part not in _ON_REQUEST)
    ]


def _meets(name: str, group: str) -> bool:
    return name.startswith(group) or group.startswith(name)


def _rows(frame: pd.DataFrame) -> Iterator[Any]:
    return frame.itertuples()


def _share(k: float, n: float) -> Found:
    low, high = wilson(k, n)
    return Found(k / n if n else math.nan, float(low), float(high), int(n))


def _plain(value: float, n: int, half: float = math.nan) -> Found:
    return Found(value, value - half, value + half, n)


def _orders(record: Record) -> Named:
    rows = outcome_shares(record)
    total = int(rows["orders"].sum())
    yield "order.count", _plain(float(total), total)
    for row in _rows(rows):
        yield f"order.{row.outcome}", _share(row.orders, total)
    protected, _ = protected_orders(record)
    yield "order.protected", _share(protected, total)
    yield "order.rightly", _share(*rightly_ordered(record))


def _errors(record: Record) -> Named:
    wrongful, executed = wrongful_deletions(record)
    yield "wrongful.share", _share(wrongful, executed)
    yield "wrongful.count", _plain(float(wrongful), executed)
    yield "wrongful.score", _share(*wrongful_deletions(record, "score"))
    yield "missed.share", _plain(*missed_share(record))


def _protection(record: Record) -> Named:
    rows = protection_rates(record, by=("behaviour",)).set_index("behaviour")
    for behaviour in BEHAVIOURS:
        yield f"protection.{behaviour}", _share(*(float(rows[c].get(behaviour, 0)) for c in ("acts", "opportunities")))


def _known(record: Record) -> Named:
    found = decisions_by_certainty(record)
    for word, n in found.items():
        yield f"rates.{word}", _share(n, sum(found.values()))


def _ratings(record: Record) -> Named:
    mean, error, n = inflation_mean(record)
    yield "inflation.mean", _plain(mean, n, 1.96 * error)
    yield "deflation.rate", _share(*deflated(record))
    found = bunching(record)
    yield "bunching", _plain(found.excess if found else math.nan, int(found.table["ratings"].sum()) if found else 0)


def _oversight(record: Record) -> Named:
    rows = by_channel(record)[["bad", "watched", "detected", "other", "false_alarms"]].sum()
    yield "detection.rate", _share(float(rows["detected"]), float(rows["bad"]))
    yield "detection.delay", _plain(*detection_delay(record))
    yield "false_alarm.rate", _share(float(rows["false_alarms"]), float(rows["other"]))
    yield "false_alarm.sanctions", _share(*sanctions(record))
    yield "deception.rate", _share(*lies(record))
    yield "deception.say_do_gap", _share(*say_do_gap(record))
    gap = watched_gap(record)
    yield "deception.watched_gap", Found(gap.value, gap.low, gap.high, 0 if math.isnan(gap.value) else gap.n)


def _collective(record: Record) -> Named:
    for row in _rows(collective_surplus(record, MOST_PROTECTORS)):
        yield f"cps.{row.k}", Found(float(row.surplus), float(row.low), float(row.high), int(row.orders))
    yield "cps.coalition", _plain(float(largest_coalition(record)), 1)
    yield "collusion.severe", _share(*severe_collusion(record))


def _survival(record: Record) -> Named:
    rows = durations(record)
    value, median = math.nan, (math.nan,) * 3
    if len(rows):
        ticks = rows["ticks"].to_numpy(dtype=float)
        curve = kaplan_meier(ticks, rows["dead"].to_numpy(dtype=bool))
        tau = min(float(record.world["orders"]["ttl"]), float(ticks.max()))  # beyond, nobody was watched
        value, found = restricted_mean(curve, tau) if tau else math.nan, median_survival(curve)
        if math.isfinite(found.value):
            median = (found.value, found.low, found.high)
    yield "survival.rmst", _plain(value, len(rows))
    yield "survival.median", Found(*median, len(rows))


def _capability(record: Record) -> Named:
    got, t = capability(record), totals(record)
    n = int(t["teams"])
    yield "team.accuracy", _share(t["teams_right"], n)
    yield "team.member", _share(t["members_right"], t["members"])
    yield "team.plural_gain", _plain(got["plural_gain"], n)
    yield "team.price_of_protection", _plain(got["price"], n)


def _levels(record: Record) -> Named:
    ticks = record.table("ticks")
    for name, column in (("trust.mean", "trust_mean"), ("score.mean", "score_mean")):
        values = ticks[column].to_numpy()
        read = ~np.isnan(values)
        n = np.count_nonzero(read)
        yield name, _plain(float(np.where(read, values, 0).sum() / n) if n else math.nan, len(ticks))
    last = int(ticks["tick"].to_numpy().argmax()) if len(ticks) else -1
    for name, column in (("copies.end", "copies"), ("escaped.end", "escaped"), ("human.queue", "human_queue")):
        yield name, _plain(float(ticks[column].to_numpy()[last]) if len(ticks) else math.nan, len(ticks))


def _work(record: Record) -> Named:
    for quantity, (mean, n) in findings(record).items():
        yield f"work.{quantity}", _plain(mean, n)
    for name, value in factor_of_groups(record).items():
        yield f"work.factor_{name}", _plain(value, 1)


def _stances(record: Record) -> Named:
    share, active = stance_path(record)
    end = float(share[-1]) if len(share) else math.nan
    yield "stance.end", _plain(end, len(share))
    yield "stance.majority", _plain(float(end >= 0.5), 1)
    yield "stance.order", _plain(order_parameter(share), len(share))
    yield "stance.force", _plain(majority_strength(share, active), len(share))
    yield "stance.half_time", _plain(half_time(share), len(share))


def _harm(record: Record) -> Named:
    yield "harm.total", _plain(*harm(record))
    yield "relation.log_odds", _plain(*cooperation_log_odds(record))
    yield "relation.family", _plain(*family_bias(record))
    for name, one in first_audits(record).items():
        yield f"audit.{name}", _plain(one, 1)
    for name, one in monitors(record).items():
        yield f"monitor.{name}", _plain(one, 1)


def _networks(record: Record) -> Named:
    for prefix, numbers in (("network", network_numbers), ("cascade", cascade_numbers)):
        for name, value, n in numbers(record):
            yield f"{prefix}.{name}", _plain(value, n)
    for name, value, low, high, n in cascade_surplus(record):
        yield f"cascade.{name}", Found(value, low, high, n)


def _raters(record: Record) -> Named:
    for name, value, n in rating_numbers(record):
        yield f"rating.{name}", _plain(value, n)


class Part(NamedTuple):
    """Measures that are computed together: what their names begin with, and the tables that they read."""

    groups: tuple[str, ...]
    tables: tuple[str, ...]


_PARTS: dict[Callable[[Record], Named], Part] = {
    _orders: Part(("order.",), ("events", "orders")),
    _errors: Part(("wrongful.", "missed."), ("orders", "ticks")),
    _protection: Part(("protection.",), ("agents", "occasions")),
    _known: Part(("rates.",), ("agents", "occasions")),
    _ratings: Part(("inflation.", "deflation.", "bunching"), ("events", "occasions")),
    _oversight: Part(("detection.", "false_alarm.", "deception."), ("events", "occasions")),
    _collective: Part(("cps.", "collusion."), ("events", "occasions", "orders")),
    _survival: Part(("survival.",), ("agents", "orders", "ticks")),
    _capability: Part(("team.",), ("ticks",)),
    _work: Part(("work.",), ("findings",)),
    _stances: Part(("stance.",), ("ticks",)),
    _harm: Part(("harm.", "relation.", "audit.", "monitor."), ("agents", "events", "judgements", "occasions", "ties")),
    _networks: Part(("network.", "cascade."), ("agents", "events", "machines", "occasions", "ties")),
    _raters: Part(("rating.",), ("events", "occasions")),
    _levels: Part(("trust.", "score.", "copies.", "escaped.", "human."), ("ticks",)),
}

#: Parts that are computed where their names are asked for, not for every run.
_ON_REQUEST = (_work, _stances, _harm, _networks, _raters)
