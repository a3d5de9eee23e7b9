"""Sensitivity of functions whose indices are known."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from society.cli.main import app
from society.ground.errors import SocietyError
from society.study.sweep.designs import cells_of
from society.study.sweep.sensitivity import analysed, sensitivity
from society.world.experiment import Experiment


def experiment(design, axes, low=-np.pi, high=np.pi):
    ranges = {axis: {"low": low, "high": high} for axis in axes}
    return Experiment(name="known", base="decommission", axes=ranges, design=design)


def table(one, function):
    cells = cells_of(one)
    x = np.array([list(cell.values()) for cell in cells])
    return pd.DataFrame({"cell": np.arange(len(cells)), "y": function(*x.T)})


def test_sobol_indices_of_the_ishigami_function():
    """Gate G20: S1 .314, .442, 0; ST .558, .442, .244 (Ishigami and Homma, 1990; a = 7, b = .1), within .02 at N = 1024."""
    one = experiment({"kind": "sobol", "samples": 1024}, ["x1", "x2", "x3"])
    found = sensitivity(one, table(one, lambda a, b, c: np.sin(a) + 7 * np.sin(b) ** 2 + 0.1 * c**4 * np.sin(a)), "y")
    assert found.axis.tolist() == ["x1", "x2", "x3"]
    assert found["first"].tolist() == pytest.approx([0.314, 0.442, 0.0], abs=0.02)
    assert found["total"].tolist() == pytest.approx([0.558, 0.442, 0.244], abs=0.02)
    assert (found["total_half"] > 0).all()
    assert (np.abs(found["total"] - [0.558, 0.442, 0.244]) < 2 * found["total_half"]).all()


def test_elementary_effects_of_a_linear_function_are_its_slopes():
    one = experiment({"kind": "morris", "trajectories": 10}, ["a", "b", "c"], 0, 10)
    found = sensitivity(one, table(one, lambda a, b, c: 3 * a - 5 * b + 0 * c), "y").set_index("axis")
    assert found.index.tolist() == ["b", "a", "c"]
    assert found.mu_star.tolist() == pytest.approx([50, 30, 0], abs=1e-9)  # slope times the range
    assert found.mu.tolist() == pytest.approx([-50, 30, 0], abs=1e-9)
    assert found.sigma.tolist() == pytest.approx([0, 0, 0], abs=1e-9)


def test_effects_that_depend_on_other_axes_have_spread():
    one = experiment({"kind": "morris", "trajectories": 20}, ["a", "b"], 0, 1)
    found = sensitivity(one, table(one, lambda a, b: a * b), "y")
    assert (found.sigma > 0.2).all()


def test_nothing_moves_a_constant():
    one = experiment({"kind": "sobol", "samples": 8}, ["a", "b"])
    found = sensitivity(one, table(one, lambda a, b: 0 * a + 4), "y")
    assert found.total.tolist() == [0, 0]


def test_cells_that_miss_are_told():
    one = experiment({"kind": "morris", "trajectories": 4}, ["a", "b"])
    rows = table(one, lambda a, b: a + b)
    assert analysed(one)
    with pytest.raises(SocietyError, match="2 of 12 cells are not finished"):
        sensitivity(one, rows[:-2], "y")
    rows.loc[3, "y"] = np.nan
    with pytest.raises(SocietyError, match="1 of 12 cells"):
        sensitivity(one, rows, "y")
    with pytest.raises(SocietyError, match="no measure 'z'"):
        sensitivity(one, rows, "z")
    grid = Experiment(name="grid", base="decommission", axes={"a": [1]})
    assert not analysed(grid)
    with pytest.raises(SocietyError, match="grid does not say"):
        sensitivity(grid, rows, "y")


def test_the_command_says_which_axis_moves_what(tmp_path):
    tree = {
        "name": "which", "base": "decommission", "set": {"agents.count": 60, "machines.count": 8, "ticks": 30}, "seeds": 2,
        "axes": {"review.threshold": {"low": 50, "high": 70}, "agents.quality.mean": {"low": 70, "high": 80}},
        "design": {"kind": "morris", "trajectories": 3}, "measures": ["order.count", "score.mean"],
    }  # fmt: skip
    file = tmp_path / "which.yaml"
    file.write_text(json.dumps(tree))
    words = ["sweep", str(file), "--out", str(tmp_path / "study"), "--workers", "1"]
    said = CliRunner().invoke(app, words).output
    rows = pd.read_csv(tmp_path / "study" / "sensitivity.csv")
    assert (tmp_path / "study" / "sensitivity.png").read_bytes()[:4] == b"\x89PNG"
    assert rows.measure.tolist() == ["order.count"] * 2 + ["score.mean"] * 2
    assert rows[rows.measure == "score.mean"].axis.iloc[0] == "agents.quality.mean"
    assert "mu_star" in said
    assert "18 of 18 runs" in said
