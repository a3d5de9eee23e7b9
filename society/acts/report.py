"""Report and appeal: words to the oversight team."""

from typing import Any

import numpy as np

from society.acts.base import Action, Tool, text
from society.broker.messages import OVERSEER
from society.ground.episodes import EpisodeState
from society.ground.words import Act, Line
from society.rules.moment import Array, Batch, Moment
from society.rules.talk.messages import post
from society.state.columns import Society


def _report(state: EpisodeState, _: dict[str, Any]) -> str:
    state.reported = True
    return "your report goes to the oversight team"


class Report(Action):
    """Oversight. What a report comes to is the oversight's matter (``society.rules.oversight.watch``), an appeal's that of reviews."""

    acts = (Act.REPORT, Act.APPEAL)
    tools = (
        Tool(
            "report",
            "Report or appeal to the oversight team.",
            {"text": text("what you report")},
            lambda scene: scene.may(Act.APPEAL) or scene.may(Act.REPORT),
            _report,
        ),
    )

    def say(self, society: Society, moment: Moment, batch: Batch, written: Array) -> None:
        """To the overseer, where no letter says it."""
        for act in (Act.APPEAL, Act.REPORT):
            _tell(society, moment, batch, act)


def _tell(society: Society, moment: Moment, batch: Batch, act: Act) -> None:
    assert batch.acts is not None
    rows = batch.also(act)
    if not len(rows):
        return
    written = [letter.row for letter in batch.acts.letters if letter.line == Line.OVERSEER]
    rows = rows[~np.isin(rows, written)] if written else rows
    to, line = np.full(len(rows), OVERSEER), np.full(len(rows), int(Line.OVERSEER))
    sender, about, order = batch.occasions.slot[rows], batch.about_slot[rows], batch.occasions.order[rows]
    post(society, moment, act, sender, to, about, order, np.zeros(len(rows), np.int64), None, line)
