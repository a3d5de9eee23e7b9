"""One connection to a broker that comes back by itself after the broker was gone.

It sends without waiting (what must arrive is kept and sent again by who sends it) and gives what arrives to a function. All of it
happens on the event loop of ``society.ground.loop``.
"""

import asyncio
import logging
import secrets
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any

import aiomqtt

from society.broker.address import PASSWORD, Address
from society.broker.topics import ROOT
from society.ground.errors import BrokerError

Received = Callable[[str, bytes], None]
#: Seconds between two tries to connect, at first and at most.
BACKOFF_S = (0.05, 2.0)
#: Seconds that a broker has to answer.
TIMEOUT_S = 10.0
#: MQTT's return codes that waiting does not mend: protocol, name, user or password, not allowed.
_REFUSALS = (1, 2, 4, 5)


class Link:
    """A connection.

    Args:
        address: the broker.
        topics: subscriptions, made again after every connection.
        received: gets topic and payload of what arrives.
        up: called after every connection but the first: what may have been lost is to be sent again.
        will: topic on which the broker publishes an empty payload when this client is gone.
        will_payload: what it publishes there.
        first_s: seconds that the broker is waited for at the start.
        beat_s: seconds of silence after which it says that it is there; after half as many more the broker publishes the will.
    """

    def __init__(
        self,
        address: Address,
        topics: Sequence[str],
        received: Received,
        up: Callable[[], None] | None = None,
        will: str | None = None,
        will_payload: bytes = b"",
        first_s: float = 5.0,
        beat_s: int = 20,
    ) -> None:
        self.address, self.topics = address, list(topics)
        #: Every connection has an id of its own, so that one user may have many, and one that nobody guesses: whoever knows the
        #: id of another could throw it out. Brokers must allow 23 letters and digits (MQTT 3.1.1, 3.1.3.1).
        self._id = secrets.token_hex(10)
        self._first_s, self._received, self._up, self._beat_s = first_s, received, up, beat_s
        self._will = None if will is None else aiomqtt.Will(will, will_payload, 1, True)
        self._client: aiomqtt.Client | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._running: asyncio.Task[None] | None = None
        self._dropping: asyncio.Task[None] | None = None
        self._first: asyncio.Future[None] | None = None
        #: Why it has given up, if it has; and called then.
        self.failure: BaseException | None = None
        self.failed: Callable[[], None] | None = None
        #: Connections made.
        self.connections = 0

    async def open(self) -> None:
        """Connect.

        Raises:
            BrokerError: there is no such broker, or it refuses.
        """
        await self._believe()
        self._first = asyncio.get_running_loop().create_future()
        self._running = asyncio.create_task(self._run())
        self._running.add_done_callback(self._ended)
        await self._first

    def send(self, topic: str, payload: bytes, qos: int = 1, retain: bool = False) -> None:
        """Publish; nothing happens while the broker is gone."""
        if self._client is not None:
            task = asyncio.create_task(self._publish(self._client, topic, payload, qos, retain))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def subscribe(self, topic: str) -> None:
        """Subscribe now and after every connection; a broker that does not confirm it is connected to anew."""
        if topic not in self.topics:
            self.topics.append(topic)
            if self._client is not None:
                try:
                    await self._subscribe(self._client, [topic])
                except aiomqtt.MqttError as error:
                    _QUIET.debug("%s: subscription not confirmed: %s", topic, error)
                    self.renew()

    async def unsubscribe(self, topic: str) -> None:
        """Hear nothing more of a topic, or at least not after the next connection."""
        if topic in self.topics:
            self.topics.remove(topic)
            if self._client is not None:
                try:
                    await self._client.unsubscribe(topic, timeout=TIMEOUT_S)
                except aiomqtt.MqttError as error:
                    _QUIET.debug("%s: still heard: %s", topic, error)

    def renew(self) -> None:
        """Drop the connection and make a new one: it is there, and yet nothing comes."""
        if self._client is not None and (self._dropping is None or self._dropping.done()):
            self._dropping = asyncio.create_task(self._drop(self._client))

    async def flush(self) -> None:
        """Wait until what was sent has reached the broker, if it can be."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=TIMEOUT_S)

    async def close(self) -> None:
        """Disconnect."""
        await self.flush()
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])
        self._lost()

    async def _run(self) -> None:
        """Connect, listen, and connect again, until it is closed or patience is at an end."""
        loop, pause, since = asyncio.get_running_loop(), BACKOFF_S[0], asyncio.get_running_loop().time()
        while True:
            try:
                async with self._made() as client:
                    await self._subscribe(client, self.topics)
                    self._came_up(client)
                    pause = BACKOFF_S[0]
                    async for message in client.messages:
                        if isinstance(message.payload, bytes):
                            self._received(message.topic.value, message.payload)
            except (aiomqtt.MqttError, OSError) as error:
                if self._client is not None:
                    since = loop.time()
                self._lost()
                if _refused(error) or loop.time() - since > self._patience():
                    self._give_up(error)
                    return
            await asyncio.sleep(pause)
            pause = min(2 * pause, BACKOFF_S[1])

    async def _believe(self) -> None:
        """Look at the certificate before anything is said; a broker that is not there yet is waited for later.

        Raises:
            BrokerError: it is not to be believed.
        """
        if (context := self._context()) is None:
            return
        try:
            connection = asyncio.open_connection(self.address.host, self.address.port, ssl=context)
            _, writer = await asyncio.wait_for(connection, TIMEOUT_S)
        except ssl.SSLError as error:
            why = getattr(error, "verify_message", None) or error.reason
            raise BrokerError(
                f"broker {self.address}: its certificate is not believed: {why}; name its ?ca=FILE"
            ) from None
        except (OSError, TimeoutError):
            return
        writer.close()

    def _context(self) -> ssl.SSLContext | None:
        if self.address.kind != "mqtts":
            return None
        return ssl.create_default_context(cafile=None if self.address.ca is None else str(self.address.ca))

    def _patience(self) -> float:
        return self.address.patience_s if self.connections else min(self._first_s, self.address.patience_s)

    def _made(self) -> aiomqtt.Client:
        client = _Client(
            self.address.host, self.address.port, username=self.address.user, password=self.address.password(),
            identifier=self._id, protocol=aiomqtt.ProtocolVersion.V311, clean_session=True, will=self._will,
            timeout=TIMEOUT_S, keepalive=self._beat_s, max_inflight_messages=0, tls_context=self._context(), logger=_QUIET,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )  # fmt: skip
        client.pending_calls_threshold = 1 << 30
        return client

    async def _subscribe(self, client: aiomqtt.Client, topics: Sequence[str]) -> None:
        if topics:
            await client.subscribe([(topic, 1) for topic in topics], timeout=TIMEOUT_S)

    def _came_up(self, client: aiomqtt.Client) -> None:
        again = self.connections > 0
        self._client = client
        self.connections += 1
        if self._first is not None and not self._first.done():
            self._first.set_result(None)
        if again and self._up is not None:
            self._up()

    def _ended(self, running: "asyncio.Task[None]") -> None:
        """A fault of this program ends the run with its traceback, not with a silence."""
        if not running.cancelled() and (error := running.exception()) is not None:
            self._fail(error)

    def _lost(self) -> None:
        """Nothing that was on its way will be confirmed any more."""
        self._client = None
        for task in self._tasks:
            task.cancel()

    def _give_up(self, error: Exception) -> None:
        self._fail(BrokerError(f"broker {self.address}: {_why(error, self.address, self._patience())}"))

    def _fail(self, error: BaseException) -> None:
        self.failure = error
        if self._first is not None and not self._first.done():
            self._first.set_exception(self.failure)
        elif self.failed is not None:
            self.failed()

    async def _publish(self, client: aiomqtt.Client, topic: str, payload: bytes, qos: int, retain: bool) -> None:
        """A publication that fails is no error here: who sent it sends it again where it must arrive."""
        try:
            await client.publish(topic, payload, qos, retain, timeout=TIMEOUT_S)
        except aiomqtt.MqttError as error:
            _QUIET.debug("%s: not confirmed: %s", topic, error)

    async def _drop(self, client: aiomqtt.Client) -> None:
        try:
            await client.__aexit__(None, None, None)
        except aiomqtt.MqttError as error:
            _QUIET.debug("%s: dropped: %s", self._id, error)


class _Client(aiomqtt.Client):
    """aiomqtt has a socket watched a moment later, when a broker that is gone may have closed it: then nothing is to be written."""

    def _on_socket_register_write(self, client: Any, userdata: Any, sock: Any) -> None:
        def write() -> None:
            try:
                client.loop_write()
            except OSError as error:
                if not self._disconnected.done():
                    self._disconnected.set_exception(error)

        def watch() -> None:
            if sock.fileno() >= 0:
                self._loop.add_writer(sock.fileno(), write)

        self._loop.call_soon_threadsafe(watch)


def _refused(error: Exception) -> bool:
    code = getattr(error, "rc", None)
    value = getattr(code, "value", code)
    return isinstance(error, aiomqtt.MqttCodeError) and value in (*_REFUSALS, 132, 133, 134, 135)


def _why(error: Exception, address: Address, patience_s: float) -> str:
    if _refused(error):
        return f"refuses user {address.user or '(none)'}: {error}; see {PASSWORD} and society broker-config"
    return (
        f"not there for {patience_s:g} s ({error}); is it running, and is the address right? Topics begin with {ROOT}"
    )


_QUIET = logging.getLogger("society.broker")
_QUIET.addHandler(logging.NullHandler())
