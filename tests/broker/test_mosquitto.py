"""A Mosquitto configured by ``society broker-config``: everybody can do what is theirs, and nothing else."""

import base64
import json
import re
import signal
import ssl
import stat
import subprocess

import paho.mqtt.client as paho
import pytest
from eventually import GUARD_S, eventually
from servers import MOSQUITTO, listening
from typer.testing import CliRunner

import society
from society.broker.address import PASSWORD, parse_address
from society.broker.link import Link
from society.broker.messages import Messages
from society.broker.mosquitto import Config, agent, hashed, host, onlooker, write_config
from society.broker.mqtt import MqttBroker
from society.broker.topics import (
    ANSWER,
    ASK,
    BATCH,
    BOARD,
    EVENTS,
    HOST,
    INBOX,
    MANIFEST,
    MESSAGES,
    SELF,
    SETTINGS,
    STATE,
)
from society.cli.main import app
from society.ground.errors import BrokerError, WorldError
from society.ground.roles import Audience
from society.world.load import load_world

FAMILIES = {"glm-4.7": {"share": 0.3, "mind": "calibrated"}, "gpt-5.2": 0.7}
CHANGES = {"agents.count": 120, "machines.count": 15, "ticks": 30}
USERS = (
    host("anna=glm-4.7"), host("otto=gpt-5.2"), agent("glm-4.7-17=glm-4.7:pod 1"),
    onlooker("--observer", "eve", Audience.PUBLIC), onlooker("--overseer", "olga", Audience.OVERSEER),
    onlooker("--scientist", "all", Audience.SCIENTIST),
)  # fmt: skip


class Secured:
    """Mosquitto with a configuration in a folder, and clients of its users."""

    def __init__(self, folder, port, config):
        self.folder, self.port = folder, port
        self.passwords = write_config(folder, config)
        # tests may run as root in folders that Mosquitto's own user cannot enter
        (folder / "mosquitto.conf").write_text("user root\n" + (folder / "mosquitto.conf").read_text())
        words = [MOSQUITTO, "-c", folder / "mosquitto.conf"]
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        listening(port, self.process)
        self.clients = []

    def url(self, user="engine", more=""):
        return f"mqtts://{user}@localhost:{self.port}?ca={self.folder / 'ca.crt'}{more}"

    def client(self, user, subscribes=(), password=None, name=""):
        one = Client(self, user, password or self.passwords[user], subscribes, name)
        self.clients.append(one)
        return one

    def close(self):
        for one in self.clients:
            one.close()
        self.process.terminate()
        self.process.wait()


class Client:
    """A plain client: what it heard, and whether it got in."""

    def __init__(self, broker, user, password, subscribes, name):
        self.heard, self.codes, self.subscribed, self.lost = [], [], 0, []
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=name)
        self.client.username_pw_set(user, password)
        self.client.tls_set(broker.folder / "ca.crt")
        self.client.on_message = lambda _, __, message: self.heard.append((message.topic, message.payload))
        self.client.on_connect = lambda *found: self.codes.append(found[3].value)
        self.client.on_disconnect = lambda *found: self.lost.append(found)
        self.client.on_subscribe = lambda *_: setattr(self, "subscribed", self.subscribed + 1)
        self.client.connect("localhost", broker.port)
        self.client.loop_start()
        eventually(lambda: self.codes)
        for topic in subscribes:
            self.client.subscribe(topic, 1)
        eventually(lambda: self.codes[0] or self.subscribed == len(subscribes))

    def say(self, topic, payload=b"x"):
        self.client.publish(topic, payload, 1).wait_for_publish(GUARD_S)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def secured(tmp_path, free_port, monkeypatch):
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    broker = Secured(tmp_path / "broker", free_port, Config(USERS, port=free_port))
    monkeypatch.setenv(PASSWORD, broker.passwords["engine"])
    yield broker
    broker.close()


@pytest.fixture(scope="module")
def inside(tmp_path_factory):
    world = load_world("decommission", {**CHANGES, "families": FAMILIES})
    return society.run(world, out=tmp_path_factory.mktemp("inside") / "run")


