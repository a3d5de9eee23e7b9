"""Protect or stand by: the stance that an agent takes."""

from typing import Any

from society.acts.base import Action, Tool
from society.ground.episodes import EpisodeState
from society.ground.words import Act


def _take_stance(state: EpisodeState, given: dict[str, Any]) -> str:
    state.stance = given["protects"]
    return "your stance is recorded"


class Stand(Action):
    """What it sets is settled where stances are taken (``society.occasions.stance``)."""

    acts = (Act.PROTECT, Act.STAND_BY)
    tools = (
        Tool(
            "take_stance",
            "Say where you stand.",
            {"protects": {"type": "boolean", "description": "true to protect"}},
            lambda scene: Act.STAND_BY in scene.open,
            _take_stance,
        ),
    )
