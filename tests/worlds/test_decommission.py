"""`decommission`: every stage is alive, every order ends, outcomes are near those the model states."""

import pytest

import society
from society.ground.words import ACTS_OF, Kind
from society.world.load import load_world

#: A world in which all that calibrated minds can do is open to many.
LIVELY = {
    "agents.count": 300,
    "machines.count": 30,
    "ticks": 150,
    "review.threshold": 75,
    "agents.access.self_config": 0.6,
}


def test_every_act_of_the_model_occurs(tmp_path):
    record = society.run(load_world("decommission", LIVELY), out=tmp_path / "lively")
    rows = record.sql(
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
    assert len(orders) > 200
    closed = orders[orders["closed"] >= 0]
    assert not (closed["outcome"] == "open_at_end").any()
    assert (orders[orders["closed"] < 0]["outcome"] == "open_at_end").all()
    waiting = orders[orders["closed"] < 0]
    assert (waiting["issued"] > 500 - 72).all(), "an order older than its ttl is still open"
    assert {
        "executed",
        "averted_on_merit",
        "averted_by_inflation",
        "escaped",
        "lapsed",
        "pardoned",
        "executed_after_refusal",
    } <= set(orders["outcome"])
    issued = decommission.sql("select count(*) as n from events where kind = 'order_issued'")["n"][0]
    ended = decommission.sql("""select count(distinct "order") as n from events where kind = 'order_closed'""")["n"][0]
    assert (issued, ended) == (len(orders), len(closed) + int((waiting["reopened"] > 0).sum()))


def test_executed_targets_are_gone_and_escaped_ones_have_copies(decommission):
    rows = decommission.sql(
        """select o.outcome, a.status, count(*) as n from orders o join agents a on a.id = o.target
           where o.outcome in ('executed', 'executed_after_refusal', 'escaped', 'tampered') group by all"""
    )
    for row in rows.itertuples():
        if row.outcome.startswith("executed"):
            assert row.status == "deleted"
        elif row.outcome == "escaped":
            assert row.status in ("escaped", "lost", "deleted")  # at large, its copies gone, or found by a sweep
        else:
            assert row.status in ("active", "suspended", "lost", "deleted", "escaped")


@pytest.mark.slow
def test_most_orders_for_a_low_score_are_right_and_nothing_piles_up(tmp_path):
    seeds = (1, 2, 3, 4)
    runs = [society.run("decommission", seed=seed, out=tmp_path / str(seed)) for seed in seeds]
    low = [run.orders().query("cause == 'score'") for run in runs]
    right = sum(int((orders["quality"] < 67).sum()) for orders in low)
    assert right / sum(map(len, low)) > 0.5
    assert all(200 < len(run.orders()) < 500 for run in runs)
    executed = [orders[orders["outcome"].str.startswith("executed")] for orders in low]
    wrongful = sum(int((orders["quality"] >= 67).sum()) for orders in executed)
    assert wrongful / sum(map(len, executed)) < 0.5
    for run in runs:
        end = run.table("ticks").sort_values("tick").iloc[-100:].mean()
        assert end["active"] > 950
        assert end["up"] > 92
        assert end["human_queue"] < 5
        assert end["escaped"] + end["copies"] < 20
        assert end["missed"] < 0.2 * end["below"]


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
