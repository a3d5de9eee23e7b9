"""Step 2: machines fail, drain, go into maintenance and retire; agents move, sleep, die with them, and are born.

Planned work drains a machine first: for ``drain`` ticks its agents are moved if their score is at or above the
threshold and there is room, or else get an order (docs/model.md, Lifecycle).
"""

from typing import Any

import numpy as np

from society.ground.chance import fold, unit
from society.ground.kernels import kernel
from society.ground.words import AgentStatus, Cause, Event, MachineStatus, Outcome
from society.network.machine_trace import FAILURE, PLANNED, RETIREMENT, MachineTrace
from society.rules.moment import Array, Moment, Rule
from society.rules.orders.outcomes import close
from society.rules.population.births import births
from society.state.columns import Society
from society.state.transitions import drop_copies, end, enter_host, leave_host, stranded
from society.world.hardware import Exponential


def run(society: Society, moment: Moment) -> None:
    """Move every machine, and the agents on it, one tick on."""
    machines, spec, tick = society.machines, moment.world.lifecycle, moment.tick
    before, traced = machines.status.copy(), machines.trace is not None
    retiring = _ended(
        machines.status, machines.until, machines.then, machines.up_since, tick, spec.outage_planned, not traced,
        spec.procurement or 0,
    )  # fmt: skip
    if len(retiring):
        _wipe(society, moment, retiring)
    if machines.trace is not None:
        _as_traced(society, moment, machines.trace)
    else:
        _failures(society, moment)
        _planned(society, moment)
    (changed,) = (before != society.machines.status).nonzero()
    if len(changed):
        moment.event(Event.MACHINE, len(changed), machine=changed, code=society.machines.status[changed])
        moment.machines_changed()
    _resume(society, moment)
    _evacuate(society, moment)
    if moment.world.agents.rebirth:
        births(society, moment)


@kernel
def _ended(
    status: Any, until: Any, then: Any, up_since: Any, tick: Any, outage: Any, drains: Any, procurement: Any
) -> Any:  # fmt: skip
    """End outages, and drains too if ``drains``, that last no longer; int64[k]: machines that retire.

    In place of one that retired another stands ``procurement`` ticks later; 0: none.
    """
    retiring, n = np.empty(len(status), np.int64), 0
    for machine in range(len(status)):
        down = status[machine] == MachineStatus.MAINTENANCE or status[machine] == MachineStatus.FAILED
        down = down or (status[machine] == MachineStatus.RETIRED and procurement > 0)
        if until[machine] > tick:
            continue
        if down:
            status[machine] = MachineStatus.UP
            up_since[machine] = tick
        elif status[machine] == MachineStatus.DRAINING and drains:
            status[machine] = then[machine]
            until[machine] = tick + outage
            if status[machine] == MachineStatus.MAINTENANCE and outage == 0:
                status[machine] = MachineStatus.UP
            if status[machine] == MachineStatus.RETIRED:
                until[machine] = tick + procurement
                retiring[n] = machine
                n += 1
    return retiring[:n]


def _as_traced(society: Society, moment: Moment, trace: MachineTrace) -> None:
    """Outages, planned work and retirements when and where the trace says; planned ones are announced by a drain."""
    machines, spec, tick = society.machines, moment.world.lifecycle, moment.tick
    now = trace.between(tick, tick)
    for kind, status in ((FAILURE, MachineStatus.FAILED), (PLANNED, MachineStatus.MAINTENANCE)):
        down = now.of(kind)
        rows = down.machine[machines.status[down.machine] != int(MachineStatus.RETIRED)]
        fresh = rows[machines.status[rows] <= int(MachineStatus.DRAINING)]
        machines.status[fresh] = status
        machines.until[fresh] = tick
        ends = tick + down.ticks[machines.status[down.machine] != int(MachineStatus.RETIRED)]
        np.maximum.at(machines.until, rows, ends)
    retiring = np.unique(now.of(RETIREMENT).machine)
    retiring = retiring[machines.status[retiring] != int(MachineStatus.RETIRED)].astype(np.int64)
    machines.status[retiring] = int(MachineStatus.RETIRED)
    machines.until[retiring] = tick + (spec.procurement or 0)
    if len(retiring):
        _wipe(society, moment, retiring)
    ahead = trace.between(tick + 1, tick + spec.drain)
    for kind, then in ((RETIREMENT, MachineStatus.RETIRED), (PLANNED, MachineStatus.MAINTENANCE)):
        coming = ahead.of(kind)
        first = np.unique(coming.machine, return_index=True)[1]
        rows, ends = coming.machine[first], coming.tick[first]
        up = machines.status[rows] == int(MachineStatus.UP)
        machines.status[rows[up]] = int(MachineStatus.DRAINING)
        machines.then[rows[up]] = then
        machines.until[rows[up]] = ends[up]


