"""Where things are in a run's folder, and how its parts are named."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from society.ground.errors import RecordError
from society.ground.whole_file import whole_file
from society.record.lock import LOCK, Lock
from society.record.manifest import parsed

MANIFEST = "manifest.json"
#: 2: the hash covers all that happened, and the manifest has a digest of every part. 1: it covered events and counters.
FORMAT = 2


def part_name(first: int, last: int) -> str:
    """The file name of a part that holds ticks first..last."""
    return f"{first:08d}-{last:08d}.parquet"


def write_aside(path: Path, text: str) -> None:
    """Write a text file so that readers see the old text or the new one, never half of either."""
    with whole_file(path) as aside, open(aside, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write ``manifest.json``."""
    write_aside(folder / MANIFEST, json.dumps(manifest, indent=1, sort_keys=False) + "\n")


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read ``manifest.json``, and see that it holds what readers of a record rely on.

    Raises:
        RecordError: there is none, it is damaged, a newer version of the program wrote it, or the folder's name is no text.
    """
    path = folder / MANIFEST
    place = path_as_text(path)
    if not path.is_file():
        why = f"not a run's folder: it has no {MANIFEST}" if folder.is_dir() else "there is no such folder"
        raise RecordError(f"{folder}: {why}")
    see_files_only(folder)
    try:
        text = path.read_text(encoding="utf-8")
    except (ValueError, OSError) as error:
        raise RecordError(f"{place}: damaged: {error}") from error
    return parsed(text, place, FORMAT)


def see_files_only(folder: Path) -> None:
    """See that all that is read of a run or a study is files: a pipe holds up whoever opens it, a device has no end.

    Raises:
        RecordError: something else stands there, or a link leads to it.
    """
    for path in (*folder.glob("*"), *folder.glob("*/*")):
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise RecordError(f"{path}: is neither a file nor a folder, so it is not opened: remove it")


def see_no_links(folder: Path, *names: str) -> None:
    """See that what is about to be written in a folder, which may be a stranger's, stays there.

    Args:
        folder: of a run or a study.
        names: files and folders in it that are written; all of them if absent.

    Raises:
        RecordError: one of them, or something within it, is a link.
    """
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() and (not names or path.relative_to(folder).parts[0] in names):
            raise RecordError(f"{path}: is a link, which could lead anywhere, so nothing is written there: remove it")


def path_as_text(path: str | Path) -> str:
    """A path as text that databases, terminals and pages can take.

    Raises:
        RecordError: a name in it is not UTF-8.
    """
    text = os.fspath(path)
    try:
        text.encode()
    except UnicodeEncodeError:
        shown = os.fsencode(text).decode(errors="backslashreplace")
        raise RecordError(f"{shown}: a name that is not UTF-8: rename it") from None
    return text


def single_run(folder: Path) -> Path:
    """The folder of one run.

    Raises:
        RecordError: it is no run's folder, or it holds a set of runs.
    """
    if read_manifest(folder).get("set"):
        raise RecordError(f"{folder}: a set of runs: name one of its folders, for example {folder}/seed-1")
    return folder


def world_digest(world: dict[str, Any]) -> str:
    """Eight hex digits that name a world after defaults and overrides."""
    return hashlib.sha256(json.dumps(world, sort_keys=True).encode()).hexdigest()[:8]


@contextmanager
def opened(name: str, world: dict[str, Any], out: Path | None, overwrite: bool) -> Iterator[Path]:
    """Make the folder of a new run, ``runs/<world>-<digest>``, then -2, -3, or exactly ``out``; nobody else writes there meanwhile.

    A run that never began leaves no folder behind.

    Raises:
        RecordError: ``out`` exists and ``overwrite`` is not set, another process writes there, or the folder cannot be made.
    """
    try:
        if out is None:
            folder = _free(Path("runs") / f"{name}-{world_digest(world)}")
        else:
            folder = Path(path_as_text(out))
            _refuse(folder, overwrite)
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordError(f"{error.filename}: cannot be made: {error.strerror}") from error
    with Lock(folder):
        try:
            if not _is_empty(folder):  # somebody may have been quicker
                _refuse(folder, overwrite)
            _clear(folder)
            yield folder
        finally:
            if [path.name for path in folder.iterdir()] == [LOCK]:
                (folder / LOCK).unlink()
                folder.rmdir()


def _free(stem: Path) -> Path:
    """A new folder: of this name, or the first number after it that is free."""
    number = 1
    while True:
        folder = stem if number == 1 else stem.with_name(f"{stem.name}-{number}")
        try:
            folder.mkdir(parents=True)
            return folder
        except FileExistsError:
            number += 1


def _refuse(folder: Path, overwrite: bool) -> None:
    """Refuse a folder in which something stands that may not be replaced."""
    if not folder.exists():
        return
    if not (folder / MANIFEST).is_file() and not _is_empty(folder):
        raise RecordError(f"{folder}: is not a run's folder, so nothing is written there: choose another --out")
    if not overwrite:
        raise RecordError(f"{folder}: exists already{how_to_go_on(folder)}: choose another --out, or say --overwrite")


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and {path.name for path in folder.iterdir()} <= {LOCK}


def how_to_go_on(folder: Path) -> str:
    """What can be done with a run that is not finished, as part of a sentence; empty for others."""
    status = read_manifest(folder).get("status", "done") if (folder / MANIFEST).is_file() else "done"
    return "" if status == "done" else f", and its run is not finished (society resume {folder} goes on with it)"


def _clear(folder: Path) -> None:
    """Delete what a run, or a set of runs, left in its folder, once nobody writes any of it."""
    with ExitStack() as locks:
        for lock in folder.glob(f"*/{LOCK}"):
            locks.enter_context(Lock(lock.parent))
        for path in sorted(folder.rglob("*"), reverse=True):
            if path == folder / LOCK:
                continue
            if path.is_file() or path.is_symlink():
                path.unlink()
            else:
                path.rmdir()
