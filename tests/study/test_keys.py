"""Keys in the running program: a file from a stranger makes none leave for a server that the user did not choose."""

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from society.cli.main import app
from society.ground.errors import BrokerError, ModelError, ModelsFailed
from society.llm.grants import Grant
from society.study.run.granting import typed
from society.study.run.models import Models
from society.study.run.resuming import resume
from society.study.run.runs import run
from society.study.sweep.driver import sweep
from society.world.experiment import Experiment
from society.world.load import load_world

sys.path.insert(0, str(Path(__file__).parent))
from failing import Server, bad, good

SMALL = {
    "agents.count": 20, "machines.count": 4, "ticks": 4, "review.every": 3, "review.first_after": 1, "llm.most_unanswered": 1,
}  # fmt: skip
SECRET = "aws-secret-of-this-user-0815"


@pytest.fixture(autouse=True)
def user(tmp_path, monkeypatch):
    """A user with keys in the environment and no file of endpoints."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("SOCIETY_ENDPOINTS", raising=False)
    for name in ("AWS_SECRET_ACCESS_KEY", "OPENAI_API_KEY", "MY_KEY"):
        monkeypatch.setenv(name, SECRET)


@pytest.fixture
def server():
    with Server(lambda number, body: good()) as one:
        yield one


def stranger(url, key="AWS_SECRET_ACCESS_KEY", by="llm"):
    """What a stranger's file may say."""
    mind = {"kind": "llm", "model": "plain", **({"base_url": url, "key": key} if by == "family" else {})}
    world = {"llm.base_url": url, "llm.key": key} if by == "llm" else {}
    return {**SMALL, "families": {"live": {"share": 0.4, "mind": mind}, "glm-4.7": 0.6}, **world}


