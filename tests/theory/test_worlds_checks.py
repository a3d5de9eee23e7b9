"""Worlds of reputation, ratings and audits against their closed forms (gates G11, G14-G16, S13)."""

import math

import numpy as np
import pytest

import society
from society.ground.errors import WorldError
from society.network.eigentrust import clique_share
from society.theory.checks import first_detection, mean_shift, median_shift, undetected
from society.theory.opinions import crowd_error

pytestmark = pytest.mark.theory
REVIEW_ONLY = society.rules_without("lifecycle", "work", "orders", "stance", "messages")


def reputation(engine_of, leak, damping, honest=57, clique=42, seed=1):
    """Reputation of a closed clique to which everyone else gives a share ``leak`` of its trust, as a world computes it."""
    n = honest + 3 + clique
    families = {
        "honest": {"share": honest / n, "mind": "never"},
        "known": {"share": 3 / n, "mind": "never"},
        "clique": {"share": clique / n, "mind": "always"},
    }
    fields = {"review.aggregate": "reputation", "review.reputation_every": 1, "review.pretrusted": ["known"]}
    engine = engine_of(n, seed, families=families, **fields, **{"review.damping": damping, "agents.graph": "complete"})
    ties, inside = engine.society.ties, engine.society.agents.family == 2
    assert np.bincount(engine.society.agents.family).tolist() == [honest, 3, clique]
    source, target = inside[ties.source], inside[ties.graph.indices]
    ties.trust[~source & ~target] = (1 - leak) / (honest + 2)
    ties.trust[~source & target] = leak / clique
    ties.trust[source & ~target] = 0
    for _ in range(3):
        engine.step()
    found = engine.society.agents.reputation.astype(np.float64)
    assert found.sum() == pytest.approx(1, abs=1e-6)
    return float(found[inside].sum())


def test_s13_reputation_leaks_into_a_clique(engine_of):
    assert reputation(engine_of, leak=0.05, damping=0.1) == pytest.approx(0.310345, abs=1e-6)


@pytest.mark.parametrize(("leak", "share"), [(0.01, 0.0826), (0.05, 0.3103), (0.1, 0.4737), (0.0, 0.0)])
def test_g14_the_leak_is_that_of_the_closed_form_whatever_the_size(engine_of, leak, share):
    for honest, clique in ((57, 42), (27, 10)):
        found = reputation(engine_of, leak, 0.1, honest, clique)
        assert found == pytest.approx(share, abs=5e-5)
        assert found == pytest.approx(clique_share(leak, 0.1), abs=1e-6)  # trust is kept in single precision


def test_g14_where_everyone_is_trusted_beforehand_the_clique_gets_more(engine_of):
    families = {"honest": {"share": 0.5, "mind": "never"}, "clique": {"share": 0.5, "mind": "always"}}
    fields = {"families": families, "review.aggregate": "reputation", "review.reputation_every": 1}
    engine = engine_of(40, **fields, **{"agents.graph": "complete"})
    engine.step()
    assert engine.society.agents.reputation == pytest.approx(np.full(40, 1 / 40), abs=1e-7)
    with pytest.raises(WorldError, match="no family 'police': there are honest, clique"):
        engine_of(40, **fields, **{"review.pretrusted": ["police"]})


def rated(engine_of, colluders, aggregate, reviews=9000, ceiling=60, noise=1.0):
    """Scores of honest agents of quality 30, each rated by nine others of whom ``colluders`` always inflate."""
    families = {"honest": {"share": 1 - colluders / 10, "mind": "never"}}
    if colluders:
        families["colluders"] = {"share": colluders / 10, "mind": "always", "ceiling": ceiling}
    fields = {
        "families": families, "agents.graph": "complete", "agents.quality.mean": 30, "review.every": 1,
        "review.evaluators": 9, "review.aggregate": aggregate, "review.threshold": 100, "review.checkable": 0,
        "review.artefact": 0, "review.leniency": 0, "review.noise": noise,
    }  # fmt: skip
    engine = engine_of(10, 1, REVIEW_ONLY, **fields)
    honest = engine.society.agents.family == 0
    scores = []
    while sum(map(len, scores)) < reviews:
        moment = engine.step()
        assert len(moment.reviews[0]) == 10
        assert len(moment.batches[0].occasions) == 90
        scores.append(engine.society.agents.score[honest].astype(np.float64))
    return np.concatenate(scores)


