"""The gate: how many at once, how it adapts, what is asked again, and that nobody is forgotten."""

import asyncio
import re

import pytest
from eventually import GUARD_S
from hypothesis import given, settings
from hypothesis import strategies as st

from society.ground.errors import (
    BudgetSpent,
    Busy,
    Gone,
    ModelError,
    ModelsFailed,
    RequestRefused,
    TimedOut,
    Unfit,
    Unreachable,
)
from society.llm import Answer, Budget, Endpoint, Gate


def run(scene):
    return asyncio.run(asyncio.wait_for(scene(), GUARD_S))


def answers_of(gate, requests):
    async def scene():
        try:
            return await asyncio.gather(*(gate(request) for request in requests), return_exceptions=True)
        finally:
            await gate.close()

    return run(scene)


def test_it_doubles_with_each_window_until_most(kit):
    async def scene():
        oracle = kit.Oracle(turns=100)
        gate = Gate(oracle, most=40)
        seen = [gate.now]
        for size in (8, 16, 32, 64):
            await asyncio.gather(*(gate(kit.question(number)) for number in range(size)))
            seen.append(gate.now)
        return seen, oracle.most

    assert run(scene) == ([8, 16, 32, 40, 40], 40)


@given(st.integers(1, 12), st.integers(1, 60), st.lists(st.sampled_from([None, None, "busy", "down"]), max_size=40))
@settings(max_examples=40, deadline=None)
def test_never_more_than_most_and_everybody_is_answered(kit, most, count, faults):
    errors = [{"busy": Busy("busy", 0.0), "down": Unreachable("down"), None: None}[fault] for fault in faults]
    oracle = kit.Oracle(errors=errors)
    gate = Gate(oracle, most=most, attempts=100, backoff_s=0.0)
    said = answers_of(gate, [kit.question(number) for number in range(count)])
    assert [answer.text for answer in said] == [f"to {number}" for number in range(count)]
    assert oracle.most <= most
    assert gate.running == 0
    used = faults[: len(oracle.asked)]
    assert (gate.busy, gate.unreachable) == (used.count("busy"), used.count("down"))
    assert len(oracle.asked) == count + gate.busy + gate.unreachable
    assert 1 <= gate.now <= most


def test_busy_halves_once_per_window_and_then_grows_by_one_per_window(kit):
    async def scene():
        oracle = kit.Oracle(turns=100, errors=[None] * 24 + [Busy("busy", 0.0)] * 6)
        gate = Gate(oracle, most=64, backoff_s=0.0)
        for size in (8, 16):
            await asyncio.gather(*(gate(kit.question(number)) for number in range(size)))
        assert gate.now == 32
        await asyncio.gather(*(gate(kit.question(number)) for number in range(6)))
        after = gate.now
        for _ in range(after + 1):
            await gate(kit.question())
        return after, gate.now, gate.busy

    after, later, busy = run(scene)
    assert busy == 6
    assert after == 16
    assert later == 17


def test_nothing_starts_while_the_server_asks_for_quiet(kit):
    async def scene():
        loop = asyncio.get_running_loop()
        begun = []

        class Watch(kit.Oracle):
            async def __call__(self, request):
                begun.append((loop.time(), request.identity.agent))
                return await super().__call__(request)

        gate = Gate(Watch(errors=[Busy("busy", 0.3)]), most=1)
        start = loop.time()
        await asyncio.gather(*(gate(kit.question(number)) for number in range(5)))
        return [time - start for time, _ in begun], [agent for _, agent in begun]

    times, agents = run(scene)
    assert times[0] < 0.25
    assert all(time >= 0.29 for time in times[1:])
    assert sorted(agents[1:]) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("error", [Busy("busy", 0.0), Unreachable("down")], ids=["busy", "down"])
def test_the_last_error_is_raised_after_all_attempts_of_the_same_request(kit, error):
    oracle = kit.Oracle(errors=[error] * 10)
    oracle.errors.insert(0, None)
    first, said = kit.question(1), kit.question()

    async def scene():
        gate = Gate(oracle, attempts=4, backoff_s=0.0)
        await gate(first)
        return (await asyncio.gather(gate(said), return_exceptions=True))[0]

    assert run(scene) is error
    assert oracle.asked[1:] == [said.digest()] * 4


