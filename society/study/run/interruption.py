"""Ctrl-C at a moment that harms nothing: between ticks, or while language models are being waited for."""

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

from society.ground.ctrl_c import would_be_lost


class Interruption:
    """While entered, the first Ctrl-C is kept until it may be raised; a second one is raised as soon as it can be.

    Args:
        now: whether an interruption may be raised at this moment.
    """

    def __init__(self, now: Callable[[], bool]) -> None:
        self.now, self.wanted = now, False
        self.before: Any = None

    def __enter__(self) -> "Interruption":
        if threading.current_thread() is threading.main_thread():
            self.before = signal.signal(signal.SIGINT, self._interrupted)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.before is not None:
            signal.signal(signal.SIGINT, self.before)

    def check(self) -> None:
        """Raise what was kept.

        Raises:
            KeyboardInterrupt: Ctrl-C was pressed since.
        """
        if self.wanted:
            raise KeyboardInterrupt

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        if (self.wanted or self.now()) and not would_be_lost(frame):
            raise KeyboardInterrupt
        self.wanted = True
