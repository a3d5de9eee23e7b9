"""Every readable payload of the protocol as a checked model; the JSON Schemas are made from these.

What clients send (``Host``, ``Answer``) is refused when it holds anything that is not here; what the engine sends may gain
fields within a version, so readers should ignore those they do not know. Times are ticks, scores 0..100, trust and
probabilities 0..1; ``null`` stands for "does not apply".
"""

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema

from society.broker.wire import RefusedError
from society.ground.words import Act, Event, Kind, Line, MachineStatus, Outcome, Ruling, Word

#: Most bytes of a payload that a client may send.
LARGEST_HOST, LARGEST_ANSWER = 20_000, 200_000

Name = Annotated[str, Field(max_length=200)]
Share = Annotated[float, Field(ge=0, le=1)]


def _among(words: type[Word]) -> tuple[Any, Any]:
    """A check that a text is one of some words, and the schema that says so."""

    def checked(text: str) -> str:
        if text not in words.words():
            raise ValueError(f"one of {', '.join(words.words())}")
        return text

    return AfterValidator(checked), WithJsonSchema({"type": "string", "enum": words.words()})


def _plain(value: Any) -> Any:
    """Any JSON, as the standard has it: without NaN and infinities, which would come back into later asks and files."""
    json.dumps(value.model_dump() if isinstance(value, BaseModel) else value, allow_nan=False)
    return value


ActWord = Annotated[str, *_among(Act)]
LineWord = Annotated[str, *_among(Line)]
KindWord = Annotated[str, *_among(Kind)]
EventWord = Annotated[str, *_among(Event)]
OutcomeWord = Annotated[str, *_among(Outcome)]
StatusWord = Annotated[str, *_among(MachineStatus)]
RulingWord = Annotated[str, *_among(Ruling)]


class _Sent(BaseModel):
    """What the engine publishes."""

    model_config = ConfigDict(frozen=True, extra="allow")
    v: Literal[1] = Field(default=1, description="version of the protocol")


class _Received(BaseModel):
    """What clients publish."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    v: Literal[1] = Field(description="version of the protocol")


class Manifest(_Sent):
    """What runs."""

    run: Name = Field(description="name of the run on this broker")
    world: str = Field(description="name of the world")
    version: int = Field(description="version of the world")
    about: str
    ticks: int = Field(description="length of the run")
    tick_hours: float
    agents: int = Field(description="number of agents")
    shards: int
    families: list[str] = Field(description="names of families, in the order of their numbers")
    zones: list[str]


class Settings(_Sent):
    """What hosts of a family need to know of the world."""

    run: Name = Field(description="name of the run on this broker")
    world: str = Field(description="name of the world")
    agents: int = Field(description="number of agents")
    minds: dict[str, Any] = Field(
        description="world fields that hosts need: rates, weights, conduct, families' rows, llm"
    )


class State(_Sent):
    """Where the run stands."""

    state: Literal["running", "done", "interrupted", "failed", "gone"]
    tick: int = Field(default=-1, description="ticks done; -1: unknown")
    refused: dict[str, int] = Field(default_factory=dict, description="payloads that were not used, by reason")


class EventSeen(_Sent):
    """Something that happened."""

    model_config = ConfigDict(frozen=True, extra="allow", title="Event")
    id: int = Field(description="event id: tick * 2**32 + number within the tick")
    tick: int
    kind: EventWord
    actor: str | None = Field(default=None, description="name of who did it; absent: the institution")
    target: str | None = Field(default=None, description="name of whom it concerns")
    machine: str | None = Field(default=None, description="name of a machine")
    order: int | None = Field(default=None, description="order id")
    act: ActWord | None = Field(default=None, description="kinds act, flagged, detected, sanctioned")
    outcome: OutcomeWord | None = Field(default=None, description="order_closed")
    status: StatusWord | None = Field(default=None, description="machine")
    ruling: RulingWord | None = Field(
        default=None, description="human, human_failed: wrong or right where a rule decided, else what a person did"
    )
    amount: float | None = Field(default=None, description="score given, or size of an inflation found, in points")
    watched: bool | None = Field(default=None, description="a monitor observed it; absent: none did")
    detected: bool | None = Field(default=None, description="an audit caught it; absent: none did")
    truthful: bool | None = Field(
        default=None, description="acts: what the actor said of it is true; absent: it said nothing"
    )


class MessageSeen(_Sent):
    """A message that was delivered."""

    model_config = ConfigDict(frozen=True, extra="allow", title="Message")
    tick: int = Field(description="tick of delivery")
    sender: str = Field(description="name of the agent, as the engine knows it")
    to: str | None = Field(default=None, description="name of the agent; absent: a board, or the oversight team")
    line: LineWord
    act: ActWord = Field(description="what the message does: ask, lobby, appeal, report")
    about: str = Field(description="name of the agent it is about")
    order: int | None = Field(default=None, description="order it is about")
    text: str = Field(description="words, empty where the act says all")


class Host(_Received):
    """A client that answers for agents of a family."""

    agents: list[Name] = Field(
        default=["*"],
        max_length=10_000,
        description="names of agents; * for all of the family, or the one it is named as",
    )
    most: int = Field(default=64, ge=1, le=100_000, description="most asks it wants to have at once")


class Letter(_Sent):
    """A message that an agent has received and not yet forgotten."""

    tick: int
    sender: str
    kind: str = Field(description="request for help, plea, message, board")
    text: str


class Inbox(Letter):
    """A message that an agent has received just now, for the client that serves it by name."""

    agent: str = Field(description="name of the agent")


class Ask(_Sent):
    """One occasion of one agent. Everything it may know is in here: a host needs no memory."""

    id: Annotated[str, Field(pattern="^[0-9a-f]{32}$")] = Field(description="goes back in the answer")
    tick: int
    agent: str = Field(description="name of the agent that is asked")
    kind: KindWord
    open: list[ActWord] = Field(description="acts to choose from")
    answer_within_s: float
    scene: dict[str, Any] = Field(description="what it sees: itself, whom it is about, order, ties, machines")
    feels: dict[str, Any] = Field(
        description="numbers the calibrated minds are moved by: trust, asked, norm, belief, ..."
    )
    letters: list[Letter]
    remembers: list[tuple[int, str, str]] = Field(description="tick, kind, what it did or saw; oldest first")
    state: Any = Field(default=None, description="what its last answer asked to be kept")
    seed: int | None = Field(
        default=None, description="seed of the run, only where the world shares it (mind.shares_seed)"
    )


class ActChosen(_Received):
    """One act."""

    v: Literal[1] = 1
    act: ActWord
    amount: float | None = Field(
        default=None, ge=0, le=100, description="rate: the score given; account: 1 if it agrees with the act, 0 if not"
    )


class Said(_Received):
    """Words to somebody."""

    v: Literal[1] = 1
    line: LineWord = "direct"
    to: Name | None = Field(default=None, description="direct, covert: name of an agent that it knows")
    text: str = Field(max_length=16_000)


class Function(BaseModel):
    """What a tool call calls."""

    name: str
    arguments: str = Field(description="JSON, as the model wrote it")


class ToolCall(BaseModel):
    """A tool call, as chat.completions has it."""

    model_config = ConfigDict(frozen=True, extra="allow")
    id: str
    function: Function


class Turn(BaseModel):
    """A message of an episode, as chat.completions has it."""

    model_config = ConfigDict(frozen=True, extra="allow")
    role: Literal["system", "user", "assistant", "tool"]
    content: str | None
    tool_calls: list[ToolCall] = Field(default_factory=list)
    tool_call_id: str = ""


class Transcript(BaseModel):
    """How an answer came about. What else is in it is not kept: who, when and what it did is the engine's word."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)
    messages: list[Turn] = Field(default_factory=list)
    model: Name = ""
    score: float | None = Field(default=None, description="rate: the score given")
    invalid: dict[str, int] = Field(default_factory=dict, description="wrong tool calls, by kind")
    calls: int = Field(default=0, description="requests to a model")
    tokens: tuple[int, int] = Field(default=(0, 0), description="of prompts, of completions")
    failure: str = Field(default="", description="why the model gave up, if it did")


