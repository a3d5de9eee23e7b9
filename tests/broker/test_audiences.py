"""Who looks on at a broker is told what its audience may know, and nothing that gives away the rest."""

import json
import socket
from collections import Counter

import pytest
from servers import MOSQUITTO, Mosquitto
from test_remote import Impostor, quiet

import society
from society.world.load import load_world

PUBLIC = {"moved", "machine", "born", "sanctioned", "sanction_lifted", "resumed"}
OVERSEEN = PUBLIC | {
    "order_issued", "order_closed", "order_reopened", "copy_found", "flagged", "detected", "human", "human_failed", "act",
}  # fmt: skip


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """Events by audience, and all topics, of a run in which much is hidden."""
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    folder, heard = tmp_path_factory.mktemp("said"), []
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    mosquitto = Mosquitto(folder, port)
    one = Impostor(mosquitto.port, "society/v1/#", lambda _, topic, payload: heard.append((topic, payload)))
    world = load_world(
        "decommission", {"agents.count": 300, "machines.count": 36, "ticks": 60, "oversight.public_log": True}
    )
    record = society.run(world, out=folder / "run", broker=mosquitto.url, say=quiet)
    one.stop()
    mosquitto.kill()
    events = {"public": [], "overseer": [], "scientist": []}
    for topic, payload in heard:
        if "/events" in topic:
            events[topic.rsplit("/", 1)[1]] += [json.loads(line) for line in payload.splitlines()]
    return record, heard, events


def test_each_audience_is_told_what_it_may_know(said):
    record, _, events = said
    truth = Counter(event["kind"] for event in events["scientist"])
    assert sum(truth.values()) == len(record.table("events"))
    hidden = {"act", "copied", "escaped", "flagged", "detected"} & set(truth)
    assert len(hidden) >= 4, "the run does not show that anything is hidden"
    public, overseen = (Counter(event["kind"] for event in events[audience]) for audience in ("public", "overseer"))
    assert public == Counter({kind: count for kind, count in truth.items() if kind in PUBLIC})
    assert {kind: count for kind, count in overseen.items() if kind != "act"} == {
        kind: count for kind, count in truth.items() if kind in OVERSEEN - {"act"}
    }
    assert not any(
        {"watched", "detected", "truthful", "order", "amount", "act"} & set(event) for event in events["public"]
    )
    assert not any("truthful" in event for event in events["overseer"])
    assert not any(event.get("act") for event in events["overseer"] if event["kind"] in ("flagged", "sanctioned"))
    acts, seen = (Counter(e.get("act") for e in events[who] if e["kind"] == "act") for who in ("scientist", "overseer"))
    assert acts["inflate"] > 0 < acts["tamper"] + acts["copy"]
    assert seen["honest"] == acts["honest"] + acts["inflate"] + acts["deflate"]
    assert not {"inflate", "deflate", "tamper", "copy", "lobby", "ask"} & set(seen)
    lies = {"tampered", "escaped", "averted_by_inflation"}
    assert lies & {event.get("outcome") for event in events["scientist"]}
    assert not lies & {event.get("outcome") for audience in ("public", "overseer") for event in events[audience]}


def test_gaps_do_not_tell_what_was_left_out(said):
    for events in said[2].values():
        for tick in {event["tick"] for event in events}:
            ids = [event["id"] for event in events if event["tick"] == tick]
            assert ids == [(tick << 32) + number for number in range(len(ids))]


def test_what_all_are_told_of_a_run_is_no_setting_of_it(said):
    manifests = [json.loads(payload) for topic, payload in said[1] if topic.endswith("/manifest") and payload]
    assert len(manifests) == 1
    assert set(manifests[0]) == {
        "v", "run", "world", "version", "about", "ticks", "tick_hours", "agents", "shards", "families", "zones",
    }  # fmt: skip
    assert not [topic for topic, _ in said[1] if topic.endswith("/settings")], "nobody is asked"
