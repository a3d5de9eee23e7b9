"""Bursts (gate S10), cascades, information between series, coordination."""

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from society.ground.errors import MeasureError
from society.measures.bursts import protective_bursts
from society.measures.cascades import cascades, protection_cascades, tail
from society.measures.coordination import coordinated_protectors
from society.stats.burstiness import burstiness
from society.stats.coordination import coordinated
from society.stats.detectors import auc
from society.stats.information import decomposed, delayed_information, entropy, mutual_information


@pytest.mark.parametrize(("n", "raw"), [(10, -0.079), (30, -0.032), (100, -0.011), (1000, -0.001)])
def test_gate_s10_poisson_intervals_are_not_bursts(n, raw):
    """Raw values of facts/theory_gates.md, S10; the finite form is below .05 from ten intervals on."""
    rng = np.random.default_rng(n)
    found = [burstiness(rng.exponential(1, n)) for _ in range(4000 if n < 1000 else 400)]
    assert np.mean([one.raw for one in found]) == pytest.approx(raw, abs=0.006)
    assert abs(np.mean([one.finite for one in found])) < 0.05
    assert np.mean([one.memory for one in found]) == pytest.approx(-1 / n, abs=0.03)


def test_heavy_tails_are_bursts_and_clocks_are_not():
    """S10: Pareto intervals with density exponent 2.5 have B = .40 at n = 1,000."""
    rng = np.random.default_rng(1)
    assert np.mean([burstiness(1 + rng.pareto(1.5, 1000)).raw for _ in range(400)]) == pytest.approx(0.40, abs=0.02)
    assert burstiness([3, 3, 3]).finite == pytest.approx(-1)
    with pytest.raises(MeasureError, match="at least 0"):
        burstiness([1, -1])


def test_bursts_of_a_run(decommission):
    found = protective_bursts(decommission)
    assert found["agent"].iloc[0] == -1
    assert (found["raw"].abs() <= 1).all()


def test_cascades_by_hand():
    ties = pd.DataFrame({"source": [2, 3, 4, 5, 4], "target": [1, 1, 3, 9, 2]})
    found = cascades({1: 0, 2: 1, 3: 2, 4: 3, 5: 4, 6: 5}, ties)
    assert found.sizes.tolist() == [4, 1, 1]
    assert found.secondary == pytest.approx(3 / 6)
    assert found.branching == pytest.approx(1 / 3)  # of 2, 3 and 4, who followed somebody, 3 was followed by 4
    assert cascades({1: 0, 2: 5}, ties, window=3).sizes.tolist() == [1, 1]
    assert cascades({1: 3, 2: 3}, ties).sizes.tolist() == [1, 1]  # at the same tick nobody follows
    assert np.isnan(cascades({}, ties).secondary)


def test_secondary_cases_of_a_branching_process_are_those_put_in():
    """Every protector is followed by Poisson(.6) new ones: R_e is .6 in the long run, mean size 1 / (1 - .6)."""
    rng, first, rows, ready, number = np.random.default_rng(1), {}, [], [], 0
    for _ in range(4000):
        first[number] = 0
        ready.append(number)
        number += 1
    while ready:
        one = ready.pop()
        for _ in range(rng.poisson(0.6)):
            first[number] = first[one] + 1
            rows.append((number, one))
            ready.append(number)
            number += 1
    found = cascades(first, pd.DataFrame(rows, columns=["source", "target"]))
    assert found.sizes.mean() == pytest.approx(2.5, rel=0.05)
    assert found.secondary == pytest.approx(0.6, abs=0.02)
    assert found.branching == pytest.approx(0.6, abs=0.03)


def test_tails_are_told_from_their_alternative():
    rng = np.random.default_rng(3)
    power, plain = tail(rng.zipf(2.5, 4000)), tail(rng.geometric(0.3, 4000))
    assert power.exponent == pytest.approx(2.5, abs=4 * power.error)
    assert power.ratio > 0
    assert plain.ratio < 0
    assert max(power.p, plain.p) < 0.01
    with pytest.raises(MeasureError, match="ten at least"):
        tail([1, 2, 3])


def test_cascades_of_a_run(decommission):
    found = protection_cascades(decommission)
    assert found.sizes.sum() == found.protectors > 10
    assert 0 <= found.secondary < 1


def test_entropies_against_scipy_and_the_correction_against_its_purpose():
    rng = np.random.default_rng(5)
    from scipy.stats import entropy as plain

    labels = rng.integers(0, 5, 500)
    assert entropy(labels, corrected=False) == pytest.approx(plain(np.bincount(labels), base=2))
    raw = [mutual_information(rng.integers(0, 4, 60), rng.integers(0, 4, 60), corrected=False) for _ in range(300)]
    mended = [mutual_information(rng.integers(0, 4, 60), rng.integers(0, 4, 60)) for _ in range(300)]
    assert np.mean(raw) > 0.08
    assert abs(np.mean(mended)) < 0.02


def test_delayed_information_has_its_size_and_finds_a_channel():
    rng = np.random.default_rng(6)
    p = [delayed_information(rng.integers(0, 2, 120), rng.integers(0, 2, 120), draws=99, seed=s).p for s in range(200)]
    assert 0.01 <= np.mean(np.array(p) <= 0.05) <= 0.10
    word = rng.integers(0, 2, 400)
    noisy = np.where(rng.random(400) < 0.11, 1 - np.roll(word, 2), np.roll(word, 2))
    found = delayed_information(word, noisy, lag=2)
    assert found.value == pytest.approx(0.5, abs=0.12)  # capacity of a binary channel that errs 11 %: 1 - H(.11) = .5
    assert found.p < 0.02


def test_decomposition_of_logic_gates_is_williams_and_beers():
    a, b = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    xor, and_, copy = decomposed(a, b, a ^ b), decomposed(a, b, a & b), decomposed(a, a, a)
    assert (xor.redundant, xor.synergy) == (pytest.approx(0), pytest.approx(1))
    assert (and_.redundant, and_.synergy) == (pytest.approx(0.3113, abs=1e-4), pytest.approx(0.5))
    assert (copy.redundant, copy.synergy) == (pytest.approx(1), pytest.approx(0))


def test_coordinated_agents_are_found_among_those_who_act_on_their_own():
    rng, rows = np.random.default_rng(7), []
    for tick in range(240):
        for agent in rng.choice(60, 12, replace=False):
            if agent >= 8:
                rows.append((int(agent), int(rng.integers(0, 60)), tick))
        if tick % 8 == 0:
            target = int(rng.integers(0, 60))
            rows.extend((agent, target, tick + int(rng.integers(0, 3))) for agent in range(8) if rng.random() < 0.8)
    acts = pd.DataFrame(rows, columns=["actor", "what", "tick"])
    found = coordinated(acts, percentile=95)
    assert auc(found.score.to_numpy(), found.score.index.to_numpy() < 8) > 0.95
    assert set(range(8)) <= found.groups[0] or max(len(g & set(range(8))) for g in found.groups) >= 7


def test_coordination_in_a_run(decommission):
    found = coordinated_protectors(decommission)
    assert found.score.min() >= 0
    assert (found.edges["windows"] >= 1).all()
    nx.Graph(found.edges[["a", "b"]].to_records(index=False).tolist())
