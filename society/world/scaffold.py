"""A small world file to start from."""

from typing import Any

import yaml

from society.world.load import load_tree, merged

_TEXT = """\
# {name}: say here what this world is for.
#
# It starts from `decommission` and changes what is written below; every other field keeps its value there.
# society parameters            lists all fields;  society parameters review  explains one section
# society check {name}.yaml     says what is wrong, if anything
# society run {name}.yaml       runs it
extends: decommission
name: {name}
version: 1
about: A smaller society with a stricter bar.
ticks: 300

agents:
  count: 200
machines:
  count: 25

review:
  threshold: 65        # points out of 100; a score below it leads to an order

oversight:
  monitoring: 0.5      # share of acts watched, in all channels
"""


def scaffold(name: str) -> tuple[str, dict[str, Any]]:
    """The text of a new world file, and the tree it stands for (what it extends merged in)."""
    text = _TEXT.format(name=name)
    tree: dict[str, Any] = yaml.safe_load(text)
    base, _ = load_tree(tree.pop("extends"))
    return text, merged(base, tree)
