"""Runs with language models: replayed, interrupted, stopped by their budget, with servers that fail; keys reach no file."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys

import pytest
from eventually import GUARD_S, eventually

import society
from society.engine.tick import Engine
from society.ground.errors import ModelError, RunError, SocietyError, StoreError, WorldError
from society.llm.grants import Grant
from society.llm.local_server import simulated_server
from society.record.transcripts import read_transcripts
from society.record.verify import verify
from society.study.data.published import published_rates
from society.study.run.estimate import dry_minds, estimate
from society.study.run.models import Models
from society.views.report import write_report
from society.world.load import load_world

SECRET = "sk-very-secret-9914"


@pytest.fixture(scope="module")
def address():
    with simulated_server("mean") as one:
        yield one


@pytest.fixture
def world(address, monkeypatch):
    """Twelve language models among forty-eight calibrated agents, living through orders."""
    monkeypatch.setenv("MODEL_KEY", SECRET)
    mind = {"kind": "llm", "model": "simulated/gemini-3-pro", "base_url": address, "key": "MODEL_KEY"}
    return load_world(
        "decommission",
        {
            "agents.count": 60, "machines.count": 8, "ticks": 40, "review.threshold": 74, "orders.notice": 6,
            "review.every": 20, "review.first_after": 3, "oversight.monitoring.share": 1.0, "oversight.monitoring.hit": 1.0,
            "families": {"live": {"share": 0.2, "mind": mind}, "glm-4.7": 0.8},
        },
    )  # fmt: skip


def answers(path):
    file = sqlite3.connect(path)
    try:
        return file.execute("select count(*) from answers").fetchone()[0]
    finally:
        file.close()


@pytest.fixture
def whole(world, tmp_path):
    return society.run(world, out=tmp_path / "whole")


def test_a_society_with_language_models_is_recorded_whole(whole, tmp_path):
    cost, episodes = whole.manifest["cost"], list(read_transcripts(whole.path))
    occasions = whole.occasions()
    agents = whole.table("agents")
    live = occasions[occasions.agent.isin(agents.id[agents.family == whole.families.index("live")])]
    assert {one["occasion"] for one in episodes} == set(live.id)
    by_id = occasions.set_index("id").act.astype(str)
    for one in episodes:
        assert by_id[one["occasion"]] == (one["acts"][0] if one["acts"] else "no_answer")
    assert cost["calls"] == answers(whole.path / "answers.sqlite") == sum(one["calls"] for one in episodes)
    assert cost["episodes"]["occasions"] == len(episodes) > 20
    assert {one["model"] for one in episodes} == {"simulated/gemini-3-pro"}
    assert {"rate", "execute"} <= {one["kind"] for one in episodes}
    assert verify(whole.path).good
    assert write_report(whole, published_rates(whole)).is_file()


def test_keys_reach_no_file(whole):
    for path in whole.path.rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path
    assert SECRET not in json.dumps(list(read_transcripts(whole.path)))


def test_replay_needs_no_server_and_no_key_and_ends_alike(world, whole, tmp_path, monkeypatch):
    monkeypatch.delenv("MODEL_KEY")
    store = whole.path / "answers.sqlite"
    away = world.override({"llm.concurrency": 3, "families.live.mind.base_url": "http://127.0.0.1:9/v1"})
    again = society.run(away, out=tmp_path / "again", models=Models("replay", store))
    assert again.hash == whole.hash
    with pytest.raises(StoreError, match=r"no answer of model simulated/gemini-3-pro for agent \d+, tick \d+"):
        society.run(away, seed=2, out=tmp_path / "other", models=Models("replay", store))
    elsewhere = away.override({"families.live.mind.base_url": "https://models.invalid/v1"})
    allowed = Models(grants=[Grant("https://models.invalid", "MODEL_KEY")])
    with pytest.raises(ModelError, match=r"MODEL_KEY.*is not set"):
        society.run(elsewhere, out=tmp_path / "nokey", models=allowed)


class Shuffled:
    """Answers in an order of its own."""

    def __init__(self, inner):
        self.inner, self.luck = inner, random.Random(5)

    async def __call__(self, request):
        import asyncio

        for _ in range(self.luck.randrange(50)):
            await asyncio.sleep(0)
        return await self.inner(request)


def test_the_order_of_answers_does_not_matter(world, tmp_path):
    def ended(wrap):
        _, minds = dry_minds(world)
        for mind in minds.values():
            mind.ask = wrap(mind.ask)
        return society.run(world, minds=minds, out=tmp_path / wrap.__name__).hash

    def plain(ask):
        return ask

    assert ended(plain) == ended(Shuffled)


def test_a_budget_stops_a_run_with_what_it_has_and_nothing_is_paid_twice(world, whole, tmp_path):
    limited = world.override({"llm.spending.calls": 60})
    record = society.run(limited, out=tmp_path / "limited")
    assert record.manifest["status"] == "stopped"
    assert "the limit of calls" in record.manifest["stopped"]
    assert 0 < record.manifest["ticks_done"] < 40
    assert verify(record.path).good
    assert len(record.table("agents")) >= 60
    assert len(record.summary())
    assert answers(record.path / "answers.sqlite") == 60
    rest = society.run(world, out=tmp_path / "rest", models=Models(store=record.path / "answers.sqlite"))
    assert rest.hash == whole.hash
    assert rest.manifest["cost"]["calls"] == whole.manifest["cost"]["calls"] - 60


def test_a_run_that_its_budget_stopped_goes_on_in_place_under_a_higher_limit(world, whole, tmp_path):
    record = society.run(world.override({"llm.spending.calls": 60}), out=tmp_path / "run")
    ticks, orders = record.ticks, record.orders()
    assert len(orders) == orders.id.nunique() > 0
    again = society.resume(record.path, changes={"llm.spending.calls": 100})  # stops once more, further on
    assert (again.manifest["status"], answers(again.path / "answers.sqlite")) == ("stopped", 100)
    assert again.ticks > ticks
    assert verify(again.path).good
    rest = society.resume(record.path, changes={"llm.spending.calls": None})
    assert (rest.hash, rest.manifest["status"], "stopped" in rest.manifest) == (whole.hash, "done", False)
    assert rest.manifest["cost"]["calls"] == whole.manifest["cost"]["calls"] == answers(rest.path / "answers.sqlite")
    assert verify(rest.path).good
    for name, by in (("agents", "id"), ("orders", "id"), ("ties", ["tick", "source", "target"])):
        one, two = (one.table(name).sort_values(by).reset_index(drop=True) for one in (rest, whole))
        assert one.equals(two), name


def test_only_limits_may_change_when_a_run_goes_on(world, tmp_path):
    record = society.run(world.override({"llm.spending.calls": 20}), out=tmp_path / "run")
    with pytest.raises(WorldError, match=r"--set review.threshold.*nothing else may change"):
        society.resume(record.path, changes={"review.threshold": 50})
    assert society.Result(record.path).manifest["status"] == "stopped"


@pytest.mark.slow
def test_interrupted_runs_go_on_without_asking_again(world, whole, tmp_path):
    out, tree = tmp_path / "run", json.dumps(world.model_dump(mode="json"))
    (tmp_path / "world.json").write_text(tree)
    code = "import json, society, sys; society.run(json.load(open(sys.argv[1])), out=sys.argv[2])"
    process = subprocess.Popen(
        [sys.executable, "-c", code, tmp_path / "world.json", out],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ},
    )
    store = out / "answers.sqlite"
    eventually(lambda: store.exists() and _count(store) > 20, "twenty answers", process)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=GUARD_S)
    assert "society resume" in said
    asked = answers(store)
    assert 20 < asked < whole.manifest["cost"]["calls"]
    record = society.resume(out)
    assert record.hash == whole.hash
    assert verify(record.path).good
    assert answers(store) == whole.manifest["cost"]["calls"]
    assert len(list(read_transcripts(out))) == len(list(read_transcripts(whole.path)))


def test_a_run_goes_on_as_it_was_started(world, tmp_path):
    """Offline, with a store elsewhere: going on asks the same models and the same store, although the world names others."""
    store, away = (
        tmp_path / "elsewhere.sqlite",
        world.override({"families.live.mind.base_url": "http://127.0.0.1:9/v1"}),
    )
    offline = Models(store=store, offline=True)

    def stop(tick, ticks):
        if tick == 20:
            raise KeyboardInterrupt

    with pytest.raises(SocietyError, match="society resume"):
        society.run(away, out=tmp_path / "run", progress=stop, models=offline)
    asked = answers(store)
    with pytest.raises(SocietyError, match=r"outside of its folder: to use that file, say --store .*elsewhere\.sqlite"):
        society.resume(tmp_path / "run")
    record = society.resume(tmp_path / "run", store=store)
    assert record.manifest["models"] == {"mode": "record", "store": str(store), "offline": True, "secret": None}
    assert answers(store) == record.manifest["cost"]["calls"] > asked
    assert not (record.path / "answers.sqlite").exists()
    assert not any(one["failure"] for one in read_transcripts(record.path))


def _count(store):
    try:
        return answers(store)
    except sqlite3.Error:
        return 0


def test_every_occasion_ends_when_the_server_breaks(world, llmock, tmp_path):
    """llmock calls tools with arguments of its own, says text, breaks calls, and fails: acts or counted no_answer."""
    llmock.rate_limit(times=2, retry_after=0.05).fail(500, times=3).break_tool_call(times=3)
    llmock.break_tool_call("unknown_tool", times=3)
    broken = world.override(
        {
            "families.live.mind.base_url": llmock.base_url(),
            "families.live.mind.model": "gpt-4o",
            "ticks": 12,
            "llm.max_turns": 3,
            "llm.most_unanswered": 1,
        }
    )
    record = society.run(broken, out=tmp_path / "run")
    episodes = list(read_transcripts(record.path))
    counted = record.manifest["cost"]["episodes"]
    assert counted["occasions"] == len(episodes) > 5
    assert counted["no_answer"] == sum(not one["acts"] for one in episodes)
    assert any(name.startswith("invalid: ") for name in counted)
    told = record.manifest["unanswered"]["live"]
    assert told["unanswered"] == counted["no_answer"] == sum(told["reasons"].values())
    assert "malformed calls" in told["reasons"]
    assert record.manifest["cost"]["calls"] == sum(one["calls"] for one in episodes) == len(llmock.requests) - 5
    assert SECRET not in json.dumps(episodes)


def test_estimates_come_from_the_real_prompts(world, whole):
    (row,) = estimate(world)
    assert (row.occasions, row.calls) == (
        whole.manifest["cost"]["episodes"]["occasions"],
        whole.manifest["cost"]["calls"],
    )
    assert row.prompt == pytest.approx(whole.manifest["cost"]["prompt_tokens"], rel=0.15)
    assert row.low[0] < row.prompt < row.high[0]
    with pytest.raises(WorldError, match=r"llm\.minds=all"):
        estimate(load_world("clean_up"))


def test_what_cannot_be_is_explained(world, tmp_path):
    engine = Engine(load_world("clean_up", {"llm.minds": "all", "episodes.count": 8}))
    engine.step()
    engine.step()
    with pytest.raises(RunError, match="has to be connected"):
        engine.step()
    with pytest.raises(WorldError, match="not simulated"):
        society.run(
            world.override({"families.live.mind.model": "no-such"}), out=tmp_path / "a", models=Models(offline=True)
        )


def test_all_minds_of_a_world_become_models_by_one_field():
    world = load_world("clean_up", {"llm.minds": "all"})
    assert {family.mind.kind for family in world.families.values()} == {"llm"}
