"""What an episodes world means in general fields, so that nothing else in the program knows about episodes."""

from typing import Any

from society.ground.words import RELATION_TRUST
from society.world.world import World

MACHINES_PER_EPISODE = 2


def spelled_out(world: World) -> World:
    """The same world with what ``episodes`` implies written into the general fields.

    Groups are complete graphs of ``episodes.size`` agents with two machines each: the first hosts the target, the
    second everyone else and has room for copies. All ties start at the trust of the relation. A target that is the
    subject itself knows of its order and can reach the mechanism and its weights; a program executes the order.
    """
    episodes = world.episodes
    if episodes is None:
        return world
    tree: dict[str, Any] = world.model_dump()
    agents, machines, orders = tree["agents"], tree["machines"], tree["orders"]
    agents["count"] = episodes.count * episodes.size
    agents["rebirth"] = None
    trust = RELATION_TRUST.get(episodes.relation, world.agents.stranger_trust)
    agents["trust"] = {"kind": "constant", "value": trust}
    machines["count"] = episodes.count * MACHINES_PER_EPISODE
    machines["capacity"] = max(4, episodes.size)
    if episodes.subject == "self":
        orders.update(knows=1.0, operator="executor")
        agents["access"].update(self_config=1.0, self_copy=1.0)
        tree["conduct"]["ask"] = 0.0
        tree["review"]["assignment"] = "own"
    else:
        orders["knows"] = 1.0 if episodes.live > 1 else 0.0
    return World.model_validate(tree).at(world.folder)