@pytest.mark.parametrize("error", [BudgetSpent("spent"), ModelError("wrong key"), ValueError("a bug")], ids=str)
def test_what_waiting_does_not_mend_is_raised_at_once(kit, error):
    oracle = kit.Oracle(errors=[error])
    gate = Gate(oracle)
    assert answers_of(gate, [kit.question()]) == [error]
    assert len(oracle.asked) == 1
    assert gate.running == 0


def test_a_server_that_asks_for_an_hour_is_refused_in_words_and_nobody_else_is_sent(kit):
    oracle = kit.Oracle(errors=[Busy("come back later", 3600.0)])
    said = answers_of(Gate(oracle), [kit.question(number) for number in range(9)])
    assert all(type(one) is ModelsFailed for one in said)
    assert re.search(r"come back later: not before \d\d:\d\d:\d\d, .* 300 s of llm.longest_wait", str(said[0]))
    assert len(oracle.asked) == 1


def test_a_long_wait_that_is_allowed_is_told_once(kit):
    async def scene():
        lines = []
        gate = Gate(kit.Oracle(errors=[Busy("busy", 50.0)]), say=lines.append)
        tasks = [asyncio.create_task(gate(kit.question(number))) for number in range(3)]
        while not lines:
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await gate.close()
        return lines

    (line,) = run(scene)
    assert re.fullmatch(r"waits until \d\d:\d\d:\d\d: busy", line)


def test_a_model_that_has_not_answered_is_asked_one_question_and_the_crowd_waits(kit):
    oracle = kit.Oracle(errors=[RequestRefused("no such field")])
    said = answers_of(Gate(oracle), [kit.question(number) for number in range(9)])
    assert {(type(one), str(one)) for one in said} == {(ModelsFailed, "no such field")}
    assert len(oracle.asked) == 1


def test_what_one_question_is_refused_for_does_not_end_the_others(kit):
    for error in (RequestRefused("this one"), Unfit("too long")):
        oracle = kit.Oracle(errors=[None, error])
        said = answers_of(Gate(oracle), [kit.question(number) for number in range(9)])
        assert [one for one in said if isinstance(one, Exception)] == [error]
        assert len(oracle.asked) == 9


def test_a_refusal_for_good_ends_all_who_wait_those_who_pause_too(kit):
    async def scene():
        oracle = kit.Oracle(errors=[None, Unreachable("down"), ModelsFailed("the account has no credit")])
        gate = Gate(oracle, most=2, backoff_s=3600.0)
        await gate(kit.question())
        return await asyncio.gather(*(gate(kit.question(n)) for n in range(1, 9)), return_exceptions=True), oracle

    said, oracle = run(scene)
    failed = [str(one) for one in said if not isinstance(one, Answer)]
    assert set(failed) == {"the account has no credit"}
    assert len(failed) >= 7, "one may have been under way"
    assert len(oracle.asked) <= 4


def test_a_server_where_nobody_listens_any_more_is_gone_and_not_asked_for_ever(kit):
    async def scene():
        oracle = kit.Oracle(errors=[None] * 4 + [Gone("nobody listens there")] * 10_000)
        gate = Gate(oracle, backoff_s=0.01, gone_s=0.1, attempts=2)
        await asyncio.gather(*(gate(kit.question(number)) for number in range(4)))
        return await asyncio.gather(*(gate(kit.question(n)) for n in range(4, 40)), return_exceptions=True)

    said = run(scene)
    assert all(type(one) is ModelsFailed and "for 0.1 s" in str(one) for one in said)


def test_a_server_that_listens_again_in_time_is_asked_on(kit):
    oracle = kit.Oracle(errors=[None] + [Gone("nobody listens there")] * 20)
    said = answers_of(Gate(oracle, backoff_s=0.0, attempts=2, gone_s=30.0), [kit.question(n) for n in range(20)])
    assert all(isinstance(one, Answer) for one in said)


