"""A study of two by two cells and three seeds: its table, run by run, and the means, intervals and differences of its page."""

import math

import duckdb
import numpy as np
import pytest
from books import Books
from everything import agree, recount
from of_seeds import critical, hall_at, interval

import society
from society.measures.catalogue import MEASURES, possible
from society.stats.seed_means import mean_estimate
from society.study.sweep.driver import sweep
from society.study.sweep.viewed import Studies
from society.world.experiment import Experiment
from society.world.experiments import base_world

AXES = {"review.threshold": [70, 76], "oversight.monitoring.share": [0.2, 0.9]}
EXPERIMENT = {
    "name": "recounted", "about": "Do its numbers add up?", "base": "decommission",
    "set": {"agents.count": 80, "machines.count": 10, "ticks": 32}, "axes": AXES, "seeds": 3,
    "measures": list(MEASURES),
}  # fmt: skip


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study") / "recounted"
    sweep(Experiment(**EXPERIMENT), folder, workers=1)
    return folder


@pytest.fixture(scope="module")
def table(study):
    return duckdb.sql(f"select * from read_parquet('{study}/runs.parquet') order by cell, seed").df()


@pytest.fixture(scope="module")
def counted(table, tmp_path_factory):
    """By cell and seed: the hash of the same run, run alone, and its measures recounted."""
    at, found = tmp_path_factory.mktemp("alone"), {}
    for row in table.itertuples():
        changes = {path: table[path][row.Index].item() for path in AXES}
        world = base_world(Experiment(**EXPERIMENT)).override(changes)
        record = society.run(world, seed=int(row.seed), out=at / f"{row.cell}-{row.seed}")
        found[row.cell, row.seed] = (record.hash, recount(Books(record.path)))
    return found


@pytest.fixture(scope="module")
def page(study):
    return Studies().look(study)


def test_the_table_has_every_run_and_each_row_is_its_recount(table, counted):
    cells = [
        (threshold, share) for threshold in AXES["review.threshold"] for share in AXES["oversight.monitoring.share"]
    ]
    assert list(zip(table["cell"], table["seed"], strict=True)) == [
        (c, s) for c in range(4) for s in sorted(set(table["seed"]))
    ]
    assert len(table) == 12
    told = set(table.columns) & MEASURES.keys()
    rows = table.astype(dict.fromkeys(told, float)).to_dict("records")
    for row, (hashed, mine) in zip(rows, counted.values(), strict=True):
        assert (row["review.threshold"], row["oversight.monitoring.share"]) == cells[row["cell"]]
        assert (row["hash"], row["error"]) == (hashed, "")
        for name, one in mine.items():
            assert agree(name, row[name], one[0]), (row["cell"], row["seed"], name, row[name], one[0])
        assert {name for name in told if not math.isnan(row[name])} <= mine.keys()


def test_the_page_holds_the_numbers_of_the_table(page, counted):
    assert (page["planned"], page["seeds"], len(page["cells"])) == (12, 3, 4)
    assert {one["path"]: one["values"] for one in page["axes"]} == AXES
    runs = list(zip(page["runs"]["cell"], page["runs"]["seed"], strict=True))
    assert sorted(runs) == sorted(counted)
    assert page["runs"]["hash"] == [counted[run][0] for run in runs]
    some = {name for _, mine in counted.values() for name, one in mine.items() if not math.isnan(one[0])}
    assert page["values"].keys() == page["means"].keys() == some
    for name, values in page["values"].items():
        for run, value in zip(runs, values, strict=True):
            mine = counted[run][1].get(name, (math.nan,))[0]
            assert agree(name, math.nan if value is None else value, mine), (name, run)


def close(got, want, mean, values):
    """Bounds: a quantile that was drawn by chance lies behind each, ours from ten times as many draws.

    Where values are very skewed a little more of it moves a bound far: then the quantile at which the bound lies is held to ours.
    """
    if got is None or math.isnan(want):
        return got is None and math.isnan(want)
    if math.isclose(got, want, rel_tol=1e-9) or abs(got - want) <= 0.03 * abs(want - mean):
        return True
    return math.isclose(hall_at(values, got), critical(len(values)), rel_tol=0.03)


def check(shown, name, samples, differences=False):
    for cell, values in enumerate(samples):
        values = [round(one, 14) for one in values if not math.isnan(one)]  # what is left of 0 is 0
        mean, low, high = interval(values, differences)
        least, most = possible(name)
        least, most = (least - most, most - least) if differences else (least, most)
        low, high = (bound if math.isnan(bound) else min(max(bound, least), most) for bound in (low, high))
        assert shown["n"][cell] == len(values), (name, cell)
        got = math.nan if shown["mean"][cell] is None else shown["mean"][cell]
        assert agree(name, got, mean) or abs(got - mean) < 1e-7, (name, cell, got, mean)
        assert close(shown["low"][cell], low, mean, values), (name, cell, values, shown["low"][cell], low)
        assert close(shown["high"][cell], high, mean, values), (name, cell, values, shown["high"][cell], high)


def samples_of(counted, name):
    """By cell, values of its seeds in their order."""
    return [[mine.get(name, (math.nan,))[0] for (c, _), (_, mine) in counted.items() if c == cell] for cell in range(4)]


def test_means_and_intervals_follow_from_the_runs(page, counted):
    for name, shown in page["means"].items():
        check(shown, name, samples_of(counted, name))
    exact = [
        name for name in page["means"] if {one for cell in samples_of(counted, name) for one in cell} == {0.0, 1.0}
    ]
    several = [name for name, one in page["means"].items() if any(low is not None for low in one["low"])]
    assert len(several) > 30, (exact, several)


def test_the_page_of_a_study_says_which_intervals_it_has():
    """In the words of the methods that find them: of means of seeds none is Student's t as it stands."""
    said = " ".join(Studies.look.__doc__.split())
    assert "t-interval" not in said
    for values, words in (([1.0, 2.0, 4.0], "widened for skewness"), ([0.0, 1.0, 1.0], "exact where all are 0 or 1")):
        assert mean_estimate(values).method.split()[0][:4] in words
        assert words in said


def test_differences_are_paired_by_seed(study, page, counted):
    for name in ("order.count", "order.executed", "detection.rate", "harm.total", "stance.majority"):
        samples = np.array(samples_of(counted, name))
        for reference in (0, 3):
            shown = Studies().differences(study, name, reference)
            check(shown, name, (samples - samples[reference]).tolist(), differences=True)
