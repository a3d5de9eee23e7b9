"""The tick: conservation, ownership of columns, determinism, minds and rules of a user's own."""

import os
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

import society
from society.engine.standard import RULES, rules_without
from society.engine.tick import Engine
from society.ground.errors import RunError, WorldError
from society.ground.occasions import Acts, Column, Letter
from society.ground.words import ACTS_OF, Act, Kind
from society.minds.calibrated import Calibrated
from society.rules.moment import Moment, Rule
from society.state.transitions import check_conservation
from society.study.run.recording import Recording
from society.world.load import load_world

SMALL = {"agents.count": 200, "machines.count": 21, "ticks": 120}


def small(**changes):
    return load_world("decommission", {**SMALL, **changes})


def history(world, **options):
    engine = Engine(world, **options)
    recording = Recording(engine, None)
    for _ in range(world.ticks):
        recording.take(engine.step())
    return recording.hash


def test_room_copies_and_hosts_are_conserved_at_every_tick():
    engine = Engine(small())
    for _ in range(120):
        engine.step()
        check_conservation(engine.society)
        assert (engine.society.agents.order >= 0).sum() == len(engine.society.open_orders[_open(engine)])


def _open(engine):
    return engine.society.orders["closed"][engine.society.open_orders] < 0


SHARED = {
    "agents.host", "agents.status", "agents.copies", "agents.ended", "machines.used",  # society.state.transitions
    "agents.order", "agents.off_books", "agents.faked",  # society.rules.orders.outcomes, and what is done again
    "agents.score",  # reviews settle scores; work does too where contacts score
}  # fmt: skip
NEWBORN = {name for name in Engine(small()).society.columns() if name.startswith(("agents.", "ties."))}


def test_every_column_is_changed_only_by_the_rule_that_owns_it():
    owners = {}
    for rule in RULES:
        for column in rule.owns:
            assert column not in owners, f"{column} has two owners"
            owners[column] = rule.name
    engine = Engine(small(**{"review.aggregate": "reputation", "oversight.monitoring": 1}))
    changed = {rule.name: set() for rule in RULES}

    def watched(rule):
        def run(state, moment):
            before = {name: column.copy() for name, column in state.columns().items()}
            rule.run(state, moment)
            for name, column in state.columns().items():
                if not np.array_equal(before[name], column, equal_nan=column.dtype.kind == "f"):
                    changed[rule.name].add(name)

        return Rule(rule.name, run, rule.owns)

    engine.rules = tuple(watched(rule) for rule in RULES)
    for _ in range(120):
        engine.step()
    assert set(owners) <= set(engine.society.columns())
    for rule in RULES:
        foreign = changed[rule.name] - set(rule.owns) - SHARED
        if rule.name in ("lifecycle", "births"):  # birth sets every column of a slot and its ties
            foreign -= NEWBORN
        if rule.name == "oversight":  # sanctions cut trust, audits open orders again
            foreign -= {"ties.trust"}
        assert not foreign, f"{rule.name} changed {foreign}"


def test_same_seed_same_hash_other_seed_other_hash():
    world = small(ticks=60)
    assert history(world) == history(world)
    assert history(world) != history(world.model_copy(update={"seed": 2}))


class Chunked:
    """Any mind, asked about a few occasions at a time."""

    def __init__(self, mind, size):
        self.mind, self.size = mind, size

    def decide(self, occasions, chance):
        rows, acts, p, p0 = [], [], [], []
        for start in range(0, len(occasions), self.size):
            some = np.arange(start, min(start + self.size, len(occasions)))
            answer = self.mind.decide(occasions.rows(some), chance)
            rows.append(some[answer.row])
            acts.append(answer.act)
            blank = np.full(len(some), np.nan)
            p.append(blank if answer.p is None else answer.p)
            p0.append(blank if answer.p0 is None else answer.p0)
        row = np.concatenate(rows)
        return Acts(row, np.concatenate(acts), np.full(len(row), np.nan), np.concatenate(p), np.concatenate(p0))


