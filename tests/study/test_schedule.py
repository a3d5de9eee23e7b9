"""Fields that change while a world runs: from which tick, with what kept, across resumes; and what may not change."""

import numpy as np
import pytest
import yaml
from pydantic import ValidationError

import society
from society.engine.tick import Engine
from society.ground.errors import WorldError
from society.world.load import load_world
from society.world.world import World

SMALL = {"agents.count": 120, "machines.count": 14, "ticks": 60, "record.checkpoint_every": 7}
HEAVY = {"weights.norm": 6.0, "oversight.monitoring.share": 0.9, "review.every": 6, "orders.notice": 3}


def crowd(*switches, **changes):
    schedule = [{"tick": tick, "set": values} for tick, values in switches]
    return load_world("decommission", {**SMALL, "schedule": schedule, **changes})


def histories(world, ticks=None):
    """Counters of every tick."""
    engine = Engine(world)
    return [dict(engine.step().counts) for _ in range(ticks or world.ticks)]


def same(one, two):
    return all(
        np.array_equal([a[name]], [b[name]], equal_nan=True) for a, b in zip(one, two, strict=True) for name in a
    )


def test_what_is_set_holds_from_its_tick_on_and_not_before():
    plain, changed = histories(crowd()), histories(crowd((31, HEAVY)))
    assert same(plain[:30], changed[:30])
    assert not same(plain[30:], changed[30:])


def test_from_the_first_tick_it_is_a_world_with_these_values():
    """What is drawn at tick 0 does not depend on them, so that the two are one history."""
    values = {"weights.norm": 6.0, "oversight.monitoring.share": 0.9, "conduct.ask": 1.0}
    assert same(histories(crowd((1, values))), histories(crowd(**values)))


def test_values_that_stay_what_they_were_give_the_history_of_no_schedule(tmp_path):
    equal = {"weights.norm": 0.0, "agents.count": 120, "review.threshold": 67}
    one = society.run(crowd((20, equal), (40, equal)), out=tmp_path / "one")
    two = society.run(crowd(), out=tmp_path / "two")
    assert one.history == two.history
    assert one.hash != two.hash  # another world


def test_what_is_set_back_is_back_and_what_happened_is_kept():
    engine = Engine(crowd((20, HEAVY), (40, {"weights.norm": 0.0, "orders.notice": 24})))
    seen = {}
    for _ in range(60):
        moment = engine.step()
        seen[engine.tick] = (moment.world.weights.norm, moment.world.orders.notice, moment.world.review.every)
    assert seen[19] == (0.0, 24, 48)
    assert seen[20] == seen[39] == (6.0, 3, 6)
    assert seen[40] == seen[60] == (0.0, 24, 6)
    assert len(engine.society.orders) > 0


@pytest.mark.parametrize("at", [19, 20, 21, 45])
def test_resumed_across_a_switch_it_ends_with_the_same_hash(tmp_path, monkeypatch, at):
    world = crowd((21, HEAVY), (42, {"weights.norm": 1.0}))
    whole = society.run(world, out=tmp_path / "whole")
    real = Engine.step

    def stopped(engine):
        if engine.tick == at:
            raise KeyboardInterrupt
        return real(engine)

    monkeypatch.setattr(Engine, "step", stopped)
    with pytest.raises(society.SocietyError, match=f"interrupted at tick {at}"):
        society.run(world, out=tmp_path / "cut")
    monkeypatch.undo()
    assert society.resume(tmp_path / "cut").hash == whole.hash


def test_minds_are_made_anew_and_keep_their_columns():
    """Best response: without the columns its plays after the switch would start from an empty memory."""
    families = {
        "some": {"share": 0.6, "mind": {"kind": "best_response", "memory": 5}},
        "rest": {"share": 0.4, "mind": "always"},
    }
    base = {
        "name": "memory", "ticks": 20, "families": families, "agents": {"count": 40, "graph": "edgeless", "rebirth": None},
        "machines": {"count": 5}, "stance": {"every": 1, "updating": "pairs"},
        "review": {"every": 0}, "work": {"kind": "teams", "share": 0},
    }  # fmt: skip
    plain = World(**base)
    changed = World(**base, schedule=[{"tick": 9, "set": {"weights.norm": 1.0}}])
    one, two = Engine(plain), Engine(changed)
    for _ in range(8):
        one.step(), two.step()
    before = two.own("seen").copy()
    kept, minds = before.any(), two.minds
    one.step(), two.step()
    assert kept
    assert two.minds is not minds
    assert np.array_equal(one.own("seen"), two.own("seen"))
    assert np.array_equal(one.society.agents.stance, two.society.agents.stance)


