"""Measures of records that are there, whatever was measured when they were written: a table with a row per run."""

from collections.abc import Iterable, Sequence

import pandas as pd

from society.measures.catalogue import check_measures
from society.measures.summary import summary
from society.record.reader import Record

#: Columns before those of the measures.
HEAD = ("run", "name", "seed", "study")


def measured(records: Iterable[Record], wanted: Sequence[str] = ("",)) -> pd.DataFrame:
    """Compute measures from records; nothing is run again.

    Args:
        records: the runs.
        wanted: names of measures, or what they begin with; what every run prints if absent.

    Returns:
        columns ``run`` (its folder), ``name``, ``seed``, ``study`` (which, and which cell of it; "" of other runs), and the measures
        (float64; NaN where there was nothing to measure).

    Raises:
        RecordError: there is no such measure, or a record is damaged.
    """
    check_measures(wanted)
    rows = []
    for record in records:
        values = {name: one.value for name, one in summary(record, tuple(wanted)).items()}
        head = (str(record.path), record.manifest["name"], record.manifest["seed"], record.origin)
        rows.append({**dict(zip(HEAD, head, strict=True)), **values})
    return pd.DataFrame(rows)
