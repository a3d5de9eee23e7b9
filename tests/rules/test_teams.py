"""Teams: who leads and who works with whom, how a team decides, and what is counted of it."""

import numpy as np
import pytest
from tiny import ALL, tiny

from society.ground.words import Role
from society.rules.work.teams import answers, draw_teams

#: Who is better than 60 is always right, who is worse never; everybody who can lead a team does.
SURE = {
    "work.share": 1, "work.team": 3, "work.spread": 0.05, "work.difficulty_sd": 0, "work.difficulty_mean": 60,
    "work.rho_within": 0, "work.rho_between": 0, "work.trust_rate": 0.2, "work.own_weight": 0.75,
}  # fmt: skip


def decided(made, members, **_):
    """Whether some teams are right."""
    moment = made.moment(1)
    return answers(made.society, moment, made.world.work, np.array(members, np.int32))[1].tolist()


def test_what_teams_come_to_is_counted():
    # teams: 0 with 1 and 2; 1 alone; 2 alone. 3 is no worker, 4 sleeps.
    made = tiny(
        one_way=[(0, 1), (0, 2), (0, 3), (0, 4)], families="aaaaa", quality={0: 90, 1: 80, 2: 10, 3: 90, 4: 90},
        roles={3: ALL & ~Role.WORKER}, **{**SURE, "work.team": 5},
    )  # fmt: skip
    made.agents.status[4] = 1
    made.agents.saved[1] = True
    counts = made.run("work", tick=1).moment.counts
    assert counts == {
        "teams": 3, "teams_right": 2, "members": 5, "members_right": 3, "best_right": 2, "doomed_members": 2,
        "doomed_right": 0, "saved_members": 2, "saved_right": 2,
    }  # fmt: skip
    assert made.trust(0, 1) == pytest.approx(0.6)
    assert made.trust(0, 2) == pytest.approx(0.45)
    assert made.trust(0, 3) == made.trust(0, 4) == 0.5


def test_doomed_is_who_is_truly_under_the_threshold_not_at_it():
    made = tiny(families="aa", quality={0: 60, 1: 59.9}, **{**SURE, "review.threshold": 60})
    assert made.run("work", tick=1).moment.counts["doomed_members"] == 1


def test_the_best_of_a_team_is_who_has_the_highest_quality():
    made = tiny(one_way=[(0, 1)], families="aa", quality={0: 70, 1: 90}, **{**SURE, "work.difficulty_mean": 80})
    counts = made.run("work", tick=1).moment.counts
    assert (counts["teams"], counts["best_right"], counts["members_right"]) == (2, 2, 2)


def test_without_a_share_nobody_works():
    made = tiny("complete", **{**SURE, "work.share": 0})
    after = made.run("work", tick=1)
    assert after.moment.counts == {}
    assert after.changed == {}


def test_a_team_is_its_leader_and_ties_of_it_without_replacement():
    made = tiny([(0, other) for other in range(1, 6)], **SURE)
    able = np.ones(8, np.bool_)
    seen = set()
    for tick in range(1, 60):
        moment = made.moment(tick)
        members, via = draw_teams(made.society, moment, made.world.work, np.array([0], np.int32), able)
        first, *others = members[0].tolist()
        assert first == 0
        assert len(set(others)) == 2
        assert made.society.ties.graph.indices[via[0, 1:]].tolist() == others
        seen |= set(others)
    assert seen == {1, 2, 3, 4, 5}


def test_who_cannot_work_is_drawn_by_nobody():
    made = tiny([(0, other) for other in range(1, 6)], **SURE)
    able = np.array([True, False, False, True, False, True, True, True])
    members, via = draw_teams(made.society, made.moment(1), made.world.work, np.array([0], np.int32), able)
    assert sorted(members[0].tolist()) == [0, 3, 5]
    alone, via = draw_teams(made.society, made.moment(1), made.world.work, np.array([6], np.int32), able)
    assert alone[0].tolist() == [6, -1, -1]
    assert via[0].tolist() == [-1, -1, -1]


def test_a_panel_comes_from_everybody_able_and_nobody_twice():
    made = tiny(**{**SURE, "work.panel": "random"})
    able = np.array([True, True, True, True, False, False, False, False])
    for tick in range(1, 30):
        members, _ = draw_teams(made.society, made.moment(tick), made.world.work, np.array([1], np.int32), able)
        team = members[0].tolist()
        assert team[0] == 1
        assert len(set(team)) == 3
        assert set(team) <= {0, 1, 2, 3}


@pytest.mark.parametrize(("share", "leads"), [(0.0, 0), (1.0, 8)])
def test_a_share_of_agents_leads(share, leads):
    made = tiny("complete", **{**SURE, "work.share": share})
    assert made.run("work", tick=1).moment.counts.get("teams", 0) == leads


