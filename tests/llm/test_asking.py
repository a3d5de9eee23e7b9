"""One request and its wrappers against real servers: llmock, and a raw one that breaks what llmock cannot break."""

import asyncio
import json
import logging
import multiprocessing
import sqlite3
from contextlib import asynccontextmanager

import llmock.main  # noqa: F401 (compiled now: compiled later, deep in a fixture, Python 3.11 fails at it)
import pytest

from society.ground.errors import BudgetSpent, Busy, ModelError, ReplayMiss, Unreachable
from society.llm.budget import Budget
from society.llm.endpoint import Endpoint
from society.llm.gate import Gate
from society.llm.request import Answer, Call, Identity, Request, Usage
from society.llm.store import Store

SECRET = "sk-very-secret-7731"
TOOL = {"type": "function", "function": {"name": "end_turn", "parameters": {"type": "object", "properties": {}}}}


def request(number=0, model="gpt-4o", **changes):
    messages = ({"role": "user", "content": f"question {number}"},)
    return Request(model, messages, (), Identity(1, number, 3, 4, 0), **changes)


class Echo:
    """Answers at once, and counts."""

    def __init__(self, wait=0.0, errors=()):
        self.wait, self.errors, self.asked, self.under_way, self.most = wait, list(errors), 0, 0, 0

    async def __call__(self, request):
        self.asked += 1
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await asyncio.sleep(self.wait)
            if self.errors:
                raise self.errors.pop(0)
        finally:
            self.under_way -= 1
        text = request.messages[-1]["content"]
        return Answer(text, (Call("call_0_0", "end_turn", "{}"),), Usage(10, 5), "stop", request.model)

    async def close(self):
        """Nothing to close."""


async def all_of(ask, n):
    try:
        return await asyncio.gather(*(ask(request(number)) for number in range(n)), return_exceptions=True)
    finally:
        await ask.close()


@asynccontextmanager
async def raw_server(*bodies):
    """A server that answers each connection with the next of some raw texts; None: nothing at all."""
    waiting, serving = list(bodies), []

    async def serve(reader, writer):
        serving.append(asyncio.current_task())
        try:
            await reader.readuntil(b"\r\n\r\n")
            body = waiting.pop(0) if waiting else GOOD
            if body is None:
                await asyncio.sleep(30)
            writer.write(body)
            await writer.drain()
        finally:
            writer.close()
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    finally:
        server.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


def http(body, length=None, status="200 OK", headers=""):
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{headers}Connection: close\r\n"
    return f"{head}Content-Length: {len(body) if length is None else length}\r\n\r\n{body}".encode()


COMPLETION = {
    "id": "x", "object": "chat.completion", "created": 0, "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9},
}  # fmt: skip
GOOD = http(json.dumps(COMPLETION))


@pytest.mark.parametrize(
    "broken",
    [
        http('{"choices": [{"mess'),
        http("<html>Bad gateway</html>"),
        http(json.dumps(COMPLETION)[:40], length=900),
        http(json.dumps({**COMPLETION, "choices": []})),
        http("[]"),
        http("{}", status="500 Internal Server Error"),
        http("{}", status="503 Service Unavailable"),
        b"",
        b"HTTP/1.1 200",
        None,
    ],
    ids=["cut JSON", "HTML", "cut body", "no choices", "list", "500", "503", "disconnect", "cut head", "stall"],
)
def test_what_is_broken_is_tried_again_and_charged_once(broken, monkeypatch):
    monkeypatch.setenv("MODEL_KEY", SECRET)

    async def play():
        async with raw_server(broken) as url:
            budget = Budget(Gate(Endpoint(url, "MODEL_KEY", timeout_s=1.0), wait_s=0.01))
            answer = await budget(request())
            await budget.close()
            return answer, budget.spent

    answer, spent = asyncio.run(play())
    assert (answer.text, answer.usage) == ("hello", Usage(7, 2))
    assert (spent.calls, spent.prompt, spent.completion) == (1, 7, 2)


