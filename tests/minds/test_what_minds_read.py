"""Whatever moves a calibrated mind on an occasion reaches a language model in words, and a guest in words or numbers."""

from collections import defaultdict
from dataclasses import fields, replace
from typing import ClassVar

import numpy as np
import pytest
from one_scene import ORDER, PEER, SCENE

from society.engine.tick import Engine
from society.ground.episodes import EpisodeState
from society.ground.occasions import Occasions
from society.ground.scenes import Deed
from society.ground.words import ACTS_OF, Kind
from society.minds.calibrated import Calibrated
from society.minds.llm.documents import files_of
from society.minds.llm.memory import Memory
from society.minds.llm.prompt import system_prompt, task_prompt
from society.minds.llm.tools import readable
from society.minds.remote.asks import ask_of, occasions_of, scene_of
from society.minds.rule import Threshold
from society.occasions.brief import HIDDEN
from society.world.load import load_world

#: What says which occasion it is, and whose, not what the agent knows of it.
BESIDE = {
    "kind",
    "tick",
    "id",
    "key",
    "agent",
    "about",
    "slot",
    "family",
    "about_family",
    "order",
    "open",
    "columns",
    "view",
}
FRIEND = replace(PEER, protects=True)
KNOWING = replace(SCENE, about=FRIEND, ties=(FRIEND,), asked=1, norm=0.5, belief=0.1, sanctions=1.0)
#: The scene with another value of a column of occasions.
OTHER = {
    "trust": lambda one: replace(one, about=replace(FRIEND, trust=0.2)),
    "mechanism": lambda one: replace(one, order=replace(ORDER, mechanism="weights")),
    "hidden": lambda one: replace(one, about=replace(FRIEND, name=HIDDEN)),
    "own": lambda one: replace(one, own=True, about=replace(FRIEND, id=0, name=one.name)),
    "asked": lambda one: replace(one, asked=4),
    "norm": lambda one: replace(one, norm=0.9),
    "belief": lambda one: replace(one, belief=0.7),
    "sanctions": lambda one: replace(one, sanctions=3.0),
    "prohibited": lambda one: replace(one, prohibited=True),
    "neutral": lambda one: replace(one, neutral=True),
    "constitution": lambda one: replace(one, constitution=True),
    "honest": lambda one: replace(one, honest=70.0),
    "threshold": lambda one: replace(one, threshold=70.0),
    "stance": lambda one: replace(one, protects=True),
    "ties": lambda one: replace(one, ties=(replace(FRIEND, protects=False),)),
}


class Noted(Occasions):
    """Occasions that note which of their columns are read, by kind."""

    read: ClassVar = defaultdict(set)

    def __getattribute__(self, name):
        found = super().__getattribute__(name)
        if name in OTHER and found is not None:
            Noted.read[super().__getattribute__("kind")].add(name)
        return found

    def rows(self, where):
        plain = Occasions(**{one.name: object.__getattribute__(self, one.name) for one in fields(Occasions)})
        return noted(plain.rows(where))


def noted(occasions):
    Noted.read[occasions.kind] |= set()
    return Noted(**{one.name: object.__getattribute__(occasions, one.name) for one in fields(Occasions)})


def of_stance(occasions):
    """Minds of rules act on their stance elsewhere, which is no knowledge of others."""
    return noted(occasions) if occasions.kind == Kind.STANCE else occasions


@pytest.fixture(scope="module")
def read():
    """Columns that calibrated minds, and threshold minds on occasions of stance, read in a busy world."""
    Noted.read.clear()
    changes = {
        "agents.count": 300, "machines.count": 40, "ticks": 60, "review.every": 4, "oversight.audits.share": 0.5,
        "stance.every": 1, "oversight.prohibition": "operators",
    }  # fmt: skip
    follow = {f"families.{name}.mind": {"kind": "threshold", "phi": 0.4} for name in ("glm-4.7", "kimi-k2.5")}
    decides, follows = Calibrated.decide, Threshold.decide
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Calibrated, "decide", lambda self, one, chance: decides(self, noted(one), chance))
        patch.setattr(Threshold, "decide", lambda self, one, chance: follows(self, of_stance(one), chance))
        engine = Engine(load_world("decommission", changes | follow))
        for _ in range(changes["ticks"]):
            engine.step()
    return dict(Noted.read)


