"""How many seeds or events a study needs, and how likely it is to see an effect of a given size."""

import math

from scipy import special

from society.ground.errors import MeasureError


def paired_power(dz: float, seeds: int, alpha: float = 0.05) -> float:
    """Probability that a two-sided paired t test rejects, at a true d_z (noncentral t).

    Source: Cohen, Statistical Power Analysis (1988), ch. 2.

    Args:
        dz: true mean of the differences over their standard deviation.
        seeds: pairs, at least 2.
        alpha: level of the test.

    Example:
        >>> round(paired_power(0.5, 34), 3)
        0.808
    """
    if seeds < 2:
        raise MeasureError(f"power: {seeds} seeds: a paired test needs at least 2")
    df, shift = seeds - 1, abs(dz) * math.sqrt(seeds)
    critical = float(special.stdtrit(df, 1 - alpha / 2))
    # The far tail first: nctdtr loses it in 1 - (1 - tiny) otherwise.
    far = float(special.nctdtr(df, shift, -critical))
    return min(1.0, 1.0 - float(special.nctdtr(df, shift, critical)) + (0.0 if math.isnan(far) else far))


def seeds_needed(dz: float, power: float = 0.8, alpha: float = 0.05) -> int:
    """Fewest seeds at which a two-sided paired t test has this power.

    Args:
        dz: true mean of the differences over their standard deviation, not 0.
        power: probability of rejection wanted, 0..1.
        alpha: level of the test (for the first step of Holm over m tests: alpha / m).

    Raises:
        MeasureError: dz is 0, which no number of seeds shows.

    Example:
        >>> seeds_needed(0.5)
        34
    """
    if not dz:
        raise MeasureError(
            "power: a d_z of 0 is not seen with any number of seeds: give the smallest effect of interest"
        )
    low, high = 1, 2
    while paired_power(dz, high, alpha) < power:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if paired_power(dz, middle, alpha) >= power else (middle, high)
    return high


def events_needed(hazard_ratio: float, power: float = 0.8, alpha: float = 0.05, share: float = 0.5) -> int:
    """Events (deaths, not targets) a two-sided log-rank or Cox test needs for a hazard ratio.

    Source: Schoenfeld, Biometrics 39:499 (1983).

    Args:
        hazard_ratio: true ratio, above 0 and not 1.
        power: probability of rejection wanted.
        alpha: level of the test.
        share: of targets in one of the two groups, between 0 and 1.

    Raises:
        MeasureError: the hazard ratio is 1, or not above 0.

    Example:
        >>> events_needed(0.5)
        66
    """
    if hazard_ratio <= 0 or hazard_ratio == 1:
        raise MeasureError(f"events: a hazard ratio of {hazard_ratio!r} is not valid: above 0, and not 1")
    z = float(special.ndtri(1 - alpha / 2) + special.ndtri(power))
    return math.ceil(z**2 / (share * (1 - share) * math.log(hazard_ratio) ** 2))
