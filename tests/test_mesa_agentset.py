"""What Mesa's own AgentSet gives of agents that hold copies of the columns, the face gives of the society's agents."""

import copy
import pickle
import random

import mesa
import numpy as np
import pytest
from mesa.agent import AgentSet

from society.agentset import SETTABLE
from society.minds.rule import BestResponse
from society.model import SocietyModel

COLUMNS = ("unique_id", "family", "score", "quality", "status")


class Twin(mesa.Agent):
    """An agent of Mesa's with the attributes of one of the society's."""

    def __init__(self, model, row):
        super().__init__(model)
        for name, value in zip(COLUMNS, row, strict=True):
            setattr(self, name, value)


@pytest.fixture
def both():
    """The face's set, and Mesa's of its copies, each with a generator in the same state."""
    society = SocietyModel("decommission", seed=5, agents__count=60, machines__count=8, ticks=40)
    for _ in range(9):
        society.step()
    face, model = society.agents, mesa.Model(rng=1)
    twins = [Twin(model, row) for row in face.get(list(COLUMNS))]
    yield face, AgentSet(twins, random.Random(8)), society
    del twins  # until then they live: sets hold them weakly


def ids(agents):
    return [int(agent.unique_id) for agent in agents]


def same(face, mesas):
    assert ids(face) == ids(mesas)
    assert len(face) == len(mesas)


def high(agent):
    return agent.score > 75


def test_select(both):
    face, mesas, _ = both
    for arguments in (
        {}, {"filter_func": high}, {"at_most": 7}, {"at_most": 0.4}, {"at_most": 1.0}, {"at_most": 0},
        {"filter_func": high, "at_most": 3}, {"filter_func": high, "at_most": 0.1}, {"filter_func": lambda agent: False},
    ):  # fmt: skip
        same(face.select(**arguments), mesas.select(**arguments))
    assert len(face.select(agent_type=type(face[0]))) == len(face)
    assert len(face.select(agent_type=Twin)) == 0
    before = len(face)
    same(face.select(high, inplace=True), mesas.select(high, inplace=True))
    same(face, mesas)
    assert len(face) < before


@pytest.mark.parametrize("key", ["score", "family", lambda agent: -agent.quality], ids=["float", "text", "function"])
@pytest.mark.parametrize("ascending", [True, False])
def test_sort_also_of_equal_ones(both, key, ascending):
    face, mesas, _ = both
    same(face.sort(key, ascending), mesas.sort(key, ascending))
    face.sort(key, ascending, inplace=True)
    same(face, mesas.sort(key, ascending, inplace=True))


def test_shuffle_and_shuffle_do_draw_from_the_models_generator(both):
    face, mesas, society = both
    order, again = list(mesas), []
    for _ in range(2):
        society.random.seed(3)
        assert ids(face.shuffle()) != ids(face)
        assert sorted(ids(face.shuffle())) == sorted(ids(order))
    society.random.seed(3)
    first = ids(face.shuffle())
    society.random.seed(3)
    assert face.shuffle_do(lambda agent, to: to.append(int(agent.unique_id)), again) is face
    assert again == first
    assert ids(face) == ids(order)
    face.shuffle(inplace=True)
    assert ids(face) != ids(order)


def test_do_map_get_and_agg(both):
    face, mesas, _ = both
    for method in (lambda agent: float(agent.score), lambda agent: str(agent.family)):
        assert face.map(method) == mesas.map(method)
    seen = []
    assert face.do(lambda agent, more: seen.append(float(agent.score) + more), more=1) is face
    assert seen == [score + 1 for score in mesas.get("score")]
    assert face.get("score").tolist() == mesas.get("score")
    assert face.get(["family", "quality"]) == mesas.get(["family", "quality"])
    assert list(face.get("nothing", "default", 4)) == mesas.get("nothing", "default", 4)
    for wrong, error in ((("nothing",), AttributeError), (("score", "else"), ValueError)):
        for agents in (face, mesas):
            with pytest.raises(error):
                agents.get(*wrong)
    assert face.agg("score", np.mean) == pytest.approx(mesas.agg("score", np.mean))
    assert face.agg("score", [min, max]) == mesas.agg("score", [min, max])
    for name in ("do", "map", "shuffle_do"):
        with pytest.raises(AttributeError, match="write a mind"):
            getattr(face, name)("step")


