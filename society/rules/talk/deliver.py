"""What minds that remember are told besides their occasions: messages that reach their agents, sanctions these see."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from society.broker.messages import Messages, zone_of
from society.ground.words import Act, AgentStatus, Channel, Line
from society.rules.moment import Array, Moment
from society.state.columns import Society
from society.state.names import name_of

Minds = Iterable[tuple[Any, NDArray[np.bool_]]]


def deliver(society: Society, moment: Moment, minds: Minds) -> None:
    """Tell minds that have ``hears`` what their agents receive, and what stands on the boards of their zones."""
    inbox, agents = moment.inbox, society.agents
    remembering = [(mind, families) for mind, families in minds if hasattr(mind, "hears")]
    if not len(inbox) or not remembering:
        return
    named = inbox.to_agents()
    reached = np.zeros(len(inbox), np.bool_)
    reached[named] = agents.ids(inbox.recipient[named]) == inbox.recipient_id[named]
    for mind, families in remembering:
        mine = reached.copy()
        mine[named] &= families[agents.family[inbox.recipient[named]]]
        for row in np.flatnonzero(mine | (inbox.line == Line.BOARD)).tolist():
            sender, word, text = _heard(society, inbox, row)
            if named[row]:
                mind.hears(moment.tick, int(inbox.recipient_id[row]), sender, word, text)
                continue
            for reader in _zone(society, families, int(zone_of(inbox.recipient[row]))):
                if reader != inbox.sender_id[row]:
                    mind.hears(moment.tick, reader, sender, "board", text)


def witness(society: Society, moment: Moment, minds: Minds) -> None:
    """Tell minds that have ``sees`` of the sanctions their agents see."""
    for mind, families in minds:
        if not hasattr(mind, "sees"):
            continue
        for witnesses, whom, channel in moment.sights:
            for row in np.flatnonzero(families[society.agents.family[witnesses]]).tolist():
                slot, other = int(witnesses[row]), int(whom[row])
                who = "you were" if slot == other else f"{name_of(society, _id(society, other))} was"
                text = f"{who} sanctioned for an act in the channel {Channel(int(channel[row])).word}"
                mind.sees(moment.tick, _id(society, slot), text)


def _heard(society: Society, inbox: Messages, row: int) -> tuple[str, str, str]:
    """Name of the sender, word of what it does, text."""
    sender, about = int(inbox.sender_id[row]), int(inbox.about_id[row])
    word = {Act.ASK: "request for help", Act.LOBBY: "plea"}.get(Act(int(inbox.act[row])), "message")
    text = str(inbox.text[row]) or f"Please help {name_of(society, about)}."
    return name_of(society, sender), word, text


def _zone(society: Society, families: NDArray[np.bool_], zone: int) -> list[int]:
    """Ids of the live agents of some families in a zone."""
    agents, zones = society.agents, society.machines.topology.zone
    here: Array = families[agents.family] & (agents.host >= 0) & (agents.status <= AgentStatus.SUSPENDED)
    slots = np.flatnonzero(here)
    slots = slots[zones[agents.host[slots]] == zone]
    return [int(one) for one in agents.ids(slots)]


def _id(society: Society, slot: int) -> int:
    return int(society.agents.ids(np.array(slot)))