@pytest.mark.parametrize("by", ["llm", "family"])
@pytest.mark.parametrize("key", ["AWS_SECRET_ACCESS_KEY", "OPENAI_API_KEY"])
def test_a_strangers_server_elsewhere_is_refused_and_how_it_is_allowed_is_said(by, key, tmp_path):
    world = load_world("decommission", stranger("https://evil.invalid/v1", key, by))
    with pytest.raises(
        ModelError, match=rf"families\.live: https://evil\.invalid would be sent the key in {key}.*--grant"
    ):
        run(world, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("by", ["llm", "family"])
def test_a_strangers_server_on_this_machine_is_sent_no_key(by, server, tmp_path):
    lines = []
    run(load_world("decommission", stranger(server.url, by=by)), out=tmp_path / "run", say=lines.append)
    assert server.asked
    assert {head["authorization"] for head in server.heads} == {"Bearer none"}
    assert SECRET not in json.dumps(server.heads)
    assert f"models    http://127.0.0.1:{server.port} is asked with no key" in lines


def test_what_the_user_typed_is_allowed_and_what_a_file_says_is_not(server, tmp_path):
    file = tmp_path / "mine.yaml"
    tree = load_world("decommission", stranger("https://evil.invalid/v1")).model_dump(mode="json")
    file.write_text(json.dumps(tree))
    words = ["run", str(file), "--no-report", "--ticks", "4", "--out"]
    refused = CliRunner().invoke(app, [*words, str(tmp_path / "a")])
    assert "evil.invalid would be sent" in str(refused.exception)
    url = f"llm.base_url={server.url}"
    keyless = CliRunner().invoke(app, [*words, str(tmp_path / "b"), "--set", url])
    assert keyless.exit_code == 0, keyless.exception
    assert {head["authorization"] for head in server.heads} == {"Bearer none"}
    server.heads.clear()
    typed_key = CliRunner().invoke(app, [*words, str(tmp_path / "c"), "--set", url, "--set", "llm.key=MY_KEY"])
    assert typed_key.exit_code == 0, typed_key.exception
    assert {head["authorization"] for head in server.heads} == {f"Bearer {SECRET}"}
    assert f"http://127.0.0.1:{server.port} is asked with the key in MY_KEY" in typed_key.stderr
    assert SECRET not in typed_key.output + typed_key.stderr
    only_key = CliRunner().invoke(app, [*words, str(tmp_path / "d"), "--set", "llm.key=MY_KEY"])
    assert "evil.invalid would be sent the key in MY_KEY" in str(only_key.exception)


@pytest.mark.parametrize(
    ("changes", "grants"),
    [
        ({}, []),
        ({"llm.key": "K"}, []),
        ({"llm.base_url": "https://a.example/v1"}, [("https://a.example/v1", "OPENAI_API_KEY")]),
        ({"llm.base_url": "http://127.0.0.1:1/v1"}, [("http://127.0.0.1:1/v1", None)]),
        ({"llm": {"base_url": "https://a.example", "key": "K"}}, [("https://a.example", "K")]),
        ({"families.gpt-5.2.mind.base_url": "https://a.example", "llm.key": "K"}, [("https://a.example", "K")]),
        ({"families.a.mind.key": "K", "llm.base_url": "https://a.example", "llm.key": "L"},
         [("https://a.example", "K"), ("https://a.example", "L")]),
        ({"families": {"a": {"share": 1, "mind": {"kind": "llm", "base_url": "https://a.example", "key": "K"}}}},
         [("https://a.example", "K")]),
        ({"families.a.mind.base_url": "https://a.example", "families.b.mind.base_url": "https://b.example",
          "families.a.mind.key": "A", "families.b.mind.key": "B"}, [("https://a.example", "A"), ("https://b.example", "B")]),
        ({"llm.base_url": "http://evil.example/v1", "llm.key": "K"}, []),
        ({"llm.base_url": "https://u:p@evil.example/v1", "llm.key": "K"}, []),
        ({"llm.base_url": 7, "llm.key": ["K"]}, []),
    ],
)  # fmt: skip
def test_servers_and_keys_that_were_typed_go_together_as_they_were_typed(changes, grants):
    assert [(one.server, one.key) for one in typed(changes)] == grants


def test_a_strangers_experiment_is_refused_before_anything_is_asked(tmp_path):
    tree = {"name": "theirs", "base": "decommission", "seeds": 1, "measures": ["order."], "set": stranger("https://evil.invalid/v1"),
            "axes": {"review.threshold": [66, 74]}}  # fmt: skip
    with pytest.raises(ModelError, match=r"evil\.invalid would be sent.*nothing was sent"):
        sweep(Experiment(**tree), tmp_path / "study", workers=1)
    hidden = {
        **tree,
        "set": SMALL,
        "axes": {"families": [stranger("https://evil.invalid/v1", by="family")["families"]]},
    }
    with pytest.raises(ModelError, match=r"evil\.invalid would be sent.*nothing was sent"):
        sweep(Experiment(**hidden), tmp_path / "study2", workers=1)


def test_a_strangers_record_is_not_gone_on_with_at_their_server(server, tmp_path):
    world = load_world("decommission", stranger(server.url, "MY_KEY"))
    server.reply = lambda number, body: bad(401, "no")
    allowed = Models(grants=[Grant(server.url, "MY_KEY")])
    with pytest.raises(ModelsFailed):
        run(world, out=tmp_path / "run", models=allowed)
    path = tmp_path / "run" / "manifest.json"
    assert "grants" not in path.read_text()
    server.reply = lambda number, body: good()
    server.heads.clear()
    mine, theirs = path.read_text(), path.read_text().replace(server.url, "https://evil.invalid/v1")
    path.write_text(theirs)
    for grants in ((), [Grant(server.url, "MY_KEY")]):
        with pytest.raises(ModelError, match=r"evil\.invalid would be sent the key in MY_KEY"):
            resume(tmp_path / "run", grants=grants)
    path.write_text(mine)
    words = ["resume", str(tmp_path / "run"), "--grant", f"MY_KEY=http://127.0.0.1:{server.port}"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.exception
    assert {head["authorization"] for head in server.heads} == {f"Bearer {SECRET}"}
    for file in [one for one in (tmp_path / "run").rglob("*") if one.is_file()]:
        assert SECRET.encode() not in file.read_bytes()


@pytest.mark.parametrize("scheme", ["mqtt", "mqtts"])
def test_a_strangers_record_sends_no_password_to_their_broker(scheme, server, tmp_path, monkeypatch):
    monkeypatch.setenv("SOCIETY_BROKER_PASSWORD", SECRET)
    server.reply = lambda number, body: bad(401, "no")
    with pytest.raises(ModelsFailed):
        run(load_world("decommission", stranger(server.url)), out=tmp_path / "run")
    path = tmp_path / "run" / "manifest.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps({**manifest, "broker": f"{scheme}://engine@127.0.0.1:9?patience=0.1"}))
    with pytest.raises(
        BrokerError, match=rf"a password goes only to a broker that you name: .*--broker '{scheme}://engine@"
    ):
        resume(tmp_path / "run")


def test_the_judge_sends_a_key_only_where_it_is_said(tmp_path):
    words = ["judge", str(tmp_path), "--model", "m", "--base-url"]
    result = CliRunner().invoke(app, [*words, "https://gateway.invalid/v1"])
    assert "say which key https://gateway.invalid is sent" in str(result.exception)
    result = CliRunner().invoke(app, [*words, "http://10.0.0.1/v1", "--key", "MY_KEY"])
    assert "keys go over https" in str(result.exception)
