"""Checking a record: every part can be read, events give the hash of the manifest, decisions are those the events tell of."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from society.ground.errors import RecordError, WorldError
from society.ground.words import Event, Ruling
from society.record.decisions import DECISIONS, read_decisions
from society.record.folder import read_manifest
from society.record.hash import START, chained
from society.record.tables import EVENTS, TABLES, TICKS, Table
from society.record.transcripts import read_transcripts


@dataclass(frozen=True)
class Verdict:
    """What was found: the recomputed hash, the manifest's, and problems in words (empty if all is well)."""

    recomputed: str
    stated: str
    problems: tuple[str, ...]

    @property
    def good(self) -> bool:
        """True if nothing is wrong."""
        return not self.problems


def verify(folder: str | Path) -> Verdict:
    """Read every part of a record and recompute its event hash.

    Raises:
        RecordError: the folder has no readable manifest.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    whole = manifest.get("status") in ("done", "stopped")
    problems = [] if whole else [f"status is {manifest['status']!r}, not 'done'"]
    problems += _damaged_parts(folder)
    try:
        for _ in read_transcripts(folder):
            pass
    except RecordError as error:
        problems.append(str(error))
    problems += [f"{path}: left over from an interrupted write" for path in sorted(folder.rglob("*.tmp"))]
    recomputed = START
    if not any("cannot be read" in problem for problem in problems):
        recomputed, missing = _chain(folder, int(manifest["ticks_done"]))
        problems += missing + _undecided(folder, int(manifest["ticks_done"]))
    if not problems and recomputed != manifest["hash"]:
        problems.append("the events on disk give another hash than the manifest states: something was changed")
    return Verdict(recomputed, str(manifest["hash"]), tuple(problems))


def _undecided(folder: Path, ticks: int) -> list[str]:
    """Whether the decisions that were kept are those that the events tell of, tick by tick."""
    path = folder / DECISIONS
    kinds = (Event.HUMAN.word, Event.HUMAN_FAILED.word)
    try:
        kept = {tick: len(some) for tick, some in read_decisions(path).items()} if path.exists() else {}
    except WorldError as error:
        return [str(error)]
    files = sorted(str(part) for part in (folder / "events").glob("*.parquet"))
    told = duckdb.connect(":memory:").execute(
        "select tick, count(*) from read_parquet(?) where kind::varchar in (?, ?) and code > ? group by tick",
        [files, *kinds, int(Ruling.RIGHT)],
    ) if files else None  # fmt: skip
    found = {} if told is None else {int(tick): int(n) for tick, n in told.fetchall()}
    differ = sorted(t for t in kept.keys() | found.keys() if t <= ticks and kept.get(t) != found.get(t))
    return [f"{path}: at tick {differ[0]} it has other decisions than the events"] if differ else []


def _damaged_parts(folder: Path) -> list[str]:
    problems = []
    connection = duckdb.connect(":memory:")
    for name, table in TABLES.items():
        for path in sorted((folder / name).glob("*.parquet")):
            try:
                rows = connection.execute("select * from read_parquet(?) limit 0", [str(path)]).df()
                connection.execute(
                    f"select {', '.join(f'max({c})' for c in _quoted(rows))} from read_parquet(?)", [str(path)]
                )
                missing = [column for column in table if column not in rows.columns]
                if missing:
                    problems.append(f"{path}: cannot be read: columns {', '.join(missing)} are missing")
            except duckdb.Error as error:
                problems.append(f"{path}: cannot be read: {str(error).splitlines()[0]}")
    return problems


def _quoted(rows: pd.DataFrame) -> list[str]:
    return ['"' + str(column) + '"' for column in rows.columns]


def _chain(folder: Path, ticks: int) -> tuple[str, list[str]]:
    events = _read(folder, "events", EVENTS, "id")
    counts = _read(folder, "ticks", TICKS, "tick")
    if len(counts["tick"]) != ticks or (counts["tick"] != np.arange(1, ticks + 1)).any():
        return START, [f"{folder / 'ticks'}: holds {len(counts['tick'])} ticks, the manifest says {ticks}"]
    bounds = np.searchsorted(events["tick"], np.arange(1, ticks + 2))
    state = START
    for at in range(ticks):
        rows = slice(bounds[at], bounds[at + 1])
        state = chained(
            state, {name: column[rows] for name, column in events.items()}, {n: c[at] for n, c in counts.items()}
        )
    return state, []


def _read(folder: Path, name: str, table: Table, key: str) -> dict[str, Any]:
    files = sorted(str(path) for path in (folder / name).glob("*.parquet"))
    if not files:
        return {column: np.zeros(0, field.dtype) for column, field in table.items()}
    frame = (
        duckdb.connect(":memory:")
        .execute("select * from read_parquet(?)", [files])
        .df()
        .sort_values(key, kind="stable")
    )
    columns: dict[str, Any] = {}
    for column, field in table.items():
        if field.words is None:
            columns[column] = frame[column].to_numpy().astype(field.dtype)
        else:
            codes = {word: code for code, word in enumerate(field.words.words())}
            columns[column] = frame[column].astype(str).map(codes).to_numpy().astype(field.dtype)
    return columns
