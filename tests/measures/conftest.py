"""Records of a few rows, written by hand."""

import numpy as np
import pandas as pd
import pytest

from society.record.reader import Record
from society.record.tables import TABLES


@pytest.fixture
def record_of():
    """Makes a record of rows given as dicts per table; columns that are left out are -1, "" or NaN."""

    def make(length=100, seed=1, **tables):
        frames = {}
        for name, rows in tables.items():
            columns = {}
            for column, field in TABLES[name].items():
                blank = "" if field.words else np.nan if field.dtype.startswith("f") else -1
                values = [row.get(column, blank) for row in rows]
                columns[column] = pd.Series(values, dtype="str" if field.words else field.dtype)
            frames[name] = pd.DataFrame(columns)
        return Record.of({"name": "by hand", "ticks_done": length, "seed": seed}, frames)

    return make
