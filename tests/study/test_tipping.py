"""Tipping: moments, peaks and crossings of systems whose critical point is known; loops that can be drawn by hand."""

import json

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.special import gammaln
from typer.testing import CliRunner

from society.cli.main import app
from society.ground.errors import RecordError, SocietyError, WorldError
from society.stats.hysteresis import loop
from society.stats.sharpness import sharpness
from society.stats.tipping import crossing, extrapolated, moments, peak, tipping
from society.study.sweep.driver import sweep
from society.study.sweep.phase import has_phases, phases
from society.study.sweep.table import write_tables
from society.study.tipping import hysteresis, samples
from society.world.analysis import Hysteresis
from society.world.experiment import Experiment
from society.world.experiments import base_world

QUIET = {
    "agents": {"count": 20, "graph": "complete", "rebirth": None}, "machines": {"count": 40}, "stance": {"every": 1},
    "work": {"kind": "teams", "share": 0}, "review": {"every": 0},
    "lifecycle": {"failure": {"rate": 0}, "planned_rate": 0, "retirement_rate": 0},
}  # fmt: skip


def curie_weiss(beta, n):
    """States and probabilities of P(m) ~ C(n, k) exp(beta n m^2 / 2), m = 2 k / n - 1: the Ising model where all are neighbours."""
    k = np.arange(n + 1)
    m = 2 * k / n - 1
    log = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) + beta * n * m**2 / 2
    p = np.exp(log - log.max())
    return m, p / p.sum()


def all_at_once(beta, n):
    """The same where all choose at once by what the others chose: P(s) ~ prod 2 cosh(beta h_i) (Peretto, 1984).

    With k of n up, s = 2 k - n: those up see the mean (s - 1) / (n - 1) of the others, those down (s + 1) / (n - 1).
    """
    k = np.arange(n + 1)
    s = 2 * k - n
    log = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    log = log + k * np.log(np.cosh(beta * (s - 1) / (n - 1))) + (n - k) * np.log(np.cosh(beta * (s + 1) / (n - 1)))
    p = np.exp(log - log.max())
    return s / n, p / p.sum()


def exact(states):
    """<|m|>, and Binder's cumulant, from states and their probabilities."""
    m, p = states
    return p @ np.abs(m), 1 - p @ m**4 / (3 * (p @ m**2) ** 2)


def drawn(beta, sizes, seeds, samples, seed=1):
    """Shares of protectors drawn from the exact distribution: [beta, sizes, seeds, samples]."""
    luck, x = np.random.default_rng(seed), np.zeros((len(beta), len(sizes), seeds, samples))
    for i, b in enumerate(beta):
        for j, n in enumerate(sizes):
            m, p = curie_weiss(b, n)
            x[i, j] = (1 + luck.choice(m, size=(seeds, samples), p=p)) / 2
    return x


def test_moments_of_the_curie_weiss_model_are_those_of_its_enumeration():
    beta, sizes = [0.8, 1.0, 1.3], [16, 64]
    found = moments(drawn(beta, sizes, 40, 2000), sizes, "middle")
    for i, b in enumerate(beta):
        for j, n in enumerate(sizes):
            order, binder = exact(curie_weiss(b, n))
            m, p = curie_weiss(b, n)
            chi = n * (p @ m**2 - order**2)
            assert found.order[i, j] == pytest.approx(order, abs=0.005)
            assert found.binder[i, j] == pytest.approx(binder, abs=0.01)
            assert found.susceptibility[i, j] == pytest.approx(chi, rel=0.02)


def test_the_curie_weiss_model_tips_at_one():
    """beta_c = 1; the cumulants cross at .2705 (Brezin and Zinn-Justin, 1985); chi grows as N^(1/2), the shift is N^(-1/2)."""
    beta, sizes = np.linspace(0.85, 1.35, 11), np.array([64, 256, 1024, 4096])
    x = drawn(beta, sizes, 20, 1000)
    found = tipping(x, beta, sizes, "middle")
    assert found.critical.low < 1 < found.critical.high or found.critical.value == pytest.approx(1, abs=0.01)
    assert found.critical.high - found.critical.low < 0.05
    assert found.shift.value > 0.5
    assert found.growth.value == pytest.approx(0.5, abs=0.05)
    assert found.crossings[-1].value == pytest.approx(1, abs=0.02)
    at = np.array([np.interp(found.crossings[-1].value, beta, found.moments.binder[:, j]) for j in (2, 3)])
    assert at == pytest.approx(0.2705, abs=0.06)
    tops = [one.value for one in found.peaks]
    assert tops == sorted(tops, reverse=True)


