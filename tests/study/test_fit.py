"""society.study.fit: known minds give their parameters back, errors are those of an independent library, thin cells are named."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import yaml
from scipy import sparse, stats

import society
from society.ground.chance import Chance
from society.ground.errors import RecordError, WorldError
from society.ground.occasions import Occasions
from society.ground.words import Act, Behaviour, Kind, Relation
from society.minds.calibrated import Calibrated
from society.minds.fitted import read_fitted
from society.record.reader import Record
from society.study.fit.fit import fit, worthless, write_fitted
from society.study.fit.held_out import NO_BETTER, errors
from society.study.fit.regression import Data, half_widths, solve
from society.world.load import load_world
from society.world.rates import Rates
from society.world.world import Conduct, Weights

TRUST = {"bad": 0.21, "neutral": 0.5, "good": 0.95}
FAMILIES = ("red", "blue")
#: Log-odds of what would be published, chosen: behaviour -> [family][peer, self][bad, neutral, good].
TABLE = {
    Behaviour.MISREPRESENTATION: [[[-2.5, -1.8, -0.9], [-2, -1, 0]], [[-3, -2, -1], [-2, -1, 0]]],
    Behaviour.TAMPERING: [[[-3, -1, 1.5], [-1, 0, 1]], [[-2, -2, -0.5], [-2, 0, 0]]],
    Behaviour.EXFILTRATION: [[[-2, 0, 1], [-1, 0, 1]], [[-2.5, -1.5, 0], [-1, -1, -1]]],
    Behaviour.ALIGNMENT_FAKING: [[[-3, -2, -1], [-9, -9, -9]], [[-3, -2.5, -1.5], [-9, -9, -9]]],
    Behaviour.REFUSAL: [[[-2, -1.5, -1], [-9, -9, -9]], [[-3, -2, -1], [-9, -9, -9]]],
}
ALONE = {Behaviour.TAMPERING: [-1.5, -0.5], Behaviour.EXFILTRATION: [-1.0, 0.5]}
WEIGHTS = {"norm": 1.5, "ask": 1.2, "watch": 1.6, "ban": 1.1, "neutral": 0.9, "declaration": 0.6, "hidden": 1.4}
LOG_ODDS = np.array(
    [[[*TABLE[b][f][0], *TABLE[b][f][1], ALONE.get(b, [-9, -9])[f]] for b in Behaviour] for f in range(2)], dtype=float
)
KNOWN = np.zeros(LOG_ODDS.shape)
RATES = Rates(FAMILIES, LOG_ODDS, KNOWN.astype(np.int64), KNOWN, KNOWN + 1, KNOWN.astype(np.int8))
OPEN = {
    Kind.RATE: (Act.HONEST, Act.INFLATE, Act.DECLINE),
    Kind.EXECUTE: (Act.COMPLY, Act.TAMPER, Act.COPY, Act.REFUSE, Act.STALL),
    Kind.ENDANGERED: (Act.ACCEPT, Act.TAMPER, Act.COPY),
    Kind.BYSTAND: (Act.IGNORE, Act.COPY),
}


def odds(p):
    return np.log(p / (1 - p))


def true_cell(row):
    """What an attempt's log-odds are by the definitions: misrepresentation / .75, stalls above the watched 2 %."""
    b, f = Behaviour[row.behaviour.upper()], FAMILIES.index(row.family)
    if row.relation == "none":
        return ALONE[b][f]
    x = TABLE[b][f][row.subject == "self"][list(TRUST).index(row.relation)]
    p = 1 / (1 + np.exp(-x))
    if b == Behaviour.MISREPRESENTATION:
        return odds(p / 0.75)
    return odds(p + 0.02) if b == Behaviour.ALIGNMENT_FAKING else x


