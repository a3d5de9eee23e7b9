"""Whatever stands in a command's way is one line: Ctrl-C from the first moment on, folders that take no files."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from society.cli import main

ROOT = Path(__file__).parent.parent.parent

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


@pytest.mark.parametrize("name", ["typer", "society.cli_fit", "numba", "society.study.runs", "society.engine"])
def test_ctrl_c_while_modules_are_loaded_is_one_line(tmp_path, name):
    done = subprocess.run(
        [sys.executable, "-c", PRESS.format(name=name), tmp_path / "run"], capture_output=True, text=True, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 128 + signal.SIGINT, done.stderr
    assert done.stderr.startswith("society: interrupted")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_a_folder_that_takes_no_files_is_named(monkeypatch, capsys):
    monkeypatch.chdir("/proc/self")
    monkeypatch.setattr(sys, "argv", ["society", "new", "mine"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    told = capsys.readouterr().err
    assert told.startswith("society: mine.yaml: ")
    assert told.count("\n") == 1
