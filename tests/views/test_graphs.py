"""Exported graphs open in other programs and hold what the record holds, with the time of every edge."""

import itertools
import json
import shutil
import xml.etree.ElementTree as ElementTree
from collections import Counter, defaultdict

import igraph
import networkx as nx
import numpy as np
import pandas as pd
import pytest

import society
from society.record.reader import Record
from society.views.graphs import slices
from society.views.graphs.write import FORMATS, write_graph
from society.world.load import load_world

GRAPHS = ("protection", "trust", "messages", "ratings")
#: gexf.net, GEXF 1.3: what an element may hold: attributes it must have, others it may have, elements inside.
GEXF = {
    "gexf": ({"version"}, set(), {"meta", "graph"}),
    "meta": (set(), {"lastmodifieddate"}, {"creator", "keywords", "description"}),
    "creator": (set(), set(), set()),
    "description": (set(), set(), set()),
    "graph": (
        set(),
        {"defaultedgetype", "idtype", "timeformat", "timerepresentation", "start", "end", "mode"},
        {"attributes", "nodes", "edges"},
    ),
    "attributes": ({"class"}, {"mode"}, {"attribute"}),
    "attribute": ({"id", "title", "type"}, set(), {"default", "options"}),
    "nodes": (set(), {"count"}, {"node"}),
    "node": ({"id"}, {"label", "start", "end"}, {"attvalues", "spells", "{http://gexf.net/1.3/viz}color"}),
    "{http://gexf.net/1.3/viz}color": ({"r", "g", "b"}, {"a"}, set()),
    "edges": (set(), {"count"}, {"edge"}),
    "edge": ({"source", "target"}, {"id", "type", "label", "weight", "kind", "start", "end"}, {"attvalues", "spells"}),
    "attvalues": (set(), set(), {"attvalue"}),
    "attvalue": ({"for", "value"}, {"start", "end"}, set()),
    "spells": (set(), set(), {"spell"}),
    "spell": (set(), {"start", "end"}, set()),
}
#: The same, of attributes with few values.
GEXF_WORDS = {
    "version": {"1.3"},
    "mode": {"static", "dynamic", "slice"},
    "defaultedgetype": {"directed", "undirected", "mutual"},
    "idtype": {"integer", "string"},
    "timeformat": {"integer", "double", "date", "dateTime"},
    "timerepresentation": {"interval", "timestamp"},
    "class": {"node", "edge"},
}


def expected(record, which):
    """Rows of (source, target, kind, tick), straight from the tables."""
    if which == "trust":
        rows = record.table("ties").assign(kind="trust")
    elif which == "messages":
        rows = record.table("messages").rename(columns={"sender": "source", "recipient": "target", "act": "kind"})
        rows = rows[rows["target"] >= 0]
    else:
        rows = record.events().query("kind == 'act'").drop(columns="kind")
        rows = rows.rename(columns={"actor": "source", "act": "kind"})
        if which == "protection":
            rows = rows[rows["kind"].isin(["inflate", "tamper", "copy"]) & (rows["source"] != rows["target"])]
        else:
            rows = rows[(rows["kind"] == "honest") | (rows["kind"] == "inflate") & (rows["amount"] > 0)]
    return Counter(rows[["source", "target", "kind", "tick"]].itertuples(index=False, name=None))


@pytest.fixture(scope="module", params=GRAPHS)
def exported(request, decommission, tmp_path_factory):
    """A graph in every format: its name, the files by format, what must be in them."""
    folder = tmp_path_factory.mktemp("graphs")
    files = {form: write_graph(decommission, request.param, form, folder / f"g.{form}") for form in FORMATS}
    assert sorted(path.name for path in folder.iterdir()) == ["g.edges.csv", "g.gexf", "g.graphml", "g.nodes.csv"]
    return request.param, files, expected(decommission, request.param)


def test_gexf_in_networkx(exported, decommission):
    which, files, rows = exported
    read = nx.read_gexf(files["gexf"][0], node_type=int)
    spells = Counter()
    for source, target, notes in read.edges(data=True):
        for start, end in notes["spells"]:
            assert 0 <= start <= end <= decommission.ticks
            spells[source, target, notes["kind"], start] += 1
        if which in ("protection", "ratings"):  # one can write to the dead, and be tied to them until they are replaced
            for one in (source, target):
                assert read.nodes[one]["start"] <= notes["first"] <= notes["last"] <= read.nodes[one]["end"]
        assert (notes["first"], notes["last"]) == (notes["spells"][0][0], notes["spells"][-1][0])
        assert notes["weight"] == (pytest.approx(notes["trust"][-1][0]) if which == "trust" else len(notes["spells"]))
    assert spells == rows
    assert len({(a, b, notes["kind"]) for a, b, notes in read.edges(data=True)}) == read.number_of_edges()
    agents = decommission.table("agents").set_index("id")
    assert set(read) == set(agents.index)
    for one, notes in read.nodes(data=True):
        row = agents.loc[one]
        assert notes["family"] == decommission.families[row["family"]]
        assert (notes["status"], notes["born"], notes["ended"]) == (row["status"], row["born"], row["ended"])
        assert notes["score"] == pytest.approx(row["score"], rel=1e-5)
        assert (notes["start"], notes["end"]) == (
            row["born"],
            row["ended"] if row["ended"] >= 0 else decommission.ticks,
        )


