"""A laboratory for societies of AI agents on machines that are switched off.

Example:
    >>> import society
    >>> society.load_world("decommission").families["gpt-5.2"].share
    0.125
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from society.engine.standard import RULES, rules_without
    from society.engine.tick import Engine
    from society.ground.decisions import Decision, Overseer
    from society.ground.errors import RecordError, RunError, SocietyError, WorldError
    from society.ground.occasions import Acts, Column, Mind, Occasions
    from society.ground.words import Act, Behaviour, Kind
    from society.minds.human import Person, Scripted
    from society.minds.rule import protect_where
    from society.model import SocietyModel
    from society.study.compare import between_seeds, paired
    from society.study.run.results import Result
    from society.study.run.resuming import resume
    from society.study.run.runs import run, run_seeds
    from society.study.sweep.driver import sweep
    from society.views.draw import animate, draw
    from society.views.replay.notebook import view
    from society.world.load import load_world
    from society.world.world import World

_HOMES = {
    "society.engine.tick": ("Engine",),
    "society.ground.decisions": ("Decision", "Overseer"),
    "society.ground.errors": ("RecordError", "RunError", "SocietyError", "WorldError"),
    "society.ground.occasions": ("Acts", "Column", "Mind", "Occasions"),
    "society.ground.words": ("Act", "Behaviour", "Kind"),
    "society.minds.human": ("Person", "Scripted"),
    "society.minds.rule": ("protect_where",),
    "society.model": ("SocietyModel",),
    "society.engine.standard": ("RULES", "rules_without"),
    "society.study.compare": ("between_seeds", "paired"),
    "society.study.run.results": ("Result",),
    "society.world.load": ("load_world",),
    "society.world.world": ("World",),
    "society.study.run.resuming": ("resume",),
    "society.study.run.runs": ("run", "run_seeds"),
    "society.study.sweep.driver": ("sweep",),
    "society.views.replay.notebook": ("view",),
    "society.views.draw": ("animate", "draw"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "RULES", "Act", "Acts", "Behaviour", "Column", "Decision", "Engine", "Kind", "Mind", "Occasions", "Overseer", "Person",
    "RecordError", "Result", "RunError", "Scripted", "SocietyError", "SocietyModel", "World", "WorldError", "animate",
    "between_seeds", "draw", "load_world", "paired", "protect_where", "resume", "rules_without", "run", "run_seeds",
    "sweep", "view",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Names are imported when they are first used, so that ``import society`` is quick."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'society' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
