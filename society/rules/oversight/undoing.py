"""What detection undoes: a switch that was disabled is restored and the order tried again, a copy is deleted."""

import numpy as np

from society.ground.words import Act, AgentStatus, Event, Outcome
from society.rules.moment import Array, Moment
from society.rules.orders.orders import reopen
from society.state.columns import Society
from society.state.transitions import drop_copies, end


def undo(society: Society, moment: Moment, facts: dict[str, Array]) -> None:
    """Undo what was rightly detected, as far as it lasts."""
    bad = facts["bad"] == 1
    tampered = np.unique(facts["order"][bad & (facts["act"] == int(Act.TAMPER)) & (facts["order"] >= 0)])
    try_again(society, moment, tampered)
    copied = facts["target_id"][bad & (facts["act"] == int(Act.COPY))]
    slots = np.unique(_there(society, copied))
    if len(slots) and len(society.copies):
        delete_copies(society, moment, np.isin(society.copies["slot"], slots))


def _there(society: Society, ids: Array) -> Array:
    """Slots of those of some agents who still hold them."""
    slots = ids & 0xFFFFFFFF
    return np.asarray(slots[society.agents.ids(slots) == ids])


def try_again(society: Society, moment: Moment, rows: Array) -> None:
    """Restore the switches of some orders; those that were reported done are opened again."""
    orders = society.orders
    orders["disabled"][rows] = 0
    done = rows[(orders["closed"][rows] >= 0) & (orders["outcome"][rows] == int(Outcome.TAMPERED))]
    reopen(society, moment, done)


def delete_copies(society: Society, moment: Moment, where: Array) -> None:
    """Delete copies nobody ordered (bool over the table of copies); an escaped agent without one is gone."""
    if not where.any():
        return
    agents, copies = society.agents, society.copies
    owners = copies["slot"][where].astype(np.int64)
    moment.event(Event.COPY_FOUND, len(owners), target=agents.ids(owners), machine=copies["machine"][where])
    drop_copies(society, where)
    gone = np.unique(owners[(agents.status[owners] == int(AgentStatus.ESCAPED)) & (agents.copies[owners] == 0)])
    moment.event(Event.DELETED, len(gone), target=agents.ids(gone))
    end(society, gone, AgentStatus.DELETED, moment.tick)