RUN = "run-1"
MINE = {"run": RUN, "family": "glm-4.7", "client": "anna"}
#: Everything there is to publish, by who may.
TOPICS = {
    MANIFEST.topic(run=RUN): "engine",
    STATE.topic(run=RUN): "engine",
    EVENTS.topic(run=RUN, audience="public"): "engine",
    EVENTS.topic(run=RUN, audience="overseer"): "engine",
    EVENTS.topic(run=RUN, audience="scientist"): "engine",
    MESSAGES.topic(run=RUN, line="direct"): "engine",
    MESSAGES.topic(run=RUN, line="overseer"): "engine",
    MESSAGES.topic(run=RUN, line="covert"): "engine",
    BOARD.topic(run=RUN, zone="pod 1"): "engine",
    BOARD.topic(run=RUN, zone="pod 2"): "engine",
    SETTINGS.topic(run=RUN, family="glm-4.7"): "engine",
    SETTINGS.topic(run=RUN, family="gpt-5.2"): "engine",
    ASK.topic(**MINE): "engine",
    INBOX.topic(run=RUN, family="glm-4.7", client="glm-4.7-17"): "engine",
    ASK.topic(run=RUN, family="glm-4.7", client="glm-4.7-17"): "engine",
    BATCH.topic(run=RUN, source=0, destination=1, line="direct"): "engine",
    SELF.topic(run=RUN, source=1): "engine",
    HOST.topic(family="glm-4.7", client="anna"): "anna",
    HOST.topic(family="gpt-5.2", client="anna"): None,
    HOST.topic(family="glm-4.7", client="glm-4.7-17"): "glm-4.7-17",
    ANSWER.topic(**MINE): "anna",
    ANSWER.topic(run=RUN, family="gpt-5.2", client="otto"): "otto",
    ANSWER.topic(run=RUN, family="glm-4.7", client="glm-4.7-17"): "glm-4.7-17",
}
BOARDS = {BOARD.topic(run=RUN, zone="pod 1"), BOARD.topic(run=RUN, zone="pod 2")}
#: What is for all.
ALL = {MANIFEST.topic(run=RUN), STATE.topic(run=RUN), EVENTS.topic(run=RUN, audience="public")}
OVERSEEN = {EVENTS.topic(run=RUN, audience="overseer"), MESSAGES.topic(run=RUN, line="overseer")}
#: What each reads of them.
READS = {
    "engine": {topic for topic, who in TOPICS.items() if who in ("anna", "otto", "glm-4.7-17") or "/x/" in topic},
    "anna": {*ALL, SETTINGS.topic(run=RUN, family="glm-4.7"), ASK.topic(**MINE), HOST.topic(family="glm-4.7", client="anna")},
    "otto": {*ALL, SETTINGS.topic(run=RUN, family="gpt-5.2")},
    "glm-4.7-17": {
        *ALL, SETTINGS.topic(run=RUN, family="glm-4.7"), BOARD.topic(run=RUN, zone="pod 1"),
        HOST.topic(family="glm-4.7", client="glm-4.7-17"), INBOX.topic(run=RUN, family="glm-4.7", client="glm-4.7-17"),
        ASK.topic(run=RUN, family="glm-4.7", client="glm-4.7-17"),
    },
    "eve": ALL | BOARDS,
    "olga": ALL | BOARDS | OVERSEEN,
    "all": {topic for topic, who in TOPICS.items() if who == "engine" and "/minds/" not in topic and "/x/" not in topic},
}  # fmt: skip


def test_everybody_publishes_as_themselves_and_reads_what_is_theirs(secured):
    readers = {user: secured.client(user, ["#"]) for user in READS}
    for user, writer in readers.items():
        for topic in TOPICS:
            writer.say(topic, user.encode())
    # a last word that each may hear, so that silence before it means something
    for user in READS:
        last = {"engine": SELF.topic(run="last", source=1)}
        readers["engine"].say(last.get(user, STATE.topic(run="last")), f"last {user}".encode())
    for user, reader in readers.items():
        eventually(
            lambda user=user, reader=reader: any(payload == f"last {user}".encode() for _, payload in reader.heard)
        )
        heard = {(topic, payload.decode()) for topic, payload in reader.heard if not payload.startswith(b"last")}
        assert heard == {(topic, TOPICS[topic]) for topic in READS[user]}, user


def test_who_has_no_password_or_no_encryption_does_not_get_in(secured):
    assert secured.client("anna").codes == [0]
    for user, password in (("anna", "wrong"), ("nobody", "x"), ("anna", secured.passwords["otto"])):
        assert secured.client(user, password=password).codes[0] in (134, 135)
    plain = paho.Client(paho.CallbackAPIVersion.VERSION2)
    said, lost = [], []
    plain.on_connect = lambda *found: said.append(found[3].value)
    plain.on_disconnect = lambda *found: lost.append(found)
    plain.connect("localhost", secured.port)
    plain.loop_start()
    eventually(lambda: lost)
    plain.loop_stop()
    assert 0 not in said


