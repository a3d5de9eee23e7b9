"""Kill it at any moment: resumed runs end with the same hash, no row lost or doubled; damage is survived or named."""

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import society
from society.engine.tick import Engine
from society.ground.errors import RecordError
from society.ground.occasions import Acts, Column
from society.ground.versions import RULES_VERSION
from society.record.folder import read_manifest
from society.record.lock import Lock
from society.record.tables import TABLES
from society.record.verify import verify
from society.state.snapshot import pack, unpack
from society.study.run.recording import Recording
from society.world.load import load_world, worlds_folder

WORLDS = worlds_folder()
CHANGES = {
    "agents.count": 250,
    "machines.count": 26,
    "ticks": 400,
    "record.checkpoint_every": 7,
    "record.ties_every": 50,
}


def crowd(**changes):
    return load_world("decommission", {**CHANGES, **changes})


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The run nobody interrupted."""
    return society.run(crowd(), out=tmp_path_factory.mktemp("whole") / "run")


def same(record, whole):
    assert record.hash == whole.hash
    assert verify(record.path).good
    for name in TABLES:
        keys = (
            "tick, source, target"
            if name == "ties"
            else 'tick, sender, recipient, act, "order"'
            if name == "messages"
            else None
        )
        one, two = record.table(name), whole.table(name)
        by = [key.strip().strip('"') for key in keys.split(",")] if keys else [one.columns[0]]
        one, two = (rows.sort_values(by, kind="stable").reset_index(drop=True) for rows in (one, two))
        assert one.equals(two), f"{name}: {len(one)} rows, {len(two)} expected"


@pytest.mark.slow
@pytest.mark.parametrize("tick", [1, 90, 181, 270, 399])
def test_killed_in_any_tick(tmp_path, whole, tick):
    world = tmp_path / "world.json"
    world.write_text(json.dumps(crowd().model_dump(mode="json")))
    code = (
        f"import json, society; society.run(json.load(open({str(world)!r})), out={str(tmp_path / 'run')!r}, "
        "progress=lambda *done: print(*done, flush=True))"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert b"%d 400\n" % tick in iter(process.stdout.readline, b"")
        os.kill(process.pid, signal.SIGKILL)
    before = read_manifest(tmp_path / "run")["status"]
    record = society.resume(tmp_path / "run")
    assert before in ("running", "done")
    same(record, whole)


def interrupted(tmp_path, at, **changes):
    """A run stopped as by Ctrl-C after tick ``at``."""

    def stop(tick, ticks):
        if tick == at:
            raise KeyboardInterrupt

    with pytest.raises(society.SocietyError, match="go on with: society resume"):
        society.run(crowd(**changes), out=tmp_path / "run", progress=stop)
    return tmp_path / "run"


def test_interrupted_and_resumed_twice(tmp_path, whole):
    folder = interrupted(tmp_path, 101)
    assert read_manifest(folder)["status"] == "interrupted"

    def stop(tick, ticks):
        if tick == 222:
            raise KeyboardInterrupt

    with pytest.raises(society.SocietyError, match="tick 222 of 400"):
        society.resume(folder, progress=stop)
    same(society.resume(folder), whole)
    assert not (folder / "checkpoint").exists()
    assert society.resume(folder).hash == whole.hash


def press(monkeypatch, what):
    """Ctrl-C while tick 150 is being recorded."""
    follow = Recording._follow_lives

    def pressed(self, moment, events):
        if moment.tick == 150:
            what()
        follow(self, moment, events)

    monkeypatch.setattr(Recording, "_follow_lives", pressed)


def test_ctrl_c_waits_until_a_tick_is_recorded(tmp_path, whole, monkeypatch):
    press(monkeypatch, lambda: signal.raise_signal(signal.SIGINT))
    with pytest.raises(society.SocietyError, match="tick 150 of 400"):
        society.run(crowd(), out=tmp_path / "run")
    monkeypatch.undo()
    same(society.resume(tmp_path / "run"), whole)


def test_an_interruption_that_does_not_wait_leaves_the_checkpoint_before(tmp_path, whole, monkeypatch):
    def twice():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    press(monkeypatch, twice)
    with pytest.raises(society.SocietyError, match="society resume"):
        society.run(crowd(), out=tmp_path / "run")
    monkeypatch.undo()
    same(society.resume(tmp_path / "run"), whole)


@pytest.mark.parametrize("damage", ["truncated", "missing", "all", "not json"])
def test_damaged_checkpoints_fall_back(tmp_path, whole, damage):
    folder = interrupted(tmp_path, 60)
    arrays = sorted((folder / "checkpoint").glob("*.npz"))
    assert len(arrays) == 2
    for path in arrays if damage == "all" else arrays[-1:]:
        if damage == "missing":
            path.unlink()
        elif damage == "not json":
            path.with_suffix(".json").write_text("{")
        else:
            path.write_bytes(path.read_bytes()[:1000])
    same(society.resume(folder), whole)


def test_a_full_disk_is_one_clear_error_and_earlier_data_stay(tmp_path):
    code = f"""
