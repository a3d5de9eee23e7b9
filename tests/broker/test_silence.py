"""Hosts that fall silent: it costs little, it is said who is awaited, and the world says what then."""

import signal

import pytest
from test_remote import CHANGES, FAMILIES, Impostor, elsewhere, quiet
from typer.testing import CliRunner

import society
from society.broker.payloads import Host
from society.broker.topics import ASK, HOST
from society.cli.main import app
from society.ground.errors import BrokerError
from society.ground.words import DUTY, Kind
from society.minds.remote.mind import BY_RULE
from society.minds.remote.presence import LEAST_S, Presence
from society.record.transcripts import read_transcripts
from society.study.run.models import Models
from society.world.load import load_world

ADA, BOB = ("guest", "ada"), ("guest", "bob")


@pytest.fixture(scope="module")
def world():
    return load_world("decommission", {**CHANGES, "ticks": 20, "families": FAMILIES})


@pytest.fixture(scope="module")
def inside(world, tmp_path_factory):
    return society.run(world, out=tmp_path_factory.mktemp("inside") / "run")


@pytest.fixture
def mute(mosquitto):
    """A client that says that it is there, and nothing more."""
    here = [(HOST.topic(family="glm-4.7", client="mute"), b'{"v": 1}')]
    one = Impostor(mosquitto.port, ASK.filter(family="glm-4.7", client="mute"), lambda *_: None, here)
    yield one
    one.stop()


def away(world, **mind):
    return world.override({"families": elsewhere(**mind)})


@pytest.mark.parametrize("silent", ["rule", "no_answer", "end"])
def test_where_nobody_is_lost_the_policy_changes_nothing(mosquitto, hosts, world, inside, tmp_path, silent):
    hosts(mosquitto.url, "glm-4.7")
    record = society.run(away(world, silent=silent), out=tmp_path / "run", broker=mosquitto.url, say=quiet)
    assert record.history == inside.history
    assert record.manifest["cost"]["by_rule"] == {}


def test_agents_that_nobody_answers_for_do_their_duty_and_the_record_says_so(mosquitto, mute, world, tmp_path):
    spec = away(world, silent="rule", answer_within=0.2, max_asks=1)
    record = society.run(spec, out=tmp_path / "run", broker=mosquitto.url, say=quiet)
    occasions = (
        record.sql("select kind, act from occasions join agents on agent = agents.id where family = 0")
        .to_numpy()
        .tolist()
    )
    assert len(occasions) > 20
    assert all(act == DUTY[Kind[kind.upper()]].word for kind, act in occasions)
    ruled = record.manifest["cost"]["by_rule"]
    assert sum(ruled.values()) == len(occasions) == record.manifest["cost"]["episodes"]["by_rule"]
    assert set(ruled) == {one["name"] for one in read_transcripts(record.path)}
    assert {one["failure"] for one in read_transcripts(record.path)} == {BY_RULE}
    again = society.run(spec, out=tmp_path / "again", models=Models("replay", record.path / "answers.sqlite"))
    assert again.hash == record.hash
    assert again.manifest["cost"]["by_rule"] == ruled


def test_the_summary_names_whose_duty_was_done_by_rule(mosquitto, tmp_path):
    here = [(HOST.topic(family="guest", client="mute"), b'{"v": 1}')]
    one = Impostor(mosquitto.port, "society/v1/none", None, here)
    mind = [
        "--set",
        "families.guest.mind={kind: remote, shares_seed: true, silent: rule, answer_within: 0.1, max_asks: 1}",
    ]
    words = ["run", "guests", "--ticks", "12", "--no-report", "--out", str(tmp_path / "run"), "--broker", mosquitto.url]
    said = " ".join(CliRunner().invoke(app, [*words, *mind]).output.split())
    one.stop()
    assert "Nobody answered, and their duty was done by rule: guest-" in said


def test_a_run_that_waits_no_longer_says_for_whom_and_can_be_resumed(mosquitto, mute, hosts, world, inside, tmp_path):
    spec = away(world, silent="end", answer_within=0.3, max_asks=2)
    told = r"glm-4\.7: mute did not answer for glm-4\.7-\d+ in \d+ s \(families\.glm-4\.7\.mind\.silent: end\).*society resume"
    with pytest.raises(BrokerError, match=told):
        society.run(spec, out=tmp_path / "run", broker=mosquitto.url, say=quiet)
    words = ["resume", str(tmp_path / "run"), "--broker", mosquitto.url]
    found = CliRunner().invoke(app, words)
    assert found.exit_code == 1
    assert isinstance(found.exception, BrokerError)
    hosts(mosquitto.url, "glm-4.7")
    assert society.resume(tmp_path / "run", broker=mosquitto.url, say=quiet).history == inside.history


