"""Simulated models on this machine, in a process of their own that ends with this one."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from society.ground.errors import RunError


@contextmanager
def simulated_server(rates: str, *options: str) -> Iterator[str]:
    """A server of simulated models in a process of its own; gives its address.

    Args:
        rates: mean or max of the published rates.
        options: further options of ``society serve-model``.

    Raises:
        RunError: it does not start.
    """
    words = [sys.executable, "-m", "society", "serve-model", "--port", "0", "--follow", "--rates", rates, *options]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        if not address.startswith("http://"):
            raise RunError("the simulated models did not start: try society serve-model by itself")
        yield address
    finally:
        server.terminate()
        server.communicate(timeout=20)
