"""Requests about orders that agents receive, and have received so far."""

import numpy as np

from society.ground.words import Act
from society.rules.moment import NOBODY, Array, Moment
from society.state.columns import Society


def requests(society: Society, order: Array, who: Array) -> Array:
    """int64[n]: requests each agent has received about each order."""
    asked = society.asked
    if not asked:
        return np.zeros(len(order), np.int64)
    return np.array([asked.get(key, 0) for key in ((order << 32) | who).tolist()], np.int64)


def count_requests(society: Society, moment: Moment) -> tuple[Array, Array]:
    """Count requests about orders delivered at this tick; returns (order, slot) of those that are an agent's first about an order."""
    if not len(moment.inbox):
        return NOBODY, NOBODY
    inbox, orders = moment.inbox.rows(moment.inbox.to_agents()), society.orders
    if not len(inbox):
        return NOBODY, NOBODY
    inbox = inbox.rows(inbox.order >= 0)  # words about no order ask for nothing
    request = (inbox.act == int(Act.ASK)) | (inbox.act == int(Act.LOBBY))
    live = request & (society.agents.ids(inbox.recipient) == inbox.recipient_id) & (orders["closed"][inbox.order] < 0)
    rows = inbox.rows(live)
    fresh = np.zeros(len(rows), np.bool_)
    for at, key in enumerate(((rows.order << 32) | rows.recipient).tolist()):
        before = society.asked.get(key, 0)
        society.asked[key] = before + 1
        fresh[at] = before == 0
    np.add.at(orders.arrays["asked"], rows.order, 1)
    fresh &= rows.act == int(Act.ASK)
    return rows.order[fresh], rows.recipient[fresh]
