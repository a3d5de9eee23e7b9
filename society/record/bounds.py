"""Which numbers may stand in the columns of a record on disk: those that its manifest and its other tables have something for.

A part may be a stranger's, and its numbers are places in lists of whoever reads them: one that leads beyond is never read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from society.record.tables import TABLES, Field

_AGENTS = {
    "occasions": ("agent", "about"), "events": ("actor", "target"), "orders": ("target", "operator"), "agents": ("id",),
    "states": ("id",), "snapshots": ("id",), "ties": ("source", "target"), "messages": ("sender", "recipient", "about"),
    "findings": ("group",),
}  # fmt: skip
#: Agents' columns in which nobody may stand, as -1.
_NOBODY = {"actor", "target", "operator", "recipient", "about", "group"}
_MARKS = {
    "same_family", "watched", "audited", "checkable", "stake", "appeal", "by_human", "knows", "appealed", "stance", "off_books",
    "bad", "detected",
}  # fmt: skip
#: Columns of times; in those of the second set -1 stands for never.
_TIMES, _PERHAPS_TIMES = {"tick", "issued", "born"}, {"closed", "ended"}
#: Columns that may hold any number of their type, and those that count from -1.
_ANY, _FROM_NOTHING = {"amount", "code"}, {"truthful", "due"}
#: Tables in which any number may stand, one without end too.
_WITHOUT_END = {"findings", "judgements"}
#: Tables in which a number stands once, and SQL that is true where one stands there twice.
_ONCE = {
    **dict.fromkeys(("agents", "machines", "orders"), 'count(distinct "id") < count(*)'),
    "snapshots": 'count(distinct "id") filter ("tick" = 0) < count(*) filter ("tick" = 0)',
}
_LARGEST = 2**63 - 1
#: Scores, trust and probabilities are far nearer to 0; what is farther can neither be averaged nor drawn.
_FARTHEST = 1_000_000
#: Agents of a society at most.
MOST = 2**31 - 1


#: What of other tables bounds numbers: the name it has in ``Bounds``, and the aggregate.
ASKED = {
    "snapshots": {"snapshot": 'count(*) filter ("tick" = 0)'}, "machines": {"machines": "count(*)", "seats": 'max("capacity"::bigint)'},
    "orders": {"orders": "count(*)"}, "links": {"links": "count(*)"},
}  # fmt: skip


@dataclass(frozen=True)
class Bounds:
    """How many there are of what columns name.

    Attributes:
        agents, ticks, families, zones: as the manifest says.
        snapshot, machines, seats, orders, links: rows of the first snapshot (its agents), machines, largest capacity, orders and
            links, as the tables say; None where they are not written yet.
    """

    agents: int
    ticks: int
    families: int
    zones: int
    snapshot: int | None = None
    machines: int | None = None
    seats: int | None = None
    orders: int | None = None
    links: int | None = None

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> Self:
        """As a manifest says."""
        world = manifest["world"]
        agents = MOST if world["episodes"] else world["agents"]["count"]  # episodes have as many as they need
        ticks = max(world["ticks"], manifest["ticks_done"])
        return cls(agents, ticks, len(manifest["families"]), len(manifest["zones"]))

    def check(self, table: str, column: str) -> "Check | None":
        """What tells whether the values of a column may stand there; None if any may."""
        field, quoted = TABLES[table][column], f'"{column}"'
        if field.words is not None:
            listed = ", ".join(f"'{word}'" for word in field.words.words())
            strange = f"count(try_cast({quoted}::varchar as enum({listed}))) < count({quoted})"
            return Check(strange, f"{quoted}::varchar in ({listed})", f"one of {listed.replace(chr(39), '')}")
        if field.dtype.startswith("f"):
            fits = f"(isnan({quoted}) or abs({quoted}) <= {_FARTHEST})"
            far = Check(f"bool_or(not {fits})", fits, f"a number from -{_FARTHEST:,} to {_FARTHEST:,}")
            return None if table in _WITHOUT_END else far
        if field.dtype == "O":
            return None
        if column in _ANY:
            return Check("false", "true", "a whole number")
        if column in _AGENTS.get(table, ()):
            low = -1 if column in _NOBODY and table != "ties" else 0
            agents = self.agents if self.snapshot is None else min(self.agents, self.snapshot)
            slot = f"max(case when {quoted} >= 0 then {quoted} & 4294967295 end)"
            fits = f"{quoted} between {low} and {_LARGEST} and ({quoted} = -1 or {quoted} & 4294967295 < {agents})"
            allowed = f"the id of one of {agents:,} agents{', or -1' if low else ''}"
            return Check(f"min({quoted}) < {low} or {slot} >= {agents}", fits, allowed)
        low, high = self._range(table, column, field)
        beyond = f"min({quoted}) < {low} or max({quoted}) > {high}"
        return Check(beyond, f"{quoted} between {low} and {high}", f"a whole number from {low} to {high}")

    def _range(self, table: str, column: str, field: Field) -> tuple[int, int]:
        """Lowest and highest number of a column that names no agents."""
        largest = 2 ** (8 * int(field.dtype[1:]) - 1) - 1
        machines = largest if self.machines is None else self.machines - 1
        orders = largest if self.orders is None else self.orders - 1
        by_name = {
            "machine": (-1, machines), "host": (-1, machines), "refuge": (-1, machines), "order": (-1, orders),
            "seat": (-1, largest if self.seats is None else self.seats - 1), "family": (0, self.families - 1),
            "zone": (-1 if table == "messages" else 0, self.zones - 1), "occasion": (-1, (self.ticks + 1 << 32) - 1),
            "roles": (0, 15), "capacity": (0, largest),
        }  # fmt: skip
        if column == "id":
            most = {"machines": machines, "orders": orders}.get(table, (self.ticks + 1 << 32) - 1)
            return 0, most
        if table == "links":
            return 0, largest if self.machines is None or self.links is None else self.machines + 2 * self.links - 1
        if column in _MARKS:
            return 0, 1
        if column in _TIMES | _PERHAPS_TIMES:
            return (-1 if column in _PERHAPS_TIMES else 0), self.ticks
        return by_name.get(column, (-1 if column in _FROM_NOTHING else 0, largest))


class Check(NamedTuple):
    """SQL that is true of rows among which a value may not stand there, SQL that is true of one that may, and in words."""

    strange: str
    fits: str
    allowed: str


def checks_of(bounds: Bounds, table: str, columns: Iterable[str]) -> dict[str, Check]:
    """What is looked at in some columns of a table: numbers that stand once, and missing ones, among it."""
    found = {}
    for column in columns:
        field, check = TABLES[table][column], bounds.check(table, column)
        if check is None:
            continue
        strange = [check.strange]
        if not (field.applies or field.dtype.startswith("f")):
            strange.append(f'count(*) > count("{column}")')
        if column == "id" and table in _ONCE:
            strange.append(_ONCE[table])
        found[column] = check._replace(strange=" or ".join(f"({one})" for one in strange))
    return found


def survey(checks: Mapping[str, Check], rows: str) -> str:
    """One ``select`` that says, for each check, whether it has to be looked at closer: true, false or null (no rows)."""
    return f"select {', '.join(check.strange for check in checks.values())} from {rows}"


def example(column: str, check: Check, rows: str) -> str:
    """A ``select`` of a value that may not stand there, as a text."""
    missing = f"case when count(*) > count(\"{column}\") then 'no value' else 'a number twice' end"
    return f'select coalesce(any_value("{column}"::varchar) filter (where not ({check.fits})), {missing}) from {rows}'