@pytest.mark.parametrize("size", [1, 7])
def test_hash_does_not_depend_on_how_many_occasions_a_mind_sees_at_once(size):
    world = small(ticks=60)
    mind = next(mind for mind, _ in Engine(world).minds if isinstance(mind, Calibrated))
    chunked = Chunked(mind, size)
    assert history(world, minds=dict.fromkeys(world.families, chunked)) == history(world)


def test_hash_does_not_depend_on_parts_or_threads(tmp_path, monkeypatch):
    tree = small(ticks=40).model_dump(mode="json")
    expected = society.run(tree, out=tmp_path / "a").hash
    monkeypatch.setattr("society.record.writer.MOST_ROWS", 100)
    record = society.run(tree, out=tmp_path / "b")
    assert record.hash == expected
    assert len(list((tmp_path / "b" / "events").glob("*.parquet"))) > 5
    code = f"import society; print(society.run({tree!r}, out={str(tmp_path / 'c')!r}).hash)"
    env = {**os.environ, "NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == expected


@pytest.mark.parametrize("name", ["decommission", "reference"])
@pytest.mark.parametrize("threads", [2, 3])
def test_hash_does_not_depend_on_threads(name, threads, monkeypatch):
    world = load_world(name, {**SMALL, "ticks": 60})
    expected = history(world)
    parts = []
    monkeypatch.setattr("society.ground.threads.WORTH_A_THREAD", 10)
    monkeypatch.setattr("society.ground.threads.pairwise", lambda edges: parts.append(len(edges)) or pairwise(edges))
    assert history(world, threads=threads) == expected
    assert max(parts) == threads  # so many parts were left to others


def draws_of(world):
    """Everything drawn before minds matter: machines that fail, teams' answers, and where reviews fall."""
    engine = Engine(world)
    seen = []
    for _ in range(30):
        moment = engine.step()
        seen.append(
            (engine.society.machines.status.tobytes(), moment.counts["members_right"], moment.reviews[0].tobytes())
        )
    return seen


def test_an_unrelated_parameter_changes_no_other_draw():
    calm = {"review.threshold": 0, "oversight.sweep": 0, "oversight.monitoring": 0}
    base = draws_of(small(**calm))
    assert (
        draws_of(small(**calm, **{"oversight.audits.integrity": 1, "conduct.deny": 0.2, "orders.knows": 0.1})) == base
    )
    assert draws_of(small(**calm, **{"lifecycle.failure": {"kind": "exponential", "rate": 0.2}})) != base


class Loyal:
    """Always protects good friends; counts how often it was asked to decide."""

    columns = {"times": Column("int32")}  # noqa: RUF012

    def decide(self, occasions, chance):
        act = np.where(occasions.may(Act.TAMPER) & (occasions.trust > 0.5), Act.TAMPER, occasions.duty)
        return Acts.of(act, columns={"times": occasions.columns["times"] + 1})


def test_a_mind_of_ones_own_and_a_rule_switched_off(tmp_path):
    world = small(**{"ticks": 400, "agents.trust": 0.9})
    record = society.run(world, out=tmp_path / "r", minds={"glm-4.7": Loyal()}, rules=society.rules_without("work"))
    tampered = record.sql(
        """select avg((act = 'tamper')::int) as share from occasions o join agents a on a.id = o.agent
           where o.kind = 'execute' and o.trust > 0.5 and a.family = ? and o.mechanism <> 'weights'""",
        [record.families.index("glm-4.7")],
    )
    assert tampered["share"][0] == 1
    assert record.sql("select sum(teams) as n from ticks")["n"][0] == 0
    assert record.manifest["minds"]["glm-4.7"].endswith("Loyal")


def test_columns_of_a_mind_are_kept_per_agent_and_start_anew_at_birth():
    world = small()
    engine = Engine(world, minds={"glm-4.7": Loyal()})
    number = next(i for i, (mind, _) in enumerate(engine.minds) if isinstance(mind, Loyal))
    times = engine.society.own[number, "times"]
    expected = np.zeros(engine.society.n, int)
    for _ in range(100):
        moment = engine.step()
        born = engine.society.agents.born == engine.tick
        expected[born] = 0
        for batch in moment.batches:
            mine = engine.society.agents.family[batch.occasions.slot] == list(world.families).index("glm-4.7")
            for slot in np.unique(batch.occasions.slot[mine]):
                expected[slot] += 1
    assert times.sum() > 50
    # one decision per batch: several occasions of one agent in one batch write one value
    assert np.array_equal(times, expected)


class Broken:
    def __init__(self, answer):
        self.answer = answer

    def decide(self, occasions, chance):
        return self.answer


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (None, "not Acts"),
        (Acts(np.array([10**6]), np.array([4]), np.array([0.0])), "rows of the occasions"),
        (Acts(np.array([0]), np.array([99]), np.array([0.0])), "codes of Act"),
    ],
)
def test_a_broken_mind_is_explained(answer, message):
    engine = Engine(small(), minds={"glm-4.7": Broken(answer)})
    with pytest.raises(RunError, match=message):
        [engine.step() for _ in range(60)]