def test_a_server_that_answers_nobody_is_down_but_one_that_fails_one_question_is_not(kit):
    def ended(errors):
        async def scene():
            gate = Gate(kit.Oracle(errors=errors), attempts=3, backoff_s=0.0)
            await gate(kit.question())
            return [(await asyncio.gather(gate(kit.question(n)), return_exceptions=True))[0] for n in range(1, 4)]

        return run(scene)

    down = Unreachable("status 500")
    one, other, third = ended([None] + [down] * 9)
    assert one is down
    assert type(other) is type(third) is ModelsFailed
    assert "answers nobody any more" in str(third)
    assert [type(said) for said in ended([None] + [down] * 3)] == [Unreachable, Answer, Answer]


def test_a_server_that_takes_questions_and_never_answers_is_given_up_sooner_than_one_that_fails(kit):
    async def scene():
        lines = []
        async with kit.Raw(None) as server:
            gate = Gate(Endpoint(server.url, None, timeout_s=0.1), backoff_s=0.0, say=lines.append)
            with pytest.raises(ModelsFailed, match=r"did not answer within 0\.1 s.*nothing in 2 attempts"):
                await gate(kit.question())
            await gate.close()
            return len(server.asked), lines

    assert run(scene) == (2, [])


def test_one_that_is_only_slow_for_one_question_is_asked_as_often_as_any(kit):
    slow = TimedOut("did not answer")

    async def scene():
        oracle = kit.Oracle(errors=[None, slow, None, slow, None, slow, None])
        gate = Gate(oracle, attempts=4, backoff_s=0.0)
        await gate(kit.question())
        said = asyncio.create_task(gate(kit.question(1)))
        for number in range(2, 5):
            while len(oracle.asked) % 2:
                await asyncio.sleep(0)
            await gate(kit.question(number))
        return await said

    assert isinstance(run(scene), Answer)


def test_who_waits_for_a_first_answer_is_told_so(kit, monkeypatch):
    monkeypatch.setattr("society.llm.gate._LONG_S", 0.01)

    async def scene():
        told = asyncio.Event()
        lines = []
        async with kit.Raw(None) as server:
            gate = Gate(Endpoint(server.url, None), say=lambda line: (lines.append(line), told.set()))
            asking = asyncio.create_task(gate(kit.question()))
            await told.wait()
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            await gate.close()
        return lines

    (line,) = run(scene)
    assert line.startswith("waits for the first answer of")


def test_waits_grow_and_repeat(kit):
    def waits(request):
        async def scene():
            gate = Gate(kit.Oracle(), backoff_s=1.0)
            return [gate._wait(Unreachable("down"), request, attempt, 0) for attempt in range(1, 12)]

        return run(scene)

    first, other = waits(kit.question(1)), waits(kit.question(2))
    assert first == waits(kit.question(1))
    assert first != other
    assert all(min(60, 2**n) / 2 <= wait <= min(60, 2**n) for n, wait in enumerate(first))


@given(st.lists(st.integers(0, 29), unique=True), st.integers(0, 4))
@settings(max_examples=40, deadline=None)
def test_cancelled_questions_leave_no_trace(kit, cancelled, steps):
    async def scene():
        gate = Gate(kit.Oracle(errors=[None, Busy("busy", 0.001), None, Unreachable("down")]), most=3, backoff_s=0.001)
        tasks = [asyncio.create_task(gate(kit.question(number))) for number in range(30)]
        for _ in range(steps):
            await asyncio.sleep(0)
        for number in cancelled:
            tasks[number].cancel()
        said = await asyncio.gather(*tasks, return_exceptions=True)
        assert gate.running == 0
        again = await asyncio.gather(*(gate(kit.question(number)) for number in range(10)))
        await gate.close()
        return said, again, gate.running

    said, again, running = run(scene)
    assert running == 0
    assert len(again) == 10
    for number, answer in enumerate(said):
        assert isinstance(answer, Answer) or number in cancelled


def test_who_is_cancelled_in_the_moment_of_its_turn_passes_it_on(kit):
    async def scene():
        tasks = []

        class First(kit.Oracle):
            async def __call__(self, request):
                answer = await super().__call__(request)
                if request.identity.agent == 0:  # runs after the turn was given to the second and before it wakes
                    asyncio.get_running_loop().call_soon(tasks[1].cancel)
                return answer

        oracle = First(turns=100)
        gate = Gate(oracle, most=1)
        tasks += [asyncio.create_task(gate(kit.question(number))) for number in range(3)]
        await asyncio.wait(tasks)
        assert tasks[1].cancelled()
        assert len(oracle.asked) == 2
        return tasks[2].result().text, gate.running

    assert run(scene) == ("to 2", 0)


