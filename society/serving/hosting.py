"""``society host``: connects a mind to a broker and keeps it there until it is stopped."""

import asyncio
import contextlib
import secrets
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from society.broker.address import parse_address
from society.ground.errors import WorldError
from society.ground.scenes import is_agent_name
from society.llm.endpoint import Endpoint
from society.llm.gate import Gate
from society.llm.grants import key_of, told
from society.llm.local_server import simulated_server
from society.llm.request import Ask
from society.llm.store import Store
from society.minds.simulated import PREFIX, families
from society.serving.answerers import Making, calibrated, language, of_class
from society.serving.host import Host
from society.world.language import LanguageModel

#: Language models: most requests under way at once.
MOST_REQUESTS = 64


@dataclass(frozen=True)
class Hosted:
    """What is served, as the options of ``society host`` say it."""

    broker: str
    family: str
    mind: str = "calibrated"
    name: str | None = None
    as_: str | None = None
    agents: tuple[str, ...] = ("*",)
    most: int = 256
    model: str | None = None
    base_url: str | None = None
    key: str | None = None
    store: Path | None = None


def hosting(hosted: Hosted, say: Callable[[str], None]) -> int:
    """Serve until SIGINT or SIGTERM, or until the broker is gone.

    Returns:
        How many asks were answered.

    Raises:
        WorldError: an option is wrong.
        BrokerError: the broker is not there, refuses, or is gone.
        ModelsFailed: a model's server refuses or is gone, or leaves too many asks without an answer.
    """
    address = parse_address(hosted.broker)
    if address.kind not in ("mqtt", "mqtts"):
        raise WorldError(
            "--broker", hosted.broker, "the address of a broker, mqtt://HOST:PORT: the run's, or its embedded one's"
        )
    name = hosted.name or address.user or f"host-{secrets.token_hex(3)}"
    if is_agent_name(hosted.family, name) and set(hosted.agents) - {"*", name}:
        raise WorldError("--agent", ", ".join(hosted.agents), f"absent: a client named {name} is that agent alone")
    with _making(hosted, say) as making:

        async def serve() -> int:
            host = Host(address, hosted.family, name, making, hosted.agents, hosted.most, say)
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, host.stop)
            await host.serve()
            return host.answered

        return asyncio.run(serve())


@contextmanager
def _making(hosted: Hosted, say: Callable[[str], None]) -> Iterator[Making]:
    """What makes answerers for runs."""
    if hosted.mind == "calibrated":
        yield calibrated(hosted.family, hosted.as_)
    elif hosted.mind == "llm":
        with _models(hosted, say) as (ask, model):
            yield language(ask, model)
    else:
        yield of_class(hosted.mind)


@contextmanager
def _models(hosted: Hosted, say: Callable[[str], None]) -> Iterator[tuple[Ask, LanguageModel]]:
    """A language model, or a simulated one where no server is named."""
    name = hosted.model or hosted.as_ or hosted.family
    with contextlib.ExitStack() as stack:
        if hosted.base_url is None:
            known = families("mean")
            if name.removeprefix(PREFIX) not in known:
                raise WorldError("--model", name, f"one of {', '.join(known)}: others are not simulated; or --base-url")
            server, key, name = stack.enter_context(simulated_server("mean")), None, PREFIX + name.removeprefix(PREFIX)
        else:
            server, key = hosted.base_url, key_of(hosted.base_url, hosted.key, "society host")
            say(told(server, key))
        ask: Ask = Gate(Endpoint(server, key), MOST_REQUESTS, say=say)
        if hosted.store is not None:
            ask = Store(ask, hosted.store, "record")
        yield ask, LanguageModel(model=name, base_url=server, key=key)
