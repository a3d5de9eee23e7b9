"""The server of ``society view``: runs below one folder, to be watched in a browser of this machine.

It listens on loopback unless told otherwise, and then asks for a token. It answers only requests that name it as their host,
serves only folders of runs, and every page stands under a policy that lets nothing in from elsewhere.
"""

import gc
import json
import secrets
import socket
import threading
from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import quote

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from society.ground.errors import RecordError, SocietyError
from society.views.replay.document import MODULE, POLICY, STYLE, listed, served
from society.views.replay.guard import Guard, small_json
from society.views.replay.source import Replay
from society.views.replay.watching import Watching

STATIC = {"view.js": (MODULE, "text/javascript"), "view.css": (STYLE, "text/css")}
BYTES = "application/octet-stream"
#: Questions that are followed by which: a tick, a chunk, a table.
ONE_OF_MANY = ("state", "chunk", "ratings", "ties", "rows")


def application(watching: Watching, hosts: list[str], token: str = "") -> Starlette:
    """The server's answers.

    Example:
        >>> from pathlib import Path
        >>> application(Watching(Path(".")), ["127.0.0.1:8000"]).routes[0].path
        '/'
    """

    async def home(request: Request) -> Response:
        return HTMLResponse(listed(await run_in_threadpool(watching.listed)))

    async def static(request: Request) -> Response:
        path, kind = STATIC.get(request.path_params["name"], (None, ""))
        if path is None:
            return PlainTextResponse("no such file", 404)
        return Response(path.read_bytes(), media_type=kind)

    routes = [
        Route("/", home),
        Route("/static/{name}", static),
        *_of_studies(watching),
        *_of_live(watching),
        *_of_runs(watching),
    ]
    guard = Middleware(Guard, policy=POLICY, hosts=hosts, token=token)
    return Starlette(routes=routes, middleware=[guard], exception_handlers={SocietyError: _explained})


def _of_runs(watching: Watching) -> list[Route]:
    """A run's page, and what it asks."""

    async def page(request: Request) -> Response:
        name = request.path_params["run"]
        replay = await run_in_threadpool(watching.replay, name)
        live = await run_in_threadpool(watching.live_run, name)
        goes_on = live is not None and live.status == "running"
        return HTMLResponse(served(str(replay.record.manifest["name"]), f"/api/{quote(name)}", goes_on))

    async def ask(request: Request) -> Response:
        run, what, which = (request.path_params.get(part, "") for part in ("run", "what", "which"))
        if which and what not in ONE_OF_MANY:  # a run within a folder of runs
            run, what, which = f"{run}/{what}", which, ""
        replay = await run_in_threadpool(watching.replay, run)
        return await run_in_threadpool(_answer, replay, what, which, dict(request.query_params))

    return [
        Route("/run/{run:path}", page),
        Route("/api/{run:path}/{what:str}/{which:str}", ask),
        Route("/api/{run:path}/{what:str}", ask),
    ]


def _of_live(watching: Watching) -> list[Route]:
    """What is told of a run that goes on, and what is done to it."""

    async def follow(request: Request) -> Response:
        live = await run_in_threadpool(watching.live_run, request.path_params["run"])
        if live is None:
            return PlainTextResponse("this run does not go on", 404)
        return StreamingResponse(live.follow(), media_type="text/event-stream")

    async def steer(request: Request) -> Response:
        live, what = await run_in_threadpool(watching.live_run, request.path_params["run"]), request.path_params["what"]
        if live is None:
            return PlainTextResponse("this run does not go on", 404)
        if request.method == "POST":
            asked = await small_json(request)
            await run_in_threadpool(live.decide if what == "decide" else live.clock.set, asked)
        return JSONResponse(await run_in_threadpool(live.told))

    return [
        Route("/api/{run:path}/follow", follow),
        Route("/api/{run:path}/steer/{what:str}", steer, methods=["GET", "POST"]),
    ]


def _of_studies(watching: Watching) -> list[Route]:
    """A study's page, what it asks, and runs that it has run again."""
    studies = watching.studies
    if studies is None:
        return []

    async def page(request: Request) -> Response:
        folder = await run_in_threadpool(watching.study, request.path_params["study"])
        return HTMLResponse(served(folder.name, f"/studies/{quote(request.path_params['study'])}", False, "study"))

    async def look(request: Request) -> Response:
        folder = await run_in_threadpool(watching.study, request.path_params["study"])
        return JSONResponse(await run_in_threadpool(studies.look, folder))

    async def differences(request: Request) -> Response:
        folder = await run_in_threadpool(watching.study, request.path_params["study"])
        measure, cell = request.query_params.get("measure", ""), _whole(request.query_params.get("reference", ""))
        return JSONResponse(await run_in_threadpool(studies.differences, folder, measure, cell))

    async def again(request: Request) -> Response:
        folder, asked = await run_in_threadpool(watching.study, request.path_params["study"]), await small_json(request)
        cell, seed = (_whole(str(asked.get(name, "")) if isinstance(asked, dict) else "") for name in ("cell", "seed"))
        return JSONResponse(await run_in_threadpool(studies.open, folder, cell, seed))

    return [
        Route("/study/{study:path}", page),
        Route("/studies/{study:path}/look", look),
        Route("/studies/{study:path}/differences", differences),
        Route("/studies/{study:path}/open", again, methods=["POST"]),
    ]


