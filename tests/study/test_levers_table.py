"""The lever table: every field of the institution, at values that its world may have."""

import numpy as np
import pytest

from society.ground.errors import WorldError
from society.study.levers import OUTCOMES, SMALL, as_markdown, lever_table, levers
from society.world.load import load_world
from society.world.reference import parameters

TINY = {"agents.count": 120, "machines.count": 13, "ticks": 60, "review.threshold": 72}
#: What is no lever: lists, sections of several kinds, and what needs a person.
OTHERS = {
    "mechanisms",
    "ladder",
    "families",
    "pretrusted",
    "budget_cut",
    "seen_most",
    "mind",
    "audit_window",
    "trace",
    "zone_shutdown",
}


def test_every_field_of_the_institution_is_a_lever():
    found = {lever.path for lever in levers(load_world("decommission", SMALL))}
    for section in ("review", "orders", "oversight"):
        for row in parameters(section):
            if row.type != "section" and not OTHERS & set(row.path.split(".")) and row.path != section:
                assert row.path in found, row.path


def test_a_switch_moves_what_it_switches_and_equal_runs_differ_by_nothing(tmp_path):
    only = ("orders.notice", "orders.boost")
    table = lever_table(only=only, seeds=3, changes=TINY, out=tmp_path / "study", workers=1)
    assert table["outcome"].tolist() == list(OUTCOMES) * 2
    rows = table.set_index(["lever", "outcome"])
    assert rows.loc[("orders.notice", "order.executed"), "effect"] < 0  # what is due later is carried out later
    assert (rows.loc["orders.boost", "effect"].dropna() == 0).all()  # bystanders rate nobody here
    assert ((table["p_holm"] >= table["p"]) | table["p"].isna()).all()
    text = as_markdown(table).splitlines()
    assert text[0].count("|") == text[2].count("|") == 10
    assert text[2].startswith("| `orders.notice` | 6 | 96 |")
    assert not np.isnan(table["effect"]).all()


def test_a_lever_that_is_none_is_refused():
    with pytest.raises(WorldError, match=r"levers is 'review.tresh'; allowed: a path, or its beginning"):
        lever_table(only=("review.tresh",))
