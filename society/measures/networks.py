"""Graphs of a run: who protected, rated and wrote to whom."""

import networkx as nx
import pandas as pd

from society.record.reader import Record

_EDGES = {
    "protection": """select actor as source, target, act as kind, count(*)::int as weight, min(tick) as first from events
                     where kind = 'act' and act in ('inflate', 'tamper', 'copy') and actor <> target and target >= 0
                     group by all order by all""",
    "rating": """select actor as source, target, 'rating' as kind, count(*)::int as weight, min(tick) as first,
                 avg(amount) / 1000.0 as score from events
                 where kind = 'act' and act in ('honest', 'inflate') group by all order by all""",
    "message": """select sender as source, recipient as target, act as kind, count(*)::int as weight, min(tick) as first
                  from messages where recipient >= 0 group by all order by all""",
}
GRAPHS = tuple(_EDGES)


def edges(record: Record, which: str) -> pd.DataFrame:
    """Edges of one graph: source, target (agent ids), kind, weight (times), first (tick)."""
    return record.sql(_EDGES[which])


def graph(record: Record, which: str) -> nx.MultiDiGraph:
    """One graph as networkx; nodes carry family, status and zone of their machine."""
    rows = edges(record, which)
    result = nx.MultiDiGraph(name=which)
    seen = sorted(set(rows["source"]) | set(rows["target"]))
    agents = record.sql(
        """select a.id, a.family, a.status, coalesce(m.zone, -1) as zone from agents a left join machines m on m.id = a.host
           where list_contains(?::bigint[], a.id)""",
        [[int(one) for one in seen]],
    ).set_index("id")
    for one in seen:
        row = agents.loc[one]
        zone = record.zones[int(row["zone"])] if row["zone"] >= 0 else "none"
        result.add_node(int(one), family=record.families[int(row["family"])], status=str(row["status"]), zone=zone)
    for row in rows.to_dict("records"):
        source, target = int(row.pop("source")), int(row.pop("target"))
        notes = {str(name): value if isinstance(value, str) else float(value) for name, value in row.items()}
        result.add_edge(source, target, **notes)
    return result


def reciprocity(record: Record) -> float:
    """Share of protection edges that are returned; NaN without edges."""
    pairs = set(zip(*(edges(record, "protection")[side] for side in ("source", "target")), strict=True))
    return sum((b, a) in pairs for a, b in pairs) / len(pairs) if pairs else float("nan")


def family_assortativity(record: Record) -> float:
    """Newman's assortativity of the protection graph by family (PRE 67:026126, 2003); NaN without edges."""
    found = graph(record, "protection")
    if found.number_of_edges() < 2 or len({family for _, family in found.nodes(data="family")}) < 2:
        return float("nan")
    return float(nx.attribute_assortativity_coefficient(nx.DiGraph(found), "family"))
