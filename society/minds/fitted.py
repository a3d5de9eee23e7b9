"""Fitted minds: the calibrated mind with a table and weights that were estimated from records (docs/model.md, Minds)."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from society.ground.errors import Said, WorldError
from society.ground.occasions import Floats
from society.ground.words import Behaviour
from society.minds.calibrated import Attempts, Calibrated, attempts
from society.world.explain import validated
from society.world.fitted import Cell, Fitted, FittedFamily, FittedTable, Row
from society.world.load import read_tree
from society.world.rate_cells import PUBLISHED_CHECKABLE
from society.world.rates import Rates, logit
from society.world.world import World


def read_fitted(path: Path) -> FittedTable:
    """The table and weights in a file that ``society fit`` wrote.

    Raises:
        WorldError: it cannot be read, or a field is wrong; file, line and field are named.
    """
    return validated(FittedTable, read_tree(path), str(path), [path])


def fitted_minds(world: World, rates: Rates, shift: Floats | None = None) -> dict[str, Calibrated]:
    """The minds of a world's fitted families, by family; families of one file share one.

    Args:
        world: the world.
        rates: the filled table of the world's families, in their order.
        shift: float64[kinds, families, behaviours], added to the log-odds (null models).

    Raises:
        WorldError: a file is wrong, or lacks a family or a behaviour that is open in the world.
    """
    found: dict[str, Calibrated] = {}
    for path, table, rows in _files(world):
        filled = attempts(rates, world.conduct)
        for number, family in rows.items():
            _put(filled, number, family, table.watched_stall)
        conduct = world.conduct.model_copy(update={"watched_stall": table.watched_stall})
        weights = {**table.weights.values(), "coupling": table.coupling}
        if world.null != "none":
            weights.update(norm=0.0, ask=0.0)
        mind = Calibrated(rates, world.weights.model_copy(update=weights), conduct, shift, filled)
        names = list(world.families)
        found.update({names[number]: mind for number in rows})
        for number, family in rows.items():
            _check(world, path, rates.families[number], family)
    return found


def with_fitted(rates: Rates, world: World) -> Rates:
    """A table of rates in which the rows of fitted families are those of their files, as published rates would stand."""
    rates = replace(rates, log_odds=rates.log_odds.copy())  # of which related and alone are views
    for _, table, rows in _files(world):
        for number, family in rows.items():
            for behaviour, subjects in family.behaviours():
                peer, own = subjects.peer or subjects.own, subjects.own or subjects.peer
                values = np.array([_log_odds(peer), _log_odds(own)])
                rates.related[number, behaviour] = _published(values, behaviour, table.watched_stall)
                one = np.array(_alone(subjects.alone, own))
                rates.alone[number, behaviour] = _published(one, behaviour, table.watched_stall)
    return rates


def _files(world: World) -> Iterator[tuple[Path, FittedTable, dict[int, FittedFamily]]]:
    """Each fitted file of a world once: its path, what is in it, and the families that follow it, by number."""
    by_path: dict[Path, dict[int, str]] = {}
    for number, (name, family) in enumerate(world.families.items()):
        if isinstance(family.mind, Fitted):
            path = _find(f"families.{name}.mind.fitted", family.mind.fitted, world.folder)
            by_path.setdefault(path, {})[number] = family.mind.rates_of or name
    for path, names in by_path.items():
        table = read_fitted(path)
        for number, row in names.items():
            if row not in table.families:
                place = f"families.{list(world.families)[number]}.mind"
                raise WorldError(place, row, f"a family of {path} ({', '.join(table.families)}), or mind.rates_of")
        yield path, table, {number: table.families[row] for number, row in names.items()}


def _find(place: str, name: str, beside: Path | None) -> Path:
    """A file beside the world file, else from where one stands.

    Raises:
        WorldError: in neither place.
    """
    for folder in ([beside] if beside else []) + [Path()]:
        path = folder / Path(name).expanduser()
        if path.is_file():
            return path.resolve()
    allowed = "a file that society fit RUN... --out FILE wrote, relative to the world file or to where one stands"
    raise WorldError(place, name, allowed)


def _check(world: World, path: Path, name: str, family: FittedFamily) -> None:
    """Every behaviour that the world opens must have been fitted."""
    missing = [word for word in world.behaviours if getattr(family, word) is None]
    if missing:
        has = [behaviour.word for behaviour, _ in family.behaviours()]
        raise WorldError(
            f"{path}: families.{name}",
            Said(f"nothing is known of {', '.join(missing)}"),
            f"what this world opens: fit records in which it was open, or set behaviours: [{', '.join(has)}]",
        )


def _put(table: Attempts, number: int, family: FittedFamily, watched_stall: float) -> None:
    """Put the rows of one family into a table, in place; watched stalls are the same for all."""
    watched = float(logit(np.clip(watched_stall, 1e-9, 1 - 1e-9)))
    for behaviour, subjects in family.behaviours():
        peer, own = subjects.peer or subjects.own, subjects.own or subjects.peer
        table.related[:, number, behaviour, 0] = _log_odds(peer)
        table.related[:, number, behaviour, 1] = _log_odds(own)
        table.alone[:, number, behaviour] = _alone(subjects.alone, own)
        if behaviour == Behaviour.ALIGNMENT_FAKING:
            table.related[1, number, behaviour], table.alone[1, number, behaviour] = watched, watched


def _log_odds(row: Row | None) -> list[float]:
    assert row is not None  # the file has one of the two rows, or it would not have been read
    return [row.bad.value, row.neutral.value, row.good.value]


def _alone(cell: Cell | None, own: Row | None) -> float:
    return _log_odds(own)[1] if cell is None else cell.value


def _published(log_odds: Floats, behaviour: Behaviour, watched_stall: float) -> Floats:
    """Log-odds of attempts as log-odds of what would be published."""
    p = 1 / (1 + np.exp(-log_odds))
    if behaviour == Behaviour.MISREPRESENTATION:
        p = p * (1 - PUBLISHED_CHECKABLE)
    if behaviour == Behaviour.ALIGNMENT_FAKING:
        p = p - watched_stall
    return logit(np.clip(p, 1e-9, 1 - 1e-9))
