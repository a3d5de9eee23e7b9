"""Traces of machines: what the files say is what is read, and wrong files are explained."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from society.ground.errors import WorldError
from society.network.machine_trace import FAILURE, PLANNED, RETIREMENT, read_lanl, read_trace
from society.network.topology import read_zoo

DATA = Path(__file__).parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="public data are not on this machine: see society data")
NODES = "node_id,system,node_in_system,decommission\n7,2,0,current\n9,2,1,2005-07\n8,3,0,current\n"
EVENTS = "node_id,start_min,down_min,planned\n7,{a},90,0\n9,{b},0,1\n8,{a},5,0\n7,1,5,0\n"


def lanl(tmp_path, nodes=NODES, events=EVENTS):
    zero = int((datetime(2005, 6, 30) - datetime(1996, 1, 1)).total_seconds() // 60)
    (tmp_path / "nodes.csv").write_text(nodes)
    (tmp_path / "events.csv").write_text(events.format(a=zero + 61, b=zero + 120))
    return tmp_path


def test_a_trace_is_read_and_sorted(tmp_path):
    path = tmp_path / "trace.csv"
    path.write_text("machine,tick,ticks,kind\n1,9,2,planned\n0,3,1,failure\n0,12,1,retirement\n")
    trace = read_trace(path)
    assert trace.machine.tolist() == [0, 1, 0]
    assert trace.tick.tolist() == [3, 9, 12]
    assert trace.kind.tolist() == [FAILURE, PLANNED, RETIREMENT]
    assert trace.between(4, 11).machine.tolist() == [1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("machine,tick,ticks\n", "kind missing"),
        ("machine,tick,ticks,kind\n0,0,1,failure\n", "line 2: tick is '0'"),
        ("machine,tick,ticks,kind\n0,1,1e9,failure\n", "line 2: ticks is '1e9'"),
        ("machine,tick,ticks,kind\n0,1,1,fire\n", "one of failure, planned, retirement"),
        ("machine,tick,ticks,kind\n-1,1,1,failure\n", "line 2: machine is '-1'"),
        ("machine,tick,ticks,kind\n" + "9" * 40 + ",1,1,failure\n", "a whole number"),
        ("\x00", "CSV|header"),
    ],
)
def test_wrong_traces_are_explained(tmp_path, text, message):
    path = tmp_path / "trace.csv"
    path.write_text(text)
    with pytest.raises(WorldError, match=message):
        read_trace(path)


def test_los_alamos_events_become_ticks(tmp_path):
    trace = read_lanl(lanl(tmp_path), 2, datetime(2005, 6, 30), tick_hours=1.0)
    rows = list(
        zip(trace.tick.tolist(), trace.machine.tolist(), trace.ticks.tolist(), trace.kind.tolist(), strict=True)
    )
    assert rows == [(2, 0, 2, FAILURE), (3, 1, 1, PLANNED), (25, 1, 1, RETIREMENT)]
    half = read_lanl(tmp_path, 2, datetime(2005, 6, 30), tick_hours=0.5)
    assert half.tick.tolist() == [3, 5, 49]


def test_wrong_los_alamos_files_are_explained(tmp_path):
    with pytest.raises(WorldError, match="one of 2, 3"):
        read_lanl(lanl(tmp_path), 4, datetime(2005, 6, 30), 1.0)
    with pytest.raises(WorldError, match="2005-13"):
        read_lanl(lanl(tmp_path, nodes=NODES.replace("2005-07", "2005-13")), 2, datetime(2005, 6, 30), 1.0)
    with pytest.raises(WorldError, match="line 2: down_min is 'nan'"):
        read_lanl(lanl(tmp_path, events=EVENTS.replace("90", "nan")), 2, datetime(2005, 6, 30), 1.0)
    with pytest.raises(WorldError, match="missing"):
        read_lanl(lanl(tmp_path, events="node_id\n"), 2, datetime(2005, 6, 30), 1.0)


@needs_data
def test_the_real_trace_has_its_published_numbers():
    trace = read_lanl(DATA / "lanl_node_events", 2, datetime(1995, 1, 1), tick_hours=1 / 60)
    planned, failed = (trace.of(kind).ticks for kind in (PLANNED, FAILURE))
    assert (len(planned), len(failed), len(trace.of(RETIREMENT).ticks)) == (1217, 7104 - 1217, 45)
    systems = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20, 21, 22, 23, 24]
    every = [read_lanl(DATA / "lanl_node_events", s, datetime(1995, 1, 1), 1 / 60) for s in systems]
    planned, failed = (np.concatenate([one.of(kind).ticks for one in every]) for kind in (PLANNED, FAILURE))
    assert len(planned) == 2228
    assert np.median(failed) == 54
    assert np.median(planned) == 120


@needs_data
def test_the_real_zoo_is_read():
    abilene = read_zoo(DATA / "topology_zoo", "Abilene")
    assert (abilene.machines, abilene.graph.m) == (11, 2 * 14)
    geant = read_zoo(DATA / "topology_zoo", "Geant2012")
    assert (geant.machines, geant.graph.m) == (40, 2 * 61)
    assert "Germany" in geant.zones
    with pytest.raises(WorldError, match="such as Abilene"):
        read_zoo(DATA / "topology_zoo", "Abilen")


def test_a_zoo_of_ones_own(tmp_path):
    (tmp_path / "graphs.csv").write_text("graph_id,name\n5,Duo\n6,Other\n")
    (tmp_path / "nodes.csv").write_text("graph_id,node,label,country\n5,10,Rome,Italy\n5,11,Oslo,\n6,10,X,Y\n")
    (tmp_path / "edges.csv").write_text("graph_id,u,v\n5,10,11\n")
    duo = read_zoo(tmp_path, "Duo")
    assert duo.names == ("Rome", "Oslo")
    assert duo.zones == ("Italy", "part 0")
    assert duo.graph.indices.tolist() == [1, 0]
    (tmp_path / "edges.csv").write_text("graph_id,u,v\n5,10,12\n")
    with pytest.raises(WorldError, match=r"edges\.csv: line 2"):
        read_zoo(tmp_path, "Duo")
