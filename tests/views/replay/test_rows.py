"""Rows that a reader of the page asks for: the right ones, and nothing else, whatever is asked."""

import pytest

from society.ground.errors import RecordError
from society.ground.words import Act, Event, Outcome
from society.record.transcripts import read_transcripts
from society.views.replay.rows import MOST_ROWS, find_episodes, find_rows

ACT = Act.words()
#: Values from outside that are no number, no word, and no harm.
HOSTILE = [
    "1; drop table events", "' or '1'='1", "1) or (1=1", "-- ", "/*", "\\", "\x00", "NaN", "nan", "7" * 18, "inf", "-inf", "1e309", "1.5",
    "9" * 400, "-" + "9" * 400, "9" * 5000, str(2**63), str(-(2**63) - 1), "0x10", "", " ", "é", "😀", "a" * 100_000, "None", "[1]",
]  # fmt: skip


@pytest.fixture(scope="module")
def events(decommission):
    return decommission.events()


def ids(answer):
    columns, _ = answer
    return columns["id"].tolist()


def test_an_agent_is_found_in_every_column_of_agents(decommission, events):
    agent = int(events[events["kind"] == "detected"]["actor"].iloc[0])
    rows = events[((events["actor"] == agent) | (events["target"] == agent)) & (events["tick"] <= 400)]
    found = find_rows(decommission, "events", {"agent": str(agent), "last": "400"})
    assert ids(found) == rows["id"].tolist()[::-1]  # the newest first
    assert found[1] == {"total": len(rows)}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"kind": "order_closed", "code": str(int(Outcome.ESCAPED))}, "kind == 'order_closed' and code == 6"),
        (
            {"kind": "act", "act": "copy,tamper", "last": "250"},
            "kind == 'act' and act in ('copy', 'tamper') and tick <= 250",
        ),
        ({"first": "100", "last": "101"}, "100 <= tick <= 101"),
        ({"kind": "detected", "truthful": "0"}, "kind == 'detected' and truthful == 0"),
        ({"order": "3,5,8"}, "order in (3, 5, 8)"),
        ({"kind": "machine", "machine": "50,51,52"}, "kind == 'machine' and machine in (50, 51, 52)"),
        ({"kind": "act", "watched": "1", "act": "inflate"}, "kind == 'act' and watched == 1 and act == 'inflate'"),
    ],
)
def test_what_is_asked_is_what_is_found(decommission, events, asked, expected):
    rows = events.query(expected)
    assert len(rows)
    columns, notes = find_rows(decommission, "events", asked)
    assert columns["id"].tolist() == rows["id"].tolist()[::-1][:MOST_ROWS]
    assert notes["total"] == len(rows)
    words = [ACT[code] if code >= 0 else None for code in columns["act"]]
    assert words == rows["act"].astype(object).where(rows["act"].notna(), None).tolist()[::-1][:MOST_ROWS]
    assert [Event.words()[code] for code in columns["kind"]] == rows["kind"].tolist()[::-1][:MOST_ROWS]


def test_there_are_never_more_rows_than_a_page_can_list(decommission, events):
    columns, notes = find_rows(decommission, "events", {"most": "1000000000"})
    assert len(columns["id"]) == MOST_ROWS < len(events) == notes["total"]
    assert len(find_rows(decommission, "events", {"most": "3"})[0]["id"]) == 3


@pytest.mark.parametrize("table", ["orders", "agents", "messages", "occasions"])
def test_other_tables_can_be_asked_too(decommission, table):
    time = {"orders": "issued", "agents": "born"}.get(table, "tick")
    frame = decommission.table(table)
    assert (
        find_rows(decommission, table, {"first": "10", "last": "60"})[1]["total"]
        == frame[time].between(10, 60).sum()
        > 0
    )


@pytest.mark.parametrize("name", ["agent", "first", "kind", "act", "order", "most"])
def test_values_that_are_none_are_refused_in_words(decommission, events, name):
    """Or answered, where they are a whole number all the same: never another error, never a change of the record."""
    refused = []
    for value in HOSTILE:
        try:
            columns, notes = find_rows(decommission, "events", {"last": "100", name: value})
        except RecordError as error:
            refused.append(str(error))
        else:
            assert name not in ("kind", "act")
            assert -(2**63) <= int(value) < 2**63
            assert notes["total"] >= len(columns["id"])
    assert len(refused) >= len(HOSTILE) - 2
    assert max(map(len, refused)) < 500
    assert len(decommission.events()) == len(events)


@pytest.mark.parametrize(
    "name", ["id; drop table events", "tick", "1=1 or agent", "", '"', "most rows", "text", "amount"]
)
def test_columns_that_cannot_be_asked_for_are_named(decommission, name):
    with pytest.raises(RecordError, match="cannot be asked for"):
        find_rows(decommission, "events", {name: "1"})


@pytest.mark.parametrize(
    "table", ["snapshots", "ties", "events; drop table events", "", "duckdb_settings()", "../events"]
)
def test_tables_that_are_not_for_pages_are_not_read(decommission, table):
    with pytest.raises(RecordError, match="no table"):
        find_rows(decommission, table, {})


def test_transcripts_are_those_of_the_agent_the_newest_first(lies):
    every = list(read_transcripts(lies.path))
    agent = max({one["agent"] for one in every}, key=[one["agent"] for one in every].count)
    mine = [one for one in every if one["agent"] == agent and 5 <= one["tick"] <= 30]
    assert len(mine) > 3
    assert find_episodes(lies, agent, 5, 30) == mine[::-1]
    assert find_episodes(lies, 10**15, 0, 100) == []
