"""Store, gate, budget and endpoint as they are used: a faulty server, a program that is killed, a second start."""

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from eventually import GUARD_S

from society.llm import Answer, Budget, Endpoint, Gate, Store

PROGRAM = """
import asyncio, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it, and so would this
sys.path[:0] = {here!r}
from conftest import question
from pathlib import Path
from society.llm import Budget, Endpoint, Gate, Store

async def main():
    store = Store(Gate(Budget(Endpoint({url!r}, {variable!r})), most=4), Path({path!r}), "record")
    try:
        for number in range(0, 400, 4):
            await asyncio.gather(*(store(question(number + more)) for more in range(4)))
            print(number, flush=True)
    finally:
        await store.close()

asyncio.run(main())
"""


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT], ids=["kill", "ctrl-c"])
def test_a_program_that_is_stopped_pays_for_nothing_twice(mock, kit, tmp_path, sent):
    mock.script({"type": "delay", "seconds": 0.05, "times": None})
    path = tmp_path / "answers.db"
    code = PROGRAM.format(
        here=[str(Path(__file__).parent), str(Path(__file__).parents[1])],
        url=mock.url,
        variable=kit.variable,
        path=str(path),
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, kit.variable: kit.key},
    ) as program:
        while program.stdout.readline().strip() != "40":
            assert program.poll() is None, program.stderr.read()
        os.kill(program.pid, sent)
        said = "".join(program.communicate(timeout=GUARD_S))
    assert kit.key not in said
    before = Counter(entry["body"]["seed"] for entry in mock.journal())
    assert 44 <= len(before) < 400

    async def second():
        store = Store(Gate(Budget(Endpoint(mock.url, kit.variable)), most=64), path, "record")
        said = await asyncio.gather(*(store(kit.question(number)) for number in range(400)))
        await store.close()
        return said

    assert len(asyncio.run(asyncio.wait_for(second(), GUARD_S))) == 400
    asked = Counter(entry["body"]["seed"] for entry in mock.journal())
    assert len(asked) == 400
    assert sum(asked.values()) - 400 <= 4, "more was asked again than was under way"
    assert all(asked[kit.question(number).seed()] == 1 for number in range(44))


def test_a_faulty_server_gives_the_same_answers_as_a_good_one(mock, kit, tmp_path):
    requests = [kit.question(number, text=f"Number {number}") for number in range(60)]

    async def record(path):
        budget = Budget(Endpoint(mock.url, kit.variable))
        store = Store(Gate(budget, most=8, backoff_s=0.01, attempts=20), path, "record")
        said = await asyncio.gather(*(store(request) for request in requests * 2))
        await store.close()
        return said, budget.spent.calls

    good, paid = asyncio.run(record(tmp_path / "good.db"))
    mock.script(
        *({"type": "fail", "status": status, "retry_after": 0.01, "times": 3} for status in (429, 500, 503, 502)),
    )
    faulty, paid_again = asyncio.run(record(tmp_path / "faulty.db"))
    assert faulty == good
    assert all(isinstance(answer, Answer) for answer in good)
    assert paid == paid_again == 60


def test_a_budget_within_a_gate_stops_what_has_not_started(mock, kit, tmp_path):
    mock.script({"type": "delay", "seconds": 0.05, "times": None})

    async def scene():
        budget = Budget(Endpoint(mock.url, kit.variable), tokens=1)
        gate = Gate(budget, most=4)
        await asyncio.gather(*(gate(kit.question(number)) for number in range(40)), return_exceptions=True)
        await gate.close()
        return budget.spent.calls

    assert asyncio.run(scene()) == len(mock.journal()) == 1
