"""A broker inside this process (amqtt), for machines that have none: anybody on this machine can connect to it."""

import asyncio
import logging
from dataclasses import replace
from typing import Any

from society.broker.address import Address
from society.ground.errors import BrokerError
from society.ground.loop import LOOP

#: The sockets are ours, so that they can all be closed; amqtt handles what comes over them.
_LISTENER = "ours"
_CONFIG = {
    "listeners": {"default": {"type": "external"}, _LISTENER: {"type": "external"}},
    "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
}


class EmbeddedBroker:
    """A broker on the event loop of this process.

    Args:
        address: where it listens; port 0 for any that is free.

    Raises:
        BrokerError: amqtt is not installed, or the port is taken.
    """

    def __init__(self, address: Address) -> None:
        try:
            from amqtt.adapters import StreamReaderAdapter, StreamWriterAdapter
            from amqtt.broker import Broker
        except ImportError:
            raise BrokerError("broker embedded: it needs amqtt: pip install 'plural-society[broker]'") from None
        logging.getLogger("amqtt").setLevel(logging.CRITICAL)
        logging.getLogger("transitions").setLevel(logging.ERROR)
        self._adapters = StreamReaderAdapter, StreamWriterAdapter
        self._writers: set[asyncio.StreamWriter] = set()
        self._broker: Any = None
        self._server: asyncio.Server | None = None
        #: Where it is reached.
        self.address: Address = LOOP.run(self._start(address, Broker))

    def close(self) -> None:
        """Stop it."""
        LOOP.run(self._close())

    async def _start(self, address: Address, broker: Any) -> Address:
        try:
            self._server = await asyncio.start_server(self._connected, address.host, address.port)
        except OSError as error:
            raise BrokerError(
                f"broker embedded: cannot listen at {address.host}:{address.port}: {error.strerror}"
            ) from None
        self._broker = broker(_CONFIG)
        await self._broker.start()
        return replace(address, kind="mqtt", port=self._server.sockets[0].getsockname()[1])

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        read, write = self._adapters
        try:
            await self._broker.external_connected(read(reader), write(writer), _LISTENER)
        except ConnectionError:
            pass  # the client went without a word
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _close(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._broker.shutdown()
        for writer in self._writers:
            writer.close()
        await self._server.wait_closed()
