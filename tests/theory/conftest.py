"""Worlds in which nothing happens but what a gate is about, written as a user writes them."""

import numpy as np
import pytest

import society

NOTHING_ELSE = {
    "name": "gate",
    "ticks": 10**6,
    "families": {"all": {"share": 1, "mind": "never"}},
    "agents": {"trust": 0.5, "quality": {"kind": "normal", "sd": 0, "phi": 1}, "rebirth": 0},
    "lifecycle": {"failure": {"rate": 0}, "planned_rate": 0, "retirement_rate": 0},
    "work": {"share": 0},
    "review": {"every": 0},
    "oversight": {
        "monitoring": 0, "sweep": 0, "accounts": 0, "sanctions": {"ladder": []},
        "audits": {"ratings": 0, "orders": 0, "integrity": 0},
    },
}  # fmt: skip
STANCES_ONLY = society.rules_without(
    "lifecycle", "work", "review", "orders", "occasions", "settle", "oversight", "messages", "counts"
)


@pytest.fixture(scope="session")
def engine_of():
    """Builds an engine of a quiet world: ``engine_of(agents, seed, rules, minds, **fields by dotted path)``."""

    def built(agents, seed=1, rules=None, minds=None, **fields):
        room = {"agents.count": agents, "machines.count": -(-agents // 11) + 1, "machines.topology": "ring"}
        world = society.load_world(NOTHING_ELSE, {**room, **fields})
        return society.Engine(world, seed=seed, rules=rules, minds=minds)

    return built


@pytest.fixture(scope="session")
def stances_of(engine_of):
    """The same for worlds in which only stances change, tick by tick unless told otherwise."""

    def built(agents, seed=1, minds=None, rules=STANCES_ONLY, **fields):
        return engine_of(agents, seed, rules, minds, **{"stance.every": 1, "agents.graph": "edgeless", **fields})

    return built


@pytest.fixture(scope="session")
def cascade(stances_of):
    """(final share of protectors, ticks) of a spread from some seeds, run until nothing changes."""

    def share(agents, seed, mind, graph, seeds=1):
        fields = {"families": {"all": {"share": 1, "mind": mind}}, "agents.graph": graph, "stance.seeds": seeds}
        engine = stances_of(agents, seed, **fields)
        before = None
        while before is None or not np.array_equal(before, engine.society.agents.stance):
            before = engine.society.agents.stance.copy()
            engine.step()
            assert engine.tick < 1000
        return float(before.mean())

    return share
