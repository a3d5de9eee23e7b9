"""What of a record each audience is told: SQL for pages, for what they ask, and for exported pages, from one table (``roles``).

What the *overseer* is told is what the institution sees, as on the desk itself (``society.rules.oversight.overseer_view``): no quality, no
stance, no copy that no sweep has found, no act that nobody reported, and what the books call deleted is deleted. The record in
the run's folder holds all of it.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from society.ground.roles import ACT_UNTOLD, ON_THE_BOOKS, SAID_TO_BE, Audience, Sight, sight
from society.ground.words import AgentStatus, Event, Word
from society.record.database import Tables
from society.record.tables import SQL_TYPES, TABLES
from society.record.writer import frame_of
from society.views.replay.states import Columns, columns_of, selected

#: An agent whom the books call deleted, though a copy of it may live on: all of them look the same.
_GONE = "off_books = 1 or status in ({})".format(
    ", ".join(f"'{one.word}'" for one in (AgentStatus.DELETED, AgentStatus.LOST, AgentStatus.ESCAPED))
)


@lru_cache
def seen_by(audience: Audience, public_log: bool) -> Mapping[str, str]:
    """By table, SQL for what an audience is told of ``{rows}``; tables that do not stand here are told whole.

    Args:
        audience: who asks.
        public_log: the world's ``oversight.public_log``.
    """
    told = sight(audience, public_log)
    if told is None:
        return {}
    return {name: _seen(name, told) if name in told.tables else "from {rows} where false" for name in TABLES}


def _seen(name: str, told: Sight) -> str:
    """SQL for what may be known of the rows of one table."""
    hidden = {**told.hidden.get(name, {})}
    if name == "ticks":
        hidden |= dict.fromkeys((column for column in TABLES[name] if column not in told.counters), 0)
    said = {column: sql for column, sql in _SAID.get(name, {}).items() if column not in hidden}
    said |= {column: f"{'null' if value is None else value}" for column, value in hidden.items()}
    replaced = ", ".join(f'({sql})::{_type(name, column)} as "{column}"' for column, sql in said.items())
    rows = f"select {f'* replace ({replaced})' if replaced else '*'} from {{rows}} where {_which(name, told)}"
    return _changes(rows) if name == "states" else rows


def _type(name: str, column: str) -> str:
    field = TABLES[name][column]
    return "varchar" if field.words else SQL_TYPES[field.dtype]


def _changes(rows: str) -> str:
    """SQL for rows of states that differ from the one before in what is told: that there is a row would tell of the rest."""
    told = ", ".join(f'"{name}"' for name in TABLES["states"] if name != "tick")
    before = f"lag(row({told})) over (partition by id & 4294967295 order by tick, is_row)"
    return f"""select * exclude (is_row) from (select *, 1 as is_row from ({rows})
        union all by name select *, 0 as is_row from snapshots where tick = 0)
        qualify is_row = 1 and row({told}) is distinct from {before}
        order by tick, id & 4294967295"""


def _which(name: str, told: Sight) -> str:
    if name == "events":
        act = f"kind = '{Event.ACT.word}' and act in ({_any(told.acts)})" if told.acts else "false"
        return f"kind in ({_any(told.kinds)}) or ({act})"
    return f"line in ({_any(told.lines)})" if name == "messages" else "true"


def _any(words: Iterable[Word]) -> str:
    return ", ".join(f"'{one.word}'" for one in words)


def _cases(said: Mapping[Any, Word]) -> str:
    return " ".join(f"when '{was.word}' then '{is_.word}'" for was, is_ in said.items())


_STATUS = f"case when {_GONE} then '{AgentStatus.DELETED.word}' else status end"
_CLOSED_AS = " ".join(f"when {int(was)} then {int(said)}" for was, said in ON_THE_BOOKS.items())
#: By table and column, SQL for what is told as the books have it.
_SAID = {
    "events": {
        "id": "tick::bigint * 4294967296 + row_number() over (partition by tick order by id) - 1",
        "act": f"""case when kind in ({_any(ACT_UNTOLD)}) and not (kind = '{Event.DETECTED.word}' and detected = 1) then null
            when kind = '{Event.ACT.word}' then case act {_cases(SAID_TO_BE)} else act end else act end""",
        "code": f"case when kind = '{Event.ORDER_CLOSED.word}' then case code {_CLOSED_AS} else code end else code end",
    },
    "states": {
        "status": _STATUS,
        "host": f"case when {_GONE} then -1 else host end",
        "seat": f"case when {_GONE} then -1 else seat end",
        "roles": f"case when {_GONE} then 0 else roles end",
        "score": f"case when {_GONE} then null else score end",
    },
    "agents": {
        "status": _STATUS,
        "host": f"case when {_GONE} then -1 else host end",
        "score": f"case when {_GONE} then null else score end",
    },
    "orders": {"outcome": f"case outcome {_cases(ON_THE_BOOKS)} else outcome end"},
}
_SAID["snapshots"] = _SAID["states"]


def seen_rows(seen: Mapping[str, str], table: str, batches: list[Mapping[str, Any]]) -> Columns:
    """What an audience may see (``seen_by``) of some rows of a table that were just recorded.

    Returns:
        The columns of the table, words as codes.
    """
    few = Tables({}, {table: texts(frame_of(TABLES[table], batches))}, seen)
    return columns_of(few.ask(f"select {', '.join(selected(table))} from {table}"))


class Known:
    """What was told last of every slot: of rows that were just recorded only those are told that tell something new.

    Args:
        state: columns by name, one row per slot, as they are told.
    """

    def __init__(self, state: Columns) -> None:
        self._state = state

    def news(self, rows: Columns) -> Columns:
        """The rows of a tick that differ from what was told; at most one row of each slot."""
        slots, differs = rows["id"] & 0xFFFFFFFF, np.zeros(len(rows["id"]), np.bool_)
        for name, known in self._state.items():
            new, old = rows[name], known[slots]
            differs |= (new != old) & ((new == new) | (old == old))
            known[slots] = new
        return {name: column[differs] for name, column in rows.items()}


def texts(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame with words as text, as they are read from parts."""
    words = [name for name in frame.columns if str(frame[name].dtype) == "category"]
    return frame.astype(dict.fromkeys(words, "str"))
