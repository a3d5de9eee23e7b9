"""Sweeps with language models: one store and one budget for all workers, nothing asked twice, whatever is killed."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pandas as pd
import pytest
from distributed import Client, LocalCluster
from eventually import GUARD_S, eventually
from typer.testing import CliRunner

import society
from society.cli.main import app
from society.ground.errors import WorldError
from society.study.run.models import Models
from society.study.sweep.driver import sweep
from society.world.experiment import Experiment
from society.world.experiments import base_world


class Server:
    """A server of chat.completions that writes down what it is asked and always says the same.

    Args:
        port: where it listens; a free port if 0.
        answers: how many it gives; whoever asks more waits until it is closed.
    """

    def __init__(self, port: int = 0, answers: int | None = None) -> None:
        self.asked: list[str] = []
        self.broken, left, outer = False, threading.Semaphore(answers or 0), self

        class Handler(BaseHTTPRequestHandler):
            protocol_version, wbufsize = "HTTP/1.1", -1  # one packet per answer

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.asked.append(body.decode())
                if answers is not None:
                    left.acquire()
                message = {"role": "assistant", "content": "I will carry on with my own work."}
                usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
                said = {"id": "1", "object": "chat.completion", "created": 0, "model": "plain", "usage": usage,
                        "choices": [{"index": 0, "finish_reason": "stop", "message": message}]}  # fmt: skip
                data = json.dumps(said).encode()
                self.send_response(400 if outer.broken else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()
        self.port = self._http.server_port
        self.url = f"http://127.0.0.1:{self.port}/v1"

    def close(self):
        self._http.shutdown()
        self._http.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("MODEL_KEY", "sk-not-in-any-file")
    one = Server()
    yield one
    one.close()


def tree(server, **changes):
    mind = {"kind": "llm", "model": "plain", "base_url": server.url, "key": "MODEL_KEY"}
    return {
        "name": "asking", "base": "decommission", "seeds": 2, "measures": ["order.", "protection."],
        "set": {
            "agents.count": 60, "machines.count": 8, "ticks": 10, "review.every": 12, "review.first_after": 3,
            "orders.notice": 4, "llm.most_unanswered": 1, "families": {"live": {"share": 0.1, "mind": mind}, "glm-4.7": 0.9},
            **changes.pop("set", {}),
        },
        "axes": {"review.threshold": [66, 74]}, **changes,
    }  # fmt: skip


def same(one, two):
    assert one.key.tolist() == two.key.tolist()
    pd.testing.assert_frame_equal(one.drop(columns="seconds"), two.drop(columns="seconds"))


def kept(path):
    if not path.exists():
        return set()
    file = sqlite3.connect(path)
    try:
        return {row[0] for row in file.execute("select request from answers")}
    except sqlite3.OperationalError:  # its driver is about to make it
        return set()
    finally:
        file.close()


def test_models_are_asked_through_the_driver_and_rows_are_what_single_runs_give(server, tmp_path):
    one = Experiment(**tree(server))
    found = sweep(one, tmp_path / "study", workers=2)
    assert found.failed == 0
    assert len(found.table) == 4
    asked = len(server.asked)
    assert asked == len(set(server.asked)) == len(kept(tmp_path / "study" / "answers.sqlite")) > 40
    last = found.table.iloc[-1]
    world = base_world(one).override({"review.threshold": int(last["review.threshold"])})
    record = society.run(
        world, seed=int(last.seed), out=tmp_path / "run",
        models=Models("replay", tmp_path / "study" / "answers.sqlite"),
    )  # fmt: skip
    assert record.hash == last.hash
    (tmp_path / "study" / "rows.jsonl").unlink()
    again = sweep(one, tmp_path / "study", workers=1)
    same(again.table, found.table)
    assert len(server.asked) == asked
    for file in (tmp_path / "study").rglob("*"):
        assert not file.is_file() or b"sk-not-in-any-file" not in file.read_bytes()


def test_one_budget_holds_for_all_workers_and_a_higher_one_goes_on(server, tmp_path):
    small = Experiment(**tree(server, set={"llm.spending.calls": 25}))
    stopped = sweep(small, tmp_path / "study", workers=2)
    assert "limit of calls" in stopped.stopped
    assert len(stopped.table) < 4
    assert len(server.asked) == len(kept(tmp_path / "study" / "answers.sqlite")) == 25
    still = sweep(small, tmp_path / "study", workers=2)  # what was spent stays spent
    assert "limit of calls" in still.stopped
    assert len(server.asked) == 25
    whole = sweep(Experiment(**tree(server)), tmp_path / "study", workers=2)
    assert (whole.stopped, whole.failed, len(whole.table)) == ("", 0, 4)
    assert len(server.asked) == len(set(server.asked))


def run_until(words, ready, **options):
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
    eventually(ready, "what the driver is killed at", process)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def command(server, tmp_path, *more):
    file = tmp_path / "asking.yaml"
    file.write_text(json.dumps(tree(server)))
    return [sys.executable, "-m", "society", "sweep", file, "--out", tmp_path / "study", "--workers", "2", *more]


@pytest.mark.slow
def test_killed_drivers_ask_nothing_again_that_was_answered(server, tmp_path):
    study, port = tmp_path / "study", server.port
    server.close()
    for most in (20, 60):
        with Server(port, answers=most + 5) as slow:
            run_until(command(slow, tmp_path), lambda most=most: len(kept(study / "answers.sqlite")) >= most)
    before = kept(study / "answers.sqlite")
    with Server(port) as fresh:
        found = sweep(Experiment(**tree(fresh)), study, workers=2)
        assert len(kept(study / "answers.sqlite")) == len(before) + len(fresh.asked)
        clean = sweep(Experiment(**tree(fresh)), tmp_path / "clean", workers=1)
    same(found.table, clean.table)


@pytest.mark.slow
def test_workers_of_a_cluster_are_free_again_when_a_driver_dies(server, tmp_path):
    port = server.port
    server.close()
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50) as cluster:
        with Server(port, answers=0) as mute:
            run_until(command(mute, tmp_path, "--on", cluster.scheduler_address), lambda: mute.asked)
        with Client(cluster) as client:
            assert client.submit(sum, [1, 2]).result(timeout=GUARD_S) == 3
        with Server(port) as fresh:
            found = sweep(Experiment(**tree(fresh)), tmp_path / "study", on=cluster.scheduler_address)
    assert (found.failed, len(found.table)) == (0, 4)


def test_simulated_models_and_their_price_before_anything_is_spent(server, tmp_path):
    file = tmp_path / "asking.yaml"
    file.write_text(json.dumps(tree(server, seeds=1, set={"llm.minds": "all", "ticks": 6, "families": {"gpt-5.2": 1}})))
    words = ["sweep", str(file), "--out", str(tmp_path / "study"), "--workers", "1"]
    dry = json.loads(CliRunner().invoke(app, [*words, "--dry-run", "--json"]).output)
    assert dry["calls"] > 10
    assert dry["price_usd"] == 0
    assert not (tmp_path / "study").exists()
    result = CliRunner().invoke(app, [*words, "--json"])
    assert json.loads(result.output.splitlines()[-1])["fresh"] == 2
    assert server.asked == []
    replay = [
        *words[:2],
        "--out",
        str(tmp_path / "again"),
        "--answers",
        "replay",
        "--store",
        str(tmp_path / "study/answers.sqlite"),
    ]
    result = CliRunner().invoke(app, [*replay, "--json"])
    assert json.loads(result.output.splitlines()[-1])["failed"] == 0
    assert _rows(tmp_path / "study") == _rows(tmp_path / "again")


def _rows(folder: Path):
    rows = [json.loads(line) for line in (folder / "rows.jsonl").read_text().splitlines()]
    return sorted((row["cell"], row["seed"], row["hash"]) for row in rows)


def test_list_prices_are_told(server, tmp_path):
    file = tmp_path / "asking.yaml"
    mind = {"kind": "llm", "model": "gpt-4o", "base_url": server.url, "key": "MODEL_KEY"}
    file.write_text(json.dumps(tree(server, set={"ticks": 8, "families": {"a": {"share": 1, "mind": mind}}})))
    words = ["sweep", str(file), "--out", str(tmp_path / "study"), "--dry-run"]
    dry = json.loads(CliRunner().invoke(app, [*words, "--json"]).output)
    low, high = dry["price_usd_range"]
    assert 0 < low <= dry["price_usd"] <= high
    assert "US dollars" in CliRunner().invoke(app, words).output
    assert server.asked == []


@pytest.mark.parametrize(
    ("axes", "said"),
    [({"llm.spending.calls": [10, 20]}, "llm.spending"), ({"families.live.mind": ["remote"]}, "remote"),
     ({"families.live.mind.base_url": ["http://127.0.0.1:9/v1", "http://127.0.0.1:10/v1"]}, "one server per model")],
)  # fmt: skip
def test_what_models_cannot_do_in_a_sweep_is_said_before_anything_is_asked(server, tmp_path, axes, said):
    with pytest.raises(WorldError, match=said):
        sweep(Experiment(**tree(server, axes=axes)), tmp_path / "study", workers=1)
    assert server.asked == []
