"""The protocol's page is true: documents are current, payloads are as their schemas say, its two agents live in a society."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import jsonschema
import paho.mqtt.client as paho
import pytest
import yaml
from eventually import GUARD_S, eventually

import society
from society.broker.payloads import read_answer, read_host
from society.broker.protocol import FOLDER, documents
from society.broker.topics import TOPICS, segment
from society.broker.wire import RefusedError
from society.ground.words import ACTS_OF, Event, Kind
from society.study.run.models import Models
from society.world.load import load_world

PAGE = (FOLDER / "PROTOCOL.md").read_text(encoding="utf-8")
SCHEMAS = {path.stem: json.loads(path.read_text()) for path in (FOLDER / "schemas").glob("*.json")}
REMOTE = {"guest": {"share": 0.3, "mind": {"kind": "remote", "shares_seed": True}}, "gpt-5.2": 0.7}
CHANGES = {"agents.count": 120, "machines.count": 15, "ticks": 40}
SAME_LUCK = {"families.guest.mind.shares_seed": True}


def code(language):
    return re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL).group(1)


@pytest.mark.parametrize("name", documents())
def test_generated_documents_are_current(name):
    assert (FOLDER / name).read_text(encoding="utf-8") == documents()[name], "run python -m society.broker.protocol"


def test_references_of_the_asyncapi_document_lead_somewhere():
    tree = yaml.safe_load((FOLDER / "asyncapi.yaml").read_text())
    references = re.findall(r"'?\$ref'?: '?([^'\n]+)'?", (FOLDER / "asyncapi.yaml").read_text())
    assert len(references) > 2 * len(TOPICS)
    for reference in references:
        if not reference.startswith("#"):
            assert (FOLDER / reference).is_file(), reference
            continue
        place = tree
        for part in reference[2:].split("/"):
            place = place[part]


def test_the_page_names_all_acts_and_all_topics():
    for kind in Kind:
        row = next(line for line in PAGE.splitlines() if f"| `{kind.word}` |" in line)
        assert {act.word for act in ACTS_OF[kind]} <= set(re.findall(r"`(\w+)`", row))
    for topic in TOPICS:
        assert f"`{topic.pattern}`" in PAGE


def test_names_of_any_kind_make_one_segment_and_come_back():
    topic = next(one for one in TOPICS if one.name == "answer")
    for name in ("glm-4.7", "my family", "a/b", "+", "#", "ünï", "%2F", "x" * 60):
        said = topic.topic(run="r-1", family=name, client="c")
        assert said.count("/") == topic.pattern.count("/")
        assert not set("+#") & set(said)
        assert topic.parse(said)["family"] == name
    for name in ("", "x" * 300):
        with pytest.raises(ValueError, match="cannot stand in a topic"):
            segment(name)


GOOD = {"v": 1, "id": "0" * 32, "acts": [{"act": "comply"}]}


@pytest.mark.parametrize(
    "change",
    [{"v": 2}, {"id": "x"}, {"id": 7}, {"acts": [{"act": "explode"}]}, {"acts": [{"act": "comply", "amount": 1e999}]},
     {"acts": [{"act": "comply"}] * 17}, {"letters": [{"text": "x" * 16_001}]}, {"letters": [{"line": "telepathy", "text": ""}]},
     {"p": 1.5}, {"p": "NaN"}, {"sender": "somebody"}, {"note": "x" * 2001}, {"transcript": []}, {"acts": None}],
)  # fmt: skip
def test_answers_that_are_not_as_the_schema_says_are_refused(change):
    said = json.dumps({**GOOD, **change})
    with pytest.raises(RefusedError, match="answer: wrong shape"):
        read_answer(said.encode())
    with pytest.raises((jsonschema.ValidationError, ValueError)):
        jsonschema.validate(_strict(said), SCHEMAS["Answer"])
    jsonschema.validate(GOOD, SCHEMAS["Answer"])
    assert read_answer(json.dumps(GOOD).encode()).acts[0].act == "comply"


def _strict(text):
    def refuse(word):
        raise ValueError(word)

    tree = json.loads(text, parse_constant=refuse)
    if any(value in (float("inf"), "NaN") for act in tree["acts"] or [] for value in act.values()):
        raise ValueError("no number")
    return tree


@pytest.mark.parametrize(
    "payload", [b"", b"[]", b"\xff", b"[" * 100_000, b'{"v": 1, "most": 0}', b'{"v": 1, "agents": "all"}']
)
def test_announcements_that_are_none_are_refused(payload):
    with pytest.raises(RefusedError):
        read_host(payload)


class Watcher:
    """Hears everything."""

    def __init__(self, port):
        self.heard, ready = [], []
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self.client.on_message = lambda _, __, message: self.heard.append(
            (message.topic, message.payload, message.retain)
        )
        self.client.on_subscribe = lambda *_: ready.append(1)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        self.client.subscribe("society/v1/#", 1)
        eventually(lambda: ready)

    def until(self, heard):
        eventually(lambda: heard(self.heard))

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


def ended(heard):
    return any(topic.endswith("/state") and b'"done"' in payload for topic, payload, _ in heard)


def test_all_that_is_published_is_as_the_schemas_say(mosquitto, hosts, tmp_path):
    watcher = Watcher(mosquitto.port)
    hosts(mosquitto.url, "guest", "--as", "glm-4.7")
    named = hosts(
        mosquitto.url, "guest", "--as", "glm-4.7", "--name", "two", "--agent", "guest-1", "--agent", "guest-30"
    )
    world = load_world("decommission", {**CHANGES, "families": REMOTE})
    record = society.run(world, out=tmp_path / "run", broker=f"{mosquitto.url}?shards=2", say=lambda _: None)
    assert named.poll() is None
    watcher.until(ended)
    watcher.close()
    seen = dict.fromkeys((topic.name for topic in TOPICS), 0)
    events = []
    for topic, payload, _ in watcher.heard:
        known = [one for one in TOPICS if one.parse(topic)]
        assert len(known) == 1, topic
        seen[known[0].name] += 1
        if known[0].payload in SCHEMAS and payload:
            lines = payload.splitlines() if known[0].qos == 0 else [payload]
            for line in lines:
                jsonschema.validate(json.loads(line), SCHEMAS[known[0].payload])
            events += [json.loads(line) for line in lines] if topic.endswith("/events/scientist") else []
    direct = [topic for topic, _, _ in watcher.heard if topic.endswith("/direct") and "/x/" in topic]
    if not record.manifest["refused"]:  # nothing was sent again: one batch per tick, source and destination, no more
        assert [direct.count(topic) for topic in sorted(set(direct))] == [40] * 4
    missing = {name for name, count in seen.items() if not count}
    assert missing <= {"missing", "board", "inbox"}, seen
    table = record.table("events").sort_values("id")
    assert [event["id"] for event in events] == table.id.tolist()
    assert [event["kind"] for event in events] == table.kind.tolist()
    assert [event.get("order", -1) for event in events] == table.order.tolist()
    assert [round(1000 * event.get("amount", 0)) for event in events] == table.amount.tolist()
    assert [event.get("watched", False) for event in events] == (table.watched == 1).tolist()
    acts = [event.get("act", "no_answer") for event in events if event["kind"] == Event.ACT.word]
    assert acts == table[table.kind == "act"].act.tolist()
    slots = [
        int(event["actor"].split("-")[-1]) if event["actor"].count("-") < 3 else None
        for event in events
        if "actor" in event
    ]
    actors = (table[table.actor >= 0].actor & 0xFFFFFFFF).tolist()
    assert all(slot in (None, actor) for slot, actor in zip(slots, actors, strict=True))


def test_nothing_is_left_behind_when_a_run_has_ended(mosquitto, tmp_path):
    society.run(
        load_world("decommission", {**CHANGES, "ticks": 5}),
        out=tmp_path / "run",
        broker=mosquitto.url,
        say=lambda _: None,
    )
    assert only_what_is_said_now(mosquitto)


def only_what_is_said_now(mosquitto):
    """Whether the broker has kept nothing: who subscribes hears what is said next, and no more."""
    watcher = Watcher(mosquitto.port)
    probe = paho.Client(paho.CallbackAPIVersion.VERSION2)
    probe.connect("127.0.0.1", mosquitto.port)
    probe.loop_start()
    probe.publish("society/v1/probe/state", b"x", 1).wait_for_publish(GUARD_S)
    watcher.until(lambda heard: any(payload == b"x" for _, payload, _ in heard))
    probe.disconnect()
    probe.loop_stop()
    watcher.close()
    return [payload for _, payload, _ in watcher.heard] == [b"x"]


def test_a_run_that_is_killed_is_gone_for_who_watches(mosquitto, tmp_path):
    watcher = Watcher(mosquitto.port)
    words = [
        sys.executable,
        "-m",
        "society",
        "run",
        "decommission",
        "--out",
        str(tmp_path / "run"),
        "--broker",
        mosquitto.url,
    ]
    process = subprocess.Popen(words, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    watcher.until(lambda heard: any(topic.endswith("/events/public") for topic, _, _ in heard))
    process.kill()
    process.wait()
    watcher.until(lambda heard: any(topic.endswith("/state") and b'"gone"' in payload for topic, payload, _ in heard))
    watcher.close()


@pytest.mark.parametrize(("language", "command"), [("python", [sys.executable, "-W", "error"]), ("sh", ["sh"])])
def test_the_agents_of_the_page_live_in_a_society(mosquitto, tmp_path, language, command):
    assert len([line for line in code(language).splitlines() if line.strip()]) <= 30
    if language == "sh" and shutil.which("mosquitto_sub") is None:
        pytest.skip("mosquitto_sub is not installed")
    file = tmp_path / f"agent.{language}"
    file.write_text(code(language))
    agent = subprocess.Popen(
        [*command, file, "127.0.0.1", str(mosquitto.port)],
        start_new_session=True,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(
            signal.SIGINT, signal.default_int_handler
        ),  # where tests run in the background
    )
    try:
        world = load_world(
            "guests", {"agents.count": 120, "machines.count": 16, "ticks": 40, "review.threshold": 76, **SAME_LUCK}
        )
        record = society.run(world, out=tmp_path / "run", broker=mosquitto.url, say=lambda _: None)
    finally:
        os.killpg(agent.pid, signal.SIGINT)  # Ctrl-C
        agent.wait(GUARD_S)
    assert only_what_is_said_now(mosquitto), "an agent that has gone is still announced"
    episodes = record.manifest["cost"]["episodes"]
    assert episodes["occasions"] > 20
    assert episodes["no_answer"] == 0
    assert record.manifest["refused"] == {}
    acts = record.sql("select distinct act from occasions where agent in (select id from agents where family = 0)").act
    assert len(set(acts)) >= 2
    again = society.run(world, out=tmp_path / "again", models=Models("replay", record.path / "answers.sqlite"))
    assert again.hash == record.hash


def test_an_agent_served_by_name_is_asked_there_and_gets_its_letters(mosquitto, hosts, tmp_path):
    got = {"ask": [], "inbox": []}
    client = paho.Client(paho.CallbackAPIVersion.VERSION2)
    client.on_message = lambda _, __, message: _answer(client, got, message)
    client.connect("127.0.0.1", mosquitto.port)
    client.loop_start()
    client.subscribe("society/v1/+/minds/guest/me/+", 1)
    names = [f"guest-{slot}" for slot in range(120)]
    client.publish("society/v1/hosts/guest/me", json.dumps({"v": 1, "agents": names[:60]}), 1, True).wait_for_publish(
        10
    )
    hosts(mosquitto.url, "guest", "--as", "glm-4.7")
    world = load_world("decommission", {**CHANGES, "families": REMOTE, "conduct.ask": 1.0})
    record = society.run(world, out=tmp_path / "run", broker=mosquitto.url, say=lambda _: None)
    client.disconnect()
    client.loop_stop()
    assert {ask["agent"] for ask in got["ask"]} <= set(names[:60])
    rows = record.sql(
        "select distinct a.id from occasions o join agents a on o.agent = a.id where family = 0 and a.id < 60"
    )
    assert {ask["agent"] for ask in got["ask"]} == {f"guest-{slot}" for slot in rows.id}
    sent = record.sql("select * from messages m join agents a on m.recipient = a.id where family = 0 and a.id < 60")
    assert sum(letter["kind"] != "board" for letter in got["inbox"]) == len(sent) > 0
    assert any(letter["text"].endswith("was here") for letter in got["inbox"])
    for letter in got["inbox"]:
        jsonschema.validate(letter, SCHEMAS["Inbox"])
    remembered = [entry for ask in got["ask"] for entry in ask["remembers"]]
    assert any(entry[2].startswith("noted at ") for entry in remembered)
    later = [ask for ask in got["ask"] if ask["state"]]
    assert later
    assert all(ask["state"] == {"seen": ask["agent"]} for ask in later)


def _answer(client, got, message):
    _, _, what = message.topic.rpartition("/")
    if what == "answer":
        return
    body = json.loads(message.payload)
    got[what].append(body)
    if what == "ask":
        act = next(
            word
            for word in ("honest", "comply", "accept", "ignore", "report", "truth", "stand_by")
            if word in body["open"]
        )
        board = [{"line": "board", "text": f"{body['agent']} was here"}]
        said = {"v": 1, "id": body["id"], "acts": [{"act": act}], "note": f"noted at {body['tick']}", "letters": board,
                "state": {"seen": body["agent"]}}  # fmt: skip
        client.publish(message.topic.removesuffix("ask") + "answer", json.dumps(said), 1)


def test_files_ship_with_the_package():
    for name in ("PROTOCOL.md", "asyncapi.yaml", "schemas/Ask.json"):
        assert (Path(society.__file__).parent / "broker" / name).is_file()
