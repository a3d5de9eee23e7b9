"""Hypotheses: every file is complete, formulas are refused or right, statistics against known values, verdicts."""

import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from society.cli.hypotheses import _print_all
from society.cli.main import app
from society.ground.errors import SocietyError, WorldError
from society.measures.catalogue import check_measures
from society.record.folder import read_manifest
from society.study.hypotheses.formulas import FUNCTIONS, Formula
from society.study.hypotheses.statistics import estimated, over_seeds, p_above, p_below
from society.study.hypotheses.verdicts import adjusted, judged
from society.world.experiments import base_world, hypothesis_names, load_hypothesis
from society.world.hypothesis import Hypothesis

SMALL = {
    "id": "H99", "title": "t", "question": "q", "source": "s", "nulls": "none", "power": "p", "base": "decommission",
    "set": {"agents.count": 40, "machines.count": 8, "ticks": 3},
    "factors": {"x": {"path": "work.team", "values": [3, 5]}, "k": {"low": {}, "high": {"weights.norm": 1}}},
    "values": {"acc": "team.accuracy"}, "claims": [{"name": "gain", "value": "acc.x5_high - acc.x3_low", "above": 0}],
    "profiles": {"quick": {"seeds": 2, "minutes": 1}, "full": {"seeds": 3, "minutes": 1}},
}  # fmt: skip


def small(**changes):
    return Hypothesis.model_validate({**SMALL, **changes})


def test_all_fourteen_are_there():
    assert hypothesis_names() == [f"H{number:02d}" for number in range(1, 15)]


@pytest.mark.parametrize("name", hypothesis_names())
def test_every_condition_is_a_world_and_every_claim_a_formula(name):
    one = load_hypothesis(name)
    assert one.id == name
    for profile in ("quick", "full"):
        experiment = one.experiment(profile)
        world = base_world(experiment)
        for cell in experiment.design.cells:
            world.override(cell)
    check_measures(tuple(one.values.values()))
    luck = np.random.default_rng(3)
    table = {(value, condition): luck.uniform(0.2, 0.8) for value in one.values for condition in one.conditions()}
    for claim in one.claims:
        assert isinstance(float(Formula(one, claim.value).of(table)), float)
    assert any(claim.kind != "secondary" for claim in one.claims)
    assert one.profiles["full"].seeds > one.profiles["quick"].seeds


def table_of(values):
    """Rows of runs: acc of seed s in cell c."""
    rows = [{"cell": c, "seed": s, "team.accuracy": v} for c, column in enumerate(values) for s, v in enumerate(column)]
    return pd.DataFrame(rows)


#: Accuracy by condition.
KNOWN = {("acc", "x3_low"): 0.5, ("acc", "x3_high"): 0.6, ("acc", "x5_low"): 0.7, ("acc", "x5_high"): 0.9}
GAIN = {"name": "gain", "value": "acc.x5_high - acc.x3_low", "above": 0, "falsified_below": 0}
REFUSED = (
    "__import__('os')", "acc.__class__", "acc.x7_low", "slope(acc, x)", "acc", "open(1)", "[1]", "1 if 1 else 2",
    "acc.x3_low ** 9",
)  # fmt: skip


class TestFormulas:
    def test_arithmetic(self):
        assert Formula(small(), "2 * (acc.x5_high - acc.x3_low) / 4").of(KNOWN) == pytest.approx(0.2)

    def test_a_series_runs_over_one_factor_where_the_others_are_named(self):
        assert Formula(small(), "slope(acc.high, x)").of(KNOWN) == pytest.approx(0.15)

    @pytest.mark.parametrize("text", REFUSED)
    def test_what_is_not_understood_is_refused(self, text):
        with pytest.raises(SocietyError, match="H99: claim"):
            Formula(small(), text).of(KNOWN)

    def test_series_functions(self):
        window = np.array([[0.0, 1, 2, 3, 4, 5], [0, 0, 0.5, 1, 1, 0]])
        assert FUNCTIONS["crossing"](window) == 2.0
        assert FUNCTIONS["fall"](window, None, 0.25) == 4.75
        sizes = np.array([[10.0, 100.0, 1000.0], [2.0, 1.0, 0.5]])
        assert FUNCTIONS["size_at_one"](sizes) == pytest.approx(100.0)
        assert FUNCTIONS["power"](sizes) == pytest.approx(-math.log10(2))
        assert FUNCTIONS["interior"](window) == pytest.approx(1.0)

    def test_a_step_is_an_s_and_a_line_is_none(self):
        x = np.linspace(0, 1, 12)
        assert FUNCTIONS["s_shape"](np.array([x, (x > 0.5).astype(float)])) > 10
        assert FUNCTIONS["s_shape"](np.array([x, x])) < 0


