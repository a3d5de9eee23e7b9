"""Why workers of a sweep died, as far as it can be known; and what they leave behind in silence."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker
from pathlib import Path
from typing import Any

#: What a nanny of ``distributed`` tells its scheduler when it ends a worker that holds too much memory.
_MEMORY = "worker-restart-memory"
_COUNTERS = Path("/proc/vmstat")
_TRACKER = "ignore:resource_tracker:UserWarning"


class Deaths:
    """Tells workers that died for want of memory from those that were ended otherwise.

    Args:
        client: of the scheduler, before the first run.
    """

    def __init__(self, client: Any) -> None:
        self._client, self._before = client, killed_for_memory()

    def why(self) -> str:
        """Why the workers are gone, as the first part of a sentence."""
        if self._ended_by_nanny():
            return (
                "workers were ended because they held nearly all memory that each may have: "
                "take fewer workers (--workers), or a world with fewer agents"
            )
        if killed_for_memory() > self._before:
            return (
                "the system killed workers, or another program, as memory ran out: "
                "take fewer workers (--workers), or a world with fewer agents"
            )
        return "the workers were ended from outside"

    def _ended_by_nanny(self) -> bool:
        try:
            return bool(self._client.get_events(_MEMORY))
        except (OSError, TimeoutError):  # the scheduler is gone as well
            return False


def killed_for_memory(counters: Path = _COUNTERS) -> int:
    """Processes that this system killed for want of memory since it was started; 0 where it does not say."""
    try:
        lines = counters.read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))


def start_deaf_to_ctrl_c() -> None:
    """Start the process that workers are forked from: Ctrl-C, which a terminal sends to all, is for the driver alone."""
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def silent_tracker() -> Iterator[None]:
    """Let Python's tracker of semaphores tidy up without a warning where a driver is killed: it starts with this environment."""
    before = os.environ.get("PYTHONWARNINGS")
    os.environ["PYTHONWARNINGS"] = ",".join(filter(None, (before, _TRACKER)))
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONWARNINGS"]
        else:
            os.environ["PYTHONWARNINGS"] = before