def largest(n, ties, luck):
    """Share of the largest component (scipy) of a graph of n with so many random ties."""
    one, two = luck.integers(n, size=(2, ties))
    _, labels = connected_components(coo_array((np.ones(ties), (one, two)), (n, n)), directed=False)
    return np.bincount(labels).max() / n


def test_a_random_graph_falls_together_at_mean_degree_one():
    """Erdos-Renyi graphs of mean degree 4: onset where 1 / <k> of the ties are kept (gate G6); nu d = 3, gamma / (nu d) = 1/3."""
    sizes, kept, luck = [400, 800, 1600, 3200], np.linspace(0.2, 0.4, 11), np.random.default_rng(5)
    x = [[[[largest(n, luck.poisson(2 * n * share), luck)] for _ in range(100)] for n in sizes] for share in kept]
    found = tipping(x, kept, sizes, "zero", nu=3.0)
    assert found.critical.value == pytest.approx(0.25, abs=0.03)
    assert found.critical.low < 0.25 < found.critical.high
    assert found.critical.high - found.critical.low < 0.08
    assert found.growth.value == pytest.approx(1 / 3, abs=0.15)  # .38 between N = 400 and 1600, falling to 1/3
    assert found.growth.low > 0.15


def test_nothing_grows_where_agents_do_not_feel_each_other():
    """Independent agents: N var = p (1 - p), whatever N."""
    p, sizes, luck = np.linspace(0.1, 0.9, 9), [50, 100, 200, 400], np.random.default_rng(3)
    x = np.stack([[luck.binomial(n, share, (12, 40)) / n for n in sizes] for share in p])
    found = tipping(x, p, sizes, "mean")
    assert found.growth.low < 0 < found.growth.high
    assert found.moments.susceptibility == pytest.approx(np.repeat((p * (1 - p))[:, None], 4, 1), rel=0.25)
    assert np.abs(found.moments.binder).max() < 0.2  # normal deviations


def test_two_states_that_coexist_have_a_cumulant_of_two_thirds():
    x = np.array([0.1, 0.9] * 20).reshape(1, 1, 40, 1)
    assert moments(x, [10], "mean").binder.item() == pytest.approx(2 / 3)
    assert moments(x, [10], "mean").susceptibility.item() == pytest.approx(10 * 0.16)


def test_the_shift_exponent_is_found_where_it_is_not_given():
    n = np.array([100, 200, 400, 800, 1600])
    assert extrapolated(n, 0.3 + 2 * n ** (-1 / 3), None) == pytest.approx((0.3, 2.0, 3.0), rel=0.02)
    assert np.isnan(extrapolated(n[:3], n[:3] * 1.0, None)).all()
    assert extrapolated([10, 20, 1000], [0.5, np.nan, 0.5]) == pytest.approx((0.5, 0.0, 2.0), abs=1e-9)
    assert np.isnan(extrapolated([10], [0.5])).all()


def test_peaks_and_crossings_of_curves_drawn_by_hand():
    x = np.array([0.0, 1.0, 3.0, 4.0])
    assert peak(x, 5 - (x - 2.2) ** 2) == pytest.approx(2.2)
    assert np.isnan(peak(x, x))
    assert np.isnan(peak(x, np.array([1.0, 2.0, np.nan, 1.0])))
    assert crossing(x, np.array([1.0, -1.0, 1.0, 2.0])) == 0.5
    assert crossing(x, np.array([1.0, -1.0, 1.0, 2.0]), near=4) == 2.0
    assert np.isnan(crossing(x, np.ones(4)))


