"""Every transport carries the same: messages are conserved, and a run has the same hash as in memory."""

import asyncio
import os
import random
import signal
import socket
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers import FaultyProxy

import society
from society.broker.address import parse_address
from society.broker.embedded import EmbeddedBroker
from society.broker.link import Link
from society.broker.memory import MemoryBroker
from society.broker.messages import Messages, board
from society.broker.mqtt import MqttBroker
from society.broker.wire import LARGEST, RefusedError, Wire
from society.ground.errors import BrokerError, SocietyError, WorldError
from society.ground.words import Line
from society.world.load import load_world

CHANGES = {"agents.count": 150, "machines.count": 20, "ticks": 40}


def quiet(_):
    """Say nothing."""


@pytest.fixture(scope="module")
def world():
    return load_world("decommission", CHANGES)


@pytest.fixture(scope="module")
def in_memory(world, tmp_path_factory):
    return society.run(world, out=tmp_path_factory.mktemp("memory") / "run")


def messages(n, seed, agents=100, tick=7, longest=20):
    luck = random.Random(seed)
    line = np.array([luck.choice(list(Line)) for _ in range(n)], np.int64)
    to = np.array([luck.randrange(agents) for _ in range(n)], np.int64)
    to = np.where(line == Line.BOARD, board(to % 5), np.where(line == Line.OVERSEER, -1, to))
    text = np.empty(n, object)
    text[:] = [luck.choice(["", "ü", "plain words "]) * luck.randrange(longest) for _ in range(n)]
    column = {name: np.array([luck.randrange(agents) for _ in range(n)], np.int64) for name in ("sender", "about")}
    return Messages(
        recipient=to, recipient_id=np.where(to >= 0, to + (3 << 32), -1), sender=column["sender"],
        sender_id=column["sender"] + (1 << 32), sent=np.full(n, tick), sequence=np.arange(n), line=line,
        act=np.full(n, 10), about=column["about"], about_id=column["about"], order=np.arange(n) - 1, text=text,
    )  # fmt: skip


def same(one, two):
    return all(np.array_equal(getattr(one, name), getattr(two, name)) for name in Messages.names())


def rows(batch):
    return sorted(zip(*(getattr(batch, name).tolist() for name in Messages.names()), strict=True))


def test_memory_delivers_everything_in_order():
    sent = messages(500, 1)
    got = MemoryBroker().exchange(7, sent)
    assert rows(got) == rows(sent)
    keys = list(zip(got.recipient, got.sent, got.sender, got.sequence, strict=True))
    assert keys == sorted(keys)


def test_messages_that_are_equal_in_all_that_orders_them_stay_as_they_were_posted():
    sent = messages(50, 1)
    alike = Messages(
        **{**vars(sent), **{name: np.zeros(50, np.int64) for name in ("recipient", "sender", "sequence", "line")}}
    )
    assert MemoryBroker().exchange(7, alike).order.tolist() == sent.order.tolist()


@given(st.integers(0, 300), st.integers(0, 10), st.integers(1, 5000))
def test_parts_are_small_enough_and_hold_everything(n, seed, longest):
    sent, wire = messages(n, seed, longest=longest), Wire("run", b"k" * 32)
    sent = sent.rows(sent.line == Line.DIRECT)
    parts = wire.parts("a/topic", 7, Line.DIRECT, sent, {})
    assert all(len(part) <= LARGEST for part in parts)
    got = [wire.part("a/topic", part, 0, 0, 1) for part in parts]
    assert [(one.number, one.parts) for one in got] == [(number, len(parts)) for number in range(len(parts))]
    assert same(Messages.joined([one.messages for one in got]), sent)


def test_a_payload_that_was_touched_is_refused():
    sent, wire = messages(20, 1), Wire("run", b"k" * 32)
    sent = sent.rows(sent.line == Line.DIRECT)
    part = wire.parts("a/topic", 7, Line.DIRECT, sent, {})[0]
    touched = bytearray(part)
    touched[-3] ^= 1
    for payload in (bytes(touched), part[:-1], b"", b"\x00" * 40, part + b"x"):
        with pytest.raises(RefusedError, match="wrong signature"):
            wire.part("a/topic", payload, 0, 0, 1)
    with pytest.raises(RefusedError, match="wrong signature"):
        wire.part("another/topic", part, 0, 0, 1)
    with pytest.raises(RefusedError, match="wrong signature"):
        Wire("run", b"j" * 32).part("a/topic", part, 0, 0, 1)
    with pytest.raises(RefusedError, match="too large"):
        wire.part("a/topic", bytes(LARGEST + 1), 0, 0, 1)
    with pytest.raises(RefusedError, match="wrong rows"):
        wire.part("a/topic", part, 1, 0, 2)
    assert same(wire.part("a/topic", part, 0, 0, 1).messages, sent)


@pytest.mark.parametrize("shards", [1, 4, 16])
def test_what_is_sent_arrives_embedded(shards):
    server = EmbeddedBroker(parse_address(f"embedded?shards={shards}"))
    broker = MqttBroker(server.address, "a-run")
    for tick, n in enumerate([0, 1, 400, 0, 7]):
        sent = messages(n, tick, tick=tick)
        assert same(broker.exchange(tick, sent), MemoryBroker().exchange(tick, sent))
    broker.close()
    server.close()


