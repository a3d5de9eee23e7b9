"""What a world takes from files: ties with their weights and kinds, counts that must agree, errors that say where."""

from pathlib import Path

import numpy as np
import pytest

from society.engine.tick import Engine
from society.ground.errors import WorldError
from society.world.load import load_world

EDGES = "src,dst,kind,weight\na,b,reply,1\nb,a,reply,5\nb,c,mention,9\nc,a,reply,15\n"
SMALL = {"machines.count": 4, "ticks": 5, "agents.trust": {"kind": "edge_weight", "half": 5}}
REPLIES = Path(__file__).parents[2].parent / "shared" / "data" / "moltbook_noosphere" / "edges.csv"


def tied(tmp_path, count, where=None, **changes):
    (tmp_path / "edges.csv").write_text(EDGES)
    graph = {"kind": "edge_list", "path": str(tmp_path / "edges.csv")} | ({"where": where} if where else {})
    return load_world("decommission", {**SMALL, "agents.count": count, "agents.graph": graph, **changes})


def test_ties_and_trust_come_from_the_rows_chosen(tmp_path):
    ties = Engine(tied(tmp_path, 3, {"kind": "reply"})).society.ties
    graph = ties.graph
    assert list(zip(graph.sources().tolist(), graph.indices.tolist(), strict=True)) == [(0, 1), (1, 0), (2, 0)]
    assert np.allclose(ties.trust, [1 / 6, 5 / 10, 15 / 20])
    assert Engine(tied(tmp_path, 3)).society.ties.graph.m == 4


@pytest.mark.parametrize(
    ("count", "where", "changes", "message"),
    [
        (4, None, {}, r"agents\.count is 4.*3"),
        (3, {"colour": "red"}, {}, "colour"),
        (3, {"kind": "praise"}, {}, "at least one edge"),
        (3, None, {"agents.graph": {"kind": "ring", "k": 2}}, "only ties of an edge list have weights"),
        (3, None, {"null": "homophily"}, "ties of an edge list are not rewired"),
        (3, None, {"lifecycle.trace": {"kind": "csv", "path": "nowhere.csv"}}, "society data"),
    ],
)
def test_what_does_not_fit_is_explained(tmp_path, count, where, changes, message):
    with pytest.raises(WorldError, match=message):
        Engine(tied(tmp_path, count, where, **changes))


@pytest.mark.skipif(not REPLIES.exists(), reason="public data are not on this machine: see society data")
def test_the_replies_of_moltbook_are_the_ties_of_agent_network():
    graph = Engine(load_world("agent_network", {"agents.graph.path": str(REPLIES)})).society.ties.graph
    assert (graph.n, graph.m) == (1810, 6858)
    ties = set(zip(graph.sources().tolist(), graph.indices.tolist(), strict=True))
    assert len({a for a, _ in ties}) == 1767
    assert len({b for _, b in ties}) == 277
    assert sum((b, a) in ties for a, b in ties) / len(ties) == pytest.approx(0.073, abs=0.0005)
