"""The broker of one run: opened for it, named after it, and shown what happens while it goes on."""

import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from society.broker.address import Address, parse_address
from society.broker.embedded import EmbeddedBroker
from society.broker.memory import MemoryBroker
from society.broker.messages import Broker
from society.broker.mqtt import MqttBroker
from society.broker.payloads import State
from society.broker.topics import EVENTS
from society.engine.tick import Engine
from society.ground.errors import BrokerError
from society.rules.moment import Moment
from society.study.run.broadcast import Broadcast

Say = Callable[[str], None]


def address_of(broker: str | Address) -> Address:
    """An address from words, or as it is.

    Raises:
        WorldError: it is none.
    """
    return broker if isinstance(broker, Address) else parse_address(broker)


def address_again(folder: Path, said: str | Address | None, recorded: str | None) -> Address:
    """The address of a run that goes on: as it is said now, or as it was.

    Raises:
        BrokerError: a password would go where a record says; it may be a stranger's.
    """
    address = address_of(said or recorded or "memory")
    if said is None and address.user is not None:
        raise BrokerError(
            f"{folder}: its record names the broker {address}, and a password goes only to a broker that you name: "
            f"society resume {folder} --broker '{address.full}'"
        )
    return address


def to_stderr(line: str) -> None:
    """Say something to whoever started the run."""
    print(line, file=sys.stderr, flush=True)


@contextmanager
def carried(address: Address, folder: Path, say: Say) -> Iterator[Broker]:
    """Open the broker of a run, under a name that no other run has.

    Args:
        address: where it is.
        folder: the run's folder.
        say: is told where the run can be watched.

    Raises:
        BrokerError: it is not there, refuses, or keeps messages to itself.
    """
    if address.kind == "memory":
        yield MemoryBroker()
    elif address.kind == "embedded":
        embedded = EmbeddedBroker(address)
        try:
            with carried(embedded.address, folder, say) as broker:
                yield broker
        finally:
            embedded.close()
    else:
        run = f"{folder.name}-{secrets.token_hex(3)}"
        mqtt = MqttBroker(address, run, State(state="gone").model_dump_json().encode())
        try:
            say(f"run {run} at {address}; watch it on topic {EVENTS.topic(run=run, audience='scientist')}")
            yield mqtt
        finally:
            mqtt.close()


class Shown:
    """Shows a run on its broker, where it has one that others can see.

    Args:
        broker: the broker.
        engine: what runs.
    """

    def __init__(self, broker: Broker, engine: Engine) -> None:
        self._broadcast = Broadcast(broker, engine) if isinstance(broker, MqttBroker) else None

    def __call__(self, moment: Moment) -> None:
        """Show a tick."""
        if self._broadcast is not None:
            self._broadcast.tick(moment)

    def close(self, state: str) -> None:
        """Say how the run ended."""
        if self._broadcast is not None:
            self._broadcast.close("done" if state == "done" else "interrupted" if state == "interrupted" else "failed")


def refused(broker: Broker) -> dict[str, int]:
    """What was refused or sent again on a broker, by reason; empty in memory."""
    return dict(sorted(getattr(broker, "counts", {}).items()))
