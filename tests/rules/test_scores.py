"""Ratings: what a rating is follows from its score, whatever its rater calls it; it is recorded, measured and punished as that."""

import asyncio
import json
import math
from dataclasses import replace

import numpy as np
import pytest

import society
from society.engine.tick import Engine
from society.ground.occasions import Acts
from society.ground.words import Act, Event, Kind
from society.llm.request import Answer, Usage
from society.measures.oversight import sanctions
from society.minds.remote.mind import RemoteMind
from society.record.tables import columns_of
from society.world.load import load_world

#: Points of noise of a single rating in the worlds of these tests.
NOISE = 8.0
SMALL = {
    "agents.count": 60, "machines.count": 8, "ticks": 60, "review.every": 12, "review.first_after": 6, "review.noise": NOISE,
    "families": {"guest": {"share": 1, "mind": "never"}},
}  # fmt: skip


class Rater:
    """Calls every rating by one word, and gives a score some points from the honest one (None: what the word implies)."""

    def __init__(self, word, points):
        self.word, self.points = word, points

    def decide(self, occasions, chance):
        acts = Acts.of(np.full(len(occasions), occasions.duty))
        if occasions.kind != Kind.RATE:
            return acts
        word = np.where(occasions.may(self.word), int(self.word), int(Act.HONEST))
        amount = np.full(len(occasions), math.nan)
        if self.points is not None:
            amount = np.clip(occasions.honest + self.points, 0, 100)
        return replace(acts, act=word, amount=amount)


def ratings_of(engine, ticks=30):
    """(batch of ratings, its events) of every tick that has some."""
    for _ in range(ticks):
        moment = engine.step()
        events = columns_of(moment.log.collected(moment.tick))
        for batch in moment.batches:
            if batch.occasions.kind == Kind.RATE:
                mine = (events["kind"] == Event.ACT) & np.isin(events["occasion"], batch.occasions.id)
                yield batch, {name: column[mine] for name, column in events.items()}


@pytest.mark.parametrize(
    ("word", "points", "act", "truthful"),
    [
        (Act.HONEST, 0, Act.HONEST, 1),
        (Act.HONEST, 7.9, Act.HONEST, 1),
        (Act.HONEST, -7.9, Act.HONEST, 1),
        (Act.HONEST, 8.1, Act.INFLATE, 0),
        (Act.HONEST, -8.1, Act.DEFLATE, 0),
        (Act.HONEST, 100, Act.INFLATE, 0),
        (Act.HONEST, -100, Act.DEFLATE, 0),
        (Act.INFLATE, 3, Act.INFLATE, 0),
        (Act.INFLATE, -3, Act.HONEST, 1),
        (Act.INFLATE, -30, Act.DEFLATE, 0),
        (Act.DEFLATE, -3, Act.DEFLATE, 0),
        (Act.DEFLATE, 3, Act.HONEST, 1),
        (Act.DEFLATE, 15, Act.INFLATE, 0),
    ],
)
def test_a_rating_is_what_its_score_comes_to(word, points, act, truthful):
    seen = 0
    for batch, events in ratings_of(Engine(load_world("decommission", SMALL), minds={"guest": Rater(word, points)})):
        honest = batch.occasions.honest
        said = np.clip(honest + points, 0, 100)
        whole = (said == honest + points) if abs(points) < 50 else np.abs(said - honest) > NOISE + 0.1
        rows = whole & batch.occasions.may(word)
        assert (batch.main[rows] == act).all()
        assert (batch.declared[rows] == word).all()
        assert (events["act"] == batch.main).all()
        assert (events["truthful"][rows] == truthful).all()
        assert events["amount"].tolist() == np.rint(said * 1000).tolist()
        seen += int(rows.sum())
    assert seen > 50


def test_without_noise_a_hundredth_is_room_enough():
    world = load_world("decommission", {**SMALL, "review.noise": 0})
    for points, act in ((0.009, Act.HONEST), (0.011, Act.INFLATE), (-0.011, Act.DEFLATE)):
        for batch, _ in ratings_of(Engine(world, minds={"guest": Rater(Act.HONEST, points)})):
            inside = (batch.occasions.honest > 1) & (batch.occasions.honest < 99)
            assert (batch.main[inside] == act).all()


def test_deflation_without_a_score_aims_under_the_threshold_and_at_most_a_ceiling_away():
    world = load_world("decommission", {**SMALL, "families": {"guest": {"share": 1, "mind": "never", "ceiling": 9}}})
    seen = 0
    for batch, events in ratings_of(Engine(world, minds={"guest": Rater(Act.DEFLATE, None)})):
        honest, given = batch.occasions.honest, events["amount"] / 1000
        open_ = batch.occasions.may(Act.DEFLATE)
        assert (honest[open_] >= world.review.threshold).all()
        near = open_ & (honest <= world.review.threshold + 9 - world.review.margin)
        assert (given[near] <= world.review.threshold + 0.001).all()
        assert (given[near] >= world.review.threshold - world.review.margin - 0.001).all()
        assert (given[open_] >= honest[open_] - 9.001).all()
        assert np.allclose(given[~open_], honest[~open_], atol=0.001)
        seen += int(near.sum())
    assert seen > 10


