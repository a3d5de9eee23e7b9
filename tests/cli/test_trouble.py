"""Whatever stands in a command's way is one line: Ctrl-C from the first moment on, folders that take no files."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest
from eventually import eventually

import society
from society.cli.main import main
from society.cli.view import view, watched
from society.record.verify import verify
from society.study.run.recording import Recording

ROOT = Path(__file__).parent.parent.parent
SMALL = {"agents.count": 20, "machines.count": 4, "ticks": 3}

#: Presses Ctrl-C when a module is looked for.
PRESS = """
import signal, sys
class Presses:
    def find_spec(self, name, path=None, target=None):
        if name == {name!r}:
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Presses())
sys.argv = ["society", "run", "decommission", "--ticks", "2", "--out", sys.argv[1]]
from society.__main__ import main
main()
"""


@pytest.mark.parametrize("name", ["typer", "society.cli.fit", "numba", "society.study.run.runs", "society.engine.tick"])
def test_ctrl_c_while_modules_are_loaded_is_one_line(tmp_path, name):
    done = subprocess.run(
        [sys.executable, "-c", PRESS.format(name=name), tmp_path / "run"], capture_output=True, text=True, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 128 + signal.SIGINT, done.stderr
    assert done.stderr.startswith("society: interrupted")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_ctrl_c_while_the_program_ends_is_not_heard():
    said = "import atexit, signal, sys\nfrom society.__main__ import main\nsys.argv = ['society', '--version']\n"
    pressed = "atexit.register(signal.raise_signal, signal.SIGINT)\nmain()\n"
    done = subprocess.run([sys.executable, "-c", said + pressed], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("society ")


def test_a_dry_run_of_a_sweep_says_what_it_found_and_no_more(tmp_path):
    words = ["sweep", "threshold", "--dry-run", "--out", tmp_path / "study"]
    done = subprocess.run(
        [sys.executable, "-m", "society", *words], capture_output=True, text=True, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("threshold: 9 cells x 4 seeds = 36 runs: 0 in the table")


@pytest.mark.parametrize("workers", [0, 1], ids=["before there are workers", "while one begins"])
def test_ctrl_c_while_the_workers_of_a_sweep_begin_is_one_line(tmp_path, workers):
    words = ["sweep", "experiments/threshold.yaml", "--workers", "2", "--out", tmp_path / "study"]
    with subprocess.Popen(
        [sys.executable, "-m", "society", *words], cwd=ROOT, start_new_session=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip

        def begun():
            below = psutil.Process(process.pid).children(recursive=True)
            servers = [one for one in below if "forkserver" in " ".join(one.cmdline())]
            return servers and len(servers) > workers

        eventually(begun, "the process that workers are forked from", process)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        out, told = process.communicate()
    assert (out, told) == ("", "society: interrupted; what is finished is kept: the same command goes on\n")
    assert process.returncode == 1


def test_a_folder_that_takes_no_files_is_named(monkeypatch, capsys):
    monkeypatch.chdir("/proc/self")
    monkeypatch.setattr(sys, "argv", ["society", "new", "mine"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    told = capsys.readouterr().err
    assert told.startswith("society: mine.yaml: ")
    assert told.count("\n") == 1


def test_a_question_that_ctrl_c_ended_is_one_line(monkeypatch, capsys):
    def interrupted(run):
        raise RuntimeError("Query interrupted")  # as DuckDB says it

    monkeypatch.setattr("society.record.verify.verify", interrupted)
    monkeypatch.setattr("society.cli.main.single_run", lambda run: run)
    monkeypatch.setattr(sys, "argv", ["society", "verify", "run"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "society: interrupted\n"


def test_the_page_of_a_run_that_was_interrupted_is_not_served_any_more(tmp_path):
    """Threads of a server that outlive the program abort it."""
    (tmp_path / "run").mkdir()

    def interrupted(live):
        live._begun(tmp_path / "run")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        watched(0, open_=False, person=None, run=interrupted)
    assert not [one for one in threading.enumerate() if "(run)" in one.name]


def test_ctrl_c_while_a_browser_is_opened_ends_the_server(tmp_path, monkeypatch):
    def pressed(address):
        raise KeyboardInterrupt

    monkeypatch.setattr("webbrowser.open", pressed)
    with pytest.raises(KeyboardInterrupt):
        view(tmp_path)
    assert not [one for one in threading.enumerate() if "(run)" in one.name]


def test_ctrl_c_while_the_end_is_written_leaves_a_whole_run(tmp_path, monkeypatch):
    finish = Recording.finish

    def pressed(recording):
        signal.raise_signal(signal.SIGINT)
        finish(recording)

    monkeypatch.setattr(Recording, "finish", pressed)
    with pytest.raises(KeyboardInterrupt):
        society.run(society.load_world("decommission").override(SMALL), out=tmp_path / "run")
    assert verify(tmp_path / "run").good
