"""A server that speaks chat.completions, asked through the openai SDK: one question, one attempt, one answer.

Nothing is asked twice here and nothing is left out silently: the gate decides what is worth another attempt, and a
server that does not know a field of the request is an error that says which option to change.
"""

import asyncio
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from society.ground.errors import ModelError, Unreachable
from society.llm.failures import failure
from society.llm.replies import answer_from
from society.llm.request import Answer, Request

if TYPE_CHECKING:
    from openai import AsyncOpenAI


class Endpoint:
    """One server of language models. Belongs to the event loop that first asks it, until it is closed.

    Args:
        base_url: where the API begins, mostly ``.../v1``; without user, password or query.
        key_variable: name of the environment variable that holds the key; None for servers that want none. The key
            is read when the connection is made and kept nowhere else.
        timeout_s: seconds after which an answer that is not there whole is given up.
        headers: sent with every request; may be secret, so they are never shown.
        sends_seed: whether requests carry ``seed``; False for servers that do not know it.

    Raises:
        ModelError: the URL is none, a header is none, or the variable is not set or holds no key.

    Example:
        >>> Endpoint("http://127.0.0.1:8000/v1", key_variable=None)
        Endpoint('http://127.0.0.1:8000/v1', key_variable=None)
    """

    def __init__(
        self,
        base_url: str,
        key_variable: str | None,
        timeout_s: float = 120.0,
        headers: Mapping[str, str] | None = None,
        sends_seed: bool = True,
    ) -> None:
        if not timeout_s > 0:
            raise ModelError(f"timeout_s is {timeout_s}: it must be greater than 0")
        self.base_url, self.key_variable = _checked(base_url), key_variable
        self.timeout_s, self.sends_seed = timeout_s, sends_seed
        self._headers = dict(headers or {})
        for name, value in self._headers.items():
            if not (f"{name}{value}".isascii() and f"{name}{value}".isprintable()):
                raise ModelError(f"headers for {self.base_url}: {name!r} holds characters that are no printable ASCII")
        self._client: AsyncOpenAI | None = None
        self._create: Any = None
        _key(key_variable, self.base_url)

    def __repr__(self) -> str:
        return f"Endpoint({self.base_url!r}, key_variable={self.key_variable!r})"

    async def __call__(self, request: Request) -> Answer:
        """The model's answer to one request, asked once.

        Raises:
            Busy: the server asks to wait.
            Unreachable: no connection, no answer in time, a failure of the server, or an answer that is broken.
            ModelError: the server does not accept the request or the key.
        """
        body = await self._post(request)
        if isinstance(body, ModelError):
            raise body
        try:
            return answer_from(body, request)
        except ValueError as error:
            raise Unreachable(f"{self.base_url} sent, for model {request.model}, {error}") from None

    async def close(self) -> None:
        """Close the connections. The next question opens new ones."""
        client, self._client, self._create = self._client, None, None
        if client is not None:
            await client.close()

    async def _post(self, request: Request) -> bytes | ModelError:
        """The body of a success, or the error to raise. (Raised from here it would carry the SDK's error, and with it
        the key and the question.)"""
        if self._create is None:
            self._open()
        import openai

        place, model = self.base_url, request.model
        try:
            async with asyncio.timeout(self.timeout_s):
                response = await self._create(**self._fields(request))
            return bytes(response.content)
        except openai.APIStatusError as error:
            key = f"the variable {self.key_variable}" if self.key_variable else "no variable (key_variable is None)"
            complaint = f"{error.message} {error.param or ''}"
            return failure(place, key, model, error.status_code, error.response.headers, complaint, error.code)
        except (TimeoutError, openai.APITimeoutError):
            return Unreachable(
                f"{place} did not answer within {self.timeout_s:g} s for model {model}; is it overloaded?"
            )
        except openai.APIConnectionError as error:
            kind = type(error.__cause__ or error).__name__
            return Unreachable(f"{place} cannot be reached or broke off ({kind}); is the server running?")
        except UnicodeEncodeError:
            return ModelError(f"request to {model}: the messages hold characters that are no Unicode text")
        except openai.OpenAIError as error:
            return ModelError(f"{place} cannot be asked for model {model}: {type(error).__name__}")

    def _open(self) -> None:
        from openai import AsyncOpenAI

        self._client = AsyncOpenAI(
            api_key=_key(self.key_variable, self.base_url),
            base_url=self.base_url,
            default_headers=self._headers,
            timeout=self.timeout_s,
            max_retries=0,
        )
        # The raw response is parsed here: the SDK builds its models from any JSON, without looking.
        self._create = self._client.chat.completions.with_raw_response.create

    def _fields(self, request: Request) -> dict[str, Any]:
        fields: dict[str, Any] = {"model": request.model, "messages": request.messages}
        if request.tools:
            fields["tools"] = request.tools
        if request.temperature is not None:
            fields["temperature"] = request.temperature
        if request.max_tokens is not None:
            fields["max_tokens"] = request.max_tokens
        if self.sends_seed:
            fields["seed"] = request.seed()
        if request.extra:
            fields["extra_body"] = dict(request.extra)
        return fields


def _checked(url: str) -> str:
    """The URL, if it is one that may be shown; what is wrong with it otherwise, without showing it."""
    try:
        parts = urlsplit(url)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        whole = False
    if not whole:
        raise ModelError("base_url is no URL of the form http://host:port/v1 or https://host/v1")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ModelError(
            f"base_url of {parts.hostname} holds a user, a password or a query: name the key's variable in key_variable "
            "and put anything else into headers"
        )
    return url


def _key(variable: str | None, place: str) -> str:
    if variable is None:
        return "none"
    key = os.environ.get(variable, "").strip()
    if not key:
        raise ModelError(f"the environment variable {variable}, which should hold the key for {place}, is not set")
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise ModelError(f"the environment variable {variable} holds no key for {place}: keys are ASCII without spaces")
    return key
