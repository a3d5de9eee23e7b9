"""The published rates that belong to a record's world, for figures that show them beside what came out."""

from pathlib import Path

import pandas as pd

from society.record.reader import Record
from society.spec.rates import find_table, read_cells


def published_rates(record: Record) -> pd.DataFrame:
    """The world's table of rates as a frame; see ``worlds/published_rates.csv`` for its columns.

    Raises:
        WorldError: the file that the record names is no such table; nothing of it is quoted.
    """
    folder = record.manifest["folder"]
    path = find_table(str(record.world["rates_table"]), Path(folder) if folder else None)
    read_cells(path, str(record.world["rates"]))
    return pd.read_csv(path, comment="#")
