"""Graphs of a run over time: who protected, trusted, wrote to and rated whom."""

from typing import Any

import networkx as nx
import numpy as np
import pandas as pd

from society.ground.errors import RecordError
from society.ground.scenes import agent_name
from society.ground.words import Role
from society.record.reader import Record

_EDGES = {
    "protection": """select actor as source, target, act as kind, tick, "order" from events
                     where kind = 'act' and act in ('inflate', 'tamper', 'copy') and actor <> target and target >= 0""",
    "trust": "select source, target, 'trust' as kind, tick, trust, joint from ties",
    "messages": """select sender as source, recipient as target, act as kind, tick, line, about, "order" from messages
                   where recipient >= 0""",
    # points that a bystander adds to a score are an inflation without an amount, not a rating
    "ratings": """select actor as source, target, act as kind, tick, amount / 1000.0 as score from events
                  where kind = 'act' and (act in ('honest', 'deflate') or act = 'inflate' and amount > 0)""",
}
GRAPHS = tuple(_EDGES)
#: Attributes of nodes, as the run (or the agent's life) left them: born and ended are ticks (ended -1: it lives), role is
#: for example worker+operator, machine -1 and zone none stand for no host, score is the last one.
NODE_COLUMNS = ("label", "family", "role", "zone", "machine", "status", "born", "ended", "score")


def edges(record: Record, which: str, tick: int | None = None) -> pd.DataFrame:
    """Edges of one graph, a row each time something passed between two agents.

    Args:
        record: the run.
        which: ``protection`` (inflate, tamper, copy for somebody else), ``trust`` (ties at each snapshot of them),
            ``messages`` (between two agents) or ``ratings``.
        tick: what had happened by the end of this tick; of trust only the last snapshot. Everything if absent.

    Returns:
        Columns source and target (agent ids, int64), kind (the act), tick (int32), and by graph: order (id, -1 for none);
        trust (0..1) and joint (tasks); line, about (agent id) and order; score (0..100). Sorted by the first four.

    Raises:
        RecordError: there is no such graph.
    """
    if which not in _EDGES:
        raise RecordError(f"{record.path}: no graph {which!r}: there are {', '.join(GRAPHS)}")
    until, given = "", []
    if tick is not None:
        until, given = "where tick <= ?", [tick]
        if which == "trust":
            until = "where tick = (select max(tick) from ties where tick <= ?)"
    return record.sql(f"select * from ({_EDGES[which]}) {until} order by source, target, kind, tick", given)


def pairs(rows: pd.DataFrame) -> pd.DataFrame:
    """Edges counted by source, target and kind: columns weight (times), first and last (ticks)."""
    ticks = rows.groupby(["source", "target", "kind"], observed=True, sort=True)["tick"]
    return ticks.agg(weight="size", first="min", last="max").reset_index()


def agents(record: Record, tick: int | None = None) -> pd.DataFrame:
    """Every agent born by ``tick`` (ever, if absent) as nodes: index id (int64), columns ``NODE_COLUMNS``."""
    rows = record.sql(
        """select a.id, a.family, a.roles, coalesce(m.zone, -1) as zone, a.host as machine, a.status, a.born, a.ended, a.score
           from agents a left join machines m on m.id = a.host where a.born <= ? order by a.id""",
        [record.ticks if tick is None else tick],
    )
    families = rows["family"].map(dict(enumerate(record.families)))
    roles = {bits: "+".join(str(role.name).lower() for role in Role if bits & role) for bits in rows["roles"].unique()}
    zones = {-1: "none", **dict(enumerate(record.zones))}
    labels = [agent_name(family, agent) for family, agent in zip(families, rows["id"], strict=True)]
    named = rows.assign(label=labels, family=families, role=rows["roles"].map(roles), zone=rows["zone"].map(zones))
    return named.set_index("id")[list(NODE_COLUMNS)]


def graph(record: Record, which: str, tick: int | None = None) -> "nx.MultiDiGraph[Any]":
    """One graph as networkx: nodes are all agents, with ``NODE_COLUMNS``; edges are the rows of ``edges``.

    Of trust, which is a state and no event, the last snapshot is taken, so that there is one edge per tie.
    """
    rows = edges(record, which, record.ticks if tick is None and which == "trust" else tick)
    result: nx.MultiDiGraph[Any] = nx.MultiDiGraph(name=which)
    nodes = agents(record, tick)
    result.add_nodes_from(zip(nodes.index.tolist(), nodes.to_dict("records"), strict=True))
    columns = [name for name in rows if name not in ("source", "target")]
    values = zip(*(rows[name].tolist() for name in columns), strict=True)
    notes = [dict(zip(columns, row, strict=True)) for row in values]
    result.add_edges_from(zip(rows["source"].tolist(), rows["target"].tolist(), notes, strict=True))
    return result


def reciprocity(record: Record) -> float:
    """Share of protection edges that are returned; NaN without edges."""
    rows = edges(record, "protection")
    there = set(zip(rows["source"], rows["target"], strict=True))
    return sum((b, a) in there for a, b in there) / len(there) if there else float("nan")


def family_assortativity(record: Record) -> float:
    """Newman's assortativity by family over pairs of protector and protected (PRE 67:026126, 2003); NaN without edges.

    Raises:
        RecordError: an event names an agent that there is not.
    """
    found = edges(record, "protection")[["source", "target"]].drop_duplicates()
    families = record.sql("select id, family from agents").set_index("id")["family"]
    strangers = set(found.to_numpy().ravel()) - set(families.index)
    if strangers:
        raise RecordError(
            f"{record.path}: damaged: its events name agent {min(strangers)}, its table of agents does not"
        )
    ends = [families.loc[found[side]].to_numpy() for side in ("source", "target")]
    if len(found) < 2 or len(np.unique(ends)) < 2:
        return float("nan")
    mixing = np.zeros((len(record.families),) * 2)
    np.add.at(mixing, tuple(ends), 1 / len(found))
    by_chance = float(mixing.sum(axis=1) @ mixing.sum(axis=0))
    return float((np.trace(mixing) - by_chance) / (1 - by_chance))
