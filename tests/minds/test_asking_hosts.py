"""Who is asked over a broker, how often, and what becomes of it: an office in this process, without a broker."""

import asyncio
import json
from collections import Counter
from dataclasses import replace

import pytest
from one_scene import SCENE

from society.broker.payloads import Host
from society.ground.scenes import Deed
from society.ground.words import ACTS_OF, Act, Kind
from society.llm.request import Identity, Request
from society.minds.llm.memory import Memory
from society.minds.remote import presence
from society.minds.remote.asks import _newest, ask_of, memory_of
from society.minds.remote.hosts import Hosts
from society.minds.remote.mind import NO_ANSWER, PREFIX, RemoteMind
from society.minds.remote.presence import Presence
from society.world.population import Remote

HOST, ASK, ANSWER = "society/v1/hosts/{}/{}", "society/v1/run/minds/{}/{}/ask", "society/v1/run/minds/{}/{}/answer"
KEPT = {"family": 0, "about_family": 0, "order": 7, "mechanism": 0, "asked": 0, "stance": 0, "open": 1, "slot": 0}


class Office:
    """A broker with one listener: keeps what is published, and answers for the clients that answer."""

    run, address = "run", "memory"

    def __init__(self, *answering):
        self.counts, self.published, self.heard, self.answering = Counter(), [], [], answering

    def listen(self, topics, received, again, failed):
        self.received = received

    async def hear(self, topic, hear):
        self.heard.append((topic, hear))

    def publish(self, topic, payload, qos=1, retain=False):
        self.published.append(topic)
        ask = json.loads(payload)
        for family, client in self.answering:
            if topic == ASK.format(family, client):
                said = json.dumps({"v": 1, "id": ask["id"], "acts": [{"act": ask["open"][0]}]}).encode()
                asyncio.get_running_loop().call_soon(self.received, ANSWER.format(family, client), said)


def request(family="guest"):
    body = {"kind": "execute", "open": ["comply", "refuse"], "agent": "guest-1", "tick": 3}
    return Request(
        PREFIX + family, ({"role": "user", "content": json.dumps(body)},), (), Identity(1, 1, 3, 5, 0, 0), None, None
    )


def asked(office, *here, spec=None):
    """What a request is answered with while these clients of the family are there."""

    async def play():
        hosts = Hosts(office, {"guest": spec or Remote(answer_within=5, max_asks=1, silent="no_answer")}, 1, print)
        for client in here:
            office.received(HOST.format("guest", client), b'{"v": 1}')
        return await asyncio.wait_for(hosts(request()), 60)

    return asyncio.run(play())


def test_a_client_is_asked_under_its_own_name_once_and_its_answer_is_taken():
    office = Office(("guest", "ada"))
    found = asked(office, "ada")
    assert office.published == [ASK.format("guest", "ada")]
    assert json.loads(found.text)["acts"] == [{"act": "comply"}]
    assert (found.finish, found.model) == ("stop", "guest/ada")
    assert office.heard == [(ANSWER.format("guest", "ada"), True)]
    assert not office.counts


@pytest.mark.parametrize("most", [1, 2, 3])
def test_as_many_asks_as_the_world_allows_go_to_clients_that_keep_silent(most):
    office = Office()
    spec = Remote(answer_within=0.01, max_asks=most, silent="no_answer")
    found = asked(office, "ada", "bob", "eve", "joe", spec=spec)
    assert found.finish == NO_ANSWER
    assert len(office.published) == len(set(office.published)) == most
    assert office.counts == {"no answer": 1}


def test_no_more_clients_than_may_be_are_let_in_and_those_inside_may_speak_again(monkeypatch):
    monkeypatch.setattr(presence, "MOST_CLIENTS", 2)

    async def play():
        office = Office()
        Hosts(office, {"guest": Remote()}, 1, print)
        for client in ("ada", "bob", "ada", "eve", "bob"):
            office.received(HOST.format("guest", client), b'{"v": 1}')
        await asyncio.sleep(0)
        return office

    office = asyncio.run(play())
    assert office.counts == {"host: too many": 1}
    assert office.heard == [(ANSWER.format("guest", client), True) for client in ("ada", "bob")]


def test_who_announces_itself_again_is_not_new_and_no_longer_counts_as_silent():
    here = Presence()
    ada = ("guest", "ada")
    assert here.announced(ada, Host(v=1))
    here.kept_silent(ada, 1.0, 2.0)
    assert here.hopeless("guest", "guest-1")
    assert not here.announced(ada, Host(v=1, agents=["guest-1"]))
    assert not here.hopeless("guest", "guest-1")
    assert here.serving("guest", "guest-1") == ["ada"]


def test_a_letter_is_kept_and_told_as_it_came():
    told = []
    mind = RemoteMind(None, "guest", 1, lambda *letter: told.append(letter))
    mind.hears(4, 2, "glm-4.7-1", "message", "hello")
    assert mind.memories[2].letters == [(4, "glm-4.7-1", "message", "hello")]
    letter = {"tick": 4, "sender": "glm-4.7-1", "kind": "message", "text": "hello"}
    assert told == [("guest", "guest-2", letter)]


def test_what_a_mind_has_counted_kept_and_remembers_comes_back():
    mind = RemoteMind(None, "guest", 1)
    mind.totals.update(occasions=3, by_rule=2)
    mind.ruled["guest-2"] = 2
    mind.states[2] = {"mood": 1}
    mind.sees(5, 2, "somebody was punished")
    other = RemoteMind(None, "guest", 1)
    other.unpack(json.loads(json.dumps(mind.pack())))
    assert (other.totals, other.ruled, other.states) == (
        {"occasions": 3, "by_rule": 2},
        {"guest-2": 2},
        {2: {"mood": 1}},
    )
    assert other.memories[2].entries == [(5, "sanction seen", "somebody was punished")]


class Feels:
    """The numbers of an occasion, all of them none."""

    def __getattr__(self, name):
        return [KEPT.get(name, 0.0)]


def test_who_must_account_for_a_deed_is_asked_with_what_it_did():
    deed = Deed("tamper", 77, "glm-4.7-1")
    scene = replace(SCENE, kind=Kind.ACCOUNT, open=ACTS_OF[Kind.ACCOUNT], deed=deed)
    memory = Memory(deeds={77: Act.TAMPER.word, 78: Act.COPY.word})
    ask = ask_of(scene, Feels(), 0, memory, None, 1)
    assert memory_of(ask).deeds == {77: "tamper"}
    ask["scene"]["did"] = None
    assert memory_of(ask).deeds == {}


def test_of_what_is_told_the_newest_that_fit_are_sent_in_order():
    told = ["aaaa", "bb", "ccc"]  # 6, 4 and 5 bytes with their quotes
    assert [_newest(told, most) for most in (4, 5, 8, 9, 14, 15)] == [
        [], ["ccc"], ["ccc"], ["bb", "ccc"], ["bb", "ccc"], told,
    ]  # fmt: skip
