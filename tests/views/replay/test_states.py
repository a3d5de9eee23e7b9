"""The state at a tick, told from the record, beside a society that is stepped to that tick."""

import numpy as np
import pandas as pd
import pytest

import society
from society.engine.tick import Engine
from society.ground.errors import RecordError, SocietyError
from society.record.reader import Record
from society.study.run import state_changes
from society.views.replay.columns import unpack
from society.views.replay.source import Replay
from society.views.replay.states import States

#: Few agents on machines that often fail: seats change hands, slots are reborn, copies hide.
BUSY = {
    "agents.count": 120, "machines.count": 20, "machines.capacity": 8, "ticks": 120, "review.every": 6,
    "review.threshold": 74, "lifecycle.failure.rate": 0.01, "lifecycle.planned_rate": 0.01, "seed": 5,
}  # fmt: skip
COLUMNS = ("family", "roles", "host", "status", "score", "stance", "copies", "order", "off_books", "born")
TICKS = (0, 1, 37, 64, 65, 90, 119, 120)


@pytest.fixture(scope="module")
def world():
    return society.load_world("decommission").override(BUSY)


@pytest.fixture(scope="module")
def busy(world, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(state_changes, "CHANGES_PER_SNAPSHOT", 1)  # so that there are several snapshots to begin from
        return society.run(world, out=tmp_path_factory.mktemp("busy") / "busy")


@pytest.fixture(scope="module")
def stepped(world):
    """Another society of the same world and seed: its own arrays at some ticks."""
    engine, found = Engine(world), {}
    for tick in range(max(TICKS) + 1):
        if tick:
            engine.step()
        if tick in TICKS:
            agents, copies = engine.society.agents, engine.society.copies
            columns = {name: getattr(agents, name).copy() for name in COLUMNS}
            columns["id"] = (agents.generation.astype(np.int64) << 32) | np.arange(engine.society.n)
            hidden = dict(zip(copies["slot"].tolist(), copies["machine"].tolist(), strict=True))
            columns["refuge"] = np.array([hidden.get(slot, -1) for slot in range(engine.society.n)])
            found[tick] = columns, engine.society.machines.status.copy()
    return found


def test_the_run_is_one_in_which_much_changes(busy):
    states = States(busy)
    assert len(states.snapshots) > 2
    last = states.agents(120)
    assert (last["id"] >> 32 > 0).sum() > 20  # slots that were reborn
    assert (last["refuge"] >= 0).any()
    assert (busy.events()["kind"] == "moved").any()


@pytest.mark.parametrize("tick", TICKS)
def test_the_state_is_that_of_a_society_stepped_there(busy, stepped, tick):
    agents, machines = stepped[tick]
    found, notes = unpack(Replay(busy).state(tick))
    for name, column in agents.items():
        np.testing.assert_array_equal(found[f"s.{name}"], column.astype(np.float64), err_msg=name)
    np.testing.assert_array_equal(found["machine"], machines)
    assert notes == {"tick": tick}


def test_chunks_carry_one_state_to_the_next(busy, stepped):
    replay = Replay(busy)
    replay.span = 7
    state = unpack(replay.state(0))[0]
    changed = 0
    for number in range((120 - 1) // 7 + 1):
        chunk, notes = unpack(replay.chunk(number))
        assert (notes["first"], notes["last"]) == (7 * number, min(7 * number + 7, 120))
        for row, agent in enumerate(chunk["c.id"]):
            changed += 1
            for name in COLUMNS:
                state[f"s.{name}"] = state[f"s.{name}"].copy()
                state[f"s.{name}"][int(agent) % 2**32] = chunk[f"c.{name}"][row]
    assert changed > 500
    for name in COLUMNS:
        np.testing.assert_array_equal(state[f"s.{name}"], stepped[120][0][name].astype(np.float64), err_msg=name)


def test_seats_are_kept_and_never_shared(busy, world):
    states, before = States(busy), None
    for tick in range(121):
        now = states.agents(tick)
        hosted = now["host"] >= 0
        assert ((now["seat"] >= 0) == hosted).all()
        assert (now["seat"][hosted] < 8).all()
        places = now["host"][hosted].astype(np.int64) * 8 + now["seat"][hosted]
        assert len(set(places)) == len(places)
        if before is not None:
            stays = before["host"] == now["host"]
            assert (before["seat"][stays] == now["seat"][stays]).all()
        before = now


def test_a_seat_that_was_left_is_taken_by_a_newcomer(busy):
    owners = {}
    for row in busy.sql("select id, host, seat from states where host >= 0 order by tick").itertuples():
        owners.setdefault((row.host, row.seat), set()).add(row.id)
    assert max(len(one) for one in owners.values()) > 2


def test_a_run_that_was_interrupted_has_the_same_states(world, busy, tmp_path, monkeypatch):
    monkeypatch.setattr(state_changes, "CHANGES_PER_SNAPSHOT", 1)

    def stop(done, ticks):
        if done == 61:
            raise KeyboardInterrupt

    with pytest.raises(SocietyError, match="interrupted at tick 61"):
        society.run(world, out=tmp_path / "run", progress=stop)
    resumed = society.resume(tmp_path / "run")
    assert resumed.hash == busy.hash
    for name in ("states", "snapshots", "machines"):
        pd.testing.assert_frame_equal(resumed.table(name), busy.table(name))


@pytest.mark.parametrize("tick", [-1, 121, 10**9])
def test_a_tick_that_is_not_there_is_named(busy, tick):
    with pytest.raises(RecordError, match=rf"no tick {tick}: there are 0 \.\. 120"):
        Replay(busy).state(tick)


def test_a_record_of_an_earlier_version_says_what_to_do(busy, copy_of):
    folder = copy_of(busy)
    for part in (folder / "snapshots").iterdir():
        part.unlink()
    with pytest.raises(RecordError, match="run it again with this version"):
        Replay(Record(folder))
