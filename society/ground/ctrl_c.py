"""Ctrl-C where an exception would be printed and forgotten: it waits until it can be raised."""

import os
import signal
import threading
from types import FrameType

#: Milliseconds after which a Ctrl-C that could not be raised is tried again.
AGAIN_MS = 20


def would_be_lost(frame: FrameType | None) -> bool:
    """Whether what is raised in a frame goes nowhere: an object is let go of there, or a C library calls back."""
    while frame is not None:
        if frame.f_code.co_name == "__del__" or str(frame.f_globals.get("__name__")).startswith("llvmlite."):
            return True
        frame = frame.f_back
    return False


def interrupted(number: int, frame: FrameType | None) -> None:
    """The handler of SIGINT while a command runs.

    Raises:
        KeyboardInterrupt: at once, or as soon as it can be.
    """
    if not would_be_lost(frame):
        raise KeyboardInterrupt
    again = threading.Timer(AGAIN_MS / 1000, os.kill, (os.getpid(), signal.SIGINT))
    again.daemon = True
    again.start()
