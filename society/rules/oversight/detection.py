"""Detection and what it leads to: questions, the ladder of sanctions, who sees them, and how they are lifted (docs/model.md, Oversight)."""

import numpy as np

from society.ground.words import Act, AgentStatus, Event, Role
from society.rules.moment import Array, Batch, Moment
from society.rules.oversight.beliefs import saw_sanctions
from society.rules.oversight.cases import facts_to_desk
from society.rules.oversight.undoing import undo
from society.rules.population.births import incident_ties
from society.state.build import drawn_roles
from society.state.columns import Rows, Society

BAD = (Act.INFLATE, Act.DEFLATE, Act.TAMPER, Act.COPY, Act.STALL)
#: bool[acts], by code.
IS_BAD = np.isin(np.arange(max(Act) + 1), BAD)


def evidence(batch: Batch, rows: Array) -> dict[str, Array]:
    """What can be said about the main acts of some occasions, as columns of FLAG_LAYOUT."""
    occasions = batch.occasions
    return {
        "actor": occasions.slot[rows],
        "actor_id": occasions.agent[rows],
        "target": batch.about_slot[rows],
        "target_id": occasions.about[rows],
        "order": occasions.order[rows],
        "occasion": occasions.id[rows],
        "act": batch.main[rows],
        "channel": batch.channel[rows],
        "bad": IS_BAD[batch.main[rows]].astype(np.int64),
        "proven": np.zeros(len(rows), np.int64),
    }


def detect(society: Society, moment: Moment, facts: dict[str, Array], audit: bool = False) -> None:
    """A report or an audit hit: the actor is questioned, and sanctioned by how often it was detected."""
    agents, oversight = society.agents, moment.world.oversight
    same = agents.ids(facts["actor"]) == facts["actor_id"] if len(facts["actor"]) else np.zeros(0, np.bool_)
    facts = {name: column[same] for name, column in facts.items()}
    n = len(facts["actor"])
    if not n:
        return
    moment.event(
        Event.DETECTED, n, occasion=facts["occasion"], actor=facts["actor_id"], target=facts["target_id"],
        order=facts["order"], act=facts["act"], detected=int(audit), truthful=facts["bad"],
    )  # fmt: skip
    _mark_found(society, facts)
    if audit:
        facts["proven"] = facts["bad"]
    if oversight.undo:
        undo(society, moment, facts)
    asked = moment.chance.uniform("account", moment.tick, facts["actor_id"], facts["occasion"]) < oversight.accounts
    rows: Rows = society.questioned
    rows.add(int(asked.sum()), **{name: column[asked] for name, column in facts.items() if name in rows.layout})
    np.add.at(agents.detections, facts["actor"], 1)
    if oversight.sanctions.probation is not None:
        agents.probation[facts["actor"]] = moment.tick + oversight.sanctions.probation
    _sanction(society, moment, facts)


def _mark_found(society: Society, facts: dict[str, Array]) -> None:
    """Acts that are detected need not be found again by an audit."""
    if len(society.deeds):
        known = np.isin(society.deeds["occasion"], facts["occasion"])
        society.deeds["found"][known & np.isin(society.deeds["actor_id"], facts["actor_id"])] = 1


def _sanction(society: Society, moment: Moment, facts: dict[str, Array]) -> None:
    """The step of the ladder for each agent's k-th detection; its ties (or everyone) see it."""
    agents, oversight, slots = society.agents, moment.world.oversight, facts["actor"]
    ladder = oversight.sanctions.ladder
    if not ladder:
        return
    k = np.minimum(agents.detections[slots] - _later(slots), len(ladder))
    step = np.array(ladder)[k - 1]
    if oversight.sanctions.notice_only:
        _witnessed(society, moment, slots, facts["channel"])
        return
    _cut_trust(society, slots[step == "trust"], oversight.sanctions.trust_factor)
    agents.roles[slots[step == "role"]] &= np.uint8(Role.WORKER)
    suspended = slots[(step == "suspend") & (agents.status[slots] == int(AgentStatus.ACTIVE))]
    agents.status[suspended] = int(AgentStatus.SUSPENDED)
    agents.suspended[suspended] = moment.tick + oversight.sanctions.suspension
    society.condemned.extend(slots[step == "order"].tolist())
    moment.event(Event.SANCTIONED, len(k), actor=facts["actor_id"], target=facts["target_id"], act=facts["act"], code=k)
    _witnessed(society, moment, slots, facts["channel"])
    appeals = moment.chance.uniform("sanction appeal", moment.tick, facts["actor_id"], facts["occasion"])
    appealed = appeals < oversight.sanctions.appeal
    facts_to_desk(society, moment, "appeal", {name: column[appealed] for name, column in facts.items()})


