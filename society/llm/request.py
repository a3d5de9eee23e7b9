"""What is asked of a language model and what comes back, as plain values with a stable digest.

The shape is that of ``chat.completions``, which every common server speaks: messages with the roles system, user,
assistant (perhaps with ``tool_calls``) and tool (with ``tool_call_id``).
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from operator import index
from typing import Any, Protocol

from society.ground.errors import ModelError

#: Fields of the body that a request or its endpoint sets itself.
_OWN = frozenset({"model", "messages", "tools", "temperature", "max_tokens", "seed", "stream", "n"})


@dataclass(frozen=True)
class Identity:
    """Which question of which run this is; two questions that differ only here may get different answers.

    Args:
        seed: the run's seed.
        agent: who asks.
        tick: when, in ticks.
        occasion: number of the occasion that the question is about.
        turn: 0 for the first question on an occasion, 1 after the first tools have answered, and so on.
        attempt: 0, or how often an answer was of no use and the question was put again.
    """

    seed: int
    agent: int
    tick: int
    occasion: int
    turn: int
    attempt: int

    def __post_init__(self) -> None:
        for each in fields(self):  # NumPy's integers become Python's, which JSON knows
            object.__setattr__(self, each.name, index(getattr(self, each.name)))


@dataclass(frozen=True)
class Request:
    """One question to a language model. Messages, tools and extra are not to be changed once they are in a request.

    Args:
        model: the model's name as its server knows it.
        messages: the conversation so far, in the shape of chat.completions.
        tools: the functions that may be called, in the shape of chat.completions; empty for none.
        identity: which question this is.
        temperature: None to leave it to the server (some models accept no other).
        max_tokens: most tokens of the answer; None to leave it to the server.
        extra: further fields of the body, for example ``{"parallel_tool_calls": False}``.

    Raises:
        ModelError: extra holds a field that is set elsewhere.

    Example:
        >>> who = Identity(seed=1, agent=4, tick=20, occasion=3, turn=0, attempt=0)
        >>> request = Request("a-model", ({"role": "user", "content": "Hello"},), (), who)
        >>> request.digest()[:12], request.seed()
        ('d0b860bb2f72', 1750872157)
    """

    model: str
    messages: tuple[dict[str, Any], ...]
    tools: tuple[dict[str, Any], ...]
    identity: Identity
    temperature: float | None = 1.0
    max_tokens: int | None = 1024
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if clash := sorted(_OWN & set(self.extra)):
            raise ModelError(f"request to {self.model}: extra may not hold {', '.join(clash)}, which is set elsewhere")
        if self.temperature is not None:  # 1 and 1.0 are one temperature and must have one digest
            object.__setattr__(self, "temperature", float(self.temperature))
        if self.max_tokens is not None:
            object.__setattr__(self, "max_tokens", index(self.max_tokens))

    def __hash__(self) -> int:
        return hash(self.digest())

    @cached_property
    def canonical(self) -> str:
        """The request as JSON: keys in order, no spaces, ASCII only.

        Raises:
            ModelError: a message, a tool or extra holds something that JSON has no word for.
        """
        everything = {name: getattr(self, name) for name in _FIELDS}
        everything |= {"identity": vars(self.identity), "extra": dict(self.extra)}
        try:
            return json.dumps(everything, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise ModelError(
                f"request to {self.model} (agent {self.identity.agent}, tick {self.identity.tick}): "
                f"messages, tools and extra must be JSON: {error}"
            ) from None

    @classmethod
    def from_json(cls, text: str) -> "Request":
        """The request whose canonical JSON this is.

        Raises:
            ValueError, KeyError, TypeError: this is no request.

        Example:
            >>> one = Request("a-model", ({"role": "user", "content": "Hello"},), (), Identity(1, 4, 20, 3, 0, 0))
            >>> Request.from_json(one.canonical).digest() == one.digest()
            True
        """
        values = json.loads(text)
        lists = {name: tuple(values[name]) for name in ("messages", "tools")}
        return cls(**{**values, **lists, "identity": Identity(**values["identity"])})

    @cached_property
    def _digest(self) -> str:
        return hashlib.sha256(self.canonical.encode("ascii")).hexdigest()

    def digest(self) -> str:
        """SHA-256 (64 hexadecimal digits) of the canonical JSON of everything, identity included."""
        return self._digest

    def seed(self) -> int:
        """An integer of 0 .. 2^31-1 from the digest, sent to servers that sample with a seed."""
        return int(self._digest[:8], 16) >> 1


_FIELDS = tuple(each.name for each in fields(Request))


@dataclass(frozen=True)
class Call:
    """A tool call that a model wants.

    Args:
        id: ``call_<turn>_<number>``, whatever the server called it, so that what follows can be asked again.
        name: the function's name as the model wrote it; perhaps one that was never offered.
        arguments: the arguments as the model wrote them; perhaps no JSON.
    """

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Usage:
    """Tokens of one answer.

    Args:
        prompt: tokens read.
        completion: tokens written.
        estimated: True where the server did not count; then one token stands for four characters.
    """

    prompt: int
    completion: int
    estimated: bool = False


@dataclass(frozen=True)
class Answer:
    """What a model answered.

    Args:
        text: what it said, "" where it only calls tools.
        calls: the tools it wants to be called, in its order.
        usage: tokens that were charged.
        finish: why it stopped, in the server's word (``stop``, ``tool_calls``, ``length``), ``refusal`` where it sent one,
            "" where it does not say.
        model: the model that answered, by the server's name.

    Example:
        >>> answer = Answer("Yes.", (Call("call_0_0", "act", "{}"),), Usage(12, 3), "tool_calls", "a-model")
        >>> Answer.from_json(answer.to_json()) == answer
        True
    """

    text: str
    calls: tuple[Call, ...]
    usage: Usage
    finish: str
    model: str

    def to_json(self) -> str:
        """The answer as one line of JSON."""
        return json.dumps(asdict(self), separators=(",", ":"), ensure_ascii=True)

    @classmethod
    def from_json(cls, text: str) -> "Answer":
        """The answer that ``to_json`` wrote.

        Raises:
            ValueError, KeyError, TypeError: this is no answer.
        """
        values = json.loads(text)
        calls = tuple(Call(**call) for call in values["calls"])
        return cls(values["text"], calls, Usage(**values["usage"]), values["finish"], values["model"])


class Ask(Protocol):
    """Whatever can be asked: an endpoint, or a wrapper around one."""

    async def __call__(self, request: Request) -> Answer:
        """The answer to one request; raises ModelError or one of its kinds."""
        ...

    async def close(self) -> None:
        """Let go of connections and files, here and in whatever is wrapped; afterwards nothing more is asked."""
        ...
