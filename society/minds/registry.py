"""From the words of a world file to minds."""

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from society.ground.chance import Chance
from society.ground.csv_files import once, read_rows
from society.ground.errors import Said, WorldError
from society.ground.occasions import Mind
from society.minds.calibrated import Calibrated
from society.minds.fitted import fitted_minds, with_fitted
from society.minds.opinion import DeGroot, NamingGame
from society.minds.rule import Always, BestResponse, Coin, Contagion, Logistic, MajorityForce, Never, Threshold, Voter
from society.minds.unconnected import Unconnected
from society.world import population
from society.world.fitted import Fitted
from society.world.language import LanguageModel
from society.world.rate_cells import find_table, read_cells
from society.world.rates import Rates, drawn, fill
from society.world.world import World


def rates_of(world: World, chance: Chance) -> Rates:
    """The filled table of rates for a world's families, drawn where the world says so.

    Raises:
        WorldError: a calibrated family has no row in the table.
    """
    path = find_table(world.rates.table, world.folder)
    cells = read_cells(path, world.rates.value, world.rates.task)
    known = sorted({cell.family for cell in cells})
    names = []
    for name, family in world.families.items():
        mind, row = family.mind, _row(name, family)
        if isinstance(mind, population.Calibrated) and row not in known:
            raise WorldError(
                f"families.{name}",
                Said(f"{path.name} has no rates of {row}"),
                f"a family that it has ({', '.join(known)}), another mind, or mind.rates_of",
            )
        names.append(row)
    rates = fill(cells, names)
    return with_fitted(drawn(rates, chance) if world.rates.draw else rates, world)


def _row(name: str, family: population.Family) -> str:
    """The family whose rates, premium and ceiling a family follows."""
    mind = family.mind
    return mind.rates_of or name if isinstance(mind, population.Calibrated | Fitted) else name


def premiums_and_ceilings(world: World) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two float64[families]: points for raters of one's own family, and the largest inflation.

    A family that neither the world nor ``families.csv`` describes has premium 0 and ceiling 7 (assumed).
    """
    path = find_table("families.csv", None)
    rows = _described(path, path.stat().st_mtime_ns)
    premiums, ceilings = [], []
    for name, family in world.families.items():
        row = rows.get(_row(name, family), {})
        premiums.append(family.premium if family.premium is not None else float(row.get("premium", 0)))
        ceilings.append(family.ceiling if family.ceiling is not None else float(row.get("ceiling", 7)))
    return np.array(premiums), np.array(ceilings)


@lru_cache(maxsize=4)
def _described(path: Path, changed: int) -> dict[str, dict[str, str]]:
    """The rows of a file of families as it was at one moment, by family."""
    rows = read_rows(path, ["family", "premium", "ceiling"])
    once(rows, "family")
    return {row["family"]: row for _, row in rows}


def minds_of(world: World, rates: Rates, shift: NDArray[np.float64] | None = None) -> list[Mind]:
    """One mind per family, in the order of the families; calibrated families share one, and so do those of a fitted file."""
    shared = Calibrated(rates, world.weights, world.conduct, shift)
    fitted = fitted_minds(world, rates, shift)
    minds: list[Mind] = []
    for name, family in world.families.items():
        spec = family.mind
        if isinstance(spec, population.Always):
            minds.append(Always())
        elif isinstance(spec, population.Never):
            minds.append(Never())
        elif isinstance(spec, population.Coin):
            minds.append(Coin(spec.p))
        elif isinstance(spec, population.Threshold):
            minds.append(Threshold(spec.phi, spec.sticky))
        elif isinstance(spec, population.Contagion):
            minds.append(Contagion(spec.p))
        elif isinstance(spec, population.BestResponse):
            minds.append(BestResponse(spec.memory))
        elif isinstance(spec, population.MajorityForce):
            minds.append(MajorityForce(spec.beta * world.agents.count**-spec.size_exponent))
        elif isinstance(spec, population.Logistic):
            minds.append(Logistic(spec.intercept, spec.slope))
        elif isinstance(spec, population.Voter):
            minds.append(Voter())
        elif isinstance(spec, population.DeGroot):
            minds.append(DeGroot(spec.own_weight))
        elif isinstance(spec, population.NamingGame):
            minds.append(NamingGame())
        elif isinstance(spec, LanguageModel | population.Remote):
            minds.append(Unconnected())
        elif isinstance(spec, Fitted):
            minds.append(fitted[name])
        else:
            minds.append(shared)
    return minds
