"""The published rates that belong to a record's world, for figures that show them beside what came out."""

from pathlib import Path

import pandas as pd

from society.record.reader import Record
from society.world.rate_cells import ANY_TASK, find_table, read_cells

COLUMNS = ["family", "behaviour", "subject", "relation", "p", "low", "high", "certainty"]


def published_rates(record: Record) -> pd.DataFrame:
    """The published cells that a record's world followed: columns family, behaviour, subject, relation, p, low, high, certainty.

    Raises:
        WorldError: the file that the record names is no such table; nothing of it is quoted.
    """
    folder, said = record.manifest["folder"], record.world["rates"]
    if isinstance(said, str):  # as worlds had it up to version 3 of the rules
        said = {"value": said, "table": record.world.get("rates_table", "published_rates.csv")}
    path = find_table(str(said["table"]), Path(folder) if folder else None)
    cells = read_cells(path, str(said["value"]), str(said.get("task", ANY_TASK)))
    rows = [
        (one.family, one.behaviour.word, one.subject, one.relation, one.p, one.low, one.high, one.certainty.word)
        for one in cells
    ]
    return pd.DataFrame(rows, columns=COLUMNS)
