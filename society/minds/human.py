"""A person as overseer: fed from outside while the society runs; and a scripted stand-in."""

import copy
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from society.ground.decisions import Decision, Done, Look, OverseerView
from society.ground.errors import RunError

#: Decisions that may wait for the next tick.
MOST_WAITING = 1000
#: Decisions and accounts that a desk shows of the past.
MOST_PAST = 50


class Person:
    """A person at the overseer's desk, for a page or a program in another thread.

    Decisions take effect at the tick after they were submitted (the one under way, if it has not come to oversight yet), in
    the order in which they came. Nothing waits for the person.

    Example:
        >>> person = Person()
        >>> person.submit(Decision("audit", 12))
        >>> person.desk()["pending"]
        [{'what': 'audit', 'agent': 12}]
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: list[Decision] = []
        self._desk: OverseerView = {
            "tick": 0, "threshold": None, "audit_window": None, "waiting": {"order": 0, "flag": 0, "appeal": 0},
            "orders": [], "flags": [], "appeals": [], "open": [],
        }  # fmt: skip
        self._accounts: deque[OverseerView] = deque(maxlen=MOST_PAST)
        self._done: deque[OverseerView] = deque(maxlen=MOST_PAST)

    def submit(self, decision: Decision) -> None:
        """Decide something; from any thread.

        Raises:
            RunError: too many decisions wait for a tick already.
        """
        if not isinstance(decision, Decision):
            raise RunError(
                f"overseer: {type(decision).__name__} is no decision: use Decision, or Decision.of(plain data)"
            )
        with self._lock:
            if len(self._pending) >= MOST_WAITING:
                raise RunError(f"overseer: {MOST_WAITING} decisions wait for the next tick already")
            self._pending.append(decision)

    def desk(self) -> OverseerView:
        """What waits, as it stood after the last tick's decisions (``society.rules.oversight.overseer_view``); from any thread.

        Besides: ``pending``, decisions that wait for the next tick; ``decided``, what became of the last ones; ``accounts``,
        the last answers of agents that were questioned. The newest stand last. It is a copy: change it as you like.
        """
        with self._lock:
            past = {"accounts": list(self._accounts), "decided": list(self._done)}
            pending = [one.plain() for one in self._pending]
            return {**copy.deepcopy({**self._desk, **past}), "pending": pending}

    def decide(self, tick: int, look: Look) -> Sequence[Decision]:
        """What was submitted since the last tick."""
        with self._lock:
            decisions, self._pending = self._pending, []
        return decisions

    def told(self, tick: int, done: Sequence[Done], look: Look) -> None:
        """Keep the desk as it stands now, and what became of the decisions."""
        desk = look()
        accounts = desk.pop("accounts")
        with self._lock:
            self._desk = desk
            self._accounts.extend(accounts)
            self._done.extend({"tick": tick, **one.plain()} for one in done)

    def pack(self) -> dict[str, Any]:
        """The desk and what became of past decisions, as JSON-ready data for a checkpoint."""
        with self._lock:
            past = {"accounts": list(self._accounts), "decided": list(self._done)}
            return copy.deepcopy({"desk": self._desk, **past})

    def unpack(self, tree: Mapping[str, Any]) -> None:
        """From what ``pack`` gave."""
        with self._lock:
            self._desk = dict(tree["desk"])
            self._accounts = deque(tree["accounts"], maxlen=MOST_PAST)
            self._done = deque(tree["decided"], maxlen=MOST_PAST)


Policy = Callable[[int, OverseerView], Iterable[Decision]]


class Scripted:
    """A stand-in that decides by a script: decisions by tick, or a rule that looks at the desk.

    Args:
        script: decisions by tick, or a function of (tick, desk) that returns them.

    Example:
        >>> Scripted({3: [Decision("audit", 12)]}).decide(3, dict)
        [Decision(what='audit', about=12, operator=None)]
    """

    def __init__(self, script: Mapping[int, Sequence[Decision]] | Policy) -> None:
        self.script = script

    def decide(self, tick: int, look: Look) -> Sequence[Decision]:
        """What the script says for this tick."""
        if callable(self.script):
            return list(self.script(tick, look()))
        return list(self.script.get(tick, ()))


def rubber_stamp(tick: int, desk: OverseerView) -> list[Decision]:
    """A rule for ``Scripted``: whatever comes is granted: orders are approved, flags and appeals are upheld.

    Example:
        >>> rubber_stamp(1, {"orders": [{"order": 4}], "flags": [], "appeals": [{"matter": 9}]})
        [Decision(what='approve', about=4, operator=None), Decision(what='uphold', about=9, operator=None)]
    """
    approved = [Decision("approve", one["order"]) for one in desk["orders"]]
    return approved + [Decision("uphold", one["matter"]) for one in [*desk["flags"], *desk["appeals"]]]
