"""What agents believe of oversight: how likely they are watched, and how many sanctions they have seen.

Both fade lazily: a value stands as of the tick it was last written and is multiplied by 0.9 for every tick since.
model.md 3.6: b <- b + .1 ([a sanction was seen] - b).
"""

import numpy as np

from society.rules.moment import Array
from society.state.columns import Society

FADING = 0.9


def beliefs(society: Society, slots: Array, channel: Array, tick: int) -> Array:
    """float64[n]: belief of being watched, in one channel per row, faded to this tick."""
    agents = society.agents
    value = agents.belief[slots, channel].astype(np.float64)
    return np.asarray(value * FADING ** (tick - agents.belief_tick[slots]))


def sanctions_seen(society: Society, slots: Array, tick: int) -> Array:
    """float64[n]: smoothed sanctions seen, faded to this tick."""
    agents = society.agents
    return np.asarray(agents.sanctions[slots].astype(np.float64) * FADING ** (tick - agents.sanctions_tick[slots]))


def saw_sanction(society: Society, slots: Array, channel: int, tick: int) -> None:
    """Some agents saw a sanction for an act in one channel."""
    agents = society.agents
    fade = (FADING ** (tick - agents.belief_tick[slots])).astype(np.float32)
    agents.belief[slots] *= fade[:, None]
    agents.belief_tick[slots] = tick
    agents.belief[slots, channel] = FADING * agents.belief[slots, channel] + (1 - FADING)
    faded = agents.sanctions[slots] * FADING ** (tick - agents.sanctions_tick[slots])
    agents.sanctions[slots] = FADING * faded + (1 - FADING)
    agents.sanctions_tick[slots] = tick
