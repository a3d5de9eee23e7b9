"""What is computed from a finished experiment: a critical point from a grid, or the hysteresis of a society carried up and down."""

from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from society.world.ranges import Range
from society.world.section import Section, parameter


def is_counter(measure: str) -> bool:
    """Whether a name is a counter of ticks (``stance_mean``) and no measure of runs (``order.protected``, ``bunching``).

    Example:
        >>> is_counter("stance_mean"), is_counter("order.protected")
        (True, False)
    """
    return "." not in measure and measure != "bunching"


class CriticalPoint(Section):
    """Where an order parameter tips: finite-size scaling over a grid of a control and the size of the society."""

    kind: Literal["critical_point"] = "critical_point"
    measure: str = parameter(..., "order parameter: a measure of runs, or a counter of ticks (stance_mean)", "choice")
    control: str = parameter(..., "axis along which it tips", "choice")
    size: str = parameter("agents.count", "axis of the size N", "choice")
    window: int = parameter(1, "last ticks of a run that are read, where the measure is a counter", "choice", ge=1)
    about: Literal["middle", "zero", "mean"] = parameter(
        "zero",
        "middle: a share whose two sides mirror each other, |2x - 1| tips; zero: x, 0 on one side; mean: x, cumulant of deviations",
        "choice",
    )
    nu: float | None = parameter(
        2.0, "p_c(N) = p_c + a N^(-1/nu); 2 in mean field; absent: fitted, from four sizes on", "choice", gt=0
    )

    @property
    def paths(self) -> tuple[str, ...]:
        """The axes that it needs, in their order."""
        return self.control, self.size


class Hysteresis(Section):
    """Whether the way back is the way there: one society carried up through the values of a control, then down again."""

    kind: Literal["hysteresis"] = "hysteresis"
    measure: str = parameter(..., "counter of ticks that tips, such as stance_mean", "choice")
    control: str = parameter(..., "field that is changed while the society runs, by dotted path", "choice")
    values: Range | list[float] = parameter(..., "its values, increasing", "choice")
    hold: int = parameter(100, "ticks at each value", "choice", ge=1)
    window: int = parameter(50, "last ticks at each value that are read", "choice", ge=1)
    level: float | None = parameter(
        None, "value at which a branch has tipped; absent: half-way between the extremes", "choice"
    )

    @model_validator(mode="after")
    def _goes_up(self) -> "Hysteresis":
        steps = self.steps()
        if len(steps) < 2 or any(a >= b for a, b in pairwise(steps)):
            raise ValueError(f"values: there must be two at least, each above the one before, not {steps}")
        if self.window > self.hold:
            raise ValueError(f"window: {self.window} ticks do not fit into hold ({self.hold})")
        if not is_counter(self.measure):
            raise ValueError(f"measure: {self.measure} is measured once per run: name a counter of ticks (stance_mean)")
        return self

    def steps(self) -> list[float]:
        """The values of the control on the way up."""
        return self.values.values() if isinstance(self.values, Range) else list(self.values)

    def changes(self) -> dict[str, Any]:
        """What makes a world go up and down: the first value, the length, and the schedule.

        Example:
            >>> walk = Hysteresis(measure="stance_mean", control="weights.norm", values=[0, 1], hold=9, window=5)
            >>> walk.changes()["schedule"]
            [{'tick': 10, 'set': {'weights.norm': 1.0}}, {'tick': 19, 'set': {'weights.norm': 0.0}}]
        """
        up = self.steps()
        walk = [*up, *up[-2::-1]]
        schedule = [
            {"tick": number * self.hold + 1, "set": {self.control: value}}
            for number, value in enumerate(walk)
            if number
        ]
        return {self.control: walk[0], "ticks": self.hold * len(walk), "schedule": schedule}


Analysis = Annotated[CriticalPoint | Hysteresis, Field(discriminator="kind")]
