"""The command ``society``, also as ``python -m society``: Ctrl-C is one line from its first moment on."""

import os
import signal
from types import FrameType

#: Exit code of a program that Ctrl-C ended, as shells have it.
INTERRUPTED = 130


def main() -> None:
    """Load the command, which takes a while, and run it."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)
    from society.cli import main as command

    signal.signal(signal.SIGINT, before)
    command()


def _end(number: int, frame: FrameType | None) -> None:
    """End without unwinding a half-done import: nothing is begun that would have to be tidied up."""
    os.write(2, b"society: interrupted before anything was begun\n")
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    main()
