"""Checking a record: every part is there, whole and unchanged, and what it tells gives the hash of the manifest."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from society.ground.errors import RecordError, WorldError
from society.ground.words import Event, Ruling
from society.record.database import closed_database
from society.record.decisions import DECISIONS, read_decisions
from society.record.first_format import ADDED, chained
from society.record.folder import MANIFEST, read_manifest
from society.record.hash import (
    CHAINED,
    LINKS,
    NOTHING,
    START,
    digest_of_rows,
    digest_of_setting,
    digest_of_transcripts,
    linked,
    sealed,
)
from society.record.parts import Columns, digest_of_file, parts_of, rows_of_part
from society.record.reader import Record
from society.record.tables import TABLES
from society.record.transcripts import read_transcripts

#: Tables that are looked at whole; of others only digests of ticks are kept.
_WHOLE = ("ticks", "history", "orders", "agents")
#: By tick, the digest of what happened at it; nothing where nothing happened.
Links = dict[int, bytes]


@dataclass(frozen=True)
class Verdict:
    """What was found.

    Attributes:
        recomputed: the hash that the files give.
        stated: the hash that the manifest states.
        manifest: SHA-256 of the manifest, which lists the SHA-256 of every part: who publishes it vouches for every byte.
        problems: in words; empty if all is well.
    """

    recomputed: str
    stated: str
    manifest: str
    problems: tuple[str, ...]

    @property
    def good(self) -> bool:
        """True if nothing is wrong."""
        return not self.problems


def verify(folder: str | Path) -> Verdict:
    """Read every part of a record and recompute its hash.

    Raises:
        RecordError: the folder has no readable manifest.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    old, status = manifest["format"] == 1, manifest["status"]
    whole = status in ("done", "stopped") if old else "digests" in manifest
    finished = status in ("done", "stopped")
    problems = [] if finished else [f"{folder}: not finished ({status}): society resume {folder} goes on with it"]
    problems += [f"{path}: left over from an interrupted write" for path in sorted(folder.rglob("*.tmp"))]
    if whole and not old:
        problems += _changed_parts(folder, manifest.get("parts", {}))
    links, tables, damaged = _read(folder, (*_WHOLE, "events"), ADDED) if old else _read(folder, _WHOLE)
    problems += damaged
    recomputed = START
    if whole and not damaged:
        recomputed, wrong = _first_hash(tables, manifest) if old else _hash(links, tables, manifest)
        problems += [f"{folder / place}: {what}" for place, what in wrong]
        problems += _undecided(folder, int(manifest["ticks_done"]))
    if not problems:
        problems += _led_astray(Record(folder))
    if finished and not problems and recomputed != manifest["hash"]:
        problems.append(f"{folder / MANIFEST}: states another hash than what is on disk gives: something was changed")
    return Verdict(recomputed, str(manifest["hash"]), digest_of_file(folder / MANIFEST), tuple(problems))


def _changed_parts(folder: Path, listed: Mapping[str, str]) -> list[str]:
    """Parts that are not what the manifest lists."""
    there = {path.relative_to(folder).as_posix(): path for path in parts_of(folder)}
    problems = [f"{folder / name}: lost: the manifest lists it" for name in sorted(listed.keys() - there.keys())]
    for name, path in there.items():
        if name not in listed:
            problems.append(f"{path}: added: the manifest does not list it")
        elif digest_of_file(path) != listed[name]:
            problems.append(f"{path}: changed: its SHA-256 is not that of the manifest")
    return problems


def _read(
    folder: Path, whole: tuple[str, ...], without: tuple[str, ...] = ()
) -> tuple[dict[str, Links], dict[str, Columns], list[str]]:
    """Digests of ticks of what enters the history, some tables whole, and what is damaged, of all parts on disk."""
    problems: list[str] = []
    links: dict[str, Links] = {name: {} for name in LINKS}
    kept: dict[str, list[Columns]] = {name: [] for name in whole}
    with closed_database(sorted(folder.glob("*/*.parquet"))) as connection:
        for name in TABLES:
            for path in sorted((folder / name).glob("*.parquet")):
                try:
                    rows = rows_of_part(connection, path, name, without)
                except RecordError as error:
                    problems.append(str(error))
                    continue
                if name in kept:
                    kept[name].append(rows)
                for tick, digest in _by_tick(name, rows) if name in CHAINED and not without else ():
                    _link(links[name], tick, digest)
    try:
        for tick, episodes in groupby(read_transcripts(folder), lambda one: int(one["tick"])):
            _link(links["transcripts"], tick, digest_of_transcripts(list(episodes)))
    except RecordError as error:
        problems.append(str(error))
    tables = {
        name: {column: np.concatenate([np.zeros(0, one.dtype), *(part[column] for part in parts)])
               for column, one in TABLES[name].items()}
        for name, parts in kept.items()
    }  # fmt: skip
    return links, tables, problems


def _link(links: Links, tick: int, digest: bytes) -> None:
    """Note a digest; rows of a tick that stand in two places are never those of the run."""
    links[tick] = digest if tick not in links else hashlib.sha256(links[tick] + digest).digest()


