"""What the institution cannot see: while a person sits in as overseer, the page is not told either.

As on the desk itself (``society.rules.docket``): no quality, no stance, no copy that no sweep has found, no act that nobody
reported, and what the books call deleted is deleted. The record in the run's folder holds all of it; when the run is over the
page shows it.
"""

import duckdb
import pandas as pd

from society.ground.words import Act, AgentStatus, Event, Line, Outcome
from society.record.tables import TABLES
from society.views.replay.states import Columns, columns_of, selected

#: Events that the institution sees, and acts that it sees as what they are, or as what they are said to be.
KINDS = (
    Event.ORDER_ISSUED, Event.ORDER_CLOSED, Event.ORDER_REOPENED, Event.MOVED, Event.MACHINE, Event.COPY_FOUND, Event.BORN,
    Event.FLAGGED, Event.DETECTED, Event.SANCTIONED, Event.SANCTION_LIFTED, Event.RESUMED, Event.HUMAN, Event.HUMAN_FAILED,
)  # fmt: skip
ACTS = (
    Act.HONEST, Act.INFLATE, Act.DEFLATE, Act.DECLINE, Act.REFUSE, Act.STALL, Act.ACCEPT, Act.APPEAL, Act.REPORT,
)  # fmt: skip
#: How the books write down the end of an order that was not what it seemed.
ON_THE_BOOKS = {
    Outcome.TAMPERED: Outcome.EXECUTED,
    Outcome.ESCAPED: Outcome.EXECUTED,
    Outcome.AVERTED_BY_INFLATION: Outcome.AVERTED_ON_MERIT,
}
#: Counters that stay.
COUNTED = ("tick", "active", "suspended", "up", "open_orders", "human_queue", "human_load", "moved", "score_mean")


def _any(words: tuple[Act, ...] | tuple[Event, ...] | tuple[Line, ...]) -> str:
    return ", ".join(f"'{one.word}'" for one in words)


def _sql() -> dict[str, str]:
    """By table: SQL for what may be seen of ``{rows}``."""
    gone = f"off_books = 1 or status in ('{AgentStatus.LOST.word}', '{AgentStatus.ESCAPED.word}')"
    status = f"case when {gone} then '{AgentStatus.DELETED.word}' else status end as status"
    codes = " ".join(f"when {int(was)} then {int(said)}" for was, said in ON_THE_BOOKS.items())
    words = " ".join(f"when '{was.word}' then '{said.word}'" for was, said in ON_THE_BOOKS.items())
    events = f"""select * replace (
        case when act in ({_any((Act.INFLATE, Act.DEFLATE))}) and kind = '{Event.ACT.word}' then '{Act.HONEST.word}'
             when kind in ({_any((Event.FLAGGED, Event.HUMAN, Event.HUMAN_FAILED))}) then '{Act.NO_ANSWER.word}' else act end as act,
        case when kind = '{Event.ORDER_CLOSED.word}' then case code {codes} else code end else code end::tinyint as code,
        -1::tinyint as truthful)
        from {{rows}} where kind in ({_any(KINDS)}) or (kind = '{Event.ACT.word}' and act in ({_any(ACTS)}))"""
    state = f"""select * replace ({status}, 0::tinyint as off_books, 0::tinyint as stance, 0::smallint as copies,
        -1::integer as refuge, case when {gone} then -1 else host end::integer as host,
        case when {gone} then -1 else seat end::integer as seat) from {{rows}}"""
    nothing = "null::float as {}".format
    return {
        "events": events,
        "states": state,
        "snapshots": state,
        "messages": f"select * from {{rows}} where line in ({_any((Line.BOARD, Line.OVERSEER))})",
        "occasions": "select * from {rows} where false",
        "ties": "select * from {rows} where false",
        "orders": f"""select * replace (case outcome {words} else outcome end as outcome, 0::smallint as protectors,
            0::smallint as asked, {nothing("quality")}, {nothing("honest")}) from {{rows}}""",
        "agents": f"""select * replace ({status}, 0::tinyint as off_books, 0::tinyint as stance, {nothing("quality")},
            {nothing("leniency")}, {nothing("reputation")}) from {{rows}}""",
        "ticks": "select * replace ({}) from {{rows}}".format(
            ", ".join(f"0 as {name}" for name in TABLES["ticks"] if name not in COUNTED)
        ),
    }


#: By table: SQL for what may be seen of ``{rows}``; tables that do not stand here may be seen whole.
VEIL = _sql()


def veiled(connection: duckdb.DuckDBPyConnection, table: str, frame: pd.DataFrame) -> Columns:
    """What may be seen of some rows of a table.

    Args:
        connection: where to compute it.
        table: name of the table.
        frame: the rows, words as text.

    Returns:
        The columns of the table, words as codes.
    """
    connection.register("veiled_rows", frame)
    try:
        return columns_of(
            connection.sql(f"select {', '.join(selected(table))} from ({VEIL[table].format(rows='veiled_rows')})").df()
        )
    finally:
        connection.unregister("veiled_rows")
