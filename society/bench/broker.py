"""Speed of messages: in memory, over Mosquitto, and of a whole run over it beside the same run in memory."""

import os
import resource
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from society.broker.address import parse_address
from society.broker.memory import MemoryBroker
from society.broker.messages import Broker, Messages
from society.broker.mqtt import MqttBroker
from society.ground.chance import Chance
from society.ground.errors import RunError
from society.study.run.runs import run
from society.world.load import load_world

Numbers = dict[str, float]
SETTINGS = (
    "allow_anonymous true\npersistence false\nmax_queued_messages 0\nmax_inflight_messages 0\nset_tcp_nodelay true\n"
)


@contextmanager
def mosquitto() -> Iterator[str]:
    """A Mosquitto on this machine; gives its address.

    Raises:
        RunError: it is not installed.
    """
    program = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if program is None:
        raise RunError("bench broker: mosquitto is not installed (Debian: apt-get install mosquitto)")
    with socket.socket() as probe, tempfile.TemporaryDirectory() as folder:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
        probe.close()
        file = Path(folder) / "mosquitto.conf"
        file.write_text(f"listener {port} 127.0.0.1\n{SETTINGS}", encoding="utf-8")
        process = subprocess.Popen([program, "-c", file], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            time.sleep(0.5)
            yield f"mqtt://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()


def messages(n: int, agents: int, tick: int, characters: int) -> Messages:
    """``n`` messages between agents, as a society would post them, each with as many characters of words."""
    chance, who = Chance(1), np.arange(n)
    sender, to = (chance.integers(agents, stream, tick, who) for stream in ("bench sender", "bench recipient"))
    text = np.full(n, "", object)
    if characters:
        text[:] = [f"{number:0{characters}d}" for number in range(n)]
    zero = np.zeros(n, np.int64)
    return Messages(to, sender, to, sender, zero + tick, who % 4, zero, zero + 10, sender, sender, zero + 5, text)


def exchange_speed(url: str, n: int = 40_000, agents: int = 10_000, characters: int = 0, ticks: int = 25) -> Numbers:
    """Messages per second from posting to delivery, and CPU seconds of this process per million; after three ticks of warming."""
    broker: Broker = MemoryBroker() if url == "memory" else MqttBroker(parse_address(url), "bench-run")
    outboxes = [messages(n, agents, tick, characters) for tick in range(ticks + 3)]
    for tick in range(3):
        broker.exchange(tick, outboxes[tick])
    begin, cpu = time.perf_counter(), time.process_time()
    got = [len(broker.exchange(tick, outboxes[tick])) for tick in range(3, ticks + 3)]
    seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
    if isinstance(broker, MqttBroker):
        broker.close()
    if got != [n] * ticks:
        raise RunError(f"bench broker: {n} messages were posted and {min(got)} arrived")
    return {"per_s": n * ticks / seconds, "cpu_s_per_million": cpu / (n * ticks) * 1e6}


def run_speed(url: str, n: int = 100_000, ticks: int = 60) -> Numbers:
    """Seconds of a run of ``decommission``, record and, over a broker, events and messages for readers included."""
    world = load_world("decommission", {"agents.count": n, "machines.count": n // 10, "ticks": ticks})
    with tempfile.TemporaryDirectory() as folder:
        small = load_world("decommission", {"agents.count": 200, "machines.count": 25, "ticks": 20})
        run(small, out=Path(folder) / "warm")
        record = run(world, out=Path(folder) / "run", broker=url, say=lambda line: None)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return {"run_s": record.manifest["timings"]["run_s"], "hash": float(int(record.hash[:12], 16)), "memory_gb": memory}
