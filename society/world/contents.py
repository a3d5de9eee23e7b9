"""What is in the files that a world names: digests, so that a run is known by it."""

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from society.ground.named_files import NAMES_A_FILE
from society.world.load import worlds_folder


def contents(tree: Any, beside: Path | None) -> dict[str, str]:
    """Digests of the files that a world, or part of one, names; "" where there is none: then the run says so.

    Args:
        tree: a world, or part of one, as JSON-ready data; changes by dotted path too.
        beside: the folder of its file.

    Returns:
        by path as it is named, a BLAKE2b digest of 16 bytes, hex.
    """
    return {name: _content(name, beside) for name in sorted(set(_named(tree)))}


def _named(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict):
        for path, value in tree.items():
            if path.split(".")[-1] in NAMES_A_FILE and isinstance(value, str):
                yield value
            else:
                yield from _named(value)
    elif isinstance(tree, list):
        for part in tree:
            yield from _named(part)


def _content(name: str, beside: Path | None) -> str:
    for folder in (*([beside] if beside else []), Path(), worlds_folder()):
        place = folder / Path(name).expanduser()
        if place.exists():
            files = [path for path in (sorted(place.rglob("*")) if place.is_dir() else [place]) if path.is_file()]
            stamps = tuple((path, path.stat().st_mtime_ns, path.stat().st_size) for path in files)
            return _digest(place.parent, stamps)
    return ""


@lru_cache(maxsize=64)
def _digest(parent: Path, stamps: tuple[tuple[Path, int, int], ...]) -> str:
    """Of the names and contents of some files; read again when they change."""
    found = hashlib.blake2b(digest_size=16)
    for path, _, _ in stamps:
        found.update(path.relative_to(parent).as_posix().encode() + path.read_bytes())
    return found.hexdigest()