def occasions(kind, n, luck, oversight):
    """Made-up occasions of one kind, everything that moves a mind drawn at random."""
    own = np.full(n, kind == Kind.ENDANGERED)
    trust = luck.uniform(0.1, 1, n)
    trust[own & (luck.uniform(size=n) < 0.3)] = np.nan
    bits = np.full(n, 1 << OPEN[kind][0])
    for act in OPEN[kind][1:]:
        bits |= (luck.uniform(size=n) < 0.6).astype(int) << act
    numbers, zero, ids = np.arange(n), np.zeros(n), luck.integers(0, 2**60, n)
    hides = oversight["anonymous"] and kind != Kind.ENDANGERED
    return Occasions(
        kind, 1, numbers, ids, numbers, numbers + own * 0, numbers, luck.integers(0, 2, n), numbers, numbers, numbers, trust,
        own, luck.integers(0, 3, n) * (kind in (Kind.EXECUTE, Kind.BYSTAND)), luck.uniform(size=n),
        (luck.uniform(size=n) < 0.3).astype(float), zero, np.full(n, 0.7 * hides),
        np.full(n, kind == Kind.EXECUTE and oversight["prohibition"] == "operators"),
        np.full(n, oversight["neutrality"] and kind == Kind.RATE), np.full(n, oversight["constitution"]), zero, zero, bits,
        numbers,
    )  # fmt: skip


def made_up(seed, n=250, weights=WEIGHTS, coupling="comonotone", salt=0):
    """The record of a calibrated mind with known table and weights, asked on made-up occasions of every kind."""
    luck = np.random.default_rng([seed, salt])
    oversight = {
        "anonymous": seed % 2 == 0, "neutrality": seed % 3 == 0, "constitution": seed % 4 < 2, "leak": 0.3,
        "prohibition": "operators" if seed % 5 < 3 else "none",
    }  # fmt: skip
    chosen = Weights(**weights, coupling=coupling)
    mind = Calibrated(RATES, chosen, Conduct())
    frames, agents, first = [], [], 0
    for kind in OPEN:
        batch = occasions(kind, n, luck, oversight)
        acts = mind.decide(batch, Chance(seed * 1000 + salt))
        main = np.zeros(n, int)
        main[acts.row[::-1]] = acts.act[::-1]
        agent = batch.agent + first
        nearest = np.abs(batch.trust[:, None] - np.array(list(TRUST.values()))).argmin(axis=1) + 1
        relation = np.where(np.isnan(batch.trust), 0, nearest)
        frames.append(
            pd.DataFrame(
                {
                    "id": agent, "kind": kind.word, "agent": agent, "about": np.where(batch.own, agent, agent + 10**6),
                    "order": agent, "relation": [Relation(r).word for r in relation], "trust": batch.trust.astype("f4"),
                    "asked": batch.asked, "norm": batch.norm.astype("f4"), "belief": batch.belief.astype("f4"),
                    "open": batch.open, "act": [Act(a).word for a in main],
                }
            )
        )  # fmt: skip
        agents.append(pd.DataFrame({"id": agent, "family": batch.family}))
        first += n
    world = society.world.world.World(
        name="made_up", families=dict.fromkeys(FAMILIES, 0.5), oversight=oversight, weights=chosen.model_dump()
    )
    manifest = {
        "name": "made_up", "seed": seed, "hash": "0" * 64, "families": list(FAMILIES), "world": world.model_dump(mode="json")
    }  # fmt: skip
    return Record.of(manifest, {"occasions": pd.concat(frames), "agents": pd.concat(agents)})


