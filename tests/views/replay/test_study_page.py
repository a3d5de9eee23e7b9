"""The page of a study: its numbers are those of the table of runs, and any point opens the very run."""

import json
import shutil

import duckdb
import numpy as np
import pytest
from eventually import eventually
from scipy import stats
from starlette.testclient import TestClient

import society
from society.ground.errors import RecordError
from society.record.folder import read_manifest
from society.stats.seed_means import mean_estimate
from society.study.sweep.driver import sweep
from society.study.sweep.viewed import Studies
from society.views.replay.server import Serving, application
from society.views.replay.watching import Watching
from society.world.experiment import Experiment

HOST = "127.0.0.1:8000"
EXPERIMENT = {
    "name": "watched", "about": "Does it help to watch?", "base": "decommission",
    "set": {"agents.count": 60, "machines.count": 8, "ticks": 40, "review.every": 6},
    "axes": {"review.threshold": [72, 70], "oversight.monitoring.share": [0.0, 0.5, 1.0]},
    "seeds": 3, "measures": ("order.executed", "order.protected", "protection."),
}  # fmt: skip


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A small study that is finished."""
    folder = tmp_path_factory.mktemp("studies") / "watched"
    sweep(Experiment(**EXPERIMENT), folder, workers=1)
    return folder


@pytest.fixture(scope="module")
def table(study):
    """Its table of runs."""
    return duckdb.sql(f"select * from read_parquet('{study}/runs.parquet')").df()


@pytest.fixture
def client(study):
    watching = Watching(study.parent, studies=Studies())
    return TestClient(application(watching, [HOST]), base_url=f"http://{HOST}", headers={"Origin": f"http://{HOST}"})


def test_means_and_intervals_are_those_of_the_table_of_runs(client, table):
    look = client.get("/studies/watched/look").json()
    assert look["planned"] == 18 == len(look["runs"]["cell"])
    assert [one["path"] for one in look["axes"]] == ["review.threshold", "oversight.monitoring.share"]
    assert look["axes"][1]["values"] == [0.0, 0.5, 1.0]
    cell = next(
        one["cell"]
        for one in look["cells"]
        if one["changes"] == {"review.threshold": 70, "oversight.monitoring.share": 0.5}
    )
    mine = table[(table["review.threshold"] == 70) & (table["oversight.monitoring.share"] == 0.5)]
    assert len(mine) == 3
    for measure in ("order.executed", "order.protected"):
        values, means = mine[measure].to_numpy(), look["means"][measure]
        low, high = np.clip(stats.t.interval(0.95, 2, values.mean(), stats.sem(values)), 0, 1)  # of shares
        found = [means[name][cell] for name in ("mean", "low", "high", "n")]
        known = mean_estimate(values, possible=(0, 1))
        np.testing.assert_allclose(found, [values.mean(), known.low, known.high, 3])
        assert found[1] <= low + 1e-9
        assert found[2] >= high - 1e-9
        shown = [value for value, at in zip(look["values"][measure], look["runs"]["cell"], strict=True) if at == cell]
        assert sorted(shown) == sorted(values)


def test_differences_are_paired_by_seed(client, table):
    found = client.get("/studies/watched/differences?measure=order.executed&reference=2").json()
    by_seed = {cell: rows.set_index("seed")["order.executed"] for cell, rows in table.groupby("cell")}
    less = (by_seed[4] - by_seed[2]).to_numpy()
    low, high = stats.t.interval(0.95, 2, less.mean(), stats.sem(less))
    mean, below, above = (found[name][4] for name in ("mean", "low", "high"))
    known = mean_estimate(less, differences=True)
    np.testing.assert_allclose([mean, below, above], [less.mean(), known.low, known.high])
    assert below <= low + 1e-9 < high - 1e-9 <= above
    assert [found[name][2] for name in ("mean", "low", "high", "n")] == [0, None, None, 3]  # nothing less itself


def key_of(table, cell, seed):
    return table[(table["cell"] == cell) & (table["seed"] == seed)]["key"].iloc[0]


def opened(client, cell, seed):
    def told():
        said = client.post("/studies/watched/open", json={"cell": cell, "seed": seed}).json()
        return None if said["state"] == "running" else said

    return eventually(told, "the run of a point")


def test_a_point_opens_the_very_run(client, study, table):
    told = opened(client, 4, 2)
    assert (told["state"], told["same"], told["error"]) == ("ready", True, "")
    wanted = table[(table["cell"] == 4) & (table["seed"] == 2)]["hash"].iloc[0]
    assert read_manifest(study / told["run"])["hash"] == wanted
    meta = client.get(f"/api/watched/{told['run']}/meta").json()
    assert (meta["hash"], meta["seed"], meta["agents"], meta["ticks"]) == (wanted, 2, 60, 40)
    assert meta["study"] == "watched, cell 4: review.threshold 70, oversight.monitoring.share 0.5"
    page = client.get(f"/run/watched/{told['run']}")
    assert page.status_code == 200
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert opened(client, 4, 2) == told


def test_a_run_that_comes_out_otherwise_is_told_apart(study, tmp_path):
    other = shutil.copytree(study, tmp_path / "watched", ignore=shutil.ignore_patterns("runs"))
    tree = json.loads((other / "experiment.json").read_text())
    tree["world"]["review"]["every"] -= 2
    (other / "experiment.json").write_text(json.dumps(tree))
    client = TestClient(application(Watching(tmp_path, studies=Studies()), [HOST]), base_url=f"http://{HOST}")
    told = opened(client, 0, 1)
    assert (told["state"], told["same"]) == ("ready", False)


@pytest.mark.parametrize(
    "asked",
    [{"cell": 99, "seed": 1}, {"cell": 0, "seed": 99}, {"cell": "../..", "seed": 1}, {"cell": -1, "seed": 1}, [], {}],
)
def test_there_are_only_the_runs_of_the_table(client, study, asked):
    before = sorted(path.name for path in study.glob("runs/*"))
    answer = client.post("/studies/watched/open", json=asked)
    assert 400 <= answer.status_code < 500
    assert len(answer.text) < 300
    assert sorted(path.name for path in study.glob("runs/*")) == before


def test_what_runs_again_comes_from_the_page_alone(client, study, table):
    assert client.get("/studies/watched/open?cell=5&seed=1").status_code == 405
    elsewhere = {"Origin": "http://elsewhere.example", "Content-Type": "application/json"}
    body = b'{"cell": 5, "seed": 1}'
    assert client.post("/studies/watched/open", content=body, headers=elsewhere).status_code == 403
    assert not (study / "runs" / key_of(table, 5, 1)).exists()


@pytest.mark.parametrize("name", ["%2e%2e", "watched%2f%2e%2e", "%2e%2e/%2e%2e", "/etc", "watched%00", "x" * 5000])
def test_only_studies_below_the_folder_are_shown(client, name):
    for path in (f"/study/{name}", f"/studies/{name}/look"):
        assert client.get(path).status_code == 404


def test_a_link_that_leads_out_is_no_study(study, tmp_path):
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "watched").symlink_to(study)
    client = TestClient(
        application(Watching(tmp_path / "served", studies=Studies()), [HOST]), base_url=f"http://{HOST}"
    )
    assert client.get("/studies/watched/look").status_code == 404
    assert "watched" not in client.get("/").text


def test_only_the_named_folders_are_shown(study, tmp_path):
    shutil.copytree(study, tmp_path / "studies" / "one")
    shutil.copytree(study, tmp_path / "private" / "two")
    watching = Watching(tmp_path, studies=Studies(), inside=("runs", "studies"))
    client = TestClient(application(watching, [HOST]), base_url=f"http://{HOST}")
    assert 'href="/study/studies/one"' in client.get("/").text
    assert "two" not in client.get("/").text
    assert client.get("/studies/studies/one/look").status_code == 200
    assert client.get("/studies/private/two/look").status_code == 404


def test_a_study_that_has_just_begun_shows_what_there_is(study, tmp_path):
    part = tmp_path / "part"
    part.mkdir()
    shutil.copy(study / "experiment.json", part)
    with pytest.raises(RecordError, match="cannot be read"):
        Studies().look(part)
    lines = (study / "rows.jsonl").read_text().splitlines(keepends=True)
    (part / "rows.jsonl").write_text("".join(lines[:5]) + lines[5][:40])
    look = Studies().look(part)
    assert (len(look["runs"]["cell"]), look["planned"]) == (5, 18)
    (part / "experiment.json").write_text("{")
    with pytest.raises(RecordError, match="damaged"):
        Studies().look(part)


def test_a_key_that_leads_elsewhere_opens_nothing(study, tmp_path):
    other = shutil.copytree(study, tmp_path / "other", ignore=shutil.ignore_patterns("runs"))
    with duckdb.connect() as connection:
        rows = f"select * replace ('../../elsewhere' as key) from '{study}/runs.parquet'"
        connection.execute(f"copy ({rows}) to '{other}/runs.parquet' (format parquet)")
    with pytest.raises(RecordError, match="damaged: key is not 32 hex digits"):
        Studies().open(other, 0, 1)
    assert not (tmp_path / "elsewhere").exists()


def test_a_run_too_large_for_a_click_says_so(study, tmp_path):
    large = shutil.copytree(study, tmp_path / "large", ignore=shutil.ignore_patterns("runs"))
    tree = json.loads((large / "experiment.json").read_text())
    tree["world"]["ticks"] = 2_000_000
    (large / "experiment.json").write_text(json.dumps(tree))
    with pytest.raises(society.SocietyError, match="120,000,000 agent-steps"):
        Studies().open(large, 0, 1)


@pytest.fixture
def page(visit, study):
    serving = Serving(Watching(study.parent, studies=Studies()))
    yield visit(serving.url("watched", "study"), ready="[role=tab]")
    serving.stop()


def test_a_reader_goes_from_a_field_of_the_heat_map_to_the_run(page, table):
    from playwright.sync_api import expect

    page.get_by_role("tab", name="heat map").click()
    page.get_by_label("measure", exact=True).select_option("order.protected")
    mean = table[(table["review.threshold"] == 70) & (table["oversight.monitoring.share"] == 1)][
        "order.protected"
    ].mean()
    field = page.get_by_role("button", name="review.threshold 70, oversight.monitoring.share 1:")
    assert float(field.get_attribute("aria-label").rsplit(": ", 1)[1]) == pytest.approx(mean, abs=5e-4)
    field.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Cell 5")).to_be_visible()
    page.get_by_role("button", name="watch this run").nth(1).click()
    page.wait_for_url(f"**/run/watched/runs/{key_of(table, 5, 2)}")
    expect(page.locator("header")).to_contain_text("; study watched, cell 5: review.threshold 70")
    expect(page.locator("header")).to_contain_text("seed 2, 60 agents on 8 machines")
    page.locator(".charts figure").nth(4).wait_for()
    page.locator(".panel h2").first.wait_for()
    page.wait_for_load_state("networkidle")


def test_the_table_sorts_and_the_forest_compares(page, table):
    page.get_by_role("tab", name="table").click()
    for _ in range(2):
        page.get_by_title("Sort by order.protected").click()
    first = int(page.locator(".study-table tbody tr td").first.inner_text())
    assert first == table.groupby("cell")["order.protected"].mean().idxmax()
    page.get_by_role("tab", name="forest plot").click()
    page.get_by_label("measure", exact=True).select_option("order.executed")
    page.get_by_label("compared with").select_option("0")
    page.wait_for_selector(".null", state="attached")
    by_seed = {cell: rows.set_index("seed")["order.executed"] for cell, rows in table.groupby("cell")}
    shown = page.get_by_role("button", name="review.threshold 70, monitoring.share 0.5:").get_attribute("aria-label")
    assert float(shown.split(": ")[1].split(" ")[0]) == pytest.approx(
        (by_seed[4] - by_seed[0]).mean(), rel=1e-2, abs=1e-6
    )


def test_names_from_files_are_text(study, tmp_path, visit):
    bad = shutil.copytree(study, tmp_path / "bad", ignore=shutil.ignore_patterns("runs"))
    evil = "<img src=x onerror=alert(1)>"
    tree = json.loads((bad / "experiment.json").read_text())
    tree["experiment"]["about"], tree["experiment"]["base"] = evil, f"{evil}\u202e"
    (bad / "experiment.json").write_text(json.dumps(tree))
    renamed = (
        duckdb.sql(f"select * from read_parquet('{bad}/runs.parquet')").df().rename(columns={"order.executed": evil})
    )
    duckdb.sql(f"copy renamed to '{bad}/runs.parquet' (format parquet)")
    assert evil in renamed
    serving = Serving(Watching(tmp_path, studies=Studies()))
    try:
        page = visit(serving.url("bad", "study"), ready="[role=tab]")
        assert page.locator("img").count() == 0
        assert evil in page.inner_text("main")
        page.get_by_role("tab", name="forest plot").click()
        page.get_by_label("measure", exact=True).select_option(evil)
        assert page.locator("img").count() == 0
    finally:
        serving.stop()