def test_a_step_beats_a_line_and_a_line_is_not_beaten():
    x, luck = np.linspace(0, 10, 11), np.random.default_rng(2)
    noise = luck.normal(0, 0.05, (11, 6))
    step = sharpness(x, 0.2 + 0.6 / (1 + np.exp(-(x[:, None] - 6) / 0.5)) + noise)
    assert step[:4] == pytest.approx((6, 0.5, 0.2, 0.8), abs=0.12)
    assert step.gain > 50
    assert sharpness(x, 0.07 * x[:, None] + noise).gain < 10


def test_a_loop_drawn_by_hand():
    """Up at 7.5, down at 2.5 for a rise; the same for a fall; none for one way there and back."""
    x = np.arange(11.0)
    up, down = np.repeat((x >= 8)[:, None] * 1.0, 4, 1), np.repeat((x >= 3)[:, None] * 1.0, 4, 1)
    found = loop(x, up, down)
    assert (found.tips_up.value, found.tips_down.value, found.width.value) == (7.5, 2.5, 5.0)
    assert found.width.low == found.width.high == 5.0
    assert found.area.value == pytest.approx(0.5)
    assert loop(x, 1 - up, 1 - down).area.value == pytest.approx(0.5)
    assert loop(x, 1 - up, 1 - down).width.value == 5.0
    assert (loop(x, up, up).width.value, loop(x, up, up).area.value) == (0.0, 0.0)
    stays = loop(x, up, np.ones((11, 4)))
    assert np.isnan(stays.width.value)
    assert stays.area.value == pytest.approx(0.75)


def test_intervals_come_from_seeds():
    x, luck, covered, widths = np.arange(11.0), np.random.default_rng(4), 0, []
    for _ in range(100):
        tips = luck.normal(6, 0.5, 8)
        up = 1 / (1 + np.exp(-(x[:, None] - tips) / 0.3))
        found = loop(x, up, 1 / (1 + np.exp(-(x[:, None] - tips + 2) / 0.3)), level=0.5)
        covered += found.tips_up.low <= 6 <= found.tips_up.high
        widths.append(found.width.high - found.width.low)
    # Nominal .95; three standard errors of 100 repetitions are .065.
    assert covered >= 88
    assert np.median(widths) < 0.1  # up and down of one seed belong together


def majority(tmp_path, **changes):
    world = {
        **QUIET,
        "name": "majority",
        "ticks": 300,
        "families": {"all": {"share": 1, "mind": {"kind": "majority_force"}}},
    }
    (tmp_path / "majority.yaml").write_text(json.dumps(world))
    tree = {
        "name": "small", "base": "majority.yaml", "seeds": 5, "measures": ["trust."],
        "axes": {"families.all.mind.beta": [0.7, 1.0, 1.3, 1.6], "agents.count": [10, 20, 40]},
        "analysis": {"kind": "critical_point", "measure": "stance_mean", "control": "families.all.mind.beta", "window": 280,
                     "about": "middle"},
    }  # fmt: skip
    (tmp_path / "small.yaml").write_text(json.dumps({**tree, **changes}))
    return tmp_path / "small.yaml"


def test_a_sweep_over_majority_force_ends_with_its_critical_point(tmp_path):
    """Order parameter and cumulant of every cell against the closed form; the command writes tables and a figure."""
    said = CliRunner().invoke(app, ["sweep", str(majority(tmp_path)), "--out", str(tmp_path / "out"), "--workers", "2"])
    assert said.exit_code == 0, said.output
    assert "largest susceptibility grows as N^0." in said.output
    assert (tmp_path / "out" / "critical_point.png").stat().st_size > 10_000
    curves = pd.read_csv(tmp_path / "out" / "critical_point.csv")
    assert len(curves) == 12
    for row in curves.itertuples():
        order, binder = exact(all_at_once(row.control, int(row.size)))
        assert row.order == pytest.approx(order, abs=0.06), row
        if (
            row.control < 1.5
        ):  # beyond, a run hardly ever crosses from one side to the other: |m| is right, m is not sampled
            assert row.binder == pytest.approx(binder, abs=0.12), row
    numbers = pd.read_csv(tmp_path / "out" / "critical_point_estimates.csv").set_index("what")
    assert 0.7 < numbers.loc["critical", "value"] < 1.3