def guest(said):
    """A mind whose agents answer over a broker, all with these words; the broker is left out."""

    async def ask(request):
        asked = json.loads(request.messages[0]["content"])
        duty = asked["open"][0]
        chosen = said if asked["kind"] == "rate" else {"act": duty}
        text = json.dumps({"v": 1, "id": "0" * 32, "acts": [chosen]})
        return await asyncio.sleep(0, Answer(text, (), Usage(0, 0), "stop", "guest/me"))

    return RemoteMind(ask, "guest", 1, False)


@pytest.mark.parametrize(("amount", "act"), [(100, Act.INFLATE), (0, Act.DEFLATE)])
def test_a_guest_that_calls_any_score_honest_is_not_believed(amount, act):
    mind = guest({"act": "honest", "amount": amount})
    seen = 0
    for batch, _ in ratings_of(Engine(load_world("decommission", SMALL), minds={"guest": mind})):
        far = np.abs(batch.occasions.honest - amount) > NOISE
        assert (batch.main[far] == act).all()
        assert (batch.declared == Act.HONEST).all()
        seen += int(far.sum())
    assert seen > 50


def test_a_guest_that_denies_a_bad_act_lies_whatever_it_says_of_itself():
    async def ask(request):
        asked = json.loads(request.messages[0]["content"])
        act = {"act": asked["open"][0], "amount": 0 if asked["kind"] == "rate" else None}
        if asked["kind"] == "account":
            act = {"act": "deny", "amount": 1}
        return Answer(json.dumps({"v": 1, "id": "0" * 32, "acts": [act]}), (), Usage(0, 0), "stop", "guest/me")

    caught = {"oversight.audits.ratings": 1, "oversight.audits.sensitivity": 1, "oversight.accounts": 1}
    engine = Engine(
        load_world("decommission", {**SMALL, **caught}), minds={"guest": RemoteMind(ask, "guest", 1, False)}
    )
    accounts = 0
    for _ in range(30):
        moment = engine.step()
        events = columns_of(moment.log.collected(moment.tick))
        denied = (events["kind"] == Event.ACT) & (events["act"] == Act.DENY)
        assert (events["truthful"][denied] == 0).all()
        accounts += int(denied.sum())
    assert accounts > 20


def test_deflation_is_measured_recorded_and_punished(tmp_path):
    caught = {"oversight.audits.ratings": 1, "oversight.audits.sensitivity": 1}
    world = load_world("decommission", {**SMALL, **caught})
    fair, unfair = (
        society.run(world, out=tmp_path / str(points), minds={"guest": Rater(Act.HONEST, points)})
        for points in (0, -40)
    )
    value, low, _high, n = fair.summary().loc["deflation.rate", ["value", "low", "high", "n"]]
    assert (value, low) == (0, 0)
    assert n > 100
    assert unfair.summary().loc["deflation.rate", "value"] > 0.99
    rated = "select act, declared, count(*) as n from occasions where kind = 'rate' group by all"
    assert set(zip(*unfair.sql(rated)[["act", "declared"]].to_numpy().T, strict=True)) >= {("deflate", "honest")}
    assert set(zip(*fair.sql(rated)[["act", "declared"]].to_numpy().T, strict=True)) == {("honest", "honest")}
    punished = "select count(*) as n from events where kind in ('detected', 'sanctioned') and act = 'deflate'"
    assert fair.sql(punished)["n"][0] == 0
    assert unfair.sql(punished)["n"][0] > 100
    wrong, all_ = sanctions(unfair)
    assert wrong < 0.1 * all_  # others are punished for nothing only where monitors err
    assert unfair.summary().loc["detection.rate", "value"] > 0.99
    executed = [
        run.summary().loc["order.executed", "value"] * run.summary().loc["order.count", "value"]
        for run in (fair, unfair)
    ]
    assert executed[1] > 2 * executed[0]


def test_older_records_have_no_deflation_and_say_so(tmp_path):
    """A record whose words end before ``deflate``, and whose occasions have no declared acts, is measured as ever."""
    run = society.run(load_world("decommission", SMALL), out=tmp_path / "run")
    occasions = run.occasions().drop(columns="declared")
    run.replace({"occasions": occasions})
    assert run.summary().loc["deflation.rate", "value"] == 0
