"""Golden records: what happens in each world, as digests that are pinned with the version of the rules that they belong to.

python tests/golden/renew.py        # after raising RULES_VERSION, or the version of a world
"""

import json
import platform
import sys
import tempfile
from importlib import metadata
from pathlib import Path

import society
from society.ground.versions import RULES_VERSION
from society.study.models import Models, remote_families
from society.study.sweep.cells import LIBRARIES
from society.world.load import load_world, world_names

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


def digests(name):
    """What happens in a world, by part of the record."""
    with tempfile.TemporaryDirectory() as folder:
        record = society.run(small(name), out=Path(folder) / "run", models=Models(offline=True))
        return {part: record.manifest["digests"][part] for part in TOLD}


def pinned():
    """What is pinned."""
    return json.loads(PINNED.read_text()) if PINNED.exists() else {"rules_version": 0, "on": {}, "worlds": {}}


def renewed(before, found):
    """What is pinned from now on.

    Args:
        before: what is pinned.
        found: by name, version of the world and digests.

    Raises:
        SystemExit: a digest differs, and no version was raised.
    """
    for name, one in found.items():
        was = before["worlds"].get(name, {})
        kept = before["on"] == here() and before["rules_version"] == RULES_VERSION
        if kept and was.get("version") == one["version"] and was != one:
            sys.exit(
                f"{name}: other results: raise RULES_VERSION in society/ground/versions.py, or version in its world"
            )
    return {"rules_version": RULES_VERSION, "on": here(), "worlds": found}


if __name__ == "__main__":
    told = {name: {"version": small(name).version, **digests(name)} for name in names()}
    PINNED.write_text(json.dumps(renewed(pinned(), told), indent=1) + "\n")