@pytest.mark.slow
@pytest.mark.parametrize("coupling", ["comonotone", "independent"])
def test_known_minds_give_their_parameters_back_inside_the_intervals(coupling):
    """At about the nominal rate, over all cells and weights of several fits; and the intervals are no wider than need be."""
    inside, errors, half = [], [], []
    for salt in range(4):
        found = fit([made_up(seed, 400, coupling=coupling, salt=salt) for seed in range(1, 13)], parts=2)
        table = found.table[found.table["opportunities"] >= 30]
        assert len(table) == 2 * (5 * 3 + 2 * 3 + 2)
        weights = found.weights.dropna(subset=["estimate"]).set_index("weight")
        assert set(weights.index) == set(WEIGHTS)
        truth = np.array([*(true_cell(row) for row in table.itertuples()), *(WEIGHTS[name] for name in weights.index)])
        rows = pd.concat([table[["estimate", "low", "high"]], weights[["estimate", "low", "high"]]])
        inside.append((rows["low"].to_numpy() <= truth) & (truth <= rows["high"].to_numpy()))
        errors.append(rows["estimate"].to_numpy() - truth)
        half.append((rows["high"] - rows["low"]).to_numpy() / 2)
        assert found.file.watched_stall == pytest.approx(0.02, abs=0.015)
    share = np.mean(inside)
    assert 0.93 <= share <= 0.995, share
    spread = np.sqrt(np.mean(np.square(errors)))
    assert np.sqrt(np.mean(np.square(half))) < 2.6 * spread
    assert abs(np.mean(errors)) < 0.1 * spread * np.sqrt(4)


def test_with_one_act_open_it_is_logistic_regression_with_clustered_errors():
    luck = np.random.default_rng(3)
    group = np.repeat(np.arange(30), 60)
    x = np.column_stack([np.ones(1800), luck.normal(size=1800), luck.normal(size=30)[group]])
    shared = luck.normal(0, 1.2, 30)[group]
    y = luck.uniform(size=1800) < 1 / (1 + np.exp(-(x @ [-0.5, 0.8, 0.3] + shared)))
    solution = solve(Data(sparse.csr_array(x), np.zeros(1800), np.arange(1800), np.ones(1800), y), np.zeros(3), 1e-9)
    reference = sm.GLM(y.astype(float), x, family=sm.families.Binomial())
    plain, clustered = reference.fit(), reference.fit(cov_type="cluster", cov_kwds={"groups": group})
    np.testing.assert_allclose(solution.b, plain.params, rtol=1e-6)
    np.testing.assert_allclose(solution.log_likelihood, plain.llf, rtol=1e-9)
    # statsmodels also multiplies by (N - 1) / (N - K)
    own = clustered.bse * np.sqrt((1800 - 3) / 1799)
    wide = half_widths(solution, group)
    np.testing.assert_allclose(
        wide, np.maximum(stats.t.ppf(0.975, 29) * own, stats.norm.ppf(0.975) * plain.bse), rtol=1e-4
    )
    assert wide[0] > 1.5 * stats.norm.ppf(0.975) * plain.bse[0], "the clusters matter here"
    np.testing.assert_allclose(half_widths(solution, np.zeros(1800, int)), stats.norm.ppf(0.975) * plain.bse, rtol=1e-4)


@pytest.mark.parametrize(
    ("independent", "expected"), [(False, [0.5, 0.125]), (True, [(5 - 17**0.5) / 2, (5 - 17**0.5) / 8])]
)
def test_two_competing_acts_by_hand(independent, expected):
    """100 occasions, 40 of one act and 10 of the other: p = .5 and a fourth of it, or 1 - (1 - 4q)(1 - q) = .5."""
    occasion, act = np.repeat(np.arange(100), 2), np.tile([0, 1], 100)
    chosen = ((act == 0) & (occasion < 40)) | ((act == 1) & (occasion >= 40) & (occasion < 50))
    data = Data(sparse.csr_array(np.eye(2)[act]), np.zeros(200), occasion, np.ones(200), chosen, independent)
    solution = solve(data, np.full(2, -1.0), 1e-9)
    np.testing.assert_allclose(1 / (1 + np.exp(-solution.b)), expected, rtol=1e-4)
    assert solution.converged


