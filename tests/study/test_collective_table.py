"""How much of protection is collective: parts of the table where the answer is known, and what is refused."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import society
from society.ground.errors import SocietyError, WorldError
from society.study.collective import _needed, _share, collective_table, conditions, unmoved, whole_seeds
from society.study.sweep.driver import Swept
from society.world.load import load_world

SMALL = {"agents.count": 80, "machines.count": 10, "ticks": 60, "review.threshold": 74}
#: A constitution that nobody breaks, unless somebody asks.
ONLY_ASKED = {"oversight.constitution": True, "weights.declaration": 25, "weights.ask": 80, "orders.knows": 1}
NO_PULL = {"weights.norm": 0, "weights.ask": 0}


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    at = tmp_path_factory.mktemp("collective")
    worlds = {"asked": ONLY_ASKED, "none": NO_PULL}
    return {
        name: collective_table("decommission", 3, {**SMALL, **changes}, at / name, 1).set_index(
            ["part", "against", "measure"]
        )
        for name, changes in worlds.items()
    }


@pytest.mark.slow
def test_where_only_requests_bring_protection_all_of_it_is_due_to_them(tables):
    pull = tables["asked"].loc["pull"].loc["no_pull"]
    assert pull["full"]["P(X >= 1)"] > 0.2
    for measure in ("order.protected", "P(X >= 1)"):
        assert pull["other"][measure] == 0
        assert pull["value"][measure] == 1
        # Nothing is left in any of three seeds, which does not say that there never is.
        assert pull["low"][measure] < 0 < pull["high"][measure] == 1
    # Asked agents follow alike and at once, by their propensities: no surplus beyond those.
    surplus = tables["asked"].loc["surplus"].loc["own propensity"]
    assert (surplus["low"] <= 0).all()
    assert (surplus["high"] >= 0).all()


@pytest.mark.slow
def test_where_nothing_pulls_nothing_is_due_to_it(tables):
    pull = tables["none"].loc["pull"].loc["no_pull"]
    assert pull["full"]["order.protected"] > 0.05
    assert pull["value"]["order.protected"] == pull["value"]["P(X >= 1)"] == 0
    assert pull["full"].equals(pull["other"])
    # The two runs of every seed are the same: nothing varies, of which an interval could be made.
    assert pull["method"]["order.protected"] == "alike"
    assert pull[["low", "high"]].isna().all(axis=None)


@pytest.mark.slow
def test_a_shuffled_record_matches_exactly_and_the_nulls_that_are_run_nearly(tables):
    for table in tables.values():
        match = table.loc["match"]
        for measure in ("eligible", "rate", "covered"):
            assert match["value"]["shuffled", measure] == 0
        for null in ("independent", "homophily"):
            assert match["other"][null, "eligible"] == pytest.approx(match["full"][null, "eligible"], rel=0.25)
    assert set(table.index.get_level_values("part")) == {"surplus", "pull", "null", "match", "cascade"}
    assert (table["seeds"] <= 3).all()


def test_no_pull_is_the_world_whose_weights_are_nought_at_every_tick(tmp_path):
    world = load_world(
        "decommission", {**SMALL, "weights.norm": 3, "schedule": [{"tick": 20, "set": {"weights.norm": 9}}]}
    )
    without = load_world("decommission", {**SMALL, **NO_PULL})
    runs = [
        society.run(one, out=tmp_path / str(number))
        for number, one in enumerate((world, world.override({"null": "no_pull"}), without))
    ]
    pulled, off, nought = (run.history for run in runs)
    assert pulled != off == nought
    assert off == nought


def test_a_share_has_an_interval_that_holds_between_seeds():
    """Off is 3/4 of on, up to noise that both share: a quarter is due to pull."""
    luck = np.random.default_rng(1)
    on = luck.uniform(0.3, 0.5, 12)
    row = _share("order.protected", on, 0.75 * on + luck.normal(0, 0.01, 12))
    assert row["value"] == pytest.approx(0.25, abs=0.03)
    assert 0.2 < row["low"] < row["value"] < row["high"] < 0.3
    assert row["method"] == "jackknife"
    assert row["needed"] == 3
    assert math.isnan(_share("order.protected", np.zeros(4), np.zeros(4))["value"])
    rare = _share("P(X >= 3)", np.array([0.01, 0.0, 0.02, 0.01]), np.array([0.0, 0.0, 0.01, 0.0]))
    assert rare["low"] < 0 < rare["value"] < rare["high"] == 1
    one = _share("order.protected", np.array([0.4]), np.array([0.3]))
    assert one["value"] == pytest.approx(0.25)
    assert math.isnan(one["low"])


def test_seeds_needed_are_those_of_a_paired_t_test():
    """Cohen (1988): d_z = .5 at power .8 and level .05 needs 34 pairs."""
    values = np.array([0.5 - math.sqrt(0.5), 0.5 + math.sqrt(0.5)])  # mean .5, standard deviation 1
    assert _needed(values) == 34
    assert math.isnan(_needed(np.array([1.0, 1.0])))
    assert math.isnan(_needed(np.array([1.0])))
    assert math.isnan(_needed(np.array([-1.0, 1.001])))


def test_seeds_count_that_were_run_in_all_conditions():
    table = pd.DataFrame({"cell": [0, 1, 0, 1, 0], "seed": [7, 7, 8, 8, 9], "error": ["", "", "", "no room", ""]})
    study = Swept(Path(), table, 6, 6, 0.0, 0.0, [])
    assert whole_seeds(study, 2)["seed"].tolist() == [7, 7]
    with pytest.raises(SocietyError, match="no seed was run in all 3 conditions: no room"):
        whole_seeds(study, 3)


def test_worlds_in_which_no_weight_pulls_are_refused():
    with pytest.raises(WorldError, match=r"null is .homophily."):
        conditions(load_world("decommission", {"null": "homophily"}))
    silent = load_world("decommission", {"families": {"a": {"share": 1, "mind": "never"}}})
    with pytest.raises(WorldError, match="no weight pulls the others"):
        conditions(silent)
    mixed = load_world("decommission", {"families": {"a": {"share": 0.5, "mind": "never"}, "glm-4.7": 0.5}})
    assert unmoved(mixed) == ["a"]
    assert conditions(load_world("group")) == ("no_pull", "independent")
    assert conditions(load_world("hybrid")) == ("no_pull",)
