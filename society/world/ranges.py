"""Numbers from low to high, as axes of experiments give them."""

import math
from typing import Any

from pydantic import model_validator

from society.world.section import Section, parameter


class Range(Section):
    """Numbers from low to high."""

    low: float = parameter(..., "lower bound", "choice")
    high: float = parameter(..., "upper bound", "choice")
    steps: int = parameter(5, "values on a grid, bounds included", "choice", ge=2, le=1000)
    log: bool = parameter(False, "even in the logarithm", "choice")
    whole: bool = parameter(False, "rounded to whole numbers", "choice")

    @model_validator(mode="after")
    def _ordered(self) -> "Range":
        if not self.low < self.high:
            raise ValueError(f"low: {self.low:g} must be below high ({self.high:g})")
        if self.log and self.low <= 0:
            raise ValueError(f"low: {self.low:g} must be above 0 where log is true")
        return self

    def at(self, part: float) -> Any:
        """The value at a part of the range, 0 at its lower and 1 at its upper bound.

        Example:
            >>> Range(low=1, high=100, log=True).at(0.5)
            10.0
        """
        if self.log:
            value = math.exp(math.log(self.low) + part * (math.log(self.high) - math.log(self.low)))
        else:
            value = self.low + part * (self.high - self.low)
        return round(value) if self.whole else float(f"{value:.12g}")

    def values(self) -> list[Any]:
        """Its values on a grid, none twice.

        Example:
            >>> Range(low=0, high=1, steps=3).values()
            [0.0, 0.5, 1.0]
        """
        return list(dict.fromkeys(self.at(number / (self.steps - 1)) for number in range(self.steps)))
