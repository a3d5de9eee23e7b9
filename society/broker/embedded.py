"""A broker inside this process (amqtt), for machines that have none: anybody on this machine can connect to it."""

import logging
import socket
from dataclasses import replace
from typing import Any

from society.broker.address import Address
from society.ground.errors import BrokerError
from society.ground.loop import LOOP

_PLUGINS = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}


class EmbeddedBroker:
    """A broker on the event loop of this process.

    Args:
        address: where it listens; port 0 for any that is free.

    Raises:
        BrokerError: amqtt is not installed, or the port is taken.
    """

    def __init__(self, address: Address) -> None:
        try:
            from amqtt.broker import Broker
        except ImportError:
            raise BrokerError("broker embedded: it needs amqtt: pip install 'plural-society[broker]'") from None
        port = address.port or _free_port(address.host)
        #: Where it is reached.
        self.address: Address = replace(address, kind="mqtt", port=port)
        logging.getLogger("amqtt").setLevel(logging.ERROR)
        config = {
            "listeners": {"default": {"type": "tcp", "bind": f"{address.host}:{port}"}},
            "plugins": _PLUGINS,
        }
        self._broker: Any = None
        LOOP.run(self._start(Broker, config))

    async def _start(self, broker: Any, config: dict[str, Any]) -> None:
        self._broker = broker(config)
        try:
            await self._broker.start()
        except Exception as error:
            raise BrokerError(
                f"broker embedded: cannot listen at {self.address}: {error.__cause__ or error}"
            ) from error

    def close(self) -> None:
        """Stop it."""
        LOOP.run(self._broker.shutdown())


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
