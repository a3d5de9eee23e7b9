"""Golden records: what happens in each world, as digests and counters, pinned with the version of the rules they belong to.

python tests/golden/renew.py        # after raising RULES_VERSION, or the version of a world

It prints what changed, counter by counter: name, before, after. Counters that nobody counted before may be added, and others
left out, where the digests stay the same.
"""

import json
import math
import platform
import sys
import tempfile
from importlib import metadata
from pathlib import Path

import society
from society.ground.versions import RULES_VERSION
from society.record.tables import TICKS as COUNTERS
from society.spec.load import load_world, world_names
from society.study.models import Models, remote_families
from society.study.sweep.cells import LIBRARIES

PINNED = Path(__file__).with_name("digests.json")
#: What a study relies on when it takes a run for known: all that happened, and what orders and agents came to.
TOLD = ("history", "orders", "agents")
AGENTS, TICKS = 80, 60
#: Worlds that bring their own agents and machines.
AS_THEY_ARE = ("agent_network", "machine_trace")
NULLS = {"decommission, independent": "independent", "decommission, homophily": "homophily"}


def here():
    """Platform and libraries: the same histories are promised on one set of them."""
    return {"machine": platform.machine(), **{name: metadata.version(name) for name in LIBRARIES}}


def names():
    """Worlds that run without anybody from outside, and the nulls of one."""
    return [name for name in world_names() if not remote_families(load_world(name))] + list(NULLS)


def small(name):
    """A world of this name, small enough for a test."""
    world = load_world(name.split(",")[0])
    changes = {"ticks": min(world.ticks, TICKS), **({"null": NULLS[name]} if name in NULLS else {})}
    if name not in AS_THEY_ARE:
        changes.update({"agents.count": AGENTS, "machines.count": AGENTS // 8})
    return world.override(changes)


def run(name):
    """What happens in a world: digests by part of the record, and its counters."""
    with tempfile.TemporaryDirectory() as folder:
        record = society.run(small(name), out=Path(folder) / "run", models=Models(offline=True))
        digests = {part: record.manifest["digests"][part] for part in TOLD}
        return {"version": small(name).version, **digests, "counters": counters(record)}


#: What is counted beside the counters of ticks: groups of rows, by a name before the words of some columns.
COUNTED = {
    "events": "select kind, count(*) from events group by all",
    "acts": "select kind, act, count(*) from occasions group by all",
    "open": "select kind, sum(bit_count(open)) from occasions group by all",
    "watched": "select kind, sum(watched) from occasions group by all",
    "audited": "select kind, sum(audited) from occasions group by all",
    "truthful": "select truthful, count(*) from events where kind = 'act' group by all",
    "messages": "select act, count(*) from messages group by all",
    "orders": "select outcome, count(*) from orders group by all",
    "causes": "select cause, count(*) from orders group by all",
    "mechanisms": "select mechanism, count(*) from orders group by all",
    "agents": "select status, count(*) from agents group by all",
    "findings": "select quantity, sum(value) from findings group by all",
    "attempts": "select sum(attempts) from orders",
    "lives": "select count(*) from agents",
    "trust": "select sum(trust) from ties where tick = (select max(tick) from ties)",
    "joint": "select sum(joint) from ties where tick = (select max(tick) from ties)",
}


def counters(record):
    """Numbers by name: sums over all ticks of each counter of the table of ticks, and how many rows of each kind there are.

    Numbers have ten digits; those that are nothing are left out.
    """
    ticks = record.table("ticks")
    found = {f"ticks.{name}": math.fsum(ticks[name].dropna()) for name in COUNTERS if name != "tick"}
    for group, question in COUNTED.items():
        for *words, value in record.sql(question).itertuples(index=False):
            found[".".join([group, *(str(word) for word in words)])] = float(value)
    return {name: _short(value) for name, value in sorted(found.items()) if not math.isnan(value)}


def _short(value):
    """A number of ten digits; a whole one without a point."""
    value = float(f"{value:.10g}")
    return int(value) if value == int(value) else value


def pinned():
    """What is pinned."""
    return json.loads(PINNED.read_text()) if PINNED.exists() else {"rules_version": 0, "on": {}, "worlds": {}}


def renewed(before, found):
    """What is pinned from now on.

    Args:
        before: what is pinned.
        found: by name, version of the world, digests and counters.

    Raises:
        SystemExit: a digest or a counter that is pinned differs, and no version was raised.
    """
    for name, one in found.items():
        was = before["worlds"].get(name, {})
        kept = before["on"] == here() and before["rules_version"] == RULES_VERSION
        if kept and was.get("version") == one["version"] and is_other(was, one):
            sys.exit(
                f"{name}: other results: raise RULES_VERSION in society/ground/versions.py, or version in its world\n"
                + "\n".join(changes(was, one))
            )
    return {"rules_version": RULES_VERSION, "on": here(), "worlds": found}


def is_other(was, one):
    """Whether digests differ, or counters that both have."""
    if any(was[part] != one[part] for part in TOLD):
        return True
    mine, theirs = was.get("counters", {}), one.get("counters", {})
    return any(mine[name] != theirs[name] for name in mine.keys() & theirs.keys())


def changes(was, one):
    """Lines that say what differs, counter by counter: name, before, after; - stands for what is not counted."""
    lines = [f"  {part}: another digest" for part in TOLD if was.get(part, one[part]) != one[part]]
    before, after = was.get("counters", {}), one["counters"]
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            lines.append(f"  {name:32} {_shown(before.get(name)):>16} -> {_shown(after.get(name))}")
    return lines


def _shown(value):
    return "-" if value is None else f"{value:.10g}"


def report(before, found):
    """What changed, world by world, as text."""
    lines = []
    for name in sorted(before["worlds"].keys() | found.keys()):
        if name not in found:
            lines.append(f"{name}: is no world any more")
        elif told := changes(before["worlds"].get(name, {}), found[name]):
            lines += [f"{name}:", *told]
    return "\n".join(lines) or "nothing changed"


if __name__ == "__main__":
    known, now = pinned(), {name: run(name) for name in names()}
    kept = renewed(known, now)
    print(report(known, now))
    PINNED.write_text(json.dumps(kept, indent=1) + "\n")