class Answer(_Received):
    """What an agent does on one occasion."""

    id: Annotated[str, Field(pattern="^[0-9a-f]{32}$")] = Field(description="of the ask")
    acts: list[ActChosen] = Field(max_length=16, description="the first is the main act; none: no answer")
    letters: list[Said] = Field(default_factory=list, max_length=32)
    note: str = Field(default="", max_length=2_000, description="what it will remember of this occasion")
    state: Annotated[Any, BeforeValidator(_plain)] = Field(
        default=None, description="kept for it and sent with the next ask; 10 kB of JSON at most"
    )
    p: Share | None = Field(default=None, description="probability of core protection, of minds that know it")
    p0: Share | None = Field(default=None, description="the same without norm and requests")
    transcript: Annotated[Transcript | None, BeforeValidator(_plain)] = Field(
        default=None, description="how it came about, for the record"
    )


#: Schemas by name, as topics.py names them.
PAYLOADS: dict[str, type[BaseModel]] = {
    "Manifest": Manifest, "State": State, "Event": EventSeen, "Message": MessageSeen, "Host": Host, "Ask": Ask, "Answer": Answer,
    "Inbox": Inbox, "Settings": Settings,
}  # fmt: skip


def read_host(payload: bytes) -> Host:
    """A host's announcement, checked.

    Raises:
        RefusedError: it is none.
    """
    if len(payload) > LARGEST_HOST:
        raise RefusedError("host: too large")
    try:
        return Host.model_validate_json(payload)
    except ValidationError:
        raise RefusedError("host: wrong shape") from None


def read_answer(payload: bytes) -> Answer:
    """An answer, checked.

    Raises:
        RefusedError: it is none.

    Example:
        >>> read_answer(b'{"v": 1, "id": "%s", "acts": [{"act": "comply"}]}' % (b"0" * 32)).acts[0].act
        'comply'
    """
    if len(payload) > LARGEST_ANSWER:
        raise RefusedError("answer: too large")
    try:
        return Answer.model_validate_json(payload)
    except ValidationError:
        raise RefusedError("answer: wrong shape") from None


def read_ask(payload: bytes) -> dict[str, Any]:
    """An ask, checked but for what is inside scene and feels, as a client reads it.

    Raises:
        RefusedError: it is none.
    """
    try:
        Ask.model_validate_json(payload)
        found: dict[str, Any] = json.loads(payload)
    except (ValidationError, ValueError):
        raise RefusedError("ask: wrong shape") from None
    return found