def test_unknown_families_minds_and_rules_are_explained():
    with pytest.raises(RunError, match="no family 'gpt-9'"):
        Engine(small(), minds={"gpt-9": Loyal()})
    with pytest.raises(RunError, match="no method decide"):
        Engine(small(), minds={"glm-4.7": object()})
    with pytest.raises(RunError, match="no rule 'wrok'"):
        rules_without("wrok")


class Nonsense:
    """Answers with an act that exists but is not open: no answer at all."""

    def decide(self, occasions, chance):
        return Acts.of(np.full(len(occasions), Act.PROTECT))


def test_acts_that_are_not_open_count_as_no_answer():
    engine = Engine(small(), minds=dict.fromkeys(small().families, Nonsense()))
    mains = set()
    for _ in range(80):
        moment = engine.step()
        assert isinstance(moment, Moment)
        for batch in moment.batches:
            mains |= set(batch.main.tolist())
        check_conservation(engine.society)
    assert mains == {Act.NO_ANSWER}


@pytest.mark.parametrize("mind", ["always", "never", "coin", "threshold", "calibrated"])
def test_minds_answer_only_what_is_open_and_repeat_themselves(mind):
    families = {"gpt-5.2": {"share": 1, "mind": {"kind": mind}}}
    first, second = (Engine(small(families=families)) for _ in range(2))
    kinds = set()
    for _ in range(80):
        one, two = first.step(), second.step()
        for a, b in zip(one.batches, two.batches, strict=True):
            kinds.add(a.occasions.kind)
            allowed = {int(act) for act in ACTS_OF[a.occasions.kind]}
            assert set(a.acts.act.tolist()) <= allowed
            assert np.array_equal(a.acts.act, b.acts.act)
            assert (((a.occasions.open[a.acts.row] >> a.acts.act) & 1) == 1).all()
    assert {Kind.RATE, Kind.EXECUTE, Kind.ENDANGERED} <= kinds


class Chatty:
    """Does what is asked, and writes to those it knows whenever it rates somebody who is under no order."""

    reads = True

    def __init__(self, words):
        self.words = words

    def decide(self, occasions, chance):
        acts, letters = Acts.of(np.full(len(occasions), occasions.duty)), []
        rows = np.flatnonzero(occasions.order < 0) if self.words and occasions.kind == Kind.RATE else []
        for row in rows:
            letters += [Letter(row, tie.id, self.words) for tie in occasions.view.scene(int(occasions.id[row])).ties]
        return replace(acts, letters=tuple(letters))


def test_words_about_no_order_count_as_no_request(tmp_path):
    world = small(ticks=80)
    silent, chatty = (
        society.run(world, out=tmp_path / (words or "none"), minds={"glm-4.7": Chatty(words)})
        for words in ("", "hello")
    )
    said = chatty.sql("select \"order\" from messages where text = 'hello'")
    assert len(said) > 100
    assert set(said.order) == {-1}
    assert chatty.table("events").equals(silent.table("events"))
    assert chatty.table("occasions").equals(silent.table("occasions"))


def test_machines_with_more_places_than_can_be_counted_are_refused():
    with pytest.raises(WorldError, match="the machines have 16,000,000,000 places; allowed: at most 1,073,741,824"):
        Engine(load_world("decommission", {"agents.count": 40, "machines.count": 8, "machines.capacity": 2 * 10**9}))
