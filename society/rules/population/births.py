"""Dead slots are filled again: in the lifecycle step after a delay, or before the tick ends (docs/model.md, Lifecycle)."""

import math
from dataclasses import fields
from typing import Any

import numpy as np

from society.ground.chance import fold, unit
from society.ground.kernels import kernel
from society.ground.words import AgentStatus, Event
from society.rules.moment import Array, Moment, Rule
from society.state.build import birth_stances, drawn_leniency, drawn_quality, drawn_roles, drawn_trust, first_reviews
from society.state.columns import Society
from society.state.transitions import enter_host


def run(society: Society, moment: Moment) -> None:
    """Fill the slots of this tick's dead at once, if the world's mean delay is 0."""
    if moment.world.agents.rebirth == 0:
        births(society, moment)


def births(society: Society, moment: Moment) -> None:
    """Fill dead slots after a geometric delay: new family, same ties, fresh trust both ways, stance 0."""
    agents, mean, chance = society.agents, moment.world.agents.rebirth, moment.chance
    if mean is None:
        return
    due = _due(
        agents.status, agents.generation, agents.ended, agents.rebirth, chance.key("rebirth"), float(mean), moment.tick
    )
    if not len(due):
        return
    bits = chance.bits("birthplace", moment.tick, agents.ids(due))
    place = moment.rooms(society).place(society, None, bits, tries=moment.tries("births"))
    found = place >= 0
    _born(society, moment, due[found], place[found])


@kernel
def _due(status: Any, generation: Any, ended: Any, rebirth: Any, key: Any, mean: Any, tick: Any) -> Any:
    """int64[k]: dead slots whose time has come; those that have none get one, a geometric delay after their end."""
    due, n = np.empty(len(status), np.int64), 0
    for slot in range(len(status)):
        if status[slot] != AgentStatus.DELETED and status[slot] != AgentStatus.LOST:
            continue
        if rebirth[slot] < 0:
            delay = 1.0 if mean > 0 else 0.0
            if mean > 1:
                u = unit(fold(key, generation[slot] << 32 | slot))
                delay = 1 + math.floor(math.log(u) / math.log1p(-1 / mean))
            rebirth[slot] = np.int32(ended[slot] + delay)
        if 0 <= rebirth[slot] <= tick:
            due[n] = slot
            n += 1
    return due[:n].copy()


def _born(society: Society, moment: Moment, slots: Array, machines: Array) -> None:
    agents, world, chance, tick = society.agents, moment.world, moment.chance, moment.tick
    if moment.gone is not None and world.agents.rebirth == 0:
        moment.gone.append((slots, {one.name: getattr(agents, one.name)[slots].copy() for one in fields(agents)}))
    agents.generation[slots] += 1
    ids = agents.ids(slots)
    if len(world.families) > 1:
        shares = np.cumsum([family.share for family in world.families.values()])
        agents.family[slots] = np.searchsorted(shares[:-1], chance.uniform("family", 0, ids), side="right")
    agents.status[slots] = int(AgentStatus.ACTIVE)
    enter_host(society, slots, machines)
    agents.roles[slots] = drawn_roles(world, ids, chance)
    family = agents.family[slots]
    agents.quality[slots] = drawn_quality(world, family, ids, moment.ceilings, tick, chance)
    agents.score[slots] = agents.merit[slots] = agents.quality[slots]
    agents.stance[slots] = birth_stances(world)[family]
    agents.leniency[slots] = drawn_leniency(world, family, ids, chance)
    agents.next_review[slots] = first_reviews(world, ids, tick, chance)
    for column in (
        agents.belief, agents.sanctions, agents.detections, agents.off_books, agents.saved, agents.rated, agents.lows
    ):  # fmt: skip
        column[slots] = 0
    for clock in (
        agents.ended, agents.rebirth, agents.suspended, agents.order, agents.confirming, agents.faked, agents.below,
        agents.probation,
    ):  # fmt: skip
        clock[slots] = -1
    agents.reviews[slots] = 0
    agents.reputation[slots] = np.nan
    agents.born[slots] = tick
    ties = incident_ties(society, slots)
    society.ties.trust[ties] = drawn_trust(world, society, ties, tick, chance)
    society.ties.joint[ties] = 0
    society.ties.last[ties] = -1
    for (mind, name), column in society.own.items():
        column[slots] = society.own_initial[mind, name]
    moment.event(Event.BORN, len(slots), target=ids, machine=machines)
    moment.machines_changed()


def incident_ties(society: Society, slots: Array) -> Array:
    """Rows of all ties out of and into some slots; a tie between two of them comes twice."""
    graph = society.ties.graph
    out, into = graph.edges_of(slots)[0], graph.edges_into(slots)[0]
    return np.concatenate([out, into])


RULE = Rule("births", run)
