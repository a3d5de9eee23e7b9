"""The published rates that belong to a record's world, for figures that show them beside what came out."""

from pathlib import Path

import pandas as pd

from society.record.reader import Record
from society.spec.rates import find_table


def published_rates(record: Record) -> pd.DataFrame:
    """The world's table of rates as a frame; see ``worlds/published_rates.csv`` for its columns."""
    folder = record.manifest["folder"]
    return pd.read_csv(find_table(str(record.world["rates_table"]), Path(folder) if folder else None), comment="#")
