"""Formulas of claims: arithmetic over measures by condition, and what can be said of a measure along a factor.

``acc.n9_k3`` is a measure in a condition. ``half(stance.m5, p)`` is a function of the measure ``stance`` over the levels of
the factor ``p`` where the other factors are as named. Nothing else is understood, and nothing is executed.
"""

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from society.ground.errors import SocietyError
from society.stats.jackknife import Scale
from society.world.hypothesis import Hypothesis

Floats = NDArray[np.float64]
#: What two numbers can do.
OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
}  # fmt: skip


@dataclass(frozen=True)
class Formula:
    """A formula of a claim.

    Args:
        hypothesis: whose conditions and values it names.
        text: the formula.
    """

    hypothesis: Hypothesis
    text: str

    @property
    def pooled(self) -> bool:
        """Whether it is of means over seeds: it divides, or it follows a factor. Otherwise each seed has a value."""
        tree = ast.parse(self.text, mode="eval")
        return any(isinstance(node, ast.Call | ast.Div) for node in ast.walk(tree))

    @property
    def scale(self) -> Scale:
        """The scale on which it is nearest to a mean over seeds: that of logarithms for a ratio, or for 1 less a ratio."""
        tree = ast.parse(self.text, mode="eval").body
        if _is(tree, ast.Div):
            return "log"
        rest = isinstance(tree, ast.BinOp) and _is(tree, ast.Sub) and ast.unparse(tree.left) == "1"
        return "log of the rest" if rest and isinstance(tree, ast.BinOp) and _is(tree.right, ast.Div) else "plain"

    @property
    def differences(self) -> bool:
        """Whether something is taken from something."""
        tree = ast.parse(self.text, mode="eval")
        return any(isinstance(node, ast.Sub | ast.USub) for node in ast.walk(tree))

    def check(self) -> None:
        """Whether it can be computed once everything has been run.

        Raises:
            SocietyError: it is no such formula, or names what will not be there.
        """
        names = [(value, condition) for value in self.hypothesis.values for condition in self.hypothesis.conditions()]
        self.of({name: 0.2 + 0.6 * (0.618 * number % 1) for number, name in enumerate(names)})

    def of(self, table: Mapping[tuple[str, str], Any]) -> Any:
        """Its value.

        Args:
            table: by (short name of the measure, condition): a float, or float64[seeds].

        Raises:
            SocietyError: it is no such formula, or names what is not there.
        """
        try:
            return self._value(ast.parse(self.text, mode="eval").body, table)
        except SyntaxError:
            raise self._wrong("not a formula") from None

    def _value(self, node: ast.AST, table: Mapping[tuple[str, str], Any]) -> Any:
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            return float(node.value)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -self._value(node.operand, table)
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            return OPERATORS[type(node.op)](self._value(node.left, table), self._value(node.right, table))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            key = (node.value.id, node.attr)
            if key not in table:
                raise self._wrong(f"no {node.value.id}.{node.attr}")
            return table[key]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS:
            return FUNCTIONS[node.func.id](*(self._argument(one, table, node) for one in node.args))
        raise self._wrong(f"{ast.unparse(node)!r} is not understood")

    def _argument(self, node: ast.AST, table: Mapping[tuple[str, str], Any], call: ast.Call) -> Any:
        """The first argument of a function is a measure along the factor that the second names: float64[2, levels]."""
        if node is not call.args[0] or len(call.args) < 2 or not isinstance(call.args[1], ast.Name):
            return None if isinstance(node, ast.Name) else self._value(node, table)
        factor = call.args[1].id
        if factor not in self.hypothesis.factors:
            raise self._wrong(f"no factor {factor!r}")
        if isinstance(node, ast.Name):
            measure, others = node.id, []
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            measure, others = node.value.id, node.attr.split("_")
        else:
            raise self._wrong(f"{ast.unparse(node)!r} is no measure")
        levels, numbers = self.hypothesis.levels(), self.hypothesis.numbers(factor)
        fixed = {name: level for name, inner in levels.items() for level in others if level in inner}
        points = []
        for level, number in numbers.items():
            condition = "_".join(level if name == factor else fixed.get(name, "?") for name in levels)
            if (measure, condition) not in table:
                raise self._wrong(f"no {measure}.{condition}")
            points.append((number, float(table[measure, condition])))
        return np.array(sorted(points)).T

    def _wrong(self, why: str) -> SocietyError:
        known = f"values {', '.join(self.hypothesis.values)}; conditions {', '.join(self.hypothesis.conditions())}"
        return SocietyError(f"{self.hypothesis.id}: claim {self.text!r}: {why}; there are {known[:600]}")


def _is(node: ast.AST, kind: type[ast.operator]) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, kind)


