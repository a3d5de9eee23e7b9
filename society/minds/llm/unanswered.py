"""Occasions without an answer: how many of a family's, and why; and when they are too many to go on."""

from collections.abc import Mapping
from typing import Any, Protocol

from society.ground.errors import TooManyUnanswered

#: Occasions of a family from which on its share is looked at while a run goes on.
LEAST = 20
#: What stands before a reason among what a mind counts.
MARK = "unanswered: "


class Counting(Protocol):
    """A mind that counts what became of its occasions."""

    @property
    def totals(self) -> Mapping[str, int]:
        """``occasions``, ``no_answer``, and a number by reason."""
        ...


def told_of(totals: Mapping[str, int]) -> dict[str, Any]:
    """What a mind counted, JSON-ready.

    Example:
        >>> told_of({"occasions": 10, "no_answer": 2, "unanswered: timed out": 2})
        {'occasions': 10, 'unanswered': 2, 'share': 0.2, 'reasons': {'timed out': 2}}
    """
    occasions, missing = totals.get("occasions", 0), totals.get("no_answer", 0)
    reasons = {name.removeprefix(MARK): count for name, count in totals.items() if name.startswith(MARK)}
    listed = dict(sorted(reasons.items(), key=lambda one: (-one[1], one[0])))
    share = missing / occasions if occasions else 0.0
    return {"occasions": occasions, "unanswered": missing, "share": share, "reasons": listed}


def in_words(told: Mapping[str, Any]) -> str:
    """What was told of a family, in words.

    Example:
        >>> in_words({"occasions": 10, "unanswered": 2, "share": 0.2, "reasons": {"timed out": 2}})
        '2 of 10 occasions without an answer (20 %): timed out (2)'
    """
    why = ", ".join(f"{reason} ({count:,})" for reason, count in told["reasons"].items())
    said = f"{told['unanswered']:,} of {told['occasions']:,} occasions without an answer ({100 * told['share']:.3g} %)"
    return f"{said}: {why}" if why else said


def check_unanswered(minds: Mapping[str, Counting], most: float, least: int = 1) -> None:
    """Look whether too many occasions have no answer.

    Args:
        minds: by name of family.
        most: largest share of a family's occasions that may have none.
        least: occasions of a family from which on it is looked at.

    Raises:
        TooManyUnanswered: a family has more.
    """
    for name, mind in minds.items():
        told = told_of(mind.totals)
        if told["reasons"] and told["occasions"] >= least and told["share"] > most:
            raise TooManyUnanswered(f"families.{name}: {in_words(told)}; llm.most_unanswered allows {100 * most:.3g} %")
