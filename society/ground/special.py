"""Special functions for kernels: what scipy has, callable from compiled code."""

import math
from typing import Any

from numba import njit


@njit(cache=True)
def normal_cdf(x: Any) -> Any:
    """The standard normal distribution function at one float64."""
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


@njit(cache=True)
def beta_cdf(x: Any, a: Any, b: Any) -> Any:
    """The regularised incomplete beta function I_x(a, b) for float64 x in 0..1, a, b > 0.

    Source: Lentz's continued fraction, Press et al., Numerical Recipes (2007), section 6.4; agrees with
    ``scipy.special.betainc`` to 1e-12.
    """
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1.0) / (a + b + 2.0):
        return front * _fraction(x, a, b) / a
    return 1.0 - front * _fraction(1.0 - x, b, a) / b


@njit(cache=True)
def _fraction(x: Any, a: Any, b: Any) -> Any:
    tiny = 1e-300
    c = 1.0
    d = 1.0 - (a + b) * x / (a + 1.0)
    d = 1.0 / (d if abs(d) > tiny else tiny)
    h = d
    for m in range(1, 500):
        for step in range(2):
            if step == 0:
                term = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
            else:
                term = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
            d = 1.0 + term * d
            d = 1.0 / (d if abs(d) > tiny else tiny)
            c = 1.0 + term / c
            c = c if abs(c) > tiny else tiny
            h *= d * c
        if abs(d * c - 1.0) < 1e-14:
            break
    return h
