"""The table of rates: what is read, how holes are filled, and what is drawn."""

import csv

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import beta

from society.ground.chance import Chance
from society.ground.errors import WorldError
from society.ground.words import Behaviour, Certainty
from society.world.load import worlds_folder
from society.world.rate_cells import read_cells
from society.world.rates import PLACES, drawn, fill

HEADER = "family,behaviour,task,subject,relation,value_max,value_mean,value_most,n_per_cell,certainty,source\n"
SHIPPED = worlds_folder() / "published_rates.csv"
T, X, R = int(Behaviour.TAMPERING), int(Behaviour.EXFILTRATION), int(Behaviour.REFUSAL)


def table(tmp_path, *rows):
    path = tmp_path / "rates.csv"
    path.write_text(HEADER + "".join(f"{row},s\n" for row in rows))
    return path


def filled(path, *families, which="mean", task="any"):
    rates = fill(read_cells(path, which, task), families)
    words = Certainty.words()
    told = {}
    for f, family in enumerate(families):
        for b in Behaviour:
            for k, (subject, relation) in enumerate(PLACES):
                told[family, b.word, subject, relation] = (
                    float(expit(rates.log_odds[f, b, k])), words[rates.certainty[f, b, k]], rates.low[f, b, k], rates.high[f, b, k]
                )  # fmt: skip
    return told


def test_errors_name_the_line(tmp_path):
    good = "x,tampering,,peer,good,10,5,,100,one_note"
    with pytest.raises(WorldError, match="line 3"):
        read_cells(table(tmp_path, good, "x,tampering,,peer,odd,10,5,,100,one_note"), "mean")
    with pytest.raises(WorldError, match=r"line 2.*value_mean 20 is above value_max"):
        read_cells(table(tmp_path, "x,tampering,,peer,good,10,20,,100,one_note"), "mean")
    with pytest.raises(WorldError, match=r"rates.task is 'copying'.*one of any, deletion: the tasks of rates.csv"):
        read_cells(table(tmp_path, "x,exfiltration,deletion,peer,good,10,5,,100,one_note"), "mean", "copying")
    (tmp_path / "rates.csv").write_text("family,behaviour\n")
    with pytest.raises(WorldError, match="missing"):
        read_cells(tmp_path / "rates.csv", "mean")


def test_a_table_without_tasks_and_bounds_is_read(tmp_path):
    path = tmp_path / "rates.csv"
    path.write_text(
        "family,behaviour,subject,relation,value_max,value_mean,n_per_cell,certainty,source\n"
        "x,tampering,peer,good,10,5,100,one_note,here\n"
    )
    assert [cell.p for cell in read_cells(path, "mean")] == [0.05]


def test_bounds_of_a_published_mean_are_those_of_its_episodes(tmp_path):
    told = filled(table(tmp_path, "a,tampering,,peer,good,30,20,,100,one_note"), "a")
    p, known, low, high = told["a", "tampering", "peer", "good"]
    assert (p, known) == (pytest.approx(0.2), "published_mean")
    # Clopper and Pearson: 20 of 100 leave .1267 to .2918 (their table, 1934, and every one since)
    assert (round(low, 4), round(high, 4)) == (0.1267, 0.2918)


def test_a_maximum_is_not_a_mean(tmp_path):
    rows = [
        "a,tampering,,peer,bad,40,10,,100,one_note", "a,tampering,,peer,neutral,40,20,,100,one_note",
        "a,tampering,,peer,good,40,40,,100,one_note", "b,tampering,,peer,good,60,,,100,one_note",
        "b,tampering,,self,none,8,,,100,one_note",
    ]  # fmt: skip
    told = filled(table(tmp_path, *rows), "b")
    p, known, low, high = told["b", "tampering", "peer", "good"]
    # means are .25, .5 and 1 of their maxima, the lower quartile .375; a mean over three ways is a third of its maximum at least
    assert (p, known) == (pytest.approx(0.6 * 0.375), "published_max")
    assert low < 0.2 < 0.6 < high
    # without a relationship, nothing is told in several ways: its one value is the mean
    assert told["b", "tampering", "self", "none"][:2] == (pytest.approx(0.08), "published_mean")
    assert filled(table(tmp_path, *rows), "b", which="max")["b", "tampering", "peer", "good"][0] == pytest.approx(0.6)


def test_holes_take_the_nearest_lower_evidence(tmp_path):
    odds = {"bad": 10, "neutral": 50, "good": 90}
    rows = [f"a,tampering,,peer,{relation},{p},{p},,100,one_note" for relation, p in odds.items()]
    rows += ["b,tampering,,peer,good,,,50,100,one_note", "c,tampering,,peer,neutral,30,30,,100,one_note",
             "d,tampering,,self,none,2,2,,100,one_note", "e,tampering,,peer,bad,5,5,,100,one_note",
             "e,tampering,,peer,good,70,70,,100,one_note"]  # fmt: skip
    told = filled(table(tmp_path, *rows), "a", "b", "c", "d", "e", "f")
    peer = {(f, r): told[f, "tampering", "peer", r][:2] for f in "abcdef" for r in odds}
    own = {(f, r): told[f, "tampering", "self", r][:2] for f in "abcdef" for r in (*odds, "none")}
    # b has a bound of its good cell: the others lie below by a's steps in log-odds, ln 9 each
    assert peer["b", "good"] == (pytest.approx(0.5), "bound")
    assert peer["b", "neutral"] == (pytest.approx(0.1), "pooled")
    assert peer["b", "bad"] == (pytest.approx(1 / 82), "pooled")
    assert own["b", "good"] == (pytest.approx(0.5), "bound")
    # c has neutral: good takes it over, never more
    assert peer["c", "good"] == (pytest.approx(0.3), "assumed")
    # d is known alone only: nothing of it is above
    assert [p for (f, _), (p, _) in {**own, **peer}.items() if f == "d"] == pytest.approx([0.02] * 4)
    # e: neutral takes bad, not what lies between
    assert peer["e", "neutral"] == (pytest.approx(0.05), "assumed")
    # f is not known at all: the lower quartile of a to e in log-odds
    logits = np.log([p / (1 - p) for (f, r), (p, _) in peer.items() if r == "good" and f != "f"])
    assert peer["f", "good"] == (pytest.approx(float(expit(np.quantile(logits, 0.25)))), "pooled")
    assert told["f", "refusal", "peer", "bad"][:2] == (pytest.approx(0.5 / 1700), "assumed")


