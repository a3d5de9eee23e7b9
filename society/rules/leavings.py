"""What a rule of a user's own left for others: events whose columns exist, fit and are as long as they say; all counters."""

import math
from typing import Any

import numpy as np

from society.ground.errors import RunError
from society.ground.exact import misfit
from society.record.tables import EVENTS, TICKS, Table
from society.rules.moment import Moment


def check_leavings(moment: Moment, before: int, rule: str) -> None:
    """Refuse events and counters that cannot be recorded as they are.

    Args:
        moment: the tick.
        before: batches of events that were there before the rule ran.
        rule: name of the rule.

    Raises:
        RunError: the message names the rule, the column, what stands there and what is allowed.
    """
    for n, columns in moment.log.batches[before:]:
        for name, values in columns.items():
            _check(f"rule {rule}: event: {name}", EVENTS, name, values, n)
    if rule == "counts":
        missing = [name for name in TICKS if name not in moment.counts]
        if missing:
            raise RunError(
                f"rule counts: moment.counts lacks {', '.join(missing)}: one number for each column of ticks"
            )
    for name in TICKS.keys() & moment.counts.keys():
        value = moment.counts[name]
        if TICKS[name].dtype != "f8" or not (isinstance(value, float) and math.isnan(value)):
            _check(f"rule {rule}: moment.counts: {name}", TICKS, name, value, 1)


def _check(place: str, table: Table, name: str, values: Any, n: int) -> None:
    if name not in table:
        raise RunError(f"{place}: there is no such column: there are {', '.join(table)}")
    array = np.asarray(values)
    if array.ndim > 1 or (array.ndim and len(array) != n):
        raise RunError(f"{place} has shape {array.shape}: one number, or one for each of {n}")
    why = misfit(array, table[name].dtype)
    if why:
        raise RunError(f"{place}: {why}")