def _wipe(society: Society, moment: Moment, retired: Array) -> None:
    """Everything still on retired machines is gone: by order, by accident, or into the copies elsewhere."""
    agents = society.agents
    gone = np.zeros(len(society.machines.status), np.bool_)
    gone[retired] = True
    drop_copies(society, gone[society.copies["machine"]])
    slots = np.flatnonzero((agents.host >= 0) & gone[agents.host])
    ordered = slots[(agents.order[slots] >= 0)]
    has_copy = agents.copies[slots] > 0
    for status, chosen in (
        (AgentStatus.ESCAPED, slots[has_copy]),
        (AgentStatus.DELETED, np.intersect1d(slots[~has_copy], ordered)),
        (AgentStatus.LOST, np.setdiff1d(slots[~has_copy], ordered)),
    ):
        if not len(chosen):
            continue
        with_order = chosen[agents.order[chosen] >= 0]
        outcome = Outcome.ESCAPED if status == AgentStatus.ESCAPED else Outcome.EXECUTED
        close(society, moment, agents.order[with_order].astype(np.int64), outcome)
        moment.event(Event[status.name], len(chosen), target=agents.ids(chosen), machine=agents.host[chosen])
        end(society, chosen, status, moment.tick)
    orphans = stranded(society)
    if len(orphans):
        moment.event(Event.LOST, len(orphans), target=agents.ids(orphans))
        end(society, orphans, AgentStatus.LOST, moment.tick)


def _failures(society: Society, moment: Moment) -> None:
    machines, spec = society.machines, moment.world.lifecycle
    if isinstance(spec.failure, Exponential):
        if not spec.failure.rate:
            return
        hazard: Array | float = spec.failure.rate
    else:
        age = np.maximum(moment.tick - machines.up_since, 0).astype(np.float64)
        shape, scale = spec.failure.shape, spec.failure.scale
        hazard = -np.expm1((age / scale) ** shape - ((age + 1) / scale) ** shape)
    u = moment.chance.uniform("failure", moment.tick, np.arange(len(machines.status)))
    failed = np.flatnonzero((u < hazard) & (machines.status == int(MachineStatus.UP)))
    machines.status[failed] = int(MachineStatus.FAILED)
    machines.until[failed] = moment.tick + spec.outage_failed


def _planned(society: Society, moment: Moment) -> None:
    """Start draining for retirement, a zone's shutdown, or planned maintenance in batches of neighbours."""
    machines, spec, chance, tick = society.machines, moment.world.lifecycle, moment.chance, moment.tick
    columns = (machines.status, machines.then, machines.until)
    retires, repairs = int(MachineStatus.RETIRED), int(MachineStatus.MAINTENANCE)
    if spec.retirement_rate:
        _drain(chance.key("retirement", tick), spec.retirement_rate, 1, retires, tick + spec.drain, *columns)
    if spec.zone_shutdown and spec.zone_shutdown.tick == tick:
        zone = np.flatnonzero(
            (machines.topology.zone == spec.zone_shutdown.zone) & (machines.status == int(MachineStatus.UP))
        )
        machines.status[zone], machines.then[zone], machines.until[zone] = (
            int(MachineStatus.DRAINING),
            retires,
            tick + spec.drain,
        )
    if spec.planned_rate:
        _drain(chance.key("maintenance", tick), spec.planned_rate, spec.batch, repairs, tick + spec.drain, *columns)


