"""``society bench``: the world it times is the society Mesa simulates; parts, targets and errors."""

import numpy as np
import pytest
from scipy import stats

from society.bench import parts
from society.bench.table import PARTS, USUAL, Row, machine, measured
from society.ground.errors import WorldError


@pytest.mark.slow
def test_reference_has_the_means_of_the_mesa_program():
    """Welch's test per measure, 99 % simultaneous (Bonferroni); smaller than ``society bench means``."""
    seeds = range(12)
    mesa = [parts.mesa_means(600, 10, seed) for seed in seeds]
    engine = [parts.engine_means(600, 10, seed) for seed in seeds]
    for name in parts.MEASURES:
        a, b = [run[name] for run in engine], [run[name] for run in mesa]
        assert stats.ttest_ind(a, b, equal_var=False).pvalue > 0.01 / len(parts.MEASURES), (
            name,
            np.mean(a),
            np.mean(b),
        )


def test_every_part_has_a_name_and_wrong_ones_are_explained():
    assert set(USUAL) < set(PARTS)
    with pytest.raises(WorldError, match="one of start, reference"):
        measured(["speed"])
    assert "cores" in machine()


def test_rows_say_whether_the_target_is_met():
    assert Row("a", "b", 3.0, 2.0).met
    assert not Row("a", "b", 3.0, 2.0, at_least=False).met
    assert Row("a", "b", 3.0).met is None
    assert Row("a", "b", 3.0, 2.0).plain()["met"] is True
