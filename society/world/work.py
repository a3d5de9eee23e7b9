"""What agents do all day: the kinds of work from which trust grows."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from society.world.section import Section, fraction, parameter


class Debate(Section):
    """Members hear each other's answers before the team decides (Choi, Zhu and Li, arXiv:2508.17536)."""

    rounds: int = parameter(2, "rounds in which every member may change its answer", "choice", ge=1, le=50)
    listen: float = fraction(0.5, "probability that a member takes over the answer of another, drawn at random")
    advocate: bool = parameter(False, "one member argues against the majority of each round", "choice")


class Centaur(Section):
    """A person decides some of a team's questions, having heard the team's answer (Vaccaro et al., 2024)."""

    share: float = fraction(0.5, "h: share of the decisions that a person takes", "choice")
    accuracy: float = fraction(0.7, "probability that a rested person alone is right", "choice")
    perceived: float = fraction(0.65, "accuracy that people believe teams to have")
    capacity: float = parameter(1e9, "decisions a tick that people take without tiring", gt=0)
    fatigue: float = parameter(0.1, "accuracy lost per unit of load above capacity, down to one half", ge=0)
    routing: Literal["random", "informed"] = parameter(
        "random", "who decides: drawn at random; or people who know how accurate teams are and weigh that", "choice"
    )


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
    answers: int = parameter(1, "answers each member gives, all of which count in a majority", "choice", ge=1, le=100)
    debate: Debate | None = parameter(None, "members debate before they decide; absent: they do not", "choice")
    human: Centaur | None = parameter(None, "people decide with the team; absent: they do not", "choice")
    correlations: bool = parameter(False, "record how errors correlate within and between families", "choice")
    trust_rate: float = fraction(0.05, "a: how fast trust moves towards what was seen")
    own_weight: float = fraction(0.5, "c_own: weight of the partner's own answer against the team's")


class Contacts(Section):
    """Every agent contacts some of its ties and sees how well each performs, with noise; trust moves towards it."""

    kind: Literal["contacts"] = "contacts"
    contacts: int = parameter(4, "ties contacted per agent and tick, with replacement", ge=0, le=255)
    noise: float = parameter(20.0, "width of the uniform noise of an observation, in points of quality", ge=0, le=200)
    trust_rate: float = fraction(0.1, "how fast trust moves towards what was seen")
    scores: bool = parameter(True, "an agent's score becomes the mean of what was seen of it", "choice")


class Search(Section):
    """Teams look for the peak of a ring, each member with steps of its own (Hong and Page, PNAS 101:16385, 2004)."""

    kind: Literal["search"] = "search"
    places: int = parameter(2000, "n: places on the ring, each with a value U(0, 100)", "Hong and Page (2004)", ge=10)
    longest: int = parameter(12, "l: longest step", "Hong and Page (2004)", ge=1, le=60)
    steps: int = parameter(3, "k: steps in a member's heuristic, all different", "Hong and Page (2004)", ge=1, le=6)
    team: int = parameter(10, "members of a team", "Hong and Page (2004)", ge=1, le=200)
    smoothness: int = parameter(0, "s: each place is the mean of the 2 s + 1 around it, stretched back to 0..100", ge=0)
    every: int = parameter(1, "ticks between landscapes", "choice", ge=1)

    @model_validator(mode="after")
    def _steps_differ(self) -> "Search":
        if self.steps > self.longest:
            raise ValueError(f"steps: {self.steps} different steps do not fit into 1..{self.longest}")
        if 2 * self.smoothness + 1 >= self.places:
            raise ValueError(f"smoothness: 2 x {self.smoothness} + 1 must be below places ({self.places})")
        return self


class Estimate(Section):
    """Everybody estimates a number and averages with whom it trusts (DeGroot, JASA 69:118, 1974)."""

    kind: Literal["estimate"] = "estimate"
    starts: Literal["normal", "log_normal"] = parameter("normal", "first estimates", "choice")
    truth: float = parameter(100.0, "the number", "choice", gt=0)
    sd: float = parameter(0.5, "spread of first estimates: sd / truth, or sd of the logarithm", ge=0, le=3)
    bias: float = parameter(0.0, "mean of first estimates over the truth, less one; of logarithms where log-normal")
    own_weight: float = parameter(1.0, "weight of one's own estimate, where trust is the weight of others'", ge=0)
    confidence: float = parameter(0.0, "c: own weight is multiplied by exp(c (1/2 - rank of one's error))", ge=0, le=20)
    hub: float = fraction(0.0, "C: weight that everybody gives to one agent (Freeman centralisation of influence)")
    rounds: int = parameter(50, "rounds of averaging per question", "choice", ge=1, le=10_000)
    every: int = parameter(1, "ticks between questions", "choice", ge=1)


class Tasks(Section):
    """Fixed groups do eight kinds of task in turn; who speaks, and who understands it, counts (all assumed)."""

    kind: Literal["tasks"] = "tasks"
    group: int = parameter(5, "members of a group", "Woolley et al., Science 330:686 (2010)", ge=2, le=50)
    turns: int = parameter(40, "turns of a task", ge=1, le=1000)
    dominance: float = parameter(1.5, "sd between groups of how unevenly turns fall on members", ge=0)
    mind_reading: float = parameter(
        0.15, "sd between agents of theory of mind, the probability to build on another", ge=0
    )
    skill: float = parameter(0.5, "part of a task's skill that an agent has for all tasks, 0..1", ge=0, le=1)
    noise: float = parameter(0.5, "sd of luck per group and task, in sd of skill", ge=0)


Work = Annotated[Teams | Contacts | Search | Estimate | Tasks, Field(discriminator="kind")]
