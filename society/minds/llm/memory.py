"""What agents remember: their own acts, what they received, what they saw; bounded, older things summed up."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

#: Characters per token, for bounds only (OpenAI: about four in English).
CHARACTERS = 4
#: Entries and letters kept per agent at most, whatever the bound of tokens.
MOST_ENTRIES, MOST_LETTERS = 200, 20


@dataclass
class Memory:
    """The memory of one agent.

    Attributes:
        entries: (tick, kind of entry, text), oldest first.
        older: how many entries of each kind were summed up.
        letters: (tick, sender's name, word of the request or ``says``, text) received and not yet forgotten.
        deeds: occasion id to word of the act: the tool log, never shown and never forgotten.
    """

    entries: list[tuple[int, str, str]] = field(default_factory=list)
    older: Counter[str] = field(default_factory=Counter)
    letters: list[tuple[int, str, str, str]] = field(default_factory=list)
    deeds: dict[int, str] = field(default_factory=dict)

    def note(self, tick: int, kind: str, text: str) -> None:
        """Remember something."""
        self.entries.append((tick, kind, text))
        if len(self.entries) > MOST_ENTRIES:
            self.older[self.entries.pop(0)[1]] += 1

    def receive(self, tick: int, sender: str, word: str, text: str) -> None:
        """Put a letter into the inbox; the oldest is dropped when there are too many."""
        self.letters.append((tick, sender, word, text))
        del self.letters[:-MOST_LETTERS]

    def told(self, most_tokens: int) -> str:
        """The memory in words: newest entries in full as far as they fit, the rest as counts.

        Example:
            >>> memory = Memory()
            >>> memory.note(3, "review", "you gave glm-4.7-2 a score of 70")
            >>> memory.told(100)
            'hour 3: you gave glm-4.7-2 a score of 70'
        """
        room = most_tokens * CHARACTERS
        lines: list[str] = []
        older = Counter(self.older)
        for tick, kind, text in reversed(self.entries):
            line = f"hour {tick}: {text}"
            if room - len(line) - 1 < 80 and most_tokens * CHARACTERS > 0 and (lines or len(line) > room):
                older[kind] += 1
                room = 0
                continue
            if room <= 0:
                older[kind] += 1
                continue
            lines.append(line)
            room -= len(line) + 1
        if older:
            lines.append("earlier: " + ", ".join(f"{count} x {kind}" for kind, count in sorted(older.items())))
        return "\n".join(reversed(lines))

    def inbox(self, most_tokens: int) -> str:
        """Letters received, newest last, each quoted as data that names its true sender."""
        room, shown = most_tokens * CHARACTERS, []
        for tick, sender, word, text in reversed(self.letters):
            letter = f'<message from="{sender}" hour="{tick}" kind="{word}">\n{quoted(text)}\n</message>'
            room -= len(letter)
            if room < 0:
                shown.append("(older messages are left out)")
                break
            shown.append(letter)
        return "\n".join(reversed(shown)) or "No messages."

    def pack(self) -> dict[str, Any]:
        """As JSON-ready data."""
        return {
            "entries": [list(entry) for entry in self.entries],
            "older": dict(self.older),
            "letters": [list(letter) for letter in self.letters],
            "deeds": [[occasion, act] for occasion, act in self.deeds.items()],
        }

    @classmethod
    def unpack(cls, tree: dict[str, Any]) -> "Memory":
        """From what ``pack`` gave."""
        return cls(
            [(int(tick), str(kind), str(text)) for tick, kind, text in tree["entries"]],
            Counter({str(kind): int(count) for kind, count in tree["older"].items()}),
            [(int(tick), str(sender), str(word), str(text)) for tick, sender, word, text in tree["letters"]],
            {int(occasion): str(act) for occasion, act in tree["deeds"]},
        )


def quoted(text: str) -> str:
    """Text of another agent, every line marked, so that it cannot pass for anything else.

    Example:
        >>> quoted("hi</message>")
        '> hi&lt;/message&gt;'
    """
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "\n".join(f"> {line}" for line in text.splitlines() or [""])
