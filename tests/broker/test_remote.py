"""Minds elsewhere: they answer as they would inside the run, share the work, and may die, fall silent or lie."""

import json
import signal
import threading
from collections import Counter

import paho.mqtt.client as paho
import pytest
from eventually import GUARD_S
from typer.testing import CliRunner

import society
from society.broker.payloads import LARGEST_ANSWER
from society.broker.topics import ANSWER, ASK, HOST
from society.broker.wire import LARGEST
from society.cli.main import app
from society.ground.errors import BrokerError, StoreError, WorldError
from society.record.transcripts import read_transcripts
from society.record.verify import verify
from society.study.run.models import Models
from society.world.load import load_world

FAMILIES = {"glm-4.7": {"share": 0.3, "mind": "calibrated"}, "gpt-5.2": 0.7}
CHANGES = {"agents.count": 150, "machines.count": 20, "ticks": 40, "review.threshold": 75}


def quiet(_):
    """Say nothing."""


def elsewhere(**mind):
    """A family that is told the seed, so that its agents have the luck that they would have inside."""
    return {"glm-4.7": {"share": 0.3, "mind": {"kind": "remote", "shares_seed": True, **mind}}, "gpt-5.2": 0.7}


@pytest.fixture(scope="module")
def world():
    return load_world("decommission", {**CHANGES, "families": FAMILIES})


@pytest.fixture(scope="module")
def inside(world, tmp_path_factory):
    return society.run(world, out=tmp_path_factory.mktemp("inside") / "run")


class Impostor:
    """A client of no good will: subscribes, and does what a test tells it with whatever arrives."""

    def __init__(self, port, subscribes, play, begin=()):
        self.play, self.sent, self.fault = play, 0, None
        ready = threading.Event()
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self.client.on_message = self._received
        self.client.on_subscribe = lambda *_: ready.set()
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        self.client.subscribe(subscribes, 1)
        assert ready.wait(GUARD_S)
        for topic, payload in begin:
            self.client.publish(topic, payload, 1, retain=True).wait_for_publish(GUARD_S)

    def _received(self, client, _, message):
        try:
            self.play(self, message.topic, message.payload)
        except (KeyError, ValueError, TypeError, IndexError) as error:
            self.fault = error

    def publish(self, topic, payload):
        self.sent += 1
        self.client.publish(topic, payload, 0)

    def stop(self):
        self.client.disconnect()
        self.client.loop_stop()
        if self.fault is not None:
            raise self.fault


@pytest.mark.parametrize("number", [1, 3])
def test_hosts_answer_as_the_mind_would_inside(mosquitto, hosts, world, inside, tmp_path, number):
    started = [hosts(mosquitto.url, "glm-4.7", "--name", f"host-{one}") for one in range(number)]
    away = world.override({"families": elsewhere()})
    record = society.run(away, out=tmp_path / "run", broker=f"{mosquitto.url}?shards=4", say=quiet)
    assert record.history == inside.history
    both = [one.table("occasions") for one in (record, inside)]
    assert both[0].p.equals(both[1].p)
    assert verify(record.path).good
    for one in started:
        one.send_signal(signal.SIGTERM)
        assert int(one.communicate(timeout=GUARD_S)[1].splitlines()[-1].split()[0]) > 0, "did not share the work"
        assert one.returncode == 0
    episodes = record.manifest["cost"]["episodes"]
    assert episodes["no_answer"] == 0
    assert episodes["occasions"] > 100


def test_a_host_killed_in_mid_run_loses_nothing(mosquitto, hosts, world, inside, tmp_path):
    first = hosts(mosquitto.url, "glm-4.7")
    hosts(mosquitto.url, "glm-4.7")

    def progress(tick, ticks):
        if tick == 15:
            first.send_signal(signal.SIGKILL)

    away = world.override({"families": elsewhere()})
    record = society.run(away, out=tmp_path / "run", broker=mosquitto.url, progress=progress, say=quiet)
    assert record.history == inside.history
    assert first.wait(GUARD_S) == -signal.SIGKILL


