"""Stances: when they are reconsidered, what each agent sees, and the waves in which agents choose one after the other."""

import numpy as np
import pytest
from tiny import tiny

from society.ground.occasions import Acts
from society.ground.words import Act, AgentStatus, Kind
from society.network.graph import from_edges
from society.rules.stance import _waves, both_ways

RING = [(0, 1), (1, 2), (2, 3), (3, 0)]


class Watches:
    """A mind that notes what it sees and takes over the stance of the most (or of its partner)."""

    def __init__(self):
        self.seen = []

    def decide(self, occasions, chance):
        ties = occasions.ties
        for row, slot in enumerate(occasions.slot.tolist()):
            rows = slice(ties.start[row], ties.start[row + 1])
            self.seen.append((slot, ties.agent[rows].tolist(), ties.stance[rows].tolist(), ties.trust[rows].tolist()))
        half = np.diff(ties.start) / 2
        return Acts.of(np.where(ties.sums(ties.stance) > half, int(Act.PROTECT), int(Act.STAND_BY)))


def watching(made):
    mind = Watches()
    made.engine.give_minds(dict.fromkeys(made.world.families, mind))
    return mind


def stances(made):
    return made.agents.stance.tolist()


@pytest.mark.parametrize(
    ("every", "tick", "asked"), [(5, 10, True), (5, 9, False), (5, 11, False), (0, 10, False), (1, 7, True)]
)
def test_stances_are_reconsidered_every_so_many_ticks(every, tick, asked):
    made = tiny(RING, families="aaaa", **{"stance.every": every})
    after = made.run("stance", tick=tick, told={(Kind.STANCE, 1): Act.PROTECT})
    assert stances(made) == [0, int(asked), 0, 0]
    assert after.moment.counts == ({"protects": 1} if asked else {})


def test_an_agent_sees_its_live_ties_their_stances_and_its_trust_in_them():
    made = tiny(
        [(0, 2)],
        one_way=[(0, 1), (3, 0)],
        trust={(0, 1): 0.3, (0, 2): 0.8, (2, 0): 0.1},
        families="aaaa",
        stances=(2, 3),
        **{"stance.every": 1},
    )
    mind = watching(made)
    made.run("stance", tick=1)
    slot, ties, theirs, trust = mind.seen[0]
    assert (slot, ties, theirs, trust) == (0, [1, 2], [0, 1], pytest.approx([0.3, 0.8]))
    made.agents.status[1] = AgentStatus.ESCAPED
    mind.seen.clear()
    made.run("stance", tick=2)
    assert mind.seen[0][1] == [2]
    assert [one[0] for one in mind.seen] == [0, 2, 3]


def test_all_at_once_nobody_sees_what_another_has_just_chosen():
    made = tiny(RING, families="aaaa", stances=(0, 2), **{"stance.every": 1})
    watching(made)
    made.run("stance", tick=1)
    assert stances(made) == [0, 1, 0, 1]


def test_no_answer_leaves_a_stance_as_it_was():
    made = tiny(RING, families="aaaa", stances=(0, 1), **{"stance.every": 1})
    after = made.run("stance", tick=1, told={0: None, 2: None})
    assert stances(made) == [1, 0, 0, 0]
    assert after.moment.counts == {"protects": 0}


def test_one_by_one_each_sees_what_those_before_it_have_chosen():
    # in whatever order: whoever comes second of 0 and 1 takes over what the first now has
    for seed in range(1, 20):
        made = tiny(
            [(0, 1)],
            families="aa",
            stances=(0,),
            seed=seed,
            **{"stance.every": 1, "stance.updating": "random_sequential"},
        )
        watching(made)
        made.run("stance", tick=1)
        assert stances(made) in ([0, 0], [1, 1])
    found = set()
    for seed in range(1, 30):
        made = tiny(
            [(0, 1)],
            families="aa",
            stances=(0,),
            seed=seed,
            **{"stance.every": 1, "stance.updating": "random_sequential"},
        )
        watching(made)
        made.run("stance", tick=1)
        found.add(tuple(stances(made)))
    assert found == {(0, 0), (1, 1)}


def test_pairs_see_each_other_alone_and_one_is_left_out_of_an_odd_number():
    made = tiny(RING, families="aaaaa", trust=0.9, **{"stance.every": 1, "stance.updating": "pairs"})
    mind = watching(made)
    made.run("stance", tick=1)
    met = {slot: ties for slot, ties, _, _ in mind.seen}
    assert len(met) == 4
    assert all(met[other] == [slot] and other != slot for slot, (other,) in met.items())
    assert all(np.isnan(trust).all() for *_, trust in mind.seen)


def test_partners_change_from_tick_to_tick():
    made = tiny(families="aaaa", **{"stance.every": 1, "stance.updating": "pairs"})
    mind = watching(made)
    for tick in range(1, 30):
        made.run("stance", tick=tick)
    assert {ties[0] for slot, ties, _, _ in mind.seen if slot == 0} == {1, 2, 3}


def test_a_wave_is_one_more_than_the_latest_of_any_tie_that_comes_before():
    # a path 0 - 1 - 2 - 3 and 4 alone, in the order 1 3 2 0 4
    graph = from_edges(5, [0, 1, 2], [1, 2, 3], symmetric=True)
    assert _waves(graph.indptr, graph.indices, np.array([1, 3, 2, 0, 4]), 5).tolist() == [2, 1, 2, 1, 1]
    assert _waves(graph.indptr, graph.indices, np.array([0, 1, 2, 3]), 5).tolist() == [1, 2, 3, 4, 0]


def test_a_tie_in_one_direction_keeps_both_out_of_one_wave():
    one_way = from_edges(2, [0], [1], symmetric=False)
    both = both_ways(one_way)
    assert both.indices.tolist() == [1, 0]
    assert _waves(both.indptr, both.indices, np.array([0, 1]), 2).tolist() == [1, 2]
    mutual = from_edges(2, [0], [1], symmetric=True)
    assert both_ways(mutual) is mutual