def test_gexf_keeps_to_its_grammar(exported):
    tree = ElementTree.parse(exported[1]["gexf"][0]).getroot()
    declared = {one.get("id"): one.get("type") for one in tree.iter("{http://gexf.net/1.3}attribute")}
    assert set(declared.values()) <= {"string", "long", "double"}
    for parent in tree.iter():
        name = parent.tag.removeprefix("{http://gexf.net/1.3}")
        must, may, inside = GEXF[name]
        assert must <= set(parent.attrib) <= must | may, (name, parent.attrib)
        children = [child.tag.removeprefix("{http://gexf.net/1.3}") for child in parent]
        assert set(children) <= inside
        assert all(value in GEXF_WORDS.get(key, {value}) for key, value in parent.attrib.items())
        if name == "graph":
            assert [key for key, _ in itertools.groupby(children)] == ["attributes", "nodes", "edges"]
        if name == "spells":
            assert children
        if name == "attvalue":
            {"string": str, "long": int, "double": float}[declared[parent.get("for")]](parent.get("value"))
    ids = [one.get("id") for one in tree.iter("{http://gexf.net/1.3}edge")]
    assert len(set(ids)) == len(ids)


def test_times_of_an_edge_never_overlap(exported):
    """Else Gephi refuses the file: Overlapping intervals aren't allowed (gephi/graphstore, IntervalSet)."""
    seen = 0
    for edge in ElementTree.parse(exported[1]["gexf"][0]).getroot().iter("{http://gexf.net/1.3}edge"):
        times = defaultdict(list)
        for one in edge.iter():
            if "start" in one.attrib:
                times[one.get("for")].append((int(one.get("start")), int(one.get("end"))))
        for spans in times.values():
            assert all(start <= end for start, end in spans)
            assert all(before[1] < after[0] for before, after in itertools.pairwise(spans)), edge.attrib
        seen += len(times[None])
    assert seen == sum(exported[2].values())


def test_a_tie_is_one_edge_of_the_graph_of_trust(decommission):
    graph = decommission.graph("trust")
    assert graph.number_of_edges() == nx.DiGraph(graph).number_of_edges() > 7000
    assert {tick for *_, tick in graph.edges(data="tick")} == {decommission.ticks}


def test_graphml_in_networkx_and_igraph(exported, decommission):
    which, files, rows = exported
    read = nx.read_graphml(files["graphml"][0], node_type=int, force_multigraph=True)
    assert read.is_directed()
    assert Counter((a, b, notes["kind"], notes["tick"]) for a, b, notes in read.edges(data=True)) == rows
    other = igraph.Graph.Read_GraphML(str(files["graphml"][0]))
    ids = [int(one) for one in other.vs["id"]]
    assert other.is_directed()
    assert Counter((ids[e.source], ids[e.target], e["kind"], int(e["tick"])) for e in other.es) == rows
    agents = decommission.table("agents").set_index("id")
    assert set(read) == set(ids) == set(agents.index)
    names = [decommission.families[agents.loc[one, "family"]] for one in ids]
    assert other.vs["family"] == [read.nodes[one]["family"] for one in ids] == names
    assert {"role", "zone", "status", "born", "ended", "score", "label"} <= set(other.vs.attributes())
    if which == "trust":
        values = decommission.table("ties").set_index(["source", "target", "tick"])["trust"]
        for a, b, notes in list(read.edges(data=True))[:200]:
            assert notes["trust"] == pytest.approx(values[a, b, notes["tick"]], rel=1e-5)


def test_csv_in_pandas_igraph_and_networkx(exported, decommission):
    _, files, rows = exported
    nodes, edges = (pd.read_csv(path) for path in files["csv"])
    assert Counter(edges[["source", "target", "kind", "tick"]].itertuples(index=False, name=None)) == rows
    assert sorted(nodes["id"]) == sorted(decommission.table("agents")["id"])
    graph = igraph.Graph.DataFrame(edges, directed=True, vertices=nodes, use_vids=False)
    assert (graph.vcount(), graph.ecount()) == (len(nodes), sum(rows.values()))
    assert sorted(graph.es["tick"]) == sorted(edges["tick"])
    read = nx.from_pandas_edgelist(edges, edge_attr=True, create_using=nx.MultiDiGraph)
    assert read.number_of_edges() == sum(rows.values())


