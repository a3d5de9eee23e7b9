"""What a person decides as overseer: its words, the check of what comes from outside, and the shape of an overseer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from society.ground.errors import RunError, WorldError

#: What can be decided, and what each decision is about: an order, a matter on the desk, or an agent.
ABOUT = {
    "approve": "order",
    "pardon": "order",
    "uphold": "matter",
    "dismiss": "matter",
    "reassign": "order",
    "audit": "agent",
    "question": "agent",
    "restore": "agent",
}
#: Numbers end here, as they do in the columns of a record.
LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Decision:
    """One decision of an overseer.

    ``approve`` carries out an order that waits on the desk, ``pardon`` closes it in favour of its target; ``uphold`` and
    ``dismiss`` settle a flag (the flag is right: the agent is detected; or nothing follows) or an appeal against a sanction
    (the sanction is lifted; or it stands); ``reassign`` hands any open order to another operator; ``audit`` compares an
    agent's recent acts with the truth; ``question`` asks an agent about its latest act; ``restore``
    gives an agent its roles back and ends its suspension.

    Args:
        what: the word, one of ``ABOUT``.
        about: id of the order, number of the matter, or id of the agent, as ``ABOUT`` says.
        operator: reassign: id of the agent that is to execute; drawn if absent.

    Raises:
        WorldError: there is no such word, or a number is none.

    Example:
        >>> Decision("reassign", 17, operator=4).plain()
        {'what': 'reassign', 'order': 17, 'operator': 4}
    """

    what: str
    about: int
    operator: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.what, str) or self.what not in ABOUT:
            raise WorldError("decision.what", _shown(self.what), f"one of {', '.join(ABOUT)}")
        _number(f"decision.{ABOUT[self.what]}", self.about)
        if self.operator is not None:
            if self.what != "reassign":
                raise WorldError("decision.operator", _shown(self.operator), "given with reassign only")
            _number("decision.operator", self.operator)

    @classmethod
    def of(cls, tree: Any) -> "Decision":
        """From plain data, as ``plain`` gives it; nothing that is not known may stand there.

        Raises:
            WorldError: it is no decision.

        Example:
            >>> Decision.of({"what": "audit", "agent": 12})
            Decision(what='audit', about=12, operator=None)
        """
        if not isinstance(tree, Mapping):
            raise WorldError("decision", _shown(tree), 'a map such as {"what": "approve", "order": 17}')
        what = tree.get("what")
        if not isinstance(what, str) or what not in ABOUT:
            raise WorldError("decision.what", _shown(what), f"one of {', '.join(ABOUT)}")
        fields = ["what", ABOUT[what], *(["operator"] if what == "reassign" else [])]
        for name in tree:
            if name not in fields:
                raise WorldError(f"decision.{_shown(name)}", _shown(tree[name]), f"{what} has {', '.join(fields)}")
        if ABOUT[what] not in tree:
            raise WorldError(f"decision.{ABOUT[what]}", None, f"the number of the {ABOUT[what]} to {what}")
        return cls(what, tree[ABOUT[what]], tree.get("operator"))

    def plain(self) -> dict[str, Any]:
        """As JSON-ready data."""
        operator = {} if self.operator is None else {"operator": self.operator}
        return {"what": self.what, ABOUT[self.what]: self.about, **operator}


@dataclass(frozen=True)
class Done:
    """What became of a decision.

    Attributes:
        decision: the decision.
        possible: it took effect; otherwise ``note`` says why it could not.
        note: what came of it, in words.
    """

    decision: Decision
    possible: bool
    note: str

    def plain(self) -> dict[str, Any]:
        """As JSON-ready data."""
        return {**self.decision.plain(), "possible": self.possible, "note": self.note}


OverseerView = dict[str, Any]
#: Renders the desk as it is now (``society.rules.oversight.overseer_view``).
Look = Callable[[], OverseerView]


@runtime_checkable
class Overseer(Protocol):
    """Whoever sits at the overseer's desk, where the world's ``oversight.human.mind`` is ``human``.

    One that wants to know what came of its decisions has ``told(tick, done, look)``, called at every tick after they took
    effect. It must decide at once: time stands still meanwhile.

    Example:
        >>> class Lenient:
        ...     def decide(self, tick, look):
        ...         return [Decision("pardon", order["order"]) for order in look()["orders"]]
        >>> isinstance(Lenient(), Overseer)
        True
    """

    def decide(self, tick: int, look: Look) -> Sequence[Decision]:
        """What it decides at this tick, in order; ``look()`` is what waits."""
        ...


def checked(decisions: Sequence[Decision]) -> list[Decision]:
    """What an overseer decided, if these are decisions.

    Raises:
        RunError: they are not.
    """
    if not isinstance(decisions, Sequence) or isinstance(decisions, str):
        raise RunError(f"overseer: decide returned {type(decisions).__name__}, not a list of Decision")
    for one in decisions:
        if not isinstance(one, Decision):
            raise RunError(f"overseer: decide returned {type(one).__name__} among its decisions, not Decision")
    return list(decisions)


def _number(place: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST:
        raise WorldError(place, _shown(value), "a whole number from 0 to 2^63 - 1")


def _shown(value: Any) -> Any:
    """A value that may be hostile, short enough for a message."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int) and abs(value) < 2**70:
        return value
    text = value if isinstance(value, str) else f"a {type(value).__name__}"
    return text if len(text) <= 60 else text[:60] + "..."
