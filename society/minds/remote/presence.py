"""Which clients are there, how quick they are, and who keeps silent: what is known of hosts, and learnt while they answer."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from society.broker.payloads import Host

#: Most clients known at once.
MOST_CLIENTS = 10_000
#: How many times as long as it usually takes an answer is waited for before another client is asked as well; seconds at least.
SLOW, SLOW_S = 8.0, 1.0
#: By how much less a client is waited for each time that it has kept silent; seconds at least.
LESS, LEAST_S = 4.0, 0.2
#: Weight of the newest answer in what is usual.
_NEWEST = 0.2
Client = tuple[str, str]


@dataclass
class Known:
    """What is known of a client.

    Attributes:
        host: what it announced.
        load: asks it has and has not answered.
        usual_s: seconds that its answers take; None before the first.
        missed: how often in a row it kept silent.
        missed_at: when last.
    """

    host: Host
    load: int = 0
    usual_s: float | None = None
    missed: int = 0
    missed_at: float = 0.0


class Presence:
    """The clients of all families.

    Example:
        >>> from society.broker.payloads import Host
        >>> presence = Presence()
        >>> presence.announced(("guest", "ada"), Host(v=1)), presence.announced(("guest", "ada"), Host(v=1))
        (True, False)
        >>> presence.choose("guest", "guest-7", [])
        ('guest', 'ada')
    """

    def __init__(self) -> None:
        self._here: dict[Client, Known] = {}
        #: When the last client of a family went, and its name.
        self.gone: dict[str, tuple[float, str]] = {}

    def of(self, family: str) -> list[str]:
        """Names of the clients of a family."""
        return [name for mine, name in self._here if mine == family]

    def serving(self, family: str, agent: str) -> list[str]:
        """Names of the clients of a family that an agent is among those named by."""
        return [name for mine, name in self._here if mine == family and agent in self._here[mine, name].host.agents]

    def full(self) -> bool:
        """Whether no more clients can be known."""
        return len(self._here) >= MOST_CLIENTS

    def __contains__(self, client: Client) -> bool:
        return client in self._here

    def announced(self, client: Client, host: Host) -> bool:
        """A client says that it is there; whether that is new."""
        new = client not in self._here
        if new:
            self._here[client] = Known(host)
        else:
            self._here[client].host = host
            self._here[client].missed = 0
        return new

    def left(self, client: Client, now: float) -> bool:
        """A client is gone; whether it was there."""
        if self._here.pop(client, None) is None:
            return False
        self.gone[client[0]] = now, client[1]
        return True

    def choose(self, family: str, agent: str, asked: Sequence[Client]) -> Client | None:
        """The client to ask: one not asked before, one that does not keep silent, one that serves the agent by name, one with
        little to do; what counts most first. None if all have as much as they want, or nobody is there."""
        free = [one for one in self._able(family, agent) if self._here[one].load < self._here[one].host.most]
        return min(free, key=lambda one: self._rank(one, agent, asked), default=None)

    def took(self, client: Client, more: int) -> None:
        """A client has one ask more, or one less."""
        if client in self._here:
            self._here[client].load += more

    def answered(self, client: Client, seconds: float | None) -> None:
        """A client has answered, after so many seconds if it is known which ask."""
        if (known := self._here.get(client)) is None:
            return
        known.missed = 0
        if seconds is not None:
            before = seconds if known.usual_s is None else known.usual_s
            known.usual_s = before + _NEWEST * (seconds - before)

    def kept_silent(self, client: Client, asked_at: float, now: float) -> None:
        """A client has not answered in time; asks of one moment count as one."""
        if (known := self._here.get(client)) is not None and asked_at >= known.missed_at:
            known.missed, known.missed_at = known.missed + 1, now

    def limit_s(self, client: Client, agent: str, within_s: float) -> float:
        """Seconds for which a client is waited for before another is asked as well."""
        known = self._here[client]
        usual = max(SLOW_S, SLOW * known.usual_s) if known.usual_s is not None else within_s
        if known.missed:
            return min(within_s, max(LEAST_S, within_s / LESS**known.missed))
        others = [one for one in self._able(client[0], agent) if one != client and not self._here[one].missed]
        return min(within_s, usual) if others else within_s

    def serves(self, family: str, agent: str) -> bool:
        """Whether somebody is there for an agent."""
        return bool(self._able(family, agent))

    def hopeless(self, family: str, agent: str) -> bool:
        """Whether nobody is there for an agent but who keeps silent."""
        return all(self._here[one].missed for one in self._able(family, agent))

    def _able(self, family: str, agent: str) -> list[Client]:
        agents = {one: known.host.agents for one, known in self._here.items() if one[0] == family}
        return [one for one, named in agents.items() if "*" in named or agent in named]

    def _rank(self, client: Client, agent: str, asked: Sequence[Client]) -> tuple[int, bool, bool, int, int]:
        known = self._here[client]
        luck = zlib.crc32(f"{client[1]}/{agent}".encode())
        return asked.count(client), known.missed > 0, agent not in known.host.agents, known.load, luck
