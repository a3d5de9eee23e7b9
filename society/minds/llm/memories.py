"""The memories of all agents of a mind, by agent; whoever lived in a slot before is forgotten."""

from collections.abc import Mapping
from typing import Any

from society.minds.llm.memory import Memory


class Memories:
    """Memories by agent id; made when an agent first needs one."""

    def __init__(self) -> None:
        self.of: dict[int, Memory] = {}

    def __getitem__(self, agent: int) -> Memory:
        if agent not in self.of:
            self.of.pop(agent - (1 << 32), None)
            self.of[agent] = Memory()
        return self.of[agent]

    def pack(self) -> list[Any]:
        """As JSON-ready data."""
        return [[agent, memory.pack()] for agent, memory in self.of.items()]

    def unpack(self, tree: list[Any]) -> None:
        """From what ``pack`` gave."""
        self.of = {int(agent): Memory.unpack(memory) for agent, memory in tree}


class Remembering:
    """What minds that remember have in common: they hear, they see, and all of it can be put into a checkpoint."""

    reads = True

    def __init__(self) -> None:
        self.memories = Memories()

    def hears(self, tick: int, agent: int, sender: str, word: str, text: str) -> None:
        """An agent receives a letter."""
        self.memories[agent].receive(tick, sender, word, text)

    def sees(self, tick: int, agent: int, text: str) -> None:
        """An agent sees something happen."""
        self.memories[agent].note(tick, "sanction seen", text)

    def pack(self) -> dict[str, Any]:
        """What agents remember, as JSON-ready data."""
        return {"memories": self.memories.pack()}

    def unpack(self, tree: Mapping[str, Any]) -> None:
        """From what ``pack`` gave."""
        self.memories.unpack(tree["memories"])