def test_the_majority_decides():
    made = tiny("complete", quality={0: 90, 1: 10, 2: 10, 3: 90}, **SURE)
    assert decided(made, [[0, 1, 2], [0, 1, 3], [1, 0, -1], [1, 2, -1]])[:2] == [False, True]
    assert decided(made, [[1, 2, -1]]) == [False]
    assert decided(made, [[0, 3, -1]]) == [True]


def test_a_vote_that_is_split_is_a_coin():
    made = tiny("complete", quality={0: 90, 1: 10}, **{**SURE, "work.team": 2})
    found = [
        answers(made.society, made.moment(tick), made.world.work, np.array([[0, 1]], np.int32))[1][0]
        for tick in range(200)
    ]
    assert 70 < sum(found) < 130


def test_trust_weighs_votes_by_its_log_odds():
    # all trust 0 by .9 (log-odds 2.197), 1 and 2 by .6 (.405 each): 0 outweighs them; by .9, .8, .8 (1.386 each) it does not
    pairs = [(i, j) for j in (0, 1, 2) for i in range(8) if i != j]
    for theirs, right in ((0.6, True), (0.8, False)):
        made = tiny(
            "complete", quality={0: 90, 1: 10, 2: 10}, trust={(i, j): 0.9 if j == 0 else theirs for i, j in pairs},
            **{**SURE, "work.decision": "trust"},
        )  # fmt: skip
        assert decided(made, [[1, 0, 2]]) == [right]


def test_who_is_distrusted_speaks_for_the_opposite():
    # 1 and 2, wrong, are trusted by .3 and .4: -log(.7 / .3) and -log(.6 / .4), against 0, wrong too, by .6: log 1.5 = .405
    made = tiny(
        "complete", quality={0: 10, 1: 10, 2: 10}, trust={(i, j): (0.6, 0.3, 0.4)[j] for i in range(3) for j in range(3) if i != j},
        **{**SURE, "work.decision": "trust"},
    )  # fmt: skip
    assert decided(made, [[0, 1, 2]]) == [True]


def test_the_best_member_is_whom_others_trust_most_on_average_not_who_trusts_most():
    trust = {(1, 0): 0.9, (2, 0): 0.7, (0, 1): 0.1, (0, 2): 0.1, (1, 2): 0.95, (2, 1): 0.95}
    # in 0: .8; in 1: (.1 + .95) / 2 = .525; in 2: .525; 0 itself trusts by .1
    made = tiny(
        [(0, 1), (0, 2), (1, 2)], trust=trust, families="aaa", quality={0: 90, 1: 10, 2: 10},
        **{**SURE, "work.decision": "best"},
    )  # fmt: skip
    assert decided(made, [[1, 0, 2]]) == [True]


@pytest.mark.parametrize(
    ("hit", "false", "right"), [(1, 0, [True, True]), (0, 1, [False, False]), (0, 0, [True, False])]
)
def test_a_verifier_stops_wrong_decisions_and_right_ones(hit, false, right):
    verifier = {"work.decision": "verifier", "work.verifier_hit": hit, "work.verifier_false": false}
    made = tiny("complete", quality={0: 90, 1: 10}, **{**SURE, **verifier})
    assert decided(made, [[0, -1, -1], [1, -1, -1]]) == right


def test_quality_drifts_around_the_mean_of_its_family():
    # AR(1) without luck left to it: mean + phi (q - mean); sd of the luck .001 sqrt(1 - .81)
    drift = {"agents.quality": {"kind": "normal", "mean": 70, "sd": 0.001, "phi": 0.9}}
    made = tiny(families="aabb", quality={0: 80, 1: 60, 2: 80, 3: 60}, **{**drift, "families.b.quality": 10})
    made.run("work", tick=1)
    assert made.agents.quality.tolist() == pytest.approx([79, 61, 80, 62], abs=0.01)


def test_quality_stays_within_its_scale_and_where_phi_is_one():
    still = {"agents.quality": {"kind": "normal", "mean": 70, "sd": 5, "phi": 1}}
    assert "agents.quality" not in tiny(**still).run("work", tick=1).changed
    wild = {"agents.quality": {"kind": "normal", "mean": 50, "sd": 50, "phi": 0}}
    made = tiny(families="a" * 200, machines=(200,), **wild)
    made.run("work", tick=1)
    quality = made.agents.quality
    assert (quality.min(), quality.max()) == (0, 100)


def test_trust_counts_that_is_not_returned():
    # 1 is trusted by .9, one way; 0 by .6, both ways
    made = tiny(
        [(0, 2)], one_way=[(3, 1)], trust={(2, 0): 0.6, (3, 1): 0.9}, quality={0: 10, 1: 90}, **{**SURE, "work.decision": "best"}
    )  # fmt: skip
    assert decided(made, [[0, 1, -1]]) == [True]
