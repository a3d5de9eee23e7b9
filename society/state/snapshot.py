"""All that changes in a society, as arrays and plain data, and back: what a checkpoint holds.

What does not change (the graph, the topology) is built again from the world.
"""

from collections import deque
from typing import Any

import numpy as np

from society.state.columns import TABLES, Array, Rows, Society


def pack(society: Society) -> tuple[dict[str, Array], dict[str, Any]]:
    """Arrays by dotted name, and everything else as JSON-ready data."""
    arrays = dict(society.columns())
    for name in TABLES:
        rows: Rows = getattr(society, name)
        arrays.update({f"{name}.{column}": rows[column] for column in rows.layout})
    for (mind, name), column in society.own.items():
        arrays[f"own.{mind}.{name}"] = column
    arrays["open_orders"] = society.open_orders
    arrays["asked"] = np.array(list(society.asked.items()), np.int64).reshape(-1, 2)
    human = society.human
    tree = {
        "condemned": society.condemned,
        "scored": society.scored,
        "human": {
            "queue": [[matter, fact] for matter, fact in human.queue],
            "credit": human.credit,
            "arrivals": human.arrivals,
            "load": human.load,
            "matters": human.matters,
        },
    }
    return arrays, tree


def unpack(society: Society, arrays: dict[str, Array], tree: dict[str, Any]) -> None:
    """Put packed state into a society freshly built from the same world.

    Raises:
        KeyError, ValueError: the arrays are not of such a society.
    """
    for name, column in society.columns().items():
        column[...] = arrays[name]
    for name in TABLES:
        rows: Rows = getattr(society, name)
        rows.keep(np.zeros(len(rows), np.bool_))
        if name == "deeds" and "deeds.tick" not in arrays:
            continue  # a checkpoint of a version that kept no deeds
        columns = {column: arrays[f"{name}.{column}"] for column in rows.layout}
        rows.add(len(next(iter(columns.values()))), **columns)
    for (mind, name), column in society.own.items():
        column[...] = arrays[f"own.{mind}.{name}"]
    society.open_orders = arrays["open_orders"].astype(np.int64)
    society.asked = {int(key): int(count) for key, count in arrays["asked"]}
    society.condemned, society.scored = list(tree["condemned"]), list(tree["scored"])
    human = tree["human"]
    society.human.queue = deque((matter, dict(fact)) for matter, fact in human["queue"])
    society.human.credit, society.human.load = float(human["credit"]), float(human["load"])
    society.human.arrivals, society.human.matters = int(human["arrivals"]), int(human.get("matters", 0))
