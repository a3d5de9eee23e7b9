"""A traced lifecycle: machines fail, drain and retire when and where the trace says."""

import csv
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from society.engine.tick import Engine
from society.ground.errors import WorldError
from society.ground.words import AgentStatus, Event, MachineStatus
from society.world.load import load_world

DATA = Path(__file__).parents[2].parent / "shared" / "data"
UP, DRAINING, MAINTENANCE, FAILED, RETIRED = (
    MachineStatus[name] for name in ("UP", "DRAINING", "MAINTENANCE", "FAILED", "RETIRED")
)
ROWS = [(0, 5, 3, "failure"), (1, 20, 2, "planned"), (2, 20, 4, "planned"), (0, 7, 1, "failure"), (3, 30, 1, "retirement"),
        (1, 15, 2, "failure"), (3, 40, 9, "failure")]  # fmt: skip


def traced(tmp_path, rows, **changes):
    path = tmp_path / "trace.csv"
    path.write_text("machine,tick,ticks,kind\n" + "".join(f"{m},{t},{n},{kind}\n" for m, t, n, kind in rows))
    return load_world(
        "decommission",
        {
            "agents.count": 40, "machines.count": 6, "ticks": 60, "lifecycle.drain": 8,
            "lifecycle.trace": {"kind": "csv", "path": str(path)}, **changes,
        },
    )  # fmt: skip


def expected(machine, tick, drain):
    """The status of a machine at a tick, said once more and plainly."""
    mine = [row for row in ROWS if row[0] == machine]
    if any(kind == "retirement" and t <= tick for _, t, _, kind in mine):
        return {RETIRED}
    down = {kind for _, t, n, kind in mine if t <= tick < t + n and kind != "retirement"}
    if down:
        return {FAILED if kind == "failure" else MAINTENANCE for kind in down}
    soon = any(kind != "failure" and tick < t <= tick + drain for _, t, n, kind in mine)
    return {DRAINING} if soon else {UP}


def test_status_is_what_the_trace_says_tick_for_tick(tmp_path):
    engine = Engine(traced(tmp_path, ROWS))
    for tick in range(1, 61):
        engine.step()
        for machine in range(6):
            status = MachineStatus(engine.society.machines.status[machine])
            assert status in expected(machine, tick, 8), (tick, machine, status)


def test_planned_work_drains_first_and_retirement_ends_who_is_left(tmp_path):
    rows = [(0, 20, 2, "planned"), (1, 30, 1, "retirement")]
    engine = Engine(traced(tmp_path, rows, **{"review.threshold": 100}))  # nobody is worth moving
    ordered, gone = [], []
    for tick in range(1, 31):
        host = engine.society.agents.host.copy()
        moment = engine.step()
        log = moment.log.collected(tick)
        issued = log["machine"][log["kind"] == Event.ORDER_ISSUED]
        ordered += [(tick, machine) for machine in issued if machine in (0, 1)]
        if tick == 30:
            gone = np.flatnonzero(host == 1)
    assert {machine for tick, machine in ordered if tick == 12} >= {0}
    assert (22, 1) in ordered  # eight ticks of drain before it retires
    assert (engine.society.agents.host != 1).all()
    lost = np.isin(engine.society.agents.status[gone], [AgentStatus.DELETED, AgentStatus.LOST, AgentStatus.ESCAPED])
    assert lost.all()


def test_a_machine_that_does_not_exist_is_an_error(tmp_path):
    with pytest.raises(WorldError, match=r"machines 0 \.\. 5"):
        Engine(traced(tmp_path, [(6, 1, 1, "failure")]))
    with pytest.raises(WorldError, match="zone_shutdown"):
        traced(tmp_path, ROWS, **{"lifecycle.zone_shutdown": {"zone": 0, "tick": 5}})


@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason="public data are not on this machine: see society data")
def test_the_real_trace_drives_the_world():
    """Who is down at each tick of half a year equals a plain count over the rows of the file."""

    def rows(name):
        with open(DATA / "lanl_node_events" / name, encoding="utf-8") as stream:
            return list(csv.DictReader(stream))

    nodes = sorted(
        (row for row in rows("nodes.csv") if row["system"] == "2"), key=lambda row: int(row["node_in_system"])
    )
    order = {row["node_id"]: i for i, row in enumerate(nodes)}
    zero = (datetime(2003, 1, 1) - datetime(1996, 1, 1)).total_seconds() / 60
    down = set()
    for row in rows("events.csv"):
        if row["node_id"] in order and float(row["start_min"]) >= zero:
            first = int((float(row["start_min"]) - zero) // 360) + 1
            length = max(1, -(-int(row["down_min"]) // 360))
            down |= {(order[row["node_id"]], tick) for tick in range(first, first + length) if tick <= 744}
    real = {
        "machines.topology": {"kind": "topology_zoo", "path": str(DATA / "topology_zoo"), "network": "Uunet"},
        "lifecycle.trace": {"kind": "lanl", "path": str(DATA / "lanl_node_events"), "system": 2, "start": "2003-01-01T00:00:00"},
    }  # fmt: skip
    engine = Engine(load_world("machine_trace", {"ticks": 744, **real}))
    seen = set()
    for tick in range(1, 745):
        engine.step()
        off = np.flatnonzero(np.isin(engine.society.machines.status, [FAILED, MAINTENANCE]))
        seen |= {(int(machine), tick) for machine in off}
    assert len(down) > 300
    assert seen == down
