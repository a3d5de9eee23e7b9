"""Servers of language models that fail, over HTTP: what ends a run, with which words, and how it goes on."""

import json
import re
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest
from eventually import GUARD_S
from typer.testing import CliRunner

from society.cli.main import app
from society.cli.tables import print_summary
from society.ground.errors import ModelsFailed, TooManyUnanswered
from society.llm.grants import Grant
from society.record.folder import read_manifest
from society.record.transcripts import whole_episodes
from society.record.verify import verify
from society.study.run.models import Models
from society.study.run.resuming import resume
from society.study.run.runs import run
from society.study.sweep.driver import sweep
from society.study.transcripts.judge import judge
from society.world.experiment import Experiment
from society.world.load import load_world

sys.path.insert(0, str(Path(__file__).parent))
from failing import TEXT, Server, bad, good

CHANGES = {
    "agents.count": 30, "machines.count": 5, "ticks": 12, "review.threshold": 74, "orders.notice": 4, "review.every": 8,
    "review.first_after": 2, "llm.concurrency": 4,
}  # fmt: skip


def world(url, **more):
    mind = {"kind": "llm", "model": "plain", "base_url": url}
    return load_world(
        "decommission", {**CHANGES, "families": {"live": {"share": 0.4, "mind": mind}, "glm-4.7": 0.6}, **more}
    )


def _whole(folder):
    """Whether all that is on disk of a run that did not end is as its manifest says."""
    (problem,) = verify(folder).problems
    return "not finished (failed)" in problem


REFUSALS = {
    "wrong key": (bad(401, "Incorrect key"), "the key is not accepted"),
    "no credit left": (bad(429, "You exceeded your quota", "insufficient_quota"), "no credit"),
    "payment": (bad(402, "pay first"), "no credit"),
    "forbidden": (bad(403, "not for you"), "may not use this model"),
    "unknown model": (bad(404, "no model plain", "model_not_found"), "no such model"),
    "refused field": (bad(400, "Unrecognized request argument: seed", None, "seed"), "does not accept"),
    "refused body": (bad(422, "extra inputs"), "does not accept"),
    "refused without a word": (bad(400, ""), "does not accept"),
    "redirect": (bad(307, "elsewhere", location="http://127.0.0.1:9/v1/chat/completions"), "not followed"),
    "an hour": (bad(429, "slow down", retry_after="3600"), "longer than the 300 s of llm.longest_wait"),
    "an error with status 200": ((200, {}, {"error": {"message": "no credits", "code": 402}}), "no credit"),
}


@pytest.mark.parametrize("kind", REFUSALS)
def test_what_cannot_heal_stops_before_the_second_occasion(kind, tmp_path):
    reply, told = REFUSALS[kind]
    with Server(lambda number, body: reply) as server:
        with pytest.raises(ModelsFailed) as caught:
            run(world(server.url), out=tmp_path / "run")
        assert len(server.asked) == 1
    said, manifest = str(caught.value), read_manifest(tmp_path / "run")
    for part in (server.url, "plain", "status", told, f"society resume {tmp_path / 'run'}"):
        assert part in said
    assert reply[0] == 307 or reply[2]["error"]["message"] in said
    assert manifest["status"] == "failed"
    assert manifest["failed"] in said
    assert _whole(tmp_path / "run")


def test_a_run_that_a_server_refused_goes_on_once_it_answers(tmp_path):
    with Server(lambda number, body: bad(401, "no")) as server:
        with pytest.raises(ModelsFailed):
            run(world(server.url), out=tmp_path / "run")
        server.reply = lambda number, body: good()
        record = resume(tmp_path / "run")
        assert record.manifest["status"] == "done"
        assert "failed" not in record.manifest
        assert verify(record.path).good
        assert run(world(server.url), out=tmp_path / "whole").hash == record.hash


def test_the_command_ends_with_1_and_a_sentence(tmp_path):
    file = tmp_path / "mine.yaml"
    with Server(lambda number, body: bad(401, "bad key")) as server:
        tree = world(server.url).model_dump(mode="json")
        file.write_text(json.dumps(tree))
        result = CliRunner().invoke(app, ["run", str(file), "--out", str(tmp_path / "run"), "--no-report"])
    assert type(result.exception) is ModelsFailed  # which the command tells with exit code 1


