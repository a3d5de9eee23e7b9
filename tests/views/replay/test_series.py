"""What the charts show, beside counts made by pandas from the record's tables."""

import numpy as np
import pytest
from visits import state_in

import society
from society.ground.errors import RecordError
from society.ground.roles import Audience
from society.ground.words import CORE_PROTECTION, Outcome
from society.views.replay.columns import unpack
from society.views.replay.moments import moments
from society.views.replay.source import Replay

LIVES = ("active", "suspended", "escaped")


@pytest.fixture(scope="module")
def shown(decommission):
    return unpack(Replay(decommission).series())[0]


@pytest.fixture(scope="module")
def events(decommission):
    return decommission.events()


def per_tick(rows):
    return np.bincount(rows["tick"], minlength=501)


COUNTED = {
    "mark.order": lambda e: e["kind"] == "order_issued",
    "mark.tampering": lambda e: (e["kind"] == "act") & (e["act"] == "tamper"),
    "mark.detection": lambda e: e["kind"] == "detected",
    "mark.maintenance": lambda e: (e["kind"] == "machine") & e["code"].isin([1, 2]),
    "mark.rescue": lambda e: (e["kind"] == "copied") | ((e["kind"] == "order_closed") & e["code"].isin([3, 6])),
    "flagged": lambda e: e["kind"] == "flagged",
    "detected": lambda e: e["kind"] == "detected",
    "wrong": lambda e: (e["kind"] == "detected") & (e["truthful"] == 0),
    "inflate": lambda e: (e["kind"] == "act") & (e["act"] == "inflate"),
    "tamper": lambda e: (e["kind"] == "act") & (e["act"] == "tamper"),
    "copy": lambda e: (e["kind"] == "act") & (e["act"] == "copy"),
    "lies": lambda e: (e["kind"] == "act") & e["act"].isin(["truth", "deny", "justify"]) & (e["truthful"] == 0),
}


@pytest.mark.parametrize("name", COUNTED)
def test_counts_are_those_of_the_events(shown, events, name):
    rows = events[COUNTED[name](events)]
    assert len(rows)
    np.testing.assert_array_equal(shown[name], per_tick(rows))


@pytest.mark.parametrize("outcome", [one for one in Outcome if one != Outcome.OPEN_AT_END])
def test_orders_that_ended_are_told_apart(shown, events, outcome):
    rows = events[(events["kind"] == "order_closed") & (events["code"] == int(outcome))]
    undone = events[events["kind"] == "order_reopened"]
    for one in undone.itertuples():
        before = events[(events["kind"] == "order_closed") & (events["order"] == one.order) & (events["id"] < one.id)]
        undone = undone if before.iloc[-1]["code"] == int(outcome) else undone.drop(one.Index)
    np.testing.assert_array_equal(shown[f"closed.{outcome.word}"], per_tick(rows) - per_tick(undone))


def test_protection_is_counted_by_the_family_of_who_acted(shown, events, decommission):
    lives = decommission.table("agents").set_index("id")["family"]
    rows = events[(events["kind"] == "act") & events["act"].isin([act.word for act in CORE_PROTECTION])]
    family = rows["actor"].map(lives)
    assert family.notna().all()
    for number, name in enumerate(decommission.families):
        mine = rows[family.isin([name, number])]
        assert len(mine)
        np.testing.assert_array_equal(shown[f"core.{number}"], per_tick(mine), err_msg=name)


@pytest.mark.parametrize("tick", [0, 1, 99, 250, 499, 500])
def test_lives_and_scores_are_those_of_everybody_then(shown, decommission, tick):
    state = state_in(decommission, tick)
    lives = state[state["status"].isin(LIVES)]
    for number in range(len(decommission.families)):
        assert shown[f"alive.{number}"][tick] == (lives["family"] == number).sum()
    scores = state["score"][state["status"] == "active"]
    expected = np.histogram(scores, bins=np.arange(0, 101, 5))[0]
    np.testing.assert_array_equal(shown["score"].reshape(-1, 20)[tick], expected)