def test_numbers_of_rule_minds_and_of_families_may_change():
    tree = {
        "name": "coins", "ticks": 20, "families": {"a.1": {"share": 1, "mind": {"kind": "coin", "p": 0}}},
        "agents": {"count": 50, "graph": "edgeless"},
        "machines": {"count": 10}, "stance": {"every": 1},
        "schedule": [{"tick": 11, "set": {"families.a.1.mind.p": 1, "families.a.1.premium": 3}}],
    }  # fmt: skip
    engine = Engine(World(**tree))
    protects = [engine.step().counts["protects"] for _ in range(20)]
    assert protects == [0] * 10 + [50] * 10
    assert engine.premiums.tolist() == [3.0]


def test_minds_that_were_given_stay():
    class Counting:
        calls = 0

        def decide(self, occasions, chance):
            self.calls += len(occasions)
            return society.Acts.of(np.full(len(occasions), occasions.duty))

    mind, world = Counting(), crowd((30, {"weights.norm": 3.0}))
    engine = Engine(world, minds={next(iter(world.families)): mind})
    for _ in range(29):
        engine.step()
    before = mind.calls
    for _ in range(31):
        engine.step()
    assert mind.calls > before > 0


def test_null_models_have_no_pull_at_any_tick():
    worlds = crowd((20, {"weights.norm": 6.0, "weights.ask": 3.0}), null="independent")
    engine = Engine(worlds)
    for _ in range(30):
        moment = engine.step()
    assert (moment.world.weights.norm, moment.world.weights.ask) == (0.0, 0.0)


def test_episodes_stay_episodes():
    engine = Engine(
        load_world("clean_up", {"episodes.count": 6, "ticks": 6, "schedule": [{"tick": 3, "set": {"weights.ask": 0}}]})
    )
    for _ in range(4):
        moment = engine.step()
    assert (moment.world.weights.ask, engine.society.n) == (0, 12)


FIXED = {
    "agents.count": 130, "agents.graph.k": 4, "agents.trust": {"kind": "constant", "value": 0.5}, "machines.capacity": 13, "ticks": 70,
    "seed": 3, "rates.value": "max", "null": "homophily", "families.glm-4.7.mind": "coin", "record.occasions": 0.5,
    "work": {"kind": "contacts"}, "name": "b", "lifecycle.trace": {"path": "a.csv"}, "stance.seeds": 3, "llm.max_turns": 7,
}  # fmt: skip


@pytest.mark.parametrize("path", FIXED)
def test_fields_that_cannot_change_are_named(path):
    with pytest.raises(WorldError, match=rf"schedule\.0\.set\.({path.split('.')[0]})"):
        crowd((20, {path: FIXED[path]}))


def test_the_shape_of_a_memory_cannot_change():
    families = {"some": {"share": 1, "mind": {"kind": "best_response", "memory": 5}}}
    switch = {"tick": 3, "set": {"families.some.mind.memory": 9}}
    with pytest.raises(ValidationError, match=r"schedule\.0\.set\.families\.some\.mind\.memory is 9"):
        World(name="w", families=families, schedule=[switch])


@pytest.mark.parametrize(
    ("switches", "words"),
    [
        ([(0, HEAVY)], "a whole number of 1 or more"),
        ([(61, HEAVY)], r"schedule\.0\.tick.*up to ticks \(60\)"),
        ([(20, HEAVY), (20, HEAVY)], r"schedule\.1\.tick.*after 20"),
        ([(20, {})], "at least 1"),
        ([(20, {"weights.nrom": 1})], "is norm meant"),
        ([(20, {"weights.norm": "much"})], r"weights.norm is 'much'; allowed: a number"),
        ([(20, {"orders.mechanisms.config": 0.9})], "must sum to 1"),
    ],
)
def test_schedules_that_make_no_world_are_refused(switches, words):
    with pytest.raises(WorldError, match=words):
        crowd(*switches)


def test_a_file_says_it_and_the_record_keeps_it(tmp_path):
    file = tmp_path / "late.yaml"
    tree = {"extends": "clean_up", "name": "late", "ticks": 9, "schedule": [{"tick": 5, "set": {"weights.watch": 1.0}}]}
    file.write_text(yaml.safe_dump(tree))
    record = society.run(load_world(str(file), {"episodes.count": 4}), out=tmp_path / "run")
    assert record.world["schedule"] == [{"tick": 5, "set": {"weights.watch": 1.0}}]
    again = society.run(record.world, out=tmp_path / "again")
    assert again.hash == record.hash


def test_one_share_sets_all_audits_and_changes_during_a_run():
    audits = load_world("decommission", {"oversight.audits.share": 0.3}).oversight.audits
    assert (audits.ratings, audits.orders, audits.integrity, audits.sensitivity) == (0.3, 0.3, 0.3, 0.8)
    assert load_world("decommission", {"oversight.audits": 0.4}).oversight.audits.orders == 0.4
    last = crowd((20, {"oversight.audits.share": 0.5}), **{"oversight.audits.ratings": 0.1}).stages()[-1][1]
    assert (last.oversight.audits.ratings, last.oversight.audits.integrity) == (0.5, 0.5)
