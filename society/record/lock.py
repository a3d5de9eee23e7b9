"""The lock of a folder that a program writes: a run's, a set of runs', a study's."""

import errno
import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import IO

from society.ground.errors import RecordError

LOCK = ".lock"
#: What file systems say that know no locks.
_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS)


def _opened(path: str, flags: int) -> int:
    """Open the file itself: a link in a stranger's folder could lead to any other, and a pipe would hold up who opens it."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)


class Lock:
    """Held by the process that writes a folder; the system frees it when that process ends, however it ends.

    The file that stays behind is no lock: it says who held it last.

    Args:
        folder: the folder, which exists.

    Raises:
        RecordError: another process holds it, or the file system knows no locks.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / LOCK
        self.stream: IO[str] | None = None

    def __enter__(self) -> "Lock":
        try:
            self.stream = open(self.path, "a+", encoding="utf-8", opener=_opened)
            fcntl.flock(self.stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.stream.truncate(0)
            self.stream.write(f"{os.getpid()}\n")
            self.stream.flush()
        except BlockingIOError as error:
            who = self._holder()
            self.__exit__(None, None, None)
            raise RecordError(
                f"{self.path.parent}: another process{who} is writing here; wait for it to end"
            ) from error
        except OSError as error:
            self.__exit__(None, None, None)
            if error.errno in _NO_LOCKS:
                raise RecordError(
                    f"{self.path.parent}: this file system knows no locks, so two programs could write one run at once: "
                    "choose a folder on a disk of this machine"
                ) from error
            raise RecordError(f"{self.path}: cannot be written: {error.strerror or error}") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.stream:
            self.stream.close()

    def _holder(self) -> str:
        assert self.stream is not None
        self.stream.seek(0)
        said = self.stream.read(20).strip()
        return f" ({said})" if said.isdecimal() else ""
