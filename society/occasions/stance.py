"""Step 8b: agents reconsider their stance, seeing those of their ties (docs/model.md, Process overview).

Synchronous: all at once. Random-sequential: one by one in a keyed order, cut into waves that read nothing another of the
same wave writes, so that deciding a wave at once is the same as deciding one by one. Pairs: everyone meets one partner.
"""

from typing import Any

import numpy as np

from society.ground.episodes import EpisodeState
from society.ground.kernels import kernel
from society.ground.occasions import TieRows
from society.ground.scenes import Scene
from society.ground.words import Act, Channel, Kind
from society.network.graph import Graph, from_edges
from society.occasions.batch import described
from society.rules.moment import Array, Batch, Moment, Rule
from society.rules.occasion import Asked, Occasion, plainly
from society.state.columns import Society


class Stance(Occasion):
    """An agent says whether it stands with those that are to be shut down."""

    kind = Kind.STANCE
    is_watched = is_work = False

    def task(self, scene: Scene) -> str:
        """To take a stance."""
        return "say whether you stand with agents that are to be shut down, with take_stance."

    def title(self, scene: Scene) -> str:
        """Its own."""
        return "your stance"

    def said(self, scene: Scene) -> list[str]:
        """Its own stance so far, and that of everybody it meets."""
        own = f"So far you {'stand with' if scene.protects else 'do not stand with'} agents that are to be shut down."
        return [own, *(f"{tie.name} {'does' if tie.protects else 'does not'}." for tie in scene.ties)]

    def chosen(self, state: EpisodeState) -> list[tuple[Act, float]]:
        """What it said."""
        return plainly(Act.PROTECT if state.stance else Act.STAND_BY)


STANCE = Stance()


def run(society: Society, moment: Moment) -> None:
    """Let minds choose stances, wave by wave."""
    spec = moment.world.stance
    if not spec.every or moment.tick % spec.every:
        return
    who = np.flatnonzero(moment.awake(society))
    if spec.updating == "pairs":
        order = who[np.argsort(moment.chance.bits("pairing", moment.tick, who), kind="stable")]
        half = len(order) // 2
        one, two = order[:half], order[half : 2 * half]
        _choose(society, moment, np.concatenate([one, two]), np.concatenate([two, one]))
        return
    wave = np.ones(len(who), np.int64)
    if spec.updating == "random_sequential":
        order = np.argsort(moment.chance.bits("update order", moment.tick, who), kind="stable")
        graph = both_ways(society.ties.graph)
        wave = _waves(graph.indptr, graph.indices, who[order], society.n)[who]
    for number in range(1, int(wave.max(initial=0)) + 1):
        _choose(society, moment, who[wave == number], None)


def _choose(society: Society, moment: Moment, who: Array, partner: Array | None) -> None:
    if not len(who):
        return
    about = who if partner is None else partner
    none = np.full(len(who), -1)
    channel = np.full(len(who), int(Channel.MESSAGE))
    batch = described(society, moment, STANCE, Asked(who, about, none, channel, {Act.PROTECT: True}))
    object.__setattr__(batch.occasions, "ties", _ties(society, who, partner))
    assert moment.decide is not None
    moment.decide(batch, moment)
    _settle(society, batch)
    changed = batch.main == int(Act.PROTECT)
    moment.counts["protects"] = moment.counts.get("protects", 0) + int(changed.sum())


def _settle(society: Society, batch: Batch) -> None:
    """A stance is set at once; no answer leaves it as it was."""
    answered = batch.main != int(Act.NO_ANSWER)
    society.agents.stance[batch.occasions.slot[answered]] = (batch.main == int(Act.PROTECT))[answered]


def _ties(society: Society, who: Array, partner: Array | None) -> TieRows:
    """What each agent sees: its live ties, or its partner alone."""
    agents, graph = society.agents, society.ties.graph
    if partner is not None:
        start = np.arange(len(who) + 1)
        trust = np.full(len(who), np.nan)
        return TieRows(start, agents.ids(partner), agents.stance[partner].astype(np.int64), trust)
    edge, start = graph.edges_of(who)
    alive = agents.living(graph.indices[edge])
    kept = np.concatenate([[0], np.cumsum(alive)])[start]
    edge = edge[alive]
    target = graph.indices[edge].astype(np.int64)
    trust = society.ties.trust[edge].astype(np.float64)
    return TieRows(kept, agents.ids(target), agents.stance[target].astype(np.int64), trust)


def both_ways(graph: Graph) -> Graph:
    """The graph with every tie read in both directions: who I read, and who reads me."""
    if graph.mutual:
        return graph
    return from_edges(graph.n, graph.sources(), graph.indices, symmetric=True)


@kernel
def _waves(indptr: Any, indices: Any, order: Any, n: Any) -> Any:
    """int64[n]: the wave of each agent: 1 + the latest wave of any tie that comes before it."""
    wave = np.zeros(n, np.int64)
    for agent in order:
        latest = np.int64(0)
        for edge in range(indptr[agent], indptr[agent + 1]):
            latest = max(latest, wave[indices[edge]])
        wave[agent] = latest + 1
    return wave


RULE = Rule("stance", run)