class TestStatistics:
    def test_of_each_seed_or_of_means_is_one_for_what_is_linear(self):
        x, y = np.random.default_rng(5).exponential(size=(2, 40))
        each = estimated(float((x - y).mean()), x - y, differences=True)
        means = over_seeds(lambda rows: float(x[rows].mean() - y[rows].mean()), 40)
        assert (means.value, means.low, means.high) == pytest.approx((each.value, each.low, each.high))
        assert (means.inner_low, means.d_z) == pytest.approx((each.inner_low, each.d_z))
        assert p_above(means, 0.1) == pytest.approx(p_above(each, 0.1))

    def test_parts_and_rests_have_one_answer(self):
        """1 - a / b is below .4 exactly where a / b is above .6."""
        a, b = 1 + np.random.default_rng(6).random((2, 12))
        part = over_seeds(lambda rows: float(a[rows].mean() / b[rows].mean()), 12, "log")
        rest = over_seeds(lambda rows: float(1 - a[rows].mean() / b[rows].mean()), 12, "log of the rest")
        assert (rest.low, rest.high) == pytest.approx((1 - part.high, 1 - part.low))
        assert p_below(rest, 0.4) == pytest.approx(p_above(part, 0.6))
        assert p_above(rest, 0.1) == pytest.approx(p_below(part, 0.9))
        assert math.isfinite(rest.d_z)

    def test_two_seeds_say_nothing(self):
        found = estimated(1.5, np.array([1.0, 2.0]))
        assert math.isnan(found.low)
        assert p_above(found, 0.0) == 1.0


class TestVerdicts:
    def judged(self, gap, spread=0.01, profile="full", seeds=20):
        noise = spread * np.random.default_rng(1).standard_normal((4, seeds))
        cells = np.array([0.5, 0.5, 0.5, 0.5 + gap])[:, None] + noise
        return judged(small(claims=[GAIN]), profile, table_of(cells))

    def test_supported_falsified_and_open(self):
        assert self.judged(0.1).verdict == "supported"
        assert self.judged(-0.1).verdict == "falsified"
        assert self.judged(0.0).verdict == "not supported"
        assert self.judged(0.0, profile="quick").verdict == "undecided"

    def test_an_equivalence_needs_a_narrow_interval(self):
        claim = {"name": "same", "value": "acc.x5_high - acc.x3_low", "above": -0.02, "below": 0.02}
        close = np.full((4, 12), 0.5) + 0.005 * np.random.default_rng(1).standard_normal((4, 12))
        wide = np.full((4, 12), 0.5) + 0.2 * np.random.default_rng(1).standard_normal((4, 12))
        assert judged(small(claims=[claim]), "full", table_of(close)).claims[0].holds is True
        assert judged(small(claims=[claim]), "full", table_of(wide)).claims[0].holds is None

    def test_what_a_parameter_puts_in_is_said(self):
        built_in = small(claims=[GAIN], by_construction="all of it")
        cells = np.full((4, 12), 0.5) + 0.005 * np.random.default_rng(1).standard_normal((4, 12))
        cells[3] += 0.4
        assert judged(built_in, "full", table_of(cells)).said == "supported, which confirms the code, not the world"
        contrary = judged(built_in, "full", table_of(1 - cells)).said
        assert contrary.endswith(", which is about the code, not the world")

    def test_the_table_of_all_cuts_titles_and_never_results(self, tmp_path, capsys, monkeypatch):
        monkeypatch.setenv("COLUMNS", "80")
        result = self.judged(0.123456)
        long = result.hypothesis.model_copy(
            update={"title": "A title that is far longer than any terminal has room for, " * 3}
        )
        _print_all(adjusted([replace(result, hypothesis=long)]), tmp_path)
        said = capsys.readouterr().out
        head = result.claims[0].estimate
        assert "supported" in said
        assert f"{head.low:.3g} .. {head.high:.3g}" in said
        assert all(len(line) <= 80 for line in said.splitlines() if line.startswith(("id", result.hypothesis.id)))

    def test_p_values_are_adjusted_over_the_family(self):
        one = self.judged(0.004, spread=0.003)
        assert one.p_holm == pytest.approx(min(1.0, 13 * one.p))
        assert adjusted([one])[0].p_holm == one.p_holm


def test_a_wrong_file_says_where(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("id: H01\ntitle: t\n")
    with pytest.raises(WorldError, match="question"):
        load_hypothesis(path)
    with pytest.raises(WorldError, match="one of H01"):
        load_hypothesis("H77")


def test_the_command_runs_what_is_missing_and_writes_a_page(tmp_path):
    import yaml

    path = tmp_path / "H99.yaml"
    path.write_text(yaml.safe_dump(SMALL, sort_keys=False))
    out = tmp_path / "studies"
    words = ["hypotheses", str(path), "--out", str(out), "--workers", "1", "--json", "--keep-records"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["id"] == "H99"
    assert found["verdict"] == "undecided"
    assert found["seeds"] == 2
    page = (out / "H99-quick.html").read_text()
    assert "<script" not in page
    assert "undecided" in page
    assert "data:image/png;base64," in page
    rows = (out / "H99-quick" / "rows.jsonl").read_text()
    kept = [read_manifest(path)["study"] for path in (out / "H99-quick" / "runs").iterdir()]
    assert sorted(one["key"] for one in kept) == sorted(json.loads(line)["key"] for line in rows.splitlines())
    again = CliRunner().invoke(app, ["hypotheses", str(path), "--out", str(out), "--workers", "1"])
    assert again.exit_code == 0
    assert "verdict" in again.stdout
    assert (out / "H99-quick" / "rows.jsonl").read_text() == rows
