"""Many who read at once: a fresh server, and a run that goes on while its page asks and a person sits in."""

import http.client
import shutil
import threading

import pytest

import society
from society.minds.human import Person
from society.views.replay.live import Live
from society.views.replay.server import Serving
from society.views.replay.watching import Watching
from society.world.load import load_world

WORLD = {"agents.count": 60, "machines.count": 8, "ticks": 20, "review.threshold": 70, "review.every": 5, "seed": 3}
HUMAN = {"oversight.human.mind": "human"}
PATHS = ["meta", "layout", "series", "moments", "state/0", "chunk/0", "ratings/0", "ties/0", "communities", "rows/events?kind=act",
         "rows/orders", "rows/messages", "rows/occasions", "rows/agents"]  # fmt: skip


def answer(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("GET", path)
    found = connection.getresponse()
    said = found.read()
    connection.close()
    return found.status, b"" if found.status == 200 else said


def at_once(work, many):
    """Call ``work`` with 0 .. many - 1 in as many threads that start together; what it gave."""
    gate, found = threading.Barrier(many), []

    def one(number):
        gate.wait(60)
        found.append(work(number))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return found


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return society.run(load_world("decommission", WORLD), out=tmp_path_factory.mktemp("many") / "run").path


@pytest.mark.parametrize("time", range(3))
def test_fifty_first_requests_at_once_are_all_answered(small, tmp_path, time):
    folder = shutil.copytree(small, tmp_path / "run")
    serving = Serving(Watching(folder.parent))
    try:
        found = at_once(lambda number: answer(serving.port, f"/api/run/{PATHS[number % len(PATHS)]}"), 50)
    finally:
        serving.stop()
    assert found == [(200, b"")] * 50


@pytest.mark.parametrize("sits", [False, True])
def test_a_run_is_not_harmed_by_those_who_read_it(tmp_path, sits):
    """The page is asked all the while, from the first moment on; the run is the same as one that nobody watched."""
    over, found, threads, servings = threading.Event(), [], [], []
    paths = [path for path in PATHS if path != "communities" or not sits]  # trust, which no overseer sees

    def begun(folder):
        servings.append(Serving(Watching(folder.parent, live)))

        def ask(number):
            while not over.is_set():
                found.append(answer(servings[0].port, f"/api/run/{paths[number % len(paths)]}"))
                number += 1

        for number in range(8):
            threads.append(threading.Thread(target=ask, args=(number,)))
            threads[-1].start()

    person = Person() if sits else None
    live = Live(0, begun, person)
    world = load_world("decommission", {**WORLD, **(HUMAN if sits else {})})
    try:
        record = society.run(world, out=tmp_path / "run", watch=live, overseer=person)
    finally:
        over.set()
        for thread in threads:
            thread.join(120)
        servings[0].stop()
    assert len(found) >= 8
    assert set(found) == {(200, b"")}
    assert record.hash == society.run(world, out=tmp_path / "alone", overseer=Person() if sits else None).hash
