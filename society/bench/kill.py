"""Kill a run with SIGKILL at random moments, resume it, and compare it with a run nobody disturbed."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from society.ground.chance import Chance
from society.record.verify import verify
from society.study.run.resuming import resume
from society.study.run.runs import run
from society.world.load import load_world

CHANGES = {"agents.count": 250, "machines.count": 26, "ticks": 400, "record.checkpoint_every": 7}


def kill_and_resume(times: int, progress: Callable[[int, int], None] | None = None) -> int:
    """How many of ``times`` killed and resumed runs end with the hash of the undisturbed run and a whole record.

    Moments are spread over the run by keyed chance; what they interrupt is up to the machine.

    Args:
        times: runs to kill.
        progress: called with (runs done, runs in all).
    """
    world, good = load_world("decommission", CHANGES), 0
    with tempfile.TemporaryDirectory() as folder:
        moments = Chance(world.seed).uniform("kill", 0, np.arange(times))
        begin = time.perf_counter()
        whole = run(world, out=Path(folder) / "whole")
        length = time.perf_counter() - begin
        file = Path(folder) / "world.json"
        file.write_text(json.dumps(world.model_dump(mode="json")), encoding="utf-8")
        for number in range(times):
            path = Path(folder) / f"run-{number}"
            _killed(file, path, 1.1 * length * float(moments[number]))
            record = resume(path)
            good += record.hash == whole.hash and verify(path).good
            if progress:
                progress(number + 1, times)
    return good


def _killed(world: Path, out: Path, after: float) -> None:
    """Start a run in another process and kill it some seconds after its record exists."""
    code = "import json, sys, society; society.run(json.load(open(sys.argv[1])), out=sys.argv[2])"
    with subprocess.Popen([sys.executable, "-c", code, str(world), str(out)]) as process:
        while not (out / "manifest.json").exists():
            if process.poll() is not None:
                raise RuntimeError(f"the run to be killed ended by itself with exit code {process.returncode}")
            time.sleep(0.005)
        time.sleep(after)
        os.kill(process.pid, signal.SIGKILL)