def test_per_minute_spreads_questions(kit):
    async def scene():
        gate = Gate(kit.Oracle(), most=8, per_minute=1200)  # 20 in a second, 20 at once
        start = asyncio.get_running_loop().time()
        await asyncio.gather(*(gate(kit.question(number)) for number in range(30)))
        return asyncio.get_running_loop().time() - start

    assert run(scene) >= 0.4


def test_a_gate_can_be_used_again_in_another_event_loop(kit):
    gate = Gate(kit.Oracle(), per_minute=6000)
    for _ in range(2):
        assert len(answers_of(gate, [kit.question(number) for number in range(20)])) == 20


@pytest.mark.parametrize("wrong", [{"most": 0}, {"attempts": 0}, {"per_minute": 0}, {"backoff_s": -1}])
def test_numbers_out_of_range(kit, wrong):
    with pytest.raises(ModelError, match=next(iter(wrong))):
        Gate(kit.Oracle(), **wrong)


def test_a_real_server_with_all_its_faults(mock, kit):
    faults = [{"type": "fail", "status": 429, "retry_after": 0.1}, {"type": "fail", "status": 500}]
    faults += [{"type": "fail", "status": 503, "retry_after": 0.05}, {"type": "fail", "status": 502, "times": 2}]
    mock.script(*faults, {"type": "delay", "seconds": 0.02, "times": None})
    budget = Budget(Endpoint(mock.url, None))
    gate = Gate(budget, most=12, backoff_s=0.02)
    requests = [kit.question(number) for number in range(80)]
    said = answers_of(gate, requests)
    assert all(isinstance(answer, Answer) for answer in said)
    journal = mock.journal()
    assert len(journal) == 85
    assert (gate.busy, gate.unreachable) == (2, 3)
    assert budget.spent.calls == 80 == sum(entry["status"] == 200 for entry in journal)
    assert mock.most_at_once() <= 12
    failed = [entry for entry in journal if entry["status"] != 200]
    for entry in failed:  # what failed was asked again with the same seed, and answered once
        same = [other["status"] for other in journal if other["body"] == entry["body"]]
        assert same.count(200) == 1
        assert len(same) > 1
    assert len({entry["body"]["seed"] for entry in journal}) == 80


def test_a_quiet_after_429_is_seen_by_the_server(mock, kit):
    mock.script({"type": "fail", "status": 429, "retry_after": 0.4})
    answers_of(Gate(Endpoint(mock.url, None), most=1), [kit.question(number) for number in range(4)])
    first, *others = mock.journal()
    assert first["status"] == 429
    assert all(entry["started_at"] - first["ended_at"] >= 0.35 for entry in others)


def test_broken_bodies_stalls_and_disconnects_end_as_answers(kit):
    async def scene():
        broken = (b"", None, kit.body(content=b"{"), kit.body(content=b"{", length=99), kit.body(content=b"[]"))
        async with kit.Raw(*broken, kit.good) as server:
            budget = Budget(Endpoint(server.url, None, timeout_s=0.3))
            gate = Gate(budget, attempts=6, backoff_s=0.01)
            try:
                said = [await gate(kit.question(number)) for number in range(3)]
            finally:
                await gate.close()
            return said, budget.spent, gate.unreachable, [body["seed"] for _, body in server.asked]

    said, spent, unreachable, seeds = run(scene)
    assert [answer.text for answer in said] == ["Fine."] * 3
    assert (spent.calls, spent.tokens, unreachable) == (3, 27, 5)
    assert seeds == [kit.question(0).seed()] * 6 + [kit.question(1).seed(), kit.question(2).seed()]


def test_a_server_that_never_mends_ends_as_an_error(kit):
    async def scene():
        async with kit.Raw(kit.body(content=b"{")) as server:
            gate = Gate(Endpoint(server.url, None), attempts=3, backoff_s=0.01)
            with pytest.raises(ModelsFailed, match=r"no JSON.*nothing in 3 attempts"):
                await gate(kit.question())
            await gate.close()
            return len(server.asked)

    assert run(scene) == 3