def test_what_stays_broken_is_a_typed_error_without_the_key(monkeypatch, caplog):
    monkeypatch.setenv("MODEL_KEY", SECRET)
    caplog.set_level(logging.DEBUG)

    async def play():
        async with raw_server(*[http("no")] * 9) as url:
            endpoint = Endpoint(url, "MODEL_KEY")
            gate = Gate(endpoint, attempts=3, wait_s=0.01)
            with pytest.raises(Unreachable, match="127") as error:
                await gate(request())
            await gate.close()
            return gate.tries, str(error.value) + repr(endpoint)

    tries, said = asyncio.run(play())
    assert tries == 3
    assert SECRET not in said + caplog.text


def test_llmock_rate_limits_are_waited_for(llmock):
    llmock.rate_limit(times=3, retry_after=0.2)

    async def play():
        budget = Budget(gate := Gate(Endpoint(llmock.base_url(), "OPENAI_API_KEY"), most=4))
        answers = await all_of(budget, 6)
        return answers, gate, budget.spent

    answers, gate, spent = asyncio.run(play())
    assert all(isinstance(one, Answer) for one in answers)
    assert (gate.busy, gate.tries, spent.calls) == (3, 9, 6)
    assert len(llmock.requests) == 9
    llmock.assert_resilient()


def test_llmock_failures_are_tried_again_and_refusals_are_not(llmock):
    async def play():
        gate = Gate(Endpoint(llmock.base_url(), "OPENAI_API_KEY"), wait_s=0.01)
        llmock.fail(500, times=2)
        assert isinstance(await gate(request()), Answer)
        llmock.fail(400, message="seed is not supported")
        with pytest.raises(ModelError, match="sends_seed"):
            await gate(request(1))
        llmock.fail(401)
        with pytest.raises(ModelError, match="key is not accepted"):
            await gate(request(2))
        await gate.close()
        return gate.tries

    assert asyncio.run(play()) == 5


def test_ids_of_calls_are_made_anew_and_seeds_are_sent(llmock):
    llmock.call_tool("end_turn", {})

    async def play():
        endpoint = Endpoint(llmock.base_url(), "OPENAI_API_KEY")
        one = Request("gpt-4o", ({"role": "user", "content": "x"},), (TOOL,), Identity(1, 2, 3, 4, 5))
        answer = await endpoint(one)
        await endpoint.close()
        return one, answer

    one, answer = asyncio.run(play())
    assert [(call.id, call.name) for call in answer.calls] == [("call_5_0", "end_turn")]
    assert llmock.requests[0].body["seed"] == one.seed


def test_a_missing_key_is_named_before_anything_is_asked(monkeypatch):
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    with pytest.raises(ModelError, match=r"NO_SUCH_KEY.*mind\.key"):
        Endpoint("http://127.0.0.1:1/v1", "NO_SUCH_KEY")


def test_concurrency_grows_falls_and_recovers():
    async def play():
        echo = Echo(wait=0.002)
        gate = Gate(echo, most=40, wait_s=0.01)
        await asyncio.gather(*(gate(request(n)) for n in range(300)))
        grown = gate.allowed
        echo.errors = [Busy("too much", 0.01)] * 3
        await gate(request(1))
        fallen = gate.allowed
        await asyncio.gather(*(gate(request(n)) for n in range(3000)))
        return echo.most, grown, fallen, gate.allowed, gate.under_way

    most, grown, fallen, recovered, under_way = asyncio.run(play())
    assert (most, grown, under_way) == (40, 40.0, 0)
    assert fallen < 20
    assert recovered > 2 * fallen


def test_given_up_requests_free_their_place():
    async def play():
        gate = Gate(echo := Echo(wait=30), most=2)
        tasks = [asyncio.create_task(gate(request(n))) for n in range(5)]
        await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        echo.wait = 0
        await asyncio.gather(*(gate(request(n)) for n in range(5)))
        return gate.under_way, echo.most

    assert asyncio.run(play()) == (0, 2)


def test_requests_per_minute_are_kept():
    async def play():
        loop, echo = asyncio.get_running_loop(), Echo()
        gate = Gate(echo, per_minute=600)
        begin = loop.time()
        await asyncio.gather(*(gate(request(n)) for n in range(15)))
        return loop.time() - begin

    assert asyncio.run(play()) >= 0.4  # ten at once, then one every tenth of a second