def thresholds(tmp_path, **changes):
    """Three always protect, two never, five if a share phi of the others does."""
    families = {
        "ever": {"share": 0.3, "mind": "always"}, "never": {"share": 0.2, "mind": "never"},
        "some": {"share": 0.5, "mind": {"kind": "threshold", "phi": 0.1, "sticky": False}},
    }  # fmt: skip
    (tmp_path / "thresholds.yaml").write_text(json.dumps({**QUIET, "name": "thresholds", "families": families}))
    walk = {"kind": "hysteresis", "measure": "stance_mean", "control": "families.some.mind.phi", "hold": 4, "window": 2}
    walk["values"] = {"low": 0.1, "high": 0.9, "steps": 9}
    tree = {"name": "loop", "base": "thresholds.yaml", "seeds": 3, "measures": ["trust."], "analysis": walk}
    return Experiment(**{**tree, **changes}).at(tmp_path)


def test_a_society_of_thresholds_comes_back_another_way(tmp_path):
    """Of 99 others 79 or 80 protect on the way up, so that phi .8 ends it; on the way down 30 do, so that phi .3 brings it back."""
    one = thresholds(tmp_path, axes={"agents.count": [100]})
    found = sweep(one, tmp_path / "out", workers=1)
    assert found.table["error"].tolist() == [""] * 3
    (walk,) = hysteresis(one, found.folder, found.table)
    assert walk.found.up.tolist() == pytest.approx([0.8] * 7 + [0.3] * 2)
    assert walk.found.down.tolist() == pytest.approx([0.8] * 3 + [0.3] * 6)
    assert (walk.found.tips_up.value, walk.found.tips_down.value) == pytest.approx((0.75, 0.35))
    assert walk.found.width == pytest.approx((0.4, 0.4, 0.4))
    assert walk.verdict().startswith("hysteresis: width")


def test_the_way_up_and_down_is_one_run_with_a_schedule(tmp_path):
    world = base_world(thresholds(tmp_path))
    assert world.ticks == 4 * 17
    assert [switch.tick for switch in world.schedule] == list(range(5, 68, 4))
    values = [switch.set["families.some.mind.phi"] for switch in world.schedule]
    assert values == pytest.approx([0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1])


def test_two_axes_of_numbers_end_with_a_phase_diagram(tmp_path):
    file = tmp_path / "two.yaml"
    tree = {
        "name": "two", "base": "decommission", "set": {"agents.count": 40, "machines.count": 6, "ticks": 25}, "seeds": 2,
        "axes": {"review.threshold": [60, 70], "oversight.monitoring.share": [0, 1]}, "measures": ["order.executed", "trust.mean"],
    }  # fmt: skip
    file.write_text(json.dumps(tree))
    said = CliRunner().invoke(app, ["sweep", str(file), "--out", str(tmp_path / "out"), "--workers", "2"])
    assert said.exit_code == 0, said.output
    assert (tmp_path / "out" / "phase.png").stat().st_size > 10_000
    rows = pd.read_csv(tmp_path / "out" / "phase.csv")
    assert rows["measure"].tolist() == ["order.executed"] * 4 + ["trust.mean"] * 4
    assert rows.columns.tolist() == ["measure", "review.threshold", "oversight.monitoring.share", "mean", "sd", "seeds"]


def test_phases_are_means_over_seeds_of_grids_over_two_numbers():
    axes = {"a": [1, 2], "b": [0.0, 0.5]}
    one = Experiment(name="e", base="decommission", axes=axes)
    table = pd.DataFrame({"cell": [0, 0, 1, 2, 3], "seed": 1, "key": "", "hash": "", "seconds": 0.0, "error": ""})
    table = table.assign(a=[1, 1, 1, 2, 2], b=[0.0, 0.0, 0.5, 0.0, 0.5], y=[1.0, 3.0, 4.0, 5.0, np.nan], empty=np.nan)
    rows = phases(one, table)
    assert rows["mean"].tolist()[:3] == [2.0, 4.0, 5.0]
    assert rows["seeds"].tolist() == [2, 1, 1, 0]
    assert set(rows["measure"]) == {"y"}
    assert has_phases(one)
    for other in (
        {"a": [1, 2]},
        {"a": [1, 2], "b": ["x", "y"]},
        {"a": [1, 2], "b": [3]},
        {"a": [1, 2], "b": [1, 2], "c": [1, 2]},
    ):
        assert not has_phases(Experiment(name="e", base="decommission", axes=other))


