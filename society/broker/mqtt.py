"""Messages over an MQTT broker: every shard of the society has a connection, and the engine one of its own for readers and minds."""

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from society.broker.address import Address
from society.broker.link import Link
from society.broker.messages import Messages
from society.broker.shard import Shard
from society.broker.topics import STATE
from society.broker.wire import Wire
from society.ground.loop import LOOP

Received = Callable[[str, bytes], None]


class MqttBroker:
    """Carries messages over a broker, with the same result as in memory.

    Args:
        address: the broker.
        run: the run's name on the broker, unlike any other there.
        gone: payload that the broker publishes as the run's state when this program is gone.

    Raises:
        BrokerError: the broker is not there, refuses, or keeps messages to itself.
    """

    def __init__(self, address: Address, run: str, gone: bytes = b"") -> None:
        self.address, self.run = address, run
        #: What was refused or sent again, by reason.
        self.counts: Counter[str] = Counter()
        #: Called after each exchange, when the connections have nothing urgent to do.
        self.exchanged: Callable[[], None] = lambda: None
        self._heard: list[Received] = []
        self._up: list[Callable[[], None]] = []
        self._failed: list[Callable[[BaseException], None]] = []
        LOOP.run(self._open(gone))

    def exchange(self, tick: int, outbox: Messages) -> Messages:
        """Send what was posted at a tick and wait until all of it has arrived.

        Raises:
            BrokerError: the broker is gone.
        """
        came: Messages = LOOP.run(self._exchange(tick, self._divided(outbox)))
        self.exchanged()
        return came.ordered()

    def publish(self, topic: str, payload: bytes, qos: int = 1, retain: bool = False) -> None:
        """Publish something for readers or minds, from any thread; it is lost while the broker is gone."""
        LOOP.call(self.office.send, topic, payload, qos, retain)

    def listen(
        self,
        topics: Sequence[str],
        received: Received,
        up: Callable[[], None] | None = None,
        failed: Callable[[BaseException], None] | None = None,
    ) -> None:
        """Hear topics, which may hold wildcards.

        Args:
            topics: what to subscribe to.
            received: gets topic and payload of all that arrives, on the event loop.
            up: called when the broker is back after it was gone.
            failed: called with the reason when it is not waited for any longer.
        """
        self._heard.append(received)
        self._up += [up] if up is not None else []
        self._failed += [failed] if failed is not None else []
        LOOP.run(self._subscribe(topics))

    async def hear(self, topic: str, hear: bool) -> None:
        """Hear one more topic, or one less; on the event loop."""
        await (self.office.subscribe(topic) if hear else self.office.unsubscribe(topic))

    def close(self) -> None:
        """Let go of all connections; what was published has reached the broker."""
        LOOP.run(self._close())

    async def _open(self, gone: bytes) -> None:
        wire = Wire(self.run, os.urandom(32))
        self.shards = [
            Shard(number, self.address.shards, self.address, wire, self.counts) for number in range(self.address.shards)
        ]
        will = STATE.topic(run=self.run)
        self.office = Link(self.address, [], self._received, self._came_up, will, gone)
        self.office.failed = self._gave_up
        opening = [self.office.open(), *(shard.open() for shard in self.shards)]
        opened = await asyncio.gather(*opening, return_exceptions=True)
        for one in opened:
            if isinstance(one, BaseException):
                await self._close()
                raise one

    async def _subscribe(self, topics: Sequence[str]) -> None:
        for topic in topics:
            await self.office.subscribe(topic)

    def _received(self, topic: str, payload: bytes) -> None:
        for received in self._heard:
            received(topic, payload)

    def _came_up(self) -> None:
        for up in self._up:
            up()

    def _gave_up(self) -> None:
        assert self.office.failure is not None
        for failed in self._failed:
            failed(self.office.failure)

    def _divided(self, outbox: Messages) -> dict[int, dict[int, dict[int, Messages]]]:
        """Messages by source, destination and line."""
        if not len(outbox):
            return {}
        shards = self.address.shards
        key = (outbox.sender % shards * shards + outbox.recipient % shards) * 4 + outbox.line
        divided: dict[int, dict[int, dict[int, Messages]]] = {}
        first = int(key[0])
        if (key == first).all():
            return {first // 4 // shards: {first // 4 % shards: {first % 4: outbox}}}
        order = np.argsort(key, kind="stable")
        starts = np.flatnonzero(np.diff(key[order], prepend=-1)).tolist()
        for start, end in zip(starts, [*starts[1:], len(key)], strict=True):
            one = int(key[order[start]])
            place = divided.setdefault(one // 4 // shards, {}).setdefault(one // 4 % shards, {})
            place[one % 4] = outbox.rows(order[start:end])
        return divided

    async def _exchange(self, tick: int, divided: dict[int, dict[int, dict[int, Messages]]]) -> Messages:
        for shard in self.shards:
            shard.begin(tick)
        for shard in self.shards:
            shard.post(divided.get(shard.number, {}))
        came = await asyncio.gather(*(shard.collect() for shard in self.shards))
        return Messages.joined([rows for parts in came for rows in parts if len(rows)])

    async def _close(self) -> None:
        await asyncio.gather(*(link.close() for link in [self.office, *(shard.link for shard in self.shards)]))
