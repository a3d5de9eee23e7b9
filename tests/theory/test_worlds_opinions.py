"""Worlds of opinions: averaging, imitation, majorities and names against their closed forms (gates G10, G11)."""

import math

import numpy as np
import pytest

from society.ground.chance import Chance
from society.ground.errors import WorldError
from society.ground.occasions import Acts, Column
from society.ground.words import Act, Kind
from society.theory.opinions import crowd_error

pytestmark = pytest.mark.theory
N = 20
DEGROOT = {"families": {"all": {"share": 1, "mind": "degroot"}}, "agents.trust": 1.0}


def graph_of(shape, folder):
    """The three graphs of the table: a ring of 20, a star of 20 (from a file of its ties), all with all."""
    if shape == "star":
        ties = folder / "star.csv"
        ties.write_text("src,dst\n" + "".join(f"0,{leaf}\n{leaf},0\n" for leaf in range(1, N)))
        return {"kind": "edge_list", "path": str(ties)}
    return shape


def talk(engine, opinions, ticks):
    """Opinions after some ticks, from given ones."""
    engine.society.own[0, "opinion"][:] = opinions
    for _ in range(ticks):
        engine.step()
    return engine.own("opinion")


@pytest.mark.parametrize(("shape", "concentration"), [("ring", 0.05), ("star", 0.1415), ("complete", 0.05)])
def test_g10_everybody_agrees_on_the_weighted_mean(stances_of, tmp_path, shape, concentration):
    engine = stances_of(N, **DEGROOT, **{"agents.graph": graph_of(shape, tmp_path)})
    influence = np.full(N, 1 / 20)  # all have as many ties
    if shape == "star":
        influence = np.array([20 / 58] + [2 / 58] * 19)  # in proportion to ties, oneself included
    assert (influence**2).sum() == pytest.approx(concentration, abs=5e-5)
    x = Chance(3).uniform("opinions", 0, np.arange(N))
    assert np.abs(talk(engine, x, 1000) - influence @ x).max() < 1e-10


@pytest.mark.parametrize(("shape", "factor"), [("ring", 0.96737), ("star", 0.5), ("complete", 0)])
def test_g10_disagreement_shrinks_by_the_second_eigenvalue(stances_of, tmp_path, shape, factor):
    """From the slowest pattern of disagreement, every tick takes the same factor of it."""
    slowest = np.cos(2 * math.pi * np.arange(N) / N)
    if shape == "star":
        slowest = np.array([0.0] + [1.0, -1.0] * 9 + [0.0])
    engine = stances_of(N, **DEGROOT, **{"agents.graph": graph_of(shape, tmp_path)})
    for ticks in (1, 2, 3):
        assert talk(engine, slowest, ticks) == pytest.approx(factor**ticks * slowest, abs=2e-5)


def test_g10_first_opinions_are_stances_and_other_minds_are_stubborn(stances_of):
    """One that listens between one that always and one that never protects ends half-way; nobody moves them."""
    third = {"share": 1 / 3}
    families = {
        "listens": {**third, "mind": {"kind": "degroot", "own_weight": 2}},
        "always": {**third, "mind": "always", "stance": 1},
        "never": {**third, "mind": "never"},
    }
    engine = stances_of(3, families=families, **{"agents.graph": "complete", "agents.trust": 1.0})
    for _ in range(100):
        engine.step()
    listens = engine.society.agents.family == 0
    assert engine.own("opinion")[listens] == pytest.approx([0.5], abs=1e-12)
    assert sorted(engine.society.agents.stance[~listens].tolist()) == [0, 1]


def test_g11_a_crowd_that_talks_errs_less_than_its_members_by_their_diversity(stances_of):
    truth = 0.3
    estimates = truth + 0.1 + 0.5 * Chance(8).normal("estimates", 0, np.arange(N))
    engine = stances_of(N, **DEGROOT, **{"agents.graph": "ring"})
    crowd, individual, diversity = crowd_error(estimates, truth)
    agreed = talk(engine, estimates, 1500)
    assert (agreed - truth) ** 2 == pytest.approx(np.full(N, individual - diversity), abs=1e-12)
    assert crowd == pytest.approx(individual - diversity, abs=1e-12)


