"""Who answers for remote families: which clients are there, whom to ask, and whom to ask next when one falls silent."""

import asyncio
import json
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from society.broker.payloads import LARGEST_ANSWER, Host, read_answer, read_host
from society.broker.topics import ANSWER, ASK, HOST, INBOX
from society.broker.wire import RefusedError
from society.ground.answers import wrong_amount
from society.ground.errors import BrokerError
from society.ground.scenes import is_agent_name
from society.ground.words import Kind
from society.llm.request import Answer, Request, Usage
from society.minds.remote.mind import MOST_STATE, NO_ANSWER, PREFIX
from society.minds.remote.office import Office
from society.minds.remote.presence import MOST_CLIENTS, Client, Presence
from society.minds.remote.waiting import Pending, Waiting
from society.world.population import Remote

#: Seconds after which an ask that is not answered is sent to the same client again: it may have been lost.
AGAIN_S = 3.0
#: Seconds for which a client that is gone may come back before its agents count as silent.
GRACE_S = 5.0
#: Refused payloads after which a client is not listened to any more.
MOST_REFUSED = 1000
#: Asks that have ended of which it is known who may still answer late.
MOST_ENDED = 50_000


class Hosts:
    """Asks clients over a broker; has the shape of a model's endpoint, so that answers are kept in the same store.

    Args:
        office: the broker.
        families: settings of the remote families, by name.
        patience_s: seconds that the first host of a family is waited for.
        say: is told who is awaited when that takes long.
    """

    def __init__(
        self, office: Office, families: Mapping[str, Remote], patience_s: float, say: Callable[[str], None]
    ) -> None:
        self._office, self._families, self._patience_s, self._say = office, families, patience_s, say
        self._begun: set[str] = set()
        self._told: set[str] = set()
        self._presence = Presence()
        self._waiting = Waiting(families, self._presence, say)
        self._refused: Counter[Client] = Counter()
        self._ended: OrderedDict[str, Counter[Client]] = OrderedDict()
        self._pending: dict[str, Pending] = {}
        self._changed = asyncio.Event()
        self._failure: BaseException | None = None
        topics = [HOST.filter(family=family) for family in families]
        office.listen(topics, self._received, self._send_again, self._failed)

    async def __call__(self, request: Request) -> Answer:
        """The answer of whoever answers; one with ``finish`` no_answer if nobody does and the world goes on without.

        Raises:
            BrokerError: the broker is gone, nobody ever came to answer for the family, or nobody is left and the world waits
                no longer (``mind.silent``).
        """
        family = request.model.removeprefix(PREFIX)
        if family not in self._begun:
            await self._begin(family)
        id_, loop = request.digest()[:32], asyncio.get_running_loop()
        body = json.loads(request.messages[0]["content"])
        body.update(id=id_, answer_within_s=self._families[family].answer_within)
        if not any(one.family == family for one in self._pending.values()):
            self._waiting.news(family, loop.time())
        pending = self._pending[id_] = Pending(body, family, loop.time(), loop.create_future())
        try:
            payload = await self._answer(pending)
        finally:
            self._end(id_)
        if payload is None:
            self._office.counts["no answer"] += 1
            return Answer("", (), Usage(0, 0), NO_ANSWER, "")
        # kept as it came: written anew, it could be larger than what may be read
        return Answer(payload.decode(), (), Usage(0, 0), "stop", "/".join(pending.asked[-1]))

    def tell(self, family: str, agent: str, letter: Mapping[str, Any]) -> None:
        """Pass on what an agent has received to the clients that serve it by name."""
        for name in self._presence.serving(family, agent):
            topic = INBOX.topic(run=self._office.run, family=family, client=name)
            self._office.publish(topic, json.dumps({"v": 1, "agent": agent, **letter}).encode())

    async def close(self) -> None:
        """Nothing to close: the broker is closed by who opened it."""

    async def _begin(self, family: str) -> None:
        """Wait for the first client of a family."""
        begin = asyncio.get_running_loop().time()
        while not self._presence.of(family):
            self._check()
            waited = asyncio.get_running_loop().time() - begin
            example = f"society host --broker {self._office.address} --family {family} --mind calibrated"
            if waited > self._patience_s:
                raise BrokerError(f"nobody answers for {family} after {waited:.0f} s: start a host, such as {example}")
            if waited > 1 and family not in self._told:
                self._told.add(family)
                self._say(f"waiting for a host of {family}, such as {example}")
            await self._wait_for_change(0.5)
        self._begun.add(family)

    async def _answer(self, pending: Pending) -> bytes | None:
        """Ask until somebody answers; None if nobody does and the world goes on without.

        Raises:
            BrokerError: nobody does, and the world does not.
        """
        spec, presence, loop = self._families[pending.family], self._presence, asyncio.get_running_loop()
        while True:
            payload = await self._ask(pending, spec)
            if payload is not None:
                return payload
            waited, alone = loop.time() - pending.begin, not presence.serves(pending.family, pending.agent)
            hopeful = waited < spec.answer_within and not presence.hopeless(pending.family, pending.agent)
            if not alone and (pending.tries < spec.max_asks or hopeful):
                continue
            if spec.silent in ("rule", "no_answer"):
                return None
            if spec.silent == "end" or waited > spec.patience_s:
                raise BrokerError(self._waiting.silence(pending, waited))
            self._mention(pending.family)
            await self._wait_for_change(AGAIN_S)

    async def _ask(self, pending: Pending, spec: Remote) -> bytes | None:
        """Ask one client and wait; None if it falls silent or is gone, or there is none."""
        loop = asyncio.get_running_loop()
        client = await self._choose(pending, loop.time() + spec.answer_within)
        pending.tries += 1
        if client is None:
            return None
        begin = loop.time()
        end = begin + self._presence.limit_s(client, pending.agent, spec.answer_within)
        pending.gone.clear()
        pending.asked.append(client)
        pending.first.setdefault(client, begin)
        self._presence.took(client, 1)
        try:
            while (left := end - loop.time()) > 0 and not pending.gone.is_set():
                self._send(client, pending)
                gone: asyncio.Future[Any] = asyncio.ensure_future(pending.gone.wait())
                await asyncio.wait(
                    {pending.done, gone}, timeout=min(left, AGAIN_S), return_when=asyncio.FIRST_COMPLETED
                )
                gone.cancel()
                if pending.done.done():
                    return pending.done.result()
                self._mention(pending.family)
            if not pending.gone.is_set():
                self._presence.kept_silent(client, begin, loop.time())
        finally:
            self._presence.took(client, -1)
            self._change()
        return None

    def _end(self, id_: str) -> None:
        """An ask has its answer, or will have none: whoever was asked again may still answer."""
        self._ended[id_] = self._pending.pop(id_).sent
        if len(self._ended) > MOST_ENDED:
            self._ended.popitem(last=False)

    async def _choose(self, pending: Pending, end: float) -> Client | None:
        """The client to ask, None if there is none: all have as much as they want, or the last one does not come back."""
        loop, family, agent = asyncio.get_running_loop(), pending.family, pending.agent
        while True:
            self._check()
            if (client := self._presence.choose(family, agent, pending.asked)) is not None:
                return client
            since, _ = self._presence.gone.get(family, (pending.begin, ""))
            left = (end if self._presence.serves(family, agent) else since + GRACE_S) - loop.time()
            if left <= 0:
                return None
            await self._wait_for_change(min(left, AGAIN_S))
            self._mention(family)

    def _mention(self, family: str) -> None:
        """Say who is awaited, if that is due."""
        self._waiting.mention(family, self._pending.values(), asyncio.get_running_loop().time())

    def _send(self, client: Client, pending: Pending) -> None:
        pending.sent[client] += 1
        topic = ASK.topic(run=self._office.run, family=client[0], client=client[1])
        payload = json.dumps(pending.body, separators=(",", ":"), ensure_ascii=False).encode()
        self._office.publish(topic, payload)

    def _received(self, topic: str, payload: bytes) -> None:
        host, answer = HOST.parse(topic), ANSWER.parse(topic)
        found = host or answer
        if found is None:
            self._office.counts["no such topic"] += 1
            return
        client = (found["family"], found["client"])
        try:
            if host is not None:
                self._announced(client, payload)
            elif found["run"] == self._office.run:
                self._answered(client, payload)
        except RefusedError as error:
            self._office.counts[str(error)] += 1
            if client in self._refused or len(self._refused) < MOST_CLIENTS:
                self._refused[client] += 1
            if self._refused[client] == MOST_REFUSED:
                self._office.counts["clients no longer heard"] += 1
                self._leave(client)

    def _announced(self, client: Client, payload: bytes) -> None:
        if self._refused[client] >= MOST_REFUSED:
            return
        if not payload:
            self._leave(client)
            return
        host = _itself(client, read_host(payload))
        if client not in self._presence and self._presence.full():
            raise RefusedError("host: too many")
        if self._presence.announced(client, host):
            topic = ANSWER.topic(run=self._office.run, family=client[0], client=client[1])
            task = asyncio.ensure_future(self._office.hear(topic, True))
            task.add_done_callback(lambda _: self._change())

    def _leave(self, client: Client) -> None:
        """A client is gone: what it was asked goes to another."""
        if not self._presence.left(client, asyncio.get_running_loop().time()):
            return
        topic = ANSWER.topic(run=self._office.run, family=client[0], client=client[1])
        task = asyncio.ensure_future(self._office.hear(topic, False))
        task.add_done_callback(lambda _: None)
        for pending in self._pending.values():
            if pending.asked and pending.asked[-1] == client:
                pending.gone.set()
        self._change()

    def _answered(self, client: Client, payload: bytes) -> None:
        if len(payload) > LARGEST_ANSWER:
            raise RefusedError("answer: too large")
        answer = read_answer(payload)
        pending = self._pending.get(answer.id)
        if pending is None and self._late(client, answer.id):
            return
        if pending is None or client not in pending.asked:
            raise RefusedError("answer: nobody asked")
        if len(json.dumps(answer.state)) > MOST_STATE:
            raise RefusedError("answer: state too large")
        unable = [one.act for one in answer.acts if one.act not in pending.body["open"]]
        if unable:
            raise RefusedError("answer: act is not open")
        kind = Kind[str(pending.body["kind"]).upper()]
        if any(one.amount is not None and wrong_amount(kind, one.amount) for one in answer.acts):
            raise RefusedError("answer: amount")
        now = asyncio.get_running_loop().time()
        self._presence.answered(client, now - pending.first[client])
        self._waiting.news(pending.family, now)
        pending.sent[client] -= 1
        if not pending.done.done():
            pending.done.set_result(payload)

    def _late(self, client: Client, id_: str) -> bool:
        """Whether a client was asked this, and has not answered as often as it was asked: no fault of its own."""
        if self._ended.get(id_, Counter())[client] <= 0:
            return False
        self._ended[id_][client] -= 1
        self._presence.answered(client, None)
        self._office.counts["answer: late"] += 1
        return True

    def _send_again(self) -> None:
        """The broker was gone: whatever was under way may be lost."""
        for pending in self._pending.values():
            if pending.asked and not pending.done.done():
                self._send(pending.asked[-1], pending)

    def _failed(self, error: BaseException) -> None:
        self._failure = error
        for pending in self._pending.values():
            if not pending.done.done():
                pending.done.set_exception(error)
        self._change()

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _change(self) -> None:
        self._changed.set()

    async def _wait_for_change(self, seconds: float) -> None:
        self._changed.clear()
        try:
            await asyncio.wait_for(self._changed.wait(), seconds)
        except TimeoutError:
            return


def _itself(client: Client, host: Host) -> Host:
    """A client with the name of an agent is that agent: access lists pin its name, but not what it announces.

    Raises:
        RefusedError: it says that it is another.
    """
    if not is_agent_name(*client):
        return host
    if set(host.agents) - {"*", client[1]}:
        raise RefusedError("host: another agent")
    return host.model_copy(update={"agents": [client[1]]})
