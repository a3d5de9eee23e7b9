"""The server of simulated models as an outsider sees it: answers, streams, errors, and when it ends."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pytest
from eventually import GUARD_S, eventually, listens

from society.llm.local_server import simulated_server
from society.minds.simulated import families

TOOL = {"type": "function", "function": {"name": "end_turn", "parameters": {"type": "object", "properties": {}}}}
BODY = {"model": "simulated/glm-4.7", "messages": [{"role": "user", "content": "Hello"}], "tools": [TOOL], "seed": 5}


@pytest.fixture(scope="module")
def address():
    with simulated_server("mean") as one:
        yield one


def post(address, body):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(f"{address}/chat/completions", data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=GUARD_S) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def test_it_says_what_it_is(address):
    status, completion = post(address, BODY)
    assert (status, completion["model"]) == (200, "simulated/glm-4.7")
    assert completion["choices"][0]["message"]["tool_calls"][0]["function"]["name"] == "end_turn"
    assert completion["usage"]["prompt_tokens"] > 10
    with urllib.request.urlopen(f"{address}/models", timeout=GUARD_S) as response:
        names = [one["id"] for one in json.loads(response.read())["data"]]
    assert names == [f"simulated/{name}" for name in families("mean")]
    assert post(address, BODY) == post(address, BODY)


def test_the_sdk_streams_from_it(address):
    from openai import AsyncOpenAI

    async def play():
        async with AsyncOpenAI(base_url=address, api_key="none") as client:
            stream = await client.chat.completions.create(**BODY, stream=True)
            return [chunk async for chunk in stream]

    chunks = asyncio.run(play())
    assert chunks[0].choices[0].delta.tool_calls[0].function.name == "end_turn"
    assert chunks[-1].choices[0].finish_reason == "tool_calls"


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"{", 400, "Expecting"),
        (b"[" * 100_000, 400, ""),
        ([], 400, "JSON object"),
        ({**BODY, "messages": []}, 400, "needed"),
        ({**BODY, "messages": [{"role": "wizard", "content": "x"}]}, 400, "role"),
        ({**BODY, "messages": [{"role": "user", "content": {"a": 1}}]}, 400, "text"),
        ({**BODY, "messages": [{"role": "assistant", "tool_calls": [{"id": 1}]}]}, 400, ""),
        ({**BODY, "tools": [{"type": "function"}]}, 400, "name"),
        ({**BODY, "seed": "x"}, 400, "whole number"),
        ({**BODY, "model": "gpt-9"}, 404, "simulated/gemini-3-pro"),
        (b" " * 5_000_000, 400, "larger"),
    ],
)
def test_strangers_requests_are_refused_in_words(address, body, status, said):
    found, answered = post(address, body)
    assert found == status
    assert said in answered["error"]["message"]
    assert post(address, BODY)[0] == 200  # and it goes on


def test_it_can_be_busy_and_broken():
    with simulated_server("mean", "--busy", "0.5", "--broken", "0.3") as address:
        seen = [post(address, BODY)[0] for _ in range(60)]
    assert {429, 500, 200} == set(seen)


def test_it_ends_with_who_started_it():
    code = (
        "from society.llm.local_server import simulated_server as s; import sys\n"
        "with s('mean') as a: print(a, flush=True); sys.stdin.read()"
    )
    starter = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    address = starter.stdout.readline().strip()
    assert post(address, BODY)[0] == 200
    os.kill(starter.pid, signal.SIGKILL)
    starter.communicate()
    eventually(lambda: not listens(urlsplit(address).port), "the end of the server, whose starter is gone")
