"""Answers in a file: recorded, replayed, shared between processes, never asked twice."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from eventually import GUARD_S

from society.ground.errors import BudgetSpent, ModelError, StoreError, Unreachable
from society.llm import Endpoint, Identity, Store


def ask_all(store, requests):
    """Answers or errors, in the order of the requests, all asked at once."""

    async def all_of_them():
        try:
            return await asyncio.gather(*(store(request) for request in requests), return_exceptions=True)
        finally:
            await store.close()

    return asyncio.run(asyncio.wait_for(all_of_them(), GUARD_S))


def test_recorded_answers_are_replayed_without_a_server(mock, kit, tmp_path):
    questions = [kit.question(number, text=f"Question ü {number}") for number in range(20)]
    path = tmp_path / "deep" / "answers.db"
    recorded = ask_all(Store(Endpoint(mock.url, kit.variable), path, "record"), questions)
    assert len(mock.journal()) == 20
    nobody = kit.Oracle()
    assert ask_all(Store(nobody, path, "replay"), questions[::-1]) == recorded[::-1]
    assert ask_all(Store(nobody, path, "record"), questions) == recorded
    assert not nobody.asked
    assert nobody.closed
    assert [file.name for file in path.parent.iterdir()] == ["answers.db"]
    assert kit.key.encode() not in b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_live_leaves_the_file_alone(kit, tmp_path):
    oracle = kit.Oracle()
    ask_all(Store(oracle, tmp_path / "no.db", "live"), [kit.question()] * 2)
    assert len(oracle.asked) == 2
    assert not list(tmp_path.iterdir())


def test_a_miss_names_the_question(kit, tmp_path):
    path = tmp_path / "answers.db"
    ask_all(Store(kit.Oracle(), path, "record"), [kit.question()])
    missing = kit.question(identity=Identity(seed=1, agent=11, tick=22, occasion=33, turn=44, attempt=55))
    (error,) = ask_all(Store(kit.Oracle(), path, "replay"), [missing])
    assert type(error) is StoreError
    for part in ("model m ", "agent 11", "tick 22", "occasion 33", "turn 44", missing.digest()[:12], str(path)):
        assert part in str(error)
    assert "What now?" not in str(error)


def test_the_same_question_at_the_same_time_is_asked_once(kit, tmp_path):
    oracle = kit.Oracle(turns=100)
    answers = ask_all(Store(oracle, tmp_path / "answers.db", "record"), [kit.question(i % 3) for i in range(30)])
    assert len(oracle.asked) == 3
    assert len({answer.text for answer in answers}) == 3


def test_a_failure_is_everybodys_and_is_not_stored(kit, tmp_path):
    oracle = kit.Oracle(errors=[Unreachable("down")])
    path = tmp_path / "answers.db"
    errors = ask_all(Store(oracle, path, "record"), [kit.question()] * 5)
    assert [str(error) for error in errors] == ["down"] * 5
    assert len(oracle.asked) == 1
    (answer,) = ask_all(Store(oracle, path, "record"), [kit.question()])
    assert answer.text == "to 0"


def test_after_a_cancellation_the_next_in_line_asks(kit, tmp_path):
    async def scene():
        oracle = kit.Oracle(turns=1000)
        store = Store(oracle, tmp_path / "answers.db", "record")
        first, second, third = (asyncio.create_task(store(kit.question())) for _ in range(3))
        while not oracle.asked:
            await asyncio.sleep(0)
        first.cancel()
        second.cancel()
        answer = await third
        await store.close()
        assert first.cancelled()
        assert second.cancelled()
        return answer, len(oracle.asked)

    answer, asked = asyncio.run(scene())
    assert answer.text == "to 0"
    assert asked == 2


def test_what_was_answered_survives_a_kill(kit, tmp_path):
    path = tmp_path / "answers.db"
    code = f"""
import asyncio, os, signal, sys
sys.path[:0] = {[str(Path(__file__).parent), str(Path(__file__).parents[1])]!r}
from conftest import Oracle, question
from pathlib import Path
from society.llm import Store
async def main():
    store = Store(Oracle(), Path({str(path)!r}), "record")
    for number in range(50):
        await store(question(number))
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL
    oracle = kit.Oracle()
    answers = ask_all(Store(oracle, path, "record"), [kit.question(number) for number in range(50)])
    assert not oracle.asked
    assert [answer.text for answer in answers] == [f"to {number}" for number in range(50)]


