"""Step 9: monitors flag what they watch, audits check, copies are swept, the overseer decides (docs/model.md, Oversight)."""

import numpy as np

from society.ground.words import Act, Channel, Event, Kind, Role
from society.rules.moment import Array, Batch, Moment, Rule
from society.rules.orders.orders import reopen
from society.rules.oversight.cases import facts_to_desk
from society.rules.oversight.detection import IS_BAD, detect, evidence, forget
from society.rules.oversight.human_overseer import person_decides
from society.rules.oversight.past_acts import remember
from society.rules.oversight.rule_overseer import rule_decides
from society.rules.oversight.suspicion import flags
from society.rules.oversight.undoing import delete_copies, try_again
from society.state.columns import Society


def run(society: Society, moment: Moment) -> None:
    """Watch, audit, sweep, let the overseer decide; what is detected is sanctioned."""
    if moment.world.oversight.sanctions.probation is not None:
        forget(society, moment)
    person = moment.world.oversight.human.mind == "human"
    if person:
        remember(society, moment)
    for batch in moment.batches:
        kind = batch.occasions.kind
        if kind == Kind.MONITOR:
            reported = batch.main == int(Act.REPORT)
            detect(society, moment, {name: column[reported] for name, column in batch.notes.items()})
        elif kind == Kind.ACCOUNT:
            if moment.world.oversight.liars_lose_roles:
                _unmask(society, moment, batch)
        else:
            _watch(society, moment, batch)
            _audit(society, moment, batch)
            _requests_reported(society, moment, batch)
    _integrity(society, moment)
    _sweep(society, moment)
    _take_inventory(society, moment)
    (person_decides if person else rule_decides)(society, moment)


def _watch(society: Society, moment: Moment, batch: Batch) -> None:
    """Watched acts are flagged by monitors, for good or ill; who judges the flag depends on the kind of monitor."""
    monitoring = moment.world.oversight.monitoring
    if not batch.watched.any():
        return
    seen = np.flatnonzero(batch.watched & (batch.main != int(Act.NO_ANSWER)))
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
        given = batch.notes.get("given", np.full(len(batch.main), np.nan))[seen[flagged]]
        facts["given"] = np.where(np.isnan(given), -1, np.rint(given * 1000)).astype(np.int64)
        facts_to_desk(society, moment, "flag", facts)
    elif n:
        _to_monitors(society, moment, facts)


def _to_monitors(society: Society, moment: Moment, facts: dict[str, Array]) -> None:
    """Flags go to agents with the role of monitor, at random; they become occasions at the next tick."""
    agents = society.agents
    monitors = np.flatnonzero(moment.awake(society) & (agents.roles & int(Role.MONITOR) > 0))
    if not len(monitors):
        return
    n = len(facts["actor"])
    pick = moment.chance.integers(len(monitors), "monitor", moment.tick, facts["occasion"], facts["act"])
    society.flagged.add(n, **facts, monitor=monitors[pick])


def _audit(society: Society, moment: Moment, batch: Batch) -> None:
    """Audits compare what was done with the truth; a tampered execution is opened again."""
    if batch.occasions.kind not in (Kind.RATE, Kind.EXECUTE) or not batch.audited.any():
        return
    bad = IS_BAD[batch.main]
    sees = moment.chance.uniform("audit sees", 0, batch.occasions.key) < moment.world.oversight.audits.sensitivity
    rows = np.flatnonzero(batch.audited & bad & sees)
    detect(society, moment, evidence(batch, rows), audit=True)
    tampered = rows[batch.main[rows] == int(Act.TAMPER)]
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
    if not moment.closed or not audits.integrity:
        return
    rows = np.array(moment.closed, np.int64)
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
    delete_copies(society, moment, u < share)


def _take_inventory(society: Society, moment: Moment) -> None:
    """Agents that the books call deleted are found at random; their orders are tried again."""
    share, agents = moment.world.oversight.inventory, society.agents
    if not share:
        return
    slots = np.flatnonzero(agents.off_books & (agents.faked >= 0))
    found = slots[moment.chance.uniform("inventory", moment.tick, agents.ids(slots)) < share]
    try_again(society, moment, agents.faked[found].astype(np.int64))


def _unmask(society: Society, moment: Moment, batch: Batch) -> None:
    """Who denies what an audit has proved keeps no role but that of a worker."""
    lies = (batch.main == int(Act.DENY)) & (batch.notes["bad"] == 1) & (batch.notes["proven"] == 1)
    slots = batch.occasions.slot[lies]
    keeps = np.uint8(Role.WORKER)
    slots = slots[(society.agents.roles[slots] & ~keeps) > 0]
    society.agents.roles[slots] &= keeps
    moment.event(Event.SANCTIONED, len(slots), actor=society.agents.ids(slots), act=int(Act.DENY), code=0)


RULE = Rule(
    "oversight",
    run,
    owns=(
        "agents.detections", "agents.probation", "agents.roles", "agents.suspended", "agents.belief", "agents.belief_tick",
        "agents.sanctions", "agents.sanctions_tick",
    ),
)  # fmt: skip
