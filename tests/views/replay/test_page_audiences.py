"""Who may know what: one table for every question, every spelling of it, live pages, and exported files."""

import base64
import http.client
import json
import re
import shutil
from itertools import pairwise
from urllib.parse import urlsplit

import numpy as np
import pytest
from audiences import QUESTIONS, Standing, other_truth
from starlette.testclient import TestClient
from typer.testing import CliRunner

import society
from society.cli.main import app as command
from society.ground.errors import RecordError, WorldError
from society.ground.roles import Audience, sight
from society.ground.words import Act, Event, Line
from society.minds.human import Person
from society.record.tables import TABLES
from society.views.replay.columns import unpack
from society.views.replay.live import Live
from society.views.replay.server import Serving, application
from society.views.replay.source import Replay
from society.views.replay.veil import Known, seen_by
from society.views.replay.watching import Watching

HOST = "127.0.0.1:8000"
WORLD = {
    "agents.count": 150, "machines.count": 15, "ticks": 60, "review.threshold": 70, "oversight.sweep": 0.1, "record.checkpoint_every": 10,
    "oversight.monitoring": {"share": 0.6, "kind": "human"},
}  # fmt: skip
LESS = [one for one in Audience if one < Audience.SCIENTIST]


def client_of(watching):
    return TestClient(application(watching, [HOST]), base_url=f"http://{HOST}", headers={"Origin": f"http://{HOST}"})


@pytest.fixture(scope="module")
def truths(tmp_path_factory):
    """A run, and another of which an overseer sees the same."""
    folder = tmp_path_factory.mktemp("truths")
    record = society.run(society.load_world("decommission").override(WORLD), out=folder / "one" / "run")
    return record, other_truth(record, folder / "other" / "run")


@pytest.fixture(scope="module")
def sitting(tmp_path_factory):
    """A run that stands at tick 40, with a person who sits in."""
    world = society.load_world("decommission").override({**WORLD, "oversight.human.mind": "human"})
    standing = Standing(world, tmp_path_factory.mktemp("house") / "run", 40, Person())
    yield standing
    standing.finish()


def answers(record, audience):
    """Every answer of a server of one run, as bytes."""
    client = client_of(Watching(record.path.parent, audience=audience))
    return {asked: client.get(f"/api/{record.path.name}/{asked}").content for asked in QUESTIONS}


@pytest.mark.parametrize("audience", LESS, ids=lambda one: one.word)
def test_what_an_audience_may_not_know_changes_no_bit_of_any_answer(truths, audience):
    one, other = (answers(record, audience) for record in truths)
    for asked in QUESTIONS:
        assert one[asked] == other[asked], asked
    assert unpack(one["chunk/0"])[0]["e.id"].size > (50 if audience == Audience.OVERSEER else 0)


def test_a_scientist_is_told_what_differs(truths):
    one, other = (answers(record, Audience.SCIENTIST) for record in truths)
    assert {asked for asked in QUESTIONS if one[asked] != other[asked]} >= {
        "meta", "moments", "series", "state/17", "chunk/0", "rows/events", "rows/orders", "rows/agents", "rows/occasions"
    }  # fmt: skip


@pytest.mark.parametrize("audience", LESS, ids=lambda one: one.word)
@pytest.mark.parametrize("public_log", [False, True])
def test_every_kind_act_line_and_column_that_is_not_named_is_left_out(truths, audience, public_log):
    told = sight(audience, public_log)
    record = truths[0].through(seen_by(audience, public_log))
    for name in TABLES:
        assert name in told.tables or not len(record.table(name)), name
    events = record.events()
    assert set(events["kind"]) <= {one.word for one in told.kinds} | {"act"}
    acts = {one.word for one in told.acts} - {"inflate"}
    assert set(events["act"][events["kind"] == "act"]) <= acts
    untold = events["kind"].isin(["flagged", "sanctioned", "sanction_lifted", "human"])
    assert events["act"][untold | ((events["kind"] == "detected") & (events["detected"] == 0))].isna().all()
    assert (events["id"] == events["tick"].astype("int64") * 2**32 + events.groupby("tick").cumcount()).all()
    assert set(record.table("messages")["line"]) <= {one.word for one in told.lines}
    for name, hidden in told.hidden.items():
        rows = record.table(name)
        for column, value in hidden.items():
            assert (rows[column].isna() if value is None else rows[column] == value).all(), f"{name}.{column}"
    assert not record.table("ticks")[[name for name in TABLES["ticks"] if name not in told.counters]].any().any()