def test_several_processes_share_one_store_and_agree(mock, kit, tmp_path):
    path = tmp_path / "answers.db"
    code = f"""
import asyncio, os, sys
sys.path[:0] = {[str(Path(__file__).parent), str(Path(__file__).parents[1])]!r}
from conftest import Oracle, question
from dataclasses import replace
from pathlib import Path
from society.llm import Store
class Own(Oracle):
    async def __call__(self, request):
        return replace(await super().__call__(request), text=f"{{os.getpid()}} to {{request.identity.agent}}")
async def main():
    store = Store(Own(turns=5), Path({str(path)!r}), "record")
    answers = await asyncio.gather(*(store(question(number)) for number in range(200)))
    await store.close()
    print("|".join(answer.text for answer in answers))
asyncio.run(main())
"""
    running = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    said = [process.communicate(timeout=GUARD_S)[0].strip() for process in running]
    assert [process.returncode for process in running] == [0] * 4
    assert len(set(said)) == 1
    assert said[0].count("|") == 199
    with Store(kit.Oracle(), path, "replay")._file as file:
        assert file.execute("SELECT count(*) FROM answers").fetchone() == (200,)
    file.close()


@pytest.mark.parametrize("mode", ["record", "replay"])
@pytest.mark.parametrize("kind", ["text", "other tables", "no answers", "cut", "folder"])
def test_what_is_no_store_is_one_clear_error(kit, tmp_path, kind, mode):
    path = tmp_path / "answers.db"
    if kind == "text":
        path.write_text("agent,answer\n" * 500)
    elif kind == "folder":
        path.mkdir()
    elif kind == "cut":
        ask_all(Store(kit.Oracle(), path, "record"), [kit.question(number) for number in range(200)])
        os.truncate(path, 6000)
    else:
        file = sqlite3.connect(path)
        file.execute("CREATE TABLE other (a)" if kind == "other tables" else "CREATE TABLE answers (a)")
        file.commit()
        file.close()
    before = path.read_bytes() if path.is_file() else None

    def use():
        store = Store(kit.Oracle(), path, mode)
        for answer in ask_all(store, [kit.question(number) for number in range(200)]):
            if isinstance(answer, ModelError):
                raise answer

    with pytest.raises(ModelError, match=r"answers\.db"):
        use()
    assert kind == "cut" or before == (path.read_bytes() if path.is_file() else None)


def test_an_answer_that_was_tampered_with_is_an_error(kit, tmp_path):
    path = tmp_path / "answers.db"
    ask_all(Store(kit.Oracle(), path, "record"), [kit.question()])
    file = sqlite3.connect(path)
    file.execute("""UPDATE answers SET answer = '{"text": 3'""")
    file.commit()
    file.close()
    (error,) = ask_all(Store(kit.Oracle(), path, "replay"), [kit.question()])
    assert type(error) is StoreError
    assert "damaged" in str(error)


def test_replay_needs_a_file_and_makes_none(kit, tmp_path):
    with pytest.raises(ModelError, match="no such file"):
        Store(kit.Oracle(), tmp_path / "none.db", "replay")
    assert not list(tmp_path.iterdir())


def test_replay_where_nothing_can_be_written(kit, tmp_path, monkeypatch):
    path = tmp_path / "answers.db"
    ask_all(Store(kit.Oracle(), path, "record"), [kit.question()])
    before = path.read_bytes()
    monkeypatch.setattr(os, "access", lambda *_: False)
    store = Store(kit.Oracle(), path, "replay")
    assert [file.name for file in tmp_path.iterdir()] == ["answers.db"]
    assert ask_all(store, [kit.question()])[0].text == "to 0"
    assert path.read_bytes() == before


def test_replay_writes_nothing_and_sees_what_is_being_recorded(kit, tmp_path):
    async def scene():
        path = tmp_path / "answers.db"
        recorder = Store(kit.Oracle(), path, "record")
        await recorder(kit.question(0))
        reader = Store(kit.Oracle(), path, "replay")
        assert (await reader(kit.question(0))).text == "to 0"
        await recorder(kit.question(1))
        assert (await reader(kit.question(1))).text == "to 1"
        with pytest.raises(ModelError, match="readonly"):
            reader._run("DELETE FROM answers")
        await recorder.close()
        assert len(reader) == 2
        await reader.close()

    asyncio.run(scene())


def test_a_mode_that_does_not_exist(kit, tmp_path):
    with pytest.raises(ModelError, match="record, replay, live"):
        Store(kit.Oracle(), tmp_path / "a.db", "rewind")


def test_names_with_signs_that_urls_reserve(kit, tmp_path):
    path = tmp_path / "50% what? #1 ü" / "a b.db"
    ask_all(Store(kit.Oracle(), path, "record"), [kit.question()])
    assert path.is_file()
    assert ask_all(Store(kit.Oracle(), path, "replay"), [kit.question()])[0].text == "to 0"


def test_a_spent_budget_stops_only_what_is_not_stored(kit, tmp_path):
    path = tmp_path / "answers.db"
    ask_all(Store(kit.Oracle(), path, "record"), [kit.question(1)])
    spent = kit.Oracle(errors=[BudgetSpent("spent")])
    found, refused = ask_all(Store(spent, path, "record"), [kit.question(1), kit.question(2)])
    assert found.text == "to 1"
    assert type(refused) is BudgetSpent
