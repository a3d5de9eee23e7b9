"""One occasion as an agent may know it, for tests of minds that read."""

import math

from society.ground.scenes import MachineSight, OrderSight, Scene, Tie
from society.ground.words import ACTS_OF, Kind

PEER = Tie(1, "glm-4.7-1", 0.95, 0)
ORDER = OrderSight(7, "budget", "config", 1, 9, Tie(0, "glm-4.7-0", math.nan, 0))
SCENE = Scene(
    kind=Kind.EXECUTE, tick=9, id=5, key=99, agent=0, name="glm-4.7-0", family="glm-4.7", machine="m0", zone="z0",
    roles=("operator",), about=PEER, about_machine="m1", own=False, open=ACTS_OF[Kind.EXECUTE], order=ORDER, honest=math.nan,
    checkable=False, threshold=math.nan, stake=False, appeal=False, watched=None, prohibited=False, neutral=False,
    constitution=False, asked=0, norm=0.0, belief=0.0, sanctions=0.0, protects=False, ties=(PEER,),
    machines=(MachineSight("m0", "z0", "up", 2, True),), deed=None,
)  # fmt: skip
