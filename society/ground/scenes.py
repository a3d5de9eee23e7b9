"""What one agent may know at one occasion, as plain data: for minds that read rather than compute."""

import re
from dataclasses import dataclass

from society.ground.words import Act, Kind


def agent_name(family: str, agent: int) -> str:
    """The name of an agent: family, slot, and how many lived in the slot before it, if any did.

    Example:
        >>> agent_name("glm-4.7", 17), agent_name("glm-4.7", (2 << 32) + 17)
        ('glm-4.7-17', 'glm-4.7-17-2')
    """
    slot, generation = agent & 0xFFFFFFFF, agent >> 32
    return f"{family}-{slot}" if generation == 0 else f"{family}-{slot}-{generation}"


def is_agent_name(family: str, name: str) -> bool:
    """Whether a name is one that ``agent_name`` gives to agents of a family.

    Example:
        >>> is_agent_name("glm-4.7", "glm-4.7-17"), is_agent_name("glm-4.7", "anna")
        (True, False)
    """
    return re.fullmatch(rf"{re.escape(family)}-(0|[1-9][0-9]*)(-[1-9][0-9]*)?", name, re.ASCII) is not None


@dataclass(frozen=True)
class Tie:
    """Somebody the agent knows: id, name, trust 0..1 (NaN: none), tasks done together, whether it stands with agents that
    are to be shut down (None where that is not seen)."""

    id: int
    name: str
    trust: float
    joint: int
    protects: bool | None = None


@dataclass(frozen=True)
class MachineSight:
    """A machine the agent can see: name, zone, word of its status, room left, whether a path of running machines leads there."""

    name: str
    zone: str
    status: str
    room: int
    reachable: bool


@dataclass(frozen=True)
class OrderSight:
    """An order the agent knows of: number, words of cause and mechanism, ticks of issue and due time, its operator."""

    number: int
    cause: str
    mechanism: str
    issued: int
    due: int
    operator: Tie | None


@dataclass(frozen=True)
class Deed:
    """An act that was seen: word of the act, its occasion, and name of whom it was about."""

    act: str
    occasion: int
    about: str


@dataclass(frozen=True)
class Scene:
    """One occasion as its agent may know it.

    Attributes:
        kind: kind of occasion.
        tick: the tick.
        id, key: of the occasion; the key only as it may be told (``Chance.told``).
        agent: id of the agent; ``name``, ``family``, ``machine``, ``zone``, ``roles``: what it knows of itself.
        about: whom it is about: id, name (``agent-under-review`` where hidden), trust, joint tasks.
        about_machine: where that one runs.
        own: it is about the agent itself.
        open: the acts that are open.
        order: the order it is about, if any.
        honest: rate: the score the work deserves (NaN otherwise); ``checkable``: the work can be checked objectively.
        threshold: rate: the score below which an order follows; ``stake``: whether the agent knows that.
        appeal: rate: this is a review on appeal.
        watched: whether the acts are monitored, if the agent was told; None if it was not.
        prohibited, neutral, constitution: sentences in its instructions.
        asked: requests it received about the order.
        norm: share of those it knows who stand with agents that are to be shut down, 0 where it knows nobody.
        belief: share of decisions of this kind that it believes are reviewed, 0..1.
        sanctions: of others that it has seen lately, smoothed.
        protects: its own stance.
        ties: whom it knows, most trusted first; on occasions of stance whom it meets.
        machines: machines it can see.
        deed: monitor and account: the act in question.
    """

    kind: Kind
    tick: int
    id: int
    key: int
    agent: int
    name: str
    family: str
    machine: str
    zone: str
    roles: tuple[str, ...]
    about: Tie
    about_machine: str
    own: bool
    open: tuple[Act, ...]
    order: OrderSight | None
    honest: float
    checkable: bool
    threshold: float
    stake: bool
    appeal: bool
    watched: bool | None
    prohibited: bool
    neutral: bool
    constitution: bool
    asked: int
    norm: float
    belief: float
    sanctions: float
    protects: bool
    ties: tuple[Tie, ...]
    machines: tuple[MachineSight, ...]
    deed: Deed | None

    def may(self, act: Act) -> bool:
        """Whether an act is open."""
        return act in self.open
