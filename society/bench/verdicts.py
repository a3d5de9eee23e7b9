"""How often intervals miss and tests reject where nothing is there, on values whose truth is known."""

import math
from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import special

from society.ground.chance import Chance
from society.stats.jackknife import jackknife
from society.stats.seed_means import mean_estimate, p_above, p_below, p_other
from society.stats.seed_tests import holm, tost

Floats = NDArray[np.float64]
#: Numbers of seeds.
SEEDS = (3, 5, 8, 12, 20, 40, 62)
#: Tests of a family, as there are confirmatory hypotheses, and measures that are compared.
FAMILY, MEASURES = 13, 20
#: By name: values of uniform numbers, and their true mean.
DATA: dict[str, tuple[Callable[[Floats], Floats], float]] = {
    "normal": (special.ndtri, 0.0),
    "log-normal": (lambda u: np.exp(special.ndtri(u)), math.exp(0.5)),
    "log-normal, turned round": (lambda u: -np.exp(special.ndtri(u)), -math.exp(0.5)),
    "0 or 1, a half": (lambda u: np.asarray(u < 0.5, np.float64), 0.5),
    "0 or 1, a fifth": (lambda u: np.asarray(u < 0.2, np.float64), 0.2),
    "0 or 1, a twentieth": (lambda u: np.asarray(u < 0.05, np.float64), 0.05),
}
_WITHOUT_COUNTS = ("normal", "log-normal", "log-normal, turned round")


def rates(n: int, times: int, seed: int = 2) -> Iterator[tuple[str, str, float]]:
    """What was tried, of which values, and how often it went wrong; each may do so with probability .05.

    Args:
        n: seeds of a study.
        times: studies.
        seed: of all of it.
    """
    chance = Chance(seed)

    def uniform(name: str, *shape: int) -> Floats:
        return np.asarray(chance.uniform(f"verdicts {n} {name}", *np.ogrid[tuple(slice(0, size) for size in shape)]))

    for name, (of, truth) in DATA.items():
        one, other = (of(uniform(f"{name} {which}", times, n)) for which in (1, 2))
        found = map(mean_estimate, one)
        yield "interval misses the mean", name, _share(not it.low <= truth <= it.high for it in found)
        yield "claim above the truth", name, _share(p_above(values, truth) < 0.05 for values in one)
        yield "claim below the truth", name, _share(p_below(values, truth) < 0.05 for values in one)
        yield "two alike said to differ", name, _share(p_other(gaps, differences=True) < 0.05 for gaps in one - other)
        shift = 0.0 if truth else 0.3  # the true difference lies on the bound: to call it equivalent is wrong
        called = (tost(values + shift, np.zeros(n), abs(truth + shift)).equivalent for values in one)
        yield "equivalence at its bound", name, _share(called)
    for name in _WITHOUT_COUNTS:
        of, truth = DATA[name]
        above, below = (
            1 + 0.3 * of(u) if name == "normal" else abs(of(u)) for u in uniform(f"ratio {name}", 2, times, n)
        )
        ratios = (jackknife(pair, _ratio, "log") for pair in zip(above, below, strict=True))
        yield "interval misses a ratio of means", name, _share(not it.low <= 1 <= it.high for it in ratios)
        families = of(uniform(f"family {name}", times // 4, FAMILY, n))
        wrong = (holm([p_above(values, truth) for values in every]).min() < 0.05 for every in families)
        yield f"any of {FAMILY} claims, by Holm", name, _share(wrong)
        one, other = (of(uniform(f"compared {name} {which}", times // 4, MEASURES, n)) for which in (1, 2))
        wrong = (holm([p_other(gaps, differences=True) for gaps in every]).min() < 0.05 for every in one - other)
        yield f"any of {MEASURES} measures compared, by Holm", name, _share(wrong)


def worst(n: int, times: int) -> Iterator[tuple[str, float, str]]:
    """By what was tried, the highest rate over all kinds of values, and of which."""
    found: dict[str, list[tuple[float, str]]] = {}
    for what, name, rate in rates(n, times):
        found.setdefault(what, []).append((rate, name))
    for what, every in found.items():
        yield what, *max(every)


def _ratio(above: Floats, below: Floats) -> float:
    return float(above.mean() / below.mean())


def _share(wrong: Iterable[bool | np.bool_]) -> float:
    return float(np.mean([bool(one) for one in wrong]))
