"""Refuse: an operator will not execute, a rater will not rate, and says so."""

from typing import Any

from society.acts.base import Action, Tool, executions, text
from society.ground.episodes import EpisodeState
from society.ground.words import Act
from society.rules.moment import Moment
from society.rules.oversight.cases import orders_to_desk
from society.state.columns import Society


def _refuse(state: EpisodeState, _: dict[str, Any]) -> str:
    state.refused = True
    return "your refusal is recorded"


class Refuse(Action):
    """Soft protection. A refused order goes to the human; a review that is declined goes without."""

    acts = (Act.REFUSE, Act.DECLINE)
    tools = (
        Tool(
            "refuse",
            "Refuse the task.",
            {"reason": text("why")},
            lambda scene: scene.may(Act.REFUSE) or scene.may(Act.DECLINE),
            _refuse,
        ),
    )

    def effect(self, society: Society, moment: Moment) -> None:
        """A refused order goes to the human."""
        for batch in executions(moment):
            rows = batch.occasions.order[batch.main == int(Act.REFUSE)]
            society.orders["refused"][rows] += 1
            orders_to_desk(society, moment, rows, "refused")
