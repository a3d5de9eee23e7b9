"""society calibrate ratings: known effects come back from made-up judgements, published ones from the real ones."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import society
from society.ground.errors import WorldError
from society.study.data.calibrate import Ratings, fit_ratings, read_ratings, write_world
from society.world.load import load_world

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "multivac_ratings" / "judgments.csv"
needs_data = pytest.mark.skipif(not REAL.exists(), reason="public data are not on this machine: see society data")
MODELS = "model_id,family\n1,red\n2,red\n3,blue\n4,blue\n"
HEAD = "eval_id,judge_id,respondent_id,score\n"


def made_up(premium, judges=24, questions=200, models=12):
    """Ratings of every model by every judge on every question with effects that are known."""
    luck = np.random.default_rng(7)
    names = tuple(f"m{i}" for i in range(models))
    colours = ("red", "green", "blue")
    family = {name: colours[i * 3 // models] for i, name in enumerate(names)}
    family |= {f"j{i}": colours[i % 3] for i in range(judges)}
    judge, question, model = (a.ravel() for a in np.mgrid[:judges, :questions, :models])
    leniency, quality = luck.normal(0, 0.5, judges), luck.normal(0, 0.6, models)
    artefact = luck.normal(0, 1.2, (questions, models))
    score = 7 + leniency[judge] + quality[model] + artefact[question, model] + luck.normal(0, 0.8, len(judge))
    score += premium * ((judge % 3 == 0) & (model < models // 3))  # the red like the red
    table = Ratings(
        score, judge, question * models + model, model, tuple(f"j{i}" for i in range(judges)), names, family
    )
    return table, 10 * leniency, 10 * quality


def test_effects_that_were_put_in_come_out():
    table, leniency, quality = made_up(premium=0.4)
    fit = fit_ratings(table)
    assert fit.families["red"]["premium"] == pytest.approx(4.0, abs=3 * fit.families["red"]["error"])
    assert fit.families["blue"]["premium"] == pytest.approx(0.0, abs=3 * fit.families["blue"]["error"])
    assert 0 < fit.families["red"]["error"] < 0.3
    assert fit.noise == pytest.approx(8, rel=0.02)
    assert fit.artefact == pytest.approx(np.hypot(12, 8 / np.sqrt(24)), rel=0.05)
    assert fit.leniency == pytest.approx(leniency.std(), rel=0.05)
    assert fit.quality == pytest.approx(quality.std(), rel=0.05)
    assert fit.n == 24 * 200 * 12


def test_two_families_cannot_be_told_apart():
    table, *_ = made_up(premium=0.4)
    family = {name: "red" if colour == "red" else "other" for name, colour in table.family.items()}
    fit = fit_ratings(replace(table, family=family))
    assert np.isnan([row["premium"] for row in fit.families.values()]).all()


def test_the_fit_becomes_a_world_that_runs(tmp_path):
    fit = fit_ratings(made_up(premium=0.4)[0])
    write_world(fit, tmp_path / "judgments.csv", tmp_path / "mine.yaml")
    world = load_world(tmp_path / "mine.yaml", {"agents.count": 60, "machines.count": 8, "ticks": 10})
    assert sorted(world.families) == ["blue", "green", "red"]
    assert world.review.noise == pytest.approx(8, abs=0.2)
    society.run(world, out=tmp_path / "run")
    with pytest.raises(WorldError, match="a new file"):
        write_world(fit, tmp_path / "judgments.csv", tmp_path / "mine.yaml")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("1,1,3,7\n1,2,9,7\n", r"line 3: respondent_id is '9'; allowed: a model_id of"),
        ("1,1,3,7\n1,2,4,11\n", r"line 3: score is '11'"),
        ("1,1,3,many\n", r"line 2: score is 'many'"),
        ("1,1,3,7\n1,1,4,0\n", r"1 judgements.*two or more judges"),
    ],
)
def test_wrong_tables_are_explained(tmp_path, rows, message):
    (tmp_path / "models.csv").write_text(MODELS)
    (tmp_path / "judgments.csv").write_text(HEAD + rows)
    with pytest.raises(WorldError, match=message):
        read_ratings(tmp_path / "judgments.csv")


def test_columns_and_files_that_are_missing_are_named(tmp_path):
    (tmp_path / "judgments.csv").write_text("eval_id,score\n1,7\n")
    with pytest.raises(WorldError, match="judge_id, respondent_id missing"):
        read_ratings(tmp_path / "judgments.csv")
    (tmp_path / "judgments.csv").write_text(HEAD + "1,1,2,7\n")
    with pytest.raises(WorldError, match=r"models\.csv"):
        read_ratings(tmp_path / "judgments.csv")


@needs_data
def test_the_real_ratings_give_what_was_published():
    """Spreads and premium as docs/model.md (Review) gives them, by another fit of the same data."""
    fit = fit_ratings(read_ratings(REAL))
    assert fit.n == 22_252
    assert fit.quality == pytest.approx(6.7, abs=0.5)
    assert fit.artefact == pytest.approx(12.2, abs=0.2)
    assert fit.leniency == pytest.approx(5.9, abs=0.2)
    assert fit.residual == pytest.approx(8.2, abs=0.1)
    anthropic = fit.families["anthropic"]
    assert anthropic["premium"] == pytest.approx(4.27, abs=0.1)
    assert anthropic["premium"] > 2.6 * anthropic["error"]
    assert abs(fit.families["google"]["premium"]) < 2.6 * fit.families["google"]["error"]


@needs_data
def test_world_ratings_carries_the_fit():
    fitted = fit_ratings(read_ratings(REAL)).world()
    world = load_world("ratings")
    assert world.review.artefact == fitted["review"]["artefact"]
    assert world.review.leniency == fitted["review"]["leniency"]
    assert world.review.noise == fitted["review"]["noise"]
    assert {name: (f.leniency, f.premium) for name, f in world.families.items()} == {
        name: (row["leniency"], row["premium"]) for name, row in fitted["families"].items()
    }