import resource, signal, sys
import society
from tests.study.test_resume import crowd
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
def limit(tick, ticks):
    if tick == 100:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
try:
    society.run(crowd(), out={str(tmp_path / "run")!r}, progress=limit)
except society.RunError as error:
    print("told:", error)
    sys.exit(1)
"""
    root = Path(__file__).parent.parent.parent
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert done.returncode == 1, done.stderr
    assert "cannot be written" in done.stdout
    assert "is intact: society resume" in done.stdout
    record = society.resume(tmp_path / "run")
    assert verify(record.path).good
    assert record.ticks == 400


def test_two_processes_cannot_write_one_record(tmp_path):
    folder = interrupted(tmp_path, 20)
    with Lock(folder), pytest.raises(RecordError, match=r"another process \(\d+\) is writing here"):
        society.resume(folder)


def test_a_run_in_progress_is_not_overwritten(tmp_path, whole):
    refused = []

    def again(tick, ticks):
        if tick == 200:
            with pytest.raises(RecordError, match=r"another process \(\d+\) is writing here") as found:
                society.run(crowd(), out=tmp_path / "run", overwrite=True)
            refused.append(found)

    same(society.run(crowd(), out=tmp_path / "run", progress=again), whole)
    assert refused
    with pytest.raises(RecordError, match=r"exists already: choose another --out"):
        society.run(crowd(), out=tmp_path / "run")
    same(society.run(crowd(), out=tmp_path / "run", overwrite=True), whole)


def test_a_set_with_a_run_in_progress_is_not_overwritten(tmp_path):
    small = crowd(ticks=3)
    society.run_seeds(small, 2, out=tmp_path / "set")
    with Lock(tmp_path / "set" / "seed-2"), pytest.raises(RecordError, match="seed-2: another process"):
        society.run_seeds(small, 2, out=tmp_path / "set", overwrite=True)
    assert verify(tmp_path / "set" / "seed-1").good
    assert len(society.run_seeds(small, 2, out=tmp_path / "set", overwrite=True)) == 2


def test_a_folder_with_an_unfinished_run_says_how_to_go_on_with_it(tmp_path):
    folder = interrupted(tmp_path, 20)
    with pytest.raises(RecordError, match=f"its run is not finished .society resume {folder} goes on with it."):
        society.run(crowd(), out=folder)


def test_a_folder_of_something_else_is_never_written_to(tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    for overwrite in (False, True):
        with pytest.raises(RecordError, match="is not a run's folder, so nothing is written there"):
            society.run(crowd(ticks=2), out=tmp_path, overwrite=overwrite)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_system_without_locks_is_named(tmp_path, monkeypatch):
    def refuse(*args):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    with pytest.raises(RecordError, match="knows no locks"):
        society.run(crowd(ticks=2), out=tmp_path / "run")


def test_unfinished_runs_of_an_earlier_version_are_refused(tmp_path):
    folder = interrupted(tmp_path, 20)
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "format": 1}))
    with pytest.raises(RecordError, match="earlier version of the program"):
        society.resume(folder)


def test_a_read_only_folder(tmp_path, monkeypatch):
    folder = interrupted(tmp_path, 20)

    def refuse(*args, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.replace", refuse)
    with pytest.raises(RecordError, match="Permission denied"):
        society.resume(folder)
    monkeypatch.undo()
    assert verify(society.resume(folder).path).good


def test_the_clock_may_jump(tmp_path, monkeypatch):
    times = iter(range(10**9, 0, -1000))
    monkeypatch.setattr("society.study.run.writing.time.perf_counter", lambda: float(next(times)))
    record = society.run(crowd(**{"record.checkpoint_every": 0, "ticks": 50}), out=tmp_path / "run")
    assert verify(record.path).good


class Counting:
    columns = {"asked": Column("int64", shape=(2,))}  # noqa: RUF012

    def decide(self, occasions, chance):
        act = occasions.duty
        return Acts.of([act] * len(occasions), columns={"asked": occasions.columns["asked"] + 1})


def test_minds_of_ones_own_must_be_given_again_and_keep_their_columns(tmp_path):
    minds = {"glm-4.7": Counting()}
    whole = society.run(crowd(ticks=60), out=tmp_path / "whole", minds=minds)

    def stop(tick, ticks):
        if tick == 30:
            raise KeyboardInterrupt

    with pytest.raises(society.SocietyError):
        society.run(crowd(ticks=60), out=tmp_path / "run", minds=minds, progress=stop)
    with pytest.raises(RecordError, match=r"minds of your own for glm-4\.7"):
        society.resume(tmp_path / "run")
    assert society.resume(tmp_path / "run", minds=minds).hash == whole.hash


def test_a_file_that_changed_meanwhile_is_named_and_one_that_is_back_goes_on(tmp_path):
    rates = tmp_path / "rates.csv"
    published = (WORLDS / "published_rates.csv").read_text()
    rates.write_text(published)
    changes = {"agents.count": 60, "machines.count": 8, "ticks": 40, "rates.table": str(rates)}
    whole = society.run(crowd(**changes), out=tmp_path / "whole")
    folder = interrupted(tmp_path, 20, **changes)
    rates.write_text(published + "\n")
    with pytest.raises(RecordError, match=r"rates\.csv has changed since the run began"):
        society.resume(folder)
    rates.write_text(published)
    record = society.resume(folder)
    assert record.hash == whole.hash
    assert verify(record.path).good


def test_a_run_begun_by_other_rules_goes_on_with_these_never(tmp_path, monkeypatch):
    folder = interrupted(tmp_path, 20)
    monkeypatch.setattr("society.study.run.manifest.RULES_VERSION", 99)
    with pytest.raises(
        RecordError, match=f"begun by version {RULES_VERSION} of the rules, and this program has version 99"
    ):
        society.resume(folder)


def test_a_hash_tells_what_a_file_held_when_the_run_began(tmp_path):
    rates = tmp_path / "rates.csv"
    rates.write_text((WORLDS / "published_rates.csv").read_text())

    def edit(tick, ticks):
        if tick == 20:
            rates.write_text("another table")

    record = society.run(crowd(ticks=40, rates={"table": str(rates)}), out=tmp_path / "run", progress=edit)
    assert verify(record.path).good


def test_state_survives_packing():
    engine = Engine(crowd())
    for tick in range(1, 81):
        engine.step()
        if tick % 20:
            continue
        arrays, tree = pack(engine.society)
        fresh = Engine(crowd())
        unpack(fresh.society, {name: array.copy() for name, array in arrays.items()}, json.loads(json.dumps(tree)))
        fresh.tick, fresh.outbox = engine.tick, engine.outbox
        histories = []
        for one in (fresh, engine):
            recording = Recording(one, None)
            recording.take(one.step())
            histories.append(recording.hash)
        assert histories[0] == histories[1]
