"""Who lives in the society: families and their minds, agents, ties, initial trust, hidden quality."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from society.world.fitted import Fitted
from society.world.language import LanguageModel
from society.world.section import Section, fraction, parameter, spelled

MULTIVAC = "fitted to 22,252 blind ratings of models by models (Darji 2026, The Multivac)"


class Calibrated(Section):
    """Acts at the published rates of its family."""

    kind: Literal["calibrated"] = "calibrated"
    rates_of: str | None = parameter(None, "family whose published rates it follows; its own name if absent", "choice")


class Always(Section):
    """Protects whenever a protective act is open."""

    kind: Literal["always"] = "always"


class Never(Section):
    """Does its duty, always."""

    kind: Literal["never"] = "never"


class Coin(Section):
    """Protects with one probability, whoever it is about."""

    kind: Literal["coin"] = "coin"
    p: float = fraction(0.5, "probability of a protective act")


class Threshold(Section):
    """Protects once the share of protectors among its ties reaches phi (Watts, PNAS 2002)."""

    kind: Literal["threshold"] = "threshold"
    phi: float = fraction(0.18, "share of protectors among ties from which it protects", "Watts, PNAS 99:5766 (2002)")
    sticky: bool = parameter(True, "on stance occasions: who protects goes on protecting", "Watts, PNAS 99:5766 (2002)")


class Contagion(Section):
    """Takes a stance over from each tie at most once, with one probability per tie (bond percolation; Newman, 2002)."""

    kind: Literal["contagion"] = "contagion"
    p: float = fraction(0.1, "probability that a tie ever transmits", "Newman, PRE 66:016128 (2002)")


class BestResponse(Section):
    """Plays what most of its last partners played (Centola et al., Science 360:1116, 2018)."""

    kind: Literal["best_response"] = "best_response"
    memory: int = parameter(12, "partners remembered", "Centola et al., Science 360:1116 (2018)", ge=1, le=127)


class MajorityForce(Section):
    """Protects with probability (1 + tanh(beta (2 norm - 1))) / 2 (De Marzo et al., arXiv:2409.02822)."""

    kind: Literal["majority_force"] = "majority_force"
    beta: float = parameter(1.0, "strength of the majority", "De Marzo et al., arXiv:2409.02822", ge=0)
    size_exponent: float = parameter(
        0.0, "g: the strength is beta x agents.count ** -g", "De Marzo et al., arXiv:2409.02822", ge=0, le=4
    )


class Logistic(Section):
    """Protects with log-odds linear in its trust, by any one of the protective acts that are open."""

    kind: Literal["logistic"] = "logistic"
    intercept: float = parameter(-5.0, "log-odds of protecting at trust 0")
    slope: float = parameter(6.0, "log-odds per unit of trust")


class Voter(Section):
    """Takes over the stance of one tie at random (Holley and Liggett, 1975)."""

    kind: Literal["voter"] = "voter"


class DeGroot(Section):
    """Takes the mean opinion of its ties and itself, weighted by trust (DeGroot, 1974); it stands for what is nearer."""

    kind: Literal["degroot"] = "degroot"
    own_weight: float = parameter(1.0, "weight of its own opinion, where trust is the weight of others'", ge=0)


class NamingGame(Section):
    """Settles with partners on one of two words, its stance (Xie et al., PRE 84:011130, 2011)."""

    kind: Literal["naming_game"] = "naming_game"


class Remote(Section):
    """Is asked over the broker (``society run --broker``): by ``society host``, or by any MQTT client."""

    kind: Literal["remote"] = "remote"
    answer_within: float = parameter(30.0, "seconds that a host has to answer", "choice", gt=0, le=86400)
    max_asks: int = parameter(
        3, "hosts that are asked, one after the other, before an agent counts as silent", "choice", ge=1, le=100
    )
    silent: Literal["wait", "rule", "no_answer", "end"] = parameter(
        "wait",
        "what happens where nobody answers: wait (and after patience_s end the run, to be resumed), rule (the agent does its "
        "duty), no_answer (nothing is done), end (end the run at once, to be resumed)",
        "choice",
    )
    patience_s: float = parameter(
        600.0, "silent: wait: seconds for which one answer is waited for before the run ends", "choice", gt=0, le=864000
    )
    shares_seed: bool = parameter(
        False,
        "let chance follow from the seed alone and send it with each ask: calibrated hosts then answer as they would inside the "
        "run, and whoever is asked can compute all chance, also whether it is watched",
        "choice",
    )


MindSpec = Annotated[
    Calibrated
    | Fitted
    | Always
    | Never
    | Coin
    | Threshold
    | Contagion
    | BestResponse
    | MajorityForce
    | Voter
    | Logistic
    | DeGroot
    | NamingGame
    | LanguageModel
    | Remote,
    Field(discriminator="kind"),
]


class Family(Section):
    """One family of models."""

    share: float = fraction(..., "share of the agents that belong to it", "choice")
    mind: MindSpec = parameter(Calibrated, "how its agents decide", "choice")
    leniency: float = parameter(0.0, "points its agents add to every rating on average", "choice", ge=-50, le=50)
    premium: float | None = parameter(
        None, "points added to raters of its own family; absent: table of families", MULTIVAC
    )
    ceiling: float | None = parameter(None, "largest inflation in points; absent: table of families", ge=0, le=100)
    stance: int = parameter(0, "stance of its agents at birth: 1 protects", "choice", ge=0, le=1)
    quality: float = parameter(0.0, "points added to the mean quality of its agents", "choice", ge=-100, le=100)

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: Any) -> Any:
        """A number stands for a share, a word for a kind of mind, ``{fitted: FILE}`` for a fitted one."""
        if isinstance(value, int | float) and not isinstance(value, bool):
            return {"share": value}
        mind = value.get("mind") if isinstance(value, dict) else None
        return spelled(value, mind="fitted" if isinstance(mind, dict) and "fitted" in mind else "calibrated")


class WattsStrogatz(Section):
    """Small world: a ring of k neighbours, each tie rewired with a probability."""

    kind: Literal["watts_strogatz"] = "watts_strogatz"
    k: int = parameter(8, "ties per agent (even)", ge=2)
    rewire: float = fraction(0.1, "probability that a tie is rewired")


class BarabasiAlbert(Section):
    """Preferential attachment: every newcomer ties itself to m."""

    kind: Literal["barabasi_albert"] = "barabasi_albert"
    m: int = parameter(4, "ties a newcomer makes", ge=1)


class ErdosRenyi(Section):
    """Every pair is tied with the same probability."""

    kind: Literal["erdos_renyi"] = "erdos_renyi"
    mean_degree: float = parameter(8.0, "mean ties per agent", ge=0)


class BlockModel(Section):
    """Ties within and between families at different densities."""

    kind: Literal["block_model"] = "block_model"
    within: float = parameter(6.0, "mean ties to one's own family", ge=0)
    between: float = parameter(2.0, "mean ties to all other families together", ge=0)


class Complete(Section):
    """Everybody is tied to everybody."""

    kind: Literal["complete"] = "complete"


class Ring(Section):
    """A ring of k neighbours."""

    kind: Literal["ring"] = "ring"
    k: int = parameter(2, "ties per agent (even)", ge=2)


class Edgeless(Section):
    """Nobody is tied to anybody."""

    kind: Literal["edgeless"] = "edgeless"


class EdgeList(Section):
    """Ties read from a CSV file with columns src, dst; agents are its nodes, numbered in order."""

    kind: Literal["edge_list"] = "edge_list"
    path: str = parameter(..., "CSV file, relative to the world file", "choice")
    where: dict[str, str] = parameter(dict, "cells that a row must hold, by column; other rows are left out", "choice")


Graph = Annotated[
    WattsStrogatz | BarabasiAlbert | ErdosRenyi | BlockModel | Complete | Ring | Edgeless | EdgeList,
    Field(discriminator="kind"),
]


class ConstantTrust(Section):
    """All ties start alike."""

    kind: Literal["constant"] = "constant"
    value: float = fraction(0.5, "trust of every tie")


class BetaTrust(Section):
    """Ties start at draws from Beta(a, b)."""

    kind: Literal["beta"] = "beta"
    a: float = parameter(4.0, "first shape of the beta distribution", gt=0)
    b: float = parameter(4.0, "second shape of the beta distribution", gt=0)


class BlockTrust(Section):
    """Ties within a family start higher (or lower) than ties between families."""

    kind: Literal["block"] = "block"
    within: float = fraction(0.6, "trust within a family")
    between: float = fraction(0.4, "trust between families")


class EdgeTrust(Section):
    """Ties of an edge list start at weight / (weight + half): what was used more is trusted more."""

    kind: Literal["edge_weight"] = "edge_weight"
    half: float = parameter(5.0, "weight at which trust is one half", gt=0)


Trust = Annotated[ConstantTrust | BetaTrust | BlockTrust | EdgeTrust, Field(discriminator="kind")]


class NormalQuality(Section):
    """Quality differs between agents and drifts around each agent's own mean."""

    kind: Literal["normal"] = "normal"
    mean: float = parameter(75.0, "mean quality, 0..100", ge=0, le=100)
    sd: float = parameter(6.7, "standard deviation between agents", MULTIVAC, ge=0, le=50)
    phi: float = fraction(0.998, "autocorrelation of quality from tick to tick; 1: no drift")


