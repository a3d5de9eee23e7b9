"""Edges of measures that one changed line would move: ties, and branches that pass a level more than once."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from society.stats.cox import cox, proportional_hazards
from society.stats.hysteresis import loop
from society.stats.seed_means import p_other


def test_deaths_of_one_tick_share_the_mean_of_their_ranks():
    """Of one covariate the scale of its residuals does not matter: a correlation with scipy's middle ranks."""
    stop = np.array([1, 1, 1, 2, 3, 3, 4, 5, 6, 6], float)
    died = np.array([1, 1, 1, 1, 1, 1, 1, 0, 1, 1], bool)
    fit = cox(stop, died, pd.DataFrame({"group": [0, 1, 1, 0, 1, 0, 1, 1, 0, 1]}))
    ranks = stats.rankdata(fit.times)
    wanted = np.corrcoef(ranks, np.asarray(fit.residuals)[:, 0])[0, 1]
    assert proportional_hazards(fit)["correlation"].iloc[0] == pytest.approx(wanted)


def test_a_branch_tips_where_it_first_passes_the_level_on_its_own_way():
    """Both branches pass a half at .5, 1.5 and 2.5: the way up starts at the left, the way down at the right."""
    back_and_forth = [[0.0], [1.0], [0.0], [1.0]]
    found = loop([0, 1, 2, 3], back_and_forth, back_and_forth, level=0.5)
    assert (found.tips_up.value, found.tips_down.value, found.width.value) == (0.5, 2.5, -2.0)


def test_two_sides_count_twice_the_smaller():
    """Nine or ten heads of ten: 11 of 1,024, twice; as rare from the other side. All alike: half to the power of n, twice."""
    heads = np.array([1.0] * 9 + [0.0])
    assert p_other(heads, 0.5) == pytest.approx(22 / 1024)
    assert p_other(1 - heads, 0.5) == pytest.approx(22 / 1024)
    assert p_other([3.0] * 5, 2.0) == pytest.approx(2 / 32)
