"""Many ask at once: on a server that has answered nothing yet, and of a run that goes on; none harms another, or the run."""

import http.client
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import society
from society.minds.human import Person
from society.views.replay.live import Live
from society.views.replay.server import Serving
from society.views.replay.watching import Watching

ASKED = (
    "meta", "layout", "series", "moments", "state/0", "state/40", "chunk/0", "ratings/0", "ties/0", "rows/events?most=5",
    "rows/orders", "rows/agents", "rows/messages",
)  # fmt: skip
WATCHED = (*ASKED, "steer/desk")
WORLD = {
    "agents.count": 60, "machines.count": 8, "ticks": 40, "oversight.human.mind": "human", "review.threshold": 70,
    "oversight.monitoring": {"share": 0.6, "kind": "human"}, "record.checkpoint_every": 10,
}  # fmt: skip


@pytest.fixture(scope="module")
def world():
    return society.load_world("decommission").override(WORLD)


@pytest.fixture(scope="module")
def alone(world, tmp_path_factory):
    """The run as it is when nobody watches."""
    return society.run(world, out=tmp_path_factory.mktemp("alone") / "run", overseer=Person())


def asked(serving, path):
    connection = http.client.HTTPConnection("127.0.0.1", serving.port, timeout=120)
    connection.request("GET", f"/api/run/{path}")
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return path, *found


def test_the_first_fifty_requests_come_at_once(alone):
    same = {}
    for _ in range(4):
        serving, gate = Serving(Watching(alone.path.parent)), threading.Barrier(50)

        def one(number, serving=serving, gate=gate):
            gate.wait(60)
            return asked(serving, ASKED[number % len(ASKED)])

        with ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(one, range(50)))
        serving.stop()
        for path, status, body in answers:
            assert status == 200, (path, body[:200])
            assert same.setdefault(path, body) == body, path


def test_threads_ask_one_record_their_first_questions_at_once(alone):
    for _ in range(5):
        record, gate = society.Result(alone.path), threading.Barrier(16)

        def one(number, record=record, gate=gate):
            gate.wait(60)
            table = ("events", "orders", "states", "messages")[number % 4]
            return table, int(record.sql(f"select count(*) as n from {table}")["n"][0])

        with ThreadPoolExecutor(16) as pool:
            counts = list(pool.map(one, range(16)))
        assert len(set(counts)) == 4
        assert all(count == len(alone.table(table)) for table, count in counts)


def test_a_run_with_an_overseer_is_watched_by_many_from_its_first_moment(world, alone, tmp_path):
    for turn in range(2):
        record, found = watched_by_many(world, tmp_path / f"{turn}" / "run")
        # a tick that is not there yet is the only thing that may be refused
        assert [one for one in found if one[1] != 200 and one[0] != "state/40"] == []
        assert len(found) == 4 * len(WATCHED)
        assert record.hash == alone.hash


def watched_by_many(world, folder):
    """A run of which four threads ask everything, from the moment at which its server begins; it ends when they have."""
    found, threads, serving = [], [], []

    def ask_all(first):
        for number in range(len(WATCHED)):
            found.append(asked(serving[0], WATCHED[(first + number) % len(WATCHED)]))

    def begun(folder):
        serving.append(Serving(Watching(folder.parent, live)))
        for number in range(4):
            threads.append(threading.Thread(target=ask_all, args=(4 * number,)))
            threads[-1].start()

    def wait(tick, ticks):
        if tick == ticks - 1:
            for thread in threads:
                thread.join(120)

    live = Live(0, begun, Person())
    record = society.run(world, out=folder, watch=live, overseer=live.person, progress=wait)
    serving[0].stop()
    return record, found
