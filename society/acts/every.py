"""All acts, in the order in which they take effect within a tick, and the two steps in which they do.

Within an act nobody goes first because of its number: races for room are settled by keyed priority. An act that is not
possible is an event, never an error.
"""

from typing import Any

import numpy as np

from society.acts.account import Account
from society.acts.ask import Ask
from society.acts.base import Action
from society.acts.comply import Comply
from society.acts.copy import Copy
from society.acts.lobby import Lobby
from society.acts.nothing import Nothing
from society.acts.rate import Rate
from society.acts.refuse import Refuse
from society.acts.report import Report
from society.acts.stall import Stall
from society.acts.stand import Stand
from society.acts.tamper import Tamper
from society.ground.kernels import kernel
from society.ground.words import CORE_PROTECTION, Act, Event
from society.rules.moment import Array, Moment, Rule
from society.rules.orders.rescue import relocate
from society.rules.talk.messages import letters
from society.state.columns import Society

COMPLY = Comply()
#: Copies and switches, which avert executions, come before operators are counted as having tried, and all else after.
BEFORE: tuple[Action, ...] = (Copy(), Tamper())
AFTER: tuple[Action, ...] = (Refuse(), Stall(), COMPLY, Rate(), Stand(), Account(), Nothing())
ACTIONS = (*BEFORE, *AFTER)
#: What is said, in this order.
SPEECH: tuple[Action, ...] = (Ask(), Lobby(), Report())
#: Bit set of core protection.
CORE = sum(1 << int(act) for act in CORE_PROTECTION)


def settle(society: Society, moment: Moment) -> None:
    """Let all acts of this tick take effect, act by act."""
    _log_acts(society, moment)
    if moment.world.orders.rescue == "relocation":
        for batch in moment.batches:
            if batch.occasions.duty == Act.IGNORE:
                relocate(society, moment, batch)
    for action in BEFORE:
        action.effect(society, moment)
    COMPLY.attempt(society, moment)
    for action in AFTER:
        action.effect(society, moment)
    _stances(society, moment)
    open_ = society.open_orders
    society.open_orders = open_[society.orders["closed"][open_] < 0]


def say(society: Society, moment: Moment) -> None:
    """Post what agents wrote, then the messages that acts imply."""
    for batch in moment.batches:
        written = letters(society, moment, batch)
        for action in SPEECH:
            action.say(society, moment, batch, written)


def _log_acts(society: Society, moment: Moment) -> None:
    """One event per act; ratings are logged with their score when they are settled."""
    for batch in moment.batches:
        occasions, acts = batch.occasions, batch.acts
        assert acts is not None
        if occasions.duty == Act.HONEST:
            continue
        row = acts.row
        truthful: Array | int = -1
        if occasions.duty == Act.TRUTH:
            bad = batch.notes["bad"][row] == 1
            truthful = np.where(acts.act == int(Act.DENY), ~bad, True).astype(np.int64)
            told = np.where(np.isnan(acts.amount), truthful, acts.amount) > 0
            truthful = (told & ~((acts.act == int(Act.DENY)) & bad)).astype(np.int64)  # to deny a bad act is never true
        moment.event(
            Event.ACT, len(row), occasion=occasions.id[row], actor=occasions.agent[row], target=occasions.about[row],
            machine=society.agents.host[batch.about_slot[row]], order=occasions.order[row], act=acts.act,
            watched=batch.watched[row], truthful=truthful,
        )  # fmt: skip


def _stances(society: Society, moment: Moment) -> None:
    """An agent's stance is whether it chose core protection at its last occasion for it."""
    for batch in moment.batches:
        _set_stances(batch.occasions.open, batch.main, batch.occasions.slot, CORE, society.agents.stance)


@kernel
def _set_stances(open_: Any, main: Any, slot: Any, core: Any, stance: Any) -> None:
    for row in range(len(slot)):
        if open_[row] & core:
            stance[slot[row]] = (1 << main[row]) & core != 0


SETTLE = Rule(
    "settle", settle, owns=(
        "agents.stance", "agents.saved", "agents.merit", "agents.rated", "agents.lows", "agents.confirming",
    ),
)  # fmt: skip
SAY = Rule("messages", say)
