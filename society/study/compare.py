"""Several records side by side: intervals between seeds, and paired differences of two runs or sets."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from society.ground.errors import RecordError
from society.measures.catalogue import possible
from society.measures.summary import summary
from society.record.complete import complete_run
from society.record.folder import read_manifest
from society.record.reader import Record
from society.stats.seed_means import estimate_for_table, p_other
from society.stats.seed_tests import holm


def read_set(path: str | Path) -> list[Record]:
    """The records of a run's folder (one) or of a set made by ``--seeds`` (several).

    Raises:
        RecordError: it is neither; or a run of the set is of another seed or world than the set says.
    """
    folder = Path(path)
    manifest = read_manifest(folder)
    if manifest.get("set"):
        records = [Record(complete_run(folder / name)) for name in manifest["seeds"]]
        for name, record in zip(manifest["seeds"], records, strict=True):
            if name != f"seed-{record.manifest['seed']}" or _but_the_seed(record.world) != _but_the_seed(
                manifest["world"]
            ):
                raise RecordError(
                    f"{record.path}: is a run of another seed or world than {folder} says; make the set again"
                )
        return records
    return [Record(complete_run(folder))]


def between_seeds(records: Sequence[Record]) -> pd.DataFrame:
    """Means of all measures with 95 % intervals between seeds, each for itself: columns measure, mean, low, high, seeds.

    Bounds are NaN for fewer than three seeds, and where all are alike (``society.stats.seed_means``).
    """
    frame = pd.DataFrame([_values(record) for record in records])
    rows = []
    for name in frame.columns:
        found = estimate_for_table(frame[name].dropna().to_numpy(dtype=float), possible=possible(name))
        rows.append({"measure": name, "mean": found.value, "low": found.low, "high": found.high, "seeds": found.n})
    return pd.DataFrame(rows)


def paired(a: Sequence[Record], b: Sequence[Record]) -> pd.DataFrame:
    """Differences b - a of all measures, paired by seed: columns measure, a, b, difference, low, high, p, p_holm, seeds.

    ``low``..``high`` is the 95 % interval of a measure for itself; ``p_holm`` is adjusted over all measures that are compared
    (Holm, 1979), so that where nothing differs one of them is below .05 in one comparison out of twenty. What is the same in
    all pairs is not tested.

    Raises:
        RecordError: the two have no seed in common.
    """
    by_seed = [{int(record.manifest["seed"]): record for record in records} for records in (a, b)]
    seeds = sorted(by_seed[0].keys() & by_seed[1].keys())
    if not seeds:
        raise RecordError("compare: the two have no seed in common, so nothing can be paired")
    first, second = (pd.DataFrame([_values(side[seed]) for seed in seeds]) for side in by_seed)
    gaps = second - first
    rows = []
    for name in gaps.columns:
        values = gaps[name].dropna().to_numpy(dtype=float)
        found = estimate_for_table(values, differences=True, possible=possible(name))
        p = math.nan if found.method == "alike" and not found.value else p_other(values, differences=True)
        means = {
            side: float(frame[name].mean()) if name in frame else math.nan
            for side, frame in (("a", first), ("b", second))
        }
        ends = {"difference": found.value, "low": found.low, "high": found.high, "p": p}
        rows.append({"measure": name, **means, **ends, "seeds": found.n})
    table = pd.DataFrame(rows)
    table.insert(7, "p_holm", np.nan)
    tested = table["p"].notna()
    table.loc[tested, "p_holm"] = holm(table.loc[tested, "p"].to_numpy())
    return table


def _but_the_seed(world: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in world.items() if name != "seed"}


def _values(record: Record) -> dict[str, float]:
    return {name: measure.value for name, measure in summary(record).items()}