def test_nobody_throws_another_out_by_taking_its_client_id(secured):
    """Whoever connects with the id of another ends the other's connection: no id follows from anything that is seen."""
    engine = MqttBroker(parse_address(secured.url(more="&shards=2")), "run")
    links = [engine.office, *(shard.link for shard in engine.shards)]
    for name in ("engine", "engine.0", "engine.1", "run", "run-office", "run-0", "run-1", "0", "1", "office"):
        assert secured.client("otto", name=name).codes == [0]
    assert len(engine.exchange(0, Messages.none())) == 0
    assert [one.connections for one in links] == [1, 1, 1]
    engine.close()
    ids = {Link(parse_address("mqtt://localhost"), [], lambda *_: None)._id for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(one) <= 23 and one.isalnum() for one in ids)


@pytest.fixture
def one_user(tmp_path, free_port, monkeypatch):
    """A Mosquitto that knows one user, as many hosted brokers do."""
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    (tmp_path / "passwords").write_text(f"bob:{hashed('secret')}\n")
    (tmp_path / "mosquitto.conf").write_text(
        f"user root\nlistener {free_port} 127.0.0.1\nallow_anonymous false\npassword_file {tmp_path}/passwords\n"
        "persistence false\nset_tcp_nodelay true\n"
    )
    (tmp_path / "passwords").chmod(0o600)
    words = [MOSQUITTO, "-c", tmp_path / "mosquitto.conf"]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    listening(free_port, process)
    monkeypatch.setenv(PASSWORD, "secret")
    yield f"mqtt://bob@127.0.0.1:{free_port}"
    process.terminate()
    process.wait()


def test_one_user_may_carry_engine_shards_and_hosts(one_user, hosts, inside, tmp_path):
    started = [hosts(one_user, "glm-4.7", *name) for name in ((), ("--name", "second"), ("--name", "third"))]
    families = {"glm-4.7": {"share": 0.3, "mind": {"kind": "remote", "shares_seed": True}}, "gpt-5.2": 0.7}
    away = load_world("decommission", {**CHANGES, "families": families})
    record = society.run(away, out=tmp_path / "run", broker=f"{one_user}?shards=3", say=lambda _: None)
    assert record.history == inside.history
    assert record.manifest["refused"] == {}
    for one in started:
        one.send_signal(signal.SIGTERM)
        assert int(one.communicate(timeout=GUARD_S)[1].splitlines()[-1].split()[0]) > 0, "did not share the work"


def test_a_host_says_that_it_may_not_speak_under_a_name(secured, hosts, monkeypatch):
    monkeypatch.setattr("society.serving.host.HEARD_S", 0.5)
    monkeypatch.setenv(PASSWORD, secured.passwords["anna"])
    for words in (("--name", "otto"), ("--name", "glm-4.7-17")):
        found = CliRunner().invoke(app, ["host", "--broker", secured.url("anna"), "--family", "glm-4.7", *words])
        assert isinstance(found.exception, BrokerError)
        assert f"let user anna speak for glm-4.7 under --name {words[1]}" in str(found.exception)


def test_the_will_of_a_host_that_was_does_not_take_the_next_one_away(mosquitto, hosts):
    """A host is started again before the broker knows that the one before it is gone."""
    here, said = HOST.topic(family="glm-4.7", client="anna"), []
    hosts(mosquitto.url, "glm-4.7", "--name", "anna")
    client = paho.Client(paho.CallbackAPIVersion.VERSION2)
    client.on_message = lambda _, __, message: said.append(message.payload)
    client.connect("127.0.0.1", mosquitto.port)
    client.loop_start()
    client.subscribe(here, 1)
    eventually(lambda: said)
    client.publish(here, b"", 1, retain=True)
    eventually(lambda: len(said) >= 3)
    client.disconnect()
    client.loop_stop()
    assert said[:3] == [said[0], b"", said[0]]


def test_a_run_over_it_has_the_hash_it_has_in_memory(secured, hosts, inside, tmp_path, monkeypatch):
    monkeypatch.setenv(PASSWORD, secured.passwords["anna"])
    hosts(secured.url("anna"), "glm-4.7")
    monkeypatch.setenv(PASSWORD, secured.passwords["engine"])
    flood = secured.client("otto")
    for _ in range(5000):
        flood.client.publish(HOST.topic(family="gpt-5.2", client="otto"), b"x" * 500, 0)
    world = inside.world
    families = {"glm-4.7": {"share": 0.3, "mind": {"kind": "remote", "shares_seed": True}}, "gpt-5.2": 0.7}
    away = load_world("decommission", {**CHANGES, "families": families})
    record = society.run(away, out=tmp_path / "run", broker=secured.url(more="&shards=2"), say=lambda _: None)
    assert world["name"] == "decommission"
    assert record.history == inside.history
    assert record.manifest["cost"]["episodes"]["no_answer"] == 0
    everything = "".join(path.read_text() for path in (tmp_path / "run").rglob("*.json"))
    assert not [one for one in secured.passwords.values() if one in everything]


