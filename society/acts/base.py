"""What an act is: its effect, the messages that it implies, the tools by which a model carries it out."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from society.ground.episodes import EpisodeState
from society.ground.scenes import Scene
from society.ground.words import Act
from society.rules.moment import Array, Batch, Moment
from society.state.columns import Society


class WrongCallError(Exception):
    """A call the model can correct: the text says what is allowed."""


@dataclass(frozen=True)
class Tool:
    """One tool: its name and meaning, JSON Schema of its arguments, when it is offered, what it does to the episode."""

    name: str
    about: str
    arguments: dict[str, Any]
    offered: Callable[[Scene], bool]
    use: Callable[[EpisodeState, dict[str, Any]], str]
    reads: bool = False

    @cached_property
    def schema(self) -> dict[str, Any]:
        """As chat.completions wants it."""
        return {
            "type": "function",
            "function": {
                "name": self.name,
                "description": self.about,
                "parameters": {
                    "type": "object",
                    "properties": self.arguments,
                    "required": list(self.arguments),
                    "additionalProperties": False,
                },
            },
        }


def text(meaning: str) -> dict[str, Any]:
    """The schema of an argument that is a text."""
    return {"type": "string", "description": meaning}


AGENT = text("name of the agent")


class Action:
    """What an act does; as it stands here, nothing but what the record says of it.

    Attributes:
        acts: the acts that it is.
        tools: by which a model does it.
    """

    acts: ClassVar[tuple[Act, ...]]
    tools: ClassVar[tuple[Tool, ...]] = ()

    def effect(self, society: Society, moment: Moment) -> None:
        """What it does to the columns: all rows of all occasions of a tick at once, races by keyed priority."""

    def say(self, society: Society, moment: Moment, batch: Batch, written: Array) -> None:
        """Messages that it implies, but of the rows whose agents wrote their own (``written``)."""


def executions(moment: Moment) -> list[Batch]:
    """The batches in which orders are to be carried out."""
    return [batch for batch in moment.batches if batch.occasions.duty == Act.COMPLY]
