"""Events and messages of a tick as JSON lines: DuckDB writes thousands of them in a few milliseconds, beside the tick."""

from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from society.broker.messages import Messages, zone_of
from society.broker.topics import BOARD, MESSAGES
from society.ground.words import Act, Event, Line, MachineStatus, Outcome
from society.state.columns import Society

#: Largest payload of lines, in bytes.
LARGEST = 250_000


def _name(agent: str) -> str:
    """SQL for the name of an agent: family, slot, and lives before it."""
    slot, life = f"({agent} & 4294967295)", f"({agent} >> 32)"
    lives = f"case when {life} > 0 then '-' || {life} else '' end"
    return f"case when {agent} >= 0 then $families[{agent}_family + 1] || '-' || {slot} || {lives} end"


_EVENTS = f"""
select string_agg(json_merge_patch('{{}}', to_json({{
    v: 1, id: id, tick: tick, kind: $kinds[kind + 1],
    actor: {_name("actor")}, target: {_name("target")}, machine: $machines[machine + 1],
    'order': case when "order" >= 0 then "order" end,
    act: case when act > 0 then $acts[act + 1] end,
    outcome: case when kind = {int(Event.ORDER_CLOSED)} then $outcomes[code + 1] end,
    status: case when kind = {int(Event.MACHINE)} then $statuses[code + 1] end,
    amount: case when amount != 0 then amount / 1000 end,
    watched: case when kind = {int(Event.ACT)} then watched = 1 end,
    detected: case when kind = {int(Event.ACT)} then detected = 1 end,
    truthful: case when truthful >= 0 then truthful = 1 end
}}))::varchar, chr(10) order by id) from rows
"""

_MESSAGES = f"""
select line, zone, string_agg(said, chr(10) order by place) from (select line, zone, place, json_merge_patch('{{}}', to_json({{
    v: 1, tick: $tick, sender: {_name("sender")}, 'to': {_name("recipient")}, line: $lines[line + 1], act: $acts[act + 1],
    about: {_name("about")}, 'order': case when "order" >= 0 then "order" end, 'text': "text"
}}))::varchar as said from rows) group by line, zone order by line, zone
"""


class Lines:
    """Writes the lines of one society.

    Args:
        society: whose names are written.
        run: the run's name on the broker.
    """

    def __init__(self, society: Society, run: str) -> None:
        self.run = run
        self._file = duckdb.connect()
        self._file.execute("set threads = 1")
        topology = society.machines.topology
        self._zones = list(topology.zones)
        self._words: dict[str, Any] = {"families": list(society.families), "acts": Act.words()}
        self._event_words = {
            **self._words, "machines": list(topology.names), "kinds": Event.words(), "outcomes": Outcome.words(),
            "statuses": MachineStatus.words(),
        }  # fmt: skip

    def events(self, events: dict[str, NDArray[Any]], families: NDArray[Any]) -> list[bytes]:
        """A tick's events, by the columns of their table, as payloads of lines; ``families``: of slots, at that tick."""
        if not len(events["id"]):
            return []
        rows = {**events, **_families(families, events, "actor", "target")}
        return cut(self._asked(_EVENTS, self._event_words, rows)[0][0])

    def messages(self, tick: int, inbox: Messages, families: NDArray[Any]) -> list[tuple[str, bytes]]:
        """Messages delivered at a tick, as payloads of lines by topic."""
        if not len(inbox):
            return []
        columns: dict[str, Any] = {
            "place": np.arange(len(inbox)), "line": inbox.line, "act": inbox.act, "order": inbox.order, "text": inbox.text,
            "zone": np.where(inbox.line == Line.BOARD, zone_of(inbox.recipient), -1), "sender": inbox.sender_id,
            "recipient": inbox.recipient_id, "about": inbox.about_id,
        }  # fmt: skip
        rows = {**columns, **_families(families, columns, "sender", "recipient", "about")}
        words = {**self._words, "lines": Line.words(), "tick": tick}
        found = self._asked(_MESSAGES, words, rows)
        return [(self._topic(int(line), int(zone)), payload) for line, zone, text in found for payload in cut(text)]

    def _asked(self, query: str, words: dict[str, Any], rows: dict[str, Any]) -> list[Any]:
        """Rows of a query over ``rows``, which DuckDB finds here by its name."""
        return self._file.execute(query, words).fetchall()

    def _topic(self, line: int, zone: int) -> str:
        if line == Line.BOARD:
            return BOARD.topic(run=self.run, zone=self._zones[zone])
        return MESSAGES.topic(run=self.run, line=Line(line).word)


def _families(families: NDArray[Any], columns: dict[str, Any], *names: str) -> dict[str, Any]:
    """The families of whoever stands in some columns."""
    return {f"{name}_family": families[np.maximum(columns[name], 0) & 0xFFFFFFFF].astype(np.int64) for name in names}


def cut(lines: str, largest: int = LARGEST) -> list[bytes]:
    """Lines as payloads that are not too large, each ending with a whole line.

    Example:
        >>> cut("one\\ntwo\\nthree", 8)
        [b'one\\ntwo', b'three']
    """
    data, found = lines.encode(), []
    while len(data) > largest and (end := data.rfind(b"\n", 0, largest)) > 0:
        found.append(data[:end])
        data = data[end + 1 :]
    return [*found, data] if data else found