def test_a_run_waits_and_says_for_whom_until_somebody_comes(
    mosquitto, mute, hosts, world, inside, tmp_path, monkeypatch
):
    monkeypatch.setattr("society.minds.remote.waiting.SAY_S", 0.2)
    monkeypatch.setattr("society.minds.remote.hosts.AGAIN_S", 0.2)
    heard = []

    def say(line):
        heard.append(line)
        if "awaited" in line and len([one for one in heard if "awaited" in one]) == 1:
            hosts(mosquitto.url, "glm-4.7", wait=False)

    spec = away(world, answer_within=0.3, max_asks=1)
    record = society.run(spec, out=tmp_path / "run", broker=mosquitto.url, say=say)
    assert record.history == inside.history
    line = next(one for one in heard if "awaited" in one)
    assert line.startswith("tick 1: mute awaited for ")
    assert "to answer for glm-4.7-" in line
    assert "of glm-4.7; the run waits for 600 s in all, then ends and can be resumed (mind.silent: wait)" in line
    assert record.manifest["cost"]["episodes"]["no_answer"] == 0


def test_waiting_has_an_end(mosquitto, mute, world, tmp_path, monkeypatch):
    monkeypatch.setattr("society.minds.remote.hosts.AGAIN_S", 0.1)
    spec = away(world, answer_within=0.1, max_asks=1, patience_s=0.5)
    with pytest.raises(
        BrokerError, match=r"mute did not answer.*silent: wait\); interrupted at tick 0.*society resume"
    ):
        society.run(spec, out=tmp_path / "run", broker=mosquitto.url, say=quiet)


@pytest.mark.parametrize("silent", ["rule", "end"])
def test_a_host_that_dies_is_known_to_be_gone_at_once(mosquitto, hosts, world, tmp_path, monkeypatch, silent):
    """It is asked with all the time in the world, and yet nobody waits for it."""
    monkeypatch.setattr("society.minds.remote.hosts.GRACE_S", 0.3)
    host = hosts(mosquitto.url, "glm-4.7", "--name", "ada")

    def progress(tick, ticks):
        if tick == 10:
            host.send_signal(signal.SIGKILL)
            host.wait()

    spec = away(world, silent=silent, answer_within=86400, max_asks=100)
    if silent == "end":
        with pytest.raises(BrokerError, match=r"a host \(ada is gone\) did not come for glm-4\.7-.*society resume"):
            society.run(spec, out=tmp_path / "run", broker=mosquitto.url, progress=progress, say=quiet)
        return
    record = society.run(spec, out=tmp_path / "run", broker=mosquitto.url, progress=progress, say=quiet)
    lost = record.sql("select count(*) as n from occasions where tick > 10").n[0]
    assert 0 < sum(record.manifest["cost"]["by_rule"].values()) <= lost


def test_who_keeps_silent_is_waited_for_ever_less_until_it_gives_a_sign():
    known, now = Presence(), 100.0
    known.announced(ADA, Host(v=1))
    limits = []
    for _ in range(6):
        limits.append(known.limit_s(ADA, "guest-1", 30.0))
        known.kept_silent(ADA, now, now := now + limits[-1])
    assert limits == [30.0, 7.5, 1.875, 0.46875, LEAST_S, LEAST_S]
    assert known.hopeless("guest", "guest-1")
    known.answered(ADA, None)
    assert known.limit_s(ADA, "guest-1", 30.0) == 30.0
    known.kept_silent(ADA, 200.0, 230.0)
    for asked in (201.0, 205.0, 229.9):  # asked before it was known, together
        known.kept_silent(ADA, asked, 231.0)
    assert known.limit_s(ADA, "guest-1", 30.0) == 7.5
    known.announced(ADA, Host(v=1))
    assert known.limit_s(ADA, "guest-1", 30.0) == 30.0


def test_another_is_asked_when_an_answer_takes_much_longer_than_it_usually_does():
    known = Presence()
    known.announced(ADA, Host(v=1))
    for _ in range(5):
        known.answered(ADA, 0.5)
    assert known.limit_s(ADA, "guest-1", 30.0) == 30.0, "there is nobody else"
    known.announced(BOB, Host(v=1))
    assert known.limit_s(ADA, "guest-1", 30.0) == 4.0
    assert known.limit_s(BOB, "guest-1", 30.0) == 30.0, "it is not known what it usually takes"
    known.announced(BOB, Host(v=1, agents=["guest-2"]))
    assert known.limit_s(ADA, "guest-1", 30.0) == 30.0, "it does not serve this agent"
    assert known.choose("guest", "guest-2", []) == BOB
    assert known.choose("guest", "guest-2", [BOB]) == ADA
    known.left(ADA, 5.0)
    assert known.choose("guest", "guest-1", []) is None
    assert known.gone == {"guest": (5.0, "ada")}