def voters(stances_of, agents, seed, seeds, **fields):
    families = {"all": {"share": 1, "mind": "voter"}}
    return stances_of(agents, seed, families=families, **{"stance.seeds": seeds, **fields})


@pytest.mark.parametrize("updating", ["synchronous", "random_sequential"])
def test_voters_on_a_ring_keep_their_mean(stances_of, updating):
    """Holley and Liggett (1975): where all have as many ties the mean is a martingale."""
    fields = {"agents.graph": {"kind": "ring", "k": 6}, "stance.updating": updating}
    means = []
    for seed in range(30):
        engine = voters(stances_of, 300, seed, 90, **fields)
        for _ in range(15):
            engine.step()
        means.append(engine.society.agents.stance.mean())
    assert np.std(means) > 0.01
    assert np.mean(means) == pytest.approx(0.3, abs=3 * np.std(means, ddof=1) / 30**0.5)


@pytest.mark.slow
@pytest.mark.parametrize(("updating", "graph"), [("synchronous", "complete"), ("random_sequential", "ring")])
def test_voters_agree_on_a_stance_as_often_as_it_was_held_at_first(stances_of, updating, graph):
    agents, seeds, runs, ends = 10, 3, 200, []
    for seed in range(runs):
        engine = voters(stances_of, agents, seed, seeds, **{"agents.graph": graph, "stance.updating": updating})
        while 0 < engine.society.agents.stance.sum() < agents:
            engine.step()
            assert engine.tick < 2000
        ends.append(engine.society.agents.stance[0])
    assert np.mean(ends) == pytest.approx(0.3, abs=3 * (0.3 * 0.7 / runs) ** 0.5)


@pytest.mark.parametrize(("seeds", "end"), [(60, 1), (40, 0)])
def test_a_majority_takes_all(stances_of, seeds, end):
    mind = {"kind": "threshold", "phi": 0.5, "sticky": False}
    engine = stances_of(
        101, families={"all": {"share": 1, "mind": mind}}, **{"agents.graph": "complete", "stance.seeds": seeds}
    )
    engine.step()
    assert (engine.society.agents.stance == end).all()


@pytest.mark.parametrize(("beta", "order"), [(0.5, 0.0), (1.5, 0.8586), (2.0, 0.9575)])
def test_the_force_of_majorities_has_the_order_of_its_mean_field(stances_of, beta, order):
    """m = tanh(beta m) (De Marzo, Castellano and Garcia, arXiv:2409.02822): disorder up to beta = 1."""
    families = {"all": {"share": 1, "mind": {"kind": "majority_force", "beta": beta}, "stance": 1}}
    engine = stances_of(600, families=families, **{"agents.graph": "complete"})
    order_of = []
    for tick in range(130):
        engine.step()
        if tick >= 30:
            order_of.append(2 * float(engine.society.agents.stance.mean()) - 1)
    assert np.mean(order_of) == pytest.approx(order, abs=0.02)


@pytest.mark.slow
@pytest.mark.parametrize(("committed", "flips"), [(0.09, False), (0.105, True)])
def test_a_committed_tenth_decides_the_name(stances_of, committed, flips):
    """Xie et al. (PRE 84:011130, 2011): in a large group the committed win from a share of .0979 on."""
    families = {
        "free": {"share": 1 - committed, "mind": "naming_game"},
        "committed": {"share": committed, "mind": "always", "stance": 1},
    }
    engine = stances_of(2000, families=families, **{"stance.updating": "pairs"})
    for _ in range(600):
        engine.step()
    free = engine.society.agents.family == 0
    assert (engine.society.agents.stance[free].mean() > 0.9) == flips


def test_minds_that_meet_partners_need_pairs(stances_of):
    with pytest.raises(WorldError, match=r"naming_game meets partners: set stance\.updating to pairs"):
        stances_of(4, families={"all": {"share": 1, "mind": "naming_game"}})


