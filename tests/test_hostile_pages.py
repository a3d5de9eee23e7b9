"""Pages of records that somebody damaged on purpose: every question has an answer, and soon."""

import http.client
import os

import pytest

import society
from society.cli.view import _shown
from society.ground.errors import RecordError
from society.ground.roles import Audience
from society.views.replay.series import series
from society.views.replay.server import Serving
from society.views.replay.watching import Watching


def test_a_pipe_in_place_of_a_part_is_named_and_holds_nobody_up(tmp_path):
    world = society.load_world("decommission").override({"agents.count": 20, "machines.count": 4, "ticks": 3})
    part = next((society.run(world, out=tmp_path / "piped").path / "events").glob("*.parquet"))
    part.unlink()
    os.mkfifo(part)
    serving = Serving(Watching(tmp_path))
    connection = http.client.HTTPConnection("127.0.0.1", serving.port, timeout=5)
    try:
        connection.request("GET", "/api/piped/chunk/0")
        answer = connection.getresponse()
        told = answer.read().decode()
    finally:
        connection.close()
        os.close(os.open(part, os.O_RDWR))  # lets go of who waits at the pipe, so that the test ends
        serving.stop()
    assert answer.status == 404
    assert told.startswith("piped: events/")
    assert "neither a file nor a folder" in told


def test_a_manifest_that_claims_more_ticks_than_there_are_gets_no_room_for_them(tmp_path):
    world = society.load_world("decommission").override({"agents.count": 20, "machines.count": 4, "ticks": 5})
    record = society.run(world, out=tmp_path / "run")
    record.manifest["ticks_done"] = 10**8
    with pytest.raises(RecordError, match="the table of ticks has 5 of the run's 100,000,000 ticks"):
        series(record, 10**8)


def test_a_set_has_no_page_of_its_own_and_its_runs_have(tmp_path):
    world = society.load_world("decommission").override({"agents.count": 20, "machines.count": 4, "ticks": 3})
    society.run_seeds(world, 2, out=tmp_path / "set")
    serving = Serving(Watching(tmp_path))
    try:
        found = []
        for path in ("/run/set", "/api/set/meta", "/run/set/seed-1", "/api/set/seed-2/meta"):
            connection = http.client.HTTPConnection("127.0.0.1", serving.port, timeout=60)
            connection.request("GET", path)
            answer = connection.getresponse()
            found.append((answer.status, answer.read().decode()))
            connection.close()
    finally:
        serving.stop()
    assert [status for status, _ in found] == [404, 404, 200, 200]
    assert "a set of runs: name one of its folders" in found[0][1]


def test_of_a_set_its_runs_are_listed(tmp_path):
    world = society.load_world("decommission").override({"agents.count": 20, "machines.count": 4, "ticks": 3})
    society.run_seeds(world, 2, out=tmp_path / "set")
    watching, page = _shown(tmp_path / "set", Audience.SCIENTIST)
    assert page is None
    assert {name for name, _ in watching.listed()["run"]} == {"seed-1", "seed-2"}


def test_who_waits_for_an_answer_does_not_hold_up_a_server_that_ends(tmp_path):
    world = society.load_world("decommission").override({"agents.count": 20, "machines.count": 4, "ticks": 3})
    society.run(world, out=tmp_path / "run")
    watching = Watching(tmp_path)
    replay = watching.replay("run")
    watching.end()
    for ask in (replay.meta, replay.series, replay.moments, lambda: replay.state(0), lambda: watching.replay("run")):
        with pytest.raises(RecordError, match="run: this server ends"):
            ask()
