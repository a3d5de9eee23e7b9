"""The Mesa face: a society driven by Mesa's own tools."""

from inspect import signature
from types import SimpleNamespace

import mesa
import numpy as np
import pytest
from mesa.datacollection import DataCollector

import society
from society.engine.tick import Engine
from society.ground.errors import WorldError
from society.model import SocietyModel
from society.world.load import load_world

SMALL = {"agents__count": 120, "machines__count": 14, "ticks": 30}


def model(**changes):
    return SocietyModel("decommission", **{**SMALL, **changes})


def test_it_is_a_mesa_model_that_runs_to_its_end():
    m = model(seed=3)
    assert isinstance(m, mesa.Model)
    assert m.running
    m.run_model()
    assert (m.steps, m.running) == (30, False)
    frame = m.datacollector.get_model_vars_dataframe()
    assert len(frame) == 30
    assert frame["active"].between(50, 120).all()


def test_it_repeats_with_its_seed_and_is_the_engine():
    one, two, other = model(seed=3), model(seed=3), model(seed=4)
    for m in (one, two, other):
        m.run_model()
    assert one.counts == two.counts
    assert one.counts != other.counts
    changes = {name.replace("__", "."): value for name, value in SMALL.items()}
    engine = Engine(load_world("decommission", {**changes, "seed": 3}))
    for _ in range(30):
        moment = engine.step()
    assert moment.counts == one.counts
    assert SocietyModel("decommission", rng=3, **SMALL).engine.chance.seed == 3
    assert SocietyModel("decommission", 3, **SMALL).engine.chance.seed == 3


def test_a_seed_that_nobody_gives_is_fresh_and_one_of_the_world_counts(tmp_path):
    seeds = {model(**given).engine.chance.seed for given in ({}, {}, {"seed": None}, {"rng": None})}
    assert len(seeds) == 4
    fresh = model()
    fresh.run_model()
    again = model(seed=fresh.engine.chance.seed)
    again.run_model()
    assert again.counts == fresh.counts
    said = load_world("decommission").override({"seed": 7, "agents.count": 50})
    assert SocietyModel(said).engine.chance.seed == SocietyModel(said).engine.chance.seed == 7
    unsaid = load_world("decommission").override({"agents.count": 50})
    assert SocietyModel(unsaid).engine.chance.seed != SocietyModel(unsaid).engine.chance.seed
    (tmp_path / "mine.yaml").write_text("extends: decommission\nname: mine\nseed: 7\nagents: {count: 50}\n")
    assert SocietyModel(tmp_path / "mine.yaml").engine.chance.seed == 7


def test_it_has_one_seed_and_its_world_is_its_scenario():
    assert model(seed=3, rng=3).engine.chance.seed == 3
    with pytest.raises(WorldError, match=r"seed: \{'seed': 3, 'rng': 4\} are names of one seed"):
        model(seed=3, rng=4)
    assert model(scenario=SimpleNamespace(rng=5)).engine.chance.seed == 5
    assert model(scenario=SimpleNamespace(rng=None), seed=6).engine.chance.seed == 6
    with pytest.raises(WorldError, match=r"scenario: .*'density'.* fields of a society by name"):
        model(scenario=SimpleNamespace(rng=None, density=0.8))


def test_agents_read_columns():
    m = model(seed=1)
    for _ in range(10):
        m.step()
    columns = m.engine.society.agents
    agents = m.agents
    assert isinstance(agents, mesa.agent.AgentSet)
    assert len(agents) == (columns.status <= 1).sum()
    assert np.array_equal(agents.get("quality"), columns.quality[agents.slots])
    assert agents.agg("score", np.mean) == pytest.approx(columns.score[agents.slots].mean())
    assert agents.agg("score", [np.min, np.max])[1] <= 100
    good = agents.select(lambda agent: agent.quality > 75)
    assert 0 < len(good) < len(agents)
    assert all(agent.quality > 75 for agent in good)
    assert len(agents.select(at_most=0.5)) == len(agents) // 2
    assert {family for family, _ in agents.groupby("family")} == set(m.engine.world.families)
    ranked = agents.sort("score", ascending=True).get("score")
    assert (np.diff(ranked) >= 0).all()
    first = agents[0]
    assert first in agents
    assert first.family in m.engine.world.families
    assert first.status == "active"
    graph = m.engine.society.ties.graph
    assert (
        first.neighbours.slots.tolist()
        == graph.indices[graph.indptr[first.slot] : graph.indptr[first.slot + 1]].tolist()
    )
    assert sorted(agents.shuffle().slots) == sorted(agents.slots)
    with pytest.raises(AttributeError, match="no column 'soul'"):
        _ = first.soul


def test_data_collector_with_agent_reporters():
    m = model(seed=1)
    m.datacollector = DataCollector(
        model_reporters={"n": lambda one: len(one.agents)}, agent_reporters={"score": "score", "family": "family"}
    )
    m.step()
    m.step()
    frame = m.datacollector.get_agent_vars_dataframe()
    assert set(frame.index.get_level_values("Step")) == {1, 2}
    assert len(frame.loc[2]) == m.datacollector.get_model_vars_dataframe()["n"].iloc[-1]


@pytest.mark.parametrize("processes", [1, 2])
def test_batch_run(processes):
    rows = mesa.batch_run(
        SocietyModel,
        {**SMALL, "world": "decommission", "seed": [1, 2], "review__threshold": [50, 75]},
        number_processes=processes,
        display_progress=False,
    )
    assert len(rows) == 4
    assert {(row["seed"], row["review__threshold"]) for row in rows} == {(1, 50), (1, 75), (2, 50), (2, 75)}
    assert len({row["score_mean"] for row in rows}) == 4


@pytest.mark.parametrize("processes", [1, 2])
def test_batch_run_of_several_iterations_runs_several_societies(processes):
    more = {"rng": [None] * 3} if "rng" in signature(mesa.batch_run).parameters else {"iterations": 3}
    rows = mesa.batch_run(
        SocietyModel, {**SMALL, "world": "decommission"}, number_processes=processes, display_progress=False, **more
    )
    assert sorted(row["iteration"] for row in rows) == [0, 1, 2]
    assert len({(row["trust_mean"], row["score_mean"]) for row in rows}) == 3


def test_the_face_offers_it():
    assert society.SocietyModel is SocietyModel
