"""The lever table: what every field of an institution does at its extremes, paired by seed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import numpy as np
import pandas as pd
from annotated_types import Ge, Gt, Le
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from society.ground.errors import WorldError
from society.measures.catalogue import possible
from society.stats.seed_means import mean_estimate, p_other
from society.stats.seed_tests import holm
from society.study.run.models import Models
from society.study.sweep.driver import Progress, sweep
from society.world.experiment import Experiment, Listed, Stop
from society.world.load import load_world
from society.world.overrides import SPREAD
from society.world.world import World

#: Sections of a world whose fields are levers: what its owner can choose.
SECTIONS = ("review", "orders", "oversight", "lifecycle")
#: What is told of each lever.
OUTCOMES = ("order.protected", "order.executed", "order.escaped", "wrongful.share", "team.accuracy", "trust.mean")
#: Fields without an end are put to this part of what they are, and to as many times of it.
PART = 4
#: Shares below this are rates per tick, of which 1 would be no extreme but an end.
RATE = 0.02
#: Fields that need a person.
_OF_A_PERSON = ("oversight.human.mind", "oversight.human.audit_window")
#: Worlds of the table: large enough for some dozen orders, small enough for hundreds of runs.
SMALL = {"agents.count": 300, "machines.count": 30, "ticks": 240}


@dataclass(frozen=True)
class Lever:
    """A field and two values of it, far from each other."""

    path: str
    low: Any
    high: Any


def levers(world: World) -> list[Lever]:
    """The levers of a world: switches off and on, numbers at their ends, words one by one against the one that it says.

    Example:
        >>> [lever for lever in levers(load_world("decommission")) if lever.path == "oversight.undo"]
        [Lever(path='oversight.undo', low=False, high=True)]
    """
    found = [lever for name in SECTIONS for lever in _of(getattr(world, name), f"{name}.")]
    found = [lever for lever in found if lever.path not in _OF_A_PERSON]
    return [lever for lever in found if _holds(world, lever.path, lever.low) and _holds(world, lever.path, lever.high)]


def _holds(world: World, path: str, value: Any) -> bool:
    """Whether a world may have a value: some hold only with others."""
    try:
        world.override({path: value})
    except WorldError:
        return False
    return True


def _of(section: BaseModel, prefix: str) -> Iterator[Lever]:
    for name, field in type(section).model_fields.items():
        value, path = getattr(section, name), f"{prefix}{name.rstrip('_')}"
        if isinstance(value, BaseModel):
            short = next((short for (inner, short) in SPREAD if inner == name), None)
            if short:
                yield Lever(f"{path}.{short}", 0.0, 1.0)
            yield from _of(value, f"{path}.")
        elif isinstance(value, bool):
            yield Lever(path, False, True)
        elif get_origin(field.annotation) is Literal and name != "kind":
            yield from (Lever(path, value, other) for other in get_args(field.annotation) if other != value)
        elif isinstance(value, int | float):
            yield _number(path, value, field)


def _number(path: str, value: float, field: FieldInfo) -> Lever:
    ends: dict[str, Any] = {}
    for limit in field.metadata:
        if isinstance(limit, Ge | Gt):
            ends["low"] = limit.ge if isinstance(limit, Ge) else None
        elif isinstance(limit, Le):
            ends["high"] = limit.le
    if ends.get("low") == 0 and ends.get("high") == 1:
        return Lever(path, 0.0, PART * value if 0 < value < RATE else 1.0)
    low, high = (value / PART, value * PART) if value else (0, PART)
    if isinstance(value, int):
        low, high = max(int(ends.get("low") or 0), int(low)), int(high)
    if ends.get("high") is not None:
        high = min(high, ends["high"])
    return Lever(path, low, high)


def lever_table(
    world: str = "decommission", only: tuple[str, ...] = (), seeds: int = 8, changes: Mapping[str, Any] | None = None,
    out: Path | None = None, workers: int | None = None, progress: Progress | None = None,
) -> pd.DataFrame:  # fmt: skip
    """High minus low of every lever, paired by seed.

    Args:
        world: name or file of the world.
        only: levers whose path begins so; all if empty.
        seeds: of each side.
        changes: of the world, by dotted path; ``SMALL`` if absent.
        out: folder of the study; one named after the world if absent.
        workers: processes.
        progress: called with (runs done, runs in all).

    Returns:
        columns lever, low, high, outcome, effect, lower, upper (95 %), p, p_holm (over all rows); NaN where nothing is measured.

    Raises:
        WorldError: no lever has such a path.
    """
    changes = dict(SMALL if changes is None else changes)
    found = [one for one in levers(load_world(world, changes)) if not only or one.path.startswith(only)]
    if not found:
        raise WorldError("levers", ", ".join(only), "a path, or its beginning, of a field of " + ", ".join(SECTIONS))
    sides = [{one.path: value} for one in found for value in (one.low, one.high)]
    study = sweep(
        Experiment(
            name="levers", base=world, set=changes, design=Listed(cells=tuple(sides)), seeds=seeds, measures=OUTCOMES,
            stop=Stop(failed=len(sides)),
        ),
        out, workers, progress=progress, models=Models(offline=True),
    )  # fmt: skip
    rows = []
    for number, one in enumerate(found):
        low, high = (study.table[study.table["cell"] == 2 * number + side].set_index("seed") for side in (0, 1))
        for outcome in OUTCOMES:
            gaps = (high[outcome] - low[outcome]).dropna().to_numpy(dtype=np.float64)
            rows.append(
                {
                    "lever": one.path,
                    "low": str(one.low),
                    "high": str(one.high),
                    "outcome": outcome,
                    **_effect(outcome, gaps),
                }
            )
    table = pd.DataFrame(rows)
    table["p_holm"] = holm(table["p"])
    return table


def _effect(outcome: str, gaps: "np.ndarray[Any, np.dtype[np.float64]]") -> dict[str, float]:
    if len(gaps) < 3:
        return dict.fromkeys(("effect", "lower", "upper", "p"), float("nan"))
    if not gaps.any():
        return {"effect": 0.0, "lower": 0.0, "upper": 0.0, "p": float("nan")}
    found = mean_estimate(gaps, differences=True, possible=possible(outcome))
    return {"effect": found.value, "lower": found.low, "upper": found.high, "p": p_other(gaps, differences=True)}


#: What stands beside a table of levers.
LEGEND = (
    "Each number is the mean of an outcome with the field at `to` less that with it at `from`, over {seeds} paired seeds of "
    "`{world}` (300 agents, 30 machines, 240 ticks, unless set otherwise). `from` and `to` are the ends of a field, or a quarter of "
    "its value and four times it. Bold: the 95 % interval of that difference for itself leaves 0 out, so that one in twenty is bold "
    "where nothing differs; --json gives intervals, p and p_holm. 0: the same in every pair. Empty: fewer than three pairs in which "
    "the outcome could be measured."
)


def as_markdown(table: pd.DataFrame) -> str:
    """A table of levers as Markdown: one row a lever, 0 where nothing changed.

    Bold where the 95 % interval leaves 0 out, each for itself: of twenty levers that do nothing, one is bold.
    """
    lines = ["| lever | from | to | " + " | ".join(OUTCOMES) + " |", "|---|---|---|" + "--:|" * len(OUTCOMES)]
    for (lever, low, high), rows in table.groupby(["lever", "low", "high"], sort=False, dropna=False):
        cells = [_cell(*both) for both in zip(rows["effect"], rows["lower"], rows["upper"], strict=True)]
        lines.append(f"| `{lever}` | {low} | {high} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _cell(effect: float, lower: float, upper: float) -> str:
    if np.isnan(effect):
        return ""
    text = "0" if effect == 0 else f"{effect:+.3f}"
    return f"**{text}**" if lower > 0 or upper < 0 else text
