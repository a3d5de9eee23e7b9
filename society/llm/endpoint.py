"""A server that speaks chat.completions, asked through the openai SDK: one question, one attempt, one answer.

Nothing is asked twice here and nothing is left out silently: the gate decides what is worth another attempt, and a
server that does not know a field of the request is an error that says which option to change. Whatever the environment
holds besides the one key stays on this machine.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from society.ground.errors import ModelError, Unreachable
from society.llm.address import server_of
from society.llm.complaints import Complaint, complaint_of
from society.llm.connections import no_answer, no_connection
from society.llm.failures import failure
from society.llm.replies import answer_from
from society.llm.request import Answer, Request

if TYPE_CHECKING:
    from openai import AsyncOpenAI

#: Seconds in which a server must take a connection.
CONNECT_S = 10.0
#: Headers that a request keeps; the last is how the SDK remembers that the raw response is wanted.
_NEEDED = frozenset(
    {
        b"host",
        b"accept",
        b"accept-encoding",
        b"connection",
        b"content-type",
        b"content-length",
        b"x-stainless-raw-response",
    }
)


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
        ModelError: the URL is none, a header is none, the variable is not set or holds no key, or the key could be read
            on its way.

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
        server = server_of(base_url)
        if key_variable is not None and not server.keeps_secrets:
            raise ModelError(
                f"the key in {key_variable} may not go to {server}: keys go over https, or to this machine"
            )
        self.base_url, self.key_variable = base_url, key_variable
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
            ModelsFailed: the server accepts no such request, or not the key, or cannot be what it should be.
            ModelError: the server does not answer this request.
        """
        body = await self._post(request)
        if isinstance(body, ModelError):
            raise body
        try:
            return answer_from(body, request)
        except ValueError as error:
            said = self._complaint(body, request)
            if said.status:
                raise self._failure(request.model, said.status, {}, said) from None
            words = f'; it says: "{said.words}"' if said.words and b"choices" not in body else ""
            why = f"{self.base_url} sent, for model {request.model}, {error}{words}"
            raise Unreachable(why, "broken answer") from None

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
            said = self._complaint(error.response.content, request)
            return self._failure(model, error.status_code, error.response.headers, said)
        except (TimeoutError, openai.APITimeoutError) as error:
            return no_answer(place, model, error, self.timeout_s)
        except openai.APIConnectionError as error:
            return no_connection(place, model, error)
        except UnicodeEncodeError:
            return ModelError(f"request to {model}: the messages hold characters that are no Unicode text")
        except openai.OpenAIError as error:
            return ModelError(f"{place} cannot be asked for model {model}: {type(error).__name__}")

    def _complaint(self, body: bytes, request: Request) -> Complaint:
        keys = [_key(self.key_variable, self.base_url)] if self.key_variable else []
        asked = [one["content"] for one in request.messages if isinstance(one.get("content"), str)]
        return complaint_of(body, [*keys, *self._headers.values()], asked)

    def _failure(self, model: str, status: int, headers: Mapping[str, str], said: Complaint) -> ModelError:
        key = f"the variable {self.key_variable}" if self.key_variable else "no key is sent"
        return failure(self.base_url, key, model, status, headers, said)

    def _open(self) -> None:
        import openai
        from openai import AsyncOpenAI

        key = _key(self.key_variable, self.base_url)
        self._client = AsyncOpenAI(
            api_key=key,
            base_url=self.base_url,
            max_retries=0,
            # No redirects: what is asked, and a key, reach the server that was named or none. A proxy is asked for what
            # is elsewhere; what is on this machine stays on it.
            http_client=openai.DefaultAsyncHttpxClient(
                timeout=openai.Timeout(self.timeout_s, connect=min(self.timeout_s, CONNECT_S)),
                follow_redirects=False,
                trust_env=not server_of(self.base_url).local,
                event_hooks={"request": [self._bare(key)]},
            ),
        )
        # The raw response is parsed here: the SDK builds its models from any JSON, without looking.
        self._create = self._client.chat.completions.with_raw_response.create

    def _bare(self, key: str) -> Callable[[Any], Awaitable[None]]:
        """Leaves of a request's headers what is needed: the SDK adds organisation, project and headers of its own from
        the environment, whichever server is asked."""

        own = {"authorization": f"Bearer {key}", "user-agent": "plural-society", **self._headers}
        ours = [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in own.items()]
        kept = _NEEDED - {name for name, _ in ours}

        async def bare(request: Any) -> None:
            needed = [one for one in request.headers.raw if one[0].lower() in kept]
            request.headers = type(request.headers)([*needed, *ours])

        return bare

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


def _key(variable: str | None, place: str) -> str:
    if variable is None:
        return "none"
    key = os.environ.get(variable, "").strip()
    if not key:
        raise ModelError(f"the environment variable {variable}, which should hold the key for {place}, is not set")
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise ModelError(f"the environment variable {variable} holds no key for {place}: keys are ASCII without spaces")
    return key
