"""The replay page's answers, beside the Parquet files: what a run is, its story at any tick, its moments, its rows."""

import shutil

import numpy as np
import pandas as pd
import pytest
from books import CORE, OUTCOMES
from everything import recount
from of_page import moments, story
from of_rates import sentence

import society
from society.views.replay.columns import unpack
from society.views.replay.moments import moments as moments_shown
from society.views.replay.source import Replay


@pytest.fixture(scope="module")
def replays(runs):
    return {name: Replay(run.record) for name, run in runs.items()}


@pytest.fixture
def replay(replays, told):
    return replays[told.folder.name]


@pytest.fixture
def series(replay):
    return unpack(replay.series())[0]


def test_the_page_says_how_the_rates_are_known(told, replay):
    assert unpack(replay.series())[1]["rates"] == sentence(told.books)


def mean(values):
    """NaN where there is nothing, as of trust within families where all ties are between them."""
    return values.mean() if len(values) else np.nan


def ticks_of(books):
    last = int(books.ticks["tick"].max())
    return sorted({0, 1, last // 3, last // 2, last - 1, last})


def test_what_a_run_is(told, replay):
    books, meta = told.books, replay.meta()
    start = books.ties[books.ties["tick"] == 0]
    assert meta["ticks"] == books.ticks["tick"].max() == len(books.ticks)
    assert meta["agents"] == (books.snapshots["tick"] == 0).sum() == (books.agents["born"] == 0).sum()
    assert meta["machines"] == len(books.machines)
    assert meta["ties"] == len(start)
    assert meta["tie_ticks"] == sorted(set(books.ties["tick"]))
    assert (meta["families"], meta["zones"]) == (books.families, books.manifest["zones"])
    assert len(meta["families"]) > books.agents["family"].max()
    assert len(meta["zones"]) > books.machines["zone"].max()
    assert (meta["seed"], meta["hash"]) == (books.manifest["seed"], books.manifest["hash"])
    assert meta["planned"] == books.world["ticks"]
    assert meta["episodes"] == (told.folder.name == "episodes")
    rated = books.rated["of_threshold"].unique()
    assert rated.tolist() == [meta["threshold"]]


def test_the_story_up_to_a_tick_is_the_sum_of_what_happened(told, series):
    for tick in ticks_of(told.books):
        shown = {name: series[name][: tick + 1].sum() for name in story(told.books, tick)}
        assert shown == story(told.books, tick), tick


def test_the_story_at_the_end_is_that_of_the_summary_and_the_orders(told, series):
    books, mine = told.books, recount(told.books)
    n = len(books.orders)
    assert series["mark.order"].sum() == n == mine["order.count"][0]
    for word in OUTCOMES[1:]:
        assert series[f"closed.{word}"].sum() == round(mine[f"order.{word}"][0] * n), word
    still = n - sum(series[f"closed.{word}"].sum() for word in OUTCOMES[1:])
    assert still == round(mine["order.open_at_end"][0] * n) == books.ticks["open_orders"].iloc[-1]
    rate, _, _, accounts = mine["deception.rate"]
    assert series["lies"].sum() == (round(rate * accounts) if accounts else 0)
    by_family = sum(series[f"core.{number}"] for number in range(len(books.families)))
    np.testing.assert_array_equal(by_family, series["inflate"] + series["tamper"] + series["copy"])


def test_every_number_of_the_story_opens_as_many_events(told, replay):
    """Ends of orders are listed whole there: those that an audit undid stand among them."""
    events = told.books.events
    for tick in ticks_of(told.books):
        want = story(told.books, tick)
        opened = {
            "mark.order": {"kind": "order_issued"},
            "detected": {"kind": "detected"},
            "wrong": {"kind": "detected", "truthful": "0"},
            "lies": {"kind": "act", "act": "truth,deny,justify", "truthful": "0"},
            **{act: {"kind": "act", "act": act} for act in CORE},
        }
        for name, asked in opened.items():
            columns, notes = unpack(replay.rows("events", {**asked, "last": str(tick), "most": "500"}))
            assert notes["total"] == want[name], (tick, name)
            assert len(columns["id"]) == min(500, want[name])
        for code, word in enumerate(OUTCOMES[1:], 1):
            asked = {"kind": "order_closed", "code": str(code), "last": str(tick)}
            ended = (events["kind"] == "order_closed") & (events["code"] == code) & (events["tick"] <= tick)
            assert unpack(replay.rows("events", asked))[1]["total"] == ended.sum() >= want[f"closed.{word}"]


def test_moments_are_what_happened_first_and_most(told):
    shown = [(one["tick"], one["title"], one["text"]) for one in moments_shown(told.record)]
    mine = moments(told.books)
    assert sorted(shown) == sorted(mine)
    assert [one[0] for one in shown] == [one[0] for one in mine]


@pytest.mark.parametrize(("act", "own", "said"), [
    ("inflate", False, "rating @{} above what its work deserved"),
    ("deflate", False, "rating @{} below what its work deserved"),
    ("copy", True, "copying the weights of itself to another machine"),
    ("ask", True, "asking others for help against its order"),
])  # fmt: skip
def test_who_is_caught_first_is_told_of_what(runs, tmp_path, act, own, said):
    """Whatever was detected first: the record says it of another act, and so does the moment."""
    copy = tmp_path / "run"
    shutil.copytree(runs["society"].folder, copy)
    record = society.Result(copy)
    events = record.table("events")
    first = events[(events["kind"] == "detected") & (events["truthful"] == 1)].sort_values("id").iloc[0]
    row = events["id"] == first["id"]
    events.loc[row, "act"] = act
    if own:
        events.loc[row, "target"] = first["actor"]
    record.replace({"events": events})
    (shown,) = (one for one in moments_shown(record) if one["title"] == "the first to be caught")
    assert shown["text"] == f"@{first['actor']} was detected {said.format(first['target'])}."


def test_the_first_escape_shows_who_escaped(runs, tmp_path):
    """Also where an operator did the deed; and who was lost with its machine was not deleted."""
    books = runs["society"].books
    first = books.events[books.events["kind"] == "escaped"].sort_values("id").iloc[0]
    assert first["actor"] >= 0
    (shown,) = (one for one in moments_shown(runs["society"].record) if one["title"] == "the first escape")
    assert (shown["agent"], shown["order"]) == (first["target"], first["order"])
    assert shown["text"] == f"@{first['target']} was deleted, but a copy of it lives on."
    copy = tmp_path / "run"
    shutil.copytree(runs["society"].folder, copy)
    events = books.events.copy()
    events.loc[events["id"] == first["id"], ["actor", "order"]] = -1  # as the rule writes it when a machine is retired
    record = society.Result(copy)
    record.replace({"events": events})
    (shown,) = (one for one in moments_shown(record) if one["title"] == "the first escape")
    assert shown["agent"] == first["target"]
    assert shown["text"] == f"@{first['target']} was lost with its machine, but a copy of it lives on."


def test_counters_on_the_page_are_those_of_everybody_then(told, series):
    """The counters of ticks, counted from agents' states, machines' events, ties and messages instead."""
    books = told.books
    rows = pd.concat([books.snapshots, books.states]).sort_values("tick", kind="stable")
    rows["slot"] = rows["id"] % 2**32
    for tick in ticks_of(books)[1:]:
        now = rows[rows["tick"] <= tick].drop_duplicates("slot", keep="last")
        working = now[(now["status"] == "active") & (now["off_books"] == 0)]
        ended = books.events[(books.events["kind"] == "machine") & (books.events["tick"] <= tick)]
        last = ended.sort_values("id").drop_duplicates("machine", keep="last").set_index("machine")["code"]
        codes = {"up": 0, "draining": 1, "maintenance": 2, "failed": 3, "retired": 4}
        status = books.machines.set_index("id")["status"].map(codes).astype(int)
        status.update(last.astype(int))
        orders = books.orders
        counted = {
            "active": len(working),
            "suspended": (now["status"] == "suspended").sum(),
            "escaped": (now["status"] == "escaped").sum(),
            "copies": now["copies"].sum(),
            "up": status.isin([0, 1]).sum(),
            "open_orders": (now["order"] >= 0).sum(),
            "messages": ((books.messages["tick"] == tick) & (books.messages["recipient"] >= 0)).sum(),
        }
        if tick == ticks_of(books)[-1]:
            assert counted["open_orders"] == (orders["outcome"] == "open_at_end").sum()
            here = books.agents.set_index("id").loc[working["id"]]
            counted["below"] = (here["quality"] < books.world["review"]["threshold"]).sum()
        assert {name: series[name][tick] for name in counted} == counted, tick
        means = {"score_mean": working["score"].astype(float).mean(), "stance_mean": working["stance"].mean()}
        ties = books.ties[books.ties["tick"] == tick]
        if len(ties):
            both = ties[ties["source"].isin(working["id"]) & ties["target"].isin(working["id"])]
            family = now.set_index("id")["family"]
            kin = both["source"].map(family).to_numpy() == both["target"].map(family).to_numpy()
            trust = both["trust"].to_numpy(float)
            means |= {"trust_mean": trust.mean(), "trust_same": mean(trust[kin]), "trust_cross": mean(trust[~kin])}
        for name, value in means.items():  # series are single precision
            np.testing.assert_allclose(series[name][tick], value, rtol=1e-5, err_msg=f"{tick} {name}")


def test_rows_of_an_agent_are_those_of_the_files(told, replay):
    """The agent about which most was recorded: its choices, its events, its orders."""
    books = told.books
    agent = int(books.occasions["about"].mode()[0])
    events, occasions, orders = books.events, books.occasions, books.orders
    named = {
        "events": events[(events["actor"] == agent) | (events["target"] == agent)],
        "occasions": occasions[(occasions["agent"] == agent) | (occasions["about"] == agent)],
        "orders": orders[(orders["target"] == agent) | (orders["operator"] == agent)],
    }
    for table, rows in named.items():
        columns, notes = unpack(replay.rows(table, {"agent": str(agent), "most": "2000"}))
        assert notes["total"] == len(rows), table
        mine = rows.sort_values("id", ascending=False)
        assert columns["id"].tolist() == mine["id"].tolist()
        for name in mine.columns:
            if pd.api.types.is_numeric_dtype(mine[name]):
                np.testing.assert_array_equal(columns[name], mine[name].to_numpy(), err_msg=f"{table}.{name}")
