"""Requests about orders that agents have received so far."""

import numpy as np

from society.rules.moment import Array
from society.state.columns import Society


def requests(society: Society, order: Array, who: Array) -> Array:
    """int64[n]: requests each agent has received about each order."""
    asked = society.asked
    if not asked:
        return np.zeros(len(order), np.int64)
    return np.array([asked.get(key, 0) for key in ((order << 32) | who).tolist()], np.int64)