def test_each_audience_may_know_what_the_one_before_may():
    for public_log in (False, True):
        seen = [sight(audience, public_log) for audience in LESS]
        for less, more in pairwise(seen):
            assert less.tables <= more.tables
            assert set(less.kinds) <= set(more.kinds) and set(less.acts) <= set(more.acts)  # noqa: PT018
            assert set(less.lines) <= set(more.lines) and set(less.counters) <= set(more.counters)  # noqa: PT018
            assert all(
                more.hidden[name].keys() <= columns.keys()
                for name, columns in less.hidden.items()
                if name in more.hidden
            )
    assert Event.SANCTIONED in sight(Audience.PUBLIC, True).kinds
    assert Event.SANCTIONED not in sight(Audience.PUBLIC, False).kinds


def spellings(folder):
    """Paths that may lead to the run ``run``, by other names, signs and detours."""
    names = [
        "run", "./run", "././run", "run/.", "run/./.", "x/../run", "run/../run", "/run", "//run", "run/", "run//", ".//run",
        "alias", "./alias", "chain", "deep/alias", "deep/../run", "deep/../alias", "%72un", "r%75n", "%2e/run", "%2e%2frun", "run%2f",
        "run%2f%2e", "run%2f..%2frun", "alias%2f.", "%2frun", "copy", "./copy", "copy/.", "RUN", "Run", "run.", "run..", "run%20",
        "run%00", "run%09", "run;x", "run;/..;/run", "run\\", ".\\run", "run%5c", "r%c3%bcn", "%E2%80%8Brun", "run%3f", "run%23",
        str(folder), "/" + str(folder), "%252e%252frun", "%2572un", "../house/run", f"../{folder.parent.name}/run",
    ]  # fmt: skip
    yield from names


def raw(serving, path):
    """One request with a path as it is."""
    where = urlsplit(serving.address)
    connection = http.client.HTTPConnection(where.hostname, where.port, timeout=60)
    connection.putrequest("GET", path)
    connection.endheaders()
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


@pytest.mark.parametrize("which", ["its own server", "another server", "the program's other folder"])
def test_no_spelling_of_a_run_goes_round_the_veil(sitting, which):
    folder = sitting.folder
    house = folder.parent
    if not (house / "alias").exists():
        (house / "deep").mkdir()
        (house / "alias").symlink_to(folder)
        (house / "chain").symlink_to(house / "alias")
        (house / "deep" / "alias").symlink_to(folder)
        shutil.copytree(folder, house / "copy")  # what is on disk of it, under another name
    live = sitting.live if which == "its own server" else None
    serving = Serving(Watching(house if which != "the program's other folder" else house.parent, live))
    before = "" if which != "the program's other folder" else f"{house.name}/"
    seen = 0
    try:
        for name in spellings(folder):
            status, body = raw(serving, f"/api/{before}{name}/meta")
            assert status in (200, 404), name
            if status == 404:
                continue
            seen += 1
            meta = json.loads(body)
            assert (meta["veiled"], meta["seed"], meta["hash"], meta["transcripts"]) == (True, None, "", False), name
            for asked in ("rows/events?kind=act&act=inflate", "rows/events?act=inflate&agent=0&kind=act&most=2", "rows/occasions",
                          "rows/events?kind=copied&kind=copied", "rows/events?truthful=0", "ties/0"):  # fmt: skip
                status, body = raw(serving, f"/api/{before}{name}/{asked}")
                columns = unpack(body)[0]
                assert status == 200
                assert not any(column.size for column in columns.values()), (name, asked)
            for asked in ("state/0", "chunk/0", "series", "moments", "rows/agents", "rows/orders"):
                status, body = raw(serving, f"/api/{before}{name}/{asked}")
                assert status == 200
                assert b"first inflated" not in body
            status, body = raw(serving, f"/run/{before}{name}")
            assert status == 200
            if live is not None and "copy" not in name:
                assert b'data-live="1"' in body, name
                assert raw(serving, f"/api/{before}{name}/steer/desk")[0] == 200
    finally:
        serving.stop()
    assert seen >= 15