def _answer(replay: Replay, what: str, which: str, asked: dict[str, str]) -> Response:
    """One question about one run; ``which`` is a number or a table, ``asked`` what the query says."""
    plain: dict[str, Callable[[], object]] = {
        "meta": lambda: replay.meta(),
        "moments": replay.moments,
        "episodes": lambda: replay.episodes(*(_whole(asked.get(name, "")) for name in ("agent", "first", "last"))),
    }
    packed: dict[str, Callable[[], bytes]] = {
        "layout": replay.layout,
        "communities": replay.communities,
        "series": replay.series,
        "state": lambda: replay.state(_whole(which)),
        "chunk": lambda: replay.chunk(_whole(which)),
        "ratings": lambda: replay.ratings(_whole(which)),
        "ties": lambda: replay.ties(_whole(which)),
        "rows": lambda: replay.rows(which, asked),
    }
    if what in plain:
        return Response(
            json.dumps(plain[what]()), media_type="application/json"
        )  # in ASCII: halves of signs do no harm
    if what in packed:
        return Response(packed[what](), media_type=BYTES)
    return PlainTextResponse(f"no answer to {what[:40]!r}: ask for {', '.join([*plain, *packed])}", 404)


def _whole(text: str) -> int:
    """A whole number from outside."""
    if not text.isdecimal() or len(text) > 18:
        raise RecordError(f"{text[:40]!r} is not a whole number")
    return int(text)


async def _explained(request: Request, error: Exception) -> Response:
    return PlainTextResponse(str(error), 404 if isinstance(error, RecordError) else 400)


class Serving:
    """A server that listens, in a thread of its own, until it is stopped.

    Args:
        watching: what it shows.
        host: address to listen at; beyond loopback a token is asked for.
        port: 0 for any that is free.

    Raises:
        SocietyError: it cannot listen there.
    """

    def __init__(self, watching: Watching, host: str = "127.0.0.1", port: int = 0) -> None:
        self._socket, self._watching = _listening(host, port), watching
        self.port = int(self._socket.getsockname()[1])
        loopback = ip_address(self._socket.getsockname()[0]).is_loopback
        self.token = "" if loopback else secrets.token_urlsafe(24)
        names = (host, "127.0.0.1", "localhost", "[::1]") if loopback else ()
        app = application(watching, [f"{name}:{self.port}" for name in dict.fromkeys(names)], self.token)
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
        self.address = f"http://{_reached(host)}:{self.port}"
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self._thread.start()

    def url(self, name: str, kind: str = "run") -> str:
        """Where a run (kind ``run``) or a study (``study``) can be seen."""
        return f"{self.address}/{kind}/{quote(name)}{self.query}"

    @property
    def query(self) -> str:
        """What the first address that is opened ends with: the token, where one is asked for."""
        return f"?token={self.token}" if self.token else ""

    def wait(self) -> None:
        """Serve until it is stopped."""
        while self._thread.is_alive():
            self._thread.join(0.5)

    def stop(self) -> None:
        """Stop listening."""
        loops = [server.get_loop() for server in getattr(self._server, "servers", [])]
        answering = [one for one in threading.enumerate() if getattr(one, "loop", None) in loops]
        self._watching.end()
        self._server.should_exit = True
        self._thread.join(5)
        self._socket.close()
        for thread in answering:  # which end by themselves, but hold what they read until then
            thread.join(5)
        gc.collect()  # errors that were answered hold databases in circles, of which DuckDB complains when the program ends


def _reached(host: str) -> str:
    """The name in an address under which this machine reaches itself, where it listens at ``host``."""
    name = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "localhost": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"[{name}]" if ":" in name else name


def _listening(host: str, port: int) -> socket.socket:
    found = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        found.listen()  # from now on nobody is turned away, though answers begin with the server
    except OSError as error:
        found.close()
        raise SocietyError(f"cannot listen at {host}:{port}: {error.strerror or error}") from error
    return found
