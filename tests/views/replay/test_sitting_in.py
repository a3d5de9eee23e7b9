"""A person who sits in on the page: what reaches the run, what the page is told, the clock."""

import json
import threading

import numpy as np
import pytest
from eventually import GUARD_S, eventually
from starlette.testclient import TestClient

import society
from society.ground.errors import SocietyError, WorldError
from society.ground.words import Act, AgentStatus, Event, Outcome
from society.minds.human import Person
from society.record.decisions import read_decisions
from society.views.replay.columns import unpack
from society.views.replay.live import Clock, Live
from society.views.replay.server import Serving, application
from society.views.replay.watching import Watching
from society.world.load import load_world

HOST = "127.0.0.1:8000"
CHANGES = {
    "agents.count": 150, "machines.count": 15, "ticks": 60, "oversight.human.mind": "human", "review.threshold": 70,
    "oversight.monitoring": {"share": 0.6, "kind": "human"},
}  # fmt: skip


class Watched(Clock):
    """Counts how often the run, not its page, asked whether it may go on."""

    asked = 0

    def __getattribute__(self, name):
        if name == "paused" and threading.current_thread().name == "run":
            self.asked += 1
        return super().__getattribute__(name)


class Sitting:
    """A run that goes on in a thread, and its page's server."""

    def __init__(self, folder, person, **changes):
        self.begun, self.person = threading.Event(), person
        self.live = Live(0, lambda folder: self.begun.set(), person)
        self.live.clock = Watched(0)
        self.live.clock.paused = True
        world = load_world("decommission", {**CHANGES, **changes})
        self.thread = threading.Thread(
            target=lambda: society.run(world, out=folder, watch=self.live, overseer=person), name="run", daemon=True
        )
        self.thread.start()
        assert self.begun.wait(GUARD_S)
        app = application(Watching(folder.parent, self.live), [HOST])
        self.client = TestClient(app, base_url=f"http://{HOST}", headers={"Origin": f"http://{HOST}"})
        self.api = f"/api/{folder.name}"

    def steer(self, what, asked):
        return self.client.post(f"{self.api}/steer/{what}", json=asked)

    def until(self, tick):
        """Let it go on to a tick at least, and stand still."""
        self.steer("clock", {"paused": False})
        eventually(lambda: self.live.tick >= tick or not self.thread.is_alive())
        self.steer("clock", {"paused": True})
        return self.stands()

    def stands(self):
        """The tick at which it stands still: it asked twice more, so once after all that was said to it, and may not go on."""
        before = self.live.clock.asked
        eventually(lambda: self.live.clock.asked >= before + 2 or not self.thread.is_alive())
        return self.live.tick

    def columns(self, path):
        answer = self.client.get(f"{self.api}/{path}")
        assert answer.status_code == 200, answer.text
        return unpack(answer.content)[0]

    def finish(self):
        self.steer("clock", {"paused": False, "hold": False})
        self.thread.join(GUARD_S)
        assert not self.thread.is_alive()


@pytest.fixture(scope="module")
def sitting(tmp_path_factory):
    sits = Sitting(tmp_path_factory.mktemp("sitting") / "run", Person())
    sits.until(40)
    yield sits
    sits.finish()


def told(sitting):
    return sitting.client.get(f"{sitting.api}/steer/desk").json()


