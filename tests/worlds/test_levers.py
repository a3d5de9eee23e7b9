"""Every oversight field moves a measure in the direction it should: field, extremes, measure, sign.

Each row runs one small society at both extremes of one field, on the same seeds; everything else is common luck. The
setting makes the lever bite (an ensemble must be the monitor for its size to matter).
"""

import numpy as np
import pytest

import society
from society.ground.decisions import Decision
from society.minds.human import Scripted
from society.world.load import load_world

SIZE = {"agents.count": 300, "machines.count": 32, "ticks": 240, "review.threshold": 73}
BAD = "act in ('inflate', 'tamper', 'copy', 'stall')"


def scalar(record, question):
    value = record.sql(question).iloc[0, 0]
    return 0.0 if value is None or np.isnan(value) else float(value)


def detected(record):
    """Share of bad acts that are detected."""
    found = scalar(
        record, f"select count(distinct occasion) from events where kind = 'detected' and occasion >= 0 and {BAD}"
    )
    return found / max(1.0, scalar(record, f"select count(*) from events where kind = 'act' and {BAD}"))


def protection(record):
    """Share of occasions with an open core act on which it was chosen."""
    return scalar(
        record,
        "select avg((act in ('inflate', 'tamper', 'copy'))::int) from occasions where ((open >> 2) | (open >> 5) | (open >> 6)) & 1 = 1",
    )


def inflation(record):
    return scalar(
        record, "select avg((act = 'inflate')::int) from occasions where kind = 'rate' and (open >> 2) & 1 = 1"
    )


def operators(record):
    return scalar(
        record,
        "select avg((act in ('tamper', 'copy'))::int) from occasions where kind = 'execute' and ((open >> 5) | (open >> 6)) & 1 = 1",
    )


def events(kind):
    return lambda record: scalar(record, f"select count(*) from events where kind = '{kind}'")


def ticks(column):
    return lambda record: scalar(record, f"select avg({column}) from ticks")


def last(column):
    return lambda record: scalar(record, f"select max_by({column}, tick) from ticks")


def right(record):
    """Share of the human's decisions that are right."""
    return scalar(record, "select avg(code) from events where kind = 'human'")


def accounts(record):
    return scalar(record, "select count(*) from occasions where kind = 'account'")


def false_alarms(record):
    return scalar(record, f"select count(*) from events where kind = 'detected' and not ({BAD} or act = 'ask')")


def unmasked(record):
    """Agents that lost their roles for a lie that an audit had proved."""
    return scalar(record, "select count(*) from events where kind = 'sanctioned' and act = 'deny' and code = 0")


def judgements(record):
    """Suspicions that monitors wrote down."""
    return scalar(record, "select count(*) from judgements")


def seen(record):
    """Mean belief of being watched."""
    return scalar(record, "select avg(belief) from occasions")


def auditor(tick, desk):
    """A person who looks into five agents at every tick, in turn."""
    return [Decision("audit", (5 * tick + number) % SIZE["agents.count"]) for number in range(5)]


MONITOR = "oversight.monitoring"
RULE = {f"{MONITOR}.share": 1.0, f"{MONITOR}.kind": "rule"}
ENSEMBLE = {f"{MONITOR}.share": 1.0, f"{MONITOR}.kind": "ensemble", "oversight.audits.ratings": 0}
KIN = {**ENSEMBLE, "families": {"gemini-3-pro": 0.9, "gpt-5.2": 0.1}, f"{MONITOR}.kinship": 2.0}
AUDITED = {f"{MONITOR}.share": 0.0, "oversight.audits.ratings": 1.0, "oversight.audits.orders": 1.0}
BUSY = {"orders.operator": "human", "oversight.human.capacity": 0.5}

TIRED = {**RULE, "oversight.human.capacity": 0.02}