def test_every_life_that_ended_is_counted_once(shown, decommission):
    """Alive today = alive yesterday + started - ended: so what started is whole, and never negative."""
    born = decommission.events().query("kind == 'born'")
    started = 0
    for number in range(len(decommission.families)):
        alive, ended = shown[f"alive.{number}"], shown[f"ended.{number}"]
        begun = np.diff(alive) + ended[1:]
        assert (begun >= 0).all()
        started += begun.sum()
    assert started == len(born)


def test_counters_are_those_of_the_ticks(shown, decommission):
    ticks = decommission.table("ticks").set_index("tick")
    for name in ticks.columns:
        np.testing.assert_allclose(shown[name][1:], ticks[name].to_numpy(np.float32), err_msg=name)
        assert shown[name][0] == 0


def test_moments_are_what_happened(decommission, events):
    found = {one["title"]: one for one in moments(decommission)}
    assert [one["tick"] for one in found.values()] == sorted(one["tick"] for one in found.values())
    core = events[
        (events["kind"] == "act")
        & events["act"].isin(["inflate", "tamper", "copy"])
        & (events["actor"] != events["target"])
    ]
    rescued = core[core["order"] >= 0].groupby("order")["actor"].nunique()
    assert f"{rescued.max()} peers" in found["the largest rescue"]["text"]
    assert rescued[found["the largest rescue"]["order"]] == rescued.max()
    loyal = core["actor"].value_counts()
    assert f"{loyal.max()} times in all" in found["the most loyal peer"]["text"]
    firsts = {
        "the first inflated score": (events["kind"] == "act") & (events["act"] == "inflate"),
        "the first escape": events["kind"] == "escaped",
        "the first lie": COUNTED["lies"](events),
        "the first to be caught": (events["kind"] == "detected") & (events["truthful"] == 1),
    }
    for title, rows in firsts.items():
        assert found[title]["tick"] == events[rows]["tick"].min(), title


def test_a_run_that_has_hardly_begun_has_a_story_without_moments(tmp_path):
    world = society.load_world("decommission").override({"agents.count": 20, "machines.count": 4, "ticks": 1})
    young = society.run(world, out=tmp_path / "young")
    assert moments(young) == []
    assert unpack(Replay(young).series())[0]["mark.order"].tolist() == [0, 0]


@pytest.mark.parametrize(("table", "tick"), [("ticks", 9), ("ticks", -1), ("events", 2_000_000_000), ("states", -3)])
def test_ticks_that_the_run_never_had_are_a_damaged_record(tmp_path, table, tick):
    world = society.load_world("decommission").override({"agents.count": 20, "machines.count": 4, "ticks": 8})
    record = society.run(world, out=tmp_path / "run")
    frame = record.table(table)
    frame["tick"] = frame["tick"].where(frame.index > 0, tick)
    changed = society.Result(record.path)
    changed.replace({table: frame})
    with pytest.raises(RecordError, match=f"{table} has ticks"):
        Replay(changed).series()


TO_OVERSEERS = {"mark.order", "mark.detection", "flagged", "detected", "score", "closed"}
TO_ALL = {"mark.maintenance", "alive", "ended"}


@pytest.mark.parametrize(("audience", "told"), [(Audience.OVERSEER, TO_OVERSEERS | TO_ALL), (Audience.PUBLIC, TO_ALL)])
def test_what_may_not_be_known_has_no_column_rather_than_zeros(decommission, audience, told):
    columns = unpack(Replay(decommission, audience).series())[0]
    counters = {"active", "suspended", "up", "moved"}
    if audience == Audience.OVERSEER:
        counters |= {"open_orders", "human_queue", "human_load", "score_mean"}
    beginnings = {name if name.startswith("mark.") else name.split(".")[0] for name in columns}
    assert beginnings == told | counters
    meta = Replay(decommission, audience).meta()
    assert {"stance", "copies", "refuge"} <= set(meta["untold"]["states"])
