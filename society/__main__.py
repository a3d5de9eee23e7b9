"""The command ``society``, also as ``python -m society``: Ctrl-C is one line from its first moment on."""

import os
import signal
import sys
from types import FrameType

#: Exit code of a program that Ctrl-C ended, as shells have it.
INTERRUPTED = 130


def main() -> None:
    """Load the command, which takes a while, and run it."""
    shell = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if shell:
        signal.signal(signal.SIGINT, _end)
    from society.cli.main import main as command
    from society.ground.ctrl_c import interrupted

    if shell:
        signal.signal(signal.SIGINT, interrupted)
    try:
        command()
    except SystemExit as ended:
        if ended.code == INTERRUPTED:
            # all is tidied up but threads that still wait for an answer: C libraries would complain of them
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(INTERRUPTED)
        raise
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # what is ending takes moments, and ends in order


def _end(number: int, frame: FrameType | None) -> None:
    """End without unwinding a half-done import: nothing is begun that would have to be tidied up."""
    os.write(2, b"society: interrupted before anything was begun\n")
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    main()
