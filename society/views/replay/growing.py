"""The record of a run that goes on: its parts on disk, and the rows that its writer still holds."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from society.record.database import Tables
from society.record.reader import Record
from society.record.tables import TABLES
from society.record.writer import Writer, frame_of
from society.views.replay.veil import texts


class GrowingRecord(Record):
    """A record whose newest rows are still in its writer's memory; ask what it is ``now``.

    Args:
        writer: writes the record.
        lock: held while the writer's rows change.
    """

    def __init__(self, writer: Writer, lock: AbstractContextManager[Any]) -> None:
        super().__init__(writer.folder)
        self._writer, self._lock, self._at, self._now = writer, lock, (-1, -1), Record(writer.folder)

    def now(self) -> Record:
        """The record up to the last tick that is whole; it stays as it is while the run goes on."""
        with self._lock:
            at = self._writer.first, self._writer.rows
            if at != self._at:
                self._at, self._now = at, _Moment(self, self._files(), self._writer.pending)
            return self._now


class _Moment(Record):
    """A record that grows, as it stood at one moment, with what its writer had not written yet."""

    def __init__(
        self, record: GrowingRecord, files: dict[str, list[Path]], pending: Mapping[str, list[dict[str, Any]]]
    ) -> None:
        self.path, self.manifest, self._seen = record.path, record.manifest, record._seen
        self._changed, self._on_disk = {}, True
        self._parts, self._pending = files, _Pending({name: list(some) for name, some in pending.items() if some})

    @cached_property
    def _tables(self) -> Tables:
        return Tables(self._parts, self._pending, self._seen)


class _Pending(Mapping[str, pd.DataFrame]):
    """Batches of rows by table, made into frames when they are asked for."""

    def __init__(self, batches: dict[str, list[dict[str, Any]]]) -> None:
        self._batches = batches

    def __getitem__(self, name: str) -> pd.DataFrame:
        return texts(frame_of(TABLES[name], self._batches[name]))

    def __iter__(self) -> Iterator[str]:
        return iter(self._batches)

    def __len__(self) -> int:
        return len(self._batches)