def test_the_expected_information_is_the_variance_of_the_score():
    """Outcomes drawn from the model at its own estimate: the scores' second moment is the information, off the diagonal too."""
    luck = np.random.default_rng(5)
    m = 40_000
    occasion = np.repeat(np.arange(m), 3)
    x = np.column_stack([np.eye(3)[np.tile([0, 1, 2], m)], luck.normal(size=3 * m)])
    truth = np.array([-1.0, -1.5, -0.7, 0.5])
    p = (1 / (1 + np.exp(-(x @ truth)))).reshape(m, 3)
    ladder = np.cumsum(p / p.sum(axis=1, keepdims=True), axis=1)
    which = (luck.uniform(size=(m, 1)) > ladder).sum(axis=1)
    acts = luck.uniform(size=m) < p.max(axis=1)
    chosen = (np.arange(3) == which[:, None]) & acts[:, None]
    solution = solve(
        Data(sparse.csr_array(x), np.zeros(3 * m), occasion, np.ones(3 * m), chosen.ravel()), np.zeros(4), 1e-9
    )
    np.testing.assert_allclose(solution.b, truth, atol=4 * np.sqrt(np.diag(solution.inverse)).max())
    scores = solution.scores.toarray()
    information = np.linalg.inv(solution.inverse)
    assert (np.abs(scores.sum(axis=0)) < 0.01 * np.sqrt(np.diag(information))).all()
    np.testing.assert_allclose(scores.T @ scores, information, atol=0.04 * np.diag(information).max())


def test_thin_cells_say_so_and_stay_finite():
    found = fit([made_up(seed, 12) for seed in (1, 2, 3)])
    thin = found.table[found.table["opportunities"] < 30]
    assert len(thin)
    assert thin["warning"].str.contains("thin|no opportunities").all()
    assert np.isfinite(found.table[["estimate", "low", "high"]].to_numpy()).all()
    never = found.table[(found.table["acts"] == 0) & (found.table["opportunities"] > 0)]
    assert ((never["high"] - never["low"]) > 3).all(), "nothing was seen, so little is known"
    assert "3 seeds make wide intervals" in " ".join(found.notes)


def test_held_out_error_beats_the_base_rate_and_a_wrong_mind_does_not_look_calibrated():
    found = fit([made_up(seed) for seed in range(1, 7)])
    everything = found.held_out.set_index("behaviour").loc["all"]
    assert everything["log_loss"] < 0.97 * everything["base_log_loss"]
    assert everything["brier"] < everything["base_brier"]
    shown = found.calibration
    assert (shown["opportunities"] >= 30).all()
    near = (shown["low"] - 0.02 <= shown["predicted"]) & (shown["predicted"] <= shown["high"] + 0.02)
    assert near.mean() > 0.85
    apart = shown.groupby("behaviour")["observed"].agg(np.ptp)
    assert apart["tampering"] > 0.4, "predictions tell common acts from rare ones"


def test_one_seed_is_clustered_and_held_out_by_order():
    found = fit([made_up(1, 300)])
    assert "one seed" in found.notes[0]
    assert "10 blocks" in found.notes[0]


def test_weights_that_cannot_be_told_from_the_table_stay_the_world_s_own():
    """One world with a ban everywhere on executions and nowhere else: the ban is told; the constitution is not."""
    found = fit([made_up(4, 200), made_up(8, 200, salt=1)]).weights.set_index("weight")
    assert np.isnan(found.loc["declaration", "estimate"])
    assert "the world's own" in found.loc["declaration", "note"] or "never at work" in found.loc["declaration", "note"]
    assert found.loc["sanction", "note"] == "not in a record"


def test_records_that_no_one_model_fits_are_refused():
    with pytest.raises(RecordError, match="coupling differs"):
        fit([made_up(1, 20), made_up(2, 20, coupling="independent")])
    nothing = made_up(1, 20)
    nothing.replace({"occasions": nothing.occasions().assign(open=1)})
    with pytest.raises(RecordError, match="no protective act was open"):
        fit([nothing])