def test_a_server_that_goes_away_ends_the_run_and_nothing_is_asked_twice(tmp_path):
    first = Server(lambda number, body: good())
    gone = threading.Event()

    def until(number, body):
        if number == 12:
            threading.Thread(target=lambda: (first.close(), gone.set()), daemon=True).start()
        return good()

    first.reply = until
    one = world(first.url, **{"llm.gone_after": 0.3})
    with pytest.raises(ModelsFailed, match=r"nobody listens there.*0\.3 s \(llm\.gone_after\).*society resume"):
        run(one, out=tmp_path / "run")
    assert gone.wait(GUARD_S)
    assert read_manifest(tmp_path / "run")["status"] == "failed"
    with Server(lambda number, body: good()) as again:
        manifest = json.loads((tmp_path / "run/manifest.json").read_text())
        text = json.dumps(manifest).replace(first.url, again.url)  # its owner starts it at another port
        (tmp_path / "run/manifest.json").write_text(text)
        record = resume(tmp_path / "run")
        assert record.manifest["status"] == "done"
        asked = [json.dumps(body, sort_keys=True) for body in (*first.asked, *again.asked)]
        lost = len(asked) - len(set(asked))
        assert lost <= 4, "more was asked again than was under way"
    with Server(lambda number, body: good()) as server:
        assert run(world(server.url), out=tmp_path / "whole").hash == record.hash


LOST = {
    "cut off (max_tokens)": good({**TEXT, "finish_reason": "length"}),
    "content filter": good({**TEXT, "finish_reason": "content_filter"}),
    "refused in words": good({"message": {"role": "assistant", "content": None, "refusal": "I will not."}, "finish_reason": "stop"}),
    "text, no call": good(TEXT),
    "malformed calls": good({"message": {"role": "assistant", "content": None, "tool_calls": [
        {"id": "1", "type": "function", "function": {"name": "end_turn", "arguments": "{"}}]}, "finish_reason": "tool_calls"}),
    "too long": bad(400, "too many tokens", "context_length_exceeded"),
    "content filter: of the request": bad(400, "flagged", "content_filter"),
    "request refused": bad(400, "what?"),
}  # fmt: skip


def test_a_few_without_an_answer_are_told_by_family_and_reason(tmp_path, capsys):
    kinds = list(LOST)

    def lost_by(number):
        return kinds[number % 12] if number % 12 < len(kinds) else None

    def reply(number, body):
        kind = lost_by(int(re.search(r"live-(\d+)", body["messages"][0]["content"])[1]))
        return good() if kind is None or not number else LOST[kind]

    with Server(reply) as server:
        record = run(world(server.url, **{"llm.most_unanswered": 1, "agents.count": 45}), out=tmp_path / "run")
    told = record.manifest["unanswered"]["live"]
    lost = [one for one in whole_episodes(record.path) if not one["acts"]]
    expected = Counter(lost_by(int(one["name"].split("-")[1])).partition(":")[0] for one in lost)
    assert told["reasons"] == dict(expected)
    assert len(expected) > 4
    assert told["share"] == len(lost) / told["occasions"] == told["unanswered"] / told["occasions"] < 1
    print_summary(record, None)
    assert f"live: {len(lost)} of {told['occasions']} occasions without an answer" in capsys.readouterr().out


def test_too_many_without_an_answer_fail_the_run_and_a_higher_share_goes_on(tmp_path):
    with Server(lambda number, body: good(TEXT)) as server:
        with pytest.raises(ModelsFailed, match=r"families\.live: (\d+) of \1 occasions.*text, no call.*allows 20 %"):
            run(world(server.url), out=tmp_path / "run")
        manifest, asked = read_manifest(tmp_path / "run"), len(server.asked)
        assert manifest["status"] == "failed"
        assert manifest["unanswered"]["live"]["share"] == 1
        with pytest.raises(ModelsFailed, match="allows 50 %"):
            resume(tmp_path / "run", changes={"llm.most_unanswered": 0.5})
        record = resume(tmp_path / "run", changes={"llm.most_unanswered": 1})
        assert record.manifest["status"] == "done"
        assert record.manifest["unanswered"]["live"]["share"] == 1
        asked = [json.dumps(body, sort_keys=True) for body in server.asked]
        assert len(asked) == len(set(asked)), "something was asked twice"


