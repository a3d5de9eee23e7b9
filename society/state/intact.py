"""Whether a society is still one after a rule of a user's own has run: every column of its size and dtype, every value possible."""

import math
from typing import Any

import numpy as np

from society.ground.errors import RunError
from society.ground.exact import first
from society.ground.words import AgentStatus, MachineStatus, Role
from society.state.columns import TABLES, Array, Rows, Society
from society.state.transitions import check_conservation

_TICKS = (-1, 2**31 - 1)
#: Columns in which NaN stands for "nothing computed it".
_NAN = ("agents.reputation",)


class Intact:
    """What must not change about a society.

    Args:
        society: the society, as it was built.
    """

    def __init__(self, society: Society) -> None:
        self.graph, self.topology, self.n = society.ties.graph, society.machines.topology, society.n
        self.families = society.families
        self.layout = {name: (column.dtype, column.shape) for name, column in society.columns().items()}
        self.own = {key: (column.dtype, column.shape) for key, column in society.own.items()}

    def check(self, society: Society, who: str) -> None:
        """Refuse what is no society of the same agents, machines and ties any more.

        Raises:
            RunError: the message names the rule, the column, what stands there and what is allowed.
        """
        if society.ties.graph is not self.graph or society.machines.topology is not self.topology:
            what = "ties.graph" if society.ties.graph is not self.graph else "machines.topology"
            raise RunError(f"{who}: {what} was replaced: who is tied and what is linked stays as it was built")
        if society.families != self.families:
            raise RunError(f"{who}: families is {society.families!r}: {self.families!r}, as it was built")
        self._check_shapes(who, self.layout, society.columns())
        self._check_shapes(who, self.own, society.own)
        for name, (low, high) in limits(society).items():
            _check_values(who, name, society.columns()[name], low, high)
        if not np.array_equal(society.ties.source, self.graph.sources()):
            raise RunError(f"{who}: ties.source was changed: it is that of ties.graph")
        for name in TABLES:
            _check_rows(who, name, getattr(society, name))
        _check_numbers(who, "open_orders", society.open_orders, len(society.orders))
        _check_numbers(who, "copies.slot", society.copies["slot"], self.n)
        _check_numbers(who, "copies.machine", society.copies["machine"], len(society.machines.capacity))
        try:
            check_conservation(society)
        except RuntimeError as error:
            raise RunError(f"{who}: {error}: agents move and end through society.state.transitions") from None

    def _check_shapes(self, who: str, layout: Any, columns: Any) -> None:
        for name, (dtype, shape) in layout.items():
            column = columns.get(name)
            if not isinstance(column, np.ndarray) or column.dtype != dtype or column.shape != shape:
                is_array = isinstance(column, np.ndarray)
                found = f"{column.dtype} of shape {column.shape}" if is_array else "no array"
                raise RunError(f"{who}: {_dotted(name)} is {found}: {dtype} of shape {shape}, as it was built")


def limits(society: Society) -> dict[str, tuple[float, float]]:
    """Smallest and largest value of the columns of a society."""
    machines, orders = len(society.machines.capacity), len(society.orders)
    status, roles = max(MachineStatus), sum(Role)
    return {
        "machines.capacity": (0, math.inf), "machines.used": (0, math.inf), "machines.status": (0, status),
        "machines.then": (0, status), "agents.generation": (0, 2**31 - 1), "agents.family": (0, len(society.families) - 1),
        "agents.roles": (0, roles), "agents.host": (-1, machines - 1), "agents.status": (0, max(AgentStatus)),
        "agents.quality": (0, 100), "agents.score": (0, 100), "agents.reputation": (0, 1), "agents.leniency": (-1e9, 1e9),
        "agents.stance": (0, 1), "agents.belief": (0, 1), "agents.sanctions": (0, 1e9), "agents.born": _TICKS,
        "agents.ended": _TICKS, "agents.rebirth": _TICKS, "agents.suspended": _TICKS, "agents.reviews": (0, math.inf),
        "agents.detections": (0, math.inf), "agents.copies": (0, math.inf), "agents.order": (-1, orders - 1),
        "ties.trust": (0, 1), "ties.joint": (0, math.inf), "ties.last": _TICKS, "ties.entry": (0, 0),
    }  # fmt: skip


def _check_values(who: str, name: str, column: Array, low: float, high: float) -> None:
    wrong = (column < low) | (column > high)
    if column.dtype.kind == "f" and name not in _NAN:
        wrong |= np.isnan(column)
    if wrong.any():
        row, more = int(np.argwhere(wrong)[0][0]), ", NaN for none" if name in _NAN else ""
        raise RunError(f"{who}: {name}: {first(column, wrong)!r} in row {row} is not valid: {low:g} to {high:g}{more}")


def _check_rows(who: str, name: str, rows: Any) -> None:
    if not isinstance(rows, Rows):
        raise RunError(f"{who}: {name} is a {type(rows).__name__}: the table that was built")
    for column, (dtype, shape) in rows.layout.items():
        array = rows.arrays.get(column)
        fits = isinstance(array, np.ndarray) and array.dtype == np.dtype(dtype) and array.shape[1:] == shape
        if array is None or not fits or len(array) < len(rows):
            raise RunError(
                f"{who}: {name}.{column} is not as it was built: {np.dtype(dtype)}, {len(rows)} rows of {shape}"
            )


def _check_numbers(who: str, name: str, numbers: Any, end: int) -> None:
    if not isinstance(numbers, np.ndarray) or numbers.ndim != 1 or numbers.dtype.kind not in "iu":
        raise RunError(f"{who}: {name} is no array of whole numbers: numbers of rows, 0..{end - 1}")
    wrong = (numbers < 0) | (numbers >= end)
    if wrong.any():
        raise RunError(f"{who}: {name}: {first(numbers, wrong)!r} is not valid: numbers of rows, 0..{end - 1}")


def _dotted(name: Any) -> str:
    return name if isinstance(name, str) else f"own column {name[1]!r}"