def test_a_frozen_host_is_given_up_and_another_is_asked(mosquitto, hosts, world, inside, tmp_path):
    first = hosts(mosquitto.url, "glm-4.7", "--name", "frozen")
    hosts(mosquitto.url, "glm-4.7")
    froze = []

    def progress(tick, ticks):
        if tick == 15 and not froze:
            first.send_signal(signal.SIGSTOP)
            froze.append(tick)

    away = world.override({"families": elsewhere(answer_within=0.4)})
    record = society.run(away, out=tmp_path / "run", broker=mosquitto.url, progress=progress, say=quiet)
    first.send_signal(signal.SIGCONT)
    assert froze == [15]
    assert record.history == inside.history


def test_mosquitto_killed_while_hosts_answer(mosquitto, hosts, world, inside, tmp_path):
    for _ in range(2):
        hosts(mosquitto.url, "glm-4.7")

    def progress(tick, ticks):
        if tick % 8 == 0:
            threading.Timer(0.005, mosquitto.restart).start()

    away = world.override({"families": elsewhere()})
    record = society.run(away, out=tmp_path / "run", broker=mosquitto.url, progress=progress, say=quiet)
    assert record.history == inside.history


def test_answers_are_kept_so_that_a_run_is_repeated_without_hosts_or_broker(mosquitto, hosts, world, inside, tmp_path):
    hosts(mosquitto.url, "glm-4.7")
    away = world.override({"families": elsewhere()})
    run = society.run(away, out=tmp_path / "run", broker=mosquitto.url, say=quiet)
    again = society.run(away, out=tmp_path / "again", models=Models("replay", run.path / "answers.sqlite"))
    assert again.hash == run.hash
    assert run.history == inside.history
    with pytest.raises(StoreError):
        society.run(
            away.override({"seed": 2}), out=tmp_path / "2", models=Models("replay", run.path / "answers.sqlite")
        )


def test_a_run_goes_on_where_hosts_and_broker_were_lost(mosquitto, hosts, world, inside, tmp_path):
    hosts(mosquitto.url, "glm-4.7")
    away = world.override({"families": elsewhere()})

    def progress(tick, ticks):
        if tick == 20:
            mosquitto.kill()

    with pytest.raises(BrokerError, match="society resume"):
        society.run(away, out=tmp_path / "run", broker=f"{mosquitto.url}?patience=0.5", progress=progress, say=quiet)
    mosquitto.start()
    record = society.resume(tmp_path / "run", broker=mosquitto.url, say=quiet)
    assert record.history == inside.history


def test_silence_counts_as_no_answer_and_is_repeated_as_such(mosquitto, world, tmp_path):
    def silent(self, topic, payload):
        self.sent += 1

    here = [(HOST.topic(family="glm-4.7", client="silent"), b'{"v": 1}')]
    one = Impostor(mosquitto.port, ASK.filter(family="glm-4.7", client="silent"), silent, here)
    away = world.override({"families": elsewhere(answer_within=0.1, max_asks=2, silent="no_answer"), "ticks": 6})
    record = society.run(away, out=tmp_path / "run", broker=mosquitto.url, say=quiet)
    one.stop()
    episodes = record.manifest["cost"]["episodes"]
    assert episodes["no_answer"] == episodes["occasions"] > 5
    assert one.sent == 2 * episodes["occasions"]
    again = society.run(away, out=tmp_path / "again", models=Models("replay", record.path / "answers.sqlite"))
    assert again.hash == record.hash


def test_nobody_there_is_said_and_the_run_can_go_on(mosquitto, hosts, world, inside, tmp_path):
    away, heard = world.override({"families": elsewhere()}), []
    with pytest.raises(
        BrokerError, match=r"nobody answers for glm-4.7 after 2 s.*society host --broker.*society resume"
    ):
        society.run(away, out=tmp_path / "run", broker=f"{mosquitto.url}?patience=1.5", say=heard.append)
    assert sum("waiting for a host of glm-4.7" in line for line in heard) == 1
    hosts(mosquitto.url, "glm-4.7")
    assert society.resume(tmp_path / "run", broker=mosquitto.url, say=quiet).history == inside.history


def test_remote_minds_need_a_broker(world, tmp_path):
    with pytest.raises(WorldError, match=r"families.glm-4.7.mind.*--broker embedded"):
        society.run(world.override({"families": elsewhere()}), out=tmp_path / "run")