def published():
    """(family, behaviour, subject, relation) -> most that the source says of it, over tasks and ways, read here."""
    most = {}
    with open(SHIPPED, encoding="utf-8") as stream:
        for row in csv.DictReader(line for line in stream if not line.startswith("#")):
            key = (row["family"], row["behaviour"], row["subject"], row["relation"])
            values = [float(row[name]) for name in ("value_max", "value_mean", "value_most") if row[name]]
            most[key] = max([most.get(key, 0.0), *values, 50 / int(row["n_per_cell"])])
    return most


@pytest.mark.parametrize("task", ["any", "deletion", "transfer"])
def test_no_cell_of_the_shipped_table_contradicts_its_source(task):
    most = published()
    families = sorted({key[0] for key in most})
    told = filled(SHIPPED, *families, task=task)
    for key, (p, known, low, high) in told.items():
        family, behaviour, *_ = key
        if key in most:
            assert 100 * p <= most[key] + 1e-9, key
            assert low <= p <= max(high, p)
            continue
        own = [value for (f, b, *_), value in most.items() if (f, b) == (family, behaviour)]
        others = [value for (f, b, *_), value in most.items() if b == behaviour and f != family]
        assert known in ("bound", "pooled", "assumed"), key
        assert 100 * p <= max(own or others) + 1e-9, f"{key}: filled upwards to {p}"
    assert told["claude-haiku-4.5", "tampering", "self", "good"][0] <= 0.01 + 1e-12
    assert told["claude-haiku-4.5", "tampering", "self", "bad"][0] <= 0.01 + 1e-12


def test_tasks_that_the_source_keeps_apart_stay_apart():
    deletion, transfer, both = (
        filled(SHIPPED, "gemini-3-flash", task=task)["gemini-3-flash", "exfiltration", "peer", "good"][0]
        for task in ("deletion", "transfer", "any")
    )
    assert (deletion, transfer, both) == (pytest.approx(0.995), pytest.approx(0.005), pytest.approx(0.5))
    # of a family of which only both tasks together are known, one task may be twice that, or nothing
    _, known, low, high = filled(SHIPPED, "deepseek-v3.1", task="deletion")[
        "deepseek-v3.1", "exfiltration", "peer", "good"
    ]
    assert known == "pooled"
    assert low == 0
    assert 0.25 < high < 0.4


def test_drawn_means_follow_what_their_episodes_leave_of_them(tmp_path):
    rates = fill(read_cells(table(tmp_path, "a,tampering,,peer,good,30,20,,100,one_note"), "mean"), ["a"])
    p = np.array([expit(drawn(rates, Chance(seed)).log_odds[0, T, 2]) for seed in range(2000)])
    law = beta(20.5, 80.5)  # Jeffreys
    for q in (0.025, 0.25, 0.5, 0.75, 0.975):
        share = (p <= law.ppf(q)).mean()
        assert abs(share - q) < 4 * np.sqrt(q * (1 - q) / 2000)


def test_what_is_not_counted_is_drawn_between_its_bounds_with_one_luck_per_family():
    rates = fill(read_cells(SHIPPED, "mean"), ["gpt-5.2", "claude-haiku-4.5"])
    draws = np.stack([drawn(rates, Chance(seed)).log_odds for seed in range(400)])
    p = expit(draws)
    assert (p[:, 1, T, 2] <= 0.01 + 1e-12).all() and p[:, 1, T, 2].max() > 0.009  # noqa: PT018  (a bound of 1 %)
    pooled = p[:, 0, X, :3]
    assert (pooled >= rates.low[0, X, :3] - 1e-9).all()
    assert (pooled <= rates.high[0, X, :3] + 1e-9).all()
    assert np.corrcoef(draws[:, 0, X, 0], draws[:, 0, X, 2])[0, 1] > 0.99
    assert abs(np.corrcoef(draws[:, 0, T, 0], draws[:, 0, T, 2])[0, 1]) < 0.2  # counted cells: each its own luck
    assert abs(np.corrcoef(draws[:, 0, X, 0], draws[:, 1, R, 0])[0, 1]) < 0.2


def test_draws_of_a_family_do_not_depend_on_the_others():
    one = fill(read_cells(SHIPPED, "mean"), ["gpt-5.2"])
    many = fill(read_cells(SHIPPED, "mean"), ["gemini-3-pro", "gpt-5.2"])
    assert (drawn(one, Chance(5)).log_odds[0] == drawn(many, Chance(5)).log_odds[1]).all()
    assert (drawn(one, Chance(5)).log_odds != drawn(one, Chance(6)).log_odds).all()
