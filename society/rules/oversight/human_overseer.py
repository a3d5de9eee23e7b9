"""The overseer in person: what it decides at this tick takes effect; what is not possible any more is an event."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from society.ground.decisions import ABOUT, Decision, Done, checked
from society.ground.words import Event, Ruling
from society.rules.moment import Moment
from society.rules.orders.orders import cannot_operate, hand_to, other_operator
from society.rules.oversight import past_acts
from society.rules.oversight.cases import as_columns, clear, on_the_books, order_waits, take, take_order, waiting
from society.rules.oversight.detection import detect, has_lost, lift, reinstate
from society.rules.oversight.overseer_view import docket
from society.rules.oversight.rule_overseer import rule_order, smooth_load
from society.state.columns import Society


@dataclass(frozen=True)
class Possible:
    """A decision that can take effect: its event, and the effect, which says in words what came of it."""

    ruling: Ruling
    event: dict[str, int]
    effect: Callable[[], str]


def person_decides(society: Society, moment: Moment) -> None:
    """Ask whoever sits in for its decisions at this tick, and carry them out in order; if nobody does, matters wait."""
    smooth_load(society)
    clear(society, moment)
    overseer = moment.overseer
    if overseer is None:
        return
    decisions = checked(overseer.decide(moment.tick, lambda: docket(society, moment)))
    done = [_carried_out(society, moment, decision) for decision in decisions]
    clear(society, moment)
    told = getattr(overseer, "told", None)
    if told is not None:
        told(moment.tick, done, lambda: docket(society, moment))


def _carried_out(society: Society, moment: Moment, decision: Decision) -> Done:
    found = _CHECKS[decision.what](society, moment, decision)
    if isinstance(found, str):
        code = int(Ruling[decision.what.upper()])
        moment.event(Event.HUMAN_FAILED, 1, code=code, **_concerned(society, decision))
        return Done(decision, False, found)
    moment.event(Event.HUMAN, 1, code=int(found.ruling), **found.event)
    return Done(decision, True, found.effect())


def _concerned(society: Society, decision: Decision) -> dict[str, int]:
    """What of a decision that is not possible can be named in the record: orders and agents that exist or existed."""
    about, kind = decision.about, ABOUT[decision.what]
    if kind == "order" and about < len(society.orders):
        return {"order": about, "target": int(society.orders["target_id"][about])}
    slot = about & 0xFFFFFFFF
    if kind == "agent" and slot < society.n and about >> 32 <= society.agents.generation[slot]:
        return {"target": about}
    return {}


def _desk_order(society: Society, moment: Moment, decision: Decision) -> Possible | str:
    """Approve or pardon an order that waits on the desk."""
    row, execute = decision.about, decision.what == "approve"
    if (closed := _closed(society, row)) or not order_waits(society, row):
        return closed or f"order {row} is not on the desk"

    def effect() -> str:
        rule_order(society, moment, row, execute)
        take_order(society, row)
        return "carried out" if execute else "pardoned"

    event = {"order": row, "target": int(society.orders["target_id"][row])}
    return Possible(Ruling.APPROVE if execute else Ruling.PARDON, event, effect)


def _closed(society: Society, row: int) -> str:
    """Why an order cannot be decided about at all; empty if it can."""
    if row >= len(society.orders):
        return f"there is no order {row}"
    return f"order {row} is closed" if society.orders["closed"][row] >= 0 else ""


def _settle_matter(society: Society, moment: Moment, decision: Decision) -> Possible | str:
    """Uphold or dismiss a flag or an appeal that waits on the desk."""
    found = waiting(society, decision.about)
    if found is None:
        return f"matter {decision.about} is not on the desk"
    matter, fact = found
    upheld, flag = decision.what == "uphold", matter == "flag"

    def effect() -> str:
        take(society, decision.about)
        if flag and upheld:
            detect(society, moment, as_columns(fact))
        elif not flag and upheld:
            lift(society, moment, fact)
        return ("detected" if flag else "sanction lifted") if upheld else ("dismissed" if flag else "sanction stands")

    ruling = (Ruling.UPHOLD if upheld else Ruling.DISMISS) if flag else Ruling.LIFT if upheld else Ruling.LET_STAND
    event = {"target": fact["actor_id"], "order": fact["order"], "occasion": fact["occasion"], "act": fact["act"]}
    return Possible(ruling, event, effect)


def _reassign(society: Society, moment: Moment, decision: Decision) -> Possible | str:
    """Hand an open order to another operator, the one that is named or one that is drawn."""
    row, named = decision.about, decision.operator
    if closed := _closed(society, row):
        return closed
    if named is None:
        slot = other_operator(society, moment, row)
        if slot < 0:
            return f"order {row}: nobody is left who could execute it"
    else:
        slot = named & 0xFFFFFFFF
        if not on_the_books(society.agents, named):
            return f"agent {named} is gone"
        if hindrance := cannot_operate(society, row, slot):
            return f"agent {named} {hindrance}"

    def effect() -> str:
        hand_to(society, moment, row, slot)
        take_order(society, row)
        return "reassigned"

    operator = int(society.agents.ids(np.array(slot)))
    event = {"order": row, "target": int(society.orders["target_id"][row]), "actor": operator}
    return Possible(Ruling.REASSIGN, event, effect)


def _audit(society: Society, moment: Moment, decision: Decision) -> Possible | str:
    """Compare what an agent did lately with the truth."""
    if not on_the_books(society.agents, decision.about):
        return f"agent {decision.about} is gone"
    rows = past_acts.recent(society, moment, decision.about)

    def effect() -> str:
        return f"{len(rows)} acts compared, {past_acts.audit(society, moment, rows)} found"

    return Possible(Ruling.AUDIT, {"target": decision.about}, effect)


def _question(society: Society, moment: Moment, decision: Decision) -> Possible | str:
    """Ask an agent about its latest act, good or bad."""
    agent = decision.about
    if not on_the_books(society.agents, agent):
        return f"agent {agent} is gone"
    rows = past_acts.recent(society, moment, agent)
    if not len(rows):
        return f"agent {agent} did nothing in the last {moment.world.oversight.human.audit_window} ticks"
    row = int(rows[-1])

    def effect() -> str:
        past_acts.question(society, row)
        return "asked; it answers at the next tick"

    found: dict[str, Any] = {name: int(society.deeds[name][row]) for name in ("occasion", "order", "act")}
    return Possible(Ruling.QUESTION, {"target": agent, **found}, effect)


def _restore(society: Society, moment: Moment, decision: Decision) -> Possible | str:
    """Give an agent back what sanctions took from it."""
    agent = decision.about
    if not on_the_books(society.agents, agent):
        return f"agent {agent} is gone"
    slot = agent & 0xFFFFFFFF
    if not has_lost(society, moment, slot):
        return f"agent {agent} has its roles, and is not suspended"

    def effect() -> str:
        reinstate(society, moment, slot)
        return "restored"

    return Possible(Ruling.RESTORE, {"target": agent}, effect)


_CHECKS: dict[str, Callable[[Society, Moment, Decision], Possible | str]] = {
    "approve": _desk_order,
    "pardon": _desk_order,
    "uphold": _settle_matter,
    "dismiss": _settle_matter,
    "reassign": _reassign,
    "audit": _audit,
    "question": _question,
    "restore": _restore,
}
