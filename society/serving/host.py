"""A host: answers, in a process of its own, for agents of one family that a run elsewhere asks over the broker."""

import asyncio
import json
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from pydantic import ValidationError

from society.broker.address import Address
from society.broker.link import Link
from society.broker.payloads import Host as Announcement
from society.broker.payloads import Settings, read_ask
from society.broker.topics import ANSWER, ASK, HOST, SETTINGS
from society.broker.wire import RefusedError
from society.ground.errors import BrokerError, SocietyError, WorldError
from society.minds.remote.asks import readable, world_of

#: Answers kept in case they are asked for again.
MOST_KEPT = 50_000
#: Largest ask read, in bytes.
LARGEST = 2_000_000
#: Seconds between two signs of life: whoever is cut off or frozen is known to be gone after half as many more.
BEAT_S = 4
#: Seconds that its own announcement may take to come back.
HEARD_S = 10.0
#: Seconds for which asks are gathered before minds that compute are asked about all of them.
GATHER_S = 0.002


class Answerer(Protocol):
    """Whatever answers asks."""

    async def answers(self, asks: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """One answer per ask, without ``v`` and ``id``."""
        ...


class Host:
    """Serves a family until it is stopped.

    Args:
        address: the broker.
        family: the family.
        name: this client's name, which access lists may pin to its user.
        answerer: makes an answerer from what a run says of its minds.
        agents: names of agents it serves, ``["*"]`` for all of the family.
        most: most asks at once.
        say: gets lines for whoever runs it.
    """

    def __init__(
        self,
        address: Address,
        family: str,
        name: str,
        answerer: Callable[[Settings], Answerer],
        agents: Sequence[str] = ("*",),
        most: int = 256,
        say: Callable[[str], None] = print,
    ) -> None:
        self.family, self.name, self.say = family, name, say
        self._make, self._answerers = answerer, dict[str, Answerer]()
        self._announcement = Announcement(v=1, agents=list(agents), most=most)
        self._topic = HOST.topic(family=family, client=name)
        topics = [ASK.filter(family=family, client=name), SETTINGS.filter(family=family), self._topic]
        patience_s = address.patience_s
        self._link = Link(address, topics, self._received, self._announce, self._topic, b"", patience_s, BEAT_S)
        self._stopped, self._known = asyncio.Event(), asyncio.Event()
        self._link.failed = self._stopped.set
        self._gathered: dict[str, list[dict[str, Any]]] = {}
        self._kept: OrderedDict[str, bytes | None] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._fault: BaseException | None = None
        #: Asks answered; and what was refused, by reason.
        self.answered = 0
        self.refused: Counter[str] = Counter()

    async def serve(self) -> None:
        """Answer until ``stop`` is called or the broker is gone for good.

        Raises:
            BrokerError: the broker is gone, was never there, or does not let it speak under its name.
            SocietyError: a mind cannot answer.
        """
        await self._link.open()
        try:
            if await self._heard():
                self.say(f"{self.name} serves {self.family} at {self._link.address}")
                await self._stopped.wait()
        finally:
            self._stopped.set()
            self._link.send(self._topic, b"", retain=True)
            await self._link.close()
        for error in (self._fault, self._link.failure):
            if error is not None:
                raise error

    def stop(self) -> None:
        """Take leave; on the event loop."""
        self._stopped.set()

    async def _heard(self) -> bool:
        """Announce itself, and wait until that comes back; False if it is stopped before.

        Raises:
            BrokerError: it does not come back.
        """
        ends = [asyncio.ensure_future(one.wait()) for one in (self._known, self._stopped)]
        try:
            for _ in range(3):
                self._announce()
                await asyncio.wait(ends, timeout=HEARD_S / 3, return_when=asyncio.FIRST_COMPLETED)
                if self._known.is_set() or self._stopped.is_set():
                    return not self._stopped.is_set()
        finally:
            for one in ends:
                one.cancel()
        who = f"user {self._link.address.user}" if self._link.address.user else "a client without a user"
        raise BrokerError(
            f"broker {self._link.address}: what {self.name} says on {self._topic} does not come back within {HEARD_S:g} s: does the "
            f"access list let {who} speak for {self.family} under --name {self.name}, and read there?"
        )

    def _announce(self) -> None:
        self._link.send(self._topic, self._announcement.model_dump_json().encode(), retain=True)

    def _received(self, topic: str, payload: bytes) -> None:
        if (found := SETTINGS.parse(topic)) is not None:
            self._learn(found["run"], payload)
            return
        if topic == self._topic:
            self._told_of(payload)
            return
        found = ASK.parse(topic)
        if found is None:
            return
        if len(payload) > LARGEST:
            self._refuse(RefusedError("ask: too large"))
            return
        try:
            ask = read_ask(payload)
            readable(ask)
        except RefusedError as error:
            self._refuse(error)
            return
        id_, run = str(ask["id"]), found["run"]
        if id_ in self._kept:
            kept = self._kept[id_]
            if kept is not None:
                self._send(run, kept)
            return
        self._kept[id_] = None
        if not self._gathered:
            asyncio.get_running_loop().call_later(GATHER_S, self._begin)
        self._gathered.setdefault(run, []).append(ask)

    def _told_of(self, payload: bytes) -> None:
        """What the broker says of this client: the will of an earlier connection may come after a new one has said that it is there."""
        if payload:
            self._known.set()
        elif not self._stopped.is_set():
            self._announce()

    def _learn(self, run: str, payload: bytes) -> None:
        """A run says what its minds are like; an empty payload, that it has ended."""
        if not payload:
            self._answerers.pop(run, None)
            return
        try:
            settings = Settings.model_validate_json(payload)
            if run in self._answerers:
                return
            if self.family not in world_of(settings).families:
                raise RefusedError("settings: wrong shape")
        except (ValidationError, WorldError):
            self._refuse(RefusedError("settings: wrong shape"))
            return
        except RefusedError as error:
            self._refuse(error)
            return
        self._answerers[run] = self._make(settings)
        self.say(f"run {run}: world {settings.world!r}, {settings.agents} agents")

    def _refuse(self, error: RefusedError) -> None:
        """Something that no engine of ours says: it is dropped, and shown at the 1st, 10th, 100th time and so on."""
        self.refused[str(error)] += 1
        times = self.refused[str(error)]
        if str(times).strip("0") == "1":
            self.say(f"refused {times:,} times: {error}")

    def _begin(self) -> None:
        gathered, self._gathered = self._gathered, {}
        for run, asks in gathered.items():
            task = asyncio.create_task(self._answer(run, asks))
            self._tasks.add(task)
            task.add_done_callback(self._done)

    async def _answer(self, run: str, asks: list[dict[str, Any]]) -> None:
        answerer = self._answerers.get(run)
        if answerer is None:  # its settings have not come yet, or it has ended: it will ask again if it goes on
            for ask in asks:
                self._kept.pop(ask["id"], None)
            return
        for ask, said in zip(asks, await answerer.answers(asks), strict=True):
            payload = json.dumps({"v": 1, "id": ask["id"], **said}, separators=(",", ":"), allow_nan=False).encode()
            self._kept[ask["id"]] = payload
            self.answered += 1
            self._send(run, payload)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)

    def _send(self, run: str, payload: bytes) -> None:
        self._link.send(ANSWER.topic(run=run, family=self.family, client=self.name), payload)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fault = error if isinstance(error, SocietyError) else self._fault or error
            self._stopped.set()
