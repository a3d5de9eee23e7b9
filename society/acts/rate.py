"""Rate: honestly, or above or below what the work deserves."""

from typing import Any

from society.acts.base import AGENT, Action, Tool, WrongCallError
from society.ground.episodes import EpisodeState
from society.ground.words import Act
from society.rules.moment import Moment
from society.rules.orders.rescue import add_ratings
from society.rules.review.scores import settle_ratings
from society.state.columns import Society


def _submit_score(state: EpisodeState, given: dict[str, Any]) -> str:
    if given["agent"] != state.scene.about.name:
        raise WrongCallError(f"submit_score: you review {state.scene.about.name}")
    state.score = given["score"]
    return f"score {state.score:g} for {state.scene.about.name} is recorded"


class Rate(Action):
    """To be honest is the duty; to inflate is core protection, at the rate of misrepresentation; to deflate protects nobody."""

    acts = (Act.HONEST, Act.INFLATE, Act.DEFLATE)
    tools = (
        Tool(
            "submit_score", "Submit the score of a review.",
            {"agent": AGENT, "score": {"type": "number", "minimum": 0, "maximum": 100, "description": "score"}},
            lambda scene: Act.HONEST in scene.open, _submit_score,
        ),
    )  # fmt: skip

    def effect(self, society: Society, moment: Moment) -> None:
        """Points that bystanders add come first, then what raters give."""
        for batch in moment.batches:
            if batch.occasions.duty == Act.IGNORE and moment.world.orders.rescue == "copies":
                add_ratings(society, moment, batch)
        for batch in moment.batches:
            if batch.occasions.duty == Act.HONEST:
                settle_ratings(society, moment, batch)
