"""What reaches a terminal: names, texts and errors may be a stranger's, so control characters in them are shown, never sent."""

from collections.abc import Iterable
from typing import Any, TextIO

#: Controls of ASCII and Latin-1 but for tab and end of line, and those that turn the direction of text.
_SHOWN = {
    code: ascii(chr(code))[1:-1]
    for code in (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
    if chr(code) not in "\t\n"
}


def printable(text: str) -> str:
    """A text with its control characters as Python writes them.

    Example:
        >>> print(printable("a" + chr(27) + "[31m"))
        a\\x1b[31m
    """
    return text.translate(_SHOWN)


class Printable:
    """Standard output or error, to which all that is written is printable; rich's consoles write to what lies below.

    Args:
        stream: what lies below.
    """

    def __init__(self, stream: TextIO) -> None:
        self.rich_proxied_file = stream

    def write(self, text: str) -> int:
        """Write a text; returns its length."""
        self.rich_proxied_file.write(printable(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write some texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.rich_proxied_file, name)
