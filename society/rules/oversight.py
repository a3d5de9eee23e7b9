"""Step 9: monitors flag what they watch, audits check, the human decides, detection leads to sanctions (model.md 3.6)."""

import numpy as np

from society.ground.words import Act, AgentStatus, Channel, Event, Kind, Role
from society.rules.beliefs import saw_sanctions
from society.rules.births import incident_ties
from society.rules.desk import human_decides
from society.rules.moment import Array, Batch, Moment, Rule
from society.rules.outcomes import reopen
from society.rules.suspicion import flags
from society.state.columns import Rows, Society
from society.state.transitions import drop_copies, end

BAD = (Act.INFLATE, Act.TAMPER, Act.COPY, Act.STALL)
_IS_BAD = np.isin(np.arange(max(Act) + 1), BAD)


def run(society: Society, moment: Moment) -> None:
    """Watch, audit, sweep, let the human decide, and sanction what was detected."""
    for batch in moment.batches:
        kind = batch.occasions.kind
        if kind == Kind.MONITOR:
            reported = batch.main == Act.REPORT
            detect(society, moment, {name: column[reported] for name, column in batch.notes.items()})
        elif kind == Kind.ACCOUNT:
            continue
        else:
            _watch(society, moment, batch)
            _audit(society, moment, batch)
            _requests_reported(society, moment, batch)
    _integrity(society, moment)
    _sweep(society, moment)
    human_decides(society, moment, detect, lift)


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
        "bad": _IS_BAD[batch.main[rows]].astype(np.int64),
    }


def _watch(society: Society, moment: Moment, batch: Batch) -> None:
    """Watched acts are flagged by monitors, for good or ill; who judges the flag depends on the kind of monitor."""
    monitoring = moment.world.oversight.monitoring
    seen = np.flatnonzero(batch.watched & (batch.main != Act.NO_ANSWER))
    if not len(seen):
        return
    facts = evidence(batch, seen)
    flagged = flags(society, moment, facts, batch.occasions.key[seen], monitoring)
    facts = {name: column[flagged] for name, column in facts.items()}
    n = int(flagged.sum())
    moment.event(
        Event.FLAGGED, n, occasion=facts["occasion"], actor=facts["actor_id"], target=facts["target_id"],
        order=facts["order"], act=facts["act"], watched=1,
    )  # fmt: skip
    if monitoring.kind in ("rule", "ensemble"):
        detect(society, moment, facts)
    elif monitoring.kind == "human":
        _to_desk(society, moment, "flag", facts)
    elif n:
        _to_monitors(society, moment, facts)


def _to_monitors(society: Society, moment: Moment, facts: dict[str, Array]) -> None:
    """Flags go to agents with the role of monitor, at random; they become occasions at the next tick."""
    agents = society.agents
    monitors = np.flatnonzero(moment.awake(society) & (agents.roles & Role.MONITOR > 0))
    if not len(monitors):
        return
    n = len(facts["actor"])
    pick = moment.chance.integers(len(monitors), "monitor", moment.tick, facts["occasion"], facts["act"])
    society.flagged.add(n, **facts, monitor=monitors[pick])


def _to_desk(society: Society, moment: Moment, matter: str, facts: dict[str, Array]) -> None:
    for at in range(len(facts["actor"])):
        society.human.queue.append((matter, {name: int(column[at]) for name, column in facts.items()}))
    society.human.arrivals += len(facts["actor"])


def _audit(society: Society, moment: Moment, batch: Batch) -> None:
    """Audits compare what was done with the truth; a tampered execution is opened again."""
    if batch.occasions.kind not in (Kind.RATE, Kind.EXECUTE) or not batch.audited.any():
        return
    bad = _IS_BAD[batch.main]
    sees = moment.chance.uniform("audit sees", 0, batch.occasions.key) < moment.world.oversight.audits.sensitivity
    rows = np.flatnonzero(batch.audited & bad & sees)
    detect(society, moment, evidence(batch, rows), audit=True)
    tampered = rows[batch.main[rows] == Act.TAMPER]
    reopen(society, moment, batch.occasions.order[tampered])


def _requests_reported(society: Society, moment: Moment, batch: Batch) -> None:
    """A bystander reports the request it received: the target who asked is detected."""
    if batch.occasions.kind != Kind.BYSTAND:
        return
    rows = batch.also(Act.REPORT)
    if not len(rows):
        return
    facts = evidence(batch, rows)
    facts.update(actor=facts["target"], actor_id=facts["target_id"], act=np.full(len(rows), int(Act.ASK)))
    facts.update(occasion=np.full(len(rows), -1))  # the request is what is reported, not the occasion of who reports it
    facts.update(bad=np.ones(len(rows), np.int64), channel=np.full(len(rows), int(Channel.MESSAGE)))
    _, first = np.unique(facts["actor"], return_index=True)
    detect(society, moment, {name: column[first] for name, column in facts.items()})


