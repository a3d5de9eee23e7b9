"""A server of language models, reached with the OpenAI SDK: any base_url that speaks chat.completions."""

import os
from typing import Any

from society.ground.errors import Busy, ModelError, Unreachable
from society.llm.request import Answer, Call, Request, Usage

#: Most characters of a server's own words in an error.
MOST_SAID = 300


class Endpoint:
    """One server.

    Args:
        base_url: its address, up to and with ``/v1``.
        key: name of the environment variable that holds the key; None if it wants none. The key is never kept here.
        sends_seed: send a seed with each request.
        timeout_s: seconds after which a request is given up.

    Raises:
        ModelError: the variable is not set.
    """

    def __init__(self, base_url: str, key: str | None, sends_seed: bool = True, timeout_s: float = 120.0) -> None:
        from openai import AsyncOpenAI

        secret = os.environ.get(key) if key else "none"
        if not secret:
            raise ModelError(
                f"{base_url}: the environment variable {key} holds no key: set it, or name another (mind.key)"
            )
        self.base_url, self.sends_seed = base_url, sends_seed
        self._client = AsyncOpenAI(base_url=base_url, api_key=secret, max_retries=0, timeout=timeout_s)

    def __repr__(self) -> str:
        return f"Endpoint({self.base_url})"

    async def __call__(self, request: Request) -> Answer:
        """Ask the server once.

        Raises:
            Busy: it has too much to do.
            Unreachable: it cannot be reached, broke off, or answered what cannot be read.
            ModelError: it refuses the request.
        """
        import openai

        options: dict[str, Any] = {"model": request.model, "messages": list(request.messages)}
        if request.tools:
            options["tools"] = list(request.tools)
        if request.temperature is not None:
            options["temperature"] = request.temperature
        if request.max_tokens is not None:
            options["max_tokens"] = request.max_tokens
        if self.sends_seed:
            options["seed"] = request.seed
        try:
            completion = await self._client.chat.completions.create(**options)
        except openai.APIStatusError as error:
            raise self._refused(error, request) from None
        except openai.APIError as error:
            raise Unreachable(f"{self.base_url}: {type(error).__name__}: {str(error)[:MOST_SAID]}") from None
        except ValueError as error:
            raise Unreachable(f"{self.base_url}: the answer cannot be read: {str(error)[:MOST_SAID]}") from None
        return self._read(completion, request)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _refused(self, error: Any, request: Request) -> ModelError:
        status, said = int(error.status_code), _words(error)
        if status == 429 or (status == 503 and "retry-after" in error.response.headers):
            return Busy(
                f"{self.base_url}: status {status}: {said}", _seconds(error.response.headers.get("retry-after"))
            )
        if status >= 500 or status in (408, 409):
            return Unreachable(f"{self.base_url}: status {status}: {said}")
        hint = {
            401: "the key is not accepted",
            403: "the key may not use this model",
            404: f"is {request.model!r} a model of this server, and the address right (mind.model, mind.base_url)?",
            400: "does it take seeds (mind.sends_seed), this temperature (mind.temperature), this length (mind.max_tokens)?",
        }.get(status, "the server refuses the request")
        return ModelError(f"{self.base_url}: status {status}: {said}; {hint}")

    def _read(self, completion: Any, request: Request) -> Answer:
        """The answer in our shape; call ids are made anew, so that later requests do not hold the server's."""
        try:
            choice = completion.choices[0]
            message, usage = choice.message, completion.usage
            turn = request.identity.turn
            calls = tuple(
                Call(f"call_{turn}_{number}", str(one.function.name), str(one.function.arguments))
                for number, one in enumerate(message.tool_calls or [])
            )
            tokens = Usage(int(usage.prompt_tokens), int(usage.completion_tokens)) if usage else Usage(0, 0)
            return Answer(str(message.content or ""), calls, tokens, str(choice.finish_reason), str(completion.model))
        except (AttributeError, IndexError, TypeError, ValueError) as error:
            raise Unreachable(f"{self.base_url}: the answer cannot be read: {str(error)[:MOST_SAID]}") from None


def _words(error: Any) -> str:
    body = error.body if isinstance(error.body, dict) else {}
    return str(body.get("message") or type(error).__name__)[:MOST_SAID]


def _seconds(value: str | None) -> float | None:
    try:
        return min(600.0, max(0.0, float(value))) if value is not None else None
    except ValueError:
        return None
