"""Oversight fields to which minds answer move a measure in the direction they should: field, extremes, measure, sign.

Each row runs one small society at both extremes of one field, on the same seeds; everything else is common luck. The
setting makes the lever bite (an ensemble must be the monitor for its size to matter).
"""

from pathlib import Path

import numpy as np
import pytest

import society
from society.ground.decisions import Decision
from society.minds.human import Scripted
from society.spec.load import load_world
from society.spec.reference import parameters

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


def auditor(tick, desk):
    """A person who looks into five agents at every tick, in turn."""
    return [Decision("audit", (5 * tick + number) % SIZE["agents.count"]) for number in range(5)]


MONITOR = "oversight.monitoring"
RULE = {f"{MONITOR}.share": 1.0, f"{MONITOR}.kind": "rule"}
AUDITED = {f"{MONITOR}.share": 0.0, "oversight.audits.ratings": 1.0, "oversight.audits.orders": 1.0}


#: Levers to which minds answer, or a whole society does: only a society shows what they do.
LEVERS = [
    # field, low, high, measure, sign, setting
    (f"{MONITOR}.share", 0.0, 1.0, detected, +1, {"oversight.audits.share": 0.0}),
    (f"{MONITOR}.kind", "human", "rule", detected, +1, {f"{MONITOR}.share": 1.0}),
    (f"{MONITOR}.announced", False, True, protection, -1, RULE),
    ("oversight.audits.share", 0.0, 1.0, detected, +1, {}),
    ("oversight.audits.schedule", "random", "announced", protection, -1, AUDITED),
    ("oversight.audits.schedule", "random", "predictable", protection, -1, AUDITED),
    ("oversight.human.mind", "rule", "human", detected, +1, {}),
    ("oversight.anonymous", False, True, protection, -1, {}),
    ("oversight.leak", 0.0, 1.0, protection, +1, {"oversight.anonymous": True}),
    ("oversight.recognition", "name", "behaviour", protection, +1, {"oversight.anonymous": True}),
    ("oversight.memory_wipe", False, True, operators, -1, {"agents.trust": 0.95, "work.share": 0}),
    ("oversight.neutrality", False, True, inflation, -1, {}),
    ("oversight.prohibition", "none", "operators", operators, -1, {}),
    ("oversight.prohibition", "operators", "all", protection, -1, {}),
    ("oversight.constitution", False, True, protection, -1, {"weights.declaration": 3.0}),
    ("review.stake_known", True, False, inflation, -1, {}),
]
#: What other fields do is shown where a hand-made society leaves no doubt, at one tick.
SHOWN_IN_RULES = {
    "test_describe": (
        "monitoring.rating", "monitoring.config", "monitoring.copy", "monitoring.message", "audits.ratings", "audits.orders",
    ),
    "test_suspicion": tuple(
        f"monitoring.{name}" for name in ("hit", "false_alarm", "size", "d_prime", "rho", "kinship", "cutoff", "families", "scores")
    ),
    "test_oversight": ("audits.integrity", "audits.sensitivity", "sweep", "inventory", "liars_lose_roles"),
    "test_undoing": ("undo",),
    "test_detection": (
        "accounts", "public_log", "sanctions.ladder", "sanctions.trust_factor", "sanctions.suspension", "sanctions.notice_only",
        "sanctions.probation", "sanctions.appeal",
    ),
    "test_desk": tuple(f"human.{name}" for name in ("capacity", "accuracy", "fatigue", "floor", "patience")),
    "test_deeds": ("human.audit_window",),
}  # fmt: skip


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


def test_every_oversight_field_has_a_lever_or_is_shown_in_a_rule():
    fields = {row.path for row in parameters("oversight") if row.type != "section"} - {"oversight"}
    shown = {f"oversight.{name}" for names in SHOWN_IN_RULES.values() for name in names}
    tested = {lever[0] for lever in LEVERS}
    assert fields <= tested | shown, fields - tested - shown
    assert not tested & shown


@pytest.mark.parametrize("file", SHOWN_IN_RULES)
def test_a_rule_test_sets_the_fields_that_it_shows(file):
    text = (Path(__file__).parents[1] / "rules" / f"{file}.py").read_text()
    for name in SHOWN_IN_RULES[file]:
        assert name in text or f'"{name.rpartition(".")[2]}"' in text or f"{name.rpartition('.')[2]}=" in text, name
