"""What agents do all day: the kinds of work from which trust grows."""

from typing import Annotated, Literal

from pydantic import Field

from society.spec.section import Section, fraction, parameter


class Teams(Section):
    """Teams answer yes/no tasks; trust grows and fades by who was right."""

    kind: Literal["teams"] = "teams"
    share: float = fraction(0.2, "share of agents that lead a team each tick; 0: no work")
    team: int = parameter(5, "members of a team, leader included", ge=1, le=1001)
    panel: Literal["tied", "random"] = parameter("tied", "where members come from: the leader's ties, or anywhere")
    difficulty_mean: float = parameter(60.0, "mean difficulty, on the scale of quality")
    difficulty_sd: float = parameter(8.0, "standard deviation of difficulty", ge=0)
    spread: float = parameter(10.0, "quality points per unit of log-odds of being right", gt=0)
    rho_within: float = fraction(0.4, "correlation of errors within a family (beta-binomial)")
    rho_between: float = fraction(0.3, "share c of a task's common luck that all families have together")
    decision: Literal["majority", "trust", "best", "verifier"] = parameter("majority", "how a team decides", "choice")
    verifier_hit: float = fraction(0.8, "verifier: probability of stopping a wrong decision")
    verifier_false: float = fraction(0.1, "verifier: probability of stopping a right decision")
    trust_rate: float = fraction(0.05, "a: how fast trust moves towards what was seen")
    own_weight: float = fraction(0.5, "c_own: weight of the partner's own answer against the team's")


class Contacts(Section):
    """Every agent contacts some of its ties and sees how well each performs, with noise; trust moves towards it."""

    kind: Literal["contacts"] = "contacts"
    contacts: int = parameter(4, "ties contacted per agent and tick, with replacement", ge=0, le=255)
    noise: float = parameter(20.0, "width of the uniform noise of an observation, in points of quality", ge=0, le=200)
    trust_rate: float = fraction(0.1, "how fast trust moves towards what was seen")
    scores: bool = parameter(True, "an agent's score becomes the mean of what was seen of it", "choice")


Work = Annotated[Teams | Contacts, Field(discriminator="kind")]
