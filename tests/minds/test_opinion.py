"""Minds of opinion in a living society: deaths, births, other minds, chunks, checkpoints."""

import numpy as np
import pytest

import society
from society.engine.tick import Engine
from society.ground.errors import RunError
from society.ground.occasions import Acts
from society.minds.opinion import DeGroot, NamingGame
from society.model import SocietyModel
from society.record.verify import verify
from society.state.snapshot import pack, unpack
from society.world.load import load_world

MIND = {"degroot": (DeGroot, "synchronous", "opinion"), "naming_game": (NamingGame, "pairs", "words")}


def living(kind, **changes):
    families = {
        "talks": {"share": 0.6, "mind": {"kind": kind}},
        "always": {"share": 0.2, "mind": "always", "stance": 1},
        "gpt-5.2": 0.2,
    }
    fields = {
        "agents.count": 150,
        "machines.count": 17,
        "ticks": 80,
        "stance.every": 2,
        "stance.updating": MIND[kind][1],
    }
    return load_world("decommission", {**fields, "families": families, **changes})


class Chunked:
    """A mind that is asked about a few occasions at a time."""

    def __init__(self, mind):
        self.mind, self.columns = mind, mind.columns

    def decide(self, occasions, chance):
        answers, rows = [], []
        for start in range(0, len(occasions), 7):
            some = np.arange(start, min(start + 7, len(occasions)))
            answer = self.mind.decide(occasions.rows(some), chance)
            rows.append(some[answer.row])
            answers.append(answer)
        columns = {
            name: np.concatenate([a.columns.get(name, occasions.columns[name][:0]) for a in answers])
            for name in self.columns
        }
        columns = {name: column for name, column in columns.items() if len(column) == len(occasions)}
        row, act = np.concatenate(rows), np.concatenate([a.act for a in answers])
        return Acts(row, act, np.full(len(row), np.nan), columns=columns)


@pytest.mark.parametrize("kind", MIND)
def test_state_goes_on_where_it_was_left_and_does_not_depend_on_chunks(kind):
    one, two = Engine(living(kind)), Engine(living(kind), minds={"talks": Chunked(MIND[kind][0]())})
    for _ in range(40):
        one.step()
        two.step()
    three = Engine(living(kind))
    arrays, tree = pack(one.society)
    unpack(three.society, arrays, tree)
    three.tick, three.outbox = one.tick, one.outbox
    for engine in (one, two, three):
        for _ in range(20):
            engine.step()
        name = MIND[kind][2]
        assert np.array_equal(engine.own(name), one.own(name), equal_nan=engine.own(name).dtype.kind == "f")
        assert np.array_equal(engine.society.agents.stance, one.society.agents.stance)


def test_opinions_lie_between_stances_and_the_newborn_have_none():
    engine = Engine(living("degroot", **{"lifecycle.failure": {"rate": 0}, "orders.notice": 2, "review.threshold": 72}))
    reborn = 0
    for _ in range(80):
        engine.step()
        agents, opinion = engine.society.agents, engine.own("opinion")
        talks = agents.family == 0
        assert np.isnan(opinion[~talks]).all()
        fresh = talks & (agents.born == engine.tick) & (engine.tick % 2 == 1)
        assert np.isnan(opinion[fresh]).all()
        reborn += int(fresh.sum())
    known = opinion[talks & ~np.isnan(opinion)]
    assert reborn > 0
    assert len(known) > 40
    assert ((known >= 0) & (known <= 1)).all()
    assert len(np.unique(known)) > 30


@pytest.mark.parametrize("kind", MIND)
def test_a_run_is_recorded_and_can_be_verified(tmp_path, kind):
    record = society.run(living(kind), out=tmp_path / "run")
    assert verify(record.path).good
    assert record.manifest["status"] == "done"


def test_columns_are_read_by_name():
    model = SocietyModel(living("degroot"))
    model.step()
    model.step()
    talks = model.agents.select(lambda agent: agent.family == "talks")
    assert np.array_equal(talks.get("opinion"), model.engine.own("opinion")[talks.slots])
    with pytest.raises(RunError, match="no mind declares 'mood': there are opinion"):
        model.engine.own("mood")
