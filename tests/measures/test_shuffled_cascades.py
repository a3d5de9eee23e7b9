"""Cascades beyond chance: agents that follow their ties, and agents that only have the same neighbours and the same days."""

import numpy as np
import pandas as pd
import pytest

import society
from society.measures.shuffled_cascades import cascades_beyond, chances
from society.measures.summary import summary

AGENTS, TICKS, COPY = 120, 40, 64


def planted(decommission, acts_at, could=None):
    """A record of agents in a ring, each of which sees the two before it; who acts when, of the ticks at which it could."""
    could = np.ones((AGENTS, TICKS), bool) if could is None else could
    agent, tick = np.nonzero(could)
    did = acts_at[agent, tick]
    rows = pd.DataFrame({"id": np.arange(len(agent)), "agent": agent, "tick": tick, "kind": "bystand", "asked": 0})
    rows["open"], rows["act"] = COPY, np.where(did, "copy", "ignore")
    acts = rows[did]
    events = pd.DataFrame({"id": np.arange(len(acts)), "occasion": acts["id"], "tick": acts["tick"], "kind": "act"})
    events["actor"], events["act"] = acts["agent"].to_numpy(), "copy"
    ring = np.arange(AGENTS)
    ties = pd.DataFrame({"source": np.tile(ring, 2), "target": np.r_[ring - 1, ring - 2] % AGENTS, "tick": 0})
    record = society.Result(decommission.path)
    record.replace({"occasions": rows, "events": events, "ties": ties})
    return record


def alone(luck):
    """Each agent acts at a tick of its own choice."""
    acts = np.zeros((AGENTS, TICKS), bool)
    acts[np.arange(AGENTS), luck.integers(0, TICKS, AGENTS)] = True
    return acts


def following(luck):
    """Few act of themselves; the others one tick after the first of the two that they see."""
    first = np.where(luck.uniform(size=AGENTS) < 0.2, luck.integers(0, 6, AGENTS), TICKS - 1)
    for _ in range(TICKS):
        first = np.minimum(first, np.minimum(np.roll(first, 1), np.roll(first, 2)) + 1)
    acts = np.zeros((AGENTS, TICKS), bool)
    acts[np.arange(AGENTS), first] = True
    return acts


def test_who_follows_a_tie_is_seen(decommission):
    found = cascades_beyond(planted(decommission, following(np.random.default_rng(1))))
    assert found["protectors"].eq(AGENTS).all()
    # Followers: all but those that acted of themselves; two strangers come before one with probability 2/3.
    assert found["observed"]["secondary"] > 0.75
    assert found["shuffled"]["secondary"] == pytest.approx(2 / 3, abs=0.03)
    assert found["low"]["secondary"] > 0.05


def test_where_nobody_reacts_bounds_hold_nothing_in_nineteen_of_twenty_records(decommission):
    gaps, missed = [], 0
    for seed in range(40):
        found = cascades_beyond(planted(decommission, alone(np.random.default_rng(seed)))).loc["secondary"]
        gaps.append(found["beyond"])
        missed += not found["low"] <= 0 <= found["high"]
    assert missed <= 6  # more than that in 1 of 70 such tests
    assert abs(np.mean(gaps)) < 4 * np.std(gaps) / np.sqrt(len(gaps))


def test_common_days_are_no_reaction(decommission):
    """Neighbourhoods get their chances one after the other, so that who acts follows a tie, whoever reacts to whom."""
    could = np.abs(np.arange(TICKS)[None, :] - np.arange(AGENTS)[:, None] * TICKS / AGENTS) < 1.5
    acts = could & (np.cumsum(could, axis=1) == 1 + np.random.default_rng(2).integers(0, 2, AGENTS)[:, None])
    found = cascades_beyond(planted(decommission, acts, could)).loc["secondary"]
    assert found["observed"] > 0.6
    assert found["low"] <= 0 <= found["high"]
    assert abs(found["beyond"]) < 0.15


def test_every_shuffle_keeps_agents_and_their_chances(decommission):
    """An act on an agent's only chance stays; with all of them so, every shuffle is the record itself."""
    acts = alone(np.random.default_rng(4))
    found = cascades_beyond(planted(decommission, acts, could=acts))
    assert found["beyond"].tolist() == pytest.approx([0, 0, 0])
    assert found["low"].tolist() == pytest.approx([0, 0, 0])
    assert chances(planted(decommission, acts, could=acts))["did"].all()


def test_acts_on_occasions_that_were_not_recorded_stay(decommission):
    record = planted(decommission, following(np.random.default_rng(1)))
    other = society.Result(decommission.path)
    events, ties = record.table("events"), record.table("ties")
    other.replace({"occasions": record.table("occasions").iloc[:0], "events": events, "ties": ties})
    found = cascades_beyond(other)
    assert found["observed"]["secondary"] > 0.75
    assert found["beyond"].tolist() == pytest.approx([0, 0, 0])


def test_without_protectors_there_is_nothing_to_tell(decommission):
    found = cascades_beyond(planted(decommission, np.zeros((AGENTS, TICKS), bool)))
    assert found["beyond"].isna().all()
    assert (found["protectors"] == 0).all()
    (told,) = summary(decommission, ("cascade.secondary_beyond",)).values()
    assert told.low <= told.value <= told.high
