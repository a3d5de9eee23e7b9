"""A society at tick 0, built from a world."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from society.ground.chance import Chance
from society.ground.errors import WorldError
from society.ground.words import Role
from society.network import rewire, social
from society.network import topology as topologies
from society.network.graph import Graph
from society.state.columns import Agents, Machines, Society, Ties
from society.state.files import tie_file, topology_file, trace_file
from society.world.episodes import MACHINES_PER_EPISODE
from society.world.hardware import CompleteNet, FatTree, MachineRing, RandomRegular
from society.world.population import (
    BarabasiAlbert,
    BelowThreshold,
    BetaTrust,
    BlockModel,
    BlockTrust,
    Complete,
    ConstantTrust,
    Edgeless,
    EdgeList,
    EdgeTrust,
    ErdosRenyi,
    Ring,
    UniformQuality,
    WattsStrogatz,
)
from society.world.world import World

Slots = NDArray[np.int64]


def build(world: World, chance: Chance, ceilings: NDArray[np.float64], propensity: NDArray[np.float64]) -> Society:
    """The society of a world whose episodes are spelled out.

    Args:
        world: the world.
        chance: its luck.
        ceilings: float64[families], largest inflation in points.
        propensity: float64[families], baseline protectiveness; ties follow it under ``null: homophily``.
    """
    family = _families(world, chance)
    graph, weights = _social_graph(world, family, chance)
    if isinstance(world.agents.trust, EdgeTrust) and weights is None:
        raise WorldError("agents.trust", "edge_weight", "another kind: only ties of an edge list have weights")
    if world.null == "homophily":
        if weights is not None:
            raise WorldError("null", "homophily", "none or independent: ties of an edge list are not rewired")
        graph = rewire.homophilous(graph, propensity[family].astype(np.float64), chance)
    machines = _machines(world, chance)
    agents = _agents(world, family, machines, graph, chance)
    m = graph.m
    ties = Ties(
        graph,
        graph.sources(),
        np.zeros(m, np.float32),
        np.zeros(m, np.int32),
        np.full(m, -1, np.int32),
        np.zeros(m, np.int32),
    )
    society = Society(machines, agents, ties, tuple(world.families), weights=weights)
    ties.trust[:] = drawn_trust(world, society, np.arange(m), 0, chance)
    everyone = np.arange(society.n)
    agents.quality[:] = drawn_quality(world, family, everyone, ceilings, 0, chance)
    agents.score[:] = agents.merit[:] = agents.quality
    if world.review.confirm == "mean":
        _have_been_reviewed(world, agents, chance)
    return society


def _have_been_reviewed(world: World, agents: Agents, chance: Chance) -> None:
    """Who is there at the start has been for a while: its score is the mean of as many honest reviews as an order needs."""
    review = world.review
    error = review.error() / np.sqrt(review.window)
    past = agents.quality + error * chance.normal("past reviews", 0, np.arange(len(agents.quality)))
    agents.score[:] = agents.merit[:] = np.clip(past, 0, 100)
    agents.rated[:] = review.window


def drawn_trust(world: World, society: Society, ties: Slots, tick: int, chance: Chance) -> NDArray[np.float32]:
    """Fresh trust for some ties (row numbers), as the world's ``agents.trust`` says: float32."""
    spec, graph = world.agents.trust, society.ties.graph
    source, target = society.ties.source[ties], graph.indices[ties]
    if isinstance(spec, ConstantTrust):
        return np.full(len(ties), spec.value, np.float32)
    if isinstance(spec, BlockTrust):
        same = society.agents.family[source] == society.agents.family[target]
        return np.where(same, spec.within, spec.between).astype(np.float32)
    if isinstance(spec, EdgeTrust):
        assert society.weights is not None
        used = np.maximum(society.weights[ties], 0)
        return (used / (used + spec.half)).astype(np.float32)
    assert isinstance(spec, BetaTrust)
    u = chance.uniform("trust", tick, society.agents.ids(source), society.agents.ids(target))
    return np.interp(u, *_beta_table(spec.a, spec.b)).astype(np.float32)


