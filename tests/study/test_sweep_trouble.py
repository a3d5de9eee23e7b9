"""Trouble while a sweep runs: full disks, workers short of memory, a driver that is killed."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from society.ground.errors import RecordError
from society.record.lock import Lock
from society.study.sweep.deaths import Deaths, killed_for_memory
from society.study.sweep.driver import sweep
from society.study.sweep.table import MANIFEST, ROWS, TABLE, Rows, write_json, write_tables

ROOT = Path(__file__).parent.parent.parent
ROW = {"key": "a", "cell": 0, "seed": 1, "hash": "", "seconds": 0.0, "error": "", "changes": {}, "measures": {}}
SMALL = {
    "name": "small", "base": "decommission", "set": {"agents.count": 20, "ticks": 2}, "axes": {"review.threshold": [60]},
    "seeds": 1, "measures": ["order."],
}  # fmt: skip


def test_a_full_disk_is_named_and_keeps_what_is_finished(tmp_path):
    rows = Rows(tmp_path, "")
    rows.add([ROW])
    full = open("/dev/full", "wb")  # noqa: SIM115
    rows._file.close()
    rows._file = full
    with pytest.raises(RecordError, match=r"rows.jsonl: No space left on device; finished runs are kept"):
        rows.add([{**ROW, "key": "b"}])
    rows.close()
    again = Rows(tmp_path, "")
    again.close()
    assert set(again.done) == {"a"}


@pytest.mark.parametrize(("name", "write"), [
    (MANIFEST, lambda folder: write_json(folder / MANIFEST, {"much": "x" * 5000})),
    (TABLE, lambda folder: write_tables(folder, [{**ROW, "key": str(n), "hash": str(n) * 40} for n in range(200)])),
])  # fmt: skip
def test_files_that_a_full_disk_does_not_take_are_named_and_leave_nothing_behind(tmp_path, name, write):
    """A limit of the size of files stands for a full disk; another process has it."""
    inside = os.fork()
    if inside == 0:
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
        try:
            write(tmp_path)
        except RecordError as error:
            told = str(error)
            os._exit(0 if f"{name}: cannot be written" in told and "finished runs are kept" in told else 2)
        finally:
            os._exit(3)
    assert os.waitstatus_to_exitcode(os.waitpid(inside, 0)[1]) == 0
    assert list(tmp_path.iterdir()) == []


def test_two_sweeps_do_not_share_a_folder(tmp_path):
    with Lock(tmp_path), pytest.raises(RecordError, match=r"another process \(\d+\) is writing here"):
        sweep(SMALL, tmp_path)
    assert not (tmp_path / ROWS).exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordError, match=f"study: cannot be made: {os.strerror(errno.ENOTDIR)}"):
        sweep(SMALL, tmp_path / "file" / "study")


class Scheduler:
    def __init__(self, events):
        self.events = events

    def get_events(self, topic):
        return self.events if topic == "worker-restart-memory" else ()


def test_workers_that_held_too_much_memory_are_told_from_those_that_were_ended(monkeypatch):
    assert Deaths(Scheduler([(0, {})])).why().startswith("workers were ended because they held nearly all memory")
    assert Deaths(Scheduler([])).why() == "the workers were ended from outside"
    counts = iter((3, 4))
    monkeypatch.setattr("society.study.sweep.deaths.killed_for_memory", lambda: next(counts))
    assert Deaths(Scheduler([])).why().startswith("the system killed workers, or another program, as memory ran out")


def test_the_system_s_count_of_processes_killed_for_memory(tmp_path):
    (tmp_path / "vmstat").write_text("oom_kill_other 9\noom_kill 3\n")
    assert killed_for_memory(tmp_path / "vmstat") == 3
    assert killed_for_memory(tmp_path / "absent") == 0


def test_a_killed_driver_leaves_no_warnings_of_semaphores():
    code = """
import os, signal, sys
from society.study.sweep.deaths import silent_tracker
with silent_tracker():
    import multiprocessing
    lock = multiprocessing.get_context("spawn").Lock()
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # the tracker has the same standard error: it is read to its end
    assert done.returncode == -signal.SIGKILL
    assert done.stderr == ""
