"""Asks that are under way, and the lines that say who is awaited: ever more rarely, and not before it is worth a line."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from society.minds.remote.presence import Client, Presence
from society.world.population import Remote

#: Seconds without an answer before it is said who is awaited.
SAY_S = 5.0
#: Agents named in a line.
NAMED = 3
#: What is done about an occasion that nobody answers, in words, by ``mind.silent``.
_THEN = {
    "wait": "the run waits for {patience_s:g} s in all, then ends and can be resumed",
    "rule": "then they do their duty, by rule",
    "no_answer": "then they count as having given no answer",
    "end": "then the run ends and can be resumed",
}


@dataclass
class Pending:
    """An ask that is under way: what is sent, whom it concerns, who was asked when and how often, and what becomes of it."""

    body: dict[str, Any]
    family: str
    begin: float
    done: "asyncio.Future[bytes]"
    asked: list[Client] = field(default_factory=list)
    tries: int = 0
    first: dict[Client, float] = field(default_factory=dict)
    sent: "Counter[Client]" = field(default_factory=Counter)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def agent(self) -> str:
        """Name of the agent that is asked."""
        return str(self.body["agent"])


class Waiting:
    """Who is awaited, family by family.

    Args:
        families: settings of the remote families, by name.
        presence: who is there.
        say: gets the lines.
    """

    def __init__(self, families: Mapping[str, Remote], presence: Presence, say: Callable[[str], None]) -> None:
        self._families, self._presence, self._say = families, presence, say
        #: When there were news last, and when the next line is due.
        self._since = dict.fromkeys(families, (0.0, 0.0))

    def news(self, family: str, now: float) -> None:
        """Somebody answered, or is asked after a time when nobody was."""
        self._since[family] = now, now + SAY_S

    def mention(self, family: str, pending: Iterable[Pending], now: float) -> None:
        """Say who is awaited, if that is due."""
        since, due = self._since[family]
        open_ = [one for one in pending if one.family == family and not one.done.done()]
        if now < due or not open_:
            return
        self._since[family] = since, now + max(SAY_S, now - since)
        spec, agents = self._families[family], sorted({one.agent for one in open_})
        more = f" and {len(agents) - NAMED:,} more" if len(agents) > NAMED else ""
        asked = sorted({one.asked[-1][1] for one in open_ if one.asked and one.asked[-1] in self._presence})
        self._say(
            f"tick {open_[0].body['tick']}: {', '.join(asked) or self._nobody(family)} awaited for {now - since:.0f} s, to answer "
            f"for {', '.join(agents[:NAMED])}{more} of {family}; {_THEN[spec.silent].format(patience_s=spec.patience_s)} "
            f"(mind.silent: {spec.silent})"
        )

    def silence(self, pending: Pending, waited: float) -> str:
        """Who kept silent, as an error says it."""
        family, spec = pending.family, self._families[pending.family]
        names = sorted({one[1] for one in pending.asked if one in self._presence})
        who = f"{', '.join(names)} did not answer" if names else f"{self._nobody(family)} did not come"
        return f"{family}: {who} for {pending.agent} in {waited:.0f} s (families.{family}.mind.silent: {spec.silent})"

    def _nobody(self, family: str) -> str:
        _, name = self._presence.gone.get(family, (0.0, ""))
        return f"a host ({name} is gone)" if name else "a host"
