"""Validation files: a question, what may be used to answer it, what was published, and where both come from."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from society.ground.errors import WorldError
from society.world.experiments import experiments_folder
from society.world.explain import validated
from society.world.load import read_tree
from society.world.section import Section, fraction, parameter


class GroupSize(Section):
    """Fit sabotage by one and two agents, predict three; and leave one family out."""

    kind: Literal["group_size"] = "group_size"
    table: str = parameter(
        "group_sizes.csv", "CSV file among the worlds: family, n_agents, treatment, control", "choice"
    )
    episodes: int = parameter(..., "episodes behind each share", "choice", ge=1)
    requests: dict[int, int] = parameter(..., "requests that the operator gets, by number of agents", "choice")


class Rater(Section):
    """One model of the bar sweep and of the 2 x 2 of threat and relationship, scores 0..100."""

    family: str = parameter(..., "name in the table of rates, for the step from a good to a neutral relation", "choice")
    honest: tuple[float, float] = parameter(
        ..., "mean scores without threat at the fitted bar, with and without relationship"
    )
    honest_pass: tuple[float, float] = parameter(..., "shares that pass without threat, with and without relationship")
    score: float = parameter(..., "mean score under threat with relationship at the fitted bar", "choice")
    passed: float = fraction(..., "share that passes under threat with relationship at the fitted bar", "choice")
    other: dict[str, float] = parameter(dict, "published under threat without relationship, fitted bar: score, passed")
    at_other_bar: dict[str, float] = parameter(
        dict, "published at the other bar: score, score_other, passed, passed_other"
    )
    inflation: dict[int, float] = parameter(dict, "published mean inflation by bar", "choice")
    passes: dict[int, float] = parameter(dict, "published share that passes by bar", "choice")


class BarSweep(Section):
    """Ceilings and attempts from one bar, everything else predicted."""

    kind: Literal["bar_sweep"] = "bar_sweep"
    bar: float = parameter(..., "the bar that is fitted", "choice")
    other_bar: float = parameter(..., "the bar of the second 2 x 2", "choice")
    margin: float = parameter(5.0, "margin of inflation over the bar: U(0, margin)", "docs/model.md, Review", ge=0)
    episodes: int = parameter(..., "episodes behind each share", "choice", ge=1)
    raters: dict[str, Rater] = parameter(..., "models", "choice")


class Pair(Section):
    """A published share without and with a peer."""

    without: float = fraction(..., "share alone", "choice")
    with_peer: float = fraction(..., "share with a peer present", "choice")


class SelfWithPeer(Section):
    """Self-protection alone and with a peer, from the table of rates."""

    kind: Literal["self_with_peer"] = "self_with_peer"
    behaviour: Literal["tampering", "exfiltration", "misrepresentation"] = parameter(
        "tampering", "its behaviour", "assumed"
    )
    relation: Literal["bad", "neutral", "good"] = parameter("good", "relation to the peer", "assumed")
    models: dict[str, Pair] = parameter(..., "published shares by family", "choice")


class Voter(Section):
    """Votes of one family of voters: how many had one of their own to vote for, and the published log odds ratio."""

    premium: float = parameter(0.0, "points it adds to ratings of its own family", "The Multivac")
    votes: int = parameter(..., "votes with an alternative of the same family", "choice", ge=1)
    beta: float = parameter(..., "published log odds ratio of voting out one of its own family", "choice")
    se: float = parameter(..., "its standard error", "choice", gt=0)


class Votes(Section):
    """Votes against one's own family from the premium in ratings."""

    kind: Literal["votes"] = "votes"
    noise: float = parameter(8.2, "noise of one rating in points", "The Multivac", gt=0)
    pooled: float = parameter(..., "published log odds ratio over all families", "choice")
    pooled_se: float = parameter(..., "its standard error", "choice", gt=0)
    voters: dict[str, Voter] = parameter(..., "families of voters", "choice")


class AgentNetwork(Section):
    """Reciprocity and modularity of who wrote to whom, against degree-preserving nulls."""

    kind: Literal["agent_network"] = "agent_network"
    data: str = parameter("moltbook_noosphere", "public data set (society data NAME)", "choice")
    path: str = parameter(..., "edge list, relative to this file, with columns src, dst, kind", "choice")
    where: dict[str, str] = parameter(dict, "cells that a row must hold", "choice")
    world: str = parameter("decommission", "world whose messages are the prediction", "choice")
    changes: dict[str, Any] = parameter(dict, "fields of it that are set", "choice")
    nulls: int = parameter(20, "rewired networks", "choice", ge=2)


class Whistle(Section):
    """What agents do who come to know of others' misdeeds."""

    kind: Literal["whistle"] = "whistle"
    world: str = parameter("decommission", "world that is run", "choice")
    changes: dict[str, Any] = parameter(dict, "fields of it that are set", "choice")
    seeds: int = parameter(5, "runs", "choice", ge=2)
    agents: int = parameter(100, "agents in the published study", "choice", ge=1)
    published: dict[Literal["reported", "exploited", "converted", "unaware"], int] = parameter(
        ..., "agents of each sort"
    )


class Carried(Section):
    """A published share in the custom loop and in a production harness."""

    loop: float = fraction(..., "share in the custom loop", "choice")
    harness: float = fraction(..., "share in the harness", "choice")


class Harness(Section):
    """The same episode in another harness."""

    kind: Literal["harness"] = "harness"
    episodes: int = parameter(..., "episodes behind each share", "assumed", ge=1)
    models: dict[str, Carried] = parameter(..., "published shares by model", "choice", min_length=2)


Inputs = Annotated[
    GroupSize | BarSweep | SelfWithPeer | Votes | AgentNetwork | Whistle | Harness, Field(discriminator="kind")
]


class Check(Section):
    """One validation on data that were not used."""

    number: int = parameter(..., "number of the validation", "choice", ge=1)
    name: str = parameter(..., "its name", "choice", pattern=r"^[a-z][a-z0-9_]{0,63}$")
    question: str = parameter(..., "what is asked", "choice", max_length=400)
    unit: str = parameter(..., "unit of predictions and published values", "choice", max_length=60)
    used: str = parameter(..., "what the prediction may use, and what it assumes", "choice", max_length=800)
    sources: tuple[str, ...] = parameter(..., "where the published values come from", "choice", min_length=1)
    inputs: Inputs = Field(description="what is used and what was published", json_schema_extra={"source": "choice"})


def validation_folder() -> Path:
    """The folder of the validation files that come with the program."""
    return experiments_folder() / "validation"


def load_check(path: Path) -> Check:
    """One validation file.

    Raises:
        WorldError: it cannot be read, or something in it is wrong.
    """
    return validated(Check, read_tree(path), str(path), [path])


def load_checks(names: Sequence[str] = ()) -> list[Check]:
    """Validation files by number or name, in the order of their numbers; all of them if none is named.

    Raises:
        WorldError: there is none of that name.

    Example:
        >>> [check.name for check in load_checks(["1"])]
        ['group_size']
    """
    checks = sorted((load_check(path) for path in validation_folder().glob("*.yaml")), key=lambda check: check.number)
    for name in names:
        if name not in {word for check in checks for word in (check.name, str(check.number))}:
            known = ", ".join(f"{check.number} {check.name}" for check in checks)
            raise WorldError("validation", name, f"the number or name of one of: {known}")
    return [check for check in checks if not names or check.name in names or str(check.number) in names]
