"""Who is shown a run while it goes on."""

import contextlib
from typing import Any, Protocol

from society.record.writer import Writer


class Watch(Protocol):
    """What a run tells of itself, in its own thread; results do not depend on it."""

    @property
    def lock(self) -> contextlib.AbstractContextManager[Any]:
        """Held while rows are added to the record."""

    def begin(self, writer: Writer) -> None:
        """The run begins; its manifest and its first rows are there."""

    def ticked(self, tick: int) -> None:
        """A tick is recorded."""

    def ended(self, status: str) -> None:
        """The run is over, its manifest written."""


class Unwatched:
    """Nobody is shown the run."""

    lock: contextlib.AbstractContextManager[Any] = contextlib.nullcontext()

    def begin(self, writer: Writer) -> None:
        """Nothing to do."""

    def ticked(self, tick: int) -> None:
        """Nothing to do."""

    def ended(self, status: str) -> None:
        """Nothing to do."""