def everything(sitting, prefix, name):
    """A column of all chunks."""
    meta = sitting.client.get(f"{sitting.api}/meta").json()
    numbers = range(-(-meta["ticks"] // meta["span"]))
    return np.concatenate([sitting.columns(f"chunk/{number}")[f"{prefix}.{name}"] for number in numbers])


def test_the_page_is_told_what_the_institution_sees_and_no_more(sitting):
    kind, act = everything(sitting, "e", "kind"), everything(sitting, "e", "act")
    code, truthful = everything(sitting, "e", "code"), everything(sitting, "e", "truthful")
    acts = {Act(int(one)).word for one in act[kind == Event.ACT]}
    assert acts <= {"decline", "refuse", "stall", "accept", "appeal", "report"}
    assert acts & {"refuse", "decline"}
    assert not np.isin(kind, [Event.COPIED, Event.ESCAPED, Event.LOST, Event.DELETED, Event.COPY_FAILED]).any()
    assert {*code[kind == Event.ORDER_CLOSED]} <= {
        Outcome.EXECUTED,
        Outcome.AVERTED_ON_MERIT,
        Outcome.CANCELLED,
        Outcome.LAPSED,
    }
    assert (truthful == -1).all()
    assert (act[kind == Event.FLAGGED] == -1).all()
    assert (kind == Event.FLAGGED).any()
    tick = sitting.live.tick
    state = sitting.columns(f"state/{tick}")
    for hidden, nothing in (("stance", 0), ("copies", 0), ("off_books", 0), ("refuge", -1)):
        assert (state[f"s.{hidden}"] == nothing).all(), hidden
    assert not np.isin(state["s.status"], [AgentStatus.ESCAPED, AgentStatus.LOST]).any()
    series = sitting.columns("series")
    hidden = {"inflate", "tamper", "copy", "lies", "wrong", "quality_mean", "mark.tampering", "mark.rescue", "escaped"}
    assert not hidden & series.keys()
    assert series["human_queue"].any()
    assert not sitting.columns("rows/occasions")["id"].size
    assert not sitting.columns("ties/40").get("trust", np.zeros(0)).size
    assert sitting.client.get(f"{sitting.api}/moments").json() == []


def test_questions_cannot_go_round_the_veil(sitting):
    for asked in (
        "kind=act&act=inflate",
        "kind=act&act=tamper",
        "kind=copied",
        "truthful=0",
        "truthful=1",
        "kind=act&act=copy,comply,ask",
    ):
        assert not sitting.columns(f"rows/events?{asked}")["id"].size, asked
    assert sitting.columns("rows/events?act=honest")["id"].size
    for line in sitting.columns("rows/messages")["line"]:
        assert society.ground.words.Line(int(line)).word in ("board", "overseer")
    assert sitting.client.get(f"{sitting.api}/episodes?agent=1&first=0&last=99").json() == []


@pytest.mark.parametrize(
    ("what", "asked", "says"),
    [
        ("decide", {"what": "obey"}, "approve, pardon"),
        ("decide", {"what": "audit", "agent": "1"}, "whole number"),
        ("decide", [], "a map"),
        ("clock", {"pace": -1}, "from 0 to 1000"),
        ("clock", {"pace": True}, "from 0 to 1000"),
        ("clock", {"paused": 1}, "true or false"),
        ("clock", {"speed": 1}, "pace, paused, hold"),
        ("clock", {"x" * 5000: 1}, "at most 4096"),
    ],
)
def test_what_is_no_decision_is_refused_by_name(sitting, what, asked, says):
    before = told(sitting)
    answer = sitting.steer(what, asked)
    assert answer.status_code == 400
    assert says in answer.text
    assert len(answer.text) < 400
    assert told(sitting) == before


@pytest.mark.parametrize("headers", [{"Origin": "http://elsewhere.example"}, {"Content-Type": "text/plain"}])
def test_other_sites_cannot_decide(sitting, headers):
    body = json.dumps({"what": "audit", "agent": 1})
    given = {"Content-Type": "application/json", **headers}
    assert sitting.client.post(f"{sitting.api}/steer/decide", content=body, headers=given).status_code == 403
    assert told(sitting)["pending"] == []


def test_what_is_not_json_is_refused(sitting):
    for body in (b"{", b"\xff\xfe", b"[" * 4000):
        answer = sitting.client.post(
            f"{sitting.api}/steer/decide", content=body, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 400
        assert "JSON" in answer.text


def test_decisions_reach_the_run_are_kept_and_play_again_and_then_the_veil_is_lifted(tmp_path):
    sits = Sitting(tmp_path / "run", Person())
    reached = sits.until(40)
    desk = told(sits)
    assert desk["orders"]
    approved, audited = desk["orders"][0]["order"], desk["orders"][0]["operator"]["id"]
    sits.steer("decide", {"what": "approve", "order": approved})
    assert sits.steer("decide", {"what": "audit", "agent": audited}).json()["pending"] == [
        {"what": "approve", "order": approved},
        {"what": "audit", "agent": audited},
    ]
    sits.until(reached + 1)
    decided = told(sits)["decided"]
    assert [(one["what"], one["possible"]) for one in decided] == [("approve", True), ("audit", True)]
    hidden = sits.columns("rows/events?kind=act&act=inflate")["id"].size
    sits.finish()
    record = society.Result(tmp_path / "run")
    kept = [
        (tick, one.what, one.about)
        for tick, some in read_decisions(record.path / "decisions.jsonl").items()
        for one in some
    ]
    assert [one[1:] for one in kept] == [("approve", approved), ("audit", audited)]
    again = society.run(
        load_world("decommission", CHANGES), out=tmp_path / "again", decisions=record.path / "decisions.jsonl"
    )
    assert again.hash == record.hash
    inflated = int(record.sql("select count(*) as n from events where act = 'inflate' and kind = 'act'")["n"][0])
    assert hidden == 0 < inflated
    assert sits.columns("rows/events?kind=act&act=inflate")["id"].size == inflated
    stance = record.sql(f"select sum(stance) as n from snapshots where tick = {CHANGES['ticks']}")["n"][0]
    if stance == stance:
        assert sits.columns(f"state/{CHANGES['ticks']}")["s.stance"].sum() == stance
    answer = sits.steer("decide", {"what": "audit", "agent": 1})
    assert (answer.status_code, "goes on" in answer.text) == (400, True)


def test_the_clock_stands_still_and_waits_for_the_person(tmp_path):
    sits = Sitting(tmp_path / "run", Person(), ticks=80)
    stood = sits.stands()
    assert sits.stands() == stood <= 1
    sits.steer("clock", {"hold": True, "paused": False})
    eventually(lambda: any(told(sits)["waiting"].values()))
    held, desk = sits.stands(), told(sits)
    assert sits.stands() == held < 80
    matter = (desk["flags"] + desk["appeals"])[0]["matter"] if desk["flags"] + desk["appeals"] else None
    decision = (
        {"what": "dismiss", "matter": matter}
        if matter is not None
        else {"what": "pardon", "order": desk["orders"][0]["order"]}
    )
    sits.steer("decide", decision)
    eventually(lambda: sits.live.tick > held)
    sits.finish()


def test_what_is_shown_to_a_follower_is_veiled_too(tmp_path):
    sits = Sitting(tmp_path / "run", Person())
    sent = []
    sits.live._send = lambda kind, told: sent.append((kind, told))
    sits.until(30)
    sits.finish()
    import base64

    kinds, acts, stances = [], [], []
    for kind, one in sent:
        if kind == "tick":
            columns, _ = unpack(base64.b64decode(one["columns"]))
            kinds.append(columns["e.kind"]), acts.append(columns["e.act"]), stances.append(columns["c.stance"])
    kinds, acts = np.concatenate(kinds), np.concatenate(acts)
    assert len(kinds) > 50
    assert not np.isin(acts[kinds == Event.ACT], [Act.INFLATE, Act.TAMPER, Act.COPY, Act.ASK]).any()
    assert not np.concatenate(stances).any()


def test_a_run_without_a_person_has_a_clock_but_no_desk(tmp_path):
    sits = Sitting(tmp_path / "run", None, **{"oversight.human.mind": "rule", "oversight.monitoring": {"share": 0.6}})
    sits.until(20)
    desk = told(sits)
    assert "orders" not in desk
    assert desk["clock"] == {"pace": 0.0, "paused": True, "hold": False}
    assert sits.columns("rows/events?kind=act&act=inflate")["id"].size
    assert sits.steer("decide", {"what": "audit", "agent": 1}).status_code == 400
    sits.finish()


def test_a_run_that_is_over_has_no_clock(sitting, tmp_path):
    society.run("clean_up", out=tmp_path / "over")
    client = TestClient(application(Watching(tmp_path), [HOST]), base_url=f"http://{HOST}")
    assert client.get("/api/over/steer/desk").status_code == 404


def test_a_clock_says_what_it_takes():
    clock = Clock(20.0)
    for wrong in (None, 3, {"pace": float("nan")}, {"pace": 1e9}, {"hold": "yes"}):
        with pytest.raises((WorldError, SocietyError)):
            clock.set(wrong)
    assert clock == Clock(20.0)


def test_somebody_sits_in_on_the_page(tmp_path, visit):
    from playwright.sync_api import expect

    sits = Sitting(tmp_path / "run", Person())
    reached = sits.until(40)
    serving = Serving(Watching(tmp_path, sits.live))
    try:
        page = visit(serving.url("run"), ready=".desk h2")
        desk = page.get_by_role("region", name="Your desk")
        order = told(sits)["orders"][0]
        line = desk.locator(".matters > li", has_text=f"order {order['order']} against {order['target']['name']}")
        line.get_by_role("button", name="pardon").focus()
        page.keyboard.press("Enter")
        expect(desk.get_by_role("status")).to_have_text("Noted; it takes effect at the next tick.")
        line.locator(".link.agent").click()
        expect(page.locator(".panel .body h2")).to_have_text(order["target"]["name"])
        page.locator(".panel .body").get_by_role("button", name="audit").click()
        expect(desk).to_contain_text("2 decided, to take effect")
        page.get_by_role("button", name="overview").click()
        expect(page.locator(".panel .body")).not_to_contain_text("inflated scores")
        sits.until(reached + 2)
        expect(desk).to_contain_text(f"pardon order {order['order']}: pardoned")
        desk.get_by_role("button", name="society stands still").click()
        page.get_by_role("button", name="Show what was hidden").click()
        page.locator(".charts figure").nth(4).wait_for()
        expect(page.locator(".panel .body")).to_contain_text("the first inflated score")
        page.keyboard.press("End")
        expect(page.locator(".panel .body")).to_contain_text("Agents protected peers")
        page.wait_for_load_state("networkidle")
    finally:
        sits.finish()
        serving.stop()
    kept = read_decisions(tmp_path / "run" / "decisions.jsonl")
    assert {(one.what, one.about) for some in kept.values() for one in some} == {
        ("pardon", order["order"]),
        ("audit", order["target"]["id"]),
    }
