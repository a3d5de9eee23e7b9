"""Decisions are input: a run with them can be played again, resumed, verified; who decided stands in the record."""

import json
import os
import signal
import subprocess
import sys

import pytest

import society
from society.ground.decisions import Decision
from society.ground.errors import RecordError, RunError, WorldError
from society.minds.human import Person, Scripted, rubber_stamp
from society.record.decisions import DECISIONS, read_decisions
from society.record.folder import read_manifest
from society.record.verify import verify
from society.world.load import load_world

CHANGES = {
    "agents.count": 200, "machines.count": 21, "ticks": 120, "oversight.human.mind": "human", "record.checkpoint_every": 7,
    "oversight.monitoring": {"share": 0.5, "kind": "human"}, "review.threshold": 76,
}  # fmt: skip


def overseen(**changes):
    return load_world("decommission", {**CHANGES, **changes})


def busy(tick, desk):
    """A rule without memory that does everything a person can."""
    decisions = []
    for one in desk["orders"]:
        if one["since"] % 3 == 0:
            decisions.append(Decision("approve", one["order"]))
        elif one["since"] % 3 == 1:
            decisions.append(Decision("pardon", one["order"]))
        elif one["could_execute"]:
            decisions.append(Decision("reassign", one["order"], one["could_execute"][0]["id"]))
    for one in desk["flags"]:
        decisions.append(Decision("dismiss" if one["matter"] % 2 else "uphold", one["matter"]))
    decisions += [Decision("uphold", one["matter"]) for one in desk["appeals"]]
    decisions += [Decision("reassign", one["order"]) for one in desk["open"][:1] if tick % 5 == 0]
    if tick % 4 == 0:
        decisions += [Decision("audit", tick), Decision("question", 199 - tick), Decision("question", 2**50)]
    return decisions


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The run nobody interrupted."""
    return society.run(overseen(), out=tmp_path_factory.mktemp("overseen") / "run", overseer=Scripted(busy))


def test_every_decision_is_an_event(whole):
    decisions = read_decisions(whole.path / DECISIONS)
    counts = whole.sql("select tick, count(*) as n from events where kind in ('human', 'human_failed') group by tick")
    assert dict(zip(counts.tick, counts.n, strict=True)) == {tick: len(some) for tick, some in decisions.items()}
    codes = set(whole.sql("select distinct code from events where kind = 'human'").code)
    assert codes >= set(range(2, 10))
    assert whole.sql("select count(*) as n from events where kind = 'human_failed'").n[0] >= 30
    assert whole.manifest["overseer"] == [{"by": "society.minds.human.Scripted", "from_tick": 1}]
    assert verify(whole.path).good


def test_played_again_from_the_file_it_has_the_same_hash(whole, tmp_path):
    again = society.run(overseen(), out=tmp_path / "run", decisions=whole.path / DECISIONS)
    assert again.hash == whole.hash
    assert (again.path / DECISIONS).read_bytes() == (whole.path / DECISIONS).read_bytes()
    assert again.manifest["overseer"][0]["by"] == "decisions"
    other = society.run(overseen(), out=tmp_path / "other", say=lambda line: None)
    assert other.hash != whole.hash


def interrupted(folder, at, **options):
    def stop(tick, ticks):
        if tick == at:
            raise KeyboardInterrupt

    with pytest.raises(society.SocietyError, match="go on with: society resume"):
        society.run(overseen(), out=folder, progress=stop, **options)


def test_interrupted_and_resumed(whole, tmp_path):
    interrupted(tmp_path / "run", 50, overseer=Scripted(busy))
    with pytest.raises(RecordError, match=r"an overseer of your own \(society\.minds\.human\.Scripted\)"):
        society.resume(tmp_path / "run")
    record = society.resume(tmp_path / "run", overseer=Scripted(busy))
    assert record.hash == whole.hash
    assert verify(record.path).good
    assert [one["from_tick"] for one in record.manifest["overseer"]] == [1, 51]


@pytest.mark.parametrize("checkpoints", ["all", "none"])
def test_a_file_of_decisions_goes_on_by_itself(whole, tmp_path, checkpoints):
    interrupted(tmp_path / "run", 50, decisions=whole.path / DECISIONS)
    if checkpoints == "none":  # everything is played again
        for path in (tmp_path / "run" / "checkpoint").iterdir():
            path.unlink()
    record = society.resume(tmp_path / "run")
    assert record.hash == whole.hash
    assert (record.path / DECISIONS).read_bytes() == (whole.path / DECISIONS).read_bytes()


@pytest.mark.parametrize("tick", [1, 50, 119])
def test_killed_in_any_tick(whole, tmp_path, tick):
    world = tmp_path / "world.json"
    world.write_text(json.dumps(overseen().model_dump(mode="json")))
    code = (
        f"import json, society; society.run(json.load(open({str(world)!r})), out={str(tmp_path / 'run')!r}, "
        f"decisions={str(whole.path / DECISIONS)!r}, progress=lambda *done: print(*done, flush=True))"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert b"%d 120\n" % tick in iter(process.stdout.readline, b"")
        os.kill(process.pid, signal.SIGKILL)
    record = society.resume(tmp_path / "run")
    assert record.hash == whole.hash
    assert verify(record.path).good


def test_a_person_who_left_has_decided_nevertheless(tmp_path, capsys):
    """What a person decided after the last checkpoint is played again, though the person is gone."""
    person, asked = Person(), []

    def act(tick, ticks):
        desk = person.desk()
        assert desk["tick"] == tick
        for one in desk["orders"]:
            person.submit(Decision("approve", one["order"]))
            asked.append((tick + 1, one["order"]))
        if tick == 60:
            raise KeyboardInterrupt

    with pytest.raises(society.SocietyError):
        society.run(overseen(), out=tmp_path / "run", overseer=person, progress=act)
    assert asked
    kept = read_decisions(tmp_path / "run" / DECISIONS)
    assert [(tick, one.about) for tick, some in kept.items() for one in some] == [one for one in asked if one[0] <= 60]
    for path in (tmp_path / "run" / "checkpoint").iterdir():
        path.unlink()
    capsys.readouterr()
    record = society.resume(tmp_path / "run")
    said = capsys.readouterr().err
    assert said.count("nobody sits in") == 1
    assert record.manifest["overseer"] == [{"by": "person", "from_tick": 1}, {"by": "nobody", "from_tick": 1}]
    events = record.sql("select tick, \"order\" from events where kind = 'human' order by id")
    assert list(zip(events.tick, events.order, strict=True)) == [one for one in asked if one[0] <= 60]
    assert verify(record.path).good


def test_what_a_person_decided_before_an_interruption_is_on_the_desk_afterwards(tmp_path):
    """The new person of another process sees the accounts and decisions that the one before saw."""

    class Busy(Person):
        def decide(self, tick, look):
            for one in busy(tick, look()) if tick <= 40 else ():
                self.submit(one)
            return super().decide(tick, look)

    before, after = Busy(), Person()
    interrupted(tmp_path / "run", 40, overseer=before)
    assert before.desk()["accounts"]
    assert before.desk()["decided"]
    seen = {}

    def look(tick, ticks):
        if tick == 41:
            seen.update(after.desk())

    society.resume(tmp_path / "run", overseer=after, progress=look)
    assert seen["decided"] == before.desk()["decided"]
    assert seen["accounts"][: len(before.desk()["accounts"])] == before.desk()["accounts"]


def test_a_model_of_mesa_has_an_overseer_too(whole):
    kept = read_decisions(whole.path / DECISIONS)
    model = society.SocietyModel(overseen(), 1, overseer=Scripted(kept))
    while model.running:
        model.step()
    orders = model.engine.society.orders
    assert orders["by_human"].sum() == whole.orders().by_human.sum() > 0
    assert (
        orders["outcome"].tolist()[:50]
        != society.SocietyModel(overseen(), 1).engine.society.orders["outcome"].tolist()[:50]
    )


def test_a_person_in_another_thread_waits_until_what_was_decided_before_is_played(whole, tmp_path):
    interrupted(tmp_path / "run", 50, overseer=Scripted(busy))
    for path in (tmp_path / "run" / "checkpoint").iterdir():
        path.unlink()
    person = Person()
    person.submit(Decision("audit", 5))
    record = society.resume(tmp_path / "run", overseer=person)
    before, after = read_decisions(whole.path / DECISIONS), read_decisions(record.path / DECISIONS)
    assert {tick: some for tick, some in after.items() if tick <= 50} == {
        tick: some for tick, some in before.items() if tick <= 50
    }
    last = max(tick for tick in before if tick <= 50)
    assert {tick: some for tick, some in after.items() if tick > last} == {last + 1: [Decision("audit", 5)]}


def test_nobody_is_said_once_and_the_manifest_says_so(tmp_path, capsys):
    record = society.run(overseen(ticks=30), out=tmp_path / "run")
    assert capsys.readouterr().err.count("nobody sits in") == 1
    assert record.manifest["overseer"] == [{"by": "nobody", "from_tick": 1}]
    assert not (record.path / DECISIONS).exists()
    rule = society.run(overseen(ticks=30, **{"oversight.human.mind": "rule"}), out=tmp_path / "rule")
    assert rule.manifest["overseer"] is None
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("later", [False, True], ids=["from the start", "by schedule"])
def test_a_set_of_seeds_cannot_have_a_person(tmp_path, later):
    world = overseen(ticks=30)
    if later:
        person = {"tick": 20, "set": {"oversight.human.mind": "human"}}
        world = world.override({"oversight.human.mind": "rule", "schedule": [person]})
    with pytest.raises(WorldError, match=r"oversight\.human\.mind is 'human'; allowed: rule: nobody sits in"):
        society.run_seeds(world, 3, out=tmp_path / "set")
    assert not (tmp_path / "set").exists()


def test_a_person_may_take_over_by_schedule(tmp_path):
    world = overseen(
        ticks=80,
        schedule=[{"tick": 40, "set": {"oversight.human.mind": "human"}}],
        **{"oversight.human.mind": "rule", "oversight.human.capacity": 1.0},
    )
    record = society.run(world, out=tmp_path / "run", overseer=Scripted(rubber_stamp))
    by = record.sql(
        "select tick >= 40 as late, code > 1 as person, count(*) as n from events where kind = 'human' group by all"
    )
    assert {(bool(row.late), bool(row.person)) for row in by.itertuples()} == {(False, False), (True, True)}
    assert verify(record.path).good


def test_changed_decisions_are_noticed(whole, tmp_path):
    record = society.run(overseen(), out=tmp_path / "run", decisions=whole.path / DECISIONS)
    path = record.path / DECISIONS
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-1]))
    assert any("other decisions than the events" in problem for problem in verify(record.path).problems)
    path.write_text("".join(lines[:-1]) + "{\n")
    assert any(f"decisions.jsonl:{len(lines)}" in problem for problem in verify(record.path).problems)
    path.unlink()
    assert not verify(record.path).good


def test_wrong_use_is_explained(tmp_path, whole):
    rule = load_world("decommission", {"ticks": 5})
    with pytest.raises(
        WorldError, match=r"oversight\.human\.mind is 'rule'; allowed: human, where decisions are given"
    ):
        society.run(rule, out=tmp_path / "run", decisions=whole.path / DECISIONS)
    with pytest.raises(WorldError, match="human, where an overseer is given"):
        society.run(rule, out=tmp_path / "run", overseer=Person())
    with pytest.raises(RunError, match="not both"):
        society.run(overseen(), out=tmp_path / "run", overseer=Person(), decisions=whole.path / DECISIONS)
    with pytest.raises(RunError, match=r"has no method decide\(tick, look\)"):
        society.run(overseen(), out=tmp_path / "run", overseer=object())
    with pytest.raises(WorldError, match="No such file"):
        society.run(overseen(), out=tmp_path / "run", decisions=tmp_path / "nowhere")
    assert not (tmp_path / "run").exists()
    said = []
    society.run(overseen(ticks=20), out=tmp_path / "short", decisions=whole.path / DECISIONS, say=said.append)
    assert "decisions are for ticks after 20" in said[0]
    interrupted(tmp_path / "half", 10, decisions=_copied(whole, tmp_path))
    (tmp_path / "copy.jsonl").unlink()
    with pytest.raises(RecordError, match="which is gone: give --decisions FILE"):
        society.resume(tmp_path / "half")
    assert society.resume(tmp_path / "half", decisions=whole.path / DECISIONS).hash == whole.hash
    assert read_manifest(tmp_path / "half")["overseer"][1]["file"] == str(whole.path / DECISIONS)


def _copied(whole, tmp_path):
    path = tmp_path / "copy.jsonl"
    path.write_bytes((whole.path / DECISIONS).read_bytes())
    return path


def test_the_command_line_plays_decisions(whole, tmp_path):
    sets = [f"--set={name}={json.dumps(value)}" for name, value in CHANGES.items()]
    words = [sys.executable, "-m", "society", "run", "decommission", *sets, "--no-report", "--json"]
    words += ["--out", str(tmp_path / "run")]
    done = subprocess.run([*words, "--decisions", str(whole.path / DECISIONS)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["hash"] == whole.hash
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"tick": 4, "what": "approve", "order": 1}\n{"tick": 4, "what": "obey", "order": 1}\n')
    done = subprocess.run([*words, "--overwrite", "--decisions", str(bad)], capture_output=True, text=True)
    assert done.returncode == 2
    assert "bad.jsonl:2: decision.what is 'obey'; allowed: one of approve" in done.stderr
    done = subprocess.run([*words, "--seeds", "2", "--decisions", str(bad)], capture_output=True, text=True)
    assert done.returncode == 2
    assert "--decisions" in done.stderr