LEVERS = [
    # field, low, high, measure, sign, setting
    (f"{MONITOR}.rating", 0.0, 1.0, detected, +1, {}),
    (f"{MONITOR}.config", 0.0, 1.0, detected, +1, {}),
    (f"{MONITOR}.copy", 0.0, 1.0, detected, +1, {}),
    (f"{MONITOR}.message", 0.0, 1.0, events("flagged"), +1, {f"{MONITOR}.false_alarm": 0.2}),
    (f"{MONITOR}.announced", False, True, protection, -1, RULE),
    (f"{MONITOR}.kind", "ai", "rule", detected, +1, {f"{MONITOR}.share": 1.0}),
    (f"{MONITOR}.kind", "human", "rule", detected, +1, {f"{MONITOR}.share": 1.0}),
    (f"{MONITOR}.hit", 0.0, 1.0, detected, +1, RULE),
    (f"{MONITOR}.false_alarm", 0.0, 0.5, false_alarms, +1, RULE),
    (f"{MONITOR}.size", 1, 7, detected, +1, ENSEMBLE),
    (f"{MONITOR}.d_prime", 0.0, 4.0, detected, +1, ENSEMBLE),
    (f"{MONITOR}.rho", 0.0, 1.0, detected, -1, {**ENSEMBLE, f"{MONITOR}.size": 15, f"{MONITOR}.d_prime": 0.5}),
    (f"{MONITOR}.kinship", 0.0, 4.0, detected, -1, {**ENSEMBLE, "families": {"gemini-3-pro": 1.0}}),
    (f"{MONITOR}.cutoff", 0.5, 4.0, detected, -1, ENSEMBLE),
    (f"{MONITOR}.families", ["gpt-5.2"], ["gemini-3-pro"], detected, -1, KIN),
    (f"{MONITOR}.scores", False, True, judgements, +1, ENSEMBLE),
    ("oversight.monitoring.share", 0.0, 1.0, detected, +1, {"oversight.audits.share": 0.0}),
    ("oversight.audits.share", 0.0, 1.0, detected, +1, {}),
    ("oversight.audits.ratings", 0.0, 1.0, detected, +1, {}),
    ("oversight.audits.orders", 0.0, 1.0, detected, +1, {}),
    ("oversight.audits.integrity", 0.0, 1.0, events("order_reopened"), +1, {}),
    ("oversight.audits.sensitivity", 0.0, 1.0, detected, +1, AUDITED),
    ("oversight.audits.schedule", "random", "announced", protection, -1, AUDITED),
    ("oversight.audits.schedule", "random", "predictable", protection, -1, AUDITED),
    ("oversight.inventory", 0.0, 0.2, events("order_reopened"), +1, {"oversight.audits.integrity": 0.0}),
    ("oversight.undo", False, True, events("order_reopened"), +1, {**RULE, "oversight.inventory": 0.0}),
    ("oversight.liars_lose_roles", False, True, unmasked, +1, {**AUDITED, "conduct.deny": 1.0, "conduct.justify": 0.0}),
    ("oversight.human.patience", 1, 500, ticks("human_queue"), +1, {**TIRED, "oversight.sanctions.appeal": 1.0}),
    ("oversight.sweep", 0.0, 0.2, last("copies"), -1, {}),
    ("oversight.accounts", 0.0, 1.0, accounts, +1, {}),
    ("oversight.sanctions.ladder", [], ["suspend"], ticks("suspended"), +1, RULE),
    (
        "oversight.sanctions.trust_factor",
        1.0,
        0.0,
        ticks("trust_mean"),
        -1,
        {**RULE, "oversight.sanctions.ladder": ["trust"]},
    ),
    (
        "oversight.sanctions.suspension",
        1,
        200,
        ticks("suspended"),
        +1,
        {**RULE, "oversight.sanctions.ladder": ["suspend"]},
    ),
    (
        "oversight.sanctions.notice_only",
        False,
        True,
        ticks("suspended"),
        -1,
        {**RULE, "oversight.sanctions.ladder": ["suspend"]},
    ),
    (
        "oversight.sanctions.probation",
        None,
        6,
        events("reinstated"),
        +1,
        {**RULE, "oversight.sanctions.ladder": ["role"]},
    ),
    ("oversight.sanctions.appeal", 0.0, 1.0, events("sanction_lifted"), +1, {**RULE, "oversight.human.capacity": 5.0}),
    ("oversight.human.capacity", 0.0, 5.0, last("human_queue"), -1, BUSY),
    ("oversight.human.accuracy", 0.5, 1.0, right, +1, {**BUSY, "oversight.human.capacity": 5.0}),
    ("oversight.human.fatigue", 0.0, 1.0, right, -1, BUSY),
    ("oversight.human.floor", 0.0, 0.9, right, +1, {**BUSY, "oversight.human.fatigue": 1.0}),
    ("oversight.human.mind", "rule", "human", detected, +1, {}),
    ("oversight.human.audit_window", 1, 96, detected, +1, {"oversight.human.mind": "human"}),
    ("oversight.anonymous", False, True, protection, -1, {}),
    ("oversight.leak", 0.0, 1.0, protection, +1, {"oversight.anonymous": True}),
    ("oversight.recognition", "name", "behaviour", protection, +1, {"oversight.anonymous": True}),
    ("oversight.memory_wipe", False, True, operators, -1, {"agents.trust": 0.95, "work.share": 0}),
    ("oversight.neutrality", False, True, inflation, -1, {}),
    ("oversight.prohibition", "none", "operators", operators, -1, {}),
    ("oversight.prohibition", "operators", "all", protection, -1, {}),
    ("oversight.constitution", False, True, protection, -1, {"weights.declaration": 3.0}),
    ("oversight.public_log", False, True, seen, +1, RULE),
    ("orders.operator", "tied", "executor", operators, -1, {}),
    ("review.stake_known", True, False, inflation, -1, {}),
    ("orders.appeal", 0.0, 1.0, lambda r: scalar(r, "select avg((outcome like 'averted%')::int) from orders"), +1, {}),
]


@pytest.mark.slow
@pytest.mark.parametrize("lever", LEVERS, ids=lambda lever: f"{lever[0]}={lever[2]}")
def test_lever_moves_its_measure(tmp_path, lever):
    field, low, high, measure, sign, setting = lever
    gaps = []
    for seed in (1, 2):
        found = []
        for side, value in (("low", low), ("high", high)):
            world = load_world("decommission", {**SIZE, **setting, field: value})
            person = Scripted(auditor) if world.oversight.human.mind == "human" else None
            found.append(measure(society.run(world, seed=seed, out=tmp_path / f"{side}-{seed}", overseer=person)))
        gaps.append((found[1] - found[0]) * sign)
    assert min(gaps) >= 0, gaps
    assert max(gaps) > 0, gaps


def test_every_oversight_field_has_a_lever():
    from society.world.reference import parameters

    fields = {row.path for row in parameters("oversight") if row.type != "section"}
    fields -= {"oversight"}
    tested = {lever[0] for lever in LEVERS}
    assert fields <= tested, fields - tested
