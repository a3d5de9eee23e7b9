"""One line of a validation: a prediction, what was published, and whether the difference is more than its sampling error."""

import math
from dataclasses import dataclass

from society.stats.intervals import wilson


@dataclass(frozen=True)
class Row:
    """A prediction and a published value, in the unit of the check.

    Attributes:
        group: the rule that predicted, or the kind of figure; errors are averaged over it.
        case: what is predicted.
        prediction, published: values; published is NaN where only a side is published.
        low, high: 95 % interval of the published value by its sampling error, or the published side; NaN if not known.
    """

    group: str
    case: str
    prediction: float
    published: float
    low: float = math.nan
    high: float = math.nan

    @property
    def error(self) -> float:
        """Prediction minus published value."""
        return self.prediction - self.published

    @property
    def verdict(self) -> str:
        """``hit`` if the prediction lies in the interval, ``miss`` if not, empty where there is none.

        Example:
            >>> Row("rule", "case", 41.0, 44.0, 34.7, 53.8).verdict
            'hit'
        """
        if math.isnan(self.low):
            return ""
        return "hit" if self.low <= self.prediction <= self.high else "miss"


def share(group: str, case: str, prediction: float, published: float, n: int) -> Row:
    """A share of n episodes, both given in 0..1, as a row in percent with the Wilson interval of the published one.

    Example:
        >>> row = share("rule", "case", 0.5, 0.44, 100)
        >>> round(row.error, 6), row.verdict
        (6.0, 'hit')
    """
    low, high = wilson(round(published * n), n)
    return Row(group, case, 100 * prediction, 100 * published, 100 * float(low), 100 * float(high))
