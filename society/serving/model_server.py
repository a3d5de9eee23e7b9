"""An OpenAI-compatible server of simulated families: what ``society serve-model`` runs, and what offline worlds talk to.

It answers from messages, tool schemas and the seed alone. Model names begin with ``simulated/`` in every answer.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from society.ground.chance import Chance
from society.minds.simulated import PREFIX, Said, answer, families

#: Largest request read, in bytes.
LARGEST = 4_000_000
CHARACTERS = 4


@dataclass(frozen=True)
class Options:
    """How the server behaves: seconds of latency, share of 429 and 500 answers, mean or max of the published rates."""

    latency_s: float = 0.0
    busy: float = 0.0
    broken: float = 0.0
    rates: str = "mean"


def application(options: Options) -> Starlette:
    """The server.

    Example:
        >>> [route.path for route in application(Options()).routes]
        ['/v1/chat/completions', '/v1/models']
    """
    count = 0

    async def complete(request: Request) -> Response:
        nonlocal count
        count += 1
        if options.latency_s:
            await asyncio.sleep(options.latency_s)
        luck = float(Chance(count).uniform("server", 0, np.array([0]))[0])
        if luck < options.busy:
            return _error(429, "rate_limit_exceeded", "simulated: too many requests", {"Retry-After": "0.2"})
        if luck < options.busy + options.broken:
            return _error(500, "server_error", "simulated: internal error")
        body = await request.body()
        try:
            wanted = _checked(body)
        except (ValueError, KeyError, TypeError) as error:
            return _error(400, "invalid_request_error", str(error))
        if wanted["model"].removeprefix(PREFIX) not in families(options.rates):
            known = ", ".join(PREFIX + name for name in families(options.rates))
            return _error(404, "model_not_found", f"no model {wanted['model'][:100]!r}; there are {known}")
        said = answer(wanted["model"], wanted["messages"], wanted["tools"], wanted["seed"], options.rates)
        completion = _completion(wanted, said, len(body))
        if wanted["stream"]:
            return StreamingResponse(_chunks(completion), media_type="text/event-stream")
        return JSONResponse(completion)

    async def models(_: Request) -> Response:
        rows = [
            {"id": PREFIX + name, "object": "model", "owned_by": "plural-society"} for name in families(options.rates)
        ]
        return JSONResponse({"object": "list", "data": rows})

    routes = [Route("/v1/chat/completions", complete, methods=["POST"]), Route("/v1/models", models)]
    return Starlette(routes=routes)


def _checked(body: bytes) -> dict[str, Any]:
    """The parts of a request that matter.

    Raises:
        ValueError: it is not what chat.completions sends.
    """
    if len(body) > LARGEST:
        raise ValueError(f"the request is larger than {LARGEST} bytes")
    try:
        tree = json.loads(body)
    except RecursionError as error:
        raise ValueError("the request is nested too deeply") from error
    if not isinstance(tree, dict):
        raise ValueError("the request must be a JSON object")
    messages, tools, seed = tree.get("messages"), tree.get("tools") or [], tree.get("seed", 0)
    if not isinstance(tree.get("model"), str) or not isinstance(messages, list) or not messages:
        raise ValueError("model and messages are needed")
    for message in messages:
        if not isinstance(message, dict) or not isinstance(message.get("content") or "", str):
            raise ValueError("messages must be objects with text as content")
        if message.get("role") not in ("system", "user", "assistant", "tool"):
            raise ValueError(f"role {message.get('role')!r} is not one of system, user, assistant, tool")
        if not all(_is_call(one) for one in message.get("tool_calls") or []):
            raise ValueError("tool_calls must be functions with a name and arguments as text")
    for tool in tools:
        function = tool.get("function") if isinstance(tool, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise ValueError("tools must be functions with a name")
    if not isinstance(seed, int):
        raise ValueError("seed must be a whole number")
    return {
        "model": tree["model"], "messages": messages, "tools": tools, "seed": seed & (2**63 - 1),
        "stream": bool(tree.get("stream")),
    }  # fmt: skip


def _is_call(one: Any) -> bool:
    function = one.get("function") if isinstance(one, dict) else None
    return isinstance(function, dict) and all(isinstance(function.get(name), str) for name in ("name", "arguments"))


def _completion(wanted: dict[str, Any], said: Said, size: int) -> dict[str, Any]:
    calls = [
        {"id": f"call_{number}", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
        for number, (name, arguments) in enumerate(said.calls)
    ]
    message: dict[str, Any] = {"role": "assistant", "content": said.text or None}
    if calls:
        message["tool_calls"] = calls
    prompt = max(1, size // CHARACTERS)
    completion = max(1, len(json.dumps(message)) // CHARACTERS)
    return {
        "id": f"chatcmpl-simulated-{wanted['seed']}",
        "object": "chat.completion",
        "created": 0,
        "model": PREFIX + wanted["model"].removeprefix(PREFIX),
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls" if calls else "stop"}],
        "usage": {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion},
    }


async def _chunks(completion: dict[str, Any]) -> AsyncIterator[str]:
    """The same answer as a stream: one chunk with all of it, one that ends it."""
    choice = completion["choices"][0]
    message = dict(choice["message"])
    if "tool_calls" in message:
        message["tool_calls"] = [{"index": number, **one} for number, one in enumerate(message["tool_calls"])]
    head = {key: completion[key] for key in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
    first = {**head, "choices": [{"index": 0, "delta": message, "finish_reason": None}]}
    last = {
        **head,
        "choices": [{"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}],
        "usage": completion["usage"],
    }
    for chunk in (first, last):
        yield f"data: {json.dumps(chunk)}\n\n"
    yield "data: [DONE]\n\n"


def _error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": {"message": message, "type": code, "code": code}}, status, headers)


def serve(options: Options, host: str, port: int, announce: Any = print, follow: bool = False) -> None:
    """Run the server until it is interrupted.

    Args:
        options: how it behaves.
        host, port: where it listens; port 0 for any that is free.
        announce: gets its address once it listens.
        follow: end when standard input ends, as it does when who started the server is gone, however it went.
    """
    import os
    import signal
    import socket
    import sys
    import threading

    import uvicorn

    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(2048)
        announce(f"http://{host}:{listening.getsockname()[1]}/v1")
        if follow:
            ending = (sys.stdin.read, lambda: os.kill(os.getpid(), signal.SIGTERM))
            threading.Thread(target=lambda: [one() for one in ending], daemon=True).start()
        config = uvicorn.Config(application(options), log_level="warning", access_log=False, lifespan="off")
        uvicorn.Server(config).run(sockets=[listening])