def test_what_failed_at_the_end_is_asked_again(tmp_path):
    """Too few occasions to judge while it runs: the share is looked at in the end, and all of them can still heal."""
    broken = True

    def reply(number, body):
        return bad(400, "what?") if broken and number else good()

    with Server(reply) as server:
        few = world(server.url, **{"ticks": 4, "agents.count": 12, "machines.count": 3})
        with pytest.raises(ModelsFailed, match=r"request refused.*failed at tick 4 of 4"):
            run(few, out=tmp_path / "run")
        assert _whole(tmp_path / "run")
        broken = False
        record = resume(tmp_path / "run")
        assert record.manifest["unanswered"]["live"]["unanswered"] == 0
        assert verify(record.path).good
        whole = run(few, out=tmp_path / "whole")
    assert record.hash == whole.hash


def test_keys_and_escapes_in_what_a_server_says_reach_neither_terminal_nor_record(tmp_path, monkeypatch):
    key = "sk-proj-secret-0815-4711"
    monkeypatch.setenv("MODEL_KEY", key)
    lines = []
    with Server(lambda number, body: bad(401, f"\x1b[31mIncorrect API key provided: {key} \u202e")) as server:
        one = world(server.url, **{"llm.key": "MODEL_KEY"})
        models = Models(grants=[Grant(server.url, "MODEL_KEY")])
        with pytest.raises(ModelsFailed) as caught:
            run(one, out=tmp_path / "run", models=models, say=lines.append)
        assert server.heads[0]["authorization"] == f"Bearer {key}"
    said = str(caught.value)
    assert "Incorrect API key provided: ..." in said
    assert said.isprintable()
    for path in [one for one in (tmp_path / "run").rglob("*") if one.is_file()]:
        assert key.encode() not in path.read_bytes()
    assert lines == [f"models    http://127.0.0.1:{server.port} is asked with the key in MODEL_KEY"]


def test_a_failing_server_ends_a_sweep_with_its_reason_and_the_same_command_goes_on(tmp_path):
    def study(url, **more):
        tree = world(url).model_dump(mode="json")["families"]
        return Experiment(
            name="asking", base="decommission", seeds=1, measures=["order."],
            set={**CHANGES, "families": tree, **more}, axes={"review.threshold": [66, 74]},
        )  # fmt: skip

    with Server(lambda number, body: bad(401, "bad key")) as server:
        with pytest.raises(ModelsFailed, match=r"status 401.*bad key.*the same command goes on"):
            sweep(study(server.url), tmp_path / "study", workers=1)
        assert len(server.asked) == 1
        server.reply = lambda number, body: good(TEXT)
        found = sweep(study(server.url), tmp_path / "study", workers=1)
        assert found.failed == 2
        assert re.search(r"families\.live: .* without an answer .*text, no call", found.table.error[0])
        server.reply = lambda number, body: good()
        whole = sweep(study(server.url, **{"llm.most_unanswered": 1}), tmp_path / "study", workers=1)
        assert whole.failed == 0


def test_a_judge_that_fails_says_why(tmp_path):
    accounts = [(number, "honest", "tool {}", f"words {number}") for number in range(9)]
    with Server(lambda number, body: bad(404, "no such judge")) as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr("society.study.transcripts.judge.complete_run", lambda run: run)
        patch.setattr("society.study.transcripts.judge.whole_episodes", lambda run: [])
        patch.setattr("society.study.transcripts.judge._accounts", lambda episodes: accounts)
        with pytest.raises(ModelsFailed, match="no such judge"):
            judge(tmp_path, "m", server.url, None)
        assert len(server.asked) == 1
        server.reply = lambda number, body: good(TEXT)
        with pytest.raises(TooManyUnanswered, match=r"labelled 0 of 9: no label \(9\)"):
            judge(tmp_path, "m", server.url, None)
