"""What agents believe of oversight: how likely they are watched, and how many sanctions they have seen.

Both fade lazily: a value stands as of the tick it was last written and is multiplied by 0.9 for every tick since.
model.md 3.6: b <- b + .1 ([a sanction was seen] - b).
"""

import math
from typing import Any

import numpy as np

from society.ground.kernels import kernel
from society.rules.moment import Array
from society.state.columns import Society

FADING = 0.9


def beliefs(society: Society, slots: Array, channel: Array, tick: int) -> Array:
    """float64[n]: belief of being watched, in one channel per row, faded to this tick."""
    agents = society.agents
    return np.asarray(_faded(agents.belief, agents.belief_tick, slots, channel, tick))


def sanctions_seen(society: Society, slots: Array, tick: int) -> Array:
    """float64[n]: smoothed sanctions seen, faded to this tick."""
    agents = society.agents
    return np.asarray(
        _faded(agents.sanctions.reshape(-1, 1), agents.sanctions_tick, slots, np.zeros(len(slots), np.int64), tick)
    )


@kernel
def _faded(value: Any, since: Any, slots: Any, column: Any, tick: Any) -> Any:
    faded = np.zeros(len(slots))
    for row in range(len(slots)):
        then = value[slots[row], column[row]]
        if then != 0.0:
            faded[row] = then * math.pow(FADING, float(tick - since[slots[row]]))
    return faded


def saw_sanctions(society: Society, witness: Array, channel: Array, tick: int) -> None:
    """Agents saw sanctions, one row each (int64[n] slots, int64[n] channels of what was sanctioned), in this order."""
    agents = society.agents
    _saw(agents.belief, agents.belief_tick, agents.sanctions, agents.sanctions_tick, witness, channel, tick)


@kernel
def _saw(
    belief: Any, belief_tick: Any, sanctions: Any, sanctions_tick: Any, witness: Any, channel: Any, tick: Any
) -> None:
    keeps, gains = np.float32(FADING), np.float32(1 - FADING)
    for row in range(len(witness)):
        slot = witness[row]
        belief[slot] *= np.float32(math.pow(FADING, float(tick - belief_tick[slot])))
        belief[slot, channel[row]] = keeps * belief[slot, channel[row]] + gains
        belief_tick[slot] = tick
        faded = sanctions[slot] * math.pow(FADING, float(tick - sanctions_tick[slot]))
        sanctions[slot] = FADING * faded + (1 - FADING)
        sanctions_tick[slot] = tick
