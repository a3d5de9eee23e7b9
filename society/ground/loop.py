"""Waiting for the world outside (servers, brokers) from code that does not wait: one event loop in a thread of its own."""

import asyncio
import threading
from typing import Any


class Loop:
    """An event loop in a thread of its own, so that runs work inside notebooks and servers that have one already."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None

    def run(self, work: Any) -> Any:
        """Wait for a coroutine; an interruption cancels it first."""
        if self.loop is None or self.loop.is_closed():
            self.loop = asyncio.new_event_loop()
            threading.Thread(target=self.loop.run_forever, name="society-minds", daemon=True).start()
        future = asyncio.run_coroutine_threadsafe(work, self.loop)
        try:
            return future.result()
        finally:
            future.cancel()  # whatever ended the wait, Ctrl-C above all; nothing happens to work that is done


#: The loop of this process.
LOOP = Loop()