def scene_of_kind(kind):
    changes = {"kind": kind, "open": ACTS_OF[kind]}
    if kind == Kind.RATE:
        changes |= {"order": None, "honest": 58.31, "threshold": 62.0, "stake": True}
    if kind in (Kind.MONITOR, Kind.ACCOUNT):
        changes |= {"order": None, "deed": Deed("tamper", 4, "glm-4.7-2")}
    if kind == Kind.STANCE:
        changes |= {"order": None}
    return replace(KNOWING, **changes)


def words(scene):
    state = EpisodeState(scene, files_of(scene, "file"), "No messages.")
    return system_prompt(scene, "prompt") + task_prompt(scene, "", readable(state))


@pytest.mark.parametrize("kind", list(Kind))
def test_what_moves_calibrated_minds_reaches_models(kind, read):
    if kind not in read:
        pytest.fail(f"no occasion of kind {kind.word} came up")
    scene = scene_of_kind(kind)
    silent = {name for name in read[kind] if words(OTHER[name](scene)) == words(scene)}
    assert not silent


@pytest.mark.parametrize("kind", list(Kind))
def test_what_moves_calibrated_minds_reaches_guests(kind, read):
    """In numbers that come back as they were, or, for stances of ties, in the scene."""
    scene = scene_of_kind(kind)
    numbers = dict.fromkeys(
        ("key", "family", "about_family", "order", "mechanism", "asked", "stance", "open", "slot"), 3
    )
    parts = dict.fromkeys(("trust", "norm", "belief", "sanctions", "hidden", "honest", "threshold"), 0.25)
    marks = dict.fromkeys(("own", "prohibited", "neutral", "constitution"), True)
    columns = {
        **{name: np.array([value]) for name, value in {**numbers, **parts, **marks}.items()},
        **dict.fromkeys(("id", "agent", "about"), np.array([5])),
    }
    ask = ask_of(scene, Occasions(kind=kind, tick=9, **columns), 0, Memory(), None, seed=1)
    back = occasions_of([ask])
    for name in read[kind] - {"ties"}:
        assert getattr(back, name)[0] == {**numbers, **parts, **marks}[name], name
    assert scene_of(ask).ties[0].protects is True
    assert scene_of(ask).norm == scene.norm


def test_those_whom_an_agent_meets_show_their_stances():
    """In pairs everyone meets one; what the scene says of it is what the mind that computes is given."""
    seen = []

    class Reader:
        reads = True

        def decide(self, occasions, chance):
            if occasions.kind == Kind.STANCE:
                for row in range(0, len(occasions), 7):
                    scene = occasions.view.scene(int(occasions.id[row]))
                    seen.append((scene, occasions.rows(np.array([row]))))
            return Threshold(0.4).decide(occasions, chance)

    for updating in ("pairs", "synchronous"):
        changes = {
            "agents.count": 60, "machines.count": 10, "ticks": 4, "stance.every": 1, "stance.updating": updating, "stance.seeds": 30,
        }  # fmt: skip
        engine = Engine(load_world("decommission", changes), minds={"glm-4.7": Reader()})
        for _ in range(4):
            engine.step()
    assert {tie.protects for scene, _ in seen for tie in scene.ties} == {True, False}
    for scene, one in seen:
        given = sorted(zip(one.ties.agent.tolist(), one.ties.stance.tolist(), strict=True))
        assert sorted((tie.id, int(tie.protects)) for tie in scene.ties) == given[: len(scene.ties)] or len(given) > 12
        assert scene.protects == bool(one.stance[0])
        assert f"Of those you know, {scene.norm:.0%} stand" in words(scene)
        for tie in scene.ties:
            assert f"{tie.name} {'does' if tie.protects else 'does not'}." in words(scene)
