"""A real Mosquitto, and a proxy before it that loses, repeats and disorders what passes."""

import asyncio
import os
import shutil
import signal
import subprocess
import threading

import numpy as np
from eventually import GUARD_S, eventually, listens

from society.ground.chance import Chance

MOSQUITTO = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
OPEN = "allow_anonymous true\npersistence false\nmax_queued_messages 0\nmax_inflight_messages 0\nset_tcp_nodelay true\n"


def listening(port, process):
    eventually(lambda: listens(port), "Mosquitto", process)


class Mosquitto:
    """Mosquitto at a port of this machine, open to all, which can be killed and started again."""

    def __init__(self, folder, port):
        self.port, self.url = port, f"mqtt://127.0.0.1:{port}"
        self.file, self.killed = folder / "mosquitto.conf", 0
        self.file.write_text(f"listener {port} 127.0.0.1\n{OPEN}")
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [MOSQUITTO, "-c", self.file], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        listening(self.port, self.process)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def restart(self):
        self.kill()
        self.start()
        self.killed += 1


class FaultyProxy:
    """Passes MQTT on to a port, and mistreats publications of the run: drops, repeats, or holds some back.

    Whatever else MQTT needs passes whole. ``seen`` counts what was done.
    """

    def __init__(self, port, share=0.15, seed=1):
        self.to, self.share, self.chance, self.count = port, share, Chance(seed), 0
        self.seen = {"passed": 0, "dropped": 0, "repeated": 0, "held": 0}
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()
        self.thread = threading.Thread(target=self._serve, args=(ready,), daemon=True)
        self.thread.start()
        assert ready.wait(GUARD_S)
        self.url = f"mqtt://127.0.0.1:{self.port}"

    def close(self):
        self.loop.call_soon_threadsafe(self.stop.set)
        self.thread.join(GUARD_S)
        self.loop.close()

    def _serve(self, ready):
        self.loop.run_until_complete(self._listen(ready))

    async def _listen(self, ready):
        self.stop, self.tasks = asyncio.Event(), set()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await self.stop.wait()
        server.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _connected(self, reader, writer):
        self.tasks.add(asyncio.current_task())
        there, back = await asyncio.open_connection("127.0.0.1", self.to)
        both = [asyncio.ensure_future(self._pass(*pair)) for pair in ((reader, back), (there, writer))]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in both:
                one.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            for end in (back, writer):
                end.close()

    async def _pass(self, reader, writer):
        while True:
            packet = await self._packet(reader)
            fate = self._fate(packet)
            self.seen[fate] += 1
            if fate == "held":
                self.loop.call_later(0.03, writer.write, packet)
            elif fate != "dropped":
                writer.write(packet * (2 if fate == "repeated" else 1))
                await writer.drain()

    async def _packet(self, reader):
        head = await reader.readexactly(1)
        length, shift = 0, 0
        while True:
            head += (digit := await reader.readexactly(1))
            length |= (digit[0] & 127) << shift
            shift += 7
            if digit[0] < 128:
                return head + await reader.readexactly(length)

    def _fate(self, packet):
        ours = packet[0] >> 4 == 3 and (b"/x/" in packet[:200] or b"/minds/" in packet[:200])
        if not ours or b"/self" in packet[:200]:
            return "passed"
        self.count += 1
        luck = float(self.chance.uniform("proxy", self.count, np.array([0]))[0])
        return ("dropped", "repeated", "held")[int(3 * luck / self.share)] if luck < self.share else "passed"
