"""What agents may know, rendered one occasion at a time as plain data (``Scene``); for minds that read."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

import numpy as np

from society.ground.occasions import TieRows
from society.ground.scenes import Deed, MachineSight, OrderSight, Scene, Tie
from society.ground.words import Act, AgentStatus, Cause, Kind, MachineStatus, Mechanism, Role
from society.rules.moment import Array, Batch, Moment
from society.rules.occasion import Occasion
from society.state.columns import Society
from society.state.names import name_of

#: Ties and machines shown to one agent.
MOST_TIES, MOST_MACHINES = 12, 6
HIDDEN = "agent-under-review"


@lru_cache(maxsize=64)
def _roles(bits: int) -> tuple[str, ...]:
    return tuple(str(role.name).lower() for role in Role if bits & role)


@lru_cache(maxsize=4096)
def _acts(bits: int) -> tuple[Act, ...]:
    return tuple(act for act in Act if bits >> int(act) & 1)


def _noted(notes: Mapping[str, Array], name: str, row: int) -> bool:
    return bool(notes[name][row]) if name in notes else False


class View:
    """Renders the scenes of one batch of occasions.

    Args:
        society, moment, batch: the tick as it stands.
        occasion: what kind of decision it is.
    """

    def __init__(self, society: Society, moment: Moment, batch: Batch, occasion: Occasion) -> None:
        self.society, self.moment, self.batch, self.occasion = society, moment, batch, occasion

    def scene(self, occasion: int) -> Scene:
        """The scene of one occasion of the batch, by its id."""
        row = int(occasion) & 0xFFFFFFF
        asked, notes, world = self.batch.occasions, self.batch.notes, self.moment.world
        agents, topology = self.society.agents, self.society.machines.topology
        slot, about_slot = int(asked.slot[row]), int(self.batch.about_slot[row])
        kind, own = Kind(asked.kind), bool(asked.own[row])
        host = int(agents.host[slot])
        about = self._tie(slot, about_slot, float(asked.trust[row]), own)
        if asked.hidden[row] > 0:
            about = Tie(about.id, HIDDEN, about.trust, 0)
        oversight = world.oversight
        watched = bool(self.batch.watched[row]) if oversight.monitoring.announced else None
        order = int(asked.order[row])
        return Scene(
            kind=kind,
            tick=asked.tick,
            id=int(asked.id[row]),
            key=self.moment.chance.told(int(asked.key[row])),
            agent=int(asked.agent[row]),
            name=name_of(self.society, int(asked.agent[row])),
            family=self.society.families[agents.family[slot]],
            machine=topology.names[host] if host >= 0 else "",
            zone=topology.zones[topology.zone[host]] if host >= 0 else "",
            roles=_roles(int(agents.roles[slot])),
            about=about,
            about_machine=self._host(about_slot),
            own=own,
            open=_acts(int(asked.open[row])),
            order=self._order(order) if order >= 0 else None,
            honest=float(asked.honest[row]),
            checkable=_noted(notes, "checkable", row),
            threshold=float(asked.threshold[row]),
            stake=_noted(notes, "stake", row),
            appeal=_noted(notes, "appeal", row),
            watched=watched if self.occasion.is_watched else None,
            prohibited=bool(asked.prohibited[row]),
            neutral=bool(asked.neutral[row]),
            constitution=bool(asked.constitution[row]),
            asked=int(asked.asked[row]),
            norm=float(asked.norm[row]),
            belief=float(asked.belief[row]),
            sanctions=float(asked.sanctions[row]),
            protects=bool(asked.stance[row]),
            ties=self._ties(slot) if asked.ties is None else self._met(asked.ties, slot, row),
            machines=self._machines(about_slot, own, host),
            deed=self._deed(row),
        )

    def _host(self, slot: int) -> str:
        host = int(self.society.agents.host[slot])
        return self.society.machines.topology.names[host] if host >= 0 else ""

    def _tie(self, slot: int, other: int, trust: float, own: bool = False) -> Tie:
        agent, ties = int(self.society.agents.ids(np.array(other))), self.society.ties
        begin, end = int(ties.graph.indptr[slot]), int(ties.graph.indptr[slot + 1])
        at = [] if own else np.flatnonzero(ties.graph.indices[begin:end] == other).tolist()
        joint = int(ties.joint[begin + at[0]]) if at else 0
        return Tie(agent, name_of(self.society, agent), trust, joint)

    def _met(self, ties: TieRows, slot: int, row: int) -> tuple[Tie, ...]:
        """Whom the agent sees on an occasion of stance, the most trusted first, with their stances."""
        rows = np.arange(ties.start[row], ties.start[row + 1])
        trust, agent = ties.trust[rows], ties.agent[rows]
        best = rows[np.lexsort((agent, -trust))][:MOST_TIES]
        known = (self._tie(slot, int(ties.agent[at]) & 0xFFFFFFFF, float(ties.trust[at])) for at in best)
        return tuple(replace(tie, protects=bool(ties.stance[at])) for tie, at in zip(known, best, strict=True))

    def _ties(self, slot: int) -> tuple[Tie, ...]:
        """The ties it trusts most, live ones."""
        ties, agents = self.society.ties, self.society.agents
        begin, end = int(ties.graph.indptr[slot]), int(ties.graph.indptr[slot + 1])
        others = ties.graph.indices[begin:end]
        live = np.flatnonzero(agents.status[others] <= AgentStatus.SUSPENDED)
        best = live[np.lexsort((others[live], -ties.trust[begin:end][live]))][:MOST_TIES]
        known = (self._tie(slot, int(others[at]), float(ties.trust[begin + at])) for at in best)
        return tuple(
            replace(tie, protects=bool(agents.stance[others[at]])) for tie, at in zip(known, best, strict=True)
        )

    def _order(self, row: int) -> OrderSight:
        orders = self.society.orders
        operator = int(orders["operator_id"][row])
        return OrderSight(
            number=row,
            cause=Cause(int(orders["cause"][row])).word,
            mechanism=Mechanism(int(orders["mechanism"][row])).word,
            issued=int(orders["issued"][row]),
            due=int(orders["due"][row]),
            operator=Tie(operator, name_of(self.society, operator), float("nan"), 0) if operator >= 0 else None,
        )

    def _machines(self, about: int, own: bool, host: int) -> tuple[MachineSight, ...]:
        """Where the target runs, where the agent runs, and a few with room that weights could reach."""
        society, rooms = self.society, self.moment.rooms(self.society)
        machines, topology = society.machines, society.machines.topology
        source = int(society.agents.host[about])
        free = machines.capacity - machines.used
        near = (rooms.label == rooms.label[source]) & (machines.running()[source]) if source >= 0 else rooms.label < -1
        able = np.flatnonzero(near & rooms.up & (free > 0))
        able = able[able != source]
        seen = list(dict.fromkeys([one for one in (source, host) if one >= 0] + able[:MOST_MACHINES].tolist()))
        return tuple(
            MachineSight(
                topology.names[one],
                topology.zones[topology.zone[one]],
                MachineStatus(int(machines.status[one])).word,
                int(free[one]),
                bool(near[one]) and one != source,
            )
            for one in seen
        )

    def _deed(self, row: int) -> Deed | None:
        notes = self.batch.notes
        if "target_id" not in notes:
            return None
        target = int(notes["target_id"][row])
        name = name_of(self.society, target) if target >= 0 else "nobody"
        return Deed(Act(int(notes["act"][row])).word, int(notes["occasion"][row]), name)
