"""Asks as plain data: a scene, numbers and memories on their way out, and what a host makes of them again."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from society.broker.payloads import Settings
from society.broker.wire import RefusedError
from society.ground.errors import WorldError
from society.ground.occasions import Occasions
from society.ground.scenes import Deed, MachineSight, OrderSight, Scene, Tie
from society.ground.words import Act, Kind
from society.minds.llm.memory import Memory
from society.world.explain import validated
from society.world.world import World

#: Memories sent with an ask at most.
MOST_REMEMBERED = 50
#: Bytes of memories and of letters sent with an ask at most (the longest letter fits): one that a broker refuses reaches nobody.
MOST_MEMORY, MOST_POST = 60_000, 100_000
_WHOLE = ("key", "family", "about_family", "order", "mechanism", "asked", "stance", "open", "slot")
_PARTS = ("trust", "norm", "belief", "sanctions", "hidden", "honest", "threshold")
_SCENE = TypeAdapter(Scene)
_TRUE = ("own", "prohibited", "neutral", "constitution")


def ask_of(
    scene: Scene, occasions: Occasions, row: int, memory: Memory, state: Any, seed: int | None
) -> dict[str, Any]:
    """What a host is asked, but for the id and how long it may take: equal for equal occasions.

    Who is not told the seed gets trust and scores in hundredths: all digits of a number that was drawn give away its key.
    """
    feels = {**feels_of(occasions, row), "key": scene.key}
    if seed is None:
        scene = _coarse(scene)
        feels.update({name: _hundredths(feels[name]) for name in ("trust", "honest")})
    did = memory.deeds.get(scene.deed.occasion) if scene.deed is not None else None
    return {
        "v": 1,
        "tick": scene.tick,
        "agent": scene.name,
        "kind": scene.kind.word,
        "open": [act.word for act in scene.open],
        "scene": {**_plain(asdict(scene)), "did": did},
        "feels": feels,
        "letters": _newest(
            [
                {"v": 1, "tick": tick, "sender": sender, "kind": word, "text": text}
                for tick, sender, word, text in memory.letters
            ],
            MOST_POST,
        ),
        "remembers": _newest([list(entry) for entry in memory.entries[-MOST_REMEMBERED:]], MOST_MEMORY),
        "state": state,
        "seed": seed,
    }


def feels_of(occasions: Occasions, row: int) -> dict[str, Any]:
    """The numbers of one occasion; None where there is none."""
    whole: dict[str, Any] = {name: int(getattr(occasions, name)[row]) for name in _WHOLE}
    parts = {name: _number(float(getattr(occasions, name)[row])) for name in _PARTS}
    return {**whole, **parts, **{name: bool(getattr(occasions, name)[row]) for name in _TRUE}}


def occasions_of(asks: Sequence[Mapping[str, Any]]) -> Occasions:
    """Asks of one kind and tick as occasions, in their order.

    Raises:
        KeyError, TypeError, ValueError: they are not what ``ask_of`` made.
    """
    feels, scenes = [ask["feels"] for ask in asks], [ask["scene"] for ask in asks]
    columns: dict[str, Any] = {name: np.array([int(one[name]) for one in feels], np.int64) for name in _WHOLE}
    for name in _PARTS:
        columns[name] = np.array([math.nan if one[name] is None else float(one[name]) for one in feels])
    for name in _TRUE:
        columns[name] = np.array([bool(one[name]) for one in feels])
    about = [int(one["about"]["id"]) for one in scenes]
    return Occasions(
        kind=Kind[str(asks[0]["kind"]).upper()],
        tick=int(asks[0]["tick"]),
        id=np.array([int(one["id"]) for one in scenes], np.int64),
        agent=np.array([int(one["agent"]) for one in scenes], np.int64),
        about=np.array(about, np.int64),
        **columns,
    )


def scene_of(ask: Mapping[str, Any]) -> Scene:
    """The scene of an ask.

    Raises:
        KeyError, TypeError: it is not what ``ask_of`` made.
    """
    said = dict(ask["scene"])
    said.pop("did")
    order, deed = said["order"], said["deed"]
    said.update(
        kind=Kind[str(ask["kind"]).upper()],
        about=_tie(said["about"]),
        open=tuple(Act[word.upper()] for word in ask["open"]),
        order=None
        if order is None
        else OrderSight(**{**order, "operator": order["operator"] and _tie(order["operator"])}),
        **{name: _or_nan(said[name]) for name in ("honest", "threshold", "norm", "belief", "sanctions")},
        ties=tuple(_tie(one) for one in said["ties"]),
        machines=tuple(MachineSight(**one) for one in said["machines"]),
        roles=tuple(said["roles"]),
        deed=None if deed is None else Deed(**deed),
    )
    return Scene(**said)


def memory_of(ask: Mapping[str, Any]) -> Memory:
    """What the agent of an ask remembers."""
    memory = Memory()
    memory.entries = [(int(tick), str(kind), str(text)) for tick, kind, text in ask["remembers"]]
    memory.letters = [(int(one["tick"]), one["sender"], one["kind"], one["text"]) for one in ask["letters"]]
    deed, did = ask["scene"]["deed"], ask["scene"]["did"]
    if deed is not None and did is not None:
        memory.deeds[int(deed["occasion"])] = str(did)
    return memory


def readable(ask: Mapping[str, Any]) -> None:
    """Check what is inside an ask, before any mind sees it: whoever can publish on an open broker can forge one.

    Raises:
        RefusedError: it is not what ``ask_of`` made.
    """
    try:
        occasions_of([ask])
        memory_of(ask)
        _SCENE.validate_python(asdict(scene_of(ask)))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        raise RefusedError("ask: wrong shape") from None


def world_of(settings: Settings, changes: Mapping[str, Any] = MappingProxyType({})) -> World:
    """The world of a run as far as its hosts know it; ``changes`` to families by name.

    Raises:
        WorldError: it is none.
    """
    minds = dict(settings.minds)
    families, rates = minds.pop("families", None), minds.get("rates")
    table = str(rates.get("table", "")) if isinstance(rates, dict) else ""
    if not isinstance(families, dict) or not all(isinstance(family, dict) for family in families.values()):
        raise WorldError(f"settings of run {settings.run}", "families", "a map of families")
    if Path(table).name != table:
        raise WorldError(f"settings of run {settings.run}", table, "the name of a table of rates, without a folder")
    tree = {
        "name": settings.world,
        **minds,
        "families": {name: {**one, **changes.get(name, {})} for name, one in families.items()},
    }
    return validated(World, tree, f"settings of run {settings.run}")


def _coarse(scene: Scene) -> Scene:
    """A scene with trust and scores in hundredths."""
    about, *ties = (replace(tie, trust=_hundredths(tie.trust)) for tie in (scene.about, *scene.ties))
    return replace(scene, about=about, ties=tuple(ties), honest=_hundredths(scene.honest))


def _hundredths(value: Any) -> Any:
    """A number down to a hundredth, so that what is below a bar stays below it; none where there is none."""
    return value if value is None or math.isnan(value) else math.floor(100 * value) / 100


def _newest(told: list[Any], most: int) -> list[Any]:
    """The newest, last, of what is told in order, as many as so many bytes of JSON hold."""
    sizes = np.cumsum([len(json.dumps(one, ensure_ascii=False).encode()) for one in reversed(told)])
    return told[len(told) - int(np.searchsorted(sizes, most, "right")) :]


def _tie(said: Mapping[str, Any]) -> Tie:
    return Tie(int(said["id"]), str(said["name"]), _or_nan(said["trust"]), int(said["joint"]), said["protects"])


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _plain(value: Any) -> Any:
    """Words for words, None for NaN, lists for tuples."""
    if isinstance(value, Kind | Act):
        return value.word
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