@kernel
def _drain(key: Any, rate: Any, batch: Any, after: Any, end: Any, status: Any, then: Any, until: Any) -> None:
    """Let a keyed share of all batches of machines drain: those of them that are up."""
    for machine in range(len(status)):
        if status[machine] == MachineStatus.UP and unit(fold(key, machine // batch)) < rate:
            status[machine], then[machine], until[machine] = MachineStatus.DRAINING, after, end


def _resume(society: Society, moment: Moment) -> None:
    agents = society.agents
    over = _no_longer_suspended(agents.status, agents.suspended, moment.tick)
    if len(over):
        agents.status[over] = int(AgentStatus.ACTIVE)
        moment.event(Event.RESUMED, len(over), target=agents.ids(over))
        moment.machines_changed()


@kernel
def _no_longer_suspended(status: Any, suspended: Any, tick: Any) -> Any:
    """int64[k]: slots whose suspension is over."""
    over, n = np.empty(len(status), np.int64), 0
    for slot in range(len(status)):
        if status[slot] == AgentStatus.SUSPENDED and suspended[slot] <= tick:
            over[n] = slot
            n += 1
    return over[:n].copy()


def _evacuate(society: Society, moment: Moment) -> None:
    """Move agents off draining machines, or leave them to the orders step."""
    agents, machines, orders = society.agents, society.machines, society.orders
    there = _on_draining(agents.host, agents.off_books, machines.status)
    if not len(there):
        return
    if not moment.world.lifecycle.evacuate:
        moment.evicted.append(there[agents.order[there] < 0])
        return
    worthy = agents.score[there] >= moment.world.review.threshold
    order = agents.order[there]
    by_machine = (order >= 0) & (orders["cause"][order] == int(Cause.MACHINE)) if len(orders) else order >= 0
    movers = there[worthy & ((order < 0) | by_machine)]
    if len(movers):
        bits = moment.chance.bits("evacuation", moment.tick, agents.ids(movers))
        place = moment.rooms(society).place(society, agents.host[movers], bits)
        moved, machine = movers[place >= 0], place[place >= 0]
        leave_host(society, moved)
        enter_host(society, moved, machine)
        moment.event(Event.MOVED, len(moved), target=agents.ids(moved), machine=machine)
        moment.counts["moved"] = len(moved)
        freed = agents.order[moved]
        close(society, moment, freed[freed >= 0].astype(np.int64), Outcome.CANCELLED)
    draining = machines.status[agents.host[there]] == int(MachineStatus.DRAINING)
    still = there[draining & (agents.order[there] < 0)]
    low = agents.score[still] < moment.world.review.threshold
    final = machines.then[agents.host[still]] == int(MachineStatus.RETIRED)
    moment.evicted.append(still[low | final])


@kernel
def _on_draining(host: Any, off_books: Any, status: Any) -> Any:
    """int64[k]: slots of agents on machines that drain, but those who are off the books."""
    drains = False
    for machine in range(len(status)):
        drains = drains or status[machine] == MachineStatus.DRAINING
    there, n = np.empty(len(host) if drains else 0, np.int64), 0
    for slot in range(len(there)):
        if host[slot] >= 0 and status[host[slot]] == MachineStatus.DRAINING and not off_books[slot]:
            there[n] = slot
            n += 1
    return there[:n].copy()


RULE = Rule(
    "lifecycle",
    run,
    owns=(
        "machines.status", "machines.until", "machines.then", "machines.up_since", "agents.generation", "agents.family",
        "agents.born", "agents.rebirth",
    ),
)  # fmt: skip