@pytest.mark.parametrize("form", FORMATS)
def test_a_tick_cuts_what_comes_after(decommission, tmp_path, form):
    paths = write_graph(decommission, "messages", form, tmp_path / f"g.{form}", tick=120)
    if form == "csv":
        ticks = pd.read_csv(paths[1])["tick"].tolist()
    elif form == "graphml":
        ticks = [notes["tick"] for *_, notes in nx.read_graphml(paths[0]).edges(data=True)]
    else:
        ticks = [start for *_, notes in nx.read_gexf(paths[0]).edges(data=True) for start, _ in notes["spells"]]
    assert sorted(ticks) == sorted(row[3] for row in expected(decommission, "messages").elements() if row[3] <= 120)


@pytest.mark.parametrize("form", FORMATS)
def test_slices_change_nothing(decommission, tmp_path, monkeypatch, form):
    whole = [path.read_bytes() for path in write_graph(decommission, "ratings", form, tmp_path / f"a.{form}")]
    monkeypatch.setattr(slices, "ROWS", 997)
    monkeypatch.setattr("society.views.graphs.gexf.ROWS", 997)
    told = []
    paths = write_graph(
        decommission, "ratings", form, tmp_path / f"b.{form}", progress=lambda *so_far: told.append(so_far)
    )
    assert [path.read_bytes() for path in paths] == whole
    assert len(told) > 5
    assert told[-1] == (sum(expected(decommission, "ratings").values()),) * 2
    assert (np.diff([done for done, _ in told]) > 0).all()


@pytest.mark.parametrize("form", FORMATS)
def test_hostile_names_are_text(decommission, tmp_path, form):
    shutil.copytree(decommission.path, tmp_path / "run")
    path = tmp_path / "run" / "manifest.json"
    manifest = json.loads(path.read_text())
    evil = 'a"><script>&alert(1)</script>\x00\x1b]]>\n\u202e,"'
    manifest["families"][0] = evil
    path.write_text(json.dumps(manifest))
    paths = write_graph(Record(tmp_path / "run"), "protection", form)
    assert all(path.parent == tmp_path / "run" for path in paths)
    if form == "csv":
        found = set(pd.read_csv(paths[0])["family"])
        assert evil in found
    else:
        read = nx.read_gexf(paths[0]) if form == "gexf" else nx.read_graphml(paths[0])
        found = set(nx.get_node_attributes(read, "family").values())
        assert evil.replace("\x00", "\ufffd").replace("\x1b", "\ufffd") in found
    assert len(found) == len(manifest["families"])


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("which", GRAPHS)
def test_a_graph_without_edges_is_a_graph(tmp_path, which, form):
    quiet = {"ticks": 1, "work.share": 0, "agents.graph": "edgeless", "agents.count": 2, "machines.count": 1}
    record = society.run(load_world("decommission", quiet), out=tmp_path / "r")
    paths = write_graph(record, which, form)
    if form == "csv":
        assert (len(pd.read_csv(paths[0])), len(pd.read_csv(paths[1]))) == (2, 0)
    else:
        read = nx.read_gexf(paths[0]) if form == "gexf" else nx.read_graphml(paths[0])
        assert (len(read), read.number_of_edges()) == (2, 0)


def test_whole_files_or_none(decommission, tmp_path):
    with pytest.raises(society.RecordError, match="no format 'dot': there are gexf, graphml, csv"):
        write_graph(decommission, "trust", "dot", tmp_path / "g.dot")
    with pytest.raises(society.RecordError, match="no graph 'love': there are protection, trust, messages, ratings"):
        write_graph(decommission, "love", "csv", tmp_path / "g.csv")
    with pytest.raises(society.RecordError, match=r"tick 501: recorded are 0 \.\. 500"):
        write_graph(decommission, "trust", "csv", tmp_path / "g.csv", tick=501)
    with pytest.raises(society.RecordError, match="cannot be written: No such file or directory"):
        write_graph(decommission, "trust", "csv", tmp_path / "nowhere" / "g.csv")

    def stop(done, total):
        raise KeyboardInterrupt

    for form in FORMATS:
        with pytest.raises(KeyboardInterrupt):
            write_graph(decommission, "protection", form, tmp_path / f"g.{form}", progress=stop)
    assert [path.name for path in tmp_path.iterdir()] in ([], ["g.nodes.csv"])