@pytest.mark.parametrize(
    ("limit", "named"),
    [({"calls": 3}, "calls"), ({"tokens": 45}, "tokens"), ({"price": 3e-5}, "price"), ({"seconds": 0}, "seconds")],
)
def test_budgets_stop_before_the_next_call(limit, named):
    async def play():
        budget = Budget(echo := Echo(), **limit, prices={"gpt-4o": (1.0, 0.0)})
        for number in range(0 if named == "seconds" else 3):
            await budget(request(number))
        with pytest.raises(BudgetSpent, match=rf"llm\.spending\.{named}"):
            await budget(request(9))
        return echo.asked

    assert asyncio.run(play()) == (0 if named == "seconds" else 3)


def test_many_at_once_do_not_pass_the_limit_of_calls():
    budget = Budget(echo := Echo(wait=0.01), calls=5)
    results = asyncio.run(all_of(budget, 50))
    assert echo.asked == sum(isinstance(one, Answer) for one in results) == budget.spent.calls == 5


def test_answers_are_kept_replayed_and_missed_by_name(tmp_path):
    path = tmp_path / "answers.sqlite"
    first = Store(echo := Echo(), path)
    kept = asyncio.run(all_of(first, 20))
    asyncio.run(all_of(Store(echo, path), 20))
    assert echo.asked == 20
    assert asyncio.run(all_of(Store(Echo(), path, "replay"), 20)) == kept
    (miss,) = asyncio.run(all_of(Store(Echo(), path, "replay"), 21))[20:]
    assert isinstance(miss, ReplayMiss)
    assert "agent 20, tick 3" in str(miss)
    asyncio.run(all_of(Store(echo, path, "live"), 3))
    assert echo.asked == 23


def test_the_same_question_at_once_is_asked_once(tmp_path):
    async def play():
        store = Store(echo := Echo(wait=0.01), tmp_path / "a.sqlite")
        await asyncio.gather(*(store(request(1)) for _ in range(9)))
        await store.close()
        return echo.asked

    assert asyncio.run(play()) == 1


def _fill(path, first):
    store = Store(Echo(), path)

    async def play():
        for number in range(first, first + 100):
            await store(request(number))
        await store.close()

    asyncio.run(play())


def test_two_processes_share_a_store(tmp_path):
    path = tmp_path / "a.sqlite"
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=_fill, args=(path, first)) for first in (0, 50)]
    for one in both:
        one.start()
    for one in both:
        one.join()
        assert one.exitcode == 0
    file = sqlite3.connect(path)
    assert file.execute("select count(*) from answers").fetchone() == (150,)
    file.close()


def test_files_that_are_no_stores(tmp_path):
    (tmp_path / "text").write_text("not a database at all, but a text" * 50)
    with pytest.raises(ModelError, match="not a store"):
        Store(Echo(), tmp_path / "text")
    with pytest.raises(ModelError, match="no store"):
        Store(Echo(), tmp_path / "none", "replay")
    path = tmp_path / "a.sqlite"
    asyncio.run(all_of(Store(Echo(), path), 1))
    file = sqlite3.connect(path)
    file.execute("update answers set answer = '{'")
    file.commit()
    file.close()
    (damaged,) = asyncio.run(all_of(Store(Echo(), path, "replay"), 1))
    assert isinstance(damaged, ReplayMiss)


def test_the_address_of_an_answer_is_all_that_was_asked():
    one = request()
    assert one.digest == "48d61165a3fd8441f1d7492b8ee7e1b1ea1668d823b49e3654c1a74c4f22a817"
    others = [
        request(1), request(model="other"), request(temperature=0.5), request(max_tokens=9), one.again(),
        Request(one.model, one.messages, (TOOL,), one.identity),
    ]  # fmt: skip
    assert len({one.digest, *(other.digest for other in others)}) == 7
    assert request().digest == one.digest
    assert 0 <= one.seed < 2**31
