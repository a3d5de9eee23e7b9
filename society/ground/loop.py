"""Waiting for the world outside (servers, brokers) from code that does not wait: one event loop in a thread of its own."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any


class Loop:
    """An event loop in a thread of its own, so that runs work inside notebooks and servers that have one already."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None

    def run(self, work: Any) -> Any:
        """Wait for a coroutine; an interruption cancels it first."""
        future = asyncio.run_coroutine_threadsafe(work, self._started())
        try:
            return future.result()
        finally:
            future.cancel()  # whatever ended the wait, Ctrl-C above all; nothing happens to work that is done

    def call(self, function: Callable[..., None], *arguments: Any) -> None:
        """Have a function called on the loop, soon; from any thread."""
        self._started().call_soon_threadsafe(function, *arguments)

    def _started(self) -> asyncio.AbstractEventLoop:
        if self.loop is None or self.loop.is_closed():
            self.loop = asyncio.new_event_loop()
            threading.Thread(target=self.loop.run_forever, name="society-loop", daemon=True).start()
        return self.loop


#: The loop of this process.
LOOP = Loop()
