"""Files that appear whole or not at all, whatever ends the program meanwhile."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from society.ground.errors import RecordError


@contextmanager
def whole_file(path: Path, suffix: str = ".tmp") -> Iterator[Path]:
    """A name beside a file under which it is written, to take the file's place once it is whole.

    What stands under that name is removed first, and what stands at ``path`` is replaced: where either is a link, as it may be
    in a stranger's folder, nothing is written where it leads.

    Args:
        path: the file.
        suffix: what the other name has at its end.

    Raises:
        RecordError: it cannot be written.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.txt"
        >>> with whole_file(path) as aside:
        ...     _ = aside.write_text("all of it")
        ...     path.exists()
        False
        >>> path.read_text(), [one.name for one in path.parent.iterdir()]
        ('all of it', ['a.txt'])
    """
    aside = path.with_name(path.name + suffix)
    try:
        try:
            aside.unlink(missing_ok=True)
            yield aside
            os.replace(aside, path)
        finally:
            aside.unlink(missing_ok=True)
    except OSError as error:
        raise RecordError(f"{path}: cannot be written: {error.strerror or error}") from error


def make_folder(path: Path) -> None:
    """Make a folder, unless it is there.

    Raises:
        RecordError: it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordError(f"{path}: cannot be made: {error.strerror or error}") from error
