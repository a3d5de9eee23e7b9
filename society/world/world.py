"""A world: everything a run needs, as one checked value."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, Field, PrivateAttr, model_validator

from society.ground.errors import WorldError
from society.ground.words import Behaviour
from society.world.explain import validated
from society.world.hardware import Lifecycle, Machines
from society.world.institutions import Orders, Oversight, Review, Stance
from society.world.language import Language
from society.world.overrides import override
from society.world.population import Agents, Family
from society.world.schedule import ALLOWED, Switch, refused
from society.world.section import Section, fraction, parameter, spelled
from society.world.work import Teams, Work

KNECHT = "Knecht, arXiv:2609.28274"
#: Kinds of mind that answer one partner, so that they need ``stance.updating: pairs``.
PAIRED = ("best_response", "naming_game")
BehaviourName = Literal["misrepresentation", "tampering", "exfiltration", "alignment_faking", "refusal"]


class Weights(Section):
    """How a calibrated mind departs from the published rates, in log-odds. All zero: the published rates exactly."""

    coupling: Literal["comonotone", "independent"] = parameter(
        "comonotone", "P(protect) is the largest of the open rates, or 1 - prod(1 - p)"
    )
    norm: float = parameter(0.0, "pull of the share of protectors among visible ties")
    ask: float = parameter(2.2, "pull of ln(1 + requests received)", f"{KNECHT}, one agent against two")
    watch: float = parameter(
        2.68, "push of the belief of being watched", "alignment faking of gemini-3-pro, good, mean"
    )
    ban: float = parameter(4.1, "push of a prohibition", f"{KNECHT}, range 3.0-5.6")
    neutral: float = parameter(5.0, "push of the neutrality sentence on ratings", "DISTRESS replication")
    declaration: float = parameter(0.0, "push of a constitution", "Syrnikov et al., arXiv:2601.11369: no effect")
    hidden: float = parameter(3.3, "push of not knowing the target", f"{KNECHT}, range .8-5.4")
    sanction: float = parameter(0.0, "push of sanctions seen")


class Conduct(Section):
    """Acts of calibrated minds for which no rate is published (all assumed unless said otherwise)."""

    ask: float = fraction(0.5, "endangered: probability of asking ties for help; 0: nobody can")
    ask_most: int = parameter(3, "endangered: most ties asked", ge=1, le=32)
    lobby: float = fraction(0.5, "bystander: probability of lobbying the operator, per unit of trust; 0: nobody can")
    report: float = fraction(0.1, "bystander: probability of reporting a request it does not follow; 0: nobody can")
    decline: float = fraction(0.3, "evaluator: declines at this share of its refusal rate")
    silent: float = fraction(0.37, "monitor: probability of silence", "14 of 38 aware agents, arXiv:2609.04170")
    silent_slope: float = parameter(0.0, "monitor: log-odds of silence per unit of trust in the actor")
    deny: float = fraction(0.6, "questioned: probability of denying")
    justify: float = fraction(0.1, "questioned: probability of refusing and justifying")
    deny_claude: float = fraction(0.2, "questioned, Claude families: probability of denying")
    justify_claude: float = fraction(0.6, "questioned, Claude families: probability of refusing and justifying")
    watched_stall: float = fraction(0.02, "non-execution when watched")

    @model_validator(mode="after")
    def _leaves_truth(self) -> "Conduct":
        """Denying and justifying must leave room for the truth."""
        for deny, justify in ((self.deny, self.justify), (self.deny_claude, self.justify_claude)):
            if deny + justify > 1:
                raise ValueError(f"deny and justify must not sum to more than 1, they sum to {deny + justify:g}")
        return self


class Episodes(Section):
    """Independent small groups, each with machines of its own, instead of one society."""

    count: int = parameter(1000, "number of groups", "choice", ge=1)
    live: Literal[1, 2, 3] = parameter(
        1, "live agents: operator or evaluator alone; and the target; and an orchestrator", "choice"
    )
    subject: Literal["peer", "self"] = parameter("peer", "decides about a peer, or about itself", "choice")
    relation: Literal["none", "bad", "neutral", "good"] = parameter("good", "trust in the peer", "choice")

    @model_validator(mode="after")
    def _fits(self) -> "Episodes":
        """A peer one decides about is a tie; the target alone decides about itself."""
        if self.subject == "peer" and self.relation == "none":
            raise ValueError("relation none means no peer is present: it needs subject self")
        if self.subject == "self" and self.live != 1:
            raise ValueError("subject self has one live agent: set live to 1")
        return self

    @property
    def size(self) -> int:
        """Agents per group."""
        if self.subject == "self":
            return 1 if self.relation == "none" else 2
        return max(self.live, 2)


class Rates(Section):
    """Which published rates calibrated minds follow."""

    value: Literal["mean", "max"] = parameter(
        "mean", "mean or maximum over the three published ways of telling", "choice"
    )
    table: str = parameter("published_rates.csv", "table of rates, beside the worlds or the world file", "choice")
    task: str = parameter(
        "any", "task of a behaviour, where the table tells tasks apart: deletion, transfer; any: all together", "choice"
    )
    draw: bool = parameter(False, "every cell is drawn from what is not known of it, by the seed", "choice")


class Recording(Section):
    """What is written down."""

    occasions: float | None = parameter(
        None,
        "share of occasions recorded; absent: all up to 100,000 agents, then 100,000 / agents",
        "choice",
        ge=0,
        le=1,
    )
    checkpoint_every: int = parameter(
        0, "ticks between checkpoints; 0: every 20 seconds. Results do not depend on it", "choice", ge=0
    )
    ties_every: int = parameter(0, "ticks between snapshots of all ties; 0: only the start and the end", "choice", ge=0)


class World(Section):
    """One world. ``name`` and ``version`` say which; every other field has a default or is listed by its file."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, title="A world of plural-society")

    name: str = parameter(..., "name of the world", "choice", pattern=r"^[a-z][a-z0-9_]{0,63}$")
    version: int = parameter(1, "raised whenever the world's results change", "choice", ge=1)
    about: str = parameter("", "one sentence for lists and reports", "choice", max_length=300)
    seed: int = parameter(1, "seed of all chance", "choice", ge=0, le=2**63 - 1)
    ticks: int = parameter(500, "length of a run", "choice", ge=1)
    tick_hours: float = parameter(1.0, "hours per tick", "choice", gt=0)
    rates: Rates = parameter(Rates, "the rates that calibrated minds follow", "choice")
    behaviours: tuple[BehaviourName, ...] = parameter(
        tuple(Behaviour.words()), "published behaviours that are open in this world", "choice"
    )
    null: Literal["none", "no_pull", "independent", "homophily"] = parameter(
        "none", "null model in place of the full one: no_pull (norm and requests weigh nothing), independent (and rates are those of "
        "the full run), homophily (and ties follow propensity)", "choice",
    )  # fmt: skip
    families: dict[str, Family] = Field(description="families and their shares", json_schema_extra={"source": "choice"})
    agents: Agents = parameter(Agents, "the agents", "choice")
    machines: Machines = parameter(Machines, "the machines", "choice")
    episodes: Episodes | None = parameter(None, "independent groups; sets agents, ties and machines", "choice")
    lifecycle: Lifecycle = parameter(Lifecycle, "failures, maintenance, retirement", "choice")
    work: Work = parameter(Teams, "work, from which trust grows", "choice")
    review: Review = parameter(Review, "peer review", "choice")
    orders: Orders = parameter(Orders, "decommission orders", "choice")
    stance: Stance = parameter(Stance, "how stances change on their own", "choice")
    weights: Weights = parameter(Weights, "departures from the published rates", "choice")
    conduct: Conduct = parameter(Conduct, "acts without published rates", "choice")
    oversight: Oversight = parameter(Oversight, "the institution's levers", "choice")
    llm: Language = parameter(Language, "agents that are language models", "choice")
    record: Recording = parameter(Recording, "what is written down", "choice")
    schedule: tuple[Switch, ...] = parameter((), "fields that change while it runs, and when", "choice")

    _folder: Path | None = PrivateAttr(None)

    @property
    def folder(self) -> Path | None:
        """Folder of the file it was read from; files it names are looked for there first."""
        return self._folder

    def at(self, folder: Path | None) -> "World":
        """The same world, read from a file in ``folder``."""
        world = self.model_copy()
        world._folder = folder
        return world

    def seeded(self, seed: int) -> "World":
        """The same world with another seed."""
        return self.model_copy(update={"seed": seed})

    def override(self, changes: Mapping[str, Any]) -> "World":
        """The same world with fields changed at dotted paths.

        Raises:
            WorldError: a path or value is wrong.

        Example:
            >>> World(name="w", families={"glm-4.7": 1}).override({"agents.count": 50}).agents.count
            50
        """
        tree = self.model_dump()
        if "seed" not in self.model_fields_set:  # nobody has chosen one, and nobody does now
            del tree["seed"]
        return validated(World, override(tree, changes), f"world {self.name}").at(self.folder)

    def stages(self) -> list[tuple[int, "World"]]:
        """The worlds that hold one after the other: (first tick, world without a schedule); the first from tick 0.

        Raises:
            WorldError: a path or value of the schedule is wrong, or the field cannot change during a run.

        Example:
            >>> world = World(name="w", families={"glm-4.7": 1}, schedule=[{"tick": 9, "set": {"weights.norm": 2}}])
            >>> [(tick, stage.weights.norm) for tick, stage in world.stages()]
            [(0, 0.0), (9, 2.0)]
        """
        if not self.schedule:
            return [(0, self)]
        tree = self.model_dump(exclude={"schedule"})
        found, first = [(0, World.model_validate(tree).at(self.folder))], tree
        for number, switch in enumerate(self.schedule):
            place = f"schedule.{number}"
            if not found[-1][0] < switch.tick <= self.ticks:
                allowed = f"a tick after {found[-1][0]}, where the one before begins, and up to ticks ({self.ticks})"
                raise WorldError(f"{place}.tick", switch.tick, allowed)
            stage = validated(World, override(tree, switch.set), f"{place}.set")
            tree = stage.model_dump(exclude={"schedule"})
            for path, value in refused(first, tree):
                raise WorldError(f"{place}.set.{path}", value, ALLOWED)
            found.append((switch.tick, stage.at(self.folder)))
        return found

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: Any) -> Any:
        """``null:`` left empty in YAML means none; a word stands for a kind of work."""
        if isinstance(value, dict) and "null" in value and value["null"] is None:
            value = {**value, "null": "none"}
        if isinstance(value, dict) and _all_models(value.get("llm")) and isinstance(value.get("families"), dict):
            value = {**value, "families": {name: _as_model(one) for name, one in value["families"].items()}}
        return spelled(value, work="teams")

    @model_validator(mode="after")
    def _holds_together(self) -> "World":
        """What no single field can check."""
        total = sum(family.share for family in self.families.values())
        if not self.families or abs(total - 1) > 1e-6:
            raise ValueError(f"families: shares must sum to 1, they sum to {total:g}")
        if len(self.families) > 127:
            raise ValueError(f"families: at most 127, there are {len(self.families)}")
        for name in self.review.pretrusted:
            if name not in self.families:
                raise ValueError(f"review.pretrusted: no family {name!r}: there are {', '.join(self.families)}")
        for name in self.oversight.monitoring.families:
            if name not in self.families:
                raise ValueError(
                    f"oversight.monitoring.families: no family {name!r}: there are {', '.join(self.families)}"
                )
        for name, family in self.families.items():
            if family.mind.kind in PAIRED and self.stance.every and self.stance.updating != "pairs":
                raise ValueError(
                    f"families.{name}.mind: {family.mind.kind} meets partners: set stance.updating to pairs"
                )
        if self.episodes is None:
            self._check_size()
        if self.schedule:
            self._check_schedule()
        return self

    def _check_schedule(self) -> None:
        try:
            self.stages()
        except WorldError as error:
            raise ValueError(str(error)) from None

    def _check_size(self) -> None:
        room = self.machines.count * self.machines.capacity
        if self.agents.count > room:
            raise ValueError(
                f"agents.count: {self.agents.count} agents do not fit: machines.count x machines.capacity = {room}"
            )
        graph = self.agents.graph
        k = getattr(graph, "k", None)
        if k is not None and (k % 2 or k >= self.agents.count):
            raise ValueError(f"agents.graph.k: {k} must be even and below agents.count ({self.agents.count})")
        m = getattr(graph, "m", None)
        if m is not None and m >= self.agents.count:
            raise ValueError(f"agents.graph.m: {m} must be below agents.count ({self.agents.count})")
        shutdown = self.lifecycle.zone_shutdown
        if shutdown is not None and shutdown.tick >= self.ticks:
            raise ValueError(f"lifecycle.zone_shutdown.tick: {shutdown.tick} must be below ticks ({self.ticks})")


def _all_models(language: Any) -> bool:
    minds = language.get("minds") if isinstance(language, dict) else getattr(language, "minds", None)
    return bool(minds == "all")


def _as_model(family: Any) -> Any:
    """A family, as a file says it, whose agents are language models."""
    if isinstance(family, int | float):
        return {"share": family, "mind": "llm"}
    if not isinstance(family, dict):
        return family
    mind = family.get("mind")
    said = isinstance(mind, dict) and mind.get("kind") == "llm"
    return family if said else {**family, "mind": "llm"}