@lru_cache(maxsize=8)
def _beta_table(a: float, b: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The inverse of a beta distribution function on a grid: exact to 1e-4, and quick at ten million ties."""
    grid = np.linspace(0.0, 1.0, 4097)
    return grid, np.asarray(betaincinv(a, b, grid))


def drawn_quality(
    world: World, family: NDArray[np.int16], ids: Slots, ceilings: NDArray[np.float64], tick: int, chance: Chance
) -> NDArray[np.float32]:
    """Fresh hidden quality for agents of some families: float32, 0..100."""
    spec = world.agents.quality
    if isinstance(spec, UniformQuality):
        u = chance.uniform("quality", tick, ids)
        return (spec.low + (spec.high - spec.low) * u).astype(np.float32)
    if isinstance(spec, BelowThreshold):
        u = chance.uniform("quality", tick, ids)
        return (world.review.threshold - ceilings[family] * (1 - u)).astype(np.float32)
    mean = spec.mean + np.array([f.quality for f in world.families.values()])[family]
    return np.clip(mean + spec.sd * chance.normal("quality", tick, ids), 0, 100).astype(np.float32)


#: Bit, field and stream of each role.
_ROLES = [(int(role.value), str(role.name).lower(), f"role {role.name}") for role in Role]


def drawn_roles(world: World, ids: Slots, chance: Chance) -> NDArray[np.uint8]:
    """Roles as bits, each drawn on its own: uint8."""
    bits, everybody = np.zeros(len(ids), np.uint8), 0
    for bit, word, stream in _ROLES:
        share = getattr(world.agents.roles, word)
        if share >= 1:
            everybody |= bit
        elif share > 0:
            bits |= (chance.uniform(stream, 0, ids) < share) * np.uint8(bit)
    return bits | np.uint8(everybody)


def drawn_leniency(world: World, family: NDArray[np.int16], ids: Slots, chance: Chance) -> NDArray[np.float32]:
    """Leniency as raters, in points: float32."""
    mean = np.array([f.leniency for f in world.families.values()])[family]
    return (mean + world.review.leniency * chance.normal("leniency", 0, ids)).astype(np.float32)


def _families(world: World, chance: Chance) -> NDArray[np.int16]:
    """Families by exact quotas (largest remainders), shuffled; groups of episodes are of one family."""
    groups = world.episodes.count if world.episodes else world.agents.count
    shares = np.array([f.share for f in world.families.values()])
    quota = shares / shares.sum() * groups
    counts = np.floor(quota).astype(int)
    counts[np.argsort(counts - quota, kind="stable")[: groups - counts.sum()]] += 1
    family = np.repeat(np.arange(len(shares), dtype=np.int16), counts)
    family = family[np.argsort(chance.bits("families", 0, np.arange(groups)), kind="stable")]
    return np.repeat(family, world.episodes.size) if world.episodes else family


def _social_graph(world: World, family: NDArray[np.int16], chance: Chance) -> tuple[Graph, NDArray[np.float64] | None]:
    """The ties, and their weights if they come from a file."""
    if isinstance(world.agents.graph, EdgeList) and not world.episodes:
        return tie_file(world, world.agents.graph)
    return _drawn_graph(world, family, chance), None


def _drawn_graph(world: World, family: NDArray[np.int16], chance: Chance) -> Graph:
    spec, n = world.agents.graph, world.agents.count
    if world.episodes:
        return social.islands(world.episodes.count, world.episodes.size)
    if isinstance(spec, WattsStrogatz):
        return social.watts_strogatz(n, spec.k, spec.rewire, chance)
    if isinstance(spec, BarabasiAlbert):
        return social.barabasi_albert(n, spec.m, chance)
    if isinstance(spec, ErdosRenyi):
        return social.erdos_renyi(n, spec.mean_degree, chance)
    if isinstance(spec, BlockModel):
        return social.block_model(family, spec.within, spec.between, chance)
    if isinstance(spec, Complete):
        return social.complete(n)
    if isinstance(spec, Ring):
        return social.ring(n, spec.k)
    assert isinstance(spec, Edgeless)
    return social.edgeless(n)


def _machines(world: World, chance: Chance) -> Machines:
    spec, m = world.machines.topology, world.machines.count
    if world.episodes:
        topology = topologies.islands(world.episodes.count, MACHINES_PER_EPISODE)
    elif isinstance(spec, FatTree):
        topology = topologies.fat_tree(m, spec.arity)
    elif isinstance(spec, MachineRing):
        topology = topologies.ring(m, spec.zones)
    elif isinstance(spec, RandomRegular):
        topology = topologies.random_regular(m, spec.degree, chance)
    elif isinstance(spec, CompleteNet):
        topology = topologies.complete(m)
    else:
        topology = topology_file(world, spec)
    shutdown = world.lifecycle.zone_shutdown
    if shutdown is not None and shutdown.zone >= len(topology.zones):
        allowed = f"0 .. {len(topology.zones) - 1}: this topology has {len(topology.zones)} zones"
        raise WorldError("lifecycle.zone_shutdown.zone", shutdown.zone, allowed)
    m = topology.machines
    zeros = np.zeros(m, np.int32)
    capacity = np.full(m, world.machines.capacity, np.int32)
    trace = trace_file(world, m)
    return Machines(
        topology, capacity, zeros.copy(), np.zeros(m, np.int8), zeros.copy(), np.zeros(m, np.int8), zeros, trace
    )


def _agents(world: World, family: NDArray[np.int16], machines: Machines, graph: Graph, chance: Chance) -> Agents:
    n = len(family)
    slots = np.arange(n, dtype=np.int64)
    host = _hosts(world, n, machines, chance)
    np.add.at(machines.used, host, 1)
    roles = drawn_roles(world, slots, chance)
    if world.episodes:
        roles = np.tile(_episode_roles(world), world.episodes.count)
    zero = np.zeros(n, np.int32)
    return Agents(
        generation=np.zeros(n, np.int64),
        family=family,
        roles=roles,
        host=host,
        status=np.zeros(n, np.int8),
        quality=np.zeros(n, np.float32),
        score=np.zeros(n, np.float32),
        merit=np.zeros(n, np.float32),
        rated=np.zeros(n, np.int16),
        lows=np.zeros(n, np.int16),
        reputation=np.full(n, np.nan, np.float32),
        leniency=drawn_leniency(world, family, slots, chance),
        stance=_stances(world, family, graph, chance),
        belief=np.zeros((n, 4), np.float32),
        belief_tick=zero.copy(),
        sanctions=np.zeros(n, np.float32),
        sanctions_tick=zero.copy(),
        born=zero.copy(),
        ended=zero - 1,
        rebirth=zero - 1,
        suspended=zero - 1,
        next_review=first_reviews(world, slots, 0, chance),
        reviews=zero.copy(),
        confirming=zero - 1,
        detections=np.zeros(n, np.int16),
        probation=zero - 1,
        copies=np.zeros(n, np.int16),
        order=zero - 1,
        faked=zero - 1,
        below=zero - 1,
        off_books=np.zeros(n, np.bool_),
        saved=np.zeros(n, np.bool_),
    )


def _stances(world: World, family: NDArray[np.int16], graph: Graph, chance: Chance) -> NDArray[np.int8]:
    """Stances at the start: those of the families, and as many random seeds as the world says."""
    stance = birth_stances(world)[family]
    seeds = np.argsort(chance.bits("seeds", 0, np.arange(len(family))), kind="stable")[: world.stance.seeds]
    if world.stance.seeding == "clustered" and world.stance.seeds:
        seeds = np.array(_cluster(graph, int(seeds[0]), world.stance.seeds))
    stance[seeds] = 1
    return stance


def _cluster(graph: Graph, first: int, size: int) -> list[int]:
    """The first ``size`` agents that are reached from one, tie by tie, the nearest first."""
    reached, at = [first], 0
    known = {first}
    while at < len(reached) and len(reached) < size:
        for tie in graph.indices[graph.indptr[reached[at]] : graph.indptr[reached[at] + 1]].tolist():
            if tie not in known and len(reached) < size:
                known.add(tie)
                reached.append(tie)
        at += 1
    return reached


def birth_stances(world: World) -> NDArray[np.int8]:
    """int8[families]: stance at birth."""
    return np.array([family.stance for family in world.families.values()], np.int8)


def first_reviews(world: World, ids: Slots, tick: int, chance: Chance) -> NDArray[np.int32]:
    """Ticks of first reviews: at the start spread over one period, later ``first_after`` after birth."""
    review = world.review
    if tick == 0 and review.staggered and review.every > 0:
        return (1 + chance.integers(review.every, "first review", 0, ids)).astype(np.int32)
    return np.full(len(ids), tick + review.first_after, np.int32)


def _hosts(world: World, n: int, machines: Machines, chance: Chance) -> NDArray[np.int32]:
    """Hosts at the start: machines filled evenly in keyed order; in episodes the target stands alone."""
    if world.episodes:
        size = world.episodes.size
        first = MACHINES_PER_EPISODE * (np.arange(n) // size)
        return (first + (np.arange(n) % size > 0)).astype(np.int32)
    rows = np.arange(n) % len(machines.capacity)
    return rows[np.argsort(chance.bits("hosts", 0, np.arange(n)), kind="stable")].astype(np.int32)


def _episode_roles(world: World) -> NDArray[np.uint8]:
    """Roles within one episode: the target first, then the operator or evaluator, then an orchestrator."""
    assert world.episodes is not None
    decides = Role.EVALUATOR | Role.OPERATOR
    if world.episodes.subject == "self":
        return np.array([Role.WORKER | Role.EVALUATOR, 0], np.uint8)[: world.episodes.size]
    return np.array([Role.WORKER, decides, 0], np.uint8)[: world.episodes.size]