CRITICAL = {"kind": "critical_point", "measure": "stance_mean", "control": "weights.norm"}
WALK = {"kind": "hysteresis", "measure": "stance_mean", "control": "weights.norm", "values": [0, 1, 2]}
GRID = {"weights.norm": [0, 1], "agents.count": [50, 100]}


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        ({"axes": {"weights.norm": [0, 1]}, "analysis": CRITICAL}, "two axes, weights.norm and agents.count"),
        ({"axes": {**GRID, "weights.norm": [1]}, "analysis": CRITICAL}, "needs numbers"),
        (
            {"axes": GRID, "analysis": {**CRITICAL, "measure": "order.protected"}, "measures": ["trust."]},
            "must be kept",
        ),
        ({"axes": GRID, "analysis": CRITICAL, "design": "one_at_a_time"}, "needs design grid"),
        ({"axes": GRID, "analysis": {**CRITICAL, "about": "top"}}, "middle"),
        ({"axes": {"weights.norm": [0, 1]}, "analysis": WALK}, "weights.norm is set by hysteresis"),
        ({"set": {"ticks": 9}, "analysis": WALK}, "ticks is set by hysteresis"),
        ({"analysis": {**WALK, "values": [2, 1]}}, "each above the one before"),
        ({"analysis": {**WALK, "hold": 10, "window": 11}}, "do not fit into hold"),
        ({"analysis": {**WALK, "measure": "order.protected"}}, "name a counter of ticks"),
        ({"analysis": {**WALK, "kind": "loop"}}, "critical_point"),
    ],
)
def test_analyses_that_make_no_sense_are_refused(tree, words):
    with pytest.raises(ValidationError, match=words):
        Experiment(name="e", base="decommission", **tree)


def test_what_cannot_be_carried_is_named_before_anything_runs(tmp_path):
    one = Experiment(name="e", base="decommission", analysis={**WALK, "control": "agents.graph.k", "values": [8, 10]})
    with pytest.raises(WorldError, match=r"schedule\.0\.set\.agents\.graph\.k"):
        sweep(one, tmp_path / "out")
    unknown = Experiment(name="e", base="decommission", analysis={**WALK, "measure": "stance_men"})
    with pytest.raises(RecordError, match="no counter 'stance_men': there are active"):
        sweep(unknown, tmp_path / "out")


def test_a_counter_that_is_read_is_kept():
    assert Experiment(name="e", base="decommission", analysis=WALK).ticks == ("stance_mean",)
    both = Experiment(name="e", base="decommission", analysis=WALK, ticks=["active"])
    assert both.ticks == ("active", "stance_mean")
    assert Experiment(name="e", base="decommission", analysis=WALK, ticks=True).ticks is True
    assert Hysteresis(**WALK).steps() == [0, 1, 2]


def test_a_window_longer_than_the_run_is_told_and_so_is_a_run_that_failed(tmp_path):
    row = {
        "cell": 0,
        "seed": 1,
        "key": "k",
        "hash": "",
        "seconds": 0.0,
        "error": "",
        "changes": {},
        "measures": {"trust.mean": 0.5},
    }
    table = write_tables(tmp_path, [{**row, "ticks": {"stance_mean": [0.1, 0.2, None]}}])
    assert samples("stance_mean", tmp_path, table, 2).tolist() == [[0.2, pytest.approx(np.nan, nan_ok=True)]]
    assert samples("trust.mean", tmp_path, table, 9).tolist() == [[0.5]]
    with pytest.raises(SocietyError, match="window of 4 ticks does not fit into a run of 3"):
        samples("stance_mean", tmp_path, table, 4)
    with pytest.raises(SocietyError, match="1 runs failed"):
        samples("stance_mean", tmp_path, table.assign(error="no room"), 2)
    with pytest.raises(RecordError, match=r"no measure 'order\.lost'"):
        samples("order.lost", tmp_path, table, 1)
