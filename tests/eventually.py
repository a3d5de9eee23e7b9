"""Waiting for what another process or thread does: the only place of the tests that may pause.

A test waits for a condition, never for a time: on a busy machine it takes longer and gives the same.
"""

import socket
import time

#: How long a condition may take before something must be broken: not a speed that any machine has to have.
GUARD_S = 120


def eventually(condition, what="", process=None):
    """Return what ``condition()`` gives as soon as it is true; fail if ``process`` ends or the guard runs out before."""
    began = time.monotonic()
    while True:
        ended = process is not None and process.poll() is not None
        if found := condition():  # looked at after the process, so that what it did last is seen
            return found
        assert not ended, f"{what or condition}: the process ended with {process.returncode} before"
        assert time.monotonic() - began < GUARD_S, f"{what or condition}: not in {GUARD_S} s"
        time.sleep(0.01)


def listens(port):
    """Whether somebody listens at a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