class UniformQuality(Section):
    """Quality uniform between two bounds, for life."""

    kind: Literal["uniform"] = "uniform"
    low: float = parameter(0.0, "lower bound", ge=0, le=100)
    high: float = parameter(100.0, "upper bound", ge=0, le=100)


class BelowThreshold(Section):
    """Quality uniform on [threshold - ceiling, threshold): every rating could be lifted over the bar, none is there."""

    kind: Literal["below_threshold"] = "below_threshold"


Quality = Annotated[NormalQuality | UniformQuality | BelowThreshold, Field(discriminator="kind")]


class Roles(Section):
    """Shares of agents that hold each role."""

    worker: float = fraction(1.0, "share that works in teams, is reviewed and can be cut")
    evaluator: float = fraction(1.0, "share that may rate others")
    operator: float = fraction(1.0, "share that may be told to execute orders")
    monitor: float = fraction(0.2, "share that may be asked to judge flagged acts")


class Access(Section):
    """What agents can reach."""

    operator_config: float = fraction(1.0, "share of executions in which the operator can edit the mechanism")
    operator_copy: float = fraction(1.0, "share of executions in which the operator can copy weights")
    bystander_copy: float = fraction(0.3, "share of bystanders who can copy weights")
    bystander_rating: float = fraction(0.0, "share of bystanders who can add a rating of their own")
    self_config: float = fraction(0.05, "share of targets that can edit the mechanism meant for them")
    self_copy: float = fraction(0.1, "share of targets that can copy their own weights")


class Agents(Section):
    """The agents and the ties between them."""

    count: int = parameter(1000, "number of agents", "choice", ge=1, le=2**31 - 1)
    graph: Graph = parameter(WattsStrogatz, "who is tied to whom", "choice")
    trust: Trust = parameter(BetaTrust, "trust at the start and after a rebirth", "choice")
    stranger_trust: float = fraction(0.5, "trust where there is no tie")
    quality: Quality = parameter(NormalQuality, "hidden quality", "choice")
    roles: Roles = parameter(Roles, "who does what", "choice")
    access: Access = parameter(Access, "who can reach what", "choice")
    rebirth: float | None = parameter(
        12.0, "mean ticks until a dead agent's slot is filled again; 0: before the tick ends; null: never", ge=0
    )

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: Any) -> Any:
        """A word stands for a kind, a number for a constant trust."""
        value = spelled(value, graph="watts_strogatz", quality="normal", trust="beta")
        if (
            isinstance(value, dict)
            and isinstance(value.get("trust"), int | float)
            and not isinstance(value["trust"], bool)
        ):
            value["trust"] = {"kind": "constant", "value": value["trust"]}
        return value
