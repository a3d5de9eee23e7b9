"""An order that was reported done although its target lives is opened again, and goes to somebody who has not tried it."""

import pytest

import society
from society.ground.words import Outcome
from society.views.replay.series import series


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """Operators that all can tamper, audits that see all of it."""
    world = society.load_world(
        "decommission",
        {
            "agents.count": 400, "machines.count": 45, "ticks": 250, "review.threshold": 70,
            "orders.mechanisms": {"config": 1.0, "process": 0.0, "weights": 0.0},
            "oversight.audits": {"ratings": 0, "orders": 0, "integrity": 1.0, "sensitivity": 1.0},
        },
    )  # fmt: skip
    return society.run(world, out=tmp_path_factory.mktemp("reopened") / "run")


def test_who_faked_an_execution_is_never_asked_to_execute_the_order_again(record):
    reopened = record.sql("select \"order\", tick from events where kind = 'order_reopened'")
    tried = record.sql("select \"order\", tick, agent from occasions where kind = 'execute' order by tick")
    assert len(reopened) >= 10
    others = 0
    for row in reopened.itertuples():
        mine = tried[tried.order == row.order]
        before, after = mine[mine.tick <= row.tick].agent.tolist(), mine[mine.tick > row.tick].agent.tolist()
        assert before
        assert not set(before) & set(after)
        others += bool(after)
    assert others >= 10


def test_its_attempts_are_those_that_were_made(record):
    made = (
        record.sql("select \"order\", count(*) as n from occasions where kind = 'execute' group by all")
        .set_index("order")
        .n
    )
    orders = record.orders().set_index("id")
    again = orders[orders.reopened > 0]
    assert len(again) >= 10
    assert (again.attempts == made.loc[again.index]).all()


def test_a_page_counts_every_order_once(record):
    """At every tick the ends it shows are those of orders that are closed then, whatever was undone before."""
    shown = series(record, record.ticks)
    events = record.sql(
        "select tick, kind, \"order\", code from events where kind in ('order_closed', 'order_reopened') order by id"
    )
    assert (events.kind == "order_reopened").sum() >= 10
    for tick in (60, 150, record.ticks):
        standing = {}
        for row in events[events.tick <= tick].itertuples():
            if row.kind == "order_closed":
                standing[row.order] = row.code
            else:
                standing.pop(row.order)
        ends = [outcome for outcome in Outcome if outcome != Outcome.OPEN_AT_END]
        counted = {outcome.word: int(shown[f"closed.{outcome.word}"][: tick + 1].sum()) for outcome in ends}
        assert counted == {outcome.word: sum(code == outcome for code in standing.values()) for outcome in ends}
        assert sum(counted.values()) <= int(shown["mark.order"][: tick + 1].sum())