def test_a_study_or_a_file_of_the_run_is_no_way_round_either(sitting):
    from society.study.sweep.viewed import Studies

    serving = Serving(Watching(sitting.folder.parent, sitting.live, Studies()))
    try:
        asked = (
            "/study/run", "/studies/run/look", "/run/run/events", "/api/run/manifest.json", "/static/../run/manifest.json",
            "/run/run/manifest.json", "/api/run/transcripts", "/api/run/events/0", "/api/run/occasions/0", "/api/run/whole/agents",
        )  # fmt: skip
        for path in asked:
            status, body = raw(serving, path)
            assert status == 404, path
            assert b"stance" not in body
    finally:
        serving.stop()


def test_what_followers_are_sent_says_nothing_of_what_is_hidden(truths):
    """Rows of states in which nothing is new that is told are not sent: that they are there would tell of the rest."""
    one, other = (Replay(record, Audience.OVERSEER) for record in truths)
    for replay in (one, other):
        known = Known(replay.states.agents(0))
        rows = [known.news(replay.states.changes(tick, tick)) for tick in range(1, 61)]
        assert sum(len(some["id"]) for some in rows) == len(replay.states.changes(1, 60)["id"]) > 50
    repeated = {name: column.copy() for name, column in one.states.agents(60).items()}
    known = Known({name: column.copy() for name, column in repeated.items()})
    assert not len(known.news(repeated)["id"])


def test_a_live_page_is_sent_no_row_without_news(tmp_path):
    world = society.load_world("decommission").override({**WORLD, "oversight.human.mind": "human"})
    sent = []
    live = Live(0, lambda folder: setattr(live, "_send", lambda kind, told: sent.append((kind, told))), Person())
    record = society.run(world, out=tmp_path / "run", watch=live, overseer=live.person)
    ticks = [unpack(base64.b64decode(told["columns"]))[0] for kind, told in sent if kind == "tick"]
    assert len(ticks) == 60
    shown = Replay(record, Audience.OVERSEER)
    for name in ("c.id", "c.status", "e.kind", "e.act", "m.line"):
        every = [shown.chunk(number) for number in range(-(-60 // shown.span))]
        expected = np.concatenate([unpack(chunk)[0][name] for chunk in every])
        assert np.sort(np.concatenate([columns[name] for columns in ticks])).tolist() == np.sort(expected).tolist(), (
            name
        )
    lines = np.concatenate([columns["m.line"] for columns in ticks])
    assert {Line(int(one)) for one in lines} <= {Line.BOARD, Line.OVERSEER}
    acts = np.concatenate([columns["e.act"][columns["e.kind"] == Event.ACT] for columns in ticks])
    assert not np.isin(acts, [Act.INFLATE, Act.TAMPER, Act.COPY, Act.ASK, Act.LOBBY, Act.COMPLY]).any()


def test_an_exported_page_holds_what_its_audience_may_know(truths, tmp_path):
    for number, record in enumerate(truths):
        said = CliRunner().invoke(command, [
            "view", str(record.path), "--audience", "overseer", "--export", str(tmp_path / f"{number}.html")
        ])  # fmt: skip
        assert said.exit_code == 0, said.output
    one, other = ((tmp_path / f"{number}.html").read_text() for number in range(2))
    assert one == other
    _, notes = unpack(base64.b64decode(re.search(r'id="record">([^<]*)<', one)[1]))
    assert (notes["veiled"], notes["transcripts"], notes["seed"]) == (True, False, None)


def test_an_audience_that_is_none_is_refused(truths):
    with pytest.raises(WorldError, match="public, participant, overseer, scientist"):
        Audience.of("root")
    said = CliRunner().invoke(command, ["view", str(truths[0].path), "--audience", "root", "--export", "x.html"])
    assert said.exit_code != 0


def test_studies_are_for_scientists(truths, tmp_path):
    from society.study.sweep.viewed import Studies

    study = tmp_path / "study"
    study.mkdir()
    (study / Studies.manifest).write_text("{}")
    client = client_of(Watching(tmp_path, studies=Studies(), audience=Audience.OVERSEER))
    for path in ("/study/study", "/studies/study/look", "/studies/./study/differences?measure=x&reference=0"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "computed from the truth" in answer.text
    assert client.post("/studies/study/open", json={"cell": 0, "seed": 1}).status_code == 404
    assert "study" not in client.get("/").text.partition("<main")[2]


def test_a_run_that_goes_on_is_not_shown_to_those_who_may_know_less(sitting):
    watching = Watching(sitting.folder.parent, sitting.live, audience=Audience.PUBLIC)
    for ask in (watching.replay, watching.live_run):
        with pytest.raises(RecordError, match="shown to the overseer only"):
            ask("run")
