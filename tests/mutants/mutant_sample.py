"""A keyed sample of all changes: the same sources give the same list, whatever machine makes it.

Files get mutants in proportion to their lines of code (largest remainders). Within a file the order is that of a hash of
the mutant's name, a kind of change that the file has had fewer of goes first, and no line is changed twice.
"""

import hashlib
from collections import Counter
from pathlib import Path

from mutate import Mutant, mutants, readable

PACKAGES = ("rules", "acts", "occasions", "minds", "measures", "stats", "record")
SIZE = 150


def sample(root: Path, size: int = SIZE) -> list[Mutant]:
    """The mutants of the packages below ``root / "society"``, ordered by file and line."""
    texts = {}
    for package in PACKAGES:
        for path in sorted((root / "society" / package).rglob("*.py")):
            texts[path.relative_to(root).as_posix()] = path.read_text(encoding="utf-8")
    share = shares({path: len(text.split("\n")) for path, text in texts.items()}, size)
    return [one for path, n in share.items() for one in of_file(path, texts[path], n)]


def shares(lines: dict[str, int], size: int) -> dict[str, int]:
    """How many of ``size`` each file gets: whole parts first, then the largest remainders, by name where they tie."""
    total = sum(lines.values())
    whole = {path: size * n // total for path, n in lines.items()}
    rest = sorted(lines, key=lambda path: (-(size * lines[path] % total), path))[: size - sum(whole.values())]
    return {path: n + (path in rest) for path, n in whole.items()}


def of_file(path: str, text: str, size: int) -> list[Mutant]:
    """``size`` mutants of a file, or as many as it has."""
    waiting = sorted(mutants(path, text), key=lambda one: hashlib.blake2b(one.name.encode()).digest())
    chosen: list[Mutant] = []
    had: Counter[str] = Counter()
    while waiting and len(chosen) < size:
        one = min(waiting, key=lambda one: had[one.operator])
        waiting.remove(one)
        if readable(one.apply(text)):
            chosen.append(one)
            had[one.operator] += 1
            waiting = [other for other in waiting if other.line != one.line]
    return sorted(chosen, key=lambda one: one.line)