@pytest.mark.parametrize("shards", [1, 4, 16])
def test_what_is_sent_arrives_over_mosquitto(mosquitto, shards):
    broker = MqttBroker(parse_address(f"{mosquitto.url}?shards={shards}"), "a-run")
    for tick, n in enumerate([0, 1, 400, 20_000, 0, 7]):
        sent = messages(n, tick, tick=tick, longest=100)
        assert same(broker.exchange(tick, sent), MemoryBroker().exchange(tick, sent))
    assert not broker.counts
    broker.close()


@pytest.mark.parametrize("shards", [1, 4, 16])
def test_a_run_has_the_hash_it_has_in_memory(mosquitto, world, in_memory, tmp_path, shards):
    for number, url in enumerate([f"{mosquitto.url}?shards={shards}", f"embedded?shards={shards}"]):
        record = society.run(world, out=tmp_path / str(number), broker=url, say=quiet)
        assert record.hash == in_memory.hash
        assert record.table("messages").equals(in_memory.table("messages"))


def test_mosquitto_killed_ten_times(mosquitto, world, in_memory, tmp_path, caplog):
    luck, killers, ended = random.Random(1), [], []

    def progress(tick, ticks):
        for killer in killers:  # each has killed and started it again before the next, and before the run ends
            killer.join()
        if tick % 3 == 0 and len(killers) < 10:
            killers.append(threading.Timer(luck.random() * 0.004, mosquitto.restart))
            killers[-1].start()
        ended.append(tick)

    record = society.run(world, out=tmp_path / "run", broker=f"{mosquitto.url}?shards=2", progress=progress, say=quiet)
    assert len(killers) == mosquitto.killed == 10
    assert not any(killer.is_alive() for killer in killers)
    assert ended[-1] == 40
    assert not [one for one in caplog.records if one.name == "asyncio"], "tracebacks that nobody can do anything about"
    assert record.manifest["refused"]["sent again"] > 0
    assert record.hash == in_memory.hash
    assert record.table("messages").equals(in_memory.table("messages"))


def test_a_socket_that_is_closed_before_it_is_written_to_is_left_alone():
    faults = []

    async def written_to_late():
        asyncio.get_running_loop().set_exception_handler(lambda _, fault: faults.append(fault))
        link = Link(parse_address("mqtt://localhost"), [], lambda *_: None)
        here, there = socket.socketpair()
        link._made()._on_socket_register_write(None, None, here)  # as paho calls it
        here.close()
        there.close()
        await asyncio.sleep(0)

    asyncio.run(written_to_late())
    assert faults == []


@pytest.mark.parametrize(("shards", "share"), [(1, 0.4), (3, 0.1)])
def test_packets_lost_repeated_and_out_of_order(mosquitto, world, in_memory, tmp_path, shards, share):
    proxy = FaultyProxy(mosquitto.port, share)
    record = society.run(world, out=tmp_path / "run", broker=f"{proxy.url}?shards={shards}", say=quiet)
    proxy.close()
    assert min(proxy.seen.values()) > 3
    assert record.hash == in_memory.hash
    assert record.manifest["refused"]["sent again"] > 0
    assert record.manifest["refused"]["duplicate"] > 0


def test_a_broker_that_is_gone_for_good_ends_the_run_which_can_go_on(mosquitto, world, in_memory, tmp_path):
    def progress(tick, ticks):
        if tick == 20:
            mosquitto.kill()

    with pytest.raises(BrokerError, match=r"not there for 1 s.*interrupted at tick 20 of 40.*society resume") as caught:
        society.run(world, out=tmp_path / "run", broker=f"{mosquitto.url}?patience=1", progress=progress, say=quiet)
    assert str(mosquitto.port) in str(caught.value)
    with pytest.raises(BrokerError, match="not there"):
        society.resume(tmp_path / "run", say=quiet)
    assert society.resume(tmp_path / "run", broker="memory").hash == in_memory.hash


def test_a_broker_that_was_never_there_is_said_so_before_anything_is_run(world, tmp_path, free_port):
    with pytest.raises(BrokerError, match=f"broker mqtt://127.0.0.1:{free_port}: not there for 0.5 s.*refused"):
        society.run(world, out=tmp_path / "run", broker=f"mqtt://127.0.0.1:{free_port}?patience=0.5", say=quiet)
    assert not (tmp_path / "run").exists()


def test_ctrl_c_while_the_broker_is_gone(mosquitto, world, in_memory, tmp_path):
    def progress(tick, ticks):
        if tick == 15:
            mosquitto.kill()
            threading.Timer(0.5, os.kill, [os.getpid(), signal.SIGINT]).start()

    with pytest.raises(SocietyError, match=r"^interrupted at tick 15 of 40"):
        society.run(world, out=tmp_path / "run", broker=mosquitto.url, progress=progress, say=quiet)
    assert society.resume(tmp_path / "run", broker="memory").hash == in_memory.hash


@pytest.mark.parametrize(
    "address",
    ["", "memory://x", "mqtt:", "http://localhost", "mqtt://localhost:99999", "mqtt://u:secret@localhost",
     "mqtt://localhost?shards=0", "mqtt://localhost?shards=two", "mqtt://localhost?speed=9", "mqtts://h?ca=/no/such/file",
     "embedded://0.0.0.0:1883", "mqtt://localhost/topic"],
)  # fmt: skip
def test_addresses_that_are_none(address):
    with pytest.raises(WorldError) as caught:
        parse_address(address)
    assert "secret" not in str(caught.value)
    assert "--broker" in str(caught.value)


def test_addresses_come_back():
    for text in (
        "memory",
        "embedded",
        "mqtt://localhost:1884?shards=4&patience=3",
        "mqtts://engine@[::1]:8883?shards=2",
    ):
        address = parse_address(text)
        assert parse_address(address.full) == address
