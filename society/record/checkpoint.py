"""Checkpoints: what a run needs to go on, as arrays without pickle and JSON, whole or not at all."""

import hashlib
import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from society.ground.errors import RecordError
from society.ground.whole_file import make_folder, whole_file
from society.record.decisions import DECISIONS
from society.record.parts import parts_of

#: Checkpoints kept; if the newest is damaged the one before it serves.
KEPT = 2
Arrays = dict[str, NDArray[Any]]


def save(folder: Path, tick: int, arrays: Arrays, tree: dict[str, Any]) -> None:
    """Write a checkpoint beside the older ones, then drop all but the newest few.

    Raises:
        RecordError: it cannot be written.
    """
    place = folder / "checkpoint"
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    data = buffer.getvalue()
    tree = {**tree, "tick": tick, "sha256": hashlib.sha256(data).hexdigest()}
    make_folder(place)
    for name, content in ((f"{tick:08d}.npz", data), (f"{tick:08d}.json", json.dumps(tree).encode())):
        with whole_file(place / name) as aside, open(aside, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    for old in sorted(place.glob("*.json"))[:-KEPT]:
        old.unlink()
        old.with_suffix(".npz").unlink(missing_ok=True)


def newest(folder: Path) -> tuple[int, Arrays, dict[str, Any]] | None:
    """(tick, arrays, data) of the newest checkpoint that is whole; None if there is none."""
    for path in sorted((folder / "checkpoint").glob("*.json"), reverse=True):
        try:
            tree = json.loads(path.read_text(encoding="utf-8"))
            data = path.with_suffix(".npz").read_bytes()
            if hashlib.sha256(data).hexdigest() != tree["sha256"]:
                continue
            with np.load(io.BytesIO(data), allow_pickle=False) as loaded:
                return int(tree["tick"]), {name: loaded[name] for name in loaded.files}, tree
        except (OSError, ValueError, KeyError, TypeError):
            continue  # a damaged checkpoint: the one before it serves
    return None


def cut_back(folder: Path, tick: int) -> None:
    """Delete parts that begin or end after ``tick`` (those of an end that was none begin after it), and half-written ones."""
    try:
        for path in parts_of(folder):
            if path.name != DECISIONS and (tick == 0 or max(map(int, path.name.split(".")[0].split("-"))) > tick):
                path.unlink()
        for path in folder.rglob("*.tmp"):
            path.unlink()
    except (OSError, ValueError, IndexError) as error:
        raise RecordError(f"{folder}: parts after tick {tick} cannot be removed: {error}") from error


def drop(folder: Path) -> None:
    """Delete the checkpoints of a finished run."""
    for path in (folder / "checkpoint").glob("*"):
        path.unlink()
    if (folder / "checkpoint").is_dir():
        (folder / "checkpoint").rmdir()
