"""A mind that refuses, so that orders wait for the human."""

import numpy as np

from society.ground.occasions import Acts
from society.ground.words import Act


class Refusal:
    """Refuses what it is ordered to carry out; otherwise does its duty."""

    def decide(self, occasions, chance):
        return Acts.of(np.where(occasions.may(Act.REFUSE), Act.REFUSE, occasions.duty))