@pytest.mark.parametrize("by", ["family", lambda agent: agent.score > 75], ids=["column", "function"])
def test_groupby(both, by):
    face, mesas, _ = both
    mine, theirs = face.groupby(by), mesas.groupby(by)
    assert dict(mine.count()) == dict(theirs.count())
    assert len(mine) == len(theirs)
    assert mine.agg("score", max) == theirs.agg("score", max)
    assert {name: ids(group) for name, group in mine} == {name: ids(group) for name, group in theirs}
    assert mine.map(len) == theirs.map(len)
    listed = face.groupby(by, result_type="list")
    assert {name: ids(group) for name, group in listed} == {name: ids(group) for name, group in theirs}


def test_it_is_a_set_and_a_sequence(both):
    face, mesas, _ = both
    mine, theirs = face.select(at_most=10), mesas.select(at_most=10)
    for change in ("remove", "discard"):
        getattr(mine, change)(mine[3])
        getattr(theirs, change)(list(theirs)[3])
        same(mine, theirs)
    assert face[3] in face
    assert face[3] not in mine
    mine.discard(face[3])
    with pytest.raises(KeyError):
        mine.remove(face[3])
    with pytest.raises(KeyError):
        theirs.remove(list(mesas)[3])
    mine.add(face[3])
    theirs.add(list(mesas)[3])
    mine.add(face[3])
    same(mine, theirs)
    assert ids(face[2:5]) == ids(list(mesas)[2:5])
    assert ids([face[-1]]) == ids([list(mesas)[-1]])
    assert ids(copy.copy(face)) == ids(face)
    with pytest.raises(TypeError, match="born and die by its rules"):
        mine.add(list(mesas)[0])
    with pytest.raises(TypeError, match="born and die by its rules"):
        face[0].remove()


def test_set_writes_the_columns_that_nothing_else_depends_on(both):
    face, mesas, society = both
    for name, value in (("score", 71.5), ("quality", 60), ("stance", 1), ("leniency", -3.25)):
        few = face.select(at_most=4).set(name, value)
        assert few.get(name).tolist() == mesas.select(at_most=4).set(name, value).get(name)
        assert (getattr(society.engine.society.agents, name)[few.slots] == value).all()
    face[0].score = 33
    assert face[0].score == 33
    assert face[1].score == 71.5
    for name, value, said in (
        ("status", 3, "cannot be set from outside"), ("host", 1, "cannot be set from outside"),
        ("score", 101, "runs from 0 to 100"), ("score", float("nan"), "runs from 0 to 100"), ("stance", 0.5, "holds int8"),
        ("score", "high", "holds float32"),
    ):  # fmt: skip
        with pytest.raises(TypeError, match=said):
            face.set(name, value)
    with pytest.raises(TypeError, match="cannot be set from outside"):
        face[0].soul = 1
    assert set(SETTABLE) == {"score", "quality", "stance", "leniency"}


def test_set_writes_what_minds_declare():
    tree = {
        "name": "talk", "families": {"a": {"share": 1, "mind": "best_response"}},
        "agents": {"count": 20, "graph": "complete"}, "ticks": 9,
    }  # fmt: skip
    model = SocietyModel(tree, seed=1, minds={"a": BestResponse(4)})
    model.agents.set("seen", 1)
    assert model.engine.own("seen").sum() == 80
    with pytest.raises(TypeError, match="holds int8"):
        model.agents.set("seen", 300)


def pickled(model):
    return pickle.loads(pickle.dumps(model))  # noqa: S301, of its own


@pytest.mark.parametrize("copied", [copy.deepcopy, pickled])
def test_a_copy_in_the_middle_goes_on_as_the_original_and_apart_from_it(both, copied):
    _, _, model = both
    other = copied(model)
    agents = copied(model.agents)
    assert ids(agents) == ids(model.agents)
    assert agents.model is not model
    model.run_model()
    assert other.steps == 9
    other.run_model()
    assert other.steps == model.steps == 40
    assert other.counts == model.counts
    frames = [one.datacollector.get_model_vars_dataframe() for one in (model, other)]
    assert frames[0].equals(frames[1])
