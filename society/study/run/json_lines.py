"""JSON lines from columns, quickly: a line is a row of fragments of text, each perhaps followed by a whole number."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from society.ground.kernels import kernel

Integers = NDArray[np.int64]
#: No number, no fragment.
NONE = np.int64(-(2**62))
_DIGITS = 20


class Fragments:
    """Texts that lines are made of, by number.

    Example:
        >>> fragments = Fragments()
        >>> name, end = fragments.add(['{"number":']), fragments.add(["}"])
        >>> write_lines(fragments, [(np.array([name, name]), np.array([7, -1])), (np.array([end, end]), None)])
        b'{"number":7}\\n{"number":-1}'
    """

    def __init__(self) -> None:
        self.texts: list[bytes] = []
        self._flat: tuple[NDArray[np.uint8], Integers] | None = None

    def add(self, texts: Sequence[str]) -> int:
        """Add some; the number of the first."""
        self.texts.extend(text.encode() for text in texts)
        self._flat = None
        return len(self.texts) - len(texts)

    def fields(self, key: str, words: Sequence[str]) -> int:
        """Add a field with each of its words, ``,"key":"word"``; the number of the first."""
        return self.add([f",{json.dumps(key)}:{json.dumps(word)}" for word in words])

    def and_also(self, texts: Sequence[str]) -> "Fragments":
        """These, and after them some more, for once."""
        more = Fragments()
        more.texts = [*self.texts, *(text.encode() for text in texts)]
        return more

    def flat(self) -> tuple[NDArray[np.uint8], Integers]:
        """All of them as bytes, and where each begins, int64[texts + 1]."""
        if self._flat is None:
            starts = np.cumsum([0, *(len(text) for text in self.texts)], dtype=np.int64)
            self._flat = np.frombuffer(b"".join(self.texts), np.uint8), starts
        return self._flat


Piece = tuple[Integers, Integers | None]


def write_lines(fragments: Fragments, pieces: Sequence[Piece]) -> bytes:
    """One line per row.

    Args:
        fragments: the texts.
        pieces: in their order, (fragment int64[n], -1 for none; number int64[n] that follows it, NONE for none).

    Returns:
        The lines, a newline between them.
    """
    chosen = np.stack([piece for piece, _ in pieces])
    has = np.array([-1 if number is None else 0 for _, number in pieces])
    has[has == 0] = np.arange((has == 0).sum())
    numbers = np.stack([number for _, number in pieces if number is not None])
    text, starts = fragments.flat()
    out = np.empty(_size(starts, chosen) + numbers.size * _DIGITS + chosen.shape[1], np.uint8)
    return out[: max(0, _write(text, starts, chosen, has, numbers, out) - 1)].tobytes()


@kernel
def _size(starts: Any, chosen: Any) -> Any:
    """Bytes of the fragments chosen."""
    total = 0
    for piece in range(chosen.shape[0]):
        for row in range(chosen.shape[1]):
            which = chosen[piece, row]
            if which >= 0:
                total += starts[which + 1] - starts[which]
    return total


@kernel
def _write(text: Any, starts: Any, chosen: Any, has: Any, numbers: Any, out: Any) -> Any:
    """Bytes written; ``has``: row of ``numbers`` of each piece, -1 for none."""
    at = 0
    for row in range(chosen.shape[1]):
        for piece in range(chosen.shape[0]):
            which = chosen[piece, row]
            if which >= 0:
                for place in range(starts[which], starts[which + 1]):
                    out[at] = text[place]
                    at += 1
            number = NONE if has[piece] < 0 else numbers[has[piece], row]
            if number != NONE:
                if number < 0:
                    out[at] = 45
                    at += 1
                    number = -number
                digits, rest = 1, number // 10
                while rest > 0:
                    digits += 1
                    rest //= 10
                for place in range(digits - 1, -1, -1):
                    out[at + place] = 48 + number % 10
                    number //= 10
                at += digits
        out[at] = 10
        at += 1
    return at
