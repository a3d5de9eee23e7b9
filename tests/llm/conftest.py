"""Servers to ask: llmock as its users start it, and one that sends whatever bytes a test wants sent."""

import asyncio
import json
import socket
import subprocess
import sys
import urllib.request
from dataclasses import replace

import pytest
from eventually import GUARD_S, eventually, listens

from society.llm import Answer, Identity, Request, Usage

KEY = "sk-distinctive-4711-never-to-be-seen"


class LLMock:
    """A running llmock: its URL, its script of faults, its journal."""

    def __init__(self, port):
        self.root = f"http://127.0.0.1:{port}"
        self.url = f"{self.root}/v1"

    def _call(self, path, data=None):
        body = None if data is None else json.dumps(data).encode()
        with urllib.request.urlopen(urllib.request.Request(self.root + path, body), timeout=GUARD_S) as response:
            return json.load(response)

    def script(self, *behaviors):
        self._call("/_llmock/scenario", {"behaviors": list(behaviors)})

    def journal(self):
        return self._call("/_llmock/requests")["requests"]

    def reset(self):
        self._call("/_llmock/reset", {})

    def most_at_once(self):
        """The greatest number of requests that were with the server at one time, from its own journal."""
        events = [(r["started_at"], 1) for r in self.journal()] + [(r["ended_at"], -1) for r in self.journal()]
        now = most = 0
        for _, step in sorted(events):
            now += step
            most = max(most, now)
        return most


@pytest.fixture(scope="session")
def _llmock(tmp_path_factory):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = LLMock(port)
    command = "from llmock.cli import app; app()"
    log = tmp_path_factory.mktemp("llmock") / "log"
    with (
        log.open("w") as out,
        subprocess.Popen(
            [sys.executable, "-c", command, "serve", "--port", str(port), "--log-level", "warning"],
            stdout=out,
            stderr=out,
        ) as process,
    ):
        try:
            eventually(lambda: listens(port), f"llmock ({log})", process)
            server._call("/health")
            yield server
        finally:
            process.terminate()


@pytest.fixture
def mock(_llmock):
    """llmock without faults and with an empty journal."""
    _llmock.reset()
    return _llmock


class Raw:
    """A server on a free port that sends the first reply to the first request and the last one to all after it.

    A reply is the bytes to send, after which the connection is closed; None stalls until the client leaves.
    """

    def __init__(self, *replies):
        self.replies = list(replies)
        self.asked = []
        self.left = 0

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"
        return self

    async def __aexit__(self, *_):
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader, writer):
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            length = int(head.partition("content-length:")[2].partition("\r\n")[0])
            self.asked.append((head, json.loads(await reader.readexactly(length))))
            reply = self.replies[min(len(self.asked), len(self.replies)) - 1]
            if reply is None:
                await reader.read()
                self.left += 1
            else:
                writer.write(reply)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


def body(status=200, content=b"", headers=(), length=None):
    """A response of HTTP; ``length`` where it is to lie about its length."""
    content = content if isinstance(content, bytes) else json.dumps(content).encode()
    lines = [f"HTTP/1.1 {status} Whatever", "content-type: application/json", "connection: close", *headers]
    lines.append(f"content-length: {len(content) if length is None else length}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


GOOD = body(
    content={
        "model": "m-1",
        "choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": "Fine."}}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 2},
    }
)


def question(number=0, text="What now?", **changes):
    """Request number ``number``: differs from the others by its agent."""
    who = Identity(seed=1, agent=number, tick=5, occasion=2, turn=0, attempt=0)
    return replace(Request("m", ({"role": "user", "content": text},), (), who), **changes)


class Oracle:
    """Answers in the process: after so many ``turns`` of the loop, or with the next of ``errors``; counts what it is asked."""

    def __init__(self, turns=0, errors=()):
        self.turns, self.errors = turns, list(errors)
        self.asked, self.running, self.most, self.closed = [], 0, 0, False

    async def __call__(self, request):
        self.asked.append(request.digest())
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            for _ in range(self.turns + 1):
                await asyncio.sleep(0)
            if self.errors and (error := self.errors.pop(0)) is not None:
                raise error
            return Answer(f"to {request.identity.agent}", (), Usage(10, 5), "stop", "m-1")
        finally:
            self.running -= 1

    async def close(self):
        self.closed = True


@pytest.fixture(scope="session")
def kit():
    """Everything above under one name, with a key in the environment."""

    class Kit:
        key, variable = KEY, "SOCIETY_TEST_KEY"
        good = GOOD

    Kit.body, Kit.question = staticmethod(body), staticmethod(question)
    Kit.Raw, Kit.Oracle = Raw, Oracle
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(Kit.variable, KEY)
        yield Kit
