"""What stands for a language model until a run connects it."""

from society.ground.chance import Chance
from society.ground.errors import RunError
from society.ground.occasions import Acts, Occasions


class Unconnected:
    """Cannot decide: somebody must give the family a mind that can."""

    def decide(self, occasions: Occasions, chance: Chance) -> Acts:
        """Explain.

        Raises:
            RunError: always.
        """
        raise RunError(
            "families: a language model has to be connected: society.run does it; or give the engine minds={family: mind}"
        )
