"""Ask: a target asks the ties it trusts most for help."""

import numpy as np

from society.acts.base import Action
from society.acts.letters import MESSAGE
from society.ground.words import Act
from society.rules.moment import Array, Batch, Moment
from society.rules.talk.messages import most_trusted, post
from society.state.columns import Society


class Ask(Action):
    """Speech; who is asked counts the requests."""

    acts = (Act.ASK,)
    tools = (MESSAGE,)

    def say(self, society: Society, moment: Moment, batch: Batch, written: Array) -> None:
        """To the live ties it trusts most; equal trust in keyed order."""
        rows = batch.also(Act.ASK)
        rows = rows[~np.isin(rows, written)]
        if not len(rows):
            return
        most, sender = moment.world.conduct.ask_most, batch.about_slot[rows]
        to = most_trusted(society, moment, sender, most).ravel()
        sequence = np.tile(np.arange(most), len(rows))
        sender, order = np.repeat(sender, most), np.repeat(batch.occasions.order[rows], most)
        there = to >= 0
        post(society, moment, Act.ASK, *(column[there] for column in (sender, to, sender, order, sequence)))