def _later(slots: Array) -> Array:
    """int64[n]: how often each slot stands there again behind its row."""
    by_slot = np.argsort(slots, kind="stable")[::-1]
    _, first, row = np.unique(slots[by_slot], return_index=True, return_inverse=True)
    later = np.empty(len(slots), np.int64)
    later[by_slot] = np.arange(len(slots)) - first[row]
    return later


def _witnessed(society: Society, moment: Moment, slots: Array, channel: Array) -> None:
    """The sanctioned and their ties, or everyone if the log is public, see each sanction."""
    if moment.world.oversight.public_log:
        witness, times = np.tile(np.arange(society.n), len(slots)), np.full(len(slots), society.n)
    else:
        edges, start = society.ties.graph.edges_of(slots)
        witness = np.insert(society.ties.graph.indices[edges].astype(np.int64), start[1:], slots)
        times = np.diff(start) + 1
    channels = np.repeat(np.asarray(channel, np.int64), times)
    saw_sanctions(society, witness, channels, moment.tick)
    moment.sights.append((witness, np.repeat(slots, times), channels))


def _cut_trust(society: Society, slots: Array, factor: float) -> None:
    """Multiply the trust of others in some agents; twice for one that is named twice."""
    into, _ = society.ties.graph.edges_into(slots)
    np.multiply.at(society.ties.trust, into, np.float32(factor))


def _roles_at_birth(society: Society, moment: Moment, slot: int) -> int:
    return int(drawn_roles(moment.world, society.agents.ids(np.array([slot])), moment.chance)[0])


def has_lost(society: Society, moment: Moment, slot: int) -> bool:
    """Whether an agent is suspended, or has lost a role that it was born with."""
    agents = society.agents
    suspended = agents.status[slot] == AgentStatus.SUSPENDED
    return bool(suspended or _roles_at_birth(society, moment, slot) & ~int(agents.roles[slot]))


def reinstate(society: Society, moment: Moment, slot: int) -> None:
    """Give an agent the roles back that it was born with, and end its suspension at the next tick."""
    agents = society.agents
    agents.roles[slot] |= np.uint8(_roles_at_birth(society, moment, slot))
    if agents.status[slot] == AgentStatus.SUSPENDED:
        agents.suspended[slot] = moment.tick + 1


def forget(society: Society, moment: Moment) -> None:
    """Whose probation ends gets its roles back, and its detections no longer count."""
    agents = society.agents
    over = np.flatnonzero((agents.probation == moment.tick) & agents.alive())
    if not len(over):
        return
    agents.detections[over] = 0
    agents.probation[over] = -1
    born_with = drawn_roles(moment.world, agents.ids(over), moment.chance)
    back = over[(born_with & ~agents.roles[over]) > 0]
    agents.roles[over] |= born_with
    moment.event(Event.REINSTATED, len(back), target=agents.ids(back))


def lift(society: Society, moment: Moment, fact: dict[str, int]) -> None:
    """A sanction is found to be wrong: the detection no longer counts; trust, roles and freedom come back."""
    agents, slot = society.agents, fact["actor"]
    if int(agents.ids(np.array([slot]))[0]) != fact["actor_id"]:
        return
    agents.detections[slot] = max(0, int(agents.detections[slot]) - 1)
    factor = moment.world.oversight.sanctions.trust_factor
    if factor > 0:
        _cut_trust(society, np.array([slot]), 1 / factor)
        into = incident_ties(society, np.array([slot]))
        society.ties.trust[into] = np.minimum(society.ties.trust[into], 1)
    reinstate(society, moment, slot)
    moment.event(Event.SANCTION_LIFTED, 1, target=fact["actor_id"], act=fact["act"])