def _by_tick(name: str, rows: Columns) -> Iterator[tuple[int, bytes]]:
    """Digests of the rows of each tick of one part; a tick never goes on in another part."""
    ticks = rows["tick"]
    begins = np.flatnonzero(np.diff(ticks, prepend=ticks[:1] - 1)).tolist()
    for first, last in zip(begins, [*begins[1:], len(ticks)], strict=True):
        yield int(ticks[first]), bytes.fromhex(digest_of_rows(name, {c: v[first:last] for c, v in rows.items()}))


def _hash(
    links: Mapping[str, Links], tables: Mapping[str, Columns], manifest: Mapping[str, Any]
) -> tuple[str, list[tuple[str, str]]]:
    """The hash that a record gives; and where it differs from what it says of itself: (table or file, what)."""
    ticks, history, said = tables["ticks"], tables["history"], manifest.get("digests", {})
    for name, table in (("ticks", ticks), ("history", history)):
        if wrong := _not_all(table, int(manifest["ticks_done"])):
            return START, [(name, wrong)]
    for name in LINKS:
        if foreign := sorted(links[name].keys() - set(ticks["tick"].tolist())):
            return START, [(name, f"it has rows of tick {foreign[0]}, at which the run had none")]
    sampled = {"occasions"} if manifest["occasions_share"] < 1 else set()
    state, strays = bytes.fromhex(START), 0
    for at, tick in enumerate(ticks["tick"].tolist()):
        told = {name: history[name][at] for name in LINKS}
        parts = [_digest(told[name]) if name in sampled else links[name].get(tick, NOTHING) for name in LINKS]
        problems = [
            (name, f"at tick {tick} it has other rows than the run had")
            for name, part in zip(LINKS, parts, strict=True)
            if part.hex() != told[name]
        ]
        if problems:
            return START, problems
        state = linked(state, parts, {name: column[at] for name, column in ticks.items()})
        strays = strays or (tick if state.hex() != history["hash"][at] else 0)
    if strays:
        place = "history" if state.hex() == said.get("history") else "ticks"
        return START, [(place, f"at tick {strays} it has another row than the run had")]
    found = {
        "setting": digest_of_setting(manifest), "history": state.hex(), "orders": digest_of_rows("orders", tables["orders"]),
        "agents": digest_of_rows("agents", _last_lives(tables["agents"])),
    }  # fmt: skip
    places = {"setting": (MANIFEST, "its world, seed, zones or rules are not those of the run")}
    differ = [name for name in found if found[name] != said.get(name)]
    return sealed(found), [places.get(name, (name, "it has other rows than the run had")) for name in differ]


def _digest(text: str) -> bytes:
    """A digest as it stands in the table of the history; what is none is no rows."""
    return bytes.fromhex(text) if re.fullmatch("[0-9a-f]{64}", text) else NOTHING


def _not_all(table: Columns, ticks: int) -> str:
    """What is wrong with the ticks of a table that has one row for each; empty if nothing is."""
    whole = len(table["tick"]) == ticks and bool((table["tick"] == np.arange(1, ticks + 1)).all())
    return "" if whole else f"holds {len(table['tick'])} ticks, the manifest says {ticks}"


def _last_lives(agents: Columns) -> Columns:
    """The rows of the agents that were there at the end: of each slot the last life, in the order of slots."""
    slot = agents["id"] & 0xFFFFFFFF
    order = np.lexsort((agents["id"], slot))
    last = np.append(np.diff(slot[order]) != 0, np.ones(min(1, len(order)), bool))
    return {name: column[order[last]] for name, column in agents.items()}


def _first_hash(tables: Mapping[str, Columns], manifest: Mapping[str, Any]) -> tuple[str, list[tuple[str, str]]]:
    """The hash of a record of format 1: of its events and counters."""
    ticks, events, n = tables["ticks"], tables["events"], int(manifest["ticks_done"])
    if wrong := _not_all(ticks, n):
        return START, [("ticks", wrong)]
    bounds, state = np.searchsorted(events["tick"], np.arange(1, n + 2)), bytes.fromhex(START)
    for at in range(n):
        rows = {name: column[bounds[at] : bounds[at + 1]] for name, column in events.items()}
        state = chained(state, rows, {name: column[at] for name, column in ticks.items()})
    return state.hex(), []


def _led_astray(record: Record) -> list[str]:
    """Tables that hold what no run writes, as each is refused to readers."""
    problems = []
    for name in TABLES:
        try:
            record.sql(f"select * from {name} limit 0")
        except RecordError as error:
            problems.append(str(error))
    return problems


def _undecided(folder: Path, ticks: int) -> list[str]:
    """Whether the decisions that were kept are those that the events tell of, tick by tick."""
    path = folder / DECISIONS
    kinds = (Event.HUMAN.word, Event.HUMAN_FAILED.word)
    try:
        kept = {tick: len(some) for tick, some in read_decisions(path).items()} if path.exists() else {}
    except WorldError as error:
        return [str(error)]
    files = sorted(str(part) for part in (folder / "events").glob("*.parquet"))
    question = (
        "select tick, count(*) from read_parquet(?, hive_partitioning = false) "
        "where kind::varchar in (?, ?) and code > ? group by tick"
    )
    with closed_database(files) as connection:
        told = connection.execute(question, [files, *kinds, int(Ruling.RIGHT)]).fetchall() if files else []
    found = {int(tick): int(n) for tick, n in told}
    differ = sorted(t for t in kept.keys() | found.keys() if t <= ticks and kept.get(t) != found.get(t))
    return [f"{path}: at tick {differ[0]} it has other decisions than the events"] if differ else []
