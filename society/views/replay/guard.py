"""Who may ask a server: requests that name it as their host, with its token where it listens beyond this machine."""

import json
import secrets
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from society.ground.errors import Said, WorldError

#: Bytes that a request which changes something may have.
MOST_BYTES = 4096
COOKIE = "society_token"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Guard:
    """Wraps an application; what it lets through carries HEADERS and the policy.

    Args:
        app: what is asked.
        policy: the Content-Security-Policy of every answer.
        hosts: names (with ports) under which the server may be asked; empty: any, which only makes sense with a token. A name
            that merely leads to this address (DNS rebinding) is refused.
        token: what a request must show, in its query once and then in a cookie; empty: nothing.
    """

    def __init__(self, app: ASGIApp, policy: str, hosts: Iterable[str], token: str) -> None:
        self.app, self.hosts, self.token = app, frozenset(hosts), token
        self.headers = {**HEADERS, "Content-Security-Policy": policy}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal, begun = self._refusal(Request(scope)), False

        async def with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers[name] = value
            await send(message)

        try:
            await (refusal or self.app)(scope, receive, with_headers)
        except Exception:  # whatever it is: answered under the same policy as all else, then raised again
            if not begun:
                await PlainTextResponse("the server failed; its terminal says why", 500)(scope, receive, with_headers)
            raise

    def _refusal(self, request: Request) -> Response | None:
        host = request.headers.get("host", "")
        if self.hosts and host not in self.hosts:
            return PlainTextResponse(f"asked as {host[:80]!r}; this server is {sorted(self.hosts)[0]}", 421)
        if request.method not in ("GET", "HEAD", "POST"):
            return PlainTextResponse("GET, HEAD and POST only", 405)
        if request.method == "POST" and not _of_our_page(request, host):
            return PlainTextResponse("what changes something comes as JSON from this server's own page", 403)
        if not self.token:
            return None
        given = parse_qs(request.url.query).get("token", [""])[0]
        if given and secrets.compare_digest(given.encode(), self.token.encode()):
            answer = RedirectResponse(str(request.url.remove_query_params("token")), 303)
            answer.set_cookie(COOKIE, self.token, httponly=True, samesite="strict")
            return answer
        if secrets.compare_digest(_cookie(request).encode(), self.token.encode()):
            return None
        return PlainTextResponse("a token is needed: open the address that society view printed", 403)


def _of_our_page(request: Request, host: str) -> bool:
    """Whether a request that changes something comes from a page of this server, not from another site."""
    origin, kind = request.headers.get("origin"), request.headers.get("content-type", "")
    same = origin is None or (origin.startswith(("http://", "https://")) and origin.partition("://")[2] == host)
    return same and kind.split(";")[0].strip() == "application/json"


async def small_json(request: Request) -> Any:
    """The body of a request, as data.

    Raises:
        WorldError: it is too long, or no JSON.
    """
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise WorldError("request", Said(f"more than {MOST_BYTES} bytes"), f"at most {MOST_BYTES}")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise WorldError("request", repr(body[:60]), "JSON") from None


def _cookie(request: Request) -> str:
    try:
        jar: Any = SimpleCookie(request.headers.get("cookie", ""))
    except CookieError:
        return ""
    return str(jar[COOKIE].value) if COOKIE in jar else ""
