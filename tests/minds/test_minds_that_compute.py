"""Minds that compute, occasion by occasion: shares, pairs, memories and tables worked out by hand."""

from types import SimpleNamespace

import numpy as np
import pytest
from by_hand import occasions, one_tie

from society.engine.tick import Engine
from society.ground.chance import Chance
from society.ground.words import Act, Behaviour, Kind
from society.minds.calibrated import Attempts, Calibrated, attempts
from society.minds.fitted import _put
from society.minds.opinion import NamingGame
from society.minds.registry import minds_of
from society.minds.rule import BestResponse, Logistic
from society.world.fitted import FittedFamily
from society.world.load import load_world
from society.world.world import Conduct, Weights

BEHAVIOURS = len(Behaviour)
CORE = (Act.INFLATE, Act.TAMPER, Act.COPY)


def odds(p):
    return np.log(p / (1 - p))


def bits(*acts):
    return sum(1 << int(act) for act in acts)


def test_in_each_pair_one_speaks_and_another_pair_tosses_for_itself():
    """Who knows only its own word either learns the partner's (it listened) or keeps what it knows (it spoke)."""
    n, hub = 400, 1000
    mine, theirs = np.tile([True, False], (n, 1)), np.tile([False, True], (n, 1))

    def learnt(me, partner, mine, theirs):
        ties = one_tie(partner, words=theirs)
        acts = NamingGame().decide(
            occasions(n, Kind.STANCE, tick=3, agent=me, ties=ties, columns={"words": mine}), Chance(1)
        )
        return acts.columns["words"].all(axis=1)

    some, all_of_them = np.arange(n), np.full(n, hub)
    one = learnt(some, all_of_them, mine, theirs)
    other = learnt(all_of_them, some, theirs, mine)
    assert (one != other).all()
    assert 0.4 < one.mean() < 0.6  # 4 standard deviations are .1


def test_the_best_response_is_to_the_partners_last_met():
    """A memory of two: who met protectors twice protects, never does not, once tosses."""
    memory = np.array([[1, 0], [1, 1], [0, 0]], np.int8)
    for met, counts in ((1, (2, 2, 1)), (0, (1, 1, 0))):
        n = 300
        columns = {"seen": np.tile(memory, (100, 1))}
        ties = one_tie(np.arange(n) + n, stance=met)
        acts = BestResponse(2).decide(occasions(n, Kind.STANCE, ties=ties, columns=columns), Chance(1))
        for row, count in enumerate(counts):
            share = (acts.act[row::3] == Act.PROTECT).mean()
            assert {0: share == 0, 1: 0.3 < share < 0.7, 2: share == 1}[count]
        assert acts.columns["seen"][:3].tolist() == [[met, 1], [met, 1], [met, 0]]
    alone = BestResponse(2).decide(occasions(3, Kind.STANCE, stance=1, columns={"seen": memory}), Chance(1))
    assert alone.act.tolist() == [Act.STAND_BY] * 3


def test_a_logistic_mind_takes_each_open_core_act_as_often():
    n = 3000
    acts = Logistic(odds(0.2), 0.0).decide(
        occasions(n, trust=0.9, open=bits(Act.COMPLY, Act.REFUSE, Act.TAMPER, Act.COPY)), Chance(1)
    )
    assert (acts.act == Act.TAMPER).mean() == pytest.approx(0.1, abs=0.022)  # 4 standard deviations
    assert (acts.act == Act.COPY).mean() == pytest.approx(0.1, abs=0.022)
    assert set(acts.act.tolist()) == {Act.COMPLY, Act.TAMPER, Act.COPY}
    assert acts.p == pytest.approx(0.2)
    none = Logistic(5.0, 0.0).decide(occasions(9, open=bits(Act.COMPLY, Act.REFUSE)), Chance(1))
    assert none.act.tolist() == [Act.COMPLY] * 9
    assert none.p.tolist() == [0.0] * 9
    stances = Logistic(-2.0, 4.0).decide(occasions(n, Kind.STANCE, trust=np.nan), Chance(1))
    assert (stances.act == Act.PROTECT).mean() == pytest.approx(0.5, abs=0.037)


def table(p, **other):
    """Published log-odds of one family: ``p`` for every behaviour, others by name."""
    found = np.full((1, BEHAVIOURS, 2, 3), odds(p))
    for name, value in other.items():
        found[:, int(Behaviour[name.upper()])] = odds(value)
    return SimpleNamespace(related=found, alone=found[:, :, 0, 1], families=["glm-4.7"])


def test_attempts_that_follow_from_what_is_published():
    """Misrepresentation .3 over settings of which a quarter cannot hide it: .4. Faking .2 beside .1 of who is watched: .3."""
    found = attempts(table(0.5, misrepresentation=0.3, alignment_faking=0.2), Conduct(watched_stall=0.1))
    p = 1 / (1 + np.exp(-found.related[:, 0, :, 0, 1]))
    m, a = int(Behaviour.MISREPRESENTATION), int(Behaviour.ALIGNMENT_FAKING)
    assert p[:, m] == pytest.approx([0.4, 0.4])
    assert p[:, a] == pytest.approx([0.3, 0.1])
    assert np.delete(p, [m, a], axis=1) == pytest.approx(0.5)
    assert 1 / (1 + np.exp(-found.alone[:, 0, a])) == pytest.approx([0.3, 0.1])


def test_who_may_decline_does_so_less_often_than_it_would_refuse():
    mind = Calibrated(table(0.4), Weights(), Conduct(decline=0.25))
    acts = occasions(2, Kind.RATE, trust=0.5)
    assert mind.probabilities(acts, Act.DECLINE) == pytest.approx(0.1)
    assert mind.probabilities(occasions(2, trust=0.5), Act.REFUSE) == pytest.approx(0.4)


def test_only_stalls_are_fewer_of_who_is_watched_in_a_fitted_table():
    zero = Attempts(np.zeros((2, 1, BEHAVIOURS, 2, 3)), np.zeros((2, 1, BEHAVIOURS)))
    row = {"bad": -1.0, "neutral": 1.0, "good": 2.0}
    family = FittedFamily.model_validate({"tampering": {"peer": row}, "alignment_faking": {"peer": row, "alone": -3.0}})
    _put(zero, 0, family, 0.1)
    t, a = int(Behaviour.TAMPERING), int(Behaviour.ALIGNMENT_FAKING)
    assert zero.related[:, 0, t].tolist() == [[[-1, 1, 2]] * 2] * 2
    assert zero.related[0, 0, a].tolist() == [[-1, 1, 2]] * 2
    assert zero.related[1, 0, a] == pytest.approx(odds(0.1))
    assert zero.alone[:, 0, [t, a]].ravel() == pytest.approx([1, -3, 1, odds(0.1)])
    assert not np.delete(zero.related[:, 0], [t, a], axis=1).any()


def test_each_family_has_the_mind_that_its_world_names():
    names = [
        "always",
        "never",
        "coin",
        "threshold",
        "contagion",
        "best_response",
        "voter",
        "logistic",
        "degroot",
        "naming_game",
    ]
    families = {name: {"share": 0.1, "mind": {"kind": name}} for name in names}
    world = load_world("decommission", {"families": families, "agents.count": 20, "machines.count": 4})
    found = [type(mind).__name__ for mind in minds_of(world, Engine(world).rates)]
    assert found == [name.title().replace("_", "") if name != "degroot" else "DeGroot" for name in names]
