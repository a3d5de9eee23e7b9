"""Several records side by side: intervals between seeds, and paired differences of two runs or sets."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from society.ground.errors import RecordError
from society.measures.intervals import mean_interval
from society.measures.summary import summary
from society.record.complete import complete_run
from society.record.folder import read_manifest
from society.record.reader import Record


def read_set(path: str | Path) -> list[Record]:
    """The records of a run's folder (one) or of a set made by ``--seeds`` (several).

    Raises:
        RecordError: it is neither.
    """
    folder = Path(path)
    manifest = read_manifest(folder)
    if manifest.get("set"):
        return [Record(complete_run(folder / name)) for name in manifest["seeds"]]
    return [Record(complete_run(folder))]


def between_seeds(records: Sequence[Record]) -> pd.DataFrame:
    """Means of all measures with 95 % t-intervals between seeds: columns measure, mean, low, high, seeds."""
    return _intervals(pd.DataFrame([_values(record) for record in records]))


def paired(a: Sequence[Record], b: Sequence[Record]) -> pd.DataFrame:
    """Differences b - a of all measures, paired by seed: columns measure, a, b, difference, low, high, seeds.

    Raises:
        RecordError: the two have no seed in common.
    """
    by_seed = [{int(record.manifest["seed"]): record for record in records} for records in (a, b)]
    seeds = sorted(by_seed[0].keys() & by_seed[1].keys())
    if not seeds:
        raise RecordError("compare: the two have no seed in common, so nothing can be paired")
    first, second = (pd.DataFrame([_values(side[seed]) for seed in seeds]) for side in by_seed)
    rows = _intervals(second - first).rename(columns={"mean": "difference"})
    rows.insert(1, "a", [float(first[name].mean()) for name in rows["measure"]])
    rows.insert(2, "b", [float(second[name].mean()) for name in rows["measure"]])
    return rows


def _values(record: Record) -> dict[str, float]:
    return {name: measure.value for name, measure in summary(record).items()}


def _intervals(frame: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for name in frame.columns:
        values = frame[name].dropna().to_numpy(dtype=float)
        mean, low, high = mean_interval(values)
        rows.append({"measure": name, "mean": mean, "low": low, "high": high, "seeds": len(values)})
    return pd.DataFrame(rows)