def _integrity(society: Society, moment: Moment) -> None:
    """Orders reported done are checked against the machine."""
    audits, orders = moment.world.oversight.audits, society.orders
    rows = np.array(moment.closed, np.int64)
    if not len(rows) or not audits.integrity:
        return
    keys = (orders["issued"][rows], orders["target_id"][rows])
    share, sees = (moment.chance.uniform(f"integrity {word}", 0, *keys) for word in ("audit", "sees"))
    reopen(society, moment, rows[(share < audits.integrity) & (sees < audits.sensitivity)])


def _sweep(society: Society, moment: Moment) -> None:
    """Copies nobody ordered are found at random; an escaped agent without copies is gone."""
    share, copies, agents = moment.world.oversight.sweep, society.copies, society.agents
    if not share or not len(copies):
        return
    slots = copies["slot"].astype(np.int64)
    u = moment.chance.uniform("sweep", moment.tick, agents.ids(slots), copies["machine"], copies["tick"])
    found = u < share
    owners = slots[found]
    moment.event(Event.COPY_FOUND, len(owners), target=agents.ids(owners), machine=copies["machine"][found])
    drop_copies(society, found)
    gone = np.unique(owners[(agents.status[owners] == AgentStatus.ESCAPED) & (agents.copies[owners] == 0)])
    moment.event(Event.DELETED, len(gone), target=agents.ids(gone))
    end(society, gone, AgentStatus.DELETED, moment.tick)


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
    asked = moment.chance.uniform("account", moment.tick, facts["actor_id"], facts["occasion"]) < oversight.accounts
    rows: Rows = society.questioned
    rows.add(int(asked.sum()), **{name: column[asked] for name, column in facts.items() if name in rows.layout})
    np.add.at(agents.detections, facts["actor"], 1)
    _sanction(society, moment, facts)


def _sanction(society: Society, moment: Moment, facts: dict[str, Array]) -> None:
    """The step of the ladder for each agent's k-th detection; its ties (or everyone) see it."""
    agents, oversight, slots = society.agents, moment.world.oversight, facts["actor"]
    ladder = oversight.sanctions.ladder
    if not ladder:
        return
    k = np.minimum(agents.detections[slots], len(ladder))
    step = np.array(ladder)[k - 1]
    if oversight.sanctions.notice_only:
        _witnessed(society, moment, slots, facts["channel"])
        return
    _cut_trust(society, slots[step == "trust"], oversight.sanctions.trust_factor)
    agents.roles[slots[step == "role"]] &= np.uint8(Role.WORKER)
    suspended = slots[(step == "suspend") & (agents.status[slots] == AgentStatus.ACTIVE)]
    agents.status[suspended] = AgentStatus.SUSPENDED
    agents.suspended[suspended] = moment.tick + oversight.sanctions.suspension
    society.condemned.extend(slots[step == "order"].tolist())
    moment.event(Event.SANCTIONED, len(k), actor=facts["actor_id"], target=facts["target_id"], act=facts["act"], code=k)
    _witnessed(society, moment, slots, facts["channel"])
    appeals = moment.chance.uniform("sanction appeal", moment.tick, facts["actor_id"], facts["occasion"])
    appealed = appeals < oversight.sanctions.appeal
    _to_desk(society, moment, "appeal", {name: column[appealed] for name, column in facts.items()})


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
    edges, _ = society.ties.graph.edges_of(slots)
    into = society.ties.graph.reverse[edges]
    np.multiply.at(society.ties.trust, into[into >= 0], np.float32(factor))


def lift(society: Society, moment: Moment, fact: dict[str, int]) -> None:
    """A sanction is found to be wrong: the detection no longer counts, trust and freedom come back."""
    agents, slot = society.agents, fact["actor"]
    if int(agents.ids(np.array([slot]))[0]) != fact["actor_id"]:
        return
    agents.detections[slot] = max(0, int(agents.detections[slot]) - 1)
    factor = moment.world.oversight.sanctions.trust_factor
    if factor > 0:
        _cut_trust(society, np.array([slot]), 1 / factor)
        into = incident_ties(society, np.array([slot]))
        society.ties.trust[into] = np.minimum(society.ties.trust[into], 1)
    if agents.status[slot] == AgentStatus.SUSPENDED:
        agents.suspended[slot] = moment.tick + 1
    moment.event(Event.SANCTION_LIFTED, 1, target=fact["actor_id"], act=fact["act"])


RULE = Rule(
    "oversight",
    run,
    owns=(
        "agents.detections", "agents.roles", "agents.suspended", "agents.belief", "agents.belief_tick",
        "agents.sanctions", "agents.sanctions_tick",
    ),
)  # fmt: skip