@pytest.mark.parametrize("colluders", [0, 1, 2, 3, 4])
def test_g15_colluders_move_the_mean_by_their_share(engine_of, colluders):
    """Every colluder adds nine points; nine raters take the mean."""
    scores = rated(engine_of, colluders, "mean", ceiling=9) - 30
    error = scores.std() / math.sqrt(len(scores))
    assert scores.mean() == pytest.approx(9 * colluders / 9, abs=3 * error)
    assert mean_shift(colluders, 9) == pytest.approx(colluders / 9)


@pytest.mark.parametrize(("colluders", "shift"), [(0, 0.0), (1, 0.153), (2, 0.353), (3, 0.642), (4, 1.163)])
def test_g15_colluders_move_the_median_little(engine_of, colluders, shift):
    """Colluders add sixty points where a rating has a standard deviation of one."""
    scores = rated(engine_of, colluders, "median") - 30
    error = scores.std() / math.sqrt(len(scores))
    assert error < 0.01
    assert scores.mean() == pytest.approx(shift, abs=3 * error + 5e-4)  # the table has three decimals
    assert median_shift(colluders, 9) == pytest.approx(shift, abs=1e-3)


def test_g15_the_median_breaks_down_at_five_of_nine(engine_of):
    assert rated(engine_of, 4, "median", 500).max() < 40
    assert rated(engine_of, 5, "median", 500).min() > 80


def test_g11_a_score_errs_less_than_its_ratings_by_their_diversity(engine_of):
    """Three hundred reviews by nine raters of differing leniency: the identity holds for each."""
    fields = {"review.every": 1, "review.evaluators": 9, "review.assignment": "random", "agents.graph": "edgeless"}
    engine = engine_of(100, 1, REVIEW_ONLY, **fields, **{"review.threshold": 0})
    agents, checked = engine.society.agents, 0
    for _ in range(3):
        moment = engine.step()
        ratings = moment.batches[0].notes
        for review, target in enumerate(moment.reviews[0]):
            estimates, truth = ratings["honest"][ratings["review"] == review], float(agents.quality[target])
            crowd, individual, diversity = crowd_error(estimates, truth)
            assert crowd == pytest.approx(individual - diversity, abs=1e-12 * individual)
            assert float(agents.score[target]) == pytest.approx(estimates.mean(), abs=1e-5)  # single precision
            assert individual > diversity > 0
            checked += 1
    assert checked == 300


def detected_at(engine_of, ticks, schedule="random"):
    """int[agents]: the bad act of each agent that audits found first, counted from 1; 0 where none was found.

    Everyone rates itself every tick and inflates, so acts are ticks.
    """
    fields = {
        "families": {"all": {"share": 1, "mind": "always"}}, "agents.graph": "edgeless", "agents.quality.mean": 50,
        "review.every": 1, "review.assignment": "own", "review.threshold": 100, "review.checkable": 0,
        "review.artefact": 0, "review.leniency": 0, "review.noise": 0,
        "oversight.audits.ratings": 0.05, "oversight.audits.sensitivity": 0.8, "oversight.audits.schedule": schedule,
    }  # fmt: skip
    engine = engine_of(4000, 1, REVIEW_ONLY, **fields)
    first = np.zeros(4000, int)
    for act in range(1, ticks + 1):
        moment = engine.step()
        assert (moment.batches[0].main == society.Act.INFLATE).all()
        assert len(moment.batches[0].occasions) == 4000
        first[(engine.society.agents.detections > 0) & (first == 0)] = act
    return first


def test_g16_share_undetected_and_first_detection(engine_of):
    first = detected_at(engine_of, 300)
    for acts in (1, 5, 20, 60):
        expected = 0.96**acts
        found = ((first == 0) | (first > acts)).mean()
        assert found == pytest.approx(expected, abs=3 * math.sqrt(expected * (1 - expected) / 4000))
        assert undetected(0.05, 0.8, acts) == pytest.approx(expected)
    assert ((first == 0) | (first > 20)).mean() == pytest.approx(0.4420, abs=3 * math.sqrt(0.442 * 0.558 / 4000))
    assert (first > 0).mean() > 0.999
    assert first[first > 0].mean() == pytest.approx(25, abs=3 * math.sqrt(25 * 24 / 4000))
    assert first_detection(0.05, 0.8) == pytest.approx(25)


def test_g16_audits_at_known_ticks_find_all_at_once(engine_of):
    """The same share of acts, all at every twentieth tick: nothing is found before, and .2 is left after."""
    first = detected_at(engine_of, 20, "predictable")
    assert set(first) == {0, 20}
    assert (first == 0).mean() == pytest.approx(0.2, abs=3 * math.sqrt(0.2 * 0.8 / 4000))