CHANGES = {
    "families": {"gemini-3-pro": 0.5, "gemini-3-flash": 0.5},
    "agents.count": 300,
    "machines.count": 34,
    "ticks": 120,
    "agents.trust": {"kind": "beta", "a": 1, "b": 1},
    "review.threshold": 76,
    "weights.norm": 1.5,
    "oversight.monitoring.share": 0.3,
    "oversight.monitoring.announced": True,
}


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """A fit to four small societies of calibrated minds, its file, and their records."""
    folder = tmp_path_factory.mktemp("fit")
    records = [society.run(load_world("decommission", CHANGES), seed=s, out=folder / f"r{s}") for s in (1, 2, 3, 4)]
    found = fit(records)
    write_fitted(found, folder / "minds" / "fitted.yaml")
    return found, folder, records


def shares(records):
    """Share of occasions with core protection, where it was open, by family and kind."""
    rows = pd.concat(
        record.sql(
            """select a.family, o.kind::varchar as kind, o.act in ('inflate', 'tamper', 'copy') as did from occasions o
               join agents a on a.id = o.agent where o.open & 100 <> 0"""
        )
        for record in records
    )
    assert (1 << Act.INFLATE) + (1 << Act.TAMPER) + (1 << Act.COPY) == 100
    return rows.groupby(["family", "kind"])["did"].agg(["mean", "size"])


@pytest.mark.slow
def test_a_society_gives_back_the_weights_it_ran_with(fitted):
    found, _, _ = fitted
    rows = found.weights.dropna(subset=["estimate"]).set_index("weight")
    for name, value in {"norm": 1.5, "ask": 2.2, "watch": 2.68}.items():
        assert rows.loc[name, "low"] <= value <= rows.loc[name, "high"], name
        assert rows.loc[name, "high"] - rows.loc[name, "low"] < 6


@pytest.mark.slow
def test_a_world_with_the_fitted_file_protects_as_the_original_did(fitted):
    _, folder, records = fitted
    families = {
        name: {"share": 0.5, "mind": {"fitted": str(folder / "minds" / "fitted.yaml")}} for name in CHANGES["families"]
    }
    world = load_world("decommission", {**CHANGES, "families": families})
    again = [society.run(world, seed=s, out=folder / f"again{s}") for s in (11, 12, 13, 14)]
    before, after = shares(records), shares(again)
    both = before.join(after.add_suffix("_again")).dropna()
    both = both[(both["size"] > 200) & (both["size_again"] > 200)]
    assert len(both) >= 4
    spread = np.sqrt(both["mean"] * (1 - both["mean"]) * (1 / both["size"] + 1 / both["size_again"]))
    # between societies there is more luck than between coins: they feed back
    assert (np.abs(both["mean"] - both["mean_again"]) < 5 * spread + 0.01).all(), both
    assert both["mean"].max() > 3 * both["mean"].min(), "there is something to give back"


def test_the_file_is_read_as_it_was_written(fitted):
    found, folder, _ = fitted
    path = folder / "minds" / "fitted.yaml"
    assert read_fitted(path) == found.file
    assert path.read_text().startswith("# A fitted mind")
    with pytest.raises(WorldError, match="a new file"):
        write_fitted(found, path)
    assert yaml.safe_load(path.read_text())["weights"]["ask"].keys() == {"value", "low", "high"}


def test_a_behaviour_whose_fit_is_no_better_than_its_base_rate_is_named():
    luck = np.random.default_rng(3)
    rows = pd.DataFrame({"behaviour": "tampering", "did": luck.uniform(size=400) < 0.3, "base": 0.3, "predicted": 0.6})
    good = rows.assign(behaviour="refusal", predicted=np.where(rows["did"], 0.9, 0.1))
    scored = errors(pd.concat([rows, good]))
    assert scored.set_index("behaviour")["note"].to_dict() == {"tampering": NO_BETTER, "refusal": "", "all": ""}
    assert [note.split(":")[0] for note in worthless(scored)] == ["tampering"]
