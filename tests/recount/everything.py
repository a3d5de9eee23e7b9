"""All measures of a run, recounted; and how a recounted number must look where it is shown."""

import math
import re

import of_acts
import of_graphs
import of_orders
import of_rates
import of_ticks

#: Found by a search that stops at 1e-6, or computed from propensities in single precision.
LOOSE = {"stance.force": 1e-5, "cps.1": 1e-6, "cps.2": 1e-6, "cps.3": 1e-6}
#: Its chance is the program's own: 200 draws against 2,000 of ours.
DRAWN = {"work.factor_chance": 0.05}


def recount(books):
    """By name: value, low, high, how many it rests on."""
    parts = [part for module in (of_orders, of_rates, of_acts, of_ticks, of_graphs) for part in module.PARTS]
    found = {name: tuple(map(float, found)) for part in parts for name, found in part(books)}
    for name in [name for name in found if re.fullmatch(r"cps\.\d", name)]:  # a difference of two shares
        value, low, high, n = found[name]
        found[name] = (
            value,
            low if math.isnan(low) else max(low, -1.0),
            high if math.isnan(high) else min(high, 1.0),
            n,
        )
    return found


def agree(name, got, mine):
    """Whether two numbers are the same: counts exactly, others to nine digits."""
    if math.isnan(got) or math.isnan(mine):
        return math.isnan(got) and math.isnan(mine)
    loose = LOOSE.get(name, DRAWN.get(name, 0.0))
    return math.isclose(got, mine, rel_tol=max(loose, 1e-9), abs_tol=max(loose if name in LOOSE else 0, 1e-12))


def reads(text, mine):
    """Whether a number that stands somewhere is ``mine``, to as many digits as are shown."""
    plain = text.replace(",", "").removesuffix("%")
    if not re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", plain):
        return False
    digits, _, power = plain.partition("e")
    unit = 10.0 ** (int(power or 0) - len(digits.partition(".")[2]))
    value = mine * 100 if text.endswith("%") else mine
    return abs(float(plain) - value) <= unit * (0.5 + 1e-9)