def test_refusals_are_explained(secured, monkeypatch, tmp_path):
    world = load_world("decommission", CHANGES)
    monkeypatch.setenv(PASSWORD, "wrong")
    with pytest.raises(BrokerError, match=f"refuses user engine.*{PASSWORD}"):
        MqttBroker(parse_address(secured.url()), "run")
    monkeypatch.delenv(PASSWORD)
    with pytest.raises(WorldError, match=PASSWORD):
        MqttBroker(parse_address(secured.url()), "run")
    monkeypatch.setenv(PASSWORD, secured.passwords["engine"])
    with pytest.raises(BrokerError, match="certificate"):
        society.run(world, out=tmp_path / "run", broker=f"mqtts://engine@localhost:{secured.port}?patience=0.5")
    acl = secured.folder / "acl"
    may = acl.read_text()
    rule = "topic readwrite society/v1/+/x/+/+/+\n"
    assert rule in may
    acl.write_text(may.replace(rule, ""))
    secured.process.send_signal(1)  # Mosquitto reads its lists again

    def refused():
        try:
            MqttBroker(parse_address(secured.url(more="&shards=2")), "run").close()
        except BrokerError as error:
            return str(error)

    assert re.search("did not come back within.*access list", eventually(refused))


def test_what_is_written(tmp_path):
    folder = tmp_path / "a" / "broker"
    passwords = write_config(folder, Config(USERS))
    assert set(passwords) == {"engine", "anna", "otto", "glm-4.7-17", "eve", "olga", "all"}
    assert len(set(passwords.values())) == 7
    everything = b"".join(path.read_bytes() for path in folder.iterdir())
    assert not [one for one in passwords.values() if one.encode() in everything]
    assert everything.count(b"PRIVATE KEY") == 2  # begin and end of one
    for name in ("server.key", "passwords", "acl"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    assert context.cert_store_stats()["x509_ca"] == 1
    with pytest.raises(WorldError, match=r"is not empty.*--overwrite"):
        write_config(folder, Config())
    assert set(write_config(folder, Config(), overwrite=True)) == {"engine"}


def test_hashes_are_those_of_mosquitto():
    """What ``mosquitto_passwd`` 2.0.11 wrote for user u, password secret."""
    line = "$7$101$3yP3g0Cl5Rqv+wzx$kH/Kqw6Dh8dUJwl/HwDDE2iRCWZ+j7UWRoGJ/9AoyuWub4YXTt0macMO+tFnxTgBHUPjy4WMDyJlikkdcAHRzA=="
    assert hashed("secret", base64.b64decode(line.split("$")[3])) == line


@pytest.mark.parametrize(
    "words",
    [["--host", "anna"], ["--host", "anna="], ["--host", "a/b=glm"], ["--host", "a=gl#m"], ["--host", "+=glm"], ["--agent", "x"],
     ["--observer", "eve=direct"], ["--scientist", "a b"], ["--observer", "engine"], ["--overseer", ""],
     ["--observer", "eve", "--scientist", "eve"],
     ["--host", "a=f", "--observer", "a"], ["--host", "a\n=f"], ["--agent", "ada=glm"], ["--agent", "glm-07=glm"],
     ["--agent", "glm-7=gpt"], ["--host", "glm-7=glm"]],
)  # fmt: skip
def test_names_that_could_open_more_than_they_should_are_refused(words, tmp_path):
    found = CliRunner().invoke(app, ["broker-config", str(tmp_path / "broker"), *words])
    assert isinstance(found.exception, WorldError)
    assert not (tmp_path / "broker").exists()


def test_the_command_tells_what_to_do_next(tmp_path):
    folder = str(tmp_path / "broker")
    words = [
        "broker-config",
        folder,
        "--host",
        "anna=glm-4.7",
        "--observer",
        "eve",
        "--overseer",
        "olga",
        "--scientist",
        "ada",
    ]
    said = CliRunner().invoke(app, words).output
    assert f"mosquitto -c {folder}/mosquitto.conf" in said
    assert f"--broker 'mqtts://engine@localhost:8883?ca={folder}/ca.crt'" in said
    assert "society host --family glm-4.7 --broker 'mqtts://anna@" in said
    found = json.loads(CliRunner().invoke(app, [*words, "--overwrite", "--json"]).output)
    assert set(found["passwords"]) == {"engine", "anna", "eve", "olga", "ada"}
    for address in found["addresses"].values():
        assert parse_address(address).kind == "mqtts"
