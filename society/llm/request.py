"""What is asked of a language model and what comes back, in the shape of chat.completions."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, Protocol


@dataclass(frozen=True)
class Identity:
    """Which question of a run this is: seed of the run, id of the agent, tick, key of the occasion, turn, attempt."""

    seed: int
    agent: int
    tick: int
    occasion: int
    turn: int
    attempt: int = 0


@dataclass(frozen=True)
class Request:
    """One question.

    Attributes:
        model: name of the model.
        messages: chat.completions messages.
        tools: chat.completions tools.
        identity: which question it is.
        temperature: None for the server's own.
        max_tokens: most tokens of the answer.
    """

    model: str
    messages: tuple[dict[str, Any], ...]
    tools: tuple[dict[str, Any], ...]
    identity: Identity
    temperature: float | None = 1.0
    max_tokens: int | None = 1024

    @cached_property
    def text(self) -> str:
        """Everything that went into the question, as canonical JSON."""
        tree = {
            "model": self.model, "messages": self.messages, "tools": self.tools, "identity": asdict(self.identity),
            "temperature": self.temperature, "max_tokens": self.max_tokens,
        }  # fmt: skip
        return json.dumps(tree, sort_keys=True, separators=(",", ":"))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of ``text``, in hex: the address of the answer.

        Example:
            >>> Request("m", (), (), Identity(1, 2, 3, 4, 5)).digest[:8]
            'd38246fc'
        """
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def seed(self) -> int:
        """31 bits of the digest, sent as ``seed`` to servers that take one."""
        return int(self.digest[:8], 16) & 0x7FFFFFFF

    def again(self) -> "Request":
        """The same question once more, when the answer was empty: the next attempt."""
        return replace(self, identity=replace(self.identity, attempt=self.identity.attempt + 1))


@dataclass(frozen=True)
class Call:
    """A call of a tool: id, name, arguments as the model wrote them."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Usage:
    """Tokens of the prompt and of the answer, as the server counted them."""

    prompt: int
    completion: int


@dataclass(frozen=True)
class Answer:
    """What came back: text, calls, tokens, why it ended, the model's own name for itself."""

    text: str
    calls: tuple[Call, ...]
    usage: Usage
    finish: str
    model: str

    def to_json(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "Answer":
        """From JSON.

        Raises:
            ValueError, KeyError, TypeError: it is no answer.
        """
        tree = json.loads(text)
        calls = tuple(Call(str(one["id"]), str(one["name"]), str(one["arguments"])) for one in tree["calls"])
        usage = Usage(int(tree["usage"]["prompt"]), int(tree["usage"]["completion"]))
        return cls(str(tree["text"]), calls, usage, str(tree["finish"]), str(tree["model"]))


class Ask(Protocol):
    """Anything that answers requests."""

    async def __call__(self, request: Request) -> Answer:
        """Answer one request.

        Raises:
            ModelError: there is no answer.
        """
        ...

    async def close(self) -> None:
        """Let go of connections and files."""
        ...
