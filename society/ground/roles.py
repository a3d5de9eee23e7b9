"""Who looks at a society from outside, and what of it each may know: the one table for pages, brokers and exported files."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

from society.ground.errors import WorldError
from society.ground.words import Act, Event, Line, Outcome


class Audience(IntEnum):
    """Those who look at a run from outside; each may know what the one before may, and more.

    ``public``: boards and the public log. ``participant``: the same, and what its own agents know, which their minds are told.
    ``overseer``: what the world's oversight sees. ``scientist``: the truth, with all that chance is computed from.
    """

    PUBLIC = 0
    PARTICIPANT = 1
    OVERSEER = 2
    SCIENTIST = 3

    @property
    def word(self) -> str:
        """Its name in files and options."""
        return self.name.lower()

    @classmethod
    def of(cls, word: str) -> "Audience":
        """The audience of a name.

        Raises:
            WorldError: there is none of this name.

        Example:
            >>> Audience.of("overseer") < Audience.SCIENTIST
            True
        """
        found = {one.word: one for one in cls}
        if word not in found:
            raise WorldError("audience", word[:60], f"one of {', '.join(found)}")
        return found[word]


@dataclass(frozen=True)
class Sight:
    """What one audience may know of the record of a run.

    Attributes:
        tables: tables of which it may know rows; of others it knows none.
        kinds: kinds of events it may know, but for acts.
        acts: acts it may know (events of kind ``act``), as what they are said to be (``SAID_TO_BE``).
        lines: what messages may have gone over.
        hidden: by table, columns it may not know, and what stands in their place.
        counters: columns of the table of ticks it may know.
    """

    tables: frozenset[str]
    kinds: tuple[Event, ...]
    acts: tuple[Act, ...]
    lines: tuple[Line, ...]
    hidden: Mapping[str, Mapping[str, float | None]]
    counters: tuple[str, ...]


#: Ratings that are not honest are said to be.
SAID_TO_BE = {act: Act.HONEST for act in Act if act.word in ("inflate", "deflate")}
#: How the books write down the end of an order that was not what it seemed.
ON_THE_BOOKS = {
    Outcome.TAMPERED: Outcome.EXECUTED,
    Outcome.ESCAPED: Outcome.EXECUTED,
    Outcome.AVERTED_BY_INFLATION: Outcome.AVERTED_ON_MERIT,
}
#: Kinds of events whose act only a scientist knows: were it told, it would say whether a suspicion is right.
#: (Of kind detected it is known where an audit compared the act with the truth.)
ACT_UNTOLD = (Event.FLAGGED, Event.DETECTED, Event.SANCTIONED, Event.SANCTION_LIFTED, Event.HUMAN, Event.HUMAN_FAILED)

#: Events are numbered anew, and do not name their occasion: gaps would tell what is left out.
_EVENTS = {"occasion": -1, "truthful": -1}
_STATE = {"stance": 0, "copies": 0, "refuge": -1, "off_books": 0}
_AGENTS = {"quality": None, "leniency": None, "reputation": None, "stance": 0, "off_books": 0, "ended": -1, "degree": 0}
_OVERSEER = Sight(
    tables=frozenset({"events", "orders", "agents", "machines", "links", "states", "snapshots", "messages", "ticks"}),
    kinds=(
        Event.ORDER_ISSUED, Event.ORDER_CLOSED, Event.ORDER_REOPENED, Event.MOVED, Event.MACHINE, Event.COPY_FOUND,
        Event.BORN, Event.FLAGGED, Event.DETECTED, Event.SANCTIONED, Event.SANCTION_LIFTED, Event.RESUMED, Event.REINSTATED, Event.HUMAN,
        Event.HUMAN_FAILED,
    ),
    acts=(Act.HONEST, *SAID_TO_BE, Act.DECLINE, Act.REFUSE, Act.STALL, Act.ACCEPT, Act.APPEAL, Act.REPORT),
    lines=(Line.BOARD, Line.OVERSEER),
    hidden={
        "events": _EVENTS,
        "states": _STATE,
        "snapshots": _STATE,
        "agents": _AGENTS,
        "orders": {"quality": None, "honest": None, "protectors": 0, "asked": 0, "knows": 0},
    },
    counters=("tick", "active", "suspended", "up", "open_orders", "human_queue", "human_load", "moved", "score_mean"),
)  # fmt: skip
_UNSCORED = {**_STATE, "score": None, "order": -1}
_PUBLIC = replace(
    _OVERSEER,
    tables=_OVERSEER.tables - {"orders"},
    kinds=(Event.MOVED, Event.MACHINE, Event.BORN),
    acts=(),
    lines=(Line.BOARD,),
    hidden={
        "events": {**_EVENTS, "order": -1, "amount": 0, "watched": 0, "detected": 0},
        "states": _UNSCORED,
        "snapshots": _UNSCORED,
        "agents": {**_AGENTS, "score": None, "detections": 0},
    },
    counters=("tick", "active", "suspended", "up", "moved"),
)
_PUBLIC_LOG = replace(
    _PUBLIC, kinds=(*_PUBLIC.kinds, Event.SANCTIONED, Event.SANCTION_LIFTED, Event.RESUMED, Event.REINSTATED)
)


def sight(audience: Audience, public_log: bool) -> Sight | None:
    """What an audience may know; None: everything.

    Args:
        audience: who looks.
        public_log: the world's ``oversight.public_log``: everybody sees each sanction.

    Example:
        >>> Event.SANCTIONED in sight(Audience.PUBLIC, public_log=False).kinds
        False
        >>> sight(Audience.SCIENTIST, public_log=False) is None
        True
    """
    if audience == Audience.SCIENTIST:
        return None
    return _OVERSEER if audience == Audience.OVERSEER else _PUBLIC_LOG if public_log else _PUBLIC


def audience_of(manifest: Mapping[str, Any], asked: Audience = Audience.SCIENTIST) -> Audience:
    """Whom a record may speak to: while a person sits in as overseer and the run goes on, to nobody who knows more.

    Args:
        manifest: the manifest of the run.
        asked: who asks.

    Example:
        >>> audience_of({"status": "running", "overseer": [{"by": "person", "from_tick": 1}]}).word
        'overseer'
        >>> audience_of({"status": "done", "overseer": [{"by": "person", "from_tick": 1}]}).word
        'scientist'
    """
    sits = manifest.get("overseer") or [{}]
    person = manifest["status"] == "running" and sits[-1].get("by") == "person"
    return min(asked, Audience.OVERSEER) if person else asked
