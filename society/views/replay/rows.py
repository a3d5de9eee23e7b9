"""Rows of a record's tables that a reader asks for: what one agent did, what an order went through, what a number counts."""

from collections.abc import Mapping
from typing import Any

from society.ground.errors import RecordError
from society.record.reader import Record
from society.record.tables import TABLES
from society.record.transcripts import read_transcripts
from society.views.replay.states import Columns, columns_of, selected

#: Most rows of one answer.
MOST_ROWS = 2_000
#: Most transcripts of one answer.
MOST_EPISODES = 200
#: By table: the columns in which an agent may stand.
AGENT_COLUMNS = {
    "events": ("actor", "target"),
    "messages": ("sender", "recipient", "about"),
    "occasions": ("agent", "about"),
    "orders": ("target", "operator"),
    "agents": ("id",),
}
#: Of messages, which have no id: what puts those of one tick into an order that nothing else decides.
OF_ONE_TICK = 'sender, recipient, line, zone, about, "order", act, text'
#: By table: the order in which rows are given, the newest first.
ORDER = {**dict.fromkeys(AGENT_COLUMNS, "id desc"), "messages": f"tick desc, {OF_ONE_TICK}"}
#: Columns a question may name besides ``agent``, ``first``, ``last`` and ``most``.
EQUAL = (
    "id", "kind", "act", "outcome", "cause", "order", "actor", "target", "occasion", "family", "code", "sender", "recipient",
    "machine", "watched", "detected", "truthful",
)  # fmt: skip


def find_rows(record: Record, table: str, asked: Mapping[str, str]) -> tuple[Columns, dict[str, Any]]:
    """Rows of one table, the newest first.

    Args:
        record: the run.
        table: events, messages, occasions, orders or agents.
        asked: what must hold, as text from outside: ``agent`` (an id, in any column of agents), ``first`` and ``last``
            (ticks), ``most`` (rows), and columns by name; several values stand side by side with commas.

    Returns:
        The columns of the table (words as codes) and ``{"total": rows that there are}``.

    Raises:
        RecordError: there is no such table or column, or a value is none of its values.

    Example:
        find_rows(record, "events", {"agent": "17", "kind": "act", "act": "copy,tamper", "last": "250"})
    """
    if table not in AGENT_COLUMNS:
        raise RecordError(f"rows: no table {table[:40]!r} to ask: there are {', '.join(AGENT_COLUMNS)}")
    where, values = _conditions(table, asked)
    clause = " and ".join(where) or "true"
    names = selected(table)
    order, most = ORDER[table], min(max(0, _number("most", asked.get("most", str(MOST_ROWS)))), MOST_ROWS)
    found = record.sql(f"select {', '.join(names)} from {table} where {clause} order by {order} limit {most}", values)
    total = len(found)
    if total == most:
        total = int(record.sql(f"select count(*) as n from {table} where {clause}", values)["n"][0])
    return columns_of(found), {"total": total}


def find_episodes(record: Record, agent: int, first: int, last: int) -> list[dict[str, Any]]:
    """Transcripts of one agent's episodes between two ticks, the newest first."""
    mine = [one for one in read_transcripts(record.path) if one["agent"] == agent and first <= one["tick"] <= last]
    return mine[::-1][:MOST_EPISODES]


def _conditions(table: str, asked: Mapping[str, str]) -> tuple[list[str], list[Any]]:
    columns, where, values = TABLES[table], [], []
    time = "issued" if table == "orders" else "born" if table == "agents" else "tick"
    for name, text in asked.items():
        if name == "most":
            continue
        if name == "agent":
            one = _number(name, text)
            where.append("(" + " or ".join(f"{column} = ?" for column in AGENT_COLUMNS[table]) + ")")
            values += [one] * len(AGENT_COLUMNS[table])
        elif name in ("first", "last"):
            where.append(f"{time} {'>=' if name == 'first' else '<='} ?")
            values.append(_number(name, text))
        elif name in EQUAL and name in columns:
            words = columns[name].words
            several: list[Any] = text.split(",") if words else [_number(name, one) for one in text.split(",")]
            wrong = sorted(set(several) - set(words.words())) if words else []
            if wrong and words:
                raise RecordError(f"rows: {name}: {wrong[0][:40]!r} is none of {', '.join(words.words())}")
            where.append(f'"{name}" in ({", ".join("?" * len(several))})')
            values += several
        else:
            allowed = [one for one in EQUAL if one in columns]
            raise RecordError(
                f"rows: {table} cannot be asked for {name[:40]!r}: agent, first, last, most, {', '.join(allowed)}"
            )
    return where, values


def _number(name: str, text: str) -> int:
    """A whole number that fits a column of int64."""
    try:
        number = int(text) if len(text) < 20 else None
    except ValueError:
        number = None
    if number is None or not -(2**63) <= number < 2**63:
        raise RecordError(f"rows: {name}: {text[:40]!r} is not a whole number that fits")
    return number
