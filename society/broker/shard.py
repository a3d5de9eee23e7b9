"""One shard: a fixed set of agents with a connection of its own, and delivery that does not rely on the broker.

It keeps what it sent until the other side has spoken at the next tick, asks for parts that do not come, and takes each part once.
"""

import asyncio
import os
from collections import Counter
from dataclasses import dataclass, field

from society.broker.address import Address
from society.broker.link import Link
from society.broker.messages import Messages
from society.broker.topics import BATCH, MISSING, SELF
from society.broker.wire import Part, RefusedError, Wire
from society.ground.errors import BrokerError
from society.ground.words import Line

#: Seconds without news after which missing parts are asked for, at first and at most; or thrice what a tick took last.
AGAIN_S = (0.2, 2.0)
#: Fruitless asks after which the connection is renewed.
FRUITLESS = 5
#: Seconds that a message to oneself may take.
SELF_S = 10.0


@dataclass
class Arriving:
    """What has come from one source at this tick: parts by (line, number); how many there are of each line, once known."""

    parts: dict[tuple[int, int], Messages] = field(default_factory=dict)
    expected: dict[int, int] = field(default_factory=dict)

    def take(self, part: Part) -> bool:
        """Take a part; False if it is there already."""
        place = (part.line, part.number)
        if place in self.parts:
            return False
        self.parts[place] = part.messages
        if part.line == Line.DIRECT:
            self.expected = {int(Line.DIRECT): part.parts, **part.also}
        return True

    def missing(self) -> list[tuple[int, int]] | None:
        """Parts still to come; None while nobody knows how many there are."""
        if not self.expected:
            return None
        every = [(line, number) for line, parts in self.expected.items() for number in range(parts)]
        return [place for place in every if place not in self.parts]


