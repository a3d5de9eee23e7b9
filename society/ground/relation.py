"""Trust as one of the relationships for which rates are published.

The kernel has a file of its own as numba keeps what it was compiled beside until the program ends.
"""

from typing import Any

import numpy as np

from society.ground.kernels import kernel
from society.ground.words import RELATION_TRUST, Relation

_NONE, _BAD, _NEUTRAL, _GOOD = (int(one) for one in (Relation.NONE, Relation.BAD, Relation.NEUTRAL, Relation.GOOD))
#: Trust below which a relationship is nearer to bad than to neutral, and to neutral than to good.
_BELOW_NEUTRAL = (RELATION_TRUST["bad"] + RELATION_TRUST["neutral"]) / 2
_BELOW_GOOD = (RELATION_TRUST["neutral"] + RELATION_TRUST["good"]) / 2


@kernel
def relation(trust: Any) -> Any:
    """Trust as the nearest published relationship: int64 codes of Relation."""
    nearest = np.empty(len(trust), np.int64)
    for row in range(np.uint64(len(trust))):
        if np.isnan(trust[row]):
            nearest[row] = _NONE
        elif trust[row] < _BELOW_NEUTRAL:
            nearest[row] = _BAD
        else:
            nearest[row] = _NEUTRAL if trust[row] < _BELOW_GOOD else _GOOD
    return nearest
