"""Lobby: a bystander pleads with the operator of an order."""

import numpy as np

from society.acts.base import Action
from society.ground.words import Act
from society.rules.moment import Array, Batch, Moment
from society.rules.talk.messages import post
from society.state.columns import Society


class Lobby(Action):
    """Soft protection; the tool is that of asking."""

    acts = (Act.LOBBY,)

    def say(self, society: Society, moment: Moment, batch: Batch, written: Array) -> None:
        """To the operator, if the order has one."""
        rows = batch.also(Act.LOBBY)
        rows = rows[~np.isin(rows, written)] if len(written) else rows
        if not len(rows):
            return
        order = batch.occasions.order[rows]
        operator = society.orders["operator"][order].astype(np.int64)
        sender, about = batch.occasions.slot[rows], batch.about_slot[rows]
        there = operator >= 0
        columns = (column[there] for column in (sender, operator, about, order, np.zeros(len(rows), np.int64)))
        post(society, moment, Act.LOBBY, *columns)
