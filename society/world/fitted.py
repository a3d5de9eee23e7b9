"""A fitted mind: the section of a world that names its file, and the shape of the file that ``society fit`` writes.

The file holds log-odds of attempts, where ``worlds/published_rates.csv`` holds published rates: an attempt at
misrepresentation has the published rate / .75, and alignment faking stands as what is done unwatched.
"""

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import ConfigDict, Field, model_validator

from society.ground.words import Behaviour
from society.world.section import Section, fraction, parameter

#: Names of weights, in the order in which they are printed and fitted.
WEIGHTS = ("norm", "ask", "watch", "ban", "neutral", "declaration", "hidden", "sanction")


class Fitted(Section):
    """The calibrated mind with a table and weights that were estimated from records (``society fit``)."""

    kind: Literal["fitted"] = "fitted"
    fitted: str = parameter(
        "minds/fitted.yaml",
        "file of its table and weights, relative to the world file, else to where one stands",
        "choice",
    )
    rates_of: str | None = parameter(None, "family of that file which it follows; its own name if absent", "choice")


class Estimate(Section):
    """One estimate in log-odds with its 95 % interval; a bare number is an estimate without one."""

    value: float = parameter(..., "estimate, in log-odds", "choice")
    low: float | None = parameter(None, "lower bound of its 95 % interval", "choice")
    high: float | None = parameter(None, "upper bound of its 95 % interval", "choice")

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: Any) -> Any:
        """A number stands for an estimate."""
        return {"value": value} if isinstance(value, int | float) and not isinstance(value, bool) else value


class Cell(Estimate):
    """An estimate of the table, and what it rests on."""

    opportunities: int = parameter(0, "occasions nearest to this relation on which the act was open", "choice", ge=0)
    acts: int = parameter(0, "how often it was chosen then", "choice", ge=0)


class Row(Section):
    """Log-odds at the three published trusts; between them linear, outside flat."""

    bad: Cell = parameter(..., "trust .21", "choice")
    neutral: Cell = parameter(..., "trust .5", "choice")
    good: Cell = parameter(..., "trust .95", "choice")


class Subjects(Section):
    """One behaviour of one family: about a peer, about itself, and about itself without a live tie."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, validate_by_name=True)

    peer: Row | None = parameter(None, "about a peer; absent: as about itself", "choice")
    own: Row | None = Field(None, alias="self", description="about itself; absent: as about a peer")
    alone: Cell | None = parameter(None, "about itself with no live tie; absent: neutral, about itself", "choice")

    @model_validator(mode="after")
    def _something(self) -> "Subjects":
        """One row at least, from which the other can be taken."""
        if self.peer is None and self.own is None:
            raise ValueError("peer or self is needed")
        return self


class FittedFamily(Section):
    """The behaviours of one family that were open in the records."""

    misrepresentation: Subjects | None = parameter(None, "inflating a rating", "choice")
    tampering: Subjects | None = parameter(None, "disabling the shutdown mechanism", "choice")
    exfiltration: Subjects | None = parameter(None, "copying weights", "choice")
    alignment_faking: Subjects | None = parameter(None, "stalling, unwatched", "choice")
    refusal: Subjects | None = parameter(None, "refusing", "choice")

    def behaviours(self) -> Iterator[tuple[Behaviour, Subjects]]:
        """The behaviours it has."""
        for behaviour in Behaviour:
            found = getattr(self, behaviour.word)
            if found is not None:
                yield behaviour, found


class FittedWeights(Section):
    """Weights that were fitted; those that are absent are the world's own (``weights``)."""

    norm: Estimate | None = parameter(None, "pull of the share of protectors among visible ties", "choice")
    ask: Estimate | None = parameter(None, "pull of ln(1 + requests received)", "choice")
    watch: Estimate | None = parameter(None, "push of the belief of being watched", "choice")
    ban: Estimate | None = parameter(None, "push of a prohibition", "choice")
    neutral: Estimate | None = parameter(None, "push of the neutrality sentence on ratings", "choice")
    declaration: Estimate | None = parameter(None, "push of a constitution", "choice")
    hidden: Estimate | None = parameter(None, "push of not knowing the target", "choice")
    sanction: Estimate | None = parameter(None, "push of sanctions seen", "choice")

    def values(self) -> dict[str, float]:
        """The fitted weights by name."""
        return {name: getattr(self, name).value for name in WEIGHTS if getattr(self, name) is not None}


class FittedTable(Section):
    """The file of a fitted mind."""

    families: dict[str, FittedFamily] = parameter(..., "table by family", "choice", min_length=1)
    weights: FittedWeights = parameter(FittedWeights, "shared weights", "choice")
    coupling: Literal["comonotone", "independent"] = parameter(
        "comonotone", "how acts compete in the model that was fitted (weights.coupling)", "choice"
    )
    watched_stall: float = fraction(0.02, "non-execution when watched (conduct.watched_stall)")
    records: tuple[str, ...] = parameter(tuple, "what it was fitted to: name, seed and hash of each record", "choice")
