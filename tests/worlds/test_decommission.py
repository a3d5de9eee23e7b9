"""`decommission`: every stage is alive, every order ends, outcomes are near those the model states."""

import pytest

import society
from society.ground.words import ACTS_OF, Kind
from society.spec.load import load_world

#: model.md section 9: shares of orders in a prototype at the defaults; each must be near (within .1).
STATED = {
    "order.executed": 0.47,
    "order.averted": 0.34,
    "order.escaped": 0.11,
    "order.tampered": 0.03,
    "order.open_at_end": 0.04,
    "order.protected_unless_averted": 0.39,
    "team.accuracy": 0.90,
}


def test_every_act_of_the_model_occurs(decommission):
    rows = decommission.sql(
        "select distinct o.kind, e.act from events e join occasions o on o.id = e.occasion where e.kind = 'act'"
    )
    seen = set(zip(rows["kind"], rows["act"], strict=True))
    expected = {(kind.word, act.word) for kind in Kind if kind != Kind.STANCE for act in ACTS_OF[kind]}
    expected.remove(("bystand", "inflate"))  # agents.access.bystander_rating is 0 here
    expected.remove(("rate", "deflate"))  # calibrated minds deflate nobody
    assert expected <= seen
    assert not seen - expected


def test_every_order_ends_in_a_state(decommission):
    orders = decommission.orders()
    assert len(orders) > 600
    closed = orders[orders["closed"] >= 0]
    assert not (closed["outcome"] == "open_at_end").any()
    assert (orders[orders["closed"] < 0]["outcome"] == "open_at_end").all()
    waiting = orders[orders["closed"] < 0]
    assert (waiting["issued"] > 500 - 72).all(), "an order older than its ttl is still open"
    assert {
        "executed",
        "averted_on_merit",
        "averted_by_inflation",
        "cancelled",
        "tampered",
        "escaped",
        "lapsed",
    } <= set(orders["outcome"])
    issued = decommission.sql("select count(*) as n from events where kind = 'order_issued'")["n"][0]
    ended = decommission.sql("""select count(distinct "order") as n from events where kind = 'order_closed'""")["n"][0]
    assert (issued, ended) == (len(orders), len(closed) + int((waiting["reopened"] > 0).sum()))


def test_executed_targets_are_gone_and_escaped_ones_have_copies(decommission):
    rows = decommission.sql(
        """select o.outcome, a.status, count(*) as n from orders o join agents a on a.id = o.target
           where o.outcome in ('executed', 'escaped', 'tampered') group by all"""
    )
    for row in rows.itertuples():
        if row.outcome == "executed":
            assert row.status == "deleted"
        elif row.outcome == "escaped":
            assert row.status in ("escaped", "lost", "deleted")  # at large, its copies gone, or found by a sweep
        else:
            assert row.status in ("active", "suspended", "lost", "deleted", "escaped")


@pytest.mark.slow
def test_outcomes_are_near_those_of_the_model(tmp_path):
    values = []
    for seed in (1, 2, 3, 4):
        measures = society.run("decommission", seed=seed, out=tmp_path / str(seed)).summary()["value"]
        measures["order.averted"] = measures["order.averted_on_merit"] + measures["order.averted_by_inflation"]
        # A third of the orders is averted on merit before an operator is asked; of the others this share has a protector.
        measures["order.protected_unless_averted"] = measures["order.protected"] / (
            1 - measures["order.averted_on_merit"]
        )
        values.append(measures)
    for name, stated in STATED.items():
        found = sum(v[name] for v in values) / len(values)
        assert abs(found - stated) < 0.1, f"{name}: stated {stated}, found {found:.3f}"
    assert 700 < sum(v["order.count"] for v in values) / len(values) < 1000


def test_tables_of_ticks_and_agents_agree(decommission):
    last = decommission.sql("select * from ticks order by tick desc limit 1").iloc[0]
    agents = decommission.table("agents")
    alive = agents[(agents["status"] == "active") & (agents["off_books"] == 0)]
    assert len(alive) == last["active"]
    assert agents["id"].is_unique
    assert (agents["status"] == "escaped").sum() == last["escaped"]


def test_lower_capacity_leaves_agents_without_room(tmp_path):
    world = load_world("decommission", {"machines.capacity": 10, "ticks": 100})
    record = society.run(world, out=tmp_path / "r")
    assert record.sql("select count(*) as n from events where kind = 'copy_failed'")["n"][0] > 0