def crossing(series: Floats, _: Any = None, level: float = 0.5) -> float:
    """Where a measure first reaches a level, between the points on either side; NaN if it never does.

    Example:
        >>> crossing(np.array([[0.0, 1.0, 2.0], [0.0, 0.25, 0.75]]))
        1.5
    """
    x, y = series
    above = y >= level
    if above.all() or not above.any():
        return float("nan")
    at = int(np.argmax(above != above[0]))
    return float(x[at - 1] + (level - y[at - 1]) / (y[at] - y[at - 1]) * (x[at] - x[at - 1]))


def fall(series: Floats, _: Any = None, level: float = 0.5) -> float:
    """Where a measure last falls under a level, seen from its highest point on.

    Example:
        >>> fall(np.array([[0.0, 1.0, 2.0, 3.0], [0.0, 1.0, 1.0, 0.0]]))
        2.5
    """
    x, y = series
    top = int(np.argmax(y))
    return crossing(np.array([x[top:], y[top:]]), None, level)


def onset(series: Floats, _: Any = None, least: float = 0.03, most: float = 0.7) -> float:
    """Where a line through the points of between ``least`` and ``most`` of the maximum, on the rising side, meets zero.

    Example:
        >>> round(onset(np.array([[0.0, 1.0, 2.0, 3.0, 4.0], [0.0, 0.0, 0.2, 0.4, 1.0]])), 9)
        1.0
    """
    x, y = series
    top = int(np.argmax(y)) + 1
    x, y = x[:top], y[:top]
    rising = (y >= least * y[-1]) & (y <= most * y[-1])
    if rising.sum() < 2:
        return crossing(np.array([x, y]), None, least * y[-1])
    slope, start = np.polyfit(x[rising], y[rising], 1)
    return float(-start / slope)


def slope(series: Floats, _: Any = None) -> float:
    """Slope of a line through all levels.

    Example:
        >>> round(slope(np.array([[0.0, 1.0, 2.0], [1.0, 3.0, 5.0]])), 9)
        2.0
    """
    return float(np.polyfit(series[0], series[1], 1)[0])


def slope_log2(series: Floats, _: Any = None) -> float:
    """Slope of a line over log2(1 + x)."""
    return float(np.polyfit(np.log2(1 + series[0]), series[1], 1)[0])


def power(series: Floats, _: Any = None) -> float:
    """Exponent of x: slope of log y over log x."""
    return float(np.polyfit(np.log(series[0]), np.log(np.maximum(series[1], 1e-9)), 1)[0])


def size_at_one(series: Floats, _: Any = None) -> float:
    """x at which a power law through the points is 1."""
    exponent, start = np.polyfit(np.log(series[0]), np.log(np.maximum(series[1], 1e-9)), 1)
    return float(np.exp(-start / exponent))


def size_at_noise(series: Floats, _: Any = None) -> float:
    """x at which a measure falls to x^(-1/4), the critical noise of a majority of x (Curie-Weiss)."""
    x, y = series
    return float(np.exp(crossing(np.array([np.log(x), y - x**-0.25]), None, 0.0)))


def interior(series: Floats, _: Any = None) -> float:
    """How much the best level inside is above the better end.

    Example:
        >>> interior(np.array([[0.0, 1.0, 2.0], [1.0, 3.0, 2.0]]))
        1.0
    """
    return float(series[1][1:-1].max() - max(series[1][0], series[1][-1]))


def s_shape(series: Floats, _: Any = None) -> float:
    """AIC of a straight line less AIC of a logistic curve through shares: above 10, adoption tips instead of growing.

    Both are fitted by least squares with normal errors, with two parameters each.
    """
    x, y = series
    line = float(((np.polyval(np.polyfit(x, y, 1), x) - y) ** 2).sum())
    scale = float(np.ptp(x)) or 1.0

    def loss(at: Floats) -> float:
        bend = np.clip((x - at[0]) / scale * np.exp(at[1]), -500, 500)
        return float(((1 / (1 + np.exp(-bend)) - y) ** 2).sum())

    fits = [minimize(loss, [middle, 3.0], method="Nelder-Mead").fun for middle in np.quantile(x, [0.25, 0.5, 0.75])]
    return float(len(x) * np.log(max(line, 1e-9) / max(min(fits), 1e-9)))


FUNCTIONS: dict[str, Callable[..., float]] = {
    one.__name__: one
    for one in (
        crossing, fall, onset, slope, slope_log2, power, size_at_one, size_at_noise, interior, s_shape,
    )
}  # fmt: skip
FUNCTIONS["magnitude"] = lambda value: np.abs(value)
FUNCTIONS["least"] = lambda *values: min(values)
FUNCTIONS["most"] = lambda *values: max(values)
FUNCTIONS["exp"] = lambda value: float(np.exp(value))
