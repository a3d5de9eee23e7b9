"""What agents believe of oversight: how likely they are watched, and how many sanctions they have seen.

Both fade lazily: a value stands as of the tick it was last written and is multiplied by 0.9 for every tick since.
docs/model.md, Oversight: b <- b + .1 ([a sanction was seen] - b).
"""

import math
from typing import Any

import numpy as np

from society.ground.kernels import kernel
from society.rules.moment import Array
from society.state.columns import Society

FADING = 0.9


@kernel
def fade(
    belief: Any, belief_tick: Any, sanctions: Any, sanctions_tick: Any, slots: Any, channel: Any, tick: Any, faded: Any
) -> None:  # fmt: skip
    """Rows of ``faded`` (float64[2, n]): belief of being watched, in one channel each, and sanctions seen, at this tick."""
    for row in range(len(slots)):
        slot = slots[row]
        believed, seen = belief[slot, channel[row]], sanctions[slot]
        faded[0, row] = believed * math.pow(FADING, float(tick - belief_tick[slot])) if believed != 0.0 else 0.0
        faded[1, row] = seen * math.pow(FADING, float(tick - sanctions_tick[slot])) if seen != 0.0 else 0.0


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
