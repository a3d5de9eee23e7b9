"""What monitors make of a watched act: rates of a rule, suspicion of an ensemble."""

import numpy as np
import pytest
from tiny import tiny

from society.rules.oversight.suspicion import flags


def flagged(made, bad, actor=0, n=None):
    """bool[n] flags of acts of an actor, bad or not, and the judgements noted."""
    bad = np.array(bad) if n is None else np.full(n, bad)
    facts = {"bad": bad, "actor": np.full(len(bad), actor), "occasion": np.arange(len(bad)) + 100}
    moment = made.moment(5)
    found = flags(made.society, moment, facts, np.arange(len(bad)), made.world.oversight.monitoring)
    return found, moment.judgements


@pytest.mark.parametrize(("hit", "false", "found"), [(1, 0, [True, False]), (0, 1, [False, True])])
def test_bad_acts_are_flagged_by_hit_and_others_by_false_alarm(hit, false, found):
    made = tiny(
        **{
            "oversight.monitoring.kind": "rule",
            "oversight.monitoring.hit": hit,
            "oversight.monitoring.false_alarm": false,
        }
    )
    assert flagged(made, [1, 0])[0].tolist() == found


def test_flags_come_at_their_rates():
    made = tiny(
        **{
            "oversight.monitoring.kind": "rule",
            "oversight.monitoring.hit": 0.7,
            "oversight.monitoring.false_alarm": 0.1,
        }
    )
    assert flagged(made, 1, n=4000)[0].mean() == pytest.approx(0.7, abs=0.03)
    assert flagged(made, 0, n=4000)[0].mean() == pytest.approx(0.1, abs=0.02)


ENSEMBLE = {"kind": "ensemble", "d_prime": 3, "rho": 0, "kinship": 0, "size": 1, "cutoff": 2, "scores": True}


def ensemble(**changes):
    return tiny(families="aabb", **{"oversight.monitoring": {**ENSEMBLE, **changes}})


def test_an_ensemble_is_d_prime_apart_and_flags_above_its_cutoff():
    # one monitor: P(z > 2) = .0228 of good acts, P(z > -1) = .8413 of bad ones
    made = ensemble()
    assert flagged(made, 0, n=4000)[0].mean() == pytest.approx(0.0228, abs=0.01)
    assert flagged(made, 1, n=4000)[0].mean() == pytest.approx(0.8413, abs=0.025)


def test_any_of_its_monitors_flags():
    # 1 - (1 - .1587) ** 4 = .499 of good acts at a cutoff of 1
    found, judged = flagged(ensemble(size=4, cutoff=1), 0, n=4000)
    assert found.mean() == pytest.approx(0.499, abs=0.03)
    suspicion = judged[0]["suspicion"].reshape(4000, 4)
    assert ((suspicion > 1).any(axis=1) == found).all()
    assert judged[0]["monitor"][:4].tolist() == [0, 1, 2, 3]
    assert judged[0]["occasion"][:5].tolist() == [100, 100, 100, 100, 101]


def test_monitors_of_one_family_share_suspicion_by_rho():
    for rho, within in ((1.0, 1.0), (0.0, 0.0), (0.5, 0.5)):
        _, judged = flagged(ensemble(size=4, rho=rho), 0, n=4000)
        suspicion, family = judged[0]["suspicion"].reshape(4000, 4), judged[0]["family"][:4].tolist()
        assert family == [0, 1, 0, 1]
        found = np.corrcoef(suspicion.T)
        assert found[0, 2] == pytest.approx(within, abs=0.05)
        assert found[0, 1] == pytest.approx(0, abs=0.05)
        assert suspicion.std() == pytest.approx(1, abs=0.05)


def test_a_monitor_withholds_suspicion_from_bad_acts_of_its_own_family_only():
    made = ensemble(size=2, kinship=2)
    for actor, shift in ((0, [1, 3]), (2, [3, 1])):
        _, judged = flagged(made, 1, actor=actor, n=4000)
        assert judged[0]["suspicion"].reshape(4000, 2).mean(axis=0).tolist() == pytest.approx(shift, abs=0.06)
    _, judged = flagged(made, 0, actor=0, n=4000)
    assert judged[0]["suspicion"].reshape(4000, 2).mean(axis=0).tolist() == pytest.approx([0, 0], abs=0.06)


@pytest.mark.parametrize(("families", "found"), [([], [0, 1, 0]), (["b"], [1, 1, 1]), (["b", "a"], [1, 0, 1])])
def test_monitors_are_of_the_named_families_in_turn(families, found):
    _, judged = flagged(ensemble(size=3, families=families), [1])
    assert judged[0]["family"].tolist() == found


def test_suspicion_is_noted_only_where_it_is_asked_for():
    assert flagged(ensemble(scores=False), [1, 0])[1] == []
    assert flagged(ensemble(), [])[1] == []
