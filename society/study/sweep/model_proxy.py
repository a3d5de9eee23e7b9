"""Language models in a sweep: workers ask the driver, which alone has the store, the budget and the connections.

Questions and answers travel as JSON through queues of the scheduler, so that workers need not reach the driver's machine.
"""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from society.ground.errors import (
    BudgetSpent,
    Busy,
    Gone,
    ModelError,
    ModelsFailed,
    RequestRefused,
    StoreError,
    Unfit,
    Unreachable,
)
from society.ground.loop import LOOP
from society.llm.request import Answer, Ask, Request

#: Seconds after which a worker that waits looks whether anybody still wants its run.
LOOK_S = 2.0
#: Seconds that questions under way, which are paid for, may take to end when the driver stops.
END_S = 20.0
_ERRORS = {
    kind.__name__: kind
    for kind in (ModelError, BudgetSpent, StoreError, ModelsFailed, RequestRefused, Unfit, Busy, Unreachable, Gone)
}


class ModelProxyServer:
    """The driver's side: answers what workers ask.

    Args:
        client: a client of dask's.
        ask: who answers.
    """

    def __init__(self, client: Any, ask: Ask) -> None:
        from distributed import Queue

        self.name = f"society-{uuid4().hex}"
        self._client, self._ask = client, ask
        self._questions = Queue(self.name, client=client)
        self._lines: dict[str, Any] = {}
        self._under_way: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._serve, name="society-proxy", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Answer nobody any more; what was asked already is waited for and kept."""
        self._questions.put(None)
        self._thread.join()
        LOOP.run(self._end())
        for line in [self._questions, *self._lines.values()]:
            line.close()
        if self._failure is not None:
            raise self._failure

    def _serve(self) -> None:
        while (question := self._questions.get()) is not None:
            LOOP.call(self._begin, question)

    def _begin(self, question: str) -> None:
        asked = json.loads(question)
        task = asyncio.ensure_future(self._answer(asked))
        self._under_way.add(task)
        task.add_done_callback(lambda done: self._ended(done, asked))

    def _ended(self, task: "asyncio.Task[None]", asked: dict[str, Any]) -> None:
        """Tell a mistake of the program's to who asked, whose run must end, and to whoever closes the proxy."""
        self._under_way.discard(task)
        failure = None if task.cancelled() else task.exception()
        if failure is not None and self._failure is None:
            self._failure = failure
            said = {"error": StoreError.__name__, "text": f"{type(failure).__name__}: {failure}"}
            again = asyncio.ensure_future(self._say(asked, said))
            self._under_way.add(again)
            again.add_done_callback(self._under_way.discard)

    async def _answer(self, asked: dict[str, Any]) -> None:
        try:
            said = {"answer": (await self._ask(Request.from_json(asked["request"]))).to_json()}
        except ModelError as error:
            said = {"error": type(error).__name__, "text": str(error), "reason": error.reason}
        await self._say(asked, said)

    async def _say(self, asked: dict[str, Any], said: dict[str, str]) -> None:
        text = json.dumps({"number": asked["number"], **said})
        await asyncio.to_thread(self._line(asked["line"]).put, text)

    def _line(self, name: str) -> Any:
        from distributed import Queue

        if name not in self._lines:
            self._lines[name] = Queue(name, client=self._client)
        return self._lines[name]

    async def _end(self) -> None:
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=END_S)
        for task in self._under_way:
            task.cancel()


class Line:
    """The worker's side: asks the driver, as any server would be asked.

    Args:
        client: the worker's client of dask's.
        proxy: name of the driver's proxy.
        wanted: whether anybody still waits for what is computed here.
    """

    def __init__(self, client: Any, proxy: str, wanted: Callable[[], bool]) -> None:
        from distributed import Queue

        #: Questions that no server answered, however often they were put.
        self.unanswered = 0
        self._name = f"{proxy}-{uuid4().hex}"
        self._questions, self._answers = Queue(proxy, client=client), Queue(self._name, client=client)
        self._wanted, self._ended = wanted, threading.Event()
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._number = 0
        self._threads = [threading.Thread(target=one, daemon=True) for one in (self._listen, self._look)]
        for thread in self._threads:
            thread.start()

    async def __call__(self, request: Request) -> Answer:
        """The driver's answer.

        Raises:
            ModelError: whatever went wrong there.
        """
        self._number += 1
        number, waiting = self._number, asyncio.get_running_loop().create_future()
        self._waiting[number] = waiting
        question = json.dumps({"line": self._name, "number": number, "request": request.canonical})
        await asyncio.to_thread(self._questions.put, question)
        said = await waiting
        if "answer" in said:
            return Answer.from_json(said["answer"])
        kind = _ERRORS[said["error"]]
        self.unanswered += issubclass(kind, Busy | Unreachable)
        error = kind(said["text"])
        error.reason = said.get("reason", kind.reason)
        raise error

    async def close(self) -> None:
        """Nothing to close for each mind."""

    def hang_up(self) -> None:
        """Ask no more."""
        self._ended.set()
        self._answers.put(None)
        for thread in self._threads:
            thread.join()

    def _listen(self) -> None:
        while (said := self._answers.get()) is not None:
            LOOP.call(self._take, json.loads(said))

    def _look(self) -> None:
        while not self._ended.wait(LOOK_S):
            if not self._wanted():
                LOOP.call(self._give_up)

    def _take(self, said: dict[str, Any]) -> None:
        waiting = self._waiting.pop(said["number"], None)
        if waiting is not None and not waiting.done():
            waiting.set_result(said)

    def _give_up(self) -> None:
        gone = {"error": StoreError.__name__, "text": "the driver of this sweep is gone"}
        for number in list(self._waiting):
            self._take({"number": number, **gone})


@contextmanager
def line_to(proxy: str | None) -> Iterator[Line | None]:
    """A line from the task that runs here to a proxy; None where there is no proxy."""
    if proxy is None:
        yield None
        return
    from distributed import get_client, get_worker

    worker = get_worker()
    key = worker.get_current_task()

    def wanted() -> bool:
        task = worker.state.tasks.get(key)
        return task is not None and task.state == "executing"

    line = Line(get_client(), proxy, wanted)
    try:
        yield line
    finally:
        line.hang_up()
