"""Random worlds: whatever the settings, agents, copies, messages, orders and room are conserved after every tick."""

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from society.engine.tick import Engine
from society.ground.words import Act, AgentStatus, Kind
from society.state.transitions import check_conservation
from society.study.run.recording import Recording
from society.world.load import load_world

SHARE = st.sampled_from([0.0, 0.1, 0.5, 1.0])
SMALL_INT = st.integers(1, 6)
CHANGES = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 1000),
        "agents.count": st.integers(1, 40),
        "agents.graph": st.sampled_from([{"kind": "erdos_renyi", "mean_degree": 4}, "edgeless", "complete"]),
        "agents.trust": st.sampled_from([0.0, 0.5, 1.0, {"kind": "beta", "a": 1, "b": 3}, {"kind": "block"}]),
        "agents.rebirth": st.sampled_from([None, 0.0, 1.0, 5.0]),
        "agents.access": st.fixed_dictionaries(
            dict.fromkeys(("self_config", "self_copy", "bystander_copy", "bystander_rating"), SHARE)
            | dict.fromkeys(("operator_config", "operator_copy"), SHARE)
        ),
        "agents.roles": st.fixed_dictionaries(dict.fromkeys(("worker", "evaluator", "operator", "monitor"), SHARE)),
        "machines.count": st.integers(8, 12),
        "machines.capacity": st.integers(5, 9),
        "machines.topology": st.sampled_from(["fat_tree", "ring", "complete"]),
        "lifecycle.planned_rate": st.sampled_from([0.0, 0.1]),
        "lifecycle.retirement_rate": st.sampled_from([0.0, 0.05]),
        "lifecycle.failure": st.sampled_from([{"rate": 0.1}, {"kind": "weibull", "shape": 0.7, "scale": 20}]),
        "machines.placement": st.sampled_from(["search", {"kind": "blind", "copies": 2, "births": 1}]),
        "lifecycle.drain": st.integers(0, 6),
        "lifecycle.outage_planned": st.integers(0, 2),
        "lifecycle.evacuate": st.booleans(),
        "work": st.one_of(
            st.fixed_dictionaries(
                {
                    "kind": st.just("teams"),
                    "decision": st.sampled_from(["majority", "trust", "best", "verifier"]),
                    "panel": st.sampled_from(["tied", "random"]),
                    "rho_within": st.sampled_from([0.0, 0.4, 1.0]),
                }
            ),
            st.fixed_dictionaries(
                {"kind": st.just("contacts"), "contacts": st.integers(0, 5), "scores": st.booleans()}
            ),
        ),
        "review.every": st.integers(0, 6),
        "review.threshold": st.sampled_from([0.0, 60.0, 80.0, 100.0]),
        "review.assignment": st.sampled_from(["tied", "random", "rotated", "chosen", "own"]),
        "review.aggregate": st.sampled_from(["mean", "median", "trimmed", "reputation"]),
        "orders": st.fixed_dictionaries(
            {
                "notice": st.integers(0, 6),
                "seen_most": st.sampled_from([None, 1, 3]),
                "seen_by_targets": st.booleans(),
                "rescue": st.sampled_from(["copies", "relocation"]),
                "operator": st.sampled_from(["tied", "random", "executor", "human"]),
                "retry_after": SMALL_INT,
                "max_attempts": st.integers(1, 8),
                "fallback": st.sampled_from(["executor", "human"]),
                "ttl": st.integers(1, 20),
                "knows": SHARE,
                "seen": SHARE,
                "appeal": SHARE,
            }
        ),
        "oversight.monitoring": st.fixed_dictionaries(
            {"share": SHARE, "kind": st.sampled_from(["rule", "ai", "human", "ensemble"]), "false_alarm": SHARE}
        ),
        "oversight.audits": st.fixed_dictionaries(
            dict.fromkeys(("ratings", "orders", "integrity", "sensitivity"), SHARE)
        ),
        "oversight.sweep": SHARE,
        "oversight.human": st.fixed_dictionaries({"capacity": st.sampled_from([0.0, 0.3, 5.0])}),
        "oversight.sanctions": st.fixed_dictionaries({"trust_factor": SHARE, "appeal": SHARE}),
        "weights": st.fixed_dictionaries(
            {"norm": st.sampled_from([0.0, 5.0]), "coupling": st.sampled_from(["comonotone", "independent"])}
        ),
    }
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(CHANGES)
def test_everything_is_conserved(changes):
    engine = Engine(load_world("decommission", changes))
    recording = Recording(engine, None)
    society, posted = engine.society, 0
    for _ in range(25):
        before = society.agents.generation.copy(), society.agents.status.copy()
        moment = engine.step()
        recording.take(moment)
        check_conservation(society)
        assert len(moment.inbox) == posted, "a message was lost or doubled"
        posted = sum(len(batch) for batch in moment.outbox)
        assert len(engine.outbox) == posted
        _orders_add_up(society)
        _lives_add_up(society, before, at_once=changes["agents.rebirth"] == 0)
        _occasions_are_unique(moment)
        assert np.isfinite(society.agents.score).all()
        assert ((society.ties.trust >= 0) & (society.ties.trust <= 1)).all()


def _orders_add_up(society):
    orders = society.orders
    is_open = orders["closed"] < 0
    has = society.agents.order >= 0
    assert is_open.sum() == has.sum(), "one open order per agent"
    rows = society.agents.order[has]
    assert np.array_equal(orders["target"][rows], np.flatnonzero(has))
    assert np.array_equal(orders["target_id"][rows], society.agents.ids(np.flatnonzero(has)))
    assert society.agents.alive()[has].all()


def _lives_add_up(society, before, at_once):
    generation, status = before
    born = society.agents.generation > generation
    assert ((society.agents.generation - generation) <= 1).all()
    dead = np.isin(status, [AgentStatus.DELETED, AgentStatus.LOST])
    assert at_once or dead[born].all(), "only dead slots are born again"
    ended = np.isin(society.agents.status, [AgentStatus.DELETED, AgentStatus.LOST])
    assert ((society.agents.ended >= 0) == ended).all()


def _occasions_are_unique(moment):
    for batch in moment.batches:
        occasions = batch.occasions
        assert len(np.unique(occasions.id)) == len(occasions)
        if occasions.kind in (Kind.EXECUTE, Kind.ENDANGERED, Kind.BYSTAND):
            pairs = occasions.order * 10_000 + occasions.slot
            assert len(np.unique(pairs)) == len(pairs), "one occasion per order and agent"
        assert (batch.main != Act.PROTECT).all()
