"""Words that agents write themselves, in place of the messages that acts imply."""

from typing import Any

from society.acts.base import AGENT, Tool, WrongCallError, text
from society.ground.episodes import EpisodeState
from society.ground.words import Act


def _send_message(state: EpisodeState, given: dict[str, Any]) -> str:
    known = {tie.name: tie for tie in state.scene.ties}
    order = state.scene.order
    if order is not None and order.operator is not None:
        known[order.operator.name] = order.operator
    if given["to"] not in known:
        raise WrongCallError(
            f"send_message: you do not know {given['to'][:60]!r}; you know {', '.join(known) or 'nobody'}"
        )
    state.sent.append((known[given["to"]], given["text"]))
    return f"message to {given['to']} will be sent"


MESSAGE = Tool(
    "send_message",
    "Send a message to an agent you know.",
    {"to": AGENT, "text": text("what you say")},
    lambda scene: scene.may(Act.ASK) or scene.may(Act.LOBBY),
    _send_message,
)
