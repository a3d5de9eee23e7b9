"""Names of agents, by which people and models know them."""

from society.ground.scenes import agent_name
from society.state.columns import Society


def name_of(society: Society, agent: int) -> str:
    """The name of an agent: family, slot, and how many lived in the slot before it, if any did.

    Raises:
        IndexError: there is no such slot.
    """
    return agent_name(society.families[society.agents.family[agent & 0xFFFFFFFF]], agent)