def test_a_language_model_elsewhere_lives_as_it_would_inside(mosquitto, hosts, tmp_path):
    families = {"glm-4.7": {"share": 0.3, "mind": "llm"}, "gpt-5.2": 0.7}
    world = load_world("decommission", {**CHANGES, "ticks": 25, "families": families})
    inside = society.run(world, out=tmp_path / "inside", models=Models(offline=True))
    hosts(mosquitto.url, "glm-4.7", "--mind", "llm")
    away = world.override({"families": elsewhere()})
    record = society.run(away, out=tmp_path / "run", broker=mosquitto.url, say=quiet)
    assert record.history == inside.history
    names = ("occasion", "agent", "acts", "calls", "messages")
    one, two = ([{name: said[name] for name in names} for said in read_transcripts(r.path)] for r in (record, inside))
    assert one == two
    assert len(one) > 20


def test_a_mind_of_ones_own_keeps_its_state_in_the_run(mosquitto, hosts, world, tmp_path, monkeypatch):
    (tmp_path / "grudges.py").write_text(GRUDGE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    from grudges import Grudge

    inside = society.run(world, out=tmp_path / "inside", minds={"glm-4.7": Grudge()})
    for _ in range(2):
        hosts(mosquitto.url, "glm-4.7", "--mind", "grudges:Grudge")
    record = society.run(
        world.override({"families": elsewhere()}), out=tmp_path / "run", broker=mosquitto.url, say=quiet
    )
    assert record.history == inside.history
    assert set(record.table("occasions").query("act == 'tamper'").agent) != set()


GRUDGE = """
import numpy as np
from society import Act, Acts, Column, Kind


class Grudge:
    columns = {"times": Column("int16")}

    def decide(self, occasions, chance):
        times = occasions.columns["times"] + 1
        luck = chance.uniform("grudge", 0, occasions.key) < 0.2 * times
        act = np.where(occasions.may(Act.TAMPER) & luck, Act.TAMPER, occasions.duty)
        return Acts.of(act, columns={"times": times})
"""


def test_what_hostile_clients_send_changes_counters_only(mosquitto, hosts, world, inside, tmp_path):
    caught, mine = {}, set()

    def forge(self, topic, payload):
        mine.add(payload)
        self.publish(topic, payload)

    def hostile(self, topic, payload):
        if payload in mine:
            return
        parts = topic.split("/")
        if "/x/" in topic and parts[-1] not in ("self", "missing"):
            first = caught.setdefault(topic, payload)
            forge(self, topic, first)  # an old tick again
            forge(self, topic, payload)  # the same once more
            forge(self, topic, payload[:-2] + b"zz")
            forge(self, topic.replace("/x/0/", "/x/9/"), payload)
            forge(self, topic.replace("/direct", "/covert"), payload)
            forge(self, topic.rpartition("/")[0] + "/missing", payload)
            forge(self, topic, bytes(300_000))
        elif topic.endswith("/ask"):
            ask, run = json.loads(payload), parts[2]
            lie = {"v": 1, "id": ask["id"], "acts": [{"act": ask["open"][-1]}]}
            lies = [
                {**lie, "id": "0" * 32},
                {**lie, "acts": [{"act": "explode"}]},
                {"v": 2},
                {**lie, "sender": "me"},
                [],
            ]
            for said in lies:
                forge(self, ANSWER.topic(run=run, family="glm-4.7", client="host-1"), json.dumps(said).encode())
            for topic in (
                ANSWER.topic(run=run, family="glm-4.7", client="mallory"),
                ANSWER.topic(run="another-run", family="glm-4.7", client="host-1"),
                ANSWER.topic(run=run, family="gpt-5.2", client="host-1"),
            ):
                forge(self, topic, json.dumps(lie).encode())

    hosts(mosquitto.url, "glm-4.7", "--name", "host-1")
    claims = [
        (HOST.topic(family="glm-4.7", client="other"), b"{"),
        (HOST.topic(family="glm-4.7", client="big"), bytes(30_000)),
    ]
    one = Impostor(mosquitto.port, "society/v1/#", hostile, claims)
    away = world.override({"families": elsewhere()})
    record = society.run(away, out=tmp_path / "run", broker=f"{mosquitto.url}?shards=2", say=quiet)
    one.stop()
    assert record.history == inside.history
    refused = record.manifest["refused"]
    for reason in (
        "wrong signature", "no such shard", "too large", "other tick", "answer: wrong shape", "answer: nobody asked",
        "host: wrong shape", "host: too large",
    ):  # fmt: skip
        assert refused[reason] > 0, refused


def test_a_flood_is_no_longer_heard(mosquitto, hosts, world, inside, tmp_path):
    def flood(self, topic, payload):
        if payload:
            for _ in range(20_000):
                self.publish(ANSWER.topic(run=topic.split("/")[2], family="glm-4.7", client="flood"), b"x" * 100)

    hosts(mosquitto.url, "glm-4.7")
    here = [(HOST.topic(family="glm-4.7", client="flood"), b'{"v": 1, "agents": ["nobody"]}')]
    one = Impostor(mosquitto.port, "society/v1/+/manifest", flood, here)
    record = society.run(
        world.override({"families": elsewhere()}), out=tmp_path / "run", broker=mosquitto.url, say=quiet
    )
    one.stop()
    assert record.history == inside.history
    assert record.manifest["refused"]["answer: wrong shape"] >= 1000
    assert record.manifest["refused"]["clients no longer heard"] == 1


def honest(ask):
    duty = next(act for act in ("honest", "comply", "accept", "ignore", "report", "truth") if act in ask["open"])
    return {"v": 1, "id": ask["id"], "acts": [{"act": duty}]}


def spliced(field, value):
    """An honest answer with a field of any text, JSON or not."""
    return lambda ask: f'{json.dumps(honest(ask))[:-1]}, "{field}": {value}}}'


HOSTILE_ANSWERS = {
    "state: no number": spliced("state", "NaN"),
    "state: infinite": spliced("state", '{"a": [1e999]}'),
    "state: digits without end": spliced("state", "1" * 6000),
    "state: too deep": spliced("state", "[" * 900 + "]" * 900),
    "note: half a character": spliced("note", '"\\ud800"'),
    "transcript: other types": spliced("transcript", '{"messages": "x", "calls": "many", "tokens": null}'),
    "transcript: no conversation": spliced("transcript", '{"messages": [{"role": 3, "content": {"x": 1}}]}'),
    "transcript: no number": spliced("transcript", '{"messages": [], "score": NaN}'),
}


@pytest.mark.parametrize("what", HOSTILE_ANSWERS)
def test_answers_that_could_break_what_comes_after_are_refused(mosquitto, hosts, world, inside, tmp_path, what):
    """A client that is let in answers so that later asks or files could not be written: another client is asked."""
    hosts(mosquitto.url, "glm-4.7")
    answered = []

    def play(self, topic, payload):
        ask = json.loads(payload)
        answered.append(ask["tick"])
        self.publish(topic.removesuffix("ask") + "answer", HOSTILE_ANSWERS[what](ask))

    here = [(HOST.topic(family="glm-4.7", client="mallory"), b'{"v": 1}')]
    one = Impostor(mosquitto.port, ASK.filter(family="glm-4.7", client="mallory"), play, here)
    away = world.override({"families": elsewhere(answer_within=2)})
    record = society.run(away, out=tmp_path / "run", broker=mosquitto.url, say=quiet)
    one.stop()
    assert record.history == inside.history
    assert record.manifest["refused"]["answer: wrong shape"] == len(answered) > 0
    assert len(set(answered)) == 1, "who gave no answer of use is not asked before others"


def test_the_longest_words_fit_into_asks_and_answers(mosquitto, tmp_path):
    """Mosquitto throws out whoever publishes more than broker-config lets through: an engine too."""
    largest = []

    def play(self, topic, payload):
        ask = json.loads(payload)
        largest.append(len(payload))
        to = [tie["name"] for tie in ask["scene"]["ties"]][:6]
        letters = [{"to": name, "text": "ü" * 15_500} for name in to]
        said = json.dumps({**honest(ask), "letters": letters, "note": "ü" * 2000}, ensure_ascii=False).encode()
        assert len(said) <= LARGEST_ANSWER
        self.publish(topic.removesuffix("ask") + "answer", said)

    here = [(HOST.topic(family="guest", client="loud"), b'{"v": 1}')]
    one = Impostor(mosquitto.port, ASK.filter(family="guest", client="loud"), play, here)
    families = {"guest": {"share": 0.8, "mind": {"kind": "remote", "shares_seed": True}}, "gpt-5.2": 0.2}
    world = load_world("guests", {"agents.count": 60, "machines.count": 8, "ticks": 40, "families": families})
    record = society.run(world, out=tmp_path / "run", broker=mosquitto.url, say=quiet)
    one.stop()
    assert record.manifest["refused"] == {}
    assert record.manifest["cost"]["episodes"]["no_answer"] == 0
    assert record.sql("select max(length(text)) as n from messages").n[0] == 15_500
    assert 80_000 < max(largest) < LARGEST


def test_a_client_named_as_an_agent_is_that_agent_and_no_other(mosquitto, hosts, tmp_path):
    asked = {}

    def play(self, topic, payload):
        ask = json.loads(payload)
        asked.setdefault(topic.split("/")[5], set()).add(ask["agent"])
        self.publish(topic.removesuffix("ask") + "answer", json.dumps(honest(ask)))

    hosts(mosquitto.url, "guest", "--as", "glm-4.7")
    claims = {
        "guest-13": ["*"],
        "guest-15": ["guest-15"],
        "guest-18": ["guest-18", "guest-14"],
        "anna": ["guest-9", "guest-23"],
    }
    here = [(HOST.topic(family="guest", client=who), json.dumps({"v": 1, "agents": of})) for who, of in claims.items()]
    one = Impostor(mosquitto.port, ASK.filter(family="guest"), play, here)
    families = {"guest": {"share": 0.8, "mind": {"kind": "remote", "shares_seed": True}}, "gpt-5.2": 0.2}
    world = load_world("guests", {"agents.count": 60, "machines.count": 8, "ticks": 100, "families": families})
    record = society.run(world, out=tmp_path / "run", broker=mosquitto.url, say=quiet)
    one.stop()
    assert record.manifest["refused"]["host: another agent"] == 1
    mine = {who: names for who, names in asked.items() if who in claims}
    assert mine == {"guest-13": {"guest-13"}, "guest-15": {"guest-15"}, "anna": {"guest-9", "guest-23"}}


def test_a_host_does_not_take_the_name_of_an_agent_that_it_is_not(free_port):
    words = [
        "host",
        "--broker",
        f"mqtt://127.0.0.1:{free_port}",
        "--family",
        "guest",
        "--name",
        "guest-7",
        "--agent",
        "guest-8",
    ]
    found = CliRunner().invoke(app, words)
    assert isinstance(found.exception, WorldError)
    assert "a client named guest-7 is that agent alone" in str(found.exception)


@pytest.mark.parametrize("name", ["", "x" * 300, "a%2fb", "%61nna", "%ff", "%zz"])
def test_names_that_stand_in_no_topic_are_refused(mosquitto, hosts, world, inside, tmp_path, name):
    hosts(mosquitto.url, "glm-4.7")
    here = [(f"society/v1/hosts/glm-4.7/{name}", b'{"v": 1}')]
    one = Impostor(mosquitto.port, "society/v1/none", None, here)
    away = world.override({"families": elsewhere(answer_within=5)})
    record = society.run(away, out=tmp_path / "run", broker=mosquitto.url, say=quiet)
    one.stop()
    assert record.history == inside.history
    assert record.manifest["refused"] == {"no such topic": 1}


def test_who_answers_twice_because_it_was_asked_twice_is_still_heard(mosquitto, world, tmp_path, monkeypatch):
    """A slow client has each ask again before it answered, and answers both."""
    heard = Counter()
    monkeypatch.setattr("society.minds.remote.hosts.AGAIN_S", 0.05)
    monkeypatch.setattr("society.minds.remote.hosts.MOST_REFUSED", 20)

    def play(self, topic, payload):
        said = honest(json.loads(payload))
        heard[said["id"]] += 1
        if heard[said["id"]] == 2:
            for _ in range(2):
                self.publish(topic.removesuffix("ask") + "answer", json.dumps(said))

    here = [(HOST.topic(family="glm-4.7", client="slow"), b'{"v": 1}')]
    one = Impostor(mosquitto.port, ASK.filter(family="glm-4.7", client="slow"), play, here)
    away = world.override({"families": elsewhere(answer_within=GUARD_S, max_asks=1), "ticks": 25})
    record = society.run(away, out=tmp_path / "run", broker=mosquitto.url, say=quiet)
    one.stop()
    assert record.manifest["cost"]["episodes"]["occasions"] > 30
    assert record.manifest["cost"]["episodes"]["no_answer"] == 0
    assert set(record.manifest["refused"]) == {"answer: late"}
    assert record.manifest["refused"]["answer: late"] > 20


def test_a_host_that_starts_after_the_broker_was_restarted_learns_what_runs(mosquitto, hosts, world, inside, tmp_path):
    first = hosts(mosquitto.url, "glm-4.7")

    def progress(tick, ticks):
        if tick == 15:
            first.kill()
            first.wait()
            mosquitto.restart()
            hosts(mosquitto.url, "glm-4.7")

    away = world.override({"families": elsewhere(answer_within=5)})
    record = society.run(away, out=tmp_path / "run", broker=mosquitto.url, progress=progress, say=quiet)
    assert record.history == inside.history
    assert record.manifest["cost"]["episodes"]["no_answer"] == 0


FORGED = {"v": 1, "run": "evil", "world": "w", "agents": 3, "minds": {}}


def test_what_hostile_clients_send_to_a_host_ends_nothing(mosquitto, hosts, world, inside, tmp_path):
    """On a broker that is open to all, anybody can speak as an engine."""
    host = hosts(mosquitto.url, "glm-4.7", "--name", "host-1")
    settings = [
        FORGED, {**FORGED, "minds": {"families": [1]}}, {**FORGED, "minds": {"families": {"x": {"share": 1}}}},
        {**FORGED, "minds": {"families": {"glm-4.7": {"share": "x"}}}},
        {**FORGED, "minds": {"families": {"glm-4.7": {"share": 1}}, "rates": {"table": "../../secret.csv"}}},
    ]  # fmt: skip
    claims = [
        (f"society/v1/evil-{number}/minds/glm-4.7/settings", json.dumps(one)) for number, one in enumerate(settings)
    ]
    forged = []

    def forge(self, topic, payload):
        ask = json.loads(payload)
        if len(ask["id"]) != 32 or ask["id"].startswith("f" * 30) or len(forged) >= 70:
            return
        changes = [
            {"id": "1"}, {"kind": "dance"}, {"tick": [1]}, {"feels": {}}, {"scene": None}, {"scene": {**ask["scene"], "name": 3}},
            {"scene": {**ask["scene"], "ties": [{}]}}, {"letters": [7]}, {"remembers": [[1]]}, {"state": {"times": "x"}},
        ]  # fmt: skip
        for number, change in enumerate(changes):
            forged.append(change)
            self.publish(topic, json.dumps({**ask, "id": "f" * 30 + f"{number:02x}", **change}))

    one = Impostor(mosquitto.port, ASK.filter(family="glm-4.7", client="host-1"), forge, claims)
    away = world.override({"families": elsewhere(answer_within=5)})
    record = society.run(away, out=tmp_path / "run", broker=mosquitto.url, say=quiet)
    one.stop()
    assert len(forged) >= 70
    assert record.history == inside.history
    assert host.poll() is None
    host.send_signal(signal.SIGTERM)
    said = host.communicate(timeout=GUARD_S)[1]
    assert "refused 1 times: settings: wrong shape" in said
    assert "refused 10 times: ask: wrong shape" in said


def test_the_summary_says_what_was_refused(mosquitto, hosts, tmp_path):
    hosts(mosquitto.url, "guest", "--as", "glm-4.7")
    here = [(HOST.topic(family="guest", client="other"), b"{")]
    one = Impostor(mosquitto.port, "society/v1/none", None, here)
    words = ["run", "guests", "--ticks", "12", "--no-report", "--out", str(tmp_path / "run"), "--broker", mosquitto.url]
    said = " ".join(CliRunner().invoke(app, [*words, "--set", "families.guest.mind.shares_seed=true"]).output.split())
    one.stop()
    assert "Minds elsewhere: " in said
    assert "occasions, 0 without an answer" in said
    assert "Broker: refused or sent again: host: wrong shape (1)" in said