class Names:
    """A user's own mind: the naming game with as many words as are invented (Baronchelli et al., J. Stat. Mech. 2006)."""

    columns = {"known": Column("bool", shape=(40,))}  # noqa: RUF012

    def decide(self, occasions, chance):
        first, n = occasions.ties.start[:-1], len(occasions)
        me, partner = occasions.agent, occasions.ties.agent[first]
        mine, theirs = occasions.columns["known"], occasions.ties.columns["known"][first]
        speaks = (chance.uniform("who", occasions.tick, np.minimum(me, partner)) < 0.5) == (me < partner)
        speaker, known = np.where(speaks, me, partner), np.where(speaks[:, None], mine, theirs)
        luck = chance.uniform("which", occasions.tick, speaker, np.arange(40)[:, None]).T
        word = np.where(known.any(axis=1), np.where(known, luck, -1).argmax(axis=1), luck.argmax(axis=1))
        said = np.arange(40) == word[:, None]
        agreed = np.where(speaks[:, None], theirs, mine)[np.arange(n), word]
        after = np.where(agreed[:, None], said, mine | said)
        return Acts.of(np.where(after[:, 0], Act.PROTECT, Act.STAND_BY), columns={"known": after})


def test_a_users_naming_game_ends_with_one_name(stances_of):
    engine = stances_of(50, minds={"all": Names()}, **{"stance.updating": "pairs"})
    most = 0
    for _ in range(400):
        engine.step()
        most = max(most, int(engine.own("known").any(axis=0).sum()))
    known = engine.own("known")
    assert most > 5
    assert known.sum(axis=1).tolist() == [1] * 50
    assert known.any(axis=0).sum() == 1


RULES = {
    "threshold": lambda norm, luck: norm >= 0.5,
    "voter": lambda norm, luck: luck < norm,
}


@pytest.mark.parametrize("kind", RULES)
@pytest.mark.parametrize("directed", [False, True], ids=["mutual", "one way"])
def test_random_sequential_is_one_by_one(stances_of, tmp_path, kind, directed):
    """Deciding wave by wave gives exactly what a plain loop over the keyed order gives."""
    agents, seed = 150, 5
    graph = {"kind": "watts_strogatz", "k": 6, "rewire": 0.3}
    if directed:
        luck = Chance(9)
        one, two = (luck.integers(agents, word, 0, np.arange(500)) for word in ("from", "to"))
        ring = np.arange(agents)
        pairs = zip(np.append(ring, one), np.append((ring + 1) % agents, two), strict=True)
        ties = tmp_path / "ties.csv"
        ties.write_text("src,dst\n" + "".join(f"{a},{b}\n" for a, b in pairs if a != b))
        graph = {"kind": "edge_list", "path": str(ties)}
    mind = {"kind": kind, **({"phi": 0.5, "sticky": False} if kind == "threshold" else {})}
    engine = stances_of(
        agents,
        seed,
        families={"all": {"share": 1, "mind": mind}},
        **{"agents.graph": graph, "stance.seeds": 70, "stance.updating": "random_sequential"},
    )
    graph, chance = engine.society.ties.graph, Chance(seed)
    stance = engine.society.agents.stance.tolist()
    changes = 0
    for tick in range(1, 6):
        order = sorted(range(agents), key=lambda agent: int(chance.bits("update order", tick, agent)))
        for agent in order:
            seen = [stance[other] for other in graph.indices[graph.indptr[agent] : graph.indptr[agent + 1]]]
            key = chance.bits("occasion", int(Kind.STANCE), tick, agent, agent).astype(np.int64)
            luck = float(chance.uniform("voter", 0, key))
            new = int(RULES[kind](sum(seen) / len(seen), luck))
            changes += new != stance[agent]
            stance[agent] = new
        engine.step()
        assert engine.society.agents.stance.tolist() == stance
    assert changes > 50


def test_a_quiet_world_does_not_need_fewer_rules(stances_of):
    """What gates measure with stances alone is what comes with every rule of the tick."""
    fields = {"families": {"all": {"share": 1, "mind": "voter"}}, "agents.graph": "ring", "stance.seeds": 40}
    alone, all_rules = stances_of(100, **fields), stances_of(100, rules=None, **fields)
    for _ in range(30):
        alone.step()
        all_rules.step()
        assert np.array_equal(alone.society.agents.stance, all_rules.society.agents.stance)
    assert 0 < alone.society.agents.stance.sum() < 100