class Shard:
    """Shard ``number`` of ``shards``.

    Args:
        number, shards: which one of how many.
        address: the broker.
        wire: signs and reads.
        counts: what is refused, by reason.
    """

    def __init__(self, number: int, shards: int, address: Address, wire: Wire, counts: "Counter[str]") -> None:
        self.number, self.shards, self.tick = number, shards, -1
        self._wire, self._counts = wire, counts
        self._kept: dict[int, dict[int, dict[tuple[int, int], bytes]]] = {}
        self._arriving: dict[int, Arriving] = {}
        self._news = asyncio.Event()
        self._took_s = 0.0
        self._nonce, self._came_back = os.urandom(32), asyncio.Event()
        run = wire.run
        topics = [
            BATCH.filter(run=run, destination=number),
            MISSING.filter(run=run, source=number),
            SELF.topic(run=run, source=number),
        ]
        self.link = Link(address, topics, self._received, self._send_again)
        self.link.failed = self._news.set

    async def open(self) -> None:
        """Connect, and prove that a message to oneself comes back.

        Raises:
            BrokerError: the broker is not there, refuses, or keeps messages to itself.
        """
        await self.link.open()
        topic = SELF.topic(run=self._wire.run, source=self.number)
        try:
            for _ in range(3):
                self.link.send(topic, self._nonce)
                try:
                    await asyncio.wait_for(self._came_back.wait(), SELF_S / 3)
                    return
                except TimeoutError:
                    continue
            raise BrokerError(
                f"broker {self.link.address}: a message on {topic} did not come back within {SELF_S:g} s: "
                "its access list must let the engine publish and read there (society broker-config writes one)"
            )
        finally:
            if not self._came_back.is_set():
                await self.link.close()

    def begin(self, tick: int) -> None:
        """Expect the batches of a tick."""
        self.tick = tick
        self._arriving = {source: Arriving() for source in range(self.shards)}
        self._news.clear()

    def post(self, batches: dict[int, dict[int, Messages]]) -> None:
        """Send the batches of this tick: by destination and line. Direct is sent even if empty."""
        kept = self._kept.setdefault(self.tick, {})
        for destination in range(self.shards):
            lines = dict(batches.get(destination, {}))
            direct = lines.pop(int(Line.DIRECT), Messages.none())
            also: dict[int, int] = {}
            parts: dict[tuple[int, int], bytes] = {}
            for line, rows in [*lines.items(), (int(Line.DIRECT), direct)]:
                topic = self._topic(destination, line)
                cut = self._wire.parts(topic, self.tick, Line(line), rows, also if line == Line.DIRECT else {})
                also[line] = len(cut)
                parts.update({(line, number): payload for number, payload in enumerate(cut)})
            kept[destination] = parts
            for (line, _), payload in parts.items():
                self.link.send(self._topic(destination, line), payload)

    async def collect(self) -> list[Messages]:
        """Wait for all batches of this tick.

        Raises:
            BrokerError: the broker is gone, or lets nothing through.
        """
        loop, fruitless = asyncio.get_running_loop(), 0
        first = begin = loop.time()
        wait = patient = max(AGAIN_S[0], 3 * self._took_s)
        while not all(one.missing() == [] for one in self._arriving.values()):
            try:
                await asyncio.wait_for(self._news.wait(), wait)
                wait, fruitless, begin = patient, 0, loop.time()
            except TimeoutError:
                self._ask_again()
                wait, fruitless = max(patient, min(2 * wait, AGAIN_S[1])), fruitless + 1
                if fruitless % FRUITLESS == 0:
                    self.link.renew()
            self._news.clear()
            if self.link.failure is not None:
                raise self.link.failure
            if loop.time() - begin > 2 * self.link.address.patience_s:
                raise BrokerError(
                    f"broker {self.link.address}: nothing arrives at tick {self.tick}, and it is connected"
                )
        self._took_s = min(loop.time() - first, AGAIN_S[1])
        return [rows for _, one in sorted(self._arriving.items()) for _, rows in sorted(one.parts.items())]

    def _topic(self, destination: int, line: int) -> str:
        return BATCH.topic(run=self._wire.run, source=self.number, destination=destination, line=Line(line).word)

    def _received(self, topic: str, payload: bytes) -> None:
        try:
            self._take(topic, payload)
        except RefusedError as error:
            self._counts[str(error)] += 1

    def _take(self, topic: str, payload: bytes) -> None:
        if (found := SELF.parse(topic)) is not None:
            if payload == self._nonce:
                self._came_back.set()
            return
        if (found := MISSING.parse(topic)) is not None:
            self._resend(topic, payload, found["destination"])
            return
        found = BATCH.parse(topic) or {}
        source = int(found["source"]) if found.get("source", "").isdecimal() else -1
        if source not in self._arriving:
            raise RefusedError("no such shard" if found else "no such topic")
        part = self._wire.part(topic, payload, source, self.number, self.shards)
        if Line(part.line).word != found["line"]:
            raise RefusedError("wrong line")
        if part.tick != self.tick:
            raise RefusedError("other tick")
        if not self._arriving[source].take(part):
            raise RefusedError("duplicate")
        if part.line == Line.DIRECT:  # the other side has spoken at this tick: it has all of the tick before
            for tick in [tick for tick in self._kept if tick < self.tick]:
                self._kept[tick].pop(source, None)
                if not self._kept[tick]:
                    del self._kept[tick]
        self._news.set()

    def _ask_again(self) -> None:
        """Ask every source for what has not come."""
        for source, one in self._arriving.items():
            missing = one.missing()
            if missing is None or missing:
                topic = MISSING.topic(run=self._wire.run, source=source, destination=self.number)
                body = {"tick": self.tick, "missing": missing and missing[:1000]}
                self.link.send(topic, self._wire.sealed(topic, body))

    def _resend(self, topic: str, payload: bytes, who: str) -> None:
        body = self._wire.opened(topic, payload)
        destination = int(who) if who.isdecimal() else -1
        parts = self._kept.get(body["tick"], {}).get(destination, {})
        wanted = None if body["missing"] is None else {(line, number) for line, number in body["missing"]}
        for place in parts:
            if wanted is None or place in wanted:
                self._counts["sent again"] += 1
                self.link.send(self._topic(destination, place[0]), parts[place])

    def _send_again(self) -> None:
        """After a new connection: everything of this tick, and what has not come."""
        for destination, parts in self._kept.get(self.tick, {}).items():
            for (line, _), payload in parts.items():
                self.link.send(self._topic(destination, line), payload)
        self._ask_again()
