"""Hypothesis files: what is claimed, how it is tried, and what would count against it, written before the first run."""

import itertools
import re
from pathlib import Path
from typing import Any, Literal

from pydantic import PrivateAttr, model_validator

from society.world.experiment import Experiment, Listed
from society.world.section import Section, parameter

_LEVEL = re.compile(r"[a-z][a-zA-Z0-9]*")


class Levels(Section):
    """Levels of a factor that are values of one field."""

    path: str = parameter(..., "dotted path of the field", "choice")
    values: tuple[float | int | bool | str, ...] = parameter(..., "its values", "choice", min_length=1)


class Profile(Section):
    """How much is run."""

    seeds: int = parameter(..., "seeds of each condition, the same in all", "choice", ge=2, le=10_000)
    set: dict[str, Any] = parameter(dict, "changes of the base world, by dotted path", "choice")
    minutes: float = parameter(..., "how long it takes on two cores, about", "choice", gt=0)


class Claim(Section):
    """One number with what is predicted of it.

    ``above`` and ``below`` bound the prediction; both together claim equivalence, which is tested by two one-sided tests.
    """

    name: str = parameter(..., "what the number is", "choice", max_length=120)
    value: str = parameter(..., "formula over values and conditions, such as acc.n9_k3 - acc.n9_k1", "choice")
    above: float | None = parameter(None, "predicted to be above this", "choice")
    below: float | None = parameter(None, "predicted to be below this", "choice")
    falsified_above: float | None = parameter(None, "the hypothesis is false if it is above this", "choice")
    falsified_below: float | None = parameter(None, "the hypothesis is false if it is below this", "choice")
    kind: Literal["primary", "secondary", "null"] = parameter(
        "primary", "primary claims decide; a null is beaten if its claim holds, and must be", "choice"
    )
    published: float | None = parameter(None, "published value, for comparison", "choice")

    @model_validator(mode="after")
    def _predicts(self) -> "Claim":
        if self.above is None and self.below is None:
            raise ValueError(f"claim {self.name!r}: above, below, or both, must say what is predicted")
        if self.above is not None and self.below is not None and self.above >= self.below:
            raise ValueError(f"claim {self.name!r}: above ({self.above:g}) must be below below ({self.below:g})")
        return self


class Hypothesis(Section):
    """One hypothesis."""

    id: str = parameter(..., "H01 .. H99", "choice", pattern=r"^H\d\d$")
    title: str = parameter(..., "the claim in one sentence", "choice", max_length=120)
    question: str = parameter(..., "what one wants to know", "choice", max_length=600)
    source: str = parameter(..., "where it comes from", "choice", max_length=600)
    tier: Literal["A", "B"] = parameter("A", "A: if agents follow these rules; B: language models do", "choice")
    exploratory: bool = parameter(False, "not among the confirmatory tests", "choice")
    by_construction: str = parameter("", "what of the answer a parameter puts in; empty if nothing", "choice")
    nulls: str = parameter(..., "the null models it must beat, or why none applies", "choice", max_length=600)
    power: str = parameter(..., "smallest effect of interest, and seeds for 80 % power", "choice", max_length=400)
    base: str = parameter(..., "name or file of the world", "choice")
    set: dict[str, Any] = parameter(dict, "changes of the base world in all conditions", "choice")
    factors: dict[str, dict[str, dict[str, Any]] | Levels] = parameter(
        ..., "what varies: levels by name with their changes, or a path with values", "choice", min_length=1
    )
    extra: dict[str, dict[str, Any]] = parameter(dict, "conditions outside of the factors, such as nulls", "choice")
    values: dict[str, str] = parameter(..., "measures by the short names that claims use", "choice", min_length=1)
    claims: tuple[Claim, ...] = parameter(..., "what is predicted", "choice", min_length=1)
    profiles: dict[Literal["quick", "full"], Profile] = parameter(..., "quick: minutes, underpowered; full", "choice")
    notes: str = parameter("", "what was changed against the source's design, and why", "choice", max_length=1500)

    _folder: Path | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _names(self) -> "Hypothesis":
        for name in [*self.factors, *(level for one in self.levels().values() for level in one), *self.extra]:
            if not _LEVEL.fullmatch(name):
                raise ValueError(f"factors: {name!r}: names are letters and digits, beginning with a small letter")
        if set(self.profiles) != {"quick", "full"}:
            raise ValueError("profiles: there must be quick and full")
        return self

    def levels(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Factors, their levels, and what each changes; levels of values are called by factor and value: s0, p0d25."""
        return {
            name: {f"{name}{_said(value)}": {one.path: value} for value in one.values}
            if isinstance(one, Levels)
            else dict(one)
            for name, one in self.factors.items()
        }

    def conditions(self) -> dict[str, dict[str, Any]]:
        """Every combination of levels, and the extra conditions, by name: levels joined by underscores."""
        levels = self.levels()
        found = {}
        for combination in itertools.product(*levels.values()):
            changes: dict[str, Any] = {}
            for factor, level in zip(levels, combination, strict=True):
                changes.update(levels[factor][level])
            found["_".join(combination)] = changes
        return {**found, **self.extra}

    def numbers(self, factor: str) -> dict[str, float]:
        """Levels of a factor as numbers: its values, or the digits in their names.

        Raises:
            ValueError: a level has no number.
        """
        one = self.factors[factor]
        if isinstance(one, Levels):
            return {f"{factor}{_said(value)}": float(value) for value in one.values}
        return {level: float(re.sub(r"^[a-zA-Z]+", "", level).replace("d", ".")) for level in one}

    def experiment(self, profile: Literal["quick", "full"]) -> Experiment:
        """The experiment that tries it."""
        chosen = self.profiles[profile]
        return Experiment(
            name=f"{self.id.lower()}_{profile}",
            about=self.title,
            base=self.base,
            set={**self.set, **chosen.set},
            design=Listed(cells=tuple(self.conditions().values())),
            seeds=chosen.seeds,
            measures=tuple(sorted(set(self.values.values()))),
        ).at(self._folder)

    def at(self, folder: Path | None) -> "Hypothesis":
        """The same hypothesis, read from a file in ``folder``."""
        same = self.model_copy()
        same._folder = folder
        return same


def _said(value: Any) -> str:
    """A value as part of a name: 0.25 is 0d25, -1 is m1."""
    return re.sub(r"[^a-zA-Z0-9]", "", str(value).replace(".", "d").replace("-", "m"))
