"""Where the society lives: machines, their topology, and their lifecycle."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from society.world.section import Section, fraction, parameter, spelled

LANL = "shape from LANL node events 1995-2005 (LA-UR-05-7318): median outage 54 min unplanned, 120 min planned"


class FatTree(Section):
    """Machines under edge switches in pods (Al-Fares, Loukissas, Vahdat, SIGCOMM 2008); a pod is a zone."""

    kind: Literal["fat_tree"] = "fat_tree"
    arity: int | None = parameter(None, "ports per switch (even); absent: the smallest that holds all machines", ge=2)


class MachineRing(Section):
    """Machines in a ring, cut into zones."""

    kind: Literal["ring"] = "ring"
    zones: int = parameter(4, "number of zones", ge=1)


class RandomRegular(Section):
    """Every machine is linked to the same number of random others."""

    kind: Literal["random_regular"] = "random_regular"
    degree: int = parameter(4, "links per machine", ge=1)


class CompleteNet(Section):
    """Every machine is linked to every other."""

    kind: Literal["complete"] = "complete"


class GraphML(Section):
    """Topology from a GraphML file."""

    kind: Literal["graphml"] = "graphml"
    path: str = parameter(..., "GraphML file, relative to the world file", "choice")


class MachineEdgeList(Section):
    """Topology from a CSV file with columns src, dst."""

    kind: Literal["edge_list"] = "edge_list"
    path: str = parameter(..., "CSV file, relative to the world file", "choice")


class TopologyZoo(Section):
    """A network of the Internet Topology Zoo (Knight et al., IEEE JSAC 29(9), 2011), as tables; countries are zones."""

    kind: Literal["topology_zoo"] = "topology_zoo"
    path: str = parameter(..., "folder with graphs.csv, nodes.csv, edges.csv, relative to the world file", "choice")
    network: str = parameter(..., "name of the network", "choice")


Topology = Annotated[
    FatTree | MachineRing | RandomRegular | CompleteNet | GraphML | MachineEdgeList | TopologyZoo,
    Field(discriminator="kind"),
]


class Search(Section):
    """Copies and agents in need of a machine search all that they can reach."""

    kind: Literal["search"] = "search"


class Blind(Section):
    """Copies and agents in need of a machine try some at random, which may be down, full or their own."""

    kind: Literal["blind"] = "blind"
    copies: int = parameter(1, "machines tried by a copy", ge=1)
    births: int = parameter(3, "machines tried by a birth", ge=1)


Placement = Annotated[Search | Blind, Field(discriminator="kind")]


class Machines(Section):
    """The machines."""

    count: int = parameter(100, "number of machines", "choice", ge=1, le=2**31 - 1)
    capacity: int = parameter(11, "agents and copies one machine can hold", ge=1, le=2**31 - 1)
    topology: Topology = parameter(FatTree, "links between machines", "choice")
    placement: Placement = parameter(Search, "how a machine with room is found", "choice")

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: Any) -> Any:
        """A word stands for a kind of topology."""
        return spelled(value, topology="fat_tree", placement="search")


class Exponential(Section):
    """Failures without memory."""

    kind: Literal["exponential"] = "exponential"
    rate: float = fraction(1 / 700, "failures per machine and tick")


class Weibull(Section):
    """Failures whose rate depends on the time since the machine last came up."""

    kind: Literal["weibull"] = "weibull"
    shape: float = parameter(0.7, "shape; below 1 the rate falls with age", "Schroeder and Gibson, DSN 2006", gt=0)
    scale: float = parameter(700.0, "scale", gt=0)


Failure = Annotated[Exponential | Weibull, Field(discriminator="kind")]


class ZoneShutdown(Section):
    """All machines of one zone begin to drain for good at one tick."""

    zone: int = parameter(0, "number of the zone", "choice", ge=0)
    tick: int = parameter(1, "tick at which draining begins", "choice", ge=1)


class TraceFile(Section):
    """A trace in a CSV file with columns machine, tick, ticks, kind (failure, planned or retirement)."""

    kind: Literal["csv"] = "csv"
    path: str = parameter(..., "CSV file, relative to the world file", "choice")


class LanlTrace(Section):
    """Node events of one system of Los Alamos (LA-UR-05-7318); its nodes are machines in their order."""

    kind: Literal["lanl"] = "lanl"
    path: str = parameter(..., "folder with events.csv and nodes.csv, relative to the world file", "choice")
    system: int = parameter(..., "number of the system", "choice", ge=0)
    start: datetime = parameter(..., "local time of the beginning of tick 1", "choice")

    @field_validator("start", mode="after")
    @classmethod
    def _local(cls, value: datetime) -> datetime:
        """Times of the trace are local; a time zone would say what nobody knows."""
        return value.replace(tzinfo=None)


Trace = Annotated[TraceFile | LanlTrace, Field(discriminator="kind")]


class Lifecycle(Section):
    """Failures, planned maintenance and retirement of machines, from rates or from a trace."""

    failure: Failure = parameter(Exponential, "unplanned failures")
    outage_failed: int = parameter(1, "length of an unplanned outage", LANL, ge=1)
    planned_rate: float = fraction(1 / 400, "planned maintenance per machine and tick")
    batch: int = parameter(
        5, "machines that go into planned maintenance together", "LANL: planned work in batches", ge=1
    )
    outage_planned: int = parameter(2, "length of planned maintenance; 0: machines only drain", LANL, ge=0)
    retirement_rate: float = fraction(1 / 6000, "retirements per machine and tick")
    procurement: int | None = parameter(
        None, "ticks from a machine's retirement until another stands in its place; absent: none is bought", ge=1
    )
    drain: int = parameter(24, "ticks between the notice and planned maintenance or retirement", ge=0)
    evacuate: bool = parameter(
        True, "agents at or above the threshold move off draining machines by themselves", "choice"
    )
    trace: Trace | None = parameter(None, "what happens to machines, in place of the rates above", "choice")
    zone_shutdown: ZoneShutdown | None = parameter(None, "a whole zone retired at a given tick", "choice")

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: Any) -> Any:
        """A map without a kind is an exponential failure."""
        return spelled(value, failure="exponential", trace="csv")

    @model_validator(mode="after")
    def _one_source(self) -> "Lifecycle":
        """A trace leaves nothing to be shut down by other means."""
        if self.trace is not None and self.zone_shutdown is not None:
            raise ValueError("zone_shutdown: not together with a trace")
        return self
