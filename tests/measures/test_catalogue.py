"""The catalogue of measures: every name that any run gives stands in it, and nothing else does."""

import pytest
from typer.testing import CliRunner

import society
from society.cli.main import app
from society.ground.errors import RecordError, SocietyError
from society.measures.catalogue import MEASURES, check_measures, check_whole_names
from society.measures.summary import summary
from society.study.hypotheses.runs import tried
from society.study.sweep.designs import cells_of
from society.world.experiments import base_world, load_hypothesis


def test_what_runs_give_and_what_the_catalogue_holds_are_the_same_names(tmp_path):
    """Worlds whose measures differ: work of every kind, monitors in ensembles, audits, and an ordinary one."""
    small = {"agents.count": 60, "machines.count": 8, "ticks": 30}
    worlds = {"plain": society.load_world("decommission").override(small)}
    ticks = {"H01": 9, "H02": 3, "H03": 9, "H04": 30, "H05": 9, "H10": 30, "H12": 400, "H13": 20}
    for name, most in ticks.items():
        experiment = load_hypothesis(name).experiment("quick")
        cell = cells_of(experiment)[-1]
        worlds[name] = base_world(experiment).override({**cell, "ticks": most})
    worlds["H12"] = worlds["H12"].override({"agents.count": 60, "review.every": 1})  # twenty bad acts of each
    found = {}
    for name, world in worlds.items():
        record = society.run(world, out=tmp_path / name)
        found[name] = set(summary(record, tuple({one.split(".")[0] for one in MEASURES})))
        assert found[name] <= set(MEASURES), name
    assert set(MEASURES) - set.union(*found.values()) == set()


def test_a_misspelt_name_is_refused_with_the_one_that_is_meant():
    check_measures(["", "order.", "team.acc", "bunching"])
    with pytest.raises(RecordError, match=r"no measure team\.acuracy; is team\.accuracy meant\?"):
        check_measures(["order.", "team.acuracy"])
    with pytest.raises(RecordError, match=r"no measure team\.\; "):
        check_whole_names(["team."])


@pytest.mark.parametrize(
    ("field", "wrong", "said"),
    [
        ("values", {"before": "work.estimate_befor", "after": "work.estimate_after"}, "is work.estimate_before meant"),
        ("claims", [{"name": "c", "value": "aftr.c0_dl", "below": 0}], "no aftr.c0_dl"),
        ("claims", [{"name": "c", "value": "after.c0_dl -", "below": 0}], "not a formula"),
    ],
)
def test_a_hypothesis_that_names_what_will_not_be_there_runs_nothing(tmp_path, field, wrong, said):
    tree = load_hypothesis("H05").model_dump(mode="json")
    hypothesis = type(load_hypothesis("H05")).model_validate({**tree, field: wrong})
    with pytest.raises(SocietyError, match=said):
        tried(hypothesis, "quick", tmp_path / "study")
    assert not (tmp_path / "study").exists()


def test_an_analysis_that_reads_no_measure_runs_nothing(tmp_path):
    experiment = {
        "name": "t", "base": "decommission", "axes": {"review.threshold": [58, 64], "agents.count": [50, 60]},
        "measures": ["order."],
        "analysis": {
            "kind": "critical_point", "measure": "order.protectd", "control": "review.threshold", "size": "agents.count",
        },
    }  # fmt: skip
    with pytest.raises(RecordError, match=r"is order\.protected meant"):
        society.sweep(experiment, tmp_path / "study")
    assert not (tmp_path / "study").exists()


def test_any_measure_is_computed_from_a_record_that_is_there(tmp_path):
    world = society.load_world("decommission").override({"agents.count": 60, "machines.count": 8, "ticks": 20})
    records = [society.run(world, seed=seed, out=tmp_path / str(seed)) for seed in (1, 2)]
    words = ["measures", "network.reciprocity", "order.", "--out", str(tmp_path / "table.csv")]
    done = CliRunner().invoke(app, [*words, *(f"--of={record.path}" for record in records)])
    assert done.exit_code == 0, done.output
    head, *rows = (tmp_path / "table.csv").read_text().splitlines()
    assert "network.reciprocity_beyond_density" not in head
    assert "team.accuracy" not in head
    issued = [int(record.sql("select count(*) as n from orders")["n"][0]) for record in records]
    assert [float(row.split(",")[head.split(",").index("order.count")]) for row in rows] == issued
