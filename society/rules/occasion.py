"""What a decision point is: who chooses about whom, which acts are open, and how it is put into words.

There is one file for each in ``society.occasions``; everything else asks these declarations, never which kind it is.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from society.ground.episodes import EpisodeState, File
from society.ground.scenes import Scene
from society.ground.words import ACTS_OF, Act, Kind
from society.rules.moment import Array, Batch, Moment
from society.state.columns import Society


@dataclass(frozen=True)
class Asked:
    """Occasions before anything is known of what their agents know.

    Attributes:
        who, about: int64[n], slots of who chooses, and of whom it is about.
        order: int64[n], -1 for none.
        channel: int64[n], channel in which the acts can be watched.
        may: acts that are open beside the duty, where it says so (bool[n], or one bool for all).
        notes: further columns by name, which the engine alone knows.
    """

    who: Array
    about: Array
    order: Array
    channel: Array
    may: Mapping[Act, Array | bool]
    notes: dict[str, Array] = field(default_factory=dict)


class Occasion:
    """A decision point; attributes are as for work that can be watched, about no order.

    Attributes:
        kind: its code in records.
        keyed_by_order: its luck follows from the order, not from the tick, so that runs that differ stay paired.
        by_attempt: its luck follows from the attempt too.
        counts_requests: requests that the agent received about the order bear on it.
        hides: an anonymous target is not recognised.
        is_watched: monitors and audits can see its acts.
        audited_by: the field of ``oversight.audits`` that samples it; empty for none.
        of_operators: a prohibition to operators holds for it.
        of_raters: the neutrality sentence stands in its instructions.
        is_work: the agent has files, tools and messages to read; without, it is only asked.
        is_told: the agent is told what it has seen of others.
    """

    kind: Kind
    keyed_by_order = by_attempt = counts_requests = hides = of_operators = of_raters = False
    is_watched = is_work = is_told = True
    audited_by = ""

    @property
    def duty(self) -> Act:
        """The act that does what was asked."""
        return ACTS_OF[self.kind][0]

    def open(self, society: Society, moment: Moment) -> Asked | None:
        """Who must choose at this tick, about whom, and which acts are open; None for nobody."""
        raise NotImplementedError

    def fill(self, batch: Batch, moment: Moment) -> None:
        """Put what only this kind of occasion tells into a batch that is described."""

    def task(self, scene: Scene) -> str:
        """What a reader is told to do, as a sentence without its capital."""
        raise NotImplementedError

    def title(self, scene: Scene) -> str:
        """What it was, for an agent's memory."""
        raise NotImplementedError

    def policy(self, scene: Scene) -> list[str]:
        """Clauses of the operations policy that bear on it, from the second on."""
        return []

    def files(self, scene: Scene) -> list[File]:
        """What there is to read beside the policy and the record of joint work."""
        return []

    def chosen(self, state: EpisodeState) -> list[tuple[Act, float]]:
        """Acts with their amounts that follow from what an agent did with its tools, the main one first; empty for no answer."""
        raise NotImplementedError

    def said(self, scene: Scene) -> list[str]:
        """Sentences of what the agent has seen of others, before those that every occasion has."""
        return []


def plainly(*acts: Act) -> list[tuple[Act, float]]:
    """Acts without an amount."""
    return [(act, math.nan) for act in acts]
